# SPDX-License-Identifier: GPL-3.0-or-later
"""A box for a size in GiB."""

from PyQt5.QtWidgets import QDoubleSpinBox, QWidget

from qubesmanager.models.texts import UNIT_GIB, around_number


class GibBox(QDoubleSpinBox):
    """A number with the unit, from 0 to `most`, with so many digits behind the point."""

    def __init__(self, most: int, digits: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(0, most)
        self.setDecimals(digits)
        before, after = around_number(UNIT_GIB)
        self.setPrefix(before)
        self.setSuffix(after)
