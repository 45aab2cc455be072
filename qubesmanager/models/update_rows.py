# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the update centre: what can be updated, and what must be restarted to use it. Times in Unix seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QLocale

from qubesmanager.models.natural_sort import natural
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.restart_watch import TEMPLATE
from qubesmanager.models.row_table import Mark, TableColumn
from qubesmanager.models.texts import ago_text, changed_titles, class_text, date_text, restart_text, state_text
from qubesmanager.rules.actions import why_not_restart, why_not_update
from qubesmanager.rules.facts import Facts, QubeFacts
from qubesmanager.rules.network import dependents, running_clients
from qubesmanager.rules.updates import (
    NEEDS_UPDATE,
    Updates,
    UpdateState,
    stale_after,
    updated_through,
    updates_of,
)
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import PowerState, VmClass

CONTEXT = "UpdateRows"


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """A qube that is updated itself. `restarts`: the running qubes that do not use yet what it has.

    `why_not`: why it cannot be updated now.
    """

    name: str
    klass: VmClass
    updates: Updates
    restarts: int
    why_not: Reason | None
    now: int

    @property
    def needs_update(self) -> bool:
        return self.updates.state in NEEDS_UPDATE


@dataclass(frozen=True, slots=True)
class RestartRow:
    """A qube that must be restarted. `others`: running qubes behind it that are restarted with it.

    `needed`: what it uses after a restart only, as `RestartWatch.needed` gives it.
    `template` is empty if it is gone. `why_not`: why it cannot be restarted.
    """

    name: str
    needed: tuple[str, ...]
    template: str
    netvm: str
    state: PowerState
    others: int
    why_not: Reason | None


def update_row(facts: Facts, qube: QubeFacts, now: int, restarts: int) -> UpdateRow:
    """The row of a qube that is updated itself. `restarts`: how many running qubes do not use yet what it has."""
    known = updates_of(qube, now, stale_after(facts))
    return UpdateRow(qube.name, qube.klass, known, restarts, why_not_update(facts, qube), now)


def restart_rows(facts: Facts, waiting: Mapping[str, tuple[str, ...]]) -> list[RestartRow]:
    """The rows of these qubes, which must be restarted, by name, with why; names that are gone are left out."""
    clients = running_clients(facts.qubes)
    return [
        RestartRow(
            name,
            waiting[name],
            updated_through(facts.qubes[name], facts.qubes),
            facts.qubes[name].value("netvm"),
            facts.qubes[name].state,
            len(dependents(facts.qubes, name, clients)) if name in clients else 0,
            reason,
        )
        for name, reason in why_not_restart(facts, waiting).items()
    ]


# -- texts ------------------------------------------------------------------------------------------------------------

_STATES = {
    UpdateState.ENDED: QT_TRANSLATE_NOOP("UpdateRows", "No longer supported"),
    UpdateState.AVAILABLE: QT_TRANSLATE_NOOP("UpdateRows", "Updates available"),
    UpdateState.STALE: QT_TRANSLATE_NOOP("UpdateRows", "Not checked for long"),
    UpdateState.UNKNOWN: QT_TRANSLATE_NOOP("UpdateRows", "Never checked"),
    UpdateState.CURRENT: QT_TRANSLATE_NOOP("UpdateRows", "Up to date"),
    UpdateState.SKIPPED: QT_TRANSLATE_NOOP("UpdateRows", "Left out of updates"),
}
_MARKS = {
    UpdateState.ENDED: Mark.FAULT,
    UpdateState.AVAILABLE: Mark.WARNING,
    UpdateState.STALE: Mark.WARNING,
    UpdateState.UNKNOWN: Mark.QUIET,
    UpdateState.CURRENT: Mark.DONE,
    UpdateState.SKIPPED: Mark.STOPPED,
}
_URGENCY = {state: place for place, state in enumerate(UpdateState)}


def translate(text: str) -> str:
    """A text of the tables in the user's language."""
    return QCoreApplication.translate(CONTEXT, text)


def update_text(row: UpdateRow) -> str:
    """How up to date a qube is, in full, and why it cannot be updated."""
    parts = [translate(_STATES[row.updates.state])]
    if row.updates.ended is not None:
        day = QLocale().toString(row.updates.ended, QLocale.FormatType.ShortFormat)
        text = QCoreApplication.translate("UpdateRows", "its distribution gets no updates since {0}")
        parts.append(text.format(day))
    if row.why_not is not None:
        parts.append(reason_text(row.why_not))
    return ": ".join(parts[:2]) if len(parts) < 3 else f"{parts[0]}: {parts[1]}. {parts[2]}"  # noqa: PLR2004


