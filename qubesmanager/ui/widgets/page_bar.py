# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool bar of a page: actions with words, and a search field at the end."""

from collections.abc import Sequence

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QAction, QLineEdit, QSizePolicy, QToolBar, QWidget

from qubesmanager.ui.icons import icon


def fill_page_bar(bar: QToolBar, actions: Sequence[QAction], search: QLineEdit, hint: str) -> None:
    """Put the actions and the search field into the bar. `{0}` in the hint becomes the keys that go to the field."""
    unit = bar.fontMetrics().height() // 4
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
