# SPDX-License-Identifier: GPL-3.0-or-later
"""The selection in lists and tables: a tint, so that cubes, states and graphs keep their colours, and an edge."""

from PyQt5.QtCore import QObject, QRect, Qt, QTimer
from PyQt5.QtGui import QColor, QGuiApplication, QPainter, QPalette
from PyQt5.QtWidgets import QApplication, QStyle, QStyleOptionViewItem

from qubesmanager.ui.icons import is_dark
from qubesmanager.ui.widgets.labels import blended

TINT, DARK_TINT = 0.17, 0.3
"""How much of the highlight's colour is in the ground of a selected row, on a light and on a dark ground."""
EDGE = 3
"""Pixels of the edge at the beginning of a selected row."""

_VIEWS = "QAbstractItemView"


def tinted(palette: QPalette) -> QColor:
    """The ground of a selected row in an application of this palette."""
    base = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.Base)
    share = DARK_TINT if is_dark(palette) else TINT
    return blended(palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.Highlight), base, share)


class TintedSelections(QObject):
    """Gives all lists, trees and tables of an application a palette whose selection is a tint, at each new palette."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        application.paletteChanged.connect(self.put)
        # Again after the change: depending on where it comes from, Qt drops the palettes of classes only then.
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self.put)
        application.paletteChanged.connect(self._put_again)
        self.put()

    def _put_again(self) -> None:
        self._again.start(0)

    def put(self) -> None:
        """Set the palette of the views from that of the application, unless they have it."""
        palette = QPalette(QGuiApplication.palette())
        ground = tinted(palette)
        for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive, QPalette.ColorGroup.Disabled):
            palette.setColor(group, QPalette.ColorRole.Highlight, ground)
            palette.setColor(group, QPalette.ColorRole.HighlightedText, palette.color(group, QPalette.ColorRole.Text))
        if QApplication.palette(_VIEWS) != palette:
            QApplication.setPalette(palette, _VIEWS)


def highlight() -> QColor:
    """The highlight's full colour: that of the palette of a view is only a tint."""
    return QGuiApplication.palette().color(QPalette.ColorGroup.Active, QPalette.ColorRole.Highlight)


def draw_edge(painter: QPainter, option: QStyleOptionViewItem) -> None:
    """Draw the edge of a row that is selected or has the keyboard, for the cell that the row begins with."""
    states = QStyle.StateFlag
    if option.state & states.State_Selected or option.state & states.State_HasFocus:
        fill_edge(painter, option.rect, option.direction)


def fill_edge(painter: QPainter, area: QRect, direction: Qt.LayoutDirection) -> None:
    """Draw the edge at the beginning of the area."""
    edge = QRect(area.left(), area.top(), EDGE, area.height())
    painter.fillRect(QStyle.visualRect(direction, area, edge), highlight())
