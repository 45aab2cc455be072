# SPDX-License-Identifier: GPL-3.0-or-later
"""The choice of dom0's parts for a backup: its own configuration, and the home of its user."""

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QCheckBox, QHBoxLayout, QWidget

HomeChoice = bool | str | None
"""`dom0_home` of a profile: whether the home is in it, or whose; None leaves it to dom0."""


class Dom0Box(QWidget):
    """Two ticks. The home needs the configuration. Signals: `changed()`: a tick is another now."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.configuration = QCheckBox(self.tr("dom0's confi&guration"), self)
        self.configuration.setToolTip(
            self.tr("Labels, pools, system properties, policy files and backup profiles, to be restored one by one.")
        )
        self.home = QCheckBox(self.tr("dom0's &home"), self)
        self.home.setToolTip(
            self.tr("The files of dom0's user, to be restored into a new folder. It needs dom0's configuration.")
        )
        self._about = self.configuration.toolTip()
        self._kept: HomeChoice = False
        self._kept_ticked = False
        self._is_by_hand = True
        self._is_forbidden = False
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.configuration)
        layout.addWidget(self.home)
        layout.addStretch(1)
        self.configuration.toggled.connect(self._refresh)
        self.home.toggled.connect(lambda _on: self.changed.emit())
        self._refresh()

    def takes_dom0(self) -> bool:
        """Whether dom0 is in the backup: its configuration, and its home if that is ticked."""
        return self.configuration.isChecked()

    def dom0_home(self) -> HomeChoice:
        """The value for the profile; as the profile had it before if the tick is as it was."""
        if not self.takes_dom0():
            return None
        return self._kept if self.home.isChecked() == self._kept_ticked else self.home.isChecked()

    def put_home(self, kept: HomeChoice, *, taken: bool) -> None:
        """Show the `dom0_home` of a profile; `taken`: a run of it takes the home."""
        self._kept, self._kept_ticked = kept, taken
        self.home.setChecked(taken)

    def put(self, *, takes_dom0: bool) -> None:
        """Tick dom0 as a profile or its rules do."""
        self.configuration.setChecked(takes_dom0 and not self._is_forbidden)

    def set_by_hand(self, *, by_hand: bool) -> None:
        """Whether the user ticks dom0; otherwise the rules of the profile do."""
        self._is_by_hand = by_hand
        self._refresh()

    def forbid(self) -> None:
        """This client is a qube, whose profiles never take dom0."""
        self._is_forbidden = True
        self.configuration.setChecked(False)
        self._refresh()

    def _refresh(self, *_: object) -> None:
        why_not = self._why_not()
        self.configuration.setEnabled(not why_not)
        self.configuration.setToolTip(why_not or self._about)
        self.home.setEnabled(self.takes_dom0())
        if not self.takes_dom0():
            self.home.setChecked(False)
        self.changed.emit()

    def _why_not(self) -> str:
        if self._is_forbidden:
            return self.tr("Only a profile that is set in dom0 backs up dom0.")
        if not self._is_by_hand:
            return self.tr("Tick the qubes, or name dom0 among those to include.")
        return ""
