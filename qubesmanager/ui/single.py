# SPDX-License-Identifier: GPL-3.0-or-later
"""One manager a connection: a second start hands its arguments to the first and ends.

The socket lies in the user's runtime folder; what comes through it is a line of JSON, a list of texts, and is not
believed beyond that.
"""

import hashlib
import json
import os
import tempfile
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtNetwork import QLocalServer, QLocalSocket

LIMIT = 16 << 10
"""Bytes that a second start may hand over."""

PATIENCE_MS = 1000


def socket_path(connection: str) -> str:
    """Where the manager of this connection listens."""
    folder = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    name = hashlib.sha256(f"{os.getuid()} {connection}".encode()).hexdigest()[:16]
    return str(Path(folder) / f"qubes-manager-{name}")


def hand_over(connection: str, arguments: tuple[str, ...]) -> bool:
    """Whether a manager runs already and has got the arguments. Called before the event loop runs."""
    socket = QLocalSocket()
    socket.connectToServer(socket_path(connection))
    if not socket.waitForConnected(PATIENCE_MS):
        return False
    socket.write(json.dumps(list(arguments)).encode() + b"\n")
    socket.waitForBytesWritten(PATIENCE_MS)
    answered = socket.waitForReadyRead(PATIENCE_MS)
    socket.disconnectFromServer()
    return answered


class FirstInstance(QObject):
    """Listens for later starts. Signals: `started_again(tuple[str])`: their arguments."""

    started_again = pyqtSignal(tuple)

    def __init__(self, connection: str, parent: QObject) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        path = socket_path(connection)
        if not self._server.listen(path):
            # Left by one that was killed: nobody answered `hand_over`, so nobody listens there.
            QLocalServer.removeServer(path)
            self._server.listen(path)
        self._server.newConnection.connect(self._connected)

    def close(self) -> None:
        self._server.close()

    def _connected(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            socket.disconnected.connect(socket.deleteLater)
            self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > LIMIT:
                socket.abort()
            return
        try:
            untrusted = json.loads(bytes(socket.readLine(LIMIT)))
        except (ValueError, RecursionError):
            untrusted = None
        if isinstance(untrusted, list) and all(isinstance(word, str) for word in untrusted):
            self.started_again.emit(tuple(untrusted))
        socket.write(b"\n")
