# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup profiles: the record of a run, which the daemon stores, calls answer and events report, and the preview."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote

from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import (
    BACKUP_FINISHED,
    BACKUP_PROGRESS,
    BACKUP_STARTED,
    BackupEvent,
    BackupProgress,
)
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import from_json, joined, refusal, text, to_json
from qubesmanager.wire.records import NO, YES
from qubesmanager.wire.restores import BACKUP_ID, Contents, decode_contents, encode_contents

WRITING, VERIFYING = "writing", "verifying"
"""The phases of a run."""
OK, INCOMPLETE, FAILED, CANCELLED, RUNNING = "ok", "incomplete", "failed", "cancelled", "running"
"""The results of a run. INCOMPLETE: there is a whole backup, without a qube that the profile names and that does not
exist."""
SCHEDULE = "schedule"
"""`by` of a run that the schedule began; other runs are begun by a qube."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `done` of `total` bytes of all qubes in this phase; `qubes`: done and total of each so far."""

    phase: str = WRITING
    qube: str = ""
    done: int = 0
    total: int = 0
    qubes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Known to a client that follows the events; no answer contains it."""

    @property
    def percent(self) -> int:
        return min(100, self.done * 100 // self.total) if self.total else 0


@dataclass(frozen=True, slots=True)
class QubeOfRun:
    """A qube of a backup. `result` is `OK`, or a sentence that says why it is not whole.

    `uuid` is empty in the history of an earlier version.
    """

    name: str
    uuid: str
    result: str


@dataclass(frozen=True, slots=True)
class KeptBackup:
    """An older backup that stays although the counts of `keep` do not keep it, for these qubes."""

    file: str
    qubes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartialFile:
    """The file that a run writes to until it is complete, and the identity of the file system that it is on."""

    path: str
    disk: str


@dataclass(frozen=True, slots=True)
class BackupRun:
    """A run of a profile. Times in Unix seconds, sizes in bytes; None where something is not known (yet)."""

    profile: str
    start: int
    result: str
    file: str = ""
    """The path of the backup; empty if it is not a file of dom0."""
    by: str = ""
    """The qube that began it, or `SCHEDULE`; empty in the history of an earlier version."""
    attempt: int | None = None
    """Which attempt of a scheduled run it is, from 1."""
    owner: str = ""
    """The qube that set the profile; empty in the history of an earlier version."""
    names: tuple[str, ...] | None = None
    """The qubes that the reason may name; a source that does not see all of them does not get the reason."""
    run: int | None = None
    """Its id, which its events carry; None in the history of an earlier version."""
    left_out: tuple[str, ...] = ()
    """Qubes that the profile includes and its owner does not see."""
    home: bool | None = None
    """Whether the home of dom0 is in the backup."""
    part: PartialFile | None = None
    """The file that it wrote to, until nothing of it is left."""
    backup: str = ""
    """The id of the backup."""
    verified: bool | None = None
    qubes: tuple[QubeOfRun, ...] | None = None
    size: int | None = None
    reason: str = ""
    """Why it made no backup, or not of all qubes, in English; what is to be known of a run that is ok."""
    why: Reason | None = None
    """The reason as data; None in the history of an earlier version."""
    kept: tuple[KeptBackup, ...] | None = None
    end: int | None = None
    progress: Progress | None = None
    """How far it is; only in `mgmt1.backup.Status`, of a run that is not over."""
    next_attempt: int | None = None
    """When the schedule tries again; only in `mgmt1.backup.Status`, of a run that failed."""

    @property
    def is_running(self) -> bool:
        return self.result == RUNNING

    @property
    def has_backup(self) -> bool:
        """Whether it made a backup, even without some of the qubes that the profile names."""
        return self.result in {OK, INCOMPLETE}

    @property
    def is_troubled(self) -> bool:
        """It made no backup, or not of all qubes that the profile names; a cancelled one is as the user wanted it."""
        return self.result in {FAILED, INCOMPLETE}

    @property
    def is_retried(self) -> bool:
        """Whether the schedule tries again after it, unless it was the last attempt."""
        return self.result == FAILED and self.by == SCHEDULE

    def because(self, *fields: Field) -> "BackupRun":
        """The run with these reasons, one after the other, instead of its present ones; without any: with no reason."""
        why = joined(fields)
        return replace(self, reason=text(why) if why else "", why=why)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The user's consents to a run.

    `given_up`: qubes whose last backup `keep` may remove. `new_disk`: the destination may be on a disk that no backup
    of the profile went to so far.
    """

    given_up: tuple[str, ...] = ()
    new_disk: bool = False


