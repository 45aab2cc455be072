# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups as a client asks for them: a profile, what it would do, its run with its progress, the runs there were."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from urllib.parse import unquote

from qubesmanager.backup.errors import BackupError, BackupIncompleteError
from qubesmanager.backup.passphrases import passphrase_text
from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import FIRST_PAUSE, LONGEST_PAUSE
from qubesmanager.transport.base import TransportError
from qubesmanager.wire import calls
from qubesmanager.wire.backups import (
    CANCELLED,
    FAILED,
    INCOMPLETE,
    BackupRun,
    Progress,
    decode_run,
    follow,
    is_of,
)
from qubesmanager.wire.errors import BackupCancelledError, Mgmt1Error, ProtocolError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import BACKUP_FINISHED
from qubesmanager.wire.names import shown

DOM0 = "dom0"
LOST = "The connection was lost. Whether the backup of {} goes on is unknown."
PATIENCE = 60.0
"""Seconds for which a lost connection is tried again."""


@dataclass(frozen=True, slots=True)
class PlannedQube:
    """A qube that a profile includes. `size` in bytes as it is now; `last` in Unix seconds, None for never.

    `changed`: whether it ran since its last backup; None if it is unknown.
    """

    name: str
    size: int
    running: bool
    last: int | None
    changed: bool | None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a run does only with the user's consent.

    `given_up`: qubes whose last backup may be removed. `new_disk`: the destination may be on a disk that no backup of
    the profile went to so far.
    """

    given_up: tuple[str, ...] = ()
    new_disk: bool = False


NOTHING_CONFIRMED = Confirmed()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a profile would do now. Bytes; times in Unix seconds; None where it is not known.

    `given_by`: where its passphrase comes from (text, file, vm); empty if the user has to type it. `connected`: whether
    the disk of the destination is there. `largest_file`: where its file system has a limit that a backup can reach.
    """

    size: int
    free: int | None
    writable: bool | None
    connected: bool
    largest_file: int | None
    given_by: str
    last_run: int | None
    last_result: str
    next_run: int | None
    missing: tuple[str, ...]
    left_out: tuple[str, ...]
    """Qubes that the profile includes and the qube that set it does not see; dom0 alone reads them."""
    would_remove: tuple[str, ...]
    would_keep: Mapping[str, tuple[str, ...]]
    """Files beyond the counts of `keep`, with the qubes that no other backup of the profile holds."""
    qubes: tuple[PlannedQube, ...]
    """With dom0, whose size is that of its home, if the home is in the backup."""

    @property
    def home(self) -> PlannedQube | None:
        """The home of dom0; None if it is not in the backup."""
        return next((qube for qube in self.qubes if qube.name == DOM0), None)

    def retention(self, given_up: Collection[str]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
        """Files that go and those that stay for qubes, once the qubes of these names are given up."""
        kept = {file: tuple(name for name in names if name not in given_up) for file, names in self.would_keep.items()}
        go = [file for file, names in kept.items() if not names]
        return [*self.would_remove, *go], {file: names for file, names in kept.items() if names}


# -- answers ----------------------------------------------------------------------------------------------------------


def parse_preview(untrusted: str) -> Preview:
    """The answer to `mgmt1.backup.Info` with a profile. Raises `ProtocolError`."""
    head, empty, rows = untrusted.partition("\n\n")
    if not empty:
        raise ProtocolError("The answer does not say what the profile would do.")
    told = _pairs(head.split("\n"))
    return Preview(
        size=_number(told, "size") or 0,
        free=_number(told, "free"),
        writable=_YES_NO.get(told.get("writable", "")),
        connected=told.get("connected") != "no",
        largest_file=_number(told, "largest-file"),
        given_by=told.get("passphrase", "none").removeprefix("none"),
        last_run=_number(told, "last-run"),
        last_result=told.get("last-result", ""),
        next_run=_number(told, "next-run"),
        missing=tuple(told.get("missing", "").split()),
        left_out=tuple(name for name in told.get("left-out", "").split() if name != DOM0),
        would_remove=tuple(unquote(word) for word in told.get("would-remove", "").split()),
        would_keep=dict(_kept(word) for word in told.get("would-keep", "").split()),
        qubes=tuple(_planned(row) for row in rows.split("\n") if row),
    )


def _kept(untrusted: str) -> tuple[str, tuple[str, ...]]:
    file, colon, names = untrusted.partition(":")
    if not colon or not file or not names:
        raise ProtocolError(f"Not a file with qubes: {shown(untrusted)}")
    return unquote(file), tuple(names.split(","))


_YES_NO = {"yes": True, "no": False}


def _planned(untrusted: str) -> PlannedQube:
    name, *words = untrusted.split(" ")
    told = _pairs(words)
    return PlannedQube(
        name,
        _number(told, "size") or 0,
        told.get("running") == "yes",
        _number(told, "last"),
        _YES_NO.get(told.get("changed", "")),
    )


def _pairs(untrusted: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in untrusted:
        key, equals, value = word.partition("=")
        if not equals or not key or key in found:
            raise ProtocolError(f"Not a key with its value: {shown(word)}")
        found[key] = value
    return found


_DIGITS = 19


def _number(told: Mapping[str, str], key: str) -> int | None:
    text = told.get(key, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        raise ProtocolError(f"{key} is a number, not {shown(text)}.")
    return int(text)


def whole(run: BackupRun) -> BackupRun:
    """The run, if it made a backup. Raises what its own caller was answered with."""
    if run.result == CANCELLED:
        raise BackupCancelledError("The backup was cancelled.")
    if run.result == FAILED:
        raise BackupError(run.reason, run.why)
    if run.result == INCOMPLETE:
        raise BackupIncompleteError(run.reason, run.why)
    return run


# -- calls ------------------------------------------------------------------------------------------------------------


async def preview(client: Client, profile: str, text: str = "") -> Preview:
    """What the profile would do now; with a text: what it would do if it were that. Raises `Mgmt1Error` and others."""

    async def payload() -> AsyncIterator[bytes]:
        if text:
            yield text.encode()

    return parse_preview(await client.send(calls.BACKUP_INFO(DOM0, profile, payload())))


async def history(client: Client, profile: str | None = None) -> list[BackupRun]:
    """The runs there were, the oldest first."""
    return [decode_run(row) for row in await client.send(calls.BACKUP_HISTORY(DOM0, profile))]


async def status(client: Client) -> list[BackupRun]:
    """The latest run of each profile, with how far it is."""
    return [decode_run(row) for row in await client.send(calls.BACKUP_STATUS(DOM0))]


async def latest(client: Client, profile: str) -> BackupRun | None:
    """The latest run of the profile; None if there was none."""
    return next((run for run in await status(client) if run.profile == profile), None)


async def joined(client: Client, profile: str, tell: Callable[[Progress], None]) -> BackupRun:
    """Wait until the profile's latest run has ended, of any client; if this is cancelled, the run continues.

    A connection that is lost is tried again, and the state asked for again. Raises `TransportError` after `PATIENCE`
    without an answer, `BackupError` if the profile has never run.
    """
    loop = asyncio.get_running_loop()
    known: BackupRun | None = None
    limit = loop.time() + PATIENCE
    pause = FIRST_PAUSE
    while True:
        try:
            async with aclosing(client.events(calls.EVENTS(DOM0))) as stream:
                await anext(stream)
                # What happens from now on is in the stream, so nothing between the two is missed.
                known = await latest(client, profile)
                limit, pause = loop.time() + PATIENCE, FIRST_PAUSE
                if known is None:
                    raise BackupError(f"The profile {profile} has never been carried out.")
                if not known.is_running or await _ends(stream, known, tell):
                    break
        except (TransportError, StopAsyncIteration) as error:
            if loop.time() >= limit:
                raise TransportError(LOST.format(profile)) from error
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    runs = await history(client, profile)
    return next((run for run in reversed(runs) if run.run == known.run), runs[-1])


async def _ends(stream: AsyncIterator[list[Event]], known: BackupRun, tell: Callable[[Progress], None]) -> bool:
    """Follow the run; True once it has ended, False if the stream does before."""
    now = known.progress or Progress()
    tell(now)
    async for batch in stream:
        for event in batch:
            ended = BACKUP_FINISHED.of(event)
            if ended is not None and is_of(ended, known.profile, known.run):
                return True
            now = follow(now, known.profile, event, known.run)
        tell(now)
    return False


async def execute(
    client: Client,
    profile: str,
    passphrase: str | None,
    leaves: Callable[[], bool] = lambda: False,
    confirmed: Confirmed = NOTHING_CONFIRMED,
) -> None:
    """Carry the profile out; done when the backup is whole and on the disk. Raises `BackupError` for the passphrase.

    Cancelled, the run is cancelled too, and this ends when it has: what it had written is gone. If `leaves` returns
    true, the run goes on without a caller that waits for it. `confirmed` is what the user allowed it.
    """
    payload = {} if passphrase is None else {"passphrase": passphrase_text(passphrase, "What was given")}
    if names := " ".join(confirmed.given_up):
        payload["give-up"] = names
    if confirmed.new_disk:
        payload["new-disk"] = "yes"
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_answered(client, profile, payload))
        try:
            error = await asyncio.shield(running)
        except asyncio.CancelledError:
            if leaves():
                running.cancel()
                raise
            with suppress(Mgmt1Error, TransportError):  # it has just ended by itself
                await client.send(calls.BACKUP_CANCEL(DOM0, profile))
            await running
            raise
    if error is not None:
        raise error


async def _answered(client: Client, profile: str, payload: Mapping[str, str]) -> Exception | None:
    try:
        await client.send(calls.BACKUP_EXECUTE(DOM0, profile, payload))
    except (Mgmt1Error, TransportError) as error:
        return error
    return None
