# SPDX-License-Identifier: GPL-3.0-or-later
"""One manager a connection: a second start hands its arguments to the first and ends.

The socket lies in the user's runtime folder. What comes through it is a line of JSON, a list of texts, and is not
believed beyond that; the answer is an empty line.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import socket
import tempfile
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

LIMIT = 16 << 10
"""Bytes that a second start may hand over."""

PATIENCE = 1.0
"""Seconds that a running manager waits for the arguments of a later start."""
BUSY = 10.0
"""Seconds that a later start waits for a running manager, which may be busy: two of them would mix their settings."""


def socket_path(connection: str) -> Path:
    """Where the manager of this connection listens."""
    folder = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    name = hashlib.sha256(f"{os.getuid()!s} {connection}".encode()).hexdigest()[:16]
    return Path(folder) / f"qubes-manager-{name}"


def hand_over(connection: str, arguments: tuple[str, ...]) -> bool:
    """Whether a manager runs already and has got the arguments. Waits: for the time before the event loop."""
    path = socket_path(connection)
    try:
        if path.stat().st_uid != os.getuid():
            return False
        with socket.socket(socket.AF_UNIX) as other:
            other.settimeout(BUSY)
            other.connect(str(path))
            other.sendall(_line(arguments))
            return other.recv(1) == b"\n"
    except OSError:
        return False


async def raise_running(connection: str) -> bool:
    """Whether a manager runs already and comes to the front."""
    path = socket_path(connection)
    try:
        if path.stat().st_uid != os.getuid():
            return False
        async with asyncio.timeout(BUSY):
            reader, writer = await asyncio.open_unix_connection(str(path))
            with contextlib.closing(writer):
                writer.write(_line(()))
                return await reader.readline() == b"\n"
    except (OSError, TimeoutError):
        return False


def _line(arguments: tuple[str, ...]) -> bytes:
    return json.dumps(list(arguments)).encode() + b"\n"


class FirstInstance(QObject):
    """Listens for later starts. Signals: `started_again(tuple[str])`: their arguments."""

    started_again = pyqtSignal(tuple)

    def __init__(self, connection: str, parent: QObject) -> None:
        super().__init__(parent)
        self._path = socket_path(connection)
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Begin; where the folder does not allow it, every start is a first one."""
        try:
            self._server = await asyncio.start_unix_server(self._answer, sock=_bound(self._path), limit=LIMIT)
        except OSError:
            return

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)
            self._server = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                try:
                    untrusted = json.loads(await reader.readline())
                except (ValueError, RecursionError):
                    return
                if isinstance(untrusted, list) and all(isinstance(word, str) for word in untrusted):
                    self.started_again.emit(tuple(untrusted))
                    writer.write(b"\n")
                    await writer.drain()


def _bound(path: Path) -> socket.socket:
    """Listen on the socket. A file that a killed program left is replaced, since no program answers there."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(before)
    return listening
