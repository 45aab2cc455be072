# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours of a widget and pictures in labels that follow the application's palette, also one that comes later."""

from collections.abc import Mapping

from PyQt5.QtCore import QEvent, QObject, QSize, Qt
from PyQt5.QtGui import QColor, QGuiApplication, QIcon, QPalette
from PyQt5.QtWidgets import QApplication, QLabel, QWidget

from qubesmanager.ui.icons import ColorOf

_GROUPS = (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive, QPalette.ColorGroup.Disabled)


def put_colors(widget: QWidget, colors: Mapping[QPalette.ColorRole, ColorOf]) -> None:
    """Give a widget these colours, each made of the application's palette, again at each new palette.

    They replace those of an earlier call. The text of a disabled button stays grey.
    """
    keepers = widget.findChildren(_Colors, options=Qt.FindChildOption.FindDirectChildrenOnly)
    keeper = keepers[0] if keepers else _Colors(widget)
    keeper.colors = dict(colors)
    keeper.put()


def window_color(palette: QPalette) -> QColor:
    """The ground of windows."""
    return palette.color(QPalette.ColorRole.Window)


class _Colors(QObject):
    """The colours of its parent."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._widget = parent
        self.colors: dict[QPalette.ColorRole, ColorOf] = {}
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.paletteChanged.connect(self.put)

    def put(self) -> None:
        """Only these roles are set; the widget inherits the others."""
        usual, own = QGuiApplication.palette(), QPalette()
        for role, color_of in self.colors.items():
            color = color_of(usual)
            for group in _GROUPS[: 2 if role == QPalette.ColorRole.ButtonText else 3]:
                own.setColor(group, role, color)
        self._widget.setPalette(own)


class IconLabel(QLabel):
    """A label with an icon, which is drawn again when the palette is another one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QIcon()
        self._side = 0

    def show_icon(self, picture: QIcon, side: int) -> None:
        """Show it in a square of this side, in pixels."""
        self._icon, self._side = picture, side
        self.setPixmap(picture.pixmap(QSize(side, side)))

    # Qt overrides

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange and self._side:
            self.show_icon(self._icon, self._side)
