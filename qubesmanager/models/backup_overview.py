# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page of backups shows: profiles, runs, which backups hold a qube, and what retention would do.

The rows are values made from what dom0 answered; nothing here asks for anything.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.models.reason_texts import run_text
from qubesmanager.models.row_table import Mark, TableColumn
from qubesmanager.models.texts import (
    date_text,
    estimate_text,
    moment_text,
    number_text,
    since_text,
    size_text,
    whole_size_text,
)
from qubesmanager.rules.backups import OLD
from qubesmanager.wire.backups import CANCELLED, FAILED, INCOMPLETE, OK, RUNNING, SCHEDULE, BackupRun, Preview
from qubesmanager.wire.names import DOM0

CONTEXT = "BackupsPage"
DASH = "\N{EN DASH}"


def _tr(text: str) -> str:
    return QCoreApplication.translate(CONTEXT, text)


def _now() -> int:
    return int(time.time())


# -- results ----------------------------------------------------------------------------------------------------------

_RESULTS = {
    OK: (QT_TRANSLATE_NOOP("BackupsPage", "Done, not verified"), Mark.DONE),
    INCOMPLETE: (QT_TRANSLATE_NOOP("BackupsPage", "Incomplete"), Mark.WARNING),
    FAILED: (QT_TRANSLATE_NOOP("BackupsPage", "Failed"), Mark.FAULT),
    CANCELLED: (QT_TRANSLATE_NOOP("BackupsPage", "Cancelled"), Mark.STOPPED),
    RUNNING: (QT_TRANSLATE_NOOP("BackupsPage", "Running"), Mark.BUSY),
}
VERIFIED = QT_TRANSLATE_NOOP("BackupsPage", "Verified")


def result_text(run: BackupRun) -> str:
    """The result of a run in a word or two."""
    if run.result == OK and run.verified:
        return _tr(VERIFIED)
    text, _mark = _RESULTS.get(run.result, (run.result, None))
    return _tr(text)


def result_mark(run: BackupRun) -> Mark | None:
    if run.result == OK and run.verified:
        return Mark.GOOD
    _text, mark = _RESULTS.get(run.result, (run.result, None))
    return mark


def by_text(run: BackupRun) -> str:
    """What began the run: the schedule, or the qube that asked for it."""
    if run.by != SCHEDULE:
        return run.by
    if run.attempt is not None and run.attempt > 1:
        return QCoreApplication.translate("BackupsPage", "schedule, attempt {0}").format(number_text(run.attempt))
    return QCoreApplication.translate("BackupsPage", "schedule")


def _whole(run: BackupRun) -> int:
    return sum(qube.result == OK for qube in run.qubes or ())


def _qubes_text(run: BackupRun) -> str:
    if run.qubes is None:
        return DASH
    if _whole(run) == len(run.qubes):
        return number_text(len(run.qubes))
    return QCoreApplication.translate("BackupsPage", "{0} of {1}").format(
        number_text(_whole(run)), number_text(len(run.qubes))
    )


def _took(run: BackupRun) -> int:
    return max(0, run.end - run.start) if run.end is not None else 0


def run_tip(run: BackupRun) -> str:
    """The whole of what is known of a run, a line for each fact."""
    lines = [date_text(run.start), result_text(run)]
    lines += [run_text(run)] if run.reason else []
    lines += [run.file] if run.file else []
    return "\n".join(lines)


RUN_COLUMNS: tuple[TableColumn[BackupRun], ...] = (
    TableColumn(
        QT_TRANSLATE_NOOP("BackupsPage", "Started"),
        lambda run: moment_text(run.start, _now()),
        lambda run: (run.start, run.run or 0),
        tip=run_tip,
    ),
    TableColumn(QT_TRANSLATE_NOOP("BackupsPage", "Profile"), lambda run: run.profile),
    TableColumn(QT_TRANSLATE_NOOP("BackupsPage", "Result"), result_text, mark=result_mark, tip=run_tip),
    TableColumn(QT_TRANSLATE_NOOP("BackupsPage", "Started by"), by_text, mark=lambda _run: Mark.QUIET),
    TableColumn(QT_TRANSLATE_NOOP("BackupsPage", "Qubes"), _qubes_text, lambda run: len(run.qubes or ()), right=True),
    TableColumn(
        QT_TRANSLATE_NOOP("BackupsPage", "Size"),
        lambda run: size_text(run.size or 0) or DASH,
        lambda run: run.size or 0,
        right=True,
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("BackupsPage", "Took"),
        lambda run: estimate_text(_took(run)) if run.end is not None else DASH,
        _took,
        right=True,
    ),
)


