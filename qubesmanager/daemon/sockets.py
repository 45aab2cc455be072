# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's listening socket, its own or systemd's, and what it tells systemd and learns of its parent.

The daemon's own socket is made with mode 0660 and renamed into place, so that no client sees it before it is ready.
"""

import asyncio
import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

_FIRST_PASSED_FD = 3


class Parent(asyncio.Protocol):
    """Watches standard input: its end is the end of the process that started this one."""

    def __init__(self, ending: asyncio.Event) -> None:
        self._ending = ending

    def connection_lost(self, _error: Exception | None) -> None:
        self._ending.set()


@contextlib.contextmanager
def only_daemon_at(path: Path) -> Iterator[None]:
    """Hold the lock beside the socket's path, also before the socket is there or after a crash left a dead one.

    Raises `SystemExit` with a sentence if another daemon holds it, or the folder cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fd = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise SystemExit(f"Cannot listen at {path}: {error.strerror}") from error
    with os.fdopen(fd, "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit(f"A daemon already answers at {path}, or is about to.") from None
        yield


def bind(path: Path) -> socket.socket:
    """A listening socket at `path`, replacing one that no daemon answers.

    Raises `SystemExit` with a sentence if a daemon answers there, or the place cannot be written.
    """
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
        probe.connect(str(path))
        raise SystemExit(f"A daemon already answers at {path}.")
    listening = socket.socket(socket.AF_UNIX)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    try:
        before = os.umask(0o117)
        try:
            listening.bind(str(fresh))
        finally:
            os.umask(before)
        listening.listen()  # before it is at its path, where it would refuse who connects at once
        fresh.replace(path)
    except OSError as error:
        listening.close()
        raise SystemExit(f"Cannot listen at {path}: {error.strerror}") from error
    return listening


def passed_socket() -> socket.socket | None:
    """The socket that systemd listens on for us, if it does (sd_listen_fds). No program that we start gets it."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    listening = socket.socket(fileno=_FIRST_PASSED_FD)
    listening.set_inheritable(False)
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    return listening


def notify(message: str) -> None:
    """Tell systemd (sd_notify); nothing happens where it does not listen."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection, contextlib.suppress(OSError):
        connection.sendto(message.encode(), address.replace("@", "\x00", 1) if address.startswith("@") else address)