def _when(moment: int | None, now: int) -> str:
    return ago_text(max(0, now - moment)) if moment is not None else _never()


def _never() -> str:
    return QCoreApplication.translate("UpdateRows", "not known")


def _waiting(row: UpdateRow) -> str:
    number = row.restarts
    return QCoreApplication.translate("UpdateRows", "%n qube(s)", "", number) if number else ""


def _why(row: RestartRow) -> str:
    """What changed since the start: the template, properties, or both."""
    parts = [QCoreApplication.translate("UpdateRows", "template updated")] if TEMPLATE in row.needed else []
    if properties := changed_titles(row.needed):
        text = QCoreApplication.translate("UpdateRows", "changed: {0}")
        parts.append(text.format(", ".join(properties)))
    return "; ".join(parts)


def _others(row: RestartRow) -> str:
    """The effect of the restart on other qubes, or why it is not possible."""
    if row.why_not is not None:
        return reason_text(row.why_not)
    number = row.others
    return QCoreApplication.translate("UpdateRows", "%n qube(s) behind it restart too", "", number) if number else ""


def _none(name: str) -> str:
    return name or QCoreApplication.translate("UpdateRows", "none")


UPDATE_COLUMNS: tuple[TableColumn[UpdateRow], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("UpdateRows", "Qube"), lambda row: row.name, lambda row: natural(row.name)),
    TableColumn(QT_TRANSLATE_NOOP("UpdateRows", "Class"), lambda row: class_text(row.klass)),
    TableColumn(
        QT_TRANSLATE_NOOP("UpdateRows", "Updates"),
        lambda row: translate(_STATES[row.updates.state]),
        lambda row: (_URGENCY[row.updates.state], natural(row.name)),
        mark=lambda row: _MARKS[row.updates.state],
        tip=update_text,
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("UpdateRows", "Last check"),
        lambda row: _when(row.updates.checked, row.now),
        lambda row: row.updates.checked or 0,
        mark=lambda row: Mark.QUIET if row.updates.checked is None else None,
        tip=lambda row: date_text(row.updates.checked) if row.updates.checked is not None else _never(),
    ),
    TableColumn(
        QT_TRANSLATE_NOOP("UpdateRows", "Last update"),
        lambda row: _when(row.updates.updated, row.now),
        lambda row: row.updates.updated or 0,
        mark=lambda row: Mark.QUIET if row.updates.updated is None else None,
        tip=lambda row: date_text(row.updates.updated) if row.updates.updated is not None else _never(),
    ),
    TableColumn(QT_TRANSLATE_NOOP("UpdateRows", "To restart"), _waiting, lambda row: row.restarts),
)

RESTART_COLUMNS: tuple[TableColumn[RestartRow], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("UpdateRows", "Qube"), lambda row: row.name, lambda row: natural(row.name)),
    TableColumn(
        QT_TRANSLATE_NOOP("UpdateRows", "Why"),
        _why,
        lambda row: (TEMPLATE not in row.needed, row.needed),
        tip=lambda row: restart_text(row.needed),
    ),
    TableColumn(QT_TRANSLATE_NOOP("UpdateRows", "Updated in"), lambda row: _none(row.template)),
    TableColumn(QT_TRANSLATE_NOOP("UpdateRows", "Net qube"), lambda row: _none(row.netvm)),
    TableColumn(QT_TRANSLATE_NOOP("UpdateRows", "State"), lambda row: state_text(row.state)),
    TableColumn(
        QT_TRANSLATE_NOOP("UpdateRows", "What a restart means"),
        _others,
        lambda row: (row.why_not is None, row.others),
        mark=lambda row: Mark.STOPPED if row.why_not is not None else Mark.QUIET,
    ),
)


def summary(rows: Sequence[UpdateRow]) -> str:
    """What needs attention among the rows, in words."""
    counts: Mapping[UpdateState, int] = {
        state: sum(row.updates.state is state for row in rows) for state in NEEDS_UPDATE
    }
    texts = []
    if number := counts[UpdateState.AVAILABLE]:
        texts.append(QCoreApplication.translate("UpdateRows", "%n with updates", "", number))
    if number := counts[UpdateState.STALE]:
        texts.append(QCoreApplication.translate("UpdateRows", "%n not checked for long", "", number))
    if number := counts[UpdateState.ENDED]:
        texts.append(QCoreApplication.translate("UpdateRows", "%n no longer supported", "", number))
    return ", ".join(texts)
