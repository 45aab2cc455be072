# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups as a client asks for them: a profile, what it would do, its run with its progress, the runs there were."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from qubesmanager.backup.passphrases import passphrase_text
from qubesmanager.client.client import Client
from qubesmanager.transport.base import TransportError
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError
from qubesmanager.wire.events import Event
from qubesmanager.wire.names import shown

DOM0 = "dom0"
WRITING, VERIFYING = "writing", "verifying"


@dataclass(frozen=True, slots=True)
class PlannedQube:
    """A qube that a profile includes. `size` in bytes as it is now; `last` in Unix seconds, None for never.

    `changed`: whether it ran since its last backup; None if nobody knows.
    """

    name: str
    size: int
    running: bool
    last: int | None
    changed: bool | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a profile would do now. Bytes; times in Unix seconds; None where it is not known.

    `given_by`: where its passphrase comes from (text, file, vm); empty if somebody has to say it.
    """

    size: int
    free: int | None
    writable: bool | None
    given_by: str
    last_run: int | None
    last_result: str
    next_run: int | None
    missing: tuple[str, ...]
    would_remove: tuple[str, ...]
    would_keep: Mapping[str, tuple[str, ...]]
    """Files beyond the counts of `keep`, with the qubes that no other backup of the profile holds."""
    qubes: tuple[PlannedQube, ...]

    def retention(self, given_up: Collection[str]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
        """Files that go and those that stay for qubes, once the qubes of these names are given up."""
        kept = {file: tuple(name for name in names if name not in given_up) for file, names in self.would_keep.items()}
        go = [file for file, names in kept.items() if not names]
        return [*self.would_remove, *go], {file: names for file, names in kept.items() if names}


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a profile. `result` is ok, incomplete, failed, cancelled or running.

    Incomplete: there is a whole backup, without a qube that the profile names and that does not exist.
    """

    profile: str
    start: int
    end: int | None
    result: str
    reason: str
    file: str
    size: int | None
    verified: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `done` of `total` bytes of all qubes in this phase; `qubes`: done and total of each so far."""

    phase: str = WRITING
    qube: str = ""
    done: int = 0
    total: int = 0
    qubes: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def percent(self) -> int:
        return min(100, self.done * 100 // self.total) if self.total else 0


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
        given_by=told.get("passphrase", "none").removeprefix("none"),
        last_run=_number(told, "last-run"),
        last_result=told.get("last-result", ""),
        next_run=_number(told, "next-run"),
        missing=tuple(told.get("missing", "").split()),
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


def parse_run(untrusted: str) -> Run:
    """A row of `mgmt1.backup.History`. Raises `ProtocolError`."""
    try:
        told = json.loads(untrusted)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise ProtocolError(f"Not a run of a profile: {shown(untrusted)}")
    start = _whole(told, "start")
    if start is None:
        raise ProtocolError(f"A run without its start: {shown(untrusted)}")
    return Run(
        profile=_text(told, "profile"),
        start=start,
        end=_whole(told, "end"),
        result=_text(told, "result"),
        reason=_text(told, "reason"),
        file=_text(told, "file"),
        size=_whole(told, "size"),
        verified=told.get("verified") is True,
    )


def _text(told: Mapping[str, Any], key: str) -> str:
    value = told.get(key, "")
    if not isinstance(value, str):
        raise ProtocolError(f"{key} of a run is no text.")
    return value


def _whole(told: Mapping[str, Any], key: str) -> int | None:
    value = told.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63):
        return value
    raise ProtocolError(f"{key} of a run is no number.")


def follow(before: Progress, profile: str, event: Event) -> Progress:
    """How far the run of the profile is after an event; the same if the event is of something else."""
    if event.name != "backup-progress" or event.fields.get("profile") != profile:
        return before
    try:
        done, total, of_qube, qube_total = (
            _number(event.fields, key) or 0 for key in ("done", "total", "qube-done", "qube-total")
        )
    except ProtocolError:
        return before
    phase, qube = event.fields.get("phase", WRITING), event.fields.get("qube", "")
    # They come one after the other: what came before this one is done.
    qubes = {} if phase != before.phase else {name: (of[1], of[1]) for name, of in before.qubes.items()}
    if qube:
        qubes[qube] = of_qube, qube_total
    return replace(before, phase=phase, qube=qube, done=done, total=total, qubes=qubes)


# -- calls ------------------------------------------------------------------------------------------------------------


async def preview(client: Client, profile: str, text: str = "") -> Preview:
    """What the profile would do now; with a text: what it would do if it were that. Raises `Mgmt1Error` and others."""

    async def payload() -> AsyncIterator[bytes]:
        if text:
            yield text.encode()

    return parse_preview(await client.send(calls.BACKUP_INFO(DOM0, profile, payload())))


async def history(client: Client, profile: str | None = None) -> list[Run]:
    """The runs there were, the oldest first."""
    return [parse_run(row) for row in await client.send(calls.BACKUP_HISTORY(DOM0, profile))]


async def execute(
    client: Client,
    profile: str,
    passphrase: str | None,
    leaves: Callable[[], bool] = lambda: False,
    given_up: Iterable[str] = (),
) -> None:
    """Carry the profile out; done when the backup is whole and on the disk. Raises `BackupError` for the passphrase.

    Cancelled, the run is cancelled too, and this ends when it has: what it had written is gone. If `leaves` says so,
    the run goes on without a caller that waits for it. `given_up`: qubes whose last backup may be removed.
    """
    payload = {} if passphrase is None else {"passphrase": passphrase_text(passphrase, "What was given")}
    if names := " ".join(given_up):
        payload["give-up"] = names
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
