# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells with a mark: a shape and a colour beside the text, on rows whose selection is a tint."""

from PyQt5.QtCore import QModelIndex, QSize
from PyQt5.QtGui import QIcon, QPalette
from PyQt5.QtWidgets import QStyleOptionViewItem

from qubesmanager.models.row_table import MARK_ROLE, Mark
from qubesmanager.ui.icons import ColorOf, tinted_icon
from qubesmanager.ui.widgets.cell_icon import put_icon
from qubesmanager.ui.widgets.labels import (
    destroying_color,
    fault_color,
    good_color,
    info_color,
    subdued,
    text_color,
    warning_color,
)
from qubesmanager.ui.widgets.row_delegate import RowDelegate

_LOOKS: dict[Mark, tuple[str, ColorOf, ColorOf]] = {
    Mark.GOOD: ("verified", good_color, text_color),
    Mark.DONE: ("done", good_color, text_color),
    Mark.BUSY: ("state-busy", text_color, text_color),
    Mark.QUIET: ("", subdued, subdued),
    Mark.STOPPED: ("refused", subdued, subdued),
    Mark.ASKED: ("ask", info_color, text_color),
    Mark.WARNING: ("warning", warning_color, warning_color),
    Mark.FAULT: ("failed", fault_color, fault_color),
    Mark.GONE: ("remove", destroying_color, destroying_color),
}
"""The icon of each mark, empty for none, with its colour and that of the text."""


class MarkDelegate(RowDelegate):
    """Draws the `MARK_ROLE` of a cell. Colours and shapes stay what they are in a selected row."""

    # Qt overrides

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(size.width() + option.fontMetrics.height(), size.height())

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is None:
            return
        mark = index.data(MARK_ROLE)
        if not isinstance(mark, Mark):
            return
        picture, icon_color, color_of_text = _LOOKS[mark]
        color = color_of_text(option.palette)
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
            option.palette.setColor(role, color)
        if picture:
            put_icon(option, tinted_icon(picture, icon_color), option.fontMetrics.height())


def mark_icon(mark: Mark) -> QIcon:
    """The icon of a mark in its colour; an empty one for a mark without a shape."""
    picture, color, _text = _LOOKS[mark]
    return tinted_icon(picture, color) if picture else QIcon()
