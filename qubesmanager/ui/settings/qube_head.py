# SPDX-License-Identifier: GPL-3.0-or-later
"""The head of the settings of one qube: label, name, state, and that it needs a restart."""

from PyQt5.QtWidgets import QGridLayout, QPushButton, QWidget

from qubesmanager.models.columns import TABLE as COLUMNS
from qubesmanager.models.restart_watch import TEMPLATE
from qubesmanager.models.texts import plain_tip, restart_text, state_text
from qubesmanager.rules.actions import why_not_restart
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.forms.change_rows import title_of
from qubesmanager.ui.icons import icon, label_icon, state_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.settings.fields import field_of
from qubesmanager.ui.widgets.badge import Badge
from qubesmanager.ui.widgets.labels import plain_label, subdue, title_label, warning_color
from qubesmanager.ui.widgets.palette_colors import IconLabel
from qubesmanager.wire.records import VmRecord

NAMED = 3
"""Properties that the state line names."""


class QubeHead(QWidget):
    """Shows what `show_qube` gives it."""

    def __init__(self, session: Session, operations: Operations, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._operations = session, operations
        self._name = ""
        unit = max(1, self.fontMetrics().height() // 4)
        self._side = 7 * unit
        self.cube = IconLabel(self)
        self.title = title_label("", self)
        self.state_icon = IconLabel(self)
        self.state = plain_label("", self)
        subdue(self.state)
        self.badge = Badge(self.tr("restart needed"), warning_color, self)
        self.restart = QPushButton(icon("restart"), self.tr("Restart…"), self)
        self.restart.clicked.connect(lambda: operations.restart([self._name]))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, unit)
        grid.setHorizontalSpacing(2 * unit)
        grid.setVerticalSpacing(unit // 2)
        grid.addWidget(self.cube, 0, 0, 2, 1)
        grid.addWidget(self.title, 0, 1, 1, 2)
        grid.addWidget(self.state_icon, 1, 1)
        grid.addWidget(self.state, 1, 2)
        grid.addWidget(self.badge, 0, 3, 2, 1)
        grid.addWidget(self.restart, 0, 4, 2, 1)
        grid.setColumnStretch(2, 1)

    def show_qube(self, record: VmRecord, label: str, color: str) -> None:
        """The qube, the label that it would have, and the colour of that, `0xRRGGBB`."""
        self._name = record.name
        self.cube.show_icon(label_icon(color), self._side)
        self.cube.setToolTip(label)
        self.title.setText(record.name)
        side = self.fontMetrics().height()
        self.state_icon.show_icon(state_icon(record.state), side)
        uptime = next(column.text(record, None) for column in COLUMNS if column.id == "uptime")
        text = state_text(record.state)
        if uptime and record.running:
            text = self.tr("{0} for {1}").format(text, uptime)
        needed = self._session.restarts.needed(record)
        if needed:
            text = f"{text}. {self._effect(needed)}"
        self.state.setText(text)
        why = why_not_restart(self._session.facts, [record.name]).get(record.name)
        for widget in (self.badge, self.restart):
            widget.setVisible(bool(needed))
        self.restart.setEnabled(why is None)
        self.badge.setToolTip(plain_tip(restart_text(needed)))

    def _effect(self, needed: tuple[str, ...]) -> str:
        """What takes effect only after a restart."""
        titles = [
            self.tr("the changed template") if name == TEMPLATE else title_of(field_of(name, "")) for name in needed
        ]
        shown = ", ".join(titles[:NAMED]) + ("…" if len(titles) > NAMED else "")
        return self.tr("Takes effect after a restart: {0}.").format(shown)
