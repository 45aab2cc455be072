# SPDX-License-Identifier: GPL-3.0-or-later
"""What another net qube would do to a qube, in a few lines, before anything is sent."""

from collections.abc import Sequence
from functools import partial

from PyQt5.QtCore import QCoreApplication, pyqtSignal
from PyQt5.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPalette
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from qubesmanager.models.reason_texts import reason_text
from qubesmanager.plans.plan import Plan
from qubesmanager.plans.properties import NETVM, property_plan
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.network import netvm_chain, netvm_of
from qubesmanager.rules.stepwise import Steps
from qubesmanager.ui.icons import icon, is_dark, label_icon, tinted_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.fonts import scaled
from qubesmanager.ui.widgets.labels import blended, good_color, plain_label, subdue, warning_color
from qubesmanager.ui.widgets.palette_colors import IconLabel, put_colors
from qubesmanager.ui.widgets.sections import LINE_SHARE
from qubesmanager.ui.widgets.selection import highlight
from qubesmanager.ui.widgets.turns import Turns

ARROW = " \N{RIGHTWARDS ARROW} "
CARD = 72
"""The width, in quarters of a line's height."""
NOTES = 4
PLAN = "plan"
"""The key of the work that is done in turns."""


class PlanCard(QFrame):
    """Lies over the picture. `text()` is all that it shows, a line each.

    Signals: `filled()`: it shows something else.
    """

    filled = pyqtSignal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._unit = self.fontMetrics().height() // 4
        self.setAutoFillBackground(True)
        put_colors(self, {QPalette.ColorRole.Window: _ground})
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(3 * self._unit, 2 * self._unit, 3 * self._unit, 2 * self._unit)
        self._layout.setSpacing(int(1.5 * self._unit))
        self._turns = Turns(self)
        self._body: QWidget | None = None
        self._lines: list[str] = []
        self.setFixedWidth(CARD * self._unit)
        self.hide()

    def text(self) -> str:
        """What is shown, for a screen reader."""
        return "\n".join(self._lines)

    def propose(self, names: Sequence[str], netvm: str, hint: str) -> None:
        """Show what it would do to give the qubes that net qube; empty for none.

        In a large system the plan is computed in turns, and the card shows that until the plan is there.
        """
        self._turns.drop(PLAN)
        later = self._session.is_large
        if later:
            body, column = self._new_body(names, netvm)
            self._finish(body, column, QCoreApplication.translate("PlanDialog", "Computing what would change…"))
        work = partial(self._plan, names, netvm, hint, self._session.facts_now())
        self._turns.put(PLAN, work, later=later)

    def leave(self) -> None:
        """Hide, and give up the plan that is computed."""
        self._turns.drop(PLAN)
        self.hide()

    def _plan(self, names: Sequence[str], netvm: str, hint: str, facts: Facts) -> Steps[None]:
        """Compute the plan, and show it in the last step."""
        plan = yield from property_plan.steps(facts, names, NETVM, netvm)
        notes = yield from self._notes(plan)
        body, column = self._new_body(names, netvm)
        before, after = [], []
        if len(names) == 1:
            none = self.tr("none")
            before = netvm_chain(names[0], netvm_of(facts.qubes))
            after = [netvm, *netvm_chain(netvm, netvm_of(facts.qubes))] if netvm else []
            column.addLayout(self._fact(body, self.tr("Now"), ARROW.join(before) or none))
            column.addLayout(self._fact(body, self.tr("Then"), ARROW.join(after) or none))
        for picture, said in notes:
            column.addLayout(self._note(body, tinted_icon(picture, warning_color), said))
        if before and before[0] in after and not plan.refused:
            said = self.tr("Stays behind {0}.").format(before[0])
            column.addLayout(self._note(body, tinted_icon("verified", good_color), said))
        self._finish(body, column, hint)

    def _new_body(self, names: Sequence[str], netvm: str) -> tuple[QWidget, QVBoxLayout]:
        """What is shown instead of what was shown before, with its head."""
        if self._body is not None:
            self._body.hide()
            self._body.deleteLater()
        self._lines = []
        body = self._body = QWidget(self)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(int(1.5 * self._unit))
        column.addLayout(self._head(body, names, netvm))
        column.addWidget(self._line(body))
        return body, column

    def _finish(self, body: QWidget, column: QVBoxLayout, hint: str) -> None:
        """Add the foot, and show all of it."""
        foot = self._label(body, hint)
        subdue(foot)
        column.addWidget(foot)
        self._layout.addWidget(body)
        self.setAccessibleName(self.text())
        # The height of wrapped text follows from the width, which a hidden widget does not know yet.
        self.resize(self.width(), self._layout.heightForWidth(self.width()))
        self.show()
        self.raise_()
        self.filled.emit()

    def _notes(self, plan: Plan) -> Steps[list[tuple[str, str]]]:
        """Icons and sentences: what is refused, then warnings, each once; at most `NOTES`."""
        notes: dict[tuple[str, str], None] = {}
        for row in plan.rows:
            if row.refused is not None:
                notes["refused", reason_text(row.refused)] = None
            for reason in (*row.warnings, *row.remarks):
                notes["warning", reason_text(reason)] = None
            if len(notes) >= NOTES:
                break
            yield
        if plan.lost_through:
            said = self.tr("%n running qube(s) behind it lose network.", "", len(plan.lost_through))
            notes["warning", said] = None
        return list(notes)[:NOTES]

    def _head(self, body: QWidget, names: Sequence[str], netvm: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(self._unit)
        if len(names) == 1:
            row.addWidget(self._picture(body, label_icon(self._session.color_of_qube(names[0]))))
            row.addWidget(self._bold(body, names[0]))
        else:
            number = len(names)
            row.addWidget(self._picture(body, icon("qubes")))
            row.addWidget(self._bold(body, self.tr("%n qube(s)", "", number)))
        row.addWidget(self._label(body, ARROW.strip(), is_wrapped=False))
        if netvm:
            row.addWidget(self._picture(body, label_icon(self._session.color_of_qube(netvm))))
        row.addWidget(self._bold(body, netvm or self.tr("no network")))
        row.addStretch(1)
        return row

    def _line(self, body: QWidget) -> QWidget:
        """A dividing line on the ground of the card."""
        line = QWidget(body)
        line.setFixedHeight(1)
        line.setAutoFillBackground(True)
        put_colors(line, {QPalette.ColorRole.Window: _card_line})
        return line

    def _fact(self, body: QWidget, name: str, value: str) -> QHBoxLayout:
        row = QHBoxLayout()
        title = self._label(body, name, is_wrapped=False)
        subdue(title)
        title.setMinimumWidth(11 * self._unit)
        row.addWidget(title)
        row.addWidget(self._label(body, value), 1)
        return row

    def _note(self, body: QWidget, picture: QIcon, said: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(self._unit)
        row.addWidget(self._picture(body, picture))
        row.addWidget(self._label(body, said), 1)
        return row

    def _picture(self, body: QWidget, picture: QIcon) -> QLabel:
        label = IconLabel(body)
        side = 4 * self._unit
        label.show_icon(picture, side)
        label.setFixedSize(side, side)
        return label

    def _bold(self, body: QWidget, text: str) -> QLabel:
        label = self._label(body, text, is_wrapped=False)
        label.setFont(scaled(label.font(), 1.0, bold=True))
        return label

    def _label(self, body: QWidget, text: str, *, is_wrapped: bool = True) -> QLabel:
        self._lines.append(text)
        label = plain_label(text, body)
        label.setWordWrap(is_wrapped)
        return label

    # Qt overrides

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(highlight())
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


def _ground(palette: QPalette) -> QColor:
    """The ground of the card, which stands out from the picture."""
    return palette.color(QPalette.ColorRole.ToolTipBase if is_dark(palette) else QPalette.ColorRole.Base)


def _card_line(palette: QPalette) -> QColor:
    """The colour of a dividing line on the card."""
    return blended(palette.color(QPalette.ColorRole.WindowText), _ground(palette), LINE_SHARE)