NOTHING_CONFIRMED = Confirmed()


def encode_execute(passphrase: str | None, confirmed: Confirmed) -> dict[str, str]:
    """The payload of `mgmt1.backup.Execute`; without a passphrase the daemon takes that of the profile."""
    values = {
        "passphrase": passphrase,
        "give-up": " ".join(confirmed.given_up) or None,
        "new-disk": YES if confirmed.new_disk else None,
    }
    return {key: value for key, value in values.items() if value is not None}


def decode_execute(untrusted: Mapping[str, str]) -> tuple[str | None, Confirmed]:
    """The passphrase, None without one, and what the user confirmed. Raises `ProtocolError` for any other key."""
    if set(untrusted) - {"passphrase", "give-up", "new-disk"} or untrusted.get("new-disk", YES) != YES:
        raise refusal("backup-payload")
    confirmed = Confirmed(tuple(untrusted.get("give-up", "").split()), new_disk="new-disk" in untrusted)
    return untrusted.get("passphrase"), confirmed


# -- as JSON ----------------------------------------------------------------------------------------------------------


def encode_run(run: BackupRun) -> str:
    """A JSON object on one line; what is not known is left out. The reason is there once the run has a result."""
    progress = run.progress
    values: dict[str, object] = {
        "profile": run.profile,
        "start": run.start,
        "result": run.result,
        "file": run.file,
        "by": run.by or None,
        "attempt": run.attempt,
        "owner": run.owner or None,
        "names": run.names,
        "run": run.run,
        "left-out": run.left_out or None,
        "home": run.home,
        "part": None if run.part is None else {"path": run.part.path, "disk": run.part.disk},
        "backup": run.backup or None,
        "verified": run.verified,
        "qubes": None if run.qubes is None else [_qube_object(qube) for qube in run.qubes],
        "size": run.size,
    }
    later: dict[str, object] = {
        "kept": None if run.kept is None else [{"file": kept.file, "qubes": kept.qubes} for kept in run.kept],
        "end": run.end,
        "next-attempt": run.next_attempt,
    }
    if progress is not None:
        later |= {"phase": progress.phase, "qube": progress.qube, "done": progress.done, "total": progress.total}
    reason: dict[str, object] = {}
    if run.reason or not run.is_running:
        reason = {"reason": run.reason, "why": None if run.why is None else to_json(run.why)}
    return json.dumps(_known(values) | reason | _known(later), ensure_ascii=False)


