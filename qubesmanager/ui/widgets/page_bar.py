# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool bar of a page: actions with words, and a search field at the end."""

from collections.abc import Sequence

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QAction, QLineEdit, QSizePolicy, QToolBar, QWidget

from qubesmanager.ui.icons import icon
from qubesmanager.ui.widgets.fonts import in_units

ICON_SIDE = 4.5
"""In quarters of a line's height."""


def fill_page_bar(bar: QToolBar, actions: Sequence[QAction], search: QLineEdit, hint: str) -> None:
    """Put the actions and the search field into the bar. `{0}` in the hint becomes the keys that go to the field."""
    unit = bar.fontMetrics().height() // 4
    set_icon_side(bar)
    bar.setMovable(False)
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    bar.addActions(list(actions))
    gap = QWidget(bar)
    gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(gap)
    search.setClearButtonEnabled(True)
    search.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
    search.setMinimumWidth(50 * unit)
    search.setMaximumWidth(105 * unit)
    keys = QKeySequence(QKeySequence.StandardKey.Find).toString(QKeySequence.SequenceFormat.NativeText)
    search.setPlaceholderText(hint.format(keys))
    bar.addWidget(search)


def set_icon_side(bar: QToolBar) -> None:
    """Make the icons a little higher than the words beside them, whichever size the style has."""
    side = in_units(bar, ICON_SIDE)
    bar.setIconSize(QSize(side, side))
