# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection URLs: what `--connect` accepts, and where a program looks without it."""

import os
import shutil
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.transport.admin_qrexec import AdminQrexecTransport
from qubesmanager.transport.base import Transport, TransportError
from qubesmanager.transport.qrexec import QrexecTransport
from qubesmanager.transport.qubesd import QubesdTransport
from qubesmanager.transport.ssh import SshTransport
from qubesmanager.transport.unix import UnixTransport

VARIABLE = "MGMT1_CONNECT"
SYSTEM_SOCKET = Path("/run/qubes-mgmt1/mgmt1.sock")
QUBESD_SOCKET = Path("/var/run/qubesd.sock")
QREXEC_CLIENT = "qrexec-client-vm"
USER_SOCKET = Path("qubes-mgmt1") / "mgmt1.sock"
"""The socket of the user's own daemon, under $XDG_RUNTIME_DIR."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection URL taken apart; `rest` is what follows the colon."""

    scheme: str
    rest: str

    @property
    def url(self) -> str:
        return f"{self.scheme}:{self.rest}"


@dataclass(frozen=True, slots=True)
class Found:
    """The result of the search: the connection, or None; and a sentence for each path that was tried."""

    connection: Connection | None
    trail: tuple[str, ...]


def parse(url: str) -> Connection:
    """The URL's parts. Raises `TransportError` for an unknown scheme, or a path that is missing or surplus."""
    scheme, colon, rest = url.partition(":")
    takes_path = SCHEMES.get(scheme)
    if not colon or takes_path is None:
        known = ", ".join(f"{name}:" for name in SCHEMES)
        raise TransportError(f"Not a connection URL: {url!a}. It starts with one of {known}")
    if takes_path and not rest.removeprefix("//"):
        raise TransportError(f"The connection URL {scheme}: does not say where to.")
    if not takes_path and rest and scheme != "demo":
        raise TransportError(f"Nothing follows {scheme}: in a connection URL.")
    return Connection(scheme, rest)


def open_transport(url: str) -> Transport:
    """The transport of a URL. Nothing is connected yet. Raises `TransportError` for a URL that leads nowhere here."""
    connection = parse(url)
    opened = _OPENERS.get(connection.scheme)
    if opened is None:
        raise TransportError(f"A connection by {connection.scheme} cannot be made from here.")
    return opened(connection.rest)


def search(environment: Mapping[str, str] = os.environ) -> Found:
    """Look where a connection could be, in the order of the guide, and stop at the first one."""
    trail: list[str] = []
    if said := environment.get(VARIABLE):
        return Found(parse(said), (f"{VARIABLE} says {said}.",))
    trail.append(f"{VARIABLE} is not set.")
    for path in _sockets(environment):
        if _is_socket(path):
            return Found(Connection("unix", str(path)), (*trail, f"{path} is the socket of a daemon."))
        trail.append(f"{path} is not there.")
    if _is_socket(QUBESD_SOCKET):
        why = f"{QUBESD_SOCKET} is the socket of qubesd."
        return Found(Connection("qubesd", str(QUBESD_SOCKET)), (*trail, why))
    trail.append(f"{QUBESD_SOCKET} is not there.")
    if program := shutil.which(QREXEC_CLIENT, path=environment.get("PATH", os.defpath)):
        return Found(Connection("qrexec", ""), (*trail, f"{program} leads to dom0."))
    trail.append(f"{QREXEC_CLIENT} is not on the PATH.")
    return Found(None, tuple(trail))


def _sockets(environment: Mapping[str, str]) -> list[Path]:
    run = environment.get("XDG_RUNTIME_DIR")
    return [*([Path(run) / USER_SOCKET] if run else []), SYSTEM_SOCKET]


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False


SCHEMES: dict[str, bool] = {
    "unix": True,
    "qrexec": False,
    "qubesd": True,
    "admin-qrexec": False,
    "ssh": True,
    "demo": False,
    "real": False,
}
"""The schemes of connection URLs, and whether something has to follow the colon."""


def qubesd_transports(path: Path = QUBESD_SOCKET) -> tuple[Transport, Transport | None]:
    """The transport to a qubesd by its socket, and the one to its second socket, next to it."""
    return QubesdTransport(path), UnixTransport(path.with_suffix(".internal.sock"))


BRIDGED: dict[str, Callable[[str], tuple[Transport, Transport | None]]] = {
    "qubesd": lambda rest: qubesd_transports(Path(rest.removeprefix("//"))),
    "admin-qrexec": lambda _rest: (AdminQrexecTransport(QREXEC_CLIENT), None),
}
"""By scheme: the transports to a qubesd, whose calls are not those of a daemon of ours."""

_OPENERS: dict[str, Callable[[str], Transport]] = {
    "unix": lambda rest: UnixTransport(Path(rest.removeprefix("//"))),
    "qrexec": lambda _rest: QrexecTransport(QREXEC_CLIENT),
    "ssh": SshTransport,
}
"""Schemes that need only a transport; others need a backend or a daemon too, which the entry points join to it."""