def _known(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _qube_object(qube: QubeOfRun) -> dict[str, str]:
    uuid = {"uuid": qube.uuid} if qube.uuid else {}
    return {"name": qube.name, **uuid, "result": qube.result}


def decode_run(untrusted: str) -> BackupRun:
    """The run of such an object, also of an earlier version; other keys are ignored. Raises `ProtocolError`."""
    try:
        values = json.loads(untrusted)
    except (ValueError, RecursionError) as error:
        raise refusal("not-a-run", shown(untrusted)) from error
    if not isinstance(values, dict):
        raise refusal("not-a-run", shown(untrusted))
    start, result = _number(values, "start"), _text(values, "result")
    if start is None or not result:
        raise refusal("run-without-start", shown(untrusted))
    return BackupRun(
        profile=_text(values, "profile"),
        start=start,
        result=result,
        file=_text(values, "file"),
        by=_text(values, "by"),
        attempt=_number(values, "attempt"),
        owner=_text(values, "owner"),
        names=_texts(values, "names"),
        run=_number(values, "run"),
        left_out=_texts(values, "left-out") or (),
        home=_flag(values, "home"),
        part=_part(values),
        backup=_text(values, "backup"),
        verified=_flag(values, "verified"),
        qubes=_qubes(values),
        size=_number(values, "size"),
        reason=_text(values, "reason"),
        why=from_json(values.get("why")),
        kept=_kept(values),
        end=_number(values, "end"),
        progress=_progress(values) if "total" in values else None,
        next_attempt=_number(values, "next-attempt"),
    )


def _wrong(key: str) -> Mgmt1Error:
    return refusal("run-value", key)


def _text(untrusted: Mapping[str, Any], key: str) -> str:
    value = untrusted.get(key, "")
    if not isinstance(value, str):
        raise _wrong(key)
    return value


def _number(untrusted: Mapping[str, Any], key: str) -> int | None:
    value = untrusted.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63):
        return value
    raise _wrong(key)


def _flag(untrusted: Mapping[str, Any], key: str) -> bool | None:
    value = untrusted.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise _wrong(key)


