# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog that shows a plan before anything is sent: what each qube is now and then, and why one cannot change.

Of more than `AT_ONCE` qubes the plan is computed in turns of the loop, on the facts as they are when that begins. What
changes meanwhile is in the next plan; until that is there, the plan before it is shown. Whatever the user chooses greys
the button until the plan is there that follows from it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QGuiApplication, QPalette
from PyQt5.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.plan_table import LISTED, PlanColumn, PlanTable
from qubesmanager.models.texts import in_mib
from qubesmanager.plans.plan import Group, Kind, Plan, Step
from qubesmanager.rules.stepwise import Steps
from qubesmanager.ui.actions import plan_texts
from qubesmanager.ui.actions.plan_delegate import PlanDelegate
from qubesmanager.ui.icons import icon, tinted_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.flat_header import put_flat_header
from qubesmanager.ui.widgets.labels import (
    embolden,
    leading,
    plain_label,
    redden,
    subdue,
    subdued,
    title_label,
    warning_color,
)
from qubesmanager.ui.widgets.lines_preview import LinesPreview
from qubesmanager.ui.widgets.more_rows import show_more_in_sight
from qubesmanager.ui.widgets.palette_colors import IconLabel, put_colors
from qubesmanager.ui.widgets.prompts import opened
from qubesmanager.ui.widgets.sections import line_color
from qubesmanager.ui.widgets.soon import Soon
from qubesmanager.ui.widgets.turns import Turns

Make = Callable[[frozenset[str], str], Steps[Plan]]
"""Computes the plan for the qubes that are left out, and what is chosen of `Choice`, from a snapshot of the facts."""

PAUSE = 300
"""Milliseconds in which changes of qubes are gathered before the plan is computed again."""
PATIENCE = 0.2
"""Seconds after which the dialog opens without its plan, and shows that it is computed."""
FACTS = 4
DANGEROUS = frozenset({Kind.KILL, Kind.REMOVE})
STOPPING = frozenset({Kind.SHUTDOWN, Kind.REMOVE})
"""Kinds of plans that end at the first refusal unless the user chooses otherwise."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice for the whole plan: a label, and values with their texts."""

    label: str
    values: tuple[tuple[str, str], ...]


