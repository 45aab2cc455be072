# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups that qubesd makes by its own profiles, and what a backup holds that a caller sends."""

import threading
from collections.abc import Mapping
from functools import partial

from qubesmanager.admin import calls
from qubesmanager.admin.backups import sizes_in
from qubesmanager.backup.engine import in_engine, off_loop, readable
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.daemon.restoring.entries import head_of, opened, parse_options, stored_contents
from qubesmanager.wire import calls as m
from qubesmanager.wire.backups import CANCELLED, FAILED, OK, BackupRun, PlannedQube, Preview
from qubesmanager.wire.codecs import ByteStream
from qubesmanager.wire.errors import BackupAlreadyRunningError, BackupCancelledError, Mgmt1Error
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import cause, refusal
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.restores import Contents


@answers(m.BACKUP_PROFILE_LIST)
async def list_profiles(context: Context, _arg: None, _payload: None) -> list[str]:
    """The profiles of which a run was seen, since no call lists them. Raises `QubesNotImplementedError` for none."""
    runs = context.mirror.backups
    if names := {run.profile for run in (*runs.latest, *runs.history())}:
        return sorted(names)
    raise refusal("call-not-in-qubes", context.call.name, Reason("instead-backup"))


@answers(m.BACKUP_EXECUTE)
async def execute(context: Context, profile: str, options: Mapping[str, str]) -> None:
    """Carry out a profile of qubesd, whose passphrase is in it. A caller that goes does not stop it."""
    if options:
        raise refusal("call-not-in-qubes", context.call.name, Reason("instead-profile-passphrase"))
    await context.bridge.to_the_end(_execute(context, profile))


async def _execute(context: Context, profile: str) -> None:
    runs = context.mirror.backups
    runs.begin(profile, DOM0)
    try:
        await context.ask(calls.BACKUP_EXECUTE(DOM0, profile))
    except BackupAlreadyRunningError:
        runs.drop(profile)
        raise
    except BackupCancelledError as error:
        runs.end(profile, CANCELLED, cause(error))
        raise
    except Mgmt1Error as error:
        runs.end(profile, FAILED, cause(error))
        raise
    runs.end(profile, OK)


@answers(m.BACKUP_CANCEL)
async def cancel(context: Context, profile: str, _payload: None) -> None:
    await context.ask(calls.BACKUP_CANCEL(DOM0, profile))


@answers(m.BACKUP_STATUS)
async def status(context: Context, _arg: None, _payload: None) -> list[BackupRun]:
    """The runs that this bridge has seen: qubesd keeps no list."""
    return context.mirror.backups.latest


@answers(m.BACKUP_HISTORY)
async def history(context: Context, profile: str | None, _payload: None) -> list[BackupRun]:
    """As `status`, for all runs that ended."""
    return context.mirror.backups.history(profile)


@answers(m.BACKUP_INFO)
async def info(context: Context, profile: str | None, content: ByteStream) -> Preview | Contents:
    """What a profile of qubesd would back up, or what the backup in the payload holds."""
    if profile is None:
        return await _contents(context, content)
    async for _piece in content:
        raise refusal("call-not-in-qubes", context.call.name, Reason("instead-backup"))
    rows = sizes_in(await context.ask(calls.BACKUP_INFO(DOM0, profile)))
    records = await context.mirror.listed()
    latest = next((run for run in context.mirror.backups.latest if run.profile == profile), None)
    return Preview(
        size=sum(size for _name, size, _running in rows),
        free=None,
        writable=None,
        connected=True,
        largest_file=None,
        given_by="text",
        last_run=None if latest is None else latest.start,
        last_result="" if latest is None else latest.result,
        next_run=None,
        missing=(),
        left_out=(),
        would_remove=(),
        would_keep={},
        qubes=tuple(_planned(name, size, records.get(name), is_running) for name, size, is_running in rows),
        profile=profile,
    )


def _planned(name: str, size: int, record: VmRecord | None, is_running: bool) -> PlannedQube:  # noqa: FBT001 - a row
    if record is None:
        return PlannedQube(name, size, is_running, None, None)
    last = record.number("backup_timestamp")
    return PlannedQube(name, size, is_running, last, None, record.klass, record.value("label"))


async def _contents(context: Context, content: ByteStream) -> Contents:
    head, rest = await head_of(content)
    options = await off_loop(parse_options, head)
    stop = threading.Event()
    async with readable(rest) as backup_file:
        backup = await in_engine(partial(opened, backup_file, options, stop), stop)
        backup_file.check()
    names = await context.mirror.listed()
    return stored_contents(backup, names.__contains__, None, with_home=False)