def advice(run: BackupRun) -> str:
    """What a run that is over left behind, in a sentence or two; empty for one that is running."""
    if run.is_running:
        return ""
    if run.result == FAILED:
        return QCoreApplication.translate("BackupsPage", "Nothing of it was kept. Remove the cause, then try again.")
    if run.result == CANCELLED:
        return QCoreApplication.translate("BackupsPage", "The incomplete file was removed.")
    parts = [run.file] if run.file else []
    bad = [f"{qube.name}: {qube.result}" for qube in run.qubes or () if qube.result != OK]
    if not run.verified:
        parts.append(QCoreApplication.translate("BackupsPage", "It was not read again after it was written."))
    return "\n".join((*parts, *bad))


# -- profiles ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile. `last`: its latest run; `good`: its latest whole backup; `problem`: why dom0 does not say more."""

    name: str
    last: BackupRun | None = None
    good: BackupRun | None = None
    preview: Preview | None = None
    problem: str = ""
    moment: int = 0
    """When the row was made, in Unix seconds: a text such as "3 days ago" is of this moment."""

    @property
    def is_old(self) -> bool:
        """Its latest whole backup is older than the user is reminded after."""
        return self.good is not None and self.good.start < self.moment - OLD

    @property
    def needs_attention(self) -> bool:
        return last_mark(self) in {Mark.WARNING, Mark.FAULT}


def last_text(row: ProfileRow) -> str:
    if row.last is None:
        return QCoreApplication.translate("BackupsPage", "Never run")
    if row.last.is_running:
        return result_text(row.last)
    return f"{result_text(row.last)}, {since_text(row.last.start, row.moment)}"


def last_mark(row: ProfileRow) -> Mark | None:
    if row.problem:
        return Mark.FAULT
    if row.last is None:
        return Mark.QUIET
    mark = result_mark(row.last)
    has_lack = row.is_old or (row.preview is not None and bool(row.preview.missing))
    return Mark.WARNING if has_lack and mark in {Mark.GOOD, Mark.DONE} else mark


def reason_of(row: ProfileRow) -> str:
    """Why a profile needs attention; empty if it does not."""
    if row.problem:
        return row.problem
    if row.last is not None and row.last.is_troubled:
        retry = ""
        if row.last.next_attempt is not None:
            at = moment_text(row.last.next_attempt, row.moment)
            retry = " " + QCoreApplication.translate("BackupsPage", "The next attempt is {0}.").format(at)
        return run_text(row.last) + retry
    if row.preview is not None and row.preview.missing:
        missing = ", ".join(row.preview.missing)
        return QCoreApplication.translate("BackupsPage", "There is no qube {0}.").format(missing)
    if row.is_old:
        return QCoreApplication.translate("BackupsPage", "Older than %n day(s)", "", OLD // 86_400)
    return ""


def _next(row: ProfileRow) -> str:
    if row.preview is None:
        return ""
    if row.preview.next_run is None:
        return QCoreApplication.translate("BackupsPage", "by hand")
    return moment_text(row.preview.next_run, row.moment)


def _destination(row: ProfileRow) -> str:
    if row.preview is None:
        return ""
    where = row.preview.destination
    text = where if row.preview.destination_vm in {"", DOM0} else f"{row.preview.destination_vm}: {where}"
    if row.preview.connected:
        return text
    return QCoreApplication.translate("BackupsPage", "{0} (not connected)").format(text)


PROFILE_COLUMNS: tuple[TableColumn[ProfileRow], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("BackupsPage", "Profile"), lambda row: row.name),
    TableColumn(
        QT_TRANSLATE_NOOP("BackupsPage", "Last result"),
        last_text,
        lambda row: row.last.start if row.last else 0,
        mark=last_mark,
    ),
    TableColumn(QT_TRANSLATE_NOOP("BackupsPage", "Reason"), reason_of),
    TableColumn(
        QT_TRANSLATE_NOOP("BackupsPage", "Next run"),
        _next,
        lambda row: (row.preview.next_run if row.preview else None) or 0,
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("BackupsPage", "Qubes"),
        lambda row: number_text(len(row.preview.qubes)) if row.preview else "",
        lambda row: len(row.preview.qubes) if row.preview else 0,
        right=True,
    ),
    TableColumn(QT_TRANSLATE_NOOP("BackupsPage", "Destination"), _destination),
)


# -- which backups hold a qube ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holder:
    """A backup that holds a qube. `is_there`: whether its file is at its destination; None if that is not known."""

    run: BackupRun
    is_there: bool | None


def holders(runs: Iterable[BackupRun], qube: str, previews: Mapping[str, Preview]) -> list[Holder]:
    """The backups that hold the qube of this name whole, newest first; those whose file is known to be gone left out.

    `previews` by profile: they name the files that are there.
    """
    rows = []
    for run in runs:
        if not run.has_backup or not any(each.name == qube and each.result == OK for each in run.qubes or ()):
            continue
        preview = previews.get(run.profile)
        files = preview.files if preview is not None else None
        is_there = None if files is None or not run.file else PurePath(run.file).name in files
        if is_there is not False:
            rows.append(Holder(run, is_there))
    return sorted(rows, key=lambda row: (row.run.start, row.run.run or 0), reverse=True)


