# SPDX-License-Identifier: GPL-3.0-or-later
"""A real sshd on the loopback as an ordinary process, with keys whose command is the gateway, and a link to it.

The link is a small proxy that can be slow, fall silent, or be cut.
"""

import asyncio
import getpass
import os
import shlex
import shutil
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from until import until

import qubesmanager
from qubesmanager.host.process import run, started
from qubesmanager.transport.ssh import ALIVE, SshTransport

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/sbin:/usr/local/sbin") or ""
_PRIVILEGES = Path("/run/sshd")
"""The empty folder that an sshd of root wants."""
_PORTS = 5
"""Ports that are tried: another program may take a free one before sshd does."""


class Link:
    """A proxy before a port. `delay` in seconds, each way; while `silent`, nothing goes through and nothing breaks."""

    def __init__(self, port: int) -> None:
        self.delay = 0.0
        self.silent = False
        self.connections = 0
        self.port = 0
        self._to = port
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def cut(self) -> None:
        """Break each connection there is."""
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        both = {writer, far_writer}
        self._writers |= both
        try:
            await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))
        finally:
            self._writers -= both
            for each in both:
                each.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A piece leaves `delay` after it came, however many are on the way."""
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while piece := await reader.read(64 << 10):
                if not self.silent:
                    loop.call_later(self.delay, _written, writer, piece)
        writer.transport.abort()


def _written(writer: asyncio.StreamWriter, piece: bytes) -> None:
    if not writer.is_closing():
        writer.write(piece)


@dataclass
class SshServer:
    """A running sshd. `key` names the key that `transport` uses; `programs` is a folder whose `ssh` uses it, too."""

    folder: Path
    link: Link
    transports: list[SshTransport] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{getpass.getuser()}@127.0.0.1:{self.link.port}"

    def transport(self, key: str = "laptop", alive: int = ALIVE) -> SshTransport:
        made = SshTransport(self.address, str(self.folder / key / "ssh"), alive)
        self.transports.append(made)
        return made


@asynccontextmanager
async def ssh_server(folder: Path, daemon: Path) -> AsyncIterator[SshServer]:
    """An sshd before the gateway of the daemon at a socket, with the keys `laptop` and `without-gateway`.

    Skips the test where there is no sshd, or it lets this user not in.
    """
    if not SSHD or not shutil.which("ssh"):
        pytest.skip("not installed: sshd")
    _prepare()
    start = "from qubesmanager.daemon.gateway import main; raise SystemExit(main())"
    package = Path(qubesmanager.__file__).parents[1]
    gateway = f"PYTHONPATH={shlex.quote(str(package))} exec {shlex.quote(sys.executable)} -c {shlex.quote(start)}"
    keys = [
        await _key(folder, "laptop", f"{gateway} --source laptop --socket {shlex.quote(str(daemon))}"),
        await _key(folder, "without-gateway", "/does/not/exist/qubes-mgmt1-gateway --source laptop"),
        await _key(folder, "plain", "exec true"),
    ]
    (folder / "authorized_keys").write_text("".join(keys))
    await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host"))
    (folder / "known_hosts").write_text(f"here {(folder / 'host.pub').read_text()}")
    for _ in range(_PORTS):
        port = _free_port()
        (folder / "sshd_config").write_text(_CONFIG.format(port=port, folder=folder))
        arguments = (SSHD, "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "sshd.log"))
        async with started(*arguments, stdin=DEVNULL) as process:
            await until(partial(_is_settled, process, port))
            if process.returncode is not None:
                continue
            link = Link(port)
            async with await link.serve():
                server = SshServer(folder, link)
                probe = await run(str(folder / "plain" / "ssh"), "-T", "-p", str(link.port), "127.0.0.1")
                if probe.status:
                    pytest.skip(f"sshd does not let this user in: {probe.errors.decode(errors='replace').strip()}")
                link.connections = 0
                yield server
                for transport in server.transports:
                    transport.close()
                link.cut()
                return
    pytest.skip(f"sshd does not run here: {(folder / 'sshd.log').read_text(errors='replace').strip()}")


_CONFIG = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
PrintMotd no
"""


async def _key(folder: Path, name: str, command: str) -> str:
    """Make a key, and an `ssh` that uses it. Answers its line of authorized_keys."""
    (folder / name).mkdir(parents=True)
    await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name / "key"))
    (folder / name / "config").write_text(
        f"IdentityFile {folder / name / 'key'}\nIdentitiesOnly yes\nIdentityAgent none\nBatchMode yes\n"
        f"UserKnownHostsFile {folder / 'known_hosts'}\nGlobalKnownHostsFile none\nHostKeyAlias here\n"
        "StrictHostKeyChecking yes\n"
    )
    program = folder / name / "ssh"
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder / name / "config"} "$@"\n')
    program.chmod(0o755)
    escaped = command.replace('"', '\\"')
    return f'restrict,command="{escaped}" {(folder / name / "key.pub").read_text()}'


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _prepare() -> None:
    if os.geteuid() == 0:
        _PRIVILEGES.mkdir(mode=0o755, exist_ok=True)


def _is_settled(process: Process, port: int) -> bool:
    return process.returncode is not None or _answers(port)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
            return probe.recv(4) == b"SSH-"
    except OSError:
        return False
