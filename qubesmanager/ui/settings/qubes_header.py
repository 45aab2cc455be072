# SPDX-License-Identifier: GPL-3.0-or-later
"""The head of a window about several qubes: the cube and the name of each, as many as fit."""

from collections.abc import Callable, Sequence

from PyQt5.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.widgets.flow_layout import Flow
from qubesmanager.ui.widgets.labels import embolden, plain_label
from qubesmanager.ui.widgets.palette_colors import IconLabel

MOST = 12
"""More names say less: the list of differences names them all."""

SIZE = 16


class QubesHeader(QWidget):
    """Shows what `put` gives it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._colors: list[str] = []
        """Of the qubes that are shown."""
        self._flow = Flow(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def put(self, names: Sequence[str], color_of: Callable[[str], str]) -> None:
        """The names, in order, and what gives the colour of one (`0xRRGGBB`)."""
        colors = [color_of(name) for name in names[:MOST]]
        if list(names) == self._names and colors == self._colors:
            return
        self._names, self._colors = list(names), colors
        while (item := self._flow.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for name, color in zip(self._names, colors, strict=False):
            self._flow.addWidget(self._entry(name, color))
        if len(self._names) > MOST:
            self._flow.addWidget(plain_label(self.tr("and %n more", None, len(self._names) - MOST), self))
        self.setAccessibleName(", ".join(self._names))
        self.updateGeometry()

    def names(self) -> list[str]:
        """All of them, also those that are only counted."""
        return self._names

    def _entry(self, name: str, color: str) -> QWidget:
        chip = QWidget(self)
        cube = IconLabel(chip)
        cube.show_icon(label_icon(color), SIZE)
        text = plain_label(name, chip)
        text.setWordWrap(False)
        embolden(text)
        row = QHBoxLayout(chip)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(4)
        row.addWidget(cube)
        row.addWidget(text)
        return chip
