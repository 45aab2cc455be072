# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of several qubes at once: what they have in common, and what would be different of each.

Each qube's calls stop at its first refusal; the other qubes go on.
"""

import asyncio
from functools import partial

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt
from PyQt5.QtWidgets import QSplitter, QVBoxLayout, QWidget

from qubesmanager.client.carry_out import Carrier, RowEnd
from qubesmanager.models.reason_texts import field_text
from qubesmanager.models.row_table import RowTable, TableColumn
from qubesmanager.models.shared_draft import Difference, SharedDraft
from qubesmanager.plans.plan import PROPERTY, TAG, Key, Plan, Row
from qubesmanager.plans.settings import settings_plan
from qubesmanager.rules import stepwise
from qubesmanager.ui.actions import plan_texts
from qubesmanager.ui.actions.carrying import STATES, end_text, offer_undo
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.forms.apply_bar import ApplyBar
from qubesmanager.ui.forms.change_rows import title_of
from qubesmanager.ui.forms.form_page import FormPage
from qubesmanager.ui.forms.merge_bar import MergeBar, key_text
from qubesmanager.ui.forms.unsaved_edits import EditsWindow
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import TaskState, ToldError, report_child
from qubesmanager.ui.settings.fields import ADVANCED, BASIC, field_of
from qubesmanager.ui.settings.qubes_header import QubesHeader
from qubesmanager.ui.settings.shared_tags import SharedTags
from qubesmanager.ui.widgets.disabled import disabled
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.page_keys import page_keys
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.ui.widgets.side_pages import SidePages
from qubesmanager.ui.widgets.tables import row_table
from qubesmanager.ui.widgets.turns import AT_ONCE, Steps, Turns
from qubesmanager.wire.records import VmRecord


def _none() -> str:
    return QCoreApplication.translate("Differences", "none")


def _is_there(value: object) -> str:
    if value is None:
        return QCoreApplication.translate("Differences", "does not exist")
    return QCoreApplication.translate("Differences", "there")


def _what(key: Key) -> str:
    """What is changed, by the title that its field has."""
    return title_of(field_of(key[1], "")) if key[0] == PROPERTY else key_text(key)


def _now(row: Difference) -> str:
    if row.key[0] == TAG:
        return _is_there("" if row.after is None else None)
    return row.before or _none()


def _after(row: Difference) -> str:
    if row.key[0] == TAG:
        return _is_there(row.after)
    if row.after is None:
        return QCoreApplication.translate("Differences", "the default")
    return row.after or _none()


_COLUMNS: tuple[TableColumn[Difference], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("Differences", "Qube"), lambda row: row.qube),
    TableColumn(QT_TRANSLATE_NOOP("Differences", "What"), lambda row: _what(row.key)),
    TableColumn(QT_TRANSLATE_NOOP("Differences", "Now"), _now),
    TableColumn(QT_TRANSLATE_NOOP("Differences", "Then"), _after),
)


class MultiWindow(EditsWindow):
    """Pages of fields and tags over the differences they make."""

    def __init__(self, session: Session, names: tuple[str, ...]) -> None:
        super().__init__(session)
        self.draft = SharedDraft([session.records[name] for name in names], self)
        self._turns = Turns(self)
        self.setWindowTitle(self.tr("Settings of %n qube(s)", None, len(names)))
        self.head = QubesHeader(self)
        self.notice = plain_label("", self)
        self.notice.hide()
        self.merges = MergeBar(self.draft, session, self)
        records, labels = session.records, session.labels
        self.tabs: SidePages[FormPage | SharedTags] = SidePages(self)
        self.pages = self.tabs.pages
        page_keys(self.tabs, self)
        for page, fields, title, picture in (
            ("basic", BASIC, self.tr("Basic"), "qube"),
            ("advanced", ADVANCED, self.tr("Advanced"), "settings"),
        ):
            form = partial(FormPage, fields, self.draft, session.facts, labels, self)
            self.tabs.add(page, form, title, picture)
        self.tabs.add("tags", partial(SharedTags, self.draft, records, self), self.tr("Tags"), "tag")
        self.model: RowTable[Difference] = RowTable("Differences", _COLUMNS, lambda row: (row.qube, row.key), self)
        below = QWidget(self)
        self.summary = plain_label("", below)
        self.table = row_table(self.model, self.tr("What would change"), 3, below)
        for column, width in ((0, 40), (1, 50), (2, 40)):
            self.table.setColumnWidth(column, width * self.fontMetrics().height() // 4)
        inner = QVBoxLayout(below)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.summary)
        inner.addWidget(self.table, 1)
        inner.addStretch(0)
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.setChildrenCollapsible(False)
        split.addWidget(self.tabs)
        split.addWidget(below)
        split.setSizes([350, 250])
        self.foot = ApplyBar(self)
        self.foot.apply.connect(self._apply_wanted)
        self.foot.leave.connect(self.try_to_close)
        self.foot.take_back.connect(self.draft.discard)
        layout = QVBoxLayout(self)
        layout.addWidget(self.head)
        layout.addWidget(self.notice)
        layout.addWidget(self.merges)
        layout.addWidget(split, 1)
        layout.addWidget(self.foot)
        self.draft.changed.connect(self._refresh)
        self.merges.changed.connect(self._refresh)
        session.put.connect(self._put)
        session.gone.connect(self._gone)
        resize_in_units(self, 180, 175)
        self._refresh()

    def show_page(self, page: str) -> None:
        """Bring a page to the front; one that there is not for several qubes stays where it is."""
        if page in self.pages:
            self.tabs.show_page(page)

    # -- updates ------------------------------------------------------------------------------------------------------

    def _put(self, records: tuple[VmRecord, ...]) -> None:
        self.draft.merge(records)

    def _gone(self, names: tuple[str, ...]) -> None:
        if not set(names) & set(self.draft.drafts):
            return
        if set(names) >= set(self.draft.drafts):
            self.draft.discard()
            self.leave()
            return
        self.draft.forget(names)

    def _color_of(self, name: str) -> str:
        return self._session.color_of(self.draft.drafts[name].record.value("label"))

    def _refresh(self) -> None:
        self.head.put(list(self.draft.drafts), self._color_of)
        self._turns.put(self.model, self._list_differences, later=len(self.draft.drafts) > AT_ONCE)
        wrong = self.draft.problems(self._session.facts)
        self.foot.put(
            self.draft.all_steps(), problem=self.merges.problem() or field_text(next(iter(wrong.values()), ""))
        )

    def _list_differences(self) -> Steps:
        rows = []
        for row in self.draft.differences():
            rows.append(row)
            yield
        self.model.put(rows)
        self.table.setVisible(bool(rows))
        count = len({row.qube for row in rows})
        self.summary.setText(self.tr("%n qube(s) would change:", None, count) if count else self.tr("No changes yet."))

    # -- applying -----------------------------------------------------------------------------------------------------

    def _apply_wanted(self, leave: bool) -> None:  # noqa: FBT001 - a signal brings it
        self._session.tasks.start_hidden(self.tr("Apply"), self._apply(leave=leave), owner=self)

    async def _apply(self, *, leave: bool) -> None:
        """Show the plan if it takes the network from a qube, and carry it out."""

        def make(left_out: frozenset[str], _choice: str = "") -> stepwise.Steps[Plan]:
            steps = yield from self.draft.steps()
            return (yield from settings_plan.steps(self._session.facts_now(), steps, left_out))

        if await self.draft.checked(self._session.facts):
            return
        plan, stops = await self._turns.result(make(frozenset()), later=self._session.is_large), False
        if plan.needs_showing:
            dialog = PlanDialog(self, self._session, make)
            if not await dialog.asked():
                return
            plan, stops = dialog.plan, dialog.stops_at_refusal
        await self._carry_out(plan, stops_at_refusal=stops, leave=leave)

    async def _carry_out(self, plan: Plan, *, stops_at_refusal: bool, leave: bool) -> None:
        self.notice.hide()
        sending = _Sending(self.draft, plan)
        tasks = self._session.tasks
        carrier = Carrier(self._session.client, plan, sending, stops_at_refusal, lambda: tasks.closing)
        children = [row.qube for row in plan.changes]
        task = tasks.start(plan_texts.task_title(plan), self._sent(carrier), owner=self, children=children)
        try:
            with disabled(self.foot):
                await asyncio.wait([task])
        finally:
            sending.end()
        offer_undo(self._session.undoable, plan, carrier.done)
        if leave and len(carrier.done) == len(plan.changes) and not plan.left_out:
            self.leave()

    async def _sent(self, carrier: Carrier) -> None:
        """Carry it out; the notice says what was refused."""
        await carrier.run()
        ends = {qube: end for (qube, _part), end in carrier.ends.items() if end.failed is not None}
        if ends:
            lines = [f"{qube}, {key_text(end.failed.key)}: {end_text(end)}" for qube, end in ends.items() if end.failed]
            text = self.tr("%n qube(s) refused; the others were changed.", None, len(ends))
            self.notice.setText("\n".join([text, *lines]))
            self.notice.show()
            raise ToldError(text)

    def has_edits(self) -> bool:
        return self.draft.dirty


class _Sending:
    """Follows a plan of settings: what comes back of a draft while its row is sent is its own edits."""

    def __init__(self, draft: SharedDraft, plan: Plan) -> None:
        self._draft = draft
        self._numbers = {row.key: number for number, row in enumerate(plan.changes)}

    def begun(self, row: Row) -> None:
        self._mark(row.qube, is_sent=True)
        report_child(self._numbers[row.key], TaskState.RUNNING)

    def ended(self, row: Row, end: RowEnd) -> None:
        self._mark(row.qube, is_sent=False)
        report_child(self._numbers[row.key], STATES[end.end], end_text(end))

    def end(self) -> None:
        """The plan is over, however it ended."""
        for qube, _part in self._numbers:
            self._mark(qube, is_sent=False)

    def _mark(self, qube: str, *, is_sent: bool) -> None:
        if draft := self._draft.drafts.get(qube):
            draft.sending = is_sent