def _texts(untrusted: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    values = untrusted.get(key)
    if values is None:
        return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _wrong(key)
    return tuple(values)


def _objects(untrusted: Mapping[str, Any], key: str, needed: Iterable[str]) -> list[dict[str, Any]] | None:
    values = untrusted.get(key)
    if values is None:
        return None
    if not isinstance(values, list) or not all(isinstance(row, dict) and row.keys() >= set(needed) for row in values):
        raise _wrong(key)
    return values


def _part(untrusted: Mapping[str, Any]) -> PartialFile | None:
    value = untrusted.get("part")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _wrong("part")
    return PartialFile(_text(value, "path"), _text(value, "disk"))


def _qubes(untrusted: Mapping[str, Any]) -> tuple[QubeOfRun, ...] | None:
    rows = _objects(untrusted, "qubes", ("name", "result"))
    if rows is None:
        return None
    return tuple(QubeOfRun(_text(row, "name"), _text(row, "uuid"), _text(row, "result")) for row in rows)


def _kept(untrusted: Mapping[str, Any]) -> tuple[KeptBackup, ...] | None:
    rows = _objects(untrusted, "kept", ("file", "qubes"))
    if rows is None:
        return None
    return tuple(KeptBackup(_text(row, "file"), _texts(row, "qubes") or ()) for row in rows)


def _progress(untrusted: Mapping[str, Any]) -> Progress:
    done, total = _number(untrusted, "done") or 0, _number(untrusted, "total") or 0
    return Progress(_text(untrusted, "phase") or WRITING, _text(untrusted, "qube"), done, total)


# -- what a profile would do -------------------------------------------------------------------------------------------


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
    klass: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The preview of a profile. Sizes in bytes; times in Unix seconds; None where it is not known.

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
    without_home: bool = False
    """The profile includes dom0, and the home of dom0 is not in the backup."""
    profile: str = ""
    destination: str = ""
    """A path, or a command with its arguments."""
    destination_vm: str = ""
    compression: str = ""
    kdf: str = ""
    verify: bool = False
    schedule: str = ""
    files: Mapping[str, tuple[str, ...]] | None = None
    """The backups of the profile at its destination now, each with why `keep` keeps it: `last-1`, `daily-2`.

    None if the destination is not a folder of dom0, or not connected.
    """
    changed: int | None = None
    """When the profile was changed."""

    @property
    def home(self) -> PlannedQube | None:
        """The home of dom0; None if it is not in the backup."""
        return next((qube for qube in self.qubes if qube.name == DOM0), None)

    def retention(self, given_up: Collection[str]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
        """Files that go and those that stay for qubes, once the qubes of these names are given up."""
        kept = {file: tuple(name for name in names if name not in given_up) for file, names in self.would_keep.items()}
        go = [file for file, names in kept.items() if not names]
        return [*self.would_remove, *go], {file: names for file, names in kept.items() if names}


_TRUTH = {YES: True, NO: False}


def _truth_text(value: bool | None, unknown: str = "") -> str:  # noqa: FBT001 - a value, not an option
    return unknown if value is None else YES if value else NO


def _number_text(value: int | None) -> str:
    return "" if value is None else str(value)


def encode_preview(preview: Preview) -> str:
    """Lines of `key=value`, an empty line, and a row for each qube. Names of files are percent-encoded."""
    left_out = [*([DOM0] if preview.without_home else []), *preview.left_out]
    values = {
        "profile": preview.profile,
        "destination": preview.destination,
        "destination-vm": preview.destination_vm,
        "compression": preview.compression,
        "kdf": preview.kdf,
        "verify": _truth_text(preview.verify),
        "size": str(preview.size),
        "free": _number_text(preview.free),
        "writable": _truth_text(preview.writable),
        "connected": _truth_text(preview.connected),
        "largest-file": _number_text(preview.largest_file),
        "passphrase": preview.given_by or "none",
        "schedule": preview.schedule,
        "last-run": _number_text(preview.last_run),
        "last-result": preview.last_result,
        "next-run": _number_text(preview.next_run),
        "missing": " ".join(preview.missing),
        "left-out": " ".join(left_out),
        "would-remove": " ".join(map(quote, preview.would_remove)),
        "would-keep": " ".join(f"{quote(file)}:{','.join(names)}" for file, names in preview.would_keep.items()),
        "changed": _number_text(preview.changed),
    }
    if preview.files is not None:
        values["files"] = " ".join(_with_reasons(*item) for item in preview.files.items())
    lines = [f"{key}={value}" for key, value in values.items()]
    return "\n".join([*lines, "", *map(_planned_row, preview.qubes), ""])


def _with_reasons(file: str, reasons: Iterable[str]) -> str:
    return f"{quote(file)}:{','.join(reasons)}"


def _planned_row(qube: PlannedQube) -> str:
    values = {
        "class": qube.klass,
        "label": qube.label,
        "size": str(qube.size),
        "running": _truth_text(qube.running),
        "last": _number_text(qube.last),
        "changed": _truth_text(qube.changed, "unknown"),
    }
    return " ".join([qube.name, *(f"{key}={value}" for key, value in values.items())])


def decode_preview(untrusted: str) -> Preview:
    """The preview of such a text; a key that is missing is not known. Raises `ProtocolError`."""
    head, empty, rows = untrusted.partition("\n\n")
    if not empty:
        raise refusal("answer-no-preview")
    values = _pairs(head.split("\n"))
    left_out = values.get("left-out", "").split()
    return Preview(
        size=_digits(values, "size") or 0,
        free=_digits(values, "free"),
        writable=_TRUTH.get(values.get("writable", "")),
        connected=values.get("connected") != NO,
        largest_file=_digits(values, "largest-file"),
        given_by=values.get("passphrase", "none").removeprefix("none"),
        last_run=_digits(values, "last-run"),
        last_result=values.get("last-result", ""),
        next_run=_digits(values, "next-run"),
        missing=tuple(values.get("missing", "").split()),
        left_out=tuple(name for name in left_out if name != DOM0),
        would_remove=tuple(unquote(word) for word in values.get("would-remove", "").split()),
        would_keep=dict(_file_with_qubes(word) for word in values.get("would-keep", "").split()),
        qubes=tuple(_planned(row) for row in rows.split("\n") if row),
        without_home=DOM0 in left_out,
        profile=values.get("profile", ""),
        destination=values.get("destination", ""),
        destination_vm=values.get("destination-vm", ""),
        compression=values.get("compression", ""),
        kdf=values.get("kdf", ""),
        verify=values.get("verify") == YES,
        schedule=values.get("schedule", ""),
        files=_files(values["files"]) if "files" in values else None,
        changed=_digits(values, "changed"),
    )


def _file_with_qubes(untrusted: str) -> tuple[str, tuple[str, ...]]:
    file, colon, names = untrusted.partition(":")
    if not colon or not file or not names:
        raise refusal("not-a-kept-backup", shown(untrusted))
    return unquote(file), tuple(names.split(","))


def _files(untrusted: str) -> dict[str, tuple[str, ...]]:
    files: dict[str, tuple[str, ...]] = {}
    for word in untrusted.split():
        file, colon, reasons = word.partition(":")
        if not colon or not file:
            raise refusal("not-a-kept-backup", shown(word))
        files[unquote(file)] = tuple(filter(None, reasons.split(",")))
    return files


def _planned(untrusted: str) -> PlannedQube:
    name, *words = untrusted.split(" ")
    values = _pairs(words)
    return PlannedQube(
        name,
        _digits(values, "size") or 0,
        values.get("running") == YES,
        _digits(values, "last"),
        _TRUTH.get(values.get("changed", "")),
        values.get("class", ""),
        values.get("label", ""),
    )


def _pairs(untrusted: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for word in untrusted:
        key, equals, value = word.partition("=")
        if not equals or not key or key in values:
            raise refusal("not-a-pair", shown(word))
        values[key] = value
    return values


_DIGITS = 19


def _digits(untrusted: Mapping[str, str], key: str) -> int | None:
    value = untrusted.get(key, "")
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > _DIGITS:
        raise refusal("preview-number", key, shown(value))
    return int(value)


# -- what the daemon answers about a profile or a backup -------------------------------------------------------------


def encode_info(info: Preview | Contents) -> str:
    """The answer of `mgmt1.backup.Info`: about a profile if it was asked for one, else about a backup."""
    return encode_preview(info) if isinstance(info, Preview) else encode_contents(info)


def decode_info(untrusted: str) -> Preview | Contents:
    """The parsed answer: the contents of a backup if it has a backup id, else a preview. Raises `ProtocolError`."""
    is_of_backup = any(line.startswith(BACKUP_ID) for line in untrusted.partition("\n\n")[0].split("\n"))
    return decode_contents(untrusted) if is_of_backup else decode_preview(untrusted)


# -- events -----------------------------------------------------------------------------------------------------------


def event_fields(run: BackupRun) -> BackupEvent:
    """The fields of `BACKUP_STARTED` and `BACKUP_FINISHED` for a run that has an id."""
    return BackupEvent(
        profile=run.profile,
        run=run.run or 0,
        start=run.start,
        by=run.by,
        attempt=run.attempt,
        result=run.result,
        reason=run.reason,
        file=run.file,
        size=run.size,
        why=run.why,
    )


def run_from_event(event: Event) -> BackupRun | None:
    """The run of a `BACKUP_STARTED` or `BACKUP_FINISHED`; None for another event, and for one that does not decode."""
    about = BACKUP_STARTED.of(event) or BACKUP_FINISHED.of(event)
    if about is None or not about.profile:
        return None
    return BackupRun(
        profile=about.profile,
        start=about.start,
        result=about.result,
        file=about.file,
        by=about.by,
        attempt=about.attempt,
        run=about.run,
        size=about.size,
        reason=about.reason,
        why=about.why,
    )


def is_of(about: BackupEvent | BackupProgress, profile: str, run: int | None) -> bool:
    """Whether an event is about this run; about any of the profile while its id is not known."""
    return about.profile == profile and run in {None, about.run}


def follow(before: Progress, profile: str, event: Event, run: int | None = None) -> Progress:
    """How far the run of the profile is after an event; the same if the event is of something else.

    `run` is its id, where that is known.
    """
    now = BACKUP_PROGRESS.of(event)
    if now is None or not is_of(now, profile, run):
        return before
    # Qubes come one after the other: those before this one are done.
    qubes = {} if now.phase != before.phase else {name: (of[1], of[1]) for name, of in before.qubes.items()}
    if now.qube:
        qubes[now.qube] = now.qube_done, now.qube_total
    return replace(before, phase=now.phase, qube=now.qube, done=now.done, total=now.total, qubes=qubes)