def qubes_in(runs: Iterable[BackupRun]) -> set[str]:
    """The names of all qubes that are whole in a backup."""
    return {qube.name for run in runs if run.has_backup for qube in run.qubes or () if qube.result == OK}


def _holder_state(row: Holder) -> str:
    if row.is_there is None and row.run.file:
        return QCoreApplication.translate("BackupsPage", "not connected")
    if row.run.verified:
        return QCoreApplication.translate("BackupsPage", "verified")
    return QCoreApplication.translate("BackupsPage", "not verified")


def _holder_mark(row: Holder) -> Mark:
    return Mark.GOOD if row.is_there and row.run.verified else Mark.QUIET


HOLDER_COLUMNS: tuple[TableColumn[Holder], ...] = (
    TableColumn(
        QT_TRANSLATE_NOOP("BackupsPage", "Backup of"),
        lambda row: moment_text(row.run.start, _now()),
        lambda row: row.run.start,
        tip=lambda row: run_tip(row.run),
    ),
    TableColumn(QT_TRANSLATE_NOOP("BackupsPage", "Profile"), lambda row: row.run.profile),
    TableColumn(QT_TRANSLATE_NOOP("BackupsPage", "State"), _holder_state, mark=_holder_mark),
    TableColumn(
        QT_TRANSLATE_NOOP("BackupsPage", "Size of file"),
        lambda row: size_text(row.run.size or 0) or DASH,
        lambda row: row.run.size or 0,
        right=True,
    ),
)


# -- the dry run of retention -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fate:
    """What a run now would do with a backup of its profile, and why. `size` in bytes."""

    file: str
    start: int
    size: int
    removes: bool
    because: str


_PERIODS = {
    "last": QT_TRANSLATE_NOOP("BackupsPage", "last {0}"),
    "daily": QT_TRANSLATE_NOOP("BackupsPage", "day {0}"),
    "weekly": QT_TRANSLATE_NOOP("BackupsPage", "week {0}"),
    "monthly": QT_TRANSLATE_NOOP("BackupsPage", "month {0}"),
}


def fates(runs: Iterable[BackupRun], preview: Preview) -> list[Fate]:
    """Each backup of the profile that is at its destination, newest first."""
    by_file = {PurePath(run.file).name: run for run in runs if run.profile == preview.profile and run.file}
    rows = []
    for file, reasons in (preview.files or {}).items():
        run = by_file.get(file)
        removes = file in preview.would_remove
        because = _because(preview, file, reasons, run)
        rows.append(Fate(file, run.start if run else 0, (run.size if run else 0) or 0, removes, because))
    return sorted(rows, key=lambda row: row.start, reverse=True)


def _because(preview: Preview, file: str, reasons: Sequence[str], run: BackupRun | None) -> str:
    if file in preview.would_remove:
        return QCoreApplication.translate("BackupsPage", "beyond what the profile keeps")
    if names := preview.would_keep.get(file):
        return QCoreApplication.translate("BackupsPage", "only backup of {0}").format(", ".join(names))
    if reasons:
        return ", ".join(map(_count_text, reasons))
    if run is not None and not run.verified:
        return QCoreApplication.translate("BackupsPage", "not verified, so it does not count")
    return QCoreApplication.translate("BackupsPage", "the profile removes none")


def _count_text(reason: str) -> str:
    period, _hyphen, number = reason.partition("-")
    if period not in _PERIODS:
        return reason
    return _tr(_PERIODS[period]).format(number_text(int(number)) if number.isdecimal() else number)


def summary(rows: Sequence[Fate]) -> str:
    """How many would go, and what that frees."""
    going = [row for row in rows if row.removes]
    if not going:
        return QCoreApplication.translate("BackupsPage", "none of %n would be removed", "", len(rows)) if rows else ""
    size = whole_size_text(sum(row.size for row in going))
    return QCoreApplication.translate("BackupsPage", "{0} of {1} would be removed, {2}").format(
        number_text(len(going)), number_text(len(rows)), size
    )


FATE_COLUMNS: tuple[TableColumn[Fate], ...] = (
    TableColumn(
        QT_TRANSLATE_NOOP("BackupsPage", "Backup of"),
        lambda row: moment_text(row.start, _now()) if row.start else row.file,
        lambda row: row.start,
        tip=lambda row: row.file,
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("BackupsPage", "Dry run"),
        lambda row: (
            QCoreApplication.translate("BackupsPage", "removes")
            if row.removes
            else QCoreApplication.translate("BackupsPage", "keeps")
        ),
        mark=lambda row: Mark.GONE if row.removes else Mark.QUIET,
    ),
    TableColumn(QT_TRANSLATE_NOOP("BackupsPage", "Because"), lambda row: row.because),
)
