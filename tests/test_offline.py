"""The guard: loopback passes, everything else is refused and counted."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from coach import offline


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.9.9.9", b"localhost", None, ""]
)
def test_stays_on_this_machine(host: object) -> None:
    assert offline.is_local(host)


@pytest.mark.parametrize(
    "host", ["example.org", "10.0.0.1", "192.168.1.7", "8.8.8.8", "127.0.0.1.evil.example"]
)
def test_leaves_this_machine(host: str) -> None:
    assert not offline.is_local(host)


def test_connections_off_the_machine_are_refused_and_counted() -> None:
    # In a process of its own, since the suite's own count must stay at nought.
    code = (
        "import socket; from coach import offline; offline.prepare()\n"
        "for call in (lambda: socket.create_connection(('192.0.2.1', 80)), lambda:\n"
        "             socket.gethostbyname('a.test'), lambda: socket.getaddrinfo('a.test', 80)):\n"
        "    try: call()\n"
        "    except offline.OutsideConnection: pass\n"
        "    else: raise SystemExit('was not refused')\n"
        "print(offline.refused())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == 3


def test_loopback_works() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.create_connection(server.getsockname(), timeout=5) as client:
            assert client.getpeername() == server.getsockname()
