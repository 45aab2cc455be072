# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport to another machine: the system's `ssh`, one connection for all calls, `qubes-mgmt1-gateway` there.

OpenSSH multiplexes: a master connection is made first, and each call is a session in it. Keys, known hosts, jump hosts
and questions about them are OpenSSH's and its configuration's. A link that is gone is noticed within `ALIVE` seconds
times three, also while nothing is sent; then every call under way has no answer, and the next call connects again.

The payload is sent in pieces whose end is marked, because the end of a connection that was cut looks to the other side
like the end of a payload.
"""

import asyncio
import atexit
import os
import re
import shutil
import socket
import subprocess
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path

from qubesmanager.host.process import started
from qubesmanager.transport.base import Answer, Payload, RefusedError, TransportError, pieces
from qubesmanager.transport.qrexec import EndedError, output_of
from qubesmanager.wire.gateway import LENGTH, LONGEST_PIECE, PIECES, PROGRAM, REFUSED
from qubesmanager.wire.names import printable

ALIVE = 5
"""Seconds without anything from the other machine after which it is asked whether it is there."""
CONNECT = 15
"""Seconds for the other machine to accept a connection."""
SESSIONS = 8
"""Calls and event streams at the same time; by default sshd takes ten sessions of a connection."""

_LOST = 255
"""The exit status of ssh itself."""
_NOT_INSTALLED = 127
"""The exit status of a shell that does not know the command."""
_LONGEST_FOLDER = 60
"""Bytes of the path of the folder in which that of the control socket is made."""
_ADDRESS = re.compile(
    r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})@)?"
    r"(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,15})?\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?/?",
    re.ASCII,
)


class SshTransport:
    """Calls `qubes-mgmt1-gateway` on another machine. `address` is `[USER@]HOST[:PORT]`, after `//` or not.

    Raises `TransportError` for another address.
    """

    def __init__(self, address: str, program: str = "ssh", alive: int = ALIVE) -> None:
        match = _ADDRESS.fullmatch(address.removeprefix("//"))
        if match is None:
            raise TransportError(
                f"Not a machine to connect to: {address!a}. Use ssh://USER@HOST or ssh://USER@HOST:PORT."
            )
        self._address = address.removeprefix("//").removesuffix("/")
        self._host = match["host"].strip("[]")
        self._program = program
        self._where = [
            *(["-l", match["user"]] if match["user"] else []),
            *(["-p", match["port"]] if match["port"] else []),
            "--",
            self._host,
        ]
        self._alive = alive
        self._folder: Path | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._sessions = asyncio.Semaphore(SESSIONS)

    @property
    def url(self) -> str:
        return f"ssh://{self._address}"

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        async with self._sessions:
            control = await self._connected()
            command = f"{PROGRAM} {service}+{argument} {dest} {PIECES}"
            # Without the master this has no connection, rather than a separate one.
            options = ("-T", "-S", str(control), "-o", "ControlMaster=no", "-o", "ProxyCommand=false")
            arguments = (self._program, *options, *self._where, command)
            async with aclosing(output_of(arguments, _marked(payload), keep_errors=True)) as output:
                try:
                    async for piece in output:
                        yield piece
                except EndedError as ended:
                    raise self._reason(ended, service, dest) from ended

    def _reason(self, ended: EndedError, service: str, dest: str) -> TransportError:
        if ended.status == REFUSED:
            return RefusedError(f"The policy of {self._host} does not let this key call {service} on {dest}.")
        if ended.status == _NOT_INSTALLED:
            return TransportError(f"{PROGRAM} is not installed on {self._host}.")
        if ended.status == _LOST:
            return TransportError(
                f"The connection to {self._host} was lost, so there is no answer to {service}. It may have been"
                " carried out."
            )
        return TransportError(f"{self._host} gave no answer to {service}. {ended.errors}".rstrip())

    # -- the master connection ----------------------------------------------------------------------------------------

    async def _connected(self) -> Path:
        """The control socket of the master, which is there. Raises `TransportError` if it cannot be made.

        Callers that come while it is being made wait for the same attempt.
        """
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="qubes-manager-", dir=_short_folder()))
            atexit.register(self.close)
        control = self._folder / "s"
        if not _listens(control):
            if self._connecting is None or self._connecting.done():
                self._connecting = asyncio.get_running_loop().create_task(self._connect(control))
                self._connecting.add_done_callback(_retrieved)
            await asyncio.shield(self._connecting)
        return control

    async def _connect(self, control: Path) -> None:
        log = _cleared(control)
        # In the background once it is connected. It ends by itself if this program is killed.
        master = ("-M", "-N", "-f", "-T", "-S", str(control), "-E", str(log), "-o", "ControlPersist=30")
        limits = {
            "ConnectTimeout": CONNECT,
            "ServerAliveInterval": self._alive,
            "ServerAliveCountMax": 2,
            "ForwardAgent": "no",
            "ForwardX11": "no",
            "ClearAllForwardings": "yes",
            "PermitLocalCommand": "no",
        }
        options = [word for name, value in limits.items() for word in ("-o", f"{name}={value}")]
        try:
            async with started(
                self._program, *master, *options, *self._where, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
            ) as process:
                status = await process.wait()
        except OSError as error:
            raise TransportError(f"Cannot run {self._program}: {error.strerror or error}") from error
        if status or not _listens(control):
            raise TransportError(f"Cannot connect to {self._host}: {_last_line(log)}")

    def close(self) -> None:
        """End the master connection, and with it the calls under way, and remove its folder."""
        atexit.unregister(self.close)
        if self._folder is None:
            return
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(  # noqa: S603 - ssh, with arguments of our own
                [self._program, "-S", str(self._folder / "s"), "-O", "exit", *self._where],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=5,
                check=False,
            )
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None


def _short_folder() -> str:
    """A folder of temporary files in which the path of a socket is not too long; ssh adds 17 characters to it."""
    for folder in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir()):
        if folder and len(os.fsencode(folder)) <= _LONGEST_FOLDER and "%" not in folder and os.access(folder, os.W_OK):
            return folder
    return "/tmp"  # noqa: S108 - the folder in it is made by mkdtemp


def _retrieved(task: "asyncio.Task[None]") -> None:
    """Take the error of an attempt whose callers have all been cancelled."""
    if not task.cancelled():
        task.exception()


def _cleared(control: Path) -> Path:
    """Remove what an earlier master left. Answers the path of the log of the next one."""
    log = control.with_name("log")
    for path in (control, log):
        path.unlink(missing_ok=True)
    return log


def _listens(control: Path) -> bool:
    """Whether a master has the control socket; a killed one leaves it behind."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(control))
        except BlockingIOError:
            return True
        except OSError:
            return False
    return True


def _last_line(log: Path) -> str:
    """The last line that ssh wrote, as text for the user."""
    try:
        lines = log.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        lines = []
    return printable(lines[-1]) if lines else "ssh gave no reason."


async def _marked(payload: Payload) -> AsyncGenerator[bytes, None]:
    """The payload in pieces with their lengths, and its end."""
    async for piece in pieces(payload):
        for start in range(0, len(piece), LONGEST_PIECE):
            part = piece[start : start + LONGEST_PIECE]
            yield LENGTH.pack(len(part)) + part
    yield LENGTH.pack(0)
