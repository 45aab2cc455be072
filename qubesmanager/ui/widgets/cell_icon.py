# SPDX-License-Identifier: GPL-3.0-or-later
"""The icon of a cell that a delegate puts there, and not the model."""

from PyQt5.QtCore import QSize
from PyQt5.QtGui import QIcon
from PyQt5.QtWidgets import QStyleOptionViewItem

ICON = 16
"""Pixels of the side of an icon, where it is not as high as the text."""


def put_icon(option: QStyleOptionViewItem, picture: QIcon, side: int = ICON) -> None:
    """Let the cell be drawn with this icon, as a square of this side in pixels, before its text."""
    features = QStyleOptionViewItem.ViewItemFeatures(option.features)
    option.features = features | QStyleOptionViewItem.ViewItemFeature.HasDecoration
    option.icon = picture
    option.decorationSize = QSize(side, side)
