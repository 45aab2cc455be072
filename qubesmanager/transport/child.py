# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport to a daemon that we start ourselves: a demonstration system in a folder that goes away with us.

The daemon is a child process that ends when its standard input does, so it never outlives the program that started it,
however that ends. The program starts it before its event loop runs; the first calls wait until it listens.
"""

import asyncio
import atexit
import contextlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from qubesmanager.transport.base import Answer, DaemonEndedError, Payload
from qubesmanager.transport.unix import UnixTransport

_LOOK = 0.02
"""Seconds between two looks for the socket."""


class ChildTransport:
    """Starts `qubes-mgmt1d` with the arguments, and talks to its socket. `url` is shown to the user.

    `wrapper` is a command that runs the daemon's, such as `unshare`.
    """

    def __init__(self, url: str, *arguments: str, wrapper: tuple[str, ...] = ()) -> None:
        self._url = url
        self._folder = Path(tempfile.mkdtemp(prefix="qubes-manager-"))
        self._socket = self._folder / "mgmt1.sock"
        self._log = self._folder / "daemon.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, arguments of our own
                [
                    *wrapper,
                    *(sys.executable, "-c", "from qubesmanager.entry import mgmt1d; raise SystemExit(mgmt1d())"),
                    *("--socket", str(self._socket), "--state", str(self._folder / "state"), "--with-parent"),
                    *arguments,
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        atexit.register(self.close)
        self._unix = UnixTransport(self._socket)

    @property
    def url(self) -> str:
        return self._url

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        await self._listening()
        async with contextlib.aclosing(self._unix.exchange(service, argument, dest, payload)) as answer:
            async for piece in answer:
                yield piece

    def close(self) -> None:
        """End the daemon and take its folder away."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
        atexit.unregister(self.close)

    def wait(self) -> Path:
        """The daemon's socket, once it listens; for a program that has no loop. Raises `DaemonEndedError`."""
        asyncio.run(self._listening())
        return self._socket

    async def _listening(self) -> None:
        while not self._socket.exists():
            if self._process.poll() is not None:
                raise DaemonEndedError(f"The daemon ended before it answered: {self._why()}")
            await asyncio.sleep(_LOOK)

    def _why(self) -> str:
        """The last fault in the log; without one, the exit status."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        faults = [line for line in lines if not line.startswith(("INFO ", "DEBUG "))]
        return faults[-1] if faults else f"exit status {self._process.returncode}."
