# SPDX-License-Identifier: GPL-3.0-or-later
"""Fonts of another size than text."""

from PyQt5.QtGui import QFont


def scaled(font: QFont, share: float, *, bold: bool = False) -> QFont:
    """A copy in this share of the size, whether that is in points or in pixels; `bold` makes it bold, too."""
    other = QFont(font)
    if font.pixelSize() > 0:
        other.setPixelSize(round(font.pixelSize() * share))
    else:
        other.setPointSizeF(font.pointSizeF() * share)
    if bold:
        other.setBold(True)
    return other
