# SPDX-License-Identifier: GPL-3.0-or-later
"""The icons: our own SVG set in the palette's colours, the desktop's theme where it has one, cubes for labels.

The files are black strokes on a grid of 16; black is replaced by the colour that is asked for, so one set serves light,
and dark. An icon looks for its colour each time it is drawn, so it follows a palette that comes later.
"""

from collections.abc import Callable
from functools import cache
from importlib import resources

from PyQt5.QtCore import QByteArray, QPointF, QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPen, QPixmap, QPolygonF
from PyQt5.QtSvg import QSvgRenderer

from qubesmanager.wire.values import PowerState

_SIZES = (16, 22, 32, 48)
_GREEN, _AMBER, _BLUE = ("#1f8a43", "#46b96a"), ("#9a6500", "#e3b04b"), ("#3a72c4", "#6ea4ea")
_RED, _GREY = ("#b0400a", "#ff9d66"), ("#6f747c", "#9aa0a8")
"""On a light and on a dark ground: at least 3 to 1 beside it, and beside the tint of a selection."""

ColorOf = Callable[[QPalette], QColor]
"""Gives a colour of a palette, or one that is made for it."""


def either(light: str, dark: str) -> ColorOf:
    """One colour on a light ground of lists, another on a dark one."""
    return lambda palette: QColor(dark if is_dark(palette) else light)


_STATES: dict[PowerState, tuple[str, ColorOf]] = {
    PowerState.RUNNING: ("state-running", either(*_GREEN)),
    PowerState.TRANSIENT: ("state-busy", either(*_BLUE)),
    PowerState.PAUSED: ("state-paused", either(*_AMBER)),
    PowerState.SUSPENDED: ("state-paused", either(*_BLUE)),
    PowerState.HALTING: ("state-busy", either(*_AMBER)),
    PowerState.DYING: ("state-busy", either(*_AMBER)),
    PowerState.CRASHED: ("state-crashed", either(*_RED)),
    PowerState.HALTED: ("state-halted", either(*_GREY)),
    PowerState.NA: ("help", either(*_GREY)),
}
"""Shape and colours; the shape alone distinguishes the states too."""


def icon(name: str) -> QIcon:
    """An icon of our set in the colour of the palette's text, greyed where disabled."""
    return _icon(name, window_text_color, _disabled_color)


def tinted_icon(name: str, color: ColorOf) -> QIcon:
    """An icon of our set in this colour of the application's palette, also where it is disabled.

    `color` is a function that stays: the icon is kept by it.
    """
    return _icon(name, color, color)


def state_icon(state: PowerState) -> QIcon:
    """The state's shape in its colour."""
    return tinted_icon(*_STATES[state])


def paint_state(painter: QPainter, area: QRectF, state: PowerState) -> None:
    """Draw the state's shape in its colour as lines, not as a picture: for a file of any size."""
    name, color = _STATES[state]
    paint_icon(painter, area, name, color(QGuiApplication.palette()))


def paint_icon(painter: QPainter, area: QRectF, name: str, color: QColor) -> None:
    """Draw an icon of our set in this colour as lines."""
    QSvgRenderer(_svg(name, color.name())).render(painter, area)


def paint_cube(painter: QPainter, area: QRectF, color: str) -> None:
    """Draw the cube of a label's colour (`0xRRGGBB`) as shapes."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(area.topLeft())
    painter.scale(area.width() / GRID, area.height() / GRID)
    _draw_cube(painter, QColor(f"#{color.removeprefix('0x')}"))
    painter.restore()


def is_dark(palette: QPalette) -> bool:
    """Whether the ground of lists is dark in this palette."""
    return palette.color(QPalette.ColorRole.Base).lightness() < _HALF


def application_icon() -> QIcon:
    """The program's own: a cube in blue."""
    return label_icon("0x3465A4")


@cache
def label_icon(color: str) -> QIcon:
    """A cube in a label's colour (`0xRRGGBB`), with an edge that shows on any ground."""
    picture = QIcon()
    for size in _SIZES:
        for ratio in (1, 2):
            cube = _cube(QColor(f"#{color.removeprefix('0x')}"), size, ratio)
            # Without a picture for selected rows, Qt would tint the label's colour there.
            for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
                picture.addPixmap(cube, mode)
    return picture


