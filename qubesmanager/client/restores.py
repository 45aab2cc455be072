# SPDX-License-Identifier: GPL-3.0-or-later
"""Qubes out of a backup, as a client asks for it: what a backup holds, the plan of a restore, and its result."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.backup.passphrases import GIVEN, passphrase_text
from qubesmanager.client.client import Client
from qubesmanager.host.file_stream import FileStream
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.restores import (
    Contents,
    Restored,
    RestorePlan,
    encode_options,
)


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes of the file that the daemon has taken, and of all."""

    read: int
    size: int

    @property
    def percent(self) -> int:
        return min(100, self.read * 100 // self.size) if self.size else 0


def options_head(plan: RestorePlan | None, passphrase: str, run: str = "") -> bytes:
    """As `encode_options`. Raises `BackupError` for a passphrase that cannot be sent."""
    return encode_options(passphrase_text(passphrase, GIVEN), plan, run)


def new_run() -> str:
    """An id for a restore, so that its events can be distinguished from those of another."""
    return secrets.token_hex(8)


# -- the calls --------------------------------------------------------------------------------------------------------


async def contents(client: Client, path: Path, passphrase: str, *, salvage: bool = False) -> Contents:
    """The contents of a backup; only its first part is read. Raises `BackupError`, `Mgmt1Error`, `TransportError`."""
    plan = RestorePlan(salvage=True) if salvage else None
    async with _payload(path, options_head(plan, passphrase)) as stream:
        answer = await client.send(calls.BACKUP_INFO(DOM0, None, stream))
    if not isinstance(answer, Contents):
        raise refusal("answer-no-contents")
    return answer


async def restore(
    client: Client,
    path: Path,
    passphrase: str,
    plan: RestorePlan,
    tell: Callable[[Progress], None] | None = None,
    *,
    run: str = "",
) -> list[Restored]:
    """Restore (or verify) as planned; a row for each qube of the backup. Raises as `contents` does.

    A row named `THE_FILE` says what is wrong with the file itself. `run` is an id of `new_run`; `tell` is called as the
    file is read. Cancelled, nothing of it stays.
    """
    async with _payload(path, options_head(plan, passphrase, run)) as stream:
        payload = stream if tell is None else _reported(stream, tell)
        return await client.send(calls.BACKUP_RESTORE(DOM0, None, payload))


@asynccontextmanager
async def _payload(path: Path, head: bytes) -> AsyncIterator[FileStream]:
    try:
        async with FileStream(path, head) as stream:
            yield stream
    except OSError as error:
        raise refusal("backup-file-not-read", path, error.strerror or str(error)) from error


async def _reported(stream: FileStream, tell: Callable[[Progress], None]) -> AsyncIterator[bytes]:
    async for piece in stream:
        yield piece
        tell(Progress(stream.read, stream.size))
