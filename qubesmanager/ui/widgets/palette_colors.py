# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours of a widget and pictures in labels that follow the application's palette, also one that comes later."""

from collections.abc import Mapping, Sequence
from weakref import WeakSet

from PyQt5 import sip
from PyQt5.QtCore import QEvent, QObject, QSize, Qt
from PyQt5.QtGui import QColor, QGuiApplication, QIcon, QPalette
from PyQt5.QtWidgets import QApplication, QLabel, QWidget

from qubesmanager.ui.icons import ColorOf
from qubesmanager.ui.widgets.turns import AT_ONCE, Steps, Turns

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


Made = dict[tuple[tuple[QPalette.ColorRole, ColorOf], ...], QPalette]
"""Palettes by the colours that they are made of."""


class _Colors(QObject):
    """The colours of its parent."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._widget = parent
        self.colors: dict[QPalette.ColorRole, ColorOf] = {}
        application = QApplication.instance()
        if isinstance(application, QApplication):
            _Followers.of(application).all.add(self)

    @property
    def is_seen(self) -> bool:
        return self._widget.isVisible()

    def put(self, made: Made | None = None) -> None:
        """Only these roles are set; the widget inherits the others."""
        key = tuple(self.colors.items())
        own = None if made is None else made.get(key)
        if own is None:
            own = _palette(self.colors)
            if made is not None:
                made[key] = own
        self._widget.setPalette(own)


def _palette(colors: Mapping[QPalette.ColorRole, ColorOf]) -> QPalette:
    """These colours, made of the application's palette."""
    usual, own = QGuiApplication.palette(), QPalette()
    for role, color_of in colors.items():
        color = color_of(usual)
        for group in _GROUPS[: 2 if role == QPalette.ColorRole.ButtonText else 3]:
            own.setColor(group, role, color)
    return own


class _Followers(QObject):
    """All widgets with such colours. Of more than `AT_ONCE` those that are seen follow first, the rest in turns."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self.all: WeakSet[_Colors] = WeakSet()
        self._turns = Turns(self)
        application.paletteChanged.connect(self._follow)

    @classmethod
    def of(cls, application: QApplication) -> "_Followers":
        present: _Followers | None = application.findChild(cls, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return cls(application) if present is None else present

    def _follow(self) -> None:
        self._turns.drop(self)
        there = [colors for colors in self.all if not sip.isdeleted(colors)]
        every = sorted(there, key=lambda colors: not colors.is_seen)
        made: Made = {}
        for colors in every[:AT_ONCE]:
            colors.put(made)
        if len(every) > AT_ONCE:
            self._turns.put(self, lambda: self._put_each(every[AT_ONCE:], made), later=True)

    @staticmethod
    def _put_each(every: Sequence[_Colors], made: Made) -> Steps:
        for colors in every:
            if not sip.isdeleted(colors):
                colors.put(made)
            yield


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
