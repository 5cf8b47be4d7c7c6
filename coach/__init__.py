"""Secure Base: a reflective coach for close relationships that runs wholly on your own laptop."""

__version__ = "0.1.0"