class PlanDialog(QDialog):
    """`plan` is the plan as it is shown, once there is one; accepted, it is what is to be carried out.

    `notes`: more to know of it. `left_out`: the qubes without a tick at first.
    """

    plan: Plan

    def __init__(
        self,
        parent: QWidget | None,
        session: Session,
        make: Make,
        *,
        choice: Choice | None = None,
        notes: str = "",
        left_out: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._make = make
        self._turns = Turns(self)
        self._unit = max(1, self.fontMetrics().height() // 4)
        self.table = PlanTable(plan_texts.head, self)
        self.table.left_out = left_out
        self._notes = notes
        self._asked = choice
        self._word = ""
        self._is_due = True
        """The plan does not follow yet from what the user chose."""
        self._is_planned = asyncio.Event()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.waiting = self._waiting()
        self._layout.addWidget(self.waiting)
        self.setWindowTitle(self.tr("What would change"))
        self._resize(ROWS)
        self._later = Soon(PAUSE, self._follow, self)
        for changed in (session.put, session.gone, session.system_changed, session.synced, session.lost):
            changed.connect(self._later.ask)
        self.refresh()

    @property
    def is_planned(self) -> bool:
        """Whether there is a plan yet."""
        return self._is_planned.is_set()

    async def asked(self) -> bool:
        """Open the dialog once it has its plan, at the latest after `PATIENCE`. Returns whether it was accepted."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._is_planned.wait()
        return await opened(self)

    def _fill(self) -> None:
        """Lay out the parts for a plan of this kind, instead of the note that it is computed."""
        self._layout.removeWidget(self.waiting)
        self.waiting.hide()
        self.waiting.deleteLater()
        layout = self._layout
        layout.addWidget(self._head(self._notes))
        self.choice = QComboBox(self)
        layout.addWidget(self._choice_bar(self._asked))
        self.memory = _MemoryBar(self._unit, self)
        layout.addWidget(self.memory)
        layout.addWidget(_hair(self))
        self.tree = self._tree()
        layout.addWidget(self.tree, 1)
        layout.addWidget(_hair(self))
        layout.addWidget(self._foot())
        self.table.ticked.connect(self.refresh)
        self.table.modelReset.connect(self._expand)
        self.choice.currentIndexChanged.connect(self.refresh)
        for changed in (self._session.synced, self._session.lost):
            changed.connect(self._update_button)
        if scroll_bar := self.tree.verticalScrollBar():
            scroll_bar.valueChanged.connect(lambda _value: show_more_in_sight(self.tree, self.table))

    def _resize(self, rows: int) -> None:
        screen = QGuiApplication.primaryScreen()
        size = self.sizeHint().expandedTo(self.minimumSizeHint())
        size.setWidth(max(size.width(), 245 * self._unit))
        size.setHeight(max(size.height(), min(165, 90 + 7 * rows) * self._unit))
        self.resize(size.boundedTo(screen.availableSize() * 0.95) if screen is not None else size)

    @property
    def chosen(self) -> list[str]:
        """The qubes that are changed, in the order of the plan."""
        return list(dict.fromkeys(row.qube for row in self.plan.changes))

    @property
    def stops_at_refusal(self) -> bool:
        """Whether the plan ends at its first refusal."""
        return bool(self.at_refusal.currentData())

    def accept(self) -> None:
        """Accept the plan as it is now. One that does more than was shown, or nothing, is shown again instead."""
        self._compute(self._agree)

    def done(self, result: int) -> None:
        self._turns.drop(PLAN)
        self._turns.drop(PREVIEW)
        super().done(result)

    def refresh(self) -> None:
        """Compute the plan that follows from what the user chose, and show it."""
        self._compute(self._plan_again)

    def _compute(self, work: Callable[[], Steps[None]]) -> None:
        self._turns.drop(PLAN)
        self._is_due = True
        if self.is_planned:
            self._update_button()
        self._turns.put(PLAN, work, later=self._session.is_large)

    def _follow(self) -> None:
        """Compute the plan of what the qubes are now; one that is computed already is finished first."""
        self._turns.put(PLAN, self._plan_again, later=self._session.is_large)

    def _made(self) -> Steps[Plan]:
        chosen = self.choice.currentData() if self.is_planned else self._asked and self._asked.values[0][0]
        return self._make(self.table.left_out, chosen if isinstance(chosen, str) else "")

    def _plan_again(self) -> Steps[None]:
        plan = yield from self._made()
        yield from self._show(plan)

    def _agree(self) -> Steps[None]:
        shown = self.plan
        plan = yield from self._made()
        is_no_more = yield from _does_no_more(plan, shown)
        yield from self._show(plan)
        if plan.changes and is_no_more:
            super().accept()

    def _show(self, plan: Plan) -> Steps[None]:
        """Show this plan, all of it in the last step."""
        texts = yield from plan_texts.texts(plan)
        yield from self.table.put(plan)
        self.plan = plan
        if not self.is_planned:
            self._fill()
        self.setWindowTitle(texts.title)
        self.title.setText(texts.title)
        self.line.setText(texts.line)
        for at, fact in enumerate(self.facts):
            fact.put(texts.facts[at] if at < len(texts.facts) else None)
        self.yes.setText(f"&{texts.button}")  # a mnemonic: Return is Cancel where the plan kills
        self.calls.setText(self.tr("%n call(s)", "", texts.calls))
        self.memory.put(plan)
        self._show_undo(can_be_undone=texts.can_be_undone)
        self._ask_word(texts)
        self._is_due = False
        self._update_button()
        if not self.is_planned:
            self._expand()
            self._resize(len(plan.rows))
            (self.typed if plan.kind is Kind.REMOVE else self.tree).setFocus()
            self._is_planned.set()
        self._turns.put(PREVIEW, self._fill_preview, later=self._session.is_large)

    def _fill_preview(self) -> Steps[None]:
        """Show the calls as text, if the user wants to see them."""
        if self.calls.isChecked():
            yield from self.preview.write(map(Step.text, self.plan.steps))

    # -- parts --------------------------------------------------------------------------------------------------------

    def _waiting(self) -> QWidget:
        unit = self._unit
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(4 * unit, 4 * unit, 4 * unit, 3 * unit)
        column.setSpacing(3 * unit)
        bar = QProgressBar(page)
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setMaximumHeight(2 * unit)
        bar.setAccessibleName(self.tr("What would change"))
        cancel = QPushButton(self.tr("Cancel"), page)
        cancel.clicked.connect(self.reject)
        column.addStretch(1)
        column.addWidget(title_label(self.tr("Computing what would change…"), page))
        column.addWidget(bar)
        column.addStretch(2)
        column.addWidget(cancel, 0, Qt.Alignment() | Qt.AlignmentFlag.AlignRight)
        return page

    def _head(self, notes: str) -> QWidget:
        unit = self._unit
        head = QWidget(self)
        grid = QGridLayout(head)
        grid.setContentsMargins(4 * unit, 4 * unit, 4 * unit, 3 * unit)
        grid.setHorizontalSpacing(3 * unit)
        grid.setVerticalSpacing(unit // 2)
        picture = IconLabel(head)
        picture.show_icon(icon(plan_texts.picture(self.plan)), 7 * unit)
        grid.addWidget(picture, 0, 0, 2, 1)
        self.title = title_label("", head)
        self.line = plain_label("", head)
        subdue(self.line)
        grid.addWidget(self.title, 0, 1)
        grid.addWidget(self.line, 1, 1)
        grid.setColumnStretch(1, 1)
        row = QHBoxLayout()
        row.setContentsMargins(0, 3 * unit, 0, 0)
        row.setSpacing(3 * unit)
        self.facts = [_Fact(unit, is_first=at == 0, parent=head) for at in range(FACTS)]
        for fact in self.facts:
            row.addWidget(fact, 1)
        grid.addLayout(row, 2, 0, 1, 2)
        if notes:
            grid.addWidget(plain_label(notes, head), 3, 0, 1, 2)
        return head

    def _choice_bar(self, choice: Choice | None) -> QWidget:
        unit = self._unit
        bar = QWidget(self)
        row = QHBoxLayout(bar)
        row.setContentsMargins(4 * unit, unit, 4 * unit, 2 * unit)
        label = plain_label(choice.label if choice else "", bar)
        label.setBuddy(self.choice)
        row.addWidget(label, 1)
        row.addWidget(self.choice)
        self.choice.setAccessibleName(label.text())
        for value, text in choice.values if choice else ():
            self.choice.addItem(text, value)
        bar.setVisible(choice is not None)
        return bar

    def _tree(self) -> QTreeView:
        tree = QTreeView(self)
        put_flat_header(tree)
        tree.setModel(self.table)
        tree.setItemDelegate(PlanDelegate(self._session.color_of_qube, tree))
        tree.setFrameShape(QFrame.Shape.NoFrame)
        tree.setUniformRowHeights(True)
        tree.setIndentation(4 * self._unit)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setAccessibleName(self.tr("What happens to each qube"))
        if header := tree.header():
            header.setStretchLastSection(True)
            widths = {
                PlanColumn.QUBE: 45,
                PlanColumn.STATE: 25,
                PlanColumn.NOW: 44,
                PlanColumn.THEN: 44,
                PlanColumn.NEEDS: 27,
            }
            if self.plan.kind is Kind.MANAGE:
                widths |= {PlanColumn.QUBE: 60, PlanColumn.THEN: 125}  # paths, and lines of the policy
            for at, column in enumerate(self.table.columns[:-1]):
                header.resizeSection(at, widths[column] * self._unit)
        return tree

    def _foot(self) -> QWidget:
        unit = self._unit
        foot = QWidget(self)
        column = QVBoxLayout(foot)
        column.setContentsMargins(4 * unit, 3 * unit, 4 * unit, 3 * unit)
        column.setSpacing(2 * unit)
        options = QHBoxLayout()
        self.at_refusal = QComboBox(foot)
        self.at_refusal.addItem(self.tr("Continue with the others"), False)
        self.at_refusal.addItem(self.tr("Stop there"), True)
        self.at_refusal.setCurrentIndex(int(self.plan.kind in STOPPING))
        label = plain_label(self.tr("&If a step is refused:"), foot)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        label.setWordWrap(False)
        label.setBuddy(self.at_refusal)
        options.addWidget(label)
        options.addWidget(self.at_refusal)
        for widget in (label, self.at_refusal):
            widget.setHidden(self.plan.is_whole)  # a refusal takes back what was done
        self.undo_icon = IconLabel(foot)
        self.undo = plain_label("", foot)
        self.undo.setAlignment(Qt.Alignment() | Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        subdue(self.undo)
        options.addWidget(self.undo, 1)
        options.addWidget(self.undo_icon)
        column.addLayout(options)
        self.prompt = plain_label("", foot)
        self.typed = QLineEdit(foot)
        self.typed.textChanged.connect(self._update_button)
        column.addWidget(self.prompt)
        column.addWidget(self.typed)
        self.preview = LinesPreview(foot)
        self.preview.setMaximumHeight(28 * unit)
        self.preview.setAccessibleName(self.tr("What will be sent"))
        self.preview.hide()
        column.addWidget(self.preview)
        column.addLayout(self._buttons(foot))
        return foot

    def _buttons(self, foot: QWidget) -> QHBoxLayout:
        self.calls = QToolButton(foot)
        self.calls.setAutoRaise(True)
        self.calls.setCheckable(True)
        self.calls.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.calls.setArrowType(Qt.ArrowType.RightArrow)
        self.calls.toggled.connect(self._show_calls)
        self.problem = plain_label("", foot)
        self.problem.setAlignment(Qt.Alignment() | Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.cancel = QPushButton(self.tr("Cancel"), foot)
        self.cancel.clicked.connect(self.reject)
        self.yes = QPushButton(foot)
        self.yes.setObjectName("yes")
        self.yes.clicked.connect(self.accept)
        self.cancel.setAutoDefault(False)
        default = self.cancel if self.plan.kind is Kind.KILL else self.yes
        default.setDefault(True)
        if self.plan.kind in DANGEROUS:
            redden(self.yes)
        else:
            embolden(self.yes)
        row = QHBoxLayout()
        row.addWidget(self.calls)
        row.addWidget(self.problem, 1)
        row.addWidget(self.cancel)
        row.addWidget(self.yes)
        return row

    # -- what happens -------------------------------------------------------------------------------------------------

    def _expand(self) -> None:
        """Show the groups open, but for those that are so already and long ones where nothing is to be seen to."""
        for at, group in enumerate(self.table.groups):
            index = self.table.index(at, 0)
            self.tree.setFirstColumnSpanned(at, self.tree.rootIndex(), True)
            is_calm = (
                len(self.table.groups) > 1
                and len(group.rows) > LISTED
                and not any(row.warnings or row.refused for row in group.rows)
            )
            self.tree.setExpanded(index, group.head.group is not Group.ALREADY and not is_calm)

    def _show_calls(self, is_shown: bool) -> None:  # noqa: FBT001 - a slot
        self.calls.setArrowType(Qt.ArrowType.DownArrow if is_shown else Qt.ArrowType.RightArrow)
        self.preview.setVisible(is_shown)
        self._turns.put(PREVIEW, self._fill_preview, later=self._session.is_large)

    def _show_undo(self, *, can_be_undone: bool) -> None:
        if can_be_undone and self.plan.kind is not Kind.UNDO:
            name, text = "undo", self.tr("Can be undone for %n s", "", UNDO_SECONDS)
        elif self.plan.kind in {Kind.START, Kind.RESTART}:
            name, text = "info", self.tr("Can be cancelled; qubes that are already starting continue to start.")
        elif self.plan.kind is Kind.SHUTDOWN:
            name, text = "info", self.tr("Cannot be undone. Start brings the qubes back.")
        else:
            name, text = "info", self.tr("Cannot be undone.")
        self.undo.setText(text)
        self.undo_icon.show_icon(tinted_icon(name, subdued), self.fontMetrics().height())

    def _ask_word(self, texts: plan_texts.Texts) -> None:
        """Before a removal the name is typed, or the number of qubes."""
        self._word = texts.typed
        text = self.tr("Type {0} to remove the qube:") if texts.going == 1 else self.tr("Type {0} to remove the qubes:")
        self.prompt.setText(text.format(self._word))
        self.typed.setAccessibleName(self.prompt.text())
        for widget in (self.prompt, self.typed):
            widget.setVisible(bool(self._word))

    def _update_button(self) -> None:
        """The button, and why it is grey."""
        if not self._session.is_synced:
            problem = self.tr("There is no connection.")
        elif self._is_due:
            problem = self.tr("Computing what would change…")
        elif not self.plan.changes:
            problem = self.tr("Nothing would change.")
        else:
            problem = ""
        self.problem.setText(problem)
        self.yes.setEnabled(not problem and self.typed.text() == self._word)


def _does_no_more(plan: Plan, shown: Plan) -> Steps[bool]:
    """Whether the user agreed to all of a plan: the calls of each row, and which qubes lose their network."""
    agreed = {}
    for row in shown.changes:
        agreed[row.key] = row.steps
        yield
    for row in plan.changes:
        if agreed.get(row.key) != row.steps:
            return False
        yield
    return {*plan.losing, *plan.lost_through} <= {*shown.losing, *shown.lost_through}


ROWS = 10
"""Rows for which a dialog without a plan has room."""
PLAN, PREVIEW = "plan", "preview"
"""Keys of the work that is done in turns."""


UNDO_SECONDS = 30
"""How long a plan that was carried out can be undone."""


class _Fact(QWidget):
    """A number, what it counts below it, and a line at the left of all but the first."""

    def __init__(self, unit: int, *, is_first: bool, parent: QWidget) -> None:
        super().__init__(parent)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(3 * unit)
        if not is_first:
            outer.addWidget(_hair(self, upright=True))
        inner = QVBoxLayout()
        inner.setSpacing(unit // 4)
        top = QHBoxLayout()
        top.setSpacing(unit)
        self.mark = IconLabel(self)
        self.number = title_label("", self)
        self.number.setWordWrap(False)
        self.text = plain_label("", self)
        self.text.setAlignment(leading() | Qt.AlignmentFlag.AlignTop)
        self.text.setMinimumHeight(2 * self.fontMetrics().height())
        subdue(self.text)
        top.addWidget(self.mark)
        top.addWidget(self.number, 1)
        inner.addLayout(top)
        inner.addWidget(self.text)
        outer.addLayout(inner, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def put(self, fact: plan_texts.Fact | None) -> None:
        """Show a fact; None hides it."""
        self.setVisible(fact is not None)
        if fact is None:
            return
        self.number.setText(fact.number)
        self.text.setText(fact.text)
        self.mark.setVisible(bool(fact.mark))
        side = self.number.fontMetrics().height()
        if fact.mark:
            self.mark.show_icon(tinted_icon(fact.mark, warning_color), side)


class _MemoryBar(QWidget):
    """How much of the free memory a plan takes, where that is known."""

    def __init__(self, unit: int, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(4 * unit, unit, 4 * unit, 2 * unit)
        row.setSpacing(3 * unit)
        label = plain_label(self.tr("Free memory of this computer"), self)
        label.setWordWrap(False)
        subdue(label)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(2 * unit)
        self.bar.setAccessibleName(label.text())
        self.text = plain_label("", self)
        self.text.setWordWrap(False)
        for widget in (label, self.bar, self.text):
            row.addWidget(widget, 1 if widget is self.bar else 0)

    def put(self, plan: Plan) -> None:
        """Show the memory that the plan takes; hidden where it takes none, or what is free is not known."""
        needed = sum(row.memory for row in plan.changes)
        self.setVisible(plan.free is not None and plan.kind is Kind.START)
        if plan.free is not None:
            self.bar.setRange(0, max(1, plan.free))
            self.bar.setValue(min(needed, plan.free))
            self.text.setText(self.tr("{0} more, {1} left").format(in_mib(needed), in_mib(plan.free - needed)))


def _hair(parent: QWidget, *, upright: bool = False) -> QFrame:
    """A line of one pixel in 15 % of the text's colour."""
    line = QFrame(parent)
    line.setAutoFillBackground(True)
    put_colors(line, {QPalette.ColorRole.Window: line_color})
    if upright:
        line.setFixedWidth(1)
    else:
        line.setFixedHeight(1)
    return line
