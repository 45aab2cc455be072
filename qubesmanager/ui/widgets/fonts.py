# SPDX-License-Identifier: GPL-3.0-or-later
"""Fonts of another size than text, and sizes in units of the font."""

from PyQt5.QtGui import QFont
from PyQt5.QtWidgets import QWidget


def unit_of(widget: QWidget) -> int:
    """The unit of sizes and gaps, in pixels: a quarter of the height of the widget's text, at least 1."""
    return in_units(widget, 1)


def in_units(widget: QWidget, units: float) -> int:
    """So many units in pixels, at least 1."""
    return max(1, round(units * widget.fontMetrics().height() / 4))


def bold_font(font: QFont) -> QFont:
    """A bold copy."""
    other = QFont(font)
    other.setBold(True)
    return other


def scaled(font: QFont, share: float, *, bold: bool = False) -> QFont:
    """A copy in this share of the size, whether that is in points or in pixels; `bold` makes it bold, too."""
    other = QFont(font)
    if font.pixelSize() > 0:
        other.setPixelSize(round(font.pixelSize() * share))
    else:
        other.setPointSizeF(font.pointSizeF() * share)
    return bold_font(other) if bold else other
