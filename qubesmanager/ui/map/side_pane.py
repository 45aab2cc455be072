# SPDX-License-Identifier: GPL-3.0-or-later
"""Beside the picture: the warnings with what can be done about each, and the facts of the selected qube."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import number_text, state_text
from qubesmanager.plans.properties import NETVM
from qubesmanager.rules.edits import why_not_enforced
from qubesmanager.rules.topology import Mark, Remark
from qubesmanager.ui.icons import ColorOf, label_icon, window_text_color
from qubesmanager.ui.map.remarks import remark_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.fonts import scaled
from qubesmanager.ui.widgets.labels import info_color, plain_label, subdue
from qubesmanager.ui.widgets.palette_colors import IconLabel, put_colors
from qubesmanager.ui.widgets.sections import hairline

MOST = 12
"""Qubes whose warnings are listed; the tree has all."""
WIDTH = 66
"""In quarters of a line's height."""
USERS = 3
"""Users that are named; of more there is only the number."""


@dataclass(frozen=True, slots=True)
class Warned:
    """A qube with its warnings, and the net qube that would end a way around a firewall; empty for none."""

    name: str
    color: str
    remarks: tuple[Remark, ...]
    better: str = ""


class SidePane(QWidget):
    """The warnings, which scroll, and below them the facts.

    Signals: `reconnect_wanted(str, str)`: a qube and the net qube it should get; `settings_wanted(str)`: its settings;
    `chosen(str)`: show the qube in the picture.
    """

    reconnect_wanted = pyqtSignal(str, str)
    settings_wanted = pyqtSignal(str)
    chosen = pyqtSignal(str)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._unit = self.fontMetrics().height() // 4
        self._shown: object = None
        self.setMinimumWidth(50 * self._unit)
        self.area = QScrollArea(self)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.foot = QWidget(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.area, 1)
        layout.addWidget(hairline(self))
        layout.addWidget(self.foot)

    def put(self, warned: Sequence[Warned], number: int, name: str, remarks: Mapping[str, Sequence[Remark]]) -> None:
        """Show the first warnings, of so many qubes, and the facts of a qube; empty for none."""
        facts = self._facts(name)
        state = (tuple(warned), number, name, tuple(facts), tuple(remarks.get(name, ())))
        if state == self._shown:
            return
        self._shown = state
        body, column = self._part()
        column.addLayout(self._head(body, self.tr("Warnings"), number_text(number)))
        if not warned:
            quiet = plain_label(self.tr("No loops, no path around a firewall."), body)
            subdue(quiet)
            column.addWidget(quiet)
        for at, each in enumerate(warned):
            if at:
                column.addWidget(hairline(body))
            self._add_warned(body, column, each)
        if number > len(warned):
            more = number - len(warned)
            rest = plain_label(self.tr("and %n more, see the tree", "", more), body)
            subdue(rest)
            column.addWidget(rest)
        column.addStretch(1)
        self.area.setWidget(body)
        self._put_foot(name, facts)

    def _put_foot(self, name: str, facts: Sequence[tuple[str, str]]) -> None:
        """The facts, and how to change them."""
        body, column = self._part()
        if facts:
            column.addLayout(self._head(body, name, ""))
            column.addLayout(self._form(body, facts))
        hint = plain_label(
            self.tr(
                "Drag a qube onto a net qube to connect it. With the keyboard: N, then the name."
                " Ctrl and the wheel, + and - zoom, 0 shows all."
            ),
            body,
        )
        subdue(hint)
        column.addWidget(hint)
        if (layout := self.layout()) is not None:
            layout.replaceWidget(self.foot, body)
        self.foot.hide()
        self.foot.deleteLater()
        self.foot = body

    def _part(self) -> tuple[QWidget, QVBoxLayout]:
        body = QWidget(self)
        column = QVBoxLayout(body)
        column.setContentsMargins(4 * self._unit, 3 * self._unit, 4 * self._unit, 3 * self._unit)
        column.setSpacing(2 * self._unit)
        return body, column

    def _facts(self, name: str) -> list[tuple[str, str]]:
        """Name and value of each fact of the qube."""
        records = self._session.records
        record = records.get(name)
        if record is None:
            return []
        netvm = record.value(NETVM)
        users = in_order(each.name for each in records.values() if each.value(NETVM) == name)
        count = len(users)
        said = self.tr("%n qube(s)", "", count) if count > USERS else ", ".join(users) or self.tr("no qube")
        why = why_not_enforced(record, netvm, records) if netvm else None
        enforced = self.tr("enforced by {0}").format(netvm)
        firewall = "\N{EN DASH}" if not netvm else enforced if why is None else reason_text(why)
        return [
            (self.tr("State"), state_text(record.state)),
            (self.tr("Net qube"), netvm or self.tr("none")),
            (self.tr("IP"), record.value("ip") or "\N{EN DASH}"),
            (self.tr("Firewall"), firewall),
            (self.tr("Used by"), said),
        ]

    def _add_warned(self, body: QWidget, column: QVBoxLayout, warned: Warned) -> None:
        row = QHBoxLayout()
        row.setSpacing(int(1.5 * self._unit))
        cube = IconLabel(body)
        side = 4 * self._unit
        cube.show_icon(label_icon(warned.color), side)
        row.addWidget(cube)
        name = self._link(body, warned.name, window_text_color)
        name.setFont(scaled(name.font(), 1.0, bold=True))
        name.setToolTip(self.tr("Show it in the picture"))
        name.clicked.connect(lambda: self.chosen.emit(warned.name))
        row.addWidget(name)
        row.addStretch(1)
        text = self.tr("Reconnect…") if warned.better else self.tr("Change…")
        action = self._link(body, text, info_color)
        action.setAccessibleName(f"{warned.name}: {text}")
        if warned.better:
            action.clicked.connect(lambda: self.reconnect_wanted.emit(warned.name, warned.better))
        else:
            action.clicked.connect(lambda: self.settings_wanted.emit(warned.name))
        row.addWidget(action)
        column.addLayout(row)
        said = plain_label(" ".join(map(remark_text, warned.remarks)), body)
        subdue(said)
        column.addWidget(said)

    def _link(self, body: QWidget, text: str, color: ColorOf) -> QToolButton:
        """A button that looks like text, in this colour."""
        button = QToolButton(body)
        button.setText(text.replace("&", "&&"))
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        put_colors(button, {QPalette.ColorRole.ButtonText: color})
        return button

    def _head(self, body: QWidget, title: str, note: str) -> QHBoxLayout:
        row = QHBoxLayout()
        name = plain_label(title, body)
        name.setFont(scaled(name.font(), 1.0, bold=True))
        row.addWidget(name, 1)
        quiet = plain_label(note, body)
        subdue(quiet)
        row.addWidget(quiet)
        return row

    def _form(self, body: QWidget, facts: Sequence[tuple[str, str]]) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(3 * self._unit)
        form.setVerticalSpacing(int(1.5 * self._unit))
        for name, value in facts:
            title = plain_label(name, body)
            title.setWordWrap(False)
            subdue(title)
            form.addRow(title, plain_label(value, body))
        return form

    # Qt overrides

    def sizeHint(self) -> QSize:
        return QSize(WIDTH * self._unit, 100 * self._unit)


def warned_of(session: Session, remarks: Mapping[str, Sequence[Remark]]) -> tuple[list[Warned], int]:
    """The first qubes with warnings, a path around a firewall first, then by name; and how many qubes have some."""
    names = [name for name in in_order(remarks) if remarks[name]]
    around = [name for name in names if any(remark.mark is Mark.AROUND for remark in remarks[name])]
    others = [name for name in names if name not in set(around)]
    listed = [*around, *others][:MOST]
    return [
        Warned(name, session.color_of_qube(name), tuple(remarks[name]), _better(remarks[name])) for name in listed
    ], len(names)


def _better(remarks: Sequence[Remark]) -> str:
    """The first net qube that is gone around."""
    return next((remark.about.split(", ")[0] for remark in remarks if remark.mark is Mark.AROUND), "")
