# SPDX-License-Identifier: GPL-3.0-or-later
"""The past backups of the demonstration: files that hold only which backup each is, and the backup itself when asked.

Such a file is as long as its backup would be, and takes no room. When it is read, the backup is written: the qubes of
its run as they were when the demonstration began, with empty disks. Nothing is encrypted in the file, so any passphrase
opens it.
"""

import tempfile
import threading
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from qubesmanager.backup.archive.scrypt_container import LEVELS
from qubesmanager.backup.archive.streams import FdOutput
from qubesmanager.backup.archive.writer import Options, QubeData, write
from qubesmanager.backup.engine import in_engine
from qubesmanager.daemon.local.system import System
from qubesmanager.wire.backups import BackupRun
from qubesmanager.wire.codecs import ByteStream
from qubesmanager.wire.restores import RestoreOptions

_MARK = b"A backup of the demonstration: it is written when it is read.\n"
_HEAD = 512
"""Bytes at the begin of a file that say which backup it is, at most."""


def write_stub(run: BackupRun) -> None:
    """The file of a past backup: of its length, which takes no room, with its id at the start."""
    with Path(run.file).open("wb") as file:
        file.write(_MARK + f"backup-id={run.backup}\n".encode())
        file.truncate(run.size)


class DemoArchives:
    """The qubes of past backups, and the archives that are made of them."""

    def __init__(self, system: System, names: Iterable[str]) -> None:
        """Keep these qubes as they are now, as far as they exist."""
        self._system = system
        qubes = (system.runtime.state.qubes.get(name) for name in names)
        self._qubes = {qube.name: system.backup_sources.settings_data(qube) for qube in qubes if qube is not None}

    async def stream(self, stream: ByteStream, options: RestoreOptions) -> AsyncIterator[bytes]:
        """The backup that the file in the stream is of; any other stream as it is."""
        head = b""
        async for piece in stream:
            head += piece
            if len(head) >= _HEAD:
                break
        if head.startswith(_MARK):
            runs = await self._system.backup_history.runs()
            run = next((run for run in runs if f"backup-id={run.backup}\n".encode() in head), None)
            if run is not None:
                yield await in_engine(lambda: self._archive(run, options.passphrase))
                return
        yield head
        async for piece in stream:
            yield piece

    def _archive(self, run: BackupRun, passphrase: str) -> bytes:
        qubes: list[QubeData] = [self._qubes[each.name] for each in run.qubes or () if each.name in self._qubes]
        system = self._system.backup_sources.system_contents([], run.owner)
        with tempfile.TemporaryFile() as file:
            output = FdOutput(file.fileno(), threading.Event())
            write(
                output, passphrase, system, qubes, Options(LEVELS["generated"], profile=run.profile), created=run.start
            )
            file.seek(0)
            return file.read()
