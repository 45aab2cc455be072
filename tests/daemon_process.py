# SPDX-License-Identifier: GPL-3.0-or-later
"""A real daemon in a separate process, on libvirt's test driver, and raw bytes to its socket."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from until import LIMIT

PROGRAM = (sys.executable, "-c", "from qubesmanager.entry import mgmt1d; raise SystemExit(mgmt1d())")


class DaemonProcess:
    """`with DaemonProcess(folder) as daemon`: it listens when the block begins, and is gone when it ends.

    `before` is the command that runs it, such as nsenter; `program` is the daemon.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        environment: dict[str, str] | None = None,
        before: tuple[str, ...] = (),
        program: tuple[str, ...] = PROGRAM,
    ) -> None:
        self._program = (*before, *program)
        self.socket = folder / "s"
        self.log = folder / "log"
        self._arguments = ["--socket", str(self.socket), "--state", str(folder / "state"), *arguments]
        self._environment = {**os.environ, **(environment or {})}
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def run_as(self, *program: str) -> None:
        """The command that the next start runs in place of the daemon's own, such as one with injected faults."""
        self._program = program

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._program, *self._arguments], stdin=subprocess.PIPE, stdout=log, stderr=log, env=self._environment
            )
        until = time.monotonic() + LIMIT
        while time.monotonic() < until:
            if self.process.poll() is not None:
                self.stop()
                raise AssertionError(self.log.read_text())
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.socket))
                return
            select_pause()
        raise AssertionError("the daemon does not listen")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and wait for the end; the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(timeout=LIMIT)
        if self.process.stdin:
            self.process.stdin.close()
        self.process = None
        return status

    def memory_kib(self) -> int:
        """Resident memory."""
        assert self.process is not None
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")


def select_pause() -> None:
    """A short wait in a test without a loop."""
    signal.sigtimedwait([], 0.02)


def raw(path: Path, request: bytes, *, end: bool = True, limit: float = LIMIT) -> bytes:
    """The whole answer to raw bytes; `end` shuts our side down after them."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(limit)
        connection.connect(str(path))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
            if end:
                connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(1 << 16):
                answer += piece
        return answer
