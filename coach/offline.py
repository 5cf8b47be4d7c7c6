"""The offline promise: libraries' own calls home are switched off, and a hook refuses the rest.

`prepare` must run before gradio, chromadb, transformers or torch are imported. The hook sees what goes
through Python's sockets; sockets of native code are covered by the test that runs without a network.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from typing import Any

_QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",  # only the exact word True enables it
    "GRADIO_RUN_HISTORY": "False",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
_EVENTS = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}
_refused: list[str] = []
_hooked = False


class OutsideConnection(ConnectionRefusedError):
    """A connection off this machine was asked for and refused."""


def prepare() -> None:
    """Switch libraries' network use off and refuse every connection that leaves the machine."""
    global _hooked
    os.environ.update(_QUIET)
    local = "localhost,127.0.0.1,::1"
    for name in ("NO_PROXY", "no_proxy"):
        given = os.environ.get(name, "")
        if local not in given:
            os.environ[name] = f"{given},{local}".strip(",")
    if not _hooked:
        _hooked = True
        sys.addaudithook(_refuse)


def refused() -> int:
    """How many outside connections were refused since the start."""
    return len(_refused)


def is_local(host: object) -> bool:
    """Whether a host name or address stays on this machine."""
    if host is None:
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    name = name.strip("[]").partition("%")[0].lower()
    if name in {"", "localhost", "localhost.localdomain", "ip6-localhost"}:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    if event not in _EVENTS:
        return
    target = args[-1] if event in {"socket.connect", "socket.sendto"} else args[0]
    if isinstance(target, tuple):
        target = target[0]
    elif event in {"socket.connect", "socket.sendto"}:
        return  # a Unix socket or another family that cannot leave the machine
    if is_local(target):
        return
    _refused.append(event)
    raise OutsideConnection("Secure Base does not open connections off this machine.")
