# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as a task: each row is a child of the task, refusals are one message, and the end offers to undo it."""

from dataclasses import replace
from typing import Protocol

from PyQt5.QtCore import QCoreApplication

from qubesmanager.client.carry_out import Carrier, End, RowEnd
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import number_text
from qubesmanager.plans.plan import Fate, Kind, Plan, Row, RowKey
from qubesmanager.ui.actions import plan_texts
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import TaskState, ToldError, report, report_child
from qubesmanager.wire.errors import Mgmt1Error, QubesVMShutdownTimeoutError

NAMED = 5
"""Refused rows that a message names."""

STATES = {
    End.DONE: TaskState.DONE,
    End.FAILED: TaskState.FAILED,
    End.CANCELLED: TaskState.CANCELLED,
    End.NOT_BEGUN: TaskState.CANCELLED,
}
"""The state of the part of a task by how its row ended."""


class Signal(Protocol):
    """A signal of Qt, bound to its object."""

    def emit(self, *values: object) -> None: ...


class Window(Protocol):
    """The operations of a window that begins a plan."""

    session: Session

    def listening(self, name: str) -> Signal | None: ...
    def announce(self, names: tuple[str, ...]) -> None: ...


class Carrying:
    """One plan that is carried out. `run` is the coroutine of its task."""

    def __init__(self, window: Window, plan: Plan, *, stops_at_refusal: bool) -> None:
        self._window = window
        self._plan = plan
        self._numbers = {row.key: number for number, row in enumerate(plan.changes)}
        tasks = window.session.tasks
        self._carrier = Carrier(
            window.session.client, plan, self, stops_at_refusal=stops_at_refusal, is_closing=lambda: tasks.closing
        )

    async def run(self) -> None:
        """Carry the plan out, and show the result.

        Raises the error of its only row; for several rows one that names those that were refused or not begun.
        """
        try:
            await self._carrier.run()
        finally:
            self._offer_undo()
            if self._carrier.down and not self._window.session.tasks.closing:
                self._window.session.left_down.emit(self._carrier.down)
            if made := tuple(row.part for row in self._plan.changes if self._is_made(row)):
                self._window.announce(made)
        ends = self._carrier.ends
        late = [row for row in self._plan.changes if isinstance(ends[row.key].error, QubesVMShutdownTimeoutError)]
        if late and (overdue := self._window.listening("overdue")) is not None:
            for row in late:
                overdue.emit(row.qube, error_text(_error(ends[row.key])))
        else:
            late = []
        not_done = [row for row in self._plan.changes if ends[row.key].end is not End.DONE]
        if not_done:
            text = self._text(not_done)
            if all(row in late for row in not_done if ends[row.key].end is End.FAILED):
                raise ToldError(text)
            if len(self._plan.changes) == 1:
                raise _error(ends[not_done[0].key])
            raise Mgmt1Error(text)

    # -- what the carrier reports --------------------------------------------------------------------------------------

    def begun(self, row: Row) -> None:
        self._report(row, TaskState.RUNNING)

    def ended(self, row: Row, end: RowEnd) -> None:
        self._report(row, STATES[end.end], end_text(end))

    def _report(self, row: Row, state: TaskState, detail: str = "") -> None:
        number, ended = len(self._numbers), len(self._carrier.ends)
        if number == 1:
            return
        report_child(self._numbers[row.key], state, detail)
        text = QCoreApplication.translate("Plan", "{0} of {1}").format(number_text(ended), number_text(number))
        report(100 * ended // number, text)

    def _is_made(self, row: Row) -> bool:
        end = self._carrier.ends.get(row.key)
        return row.then is Fate.MADE and end is not None and end.end is End.DONE

    def _offer_undo(self) -> None:
        is_large = self._plan.needs_showing and self._plan.kind is not Kind.UNDO
        if is_large and (undoable := self._window.listening("undoable")) is not None:
            offer_undo(undoable, self._plan, self._carrier.done)

    def _text(self, not_done: list[Row]) -> str:
        """The rows that were not done, each with its reason."""
        ends = self._carrier.ends
        refused = [row for row in not_done if ends[row.key].end is End.FAILED]
        left = [row for row in not_done if ends[row.key].end is End.NOT_BEGUN]
        lines = [f"{row.qube}: {end_text(ends[row.key])}" for row in (refused or left)[:NAMED]]
        if len(refused) > NAMED:
            lines.append(QCoreApplication.translate("Plan", "and %n more", "", len(refused) - NAMED))
        if refused and left:
            lines.append(QCoreApplication.translate("Plan", "%n qube(s) not started.", "", len(left)))
        return " ".join(lines)


def offer_undo(undoable: Signal, plan: Plan, done: frozenset[RowKey]) -> None:
    """Emit what was done of a plan if all of that can be taken back."""
    part = plan.only(done)
    if part.can_be_undone:
        kind = Kind.SETTINGS if plan.kind is Kind.REMOVE else plan.kind  # no qube is gone, only moves are
        undoable.emit(plan_texts.done_text(replace(part, kind=kind)), plan, done)


def _error(end: RowEnd) -> Exception:
    return end.error or Mgmt1Error(end_text(end))


def end_text(end: RowEnd) -> str:
    """Why a row was not done, in the user's language; empty for one that was."""
    if end.error is not None:
        return error_text(end.error)
    if end.reason is not None:
        return reason_text(end.reason)
    return "" if end.end is End.DONE else QCoreApplication.translate("Plan", "Not started.")