def window_text_color(palette: QPalette) -> QColor:
    """The colour of text on the ground of windows, and of icons."""
    return palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.WindowText)


def _disabled_color(palette: QPalette) -> QColor:
    return palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText)


@cache
def _icon(name: str, normal: ColorOf, disabled: ColorOf) -> QIcon:
    return QIcon(_Drawn(name, normal, disabled))


class _Drawn(QIconEngine):
    """An icon of our set, drawn in each size when that is shown first: in all sizes they take 10 MB.

    Selected rows have the normal picture: Qt would tint it, and the ground is tinted already.
    """

    def __init__(self, name: str, normal: ColorOf, disabled: ColorOf) -> None:
        super().__init__()
        self._parts = (name, normal, disabled)
        self._pixmaps: dict[tuple[int, int, str], QPixmap] = {}
        """By width, height and colour."""

    # Qt overrides

    def pixmap(self, size: QSize, mode: QIcon.Mode, _state: QIcon.State) -> QPixmap:
        """`size` is in pixels of the screen; where there is no room, nothing is drawn."""
        if size.isEmpty():
            return QPixmap()
        name, normal, disabled = self._parts
        color = (disabled if mode == QIcon.Mode.Disabled else normal)(QGuiApplication.palette())
        key = size.width(), size.height(), color.name()
        if key not in self._pixmaps:
            pixmap = QPixmap(size)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            side = min(key[:2])
            area = QRectF((key[0] - side) / 2, (key[1] - side) / 2, side, side)
            QSvgRenderer(_svg(name, key[2])).render(painter, area)
            painter.end()
            self._pixmaps[key] = pixmap
        return self._pixmaps[key]

    def paint(self, painter: QPainter | None, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        device = painter.device() if painter is not None else None
        if painter is not None and device is not None:
            painter.drawPixmap(rect, self.pixmap(rect.size() * device.devicePixelRatioF(), mode, state))

    def clone(self) -> QIconEngine:
        return _Drawn(*self._parts)


def _svg(name: str, color: str) -> QByteArray:
    """The file of an icon, in this colour."""
    text = resources.files(__name__).joinpath(f"{name}.svg").read_text(encoding="utf-8")
    return QByteArray(text.replace("#000000", color).encode())


def _cube(color: QColor, size: int, ratio: int) -> QPixmap:
    pixmap = QPixmap(QSize(size, size) * ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size * ratio / GRID, size * ratio / GRID)
    _draw_cube(painter, color)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _draw_cube(painter: QPainter, color: QColor) -> None:
    """Draw it on the grid of the icons."""
    dark = color.lightness() < _DARK
    top, left, right = (color.lighter(150) if not dark else QColor("#4a4d52")), color, color.darker(135)
    center = QPointF(8, 8)
    corners = [
        QPointF(8, 1.4),
        QPointF(13.8, 4.7),
        QPointF(13.8, 11.3),
        QPointF(8, 14.6),
        QPointF(2.2, 11.3),
        QPointF(2.2, 4.7),
    ]
    painter.setPen(Qt.PenStyle.NoPen)
    for face, brush in (((5, 0, 1), top), ((5, None, 3, 4), left), ((1, 2, 3, None), right)):
        points = [center if at is None else corners[at] for at in face]
        if len(points) == len(("left", "top", "right")):
            points.append(center)
        painter.setBrush(brush)
        painter.drawPolygon(QPolygonF(points))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    # Two edges: one of them shows, whatever is behind.
    for edge in _EDGES:
        painter.setPen(edge)
        painter.drawPolygon(QPolygonF(corners))


GRID = 16
"""The side of the square that icons are drawn in."""
_EDGES = (QPen(QColor(255, 255, 255, 200), 1.4), QPen(QColor(40, 42, 46, 210), 0.6))

_HALF = 128
"""The lightness in the middle between black and white."""
_DARK = 40
"""Lightness below which a cube's top needs a lighter grey to be seen as a cube."""
