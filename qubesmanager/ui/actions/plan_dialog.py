# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog that shows a plan before anything is sent: what each qube is now and then, and why one cannot change."""

from collections.abc import Callable
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
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.plan_table import LISTED, PlanColumn, PlanTable
from qubesmanager.models.texts import in_mib, number_text
from qubesmanager.plans.plan import Group, Kind, Plan
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
from qubesmanager.ui.widgets.palette_colors import IconLabel, put_colors
from qubesmanager.ui.widgets.sections import line_color
from qubesmanager.ui.widgets.soon import Soon

Make = Callable[[frozenset[str], str], Plan]
"""Computes the plan for the qubes that are left out, and what is chosen of `Choice`."""

PAUSE = 300
"""Milliseconds in which changes of qubes are gathered before the plan is computed again."""
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
    """`plan` is the plan as it is shown; accepted, it is what is to be carried out.

    `notes`: more to know of it. `left_out`: the qubes without a tick at first.
    """

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
        self._unit = max(1, self.fontMetrics().height() // 4)
        self.plan = make(left_out, choice.values[0][0] if choice else "")
        self.table = PlanTable(self.plan, plan_texts.head, self)
        self.table.left_out = left_out
        self._word = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._head(notes))
        self.choice = QComboBox(self)
        layout.addWidget(self._choice_bar(choice))
        self.memory = _MemoryBar(self._unit, self)
        layout.addWidget(self.memory)
        layout.addWidget(_hair(self))
        self.tree = self._tree()
        layout.addWidget(self.tree, 1)
        layout.addWidget(_hair(self))
        layout.addWidget(self._foot())
        self._later = Soon(PAUSE, self.refresh, self)
        self.table.ticked.connect(self.refresh)
        self.table.modelReset.connect(self._expand)
        self.choice.currentIndexChanged.connect(self.refresh)
        for changed in (session.put, session.gone, session.system_changed, session.synced, session.lost):
            changed.connect(self._later.ask)
        self._put()
        self._expand()
        screen = QGuiApplication.primaryScreen()
        size = self.sizeHint().expandedTo(self.minimumSizeHint())
        size.setWidth(max(size.width(), 245 * self._unit))
        size.setHeight(max(size.height(), min(165, 90 + 7 * len(self.plan.rows)) * self._unit))
        self.resize(size.boundedTo(screen.availableSize() * 0.95) if screen is not None else size)
        (self.typed if self.plan.kind is Kind.REMOVE else self.tree).setFocus()

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
        shown = _effects(self.plan)
        self.refresh()
        if self.plan.changes and _effects(self.plan) <= shown:
            super().accept()

    def refresh(self) -> None:
        """Compute the plan again, and show it."""
        chosen = self.choice.currentData()
        self.plan = self._make(self.table.left_out, chosen if isinstance(chosen, str) else "")
        self.table.put(self.plan)
        self._put()

    def _put(self) -> None:
        """Show the plan beside its table."""
        plan = self.plan
        self.setWindowTitle(plan_texts.title(plan))
        self.title.setText(plan_texts.title(plan))
        self.line.setText(plan_texts.line(plan))
        facts = plan_texts.facts(plan)
        for at, fact in enumerate(self.facts):
            fact.put(facts[at] if at < len(facts) else None)
        self.yes.setText(f"&{plan_texts.button(plan)}")  # a mnemonic: Return is Cancel where the plan kills
        self.calls.setText(self.tr("%n call(s)", "", len(plan.steps)))
        self.preview.setPlainText("\n".join(step.text() for step in plan.steps))
        self.memory.put(plan)
        self._show_undo()
        self._ask_word()
        self._update_button()

    # -- parts --------------------------------------------------------------------------------------------------------

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
        self.preview = QPlainTextEdit(foot)
        self.preview.setReadOnly(True)
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
        for at, (head, rows) in enumerate(self.table.groups):
            index = self.table.index(at, 0)
            self.tree.setFirstColumnSpanned(at, self.tree.rootIndex(), True)
            is_calm = (
                len(self.table.groups) > 1
                and len(rows) > LISTED
                and not any(row.warnings or row.refused for row in rows)
            )
            self.tree.setExpanded(index, head.group is not Group.ALREADY and not is_calm)

    def _show_calls(self, is_shown: bool) -> None:  # noqa: FBT001 - a slot
        self.calls.setArrowType(Qt.ArrowType.DownArrow if is_shown else Qt.ArrowType.RightArrow)
        self.preview.setVisible(is_shown)

    def _show_undo(self) -> None:
        if self.plan.can_be_undone and self.plan.kind is not Kind.UNDO:
            name, text = "undo", self.tr("Can be undone for %n s", "", UNDO_SECONDS)
        elif self.plan.kind in {Kind.START, Kind.RESTART}:
            name, text = "info", self.tr("Can be cancelled; qubes that are already starting continue to start.")
        elif self.plan.kind is Kind.SHUTDOWN:
            name, text = "info", self.tr("Cannot be undone. Start brings the qubes back.")
        else:
            name, text = "info", self.tr("Cannot be undone.")
        self.undo.setText(text)
        self.undo_icon.show_icon(tinted_icon(name, subdued), self.fontMetrics().height())

    def _ask_word(self) -> None:
        """Before a removal the name is typed, or the number of qubes."""
        names = [row.qube for row in self.plan.changes if row.group is not Group.MOVE]
        is_asked = self.plan.kind is Kind.REMOVE and bool(names)
        self._word = (names[0] if len(names) == 1 else number_text(len(names))) if is_asked else ""
        text = self.tr("Type {0} to remove the qube:") if len(names) == 1 else self.tr("Type {0} to remove the qubes:")
        self.prompt.setText(text.format(self._word))
        self.typed.setAccessibleName(self.prompt.text())
        for widget in (self.prompt, self.typed):
            widget.setVisible(is_asked)

    def _update_button(self) -> None:
        """The button, and why it is grey."""
        if not self._session.is_synced:
            problem = self.tr("There is no connection.")
        elif not self.plan.changes:
            problem = self.tr("Nothing would change.")
        else:
            problem = ""
        self.problem.setText(problem)
        self.yes.setEnabled(not problem and self.typed.text() == self._word)


def _effects(plan: Plan) -> frozenset[object]:
    """The effects that the user agrees to: the calls of each row, and which qubes lose their network."""
    return frozenset([*((row.key, row.steps) for row in plan.changes), *plan.losing, *plan.lost_through])


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
