# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of volumes: a box of GiB, and the rows of the basic page that have one."""

from PyQt5.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from qubesmanager.models.draft import Draft
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import size_text
from qubesmanager.plans.plan import VOLUME, Key
from qubesmanager.rules.volumes import why_not_size
from qubesmanager.ui.widgets.gib_box import GibBox
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem, subdue
from qubesmanager.wire.records import VolumeRecord

GIB = 1 << 30
MIB = 1 << 20


class SizeBox(GibBox):
    """A size in GiB, with two digits; asked for and given in bytes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(1 << 16, 2, parent)
        self.setToolTip(self.tr("A volume can only grow."))

    def wanted(self, present: int) -> int:
        """The size in the box, in whole MiB; the present size if the box shows that."""
        if abs(self.value() - present / GIB) < 0.005:  # noqa: PLR2004 - half of the last digit shown
            return present
        return -(-round(self.value() * GIB) // MIB) * MIB

    def show_bytes(self, size: int, present: int) -> None:
        """Show a size, but not while the user types one that is too small."""
        if not self.hasFocus() or self.wanted(present) not in {size, present}:
            before = self.blockSignals(True)
            self.setValue(size / GIB)
            self.blockSignals(before)


class VolumeSizeRow(QWidget):
    """The size of one volume of the qube, how full it is, and what is wrong with what was typed."""

    def __init__(self, name: str, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key: Key = (VOLUME, name)
        self._draft = draft
        self._refused = ""
        self.box = SizeBox(self)
        self.box.valueChanged.connect(self._sized)
        self.used = plain_label("", self)
        self.used.setWordWrap(False)
        subdue(self.used)
        self.problem = problem_label(self)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.box)
        row.addWidget(self.used, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.problem)
        self.setFocusProxy(self.box)
        draft.changed.connect(self.refresh)
        self.refresh()

    def label(self, text: str) -> QLabel:
        """The row's label, with the box as its buddy."""
        label = QLabel(text, self.parentWidget())
        label.setBuddy(self.box)
        self.box.setAccessibleName(text.replace("&", ""))
        return label

    def refuse(self, why: str) -> None:
        """Say why the daemon did not take the size."""
        self._refused = why
        self.refresh()

    def refresh(self) -> None:
        """Show what the draft says."""
        volume = self._volume()
        self.box.setEnabled(volume is not None)
        if volume is None:
            return
        self.used.setText(self.tr("{0} used").format(size_text(volume.usage)))
        self.box.show_bytes(int(self._draft.value(self.key) or volume.size), volume.size)
        self._show_problem(volume)

    def _volume(self) -> VolumeRecord | None:
        return next((volume for volume in self._draft.record.volumes if volume.name == self.key[1]), None)

    def _show_problem(self, volume: VolumeRecord) -> None:
        text = self._refused
        if sentence := why_not_size(volume.size, self.box.wanted(volume.size)):
            text = reason_text(sentence)
        elif not text and self.key in self._draft.conflicts:
            text = self.tr("Changed elsewhere meanwhile.")
        show_problem(self.problem, text)
        self.problem.setVisible(bool(text))

    def _sized(self) -> None:
        volume = self._volume()
        if volume is None:
            return
        self._refused = ""
        size = self.box.wanted(volume.size)
        self._draft.edit(self.key, str(volume.size if why_not_size(volume.size, size) else size))
        self._show_problem(volume)
