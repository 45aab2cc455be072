# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: profiles, their runs and history, and qubes out of a backup."""

from collections.abc import Mapping

from qubesmanager.backup.profile import owner_of
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.backups import NOTHING_CONFIRMED, BackupRun, Preview, decode_execute
from qubesmanager.wire.codecs import PROFILE, ByteStream
from qubesmanager.wire.codecs import text as text_of
from qubesmanager.wire.limits import PROFILE_BYTES
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.restores import Contents, Restored


@answers(calls.BACKUP_EXECUTE)
async def execute(context: Context, profile: str, options: Mapping[str, str]) -> None:
    passphrase, confirmed = decode_execute(options)
    if confirmed != NOTHING_CONFIRMED and context.source != DOM0:
        raise refusal("backup-options-of-dom0")
    await context.system.backup_runs.execute(profile, passphrase, confirmed, by=context.source)


@answers(calls.BACKUP_CANCEL)
async def cancel(context: Context, profile: str, _payload: None) -> None:
    context.system.backup_runs.cancel(profile)


@answers(calls.BACKUP_INFO)
async def info(context: Context, profile: str | None, content: ByteStream) -> Preview | Contents:
    if profile is not None:
        text = await _text(content)
        if text and context.source != DOM0:
            raise refusal("profile-preview-of-dom0")
        return await context.system.backup_previews.preview(profile, text, context.source, context.knows)
    return await context.system.restores.contents(context.source, content)


async def _text(content: ByteStream) -> str:
    """The whole payload. Raises `ProtocolError` for more than a profile has."""
    buffer = b""
    async for piece in content:
        buffer += piece
        if len(buffer) > PROFILE_BYTES:
            raise refusal("profile-too-large", PROFILE_BYTES >> 10)
    return text_of(buffer, PROFILE)


@answers(calls.BACKUP_RESTORE)
async def restore(context: Context, profile: str | None, content: ByteStream) -> list[Restored]:
    passphrase = ""
    if profile is not None:
        text, file = await context.system.backups.profile(profile)
        if context.source not in {DOM0, owner_of(file.text)}:
            raise refusal("profile-passphrase-of-owner")
        if text.has_passphrase:
            passphrase = await context.system.backups.passphrase(profile, text, None)
    return await context.system.restores.restore(context.source, content, passphrase)


@answers(calls.BACKUP_PROFILE_LIST)
async def list_profiles(context: Context, only: str | None, _payload: None) -> list[str]:
    return [name for name in await context.system.backups.profiles.names() if only in {None, name}]


@answers(calls.BACKUP_PROFILE_GET)
async def get_profile(context: Context, profile: str, _payload: None) -> str:
    return await context.system.backups.shown_text(profile, context.source, context.knows)


@answers(calls.BACKUP_PROFILE_SET)
async def set_profile(context: Context, profile: str, text: str) -> None:
    await context.system.backups.set_profile(context.source, profile, text)


@answers(calls.BACKUP_PROFILE_REMOVE)
async def remove_profile(context: Context, profile: str, _payload: None) -> None:
    await context.system.backups.remove_profile(context.source, profile)


@answers(calls.BACKUP_STATUS)
async def status(context: Context, _arg: None, _payload: None) -> list[BackupRun]:
    return await context.system.backup_runs.status(context.source, context.knows)


@answers(calls.BACKUP_HISTORY)
async def history(context: Context, profile: str | None, _payload: None) -> list[BackupRun]:
    return await context.system.backup_history.runs(profile, context.source, context.knows)
