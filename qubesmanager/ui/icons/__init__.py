# SPDX-License-Identifier: GPL-3.0-or-later
"""The icons: our own SVG set in the palette's colours, the desktop's theme where it has one, cubes for labels.

The files are black strokes on a grid of 16; black is replaced by the colour that is asked for, so one set serves light,
dark and selected.
"""

from functools import cache
from importlib import resources

from PyQt5.QtCore import QByteArray, QPointF, QSize, Qt
from PyQt5.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPen, QPixmap, QPolygonF
from PyQt5.QtSvg import QSvgRenderer

from qubesmanager.wire.values import PowerState

_SIZES = (16, 22, 32, 48)
_GREEN, _AMBER, _BLUE, _RED = "#2e9e4f", "#c98a00", "#3a72c4", "#d0342c"

_STATES: dict[PowerState, tuple[str, str]] = {
    PowerState.RUNNING: ("state-running", _GREEN),
    PowerState.TRANSIENT: ("state-busy", _BLUE),
    PowerState.PAUSED: ("state-paused", _AMBER),
    PowerState.SUSPENDED: ("state-paused", _BLUE),
    PowerState.HALTING: ("state-busy", _AMBER),
    PowerState.DYING: ("state-busy", _AMBER),
    PowerState.CRASHED: ("state-crashed", _RED),
    PowerState.HALTED: ("state-halted", "#8a8f98"),
    PowerState.NA: ("help", "#8a8f98"),
}
"""Shape and colour; the shape alone distinguishes the states too."""


def icon(name: str) -> QIcon:
    """An icon of our set in the colour of the palette's text, greyed where disabled, light where selected."""
    palette = QGuiApplication.palette()
    return _icon(
        name,
        palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.WindowText).name(),
        palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText).name(),
        palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.HighlightedText).name(),
    )


def tinted_icon(name: str, color: QColor) -> QIcon:
    """An icon of our set in this colour, also where it is disabled or selected."""
    return _icon(name, color.name(), color.name(), color.name())


def state_icon(state: PowerState) -> QIcon:
    """The state's shape in its colour; in the selection's text colour where selected."""
    name, color = _STATES[state]
    selected = QGuiApplication.palette().color(QPalette.ColorGroup.Active, QPalette.ColorRole.HighlightedText).name()
    return _icon(name, color, color, selected)


def application_icon() -> QIcon:
    """The program's own: a cube in blue."""
    return label_icon("0x3465A4")


@cache
def label_icon(color: str) -> QIcon:
    """A cube in a label's colour (`0xRRGGBB`), with an edge that shows on any ground, also on a selection."""
    picture = QIcon()
    for size in _SIZES:
        for ratio in (1, 2):
            own = QColor(f"#{color.removeprefix('0x')}")
            picture.addPixmap(_cube(own, size, ratio))
            # Without a picture for selected rows, Qt would tint the label's colour there.
            picture.addPixmap(_cube(own, size, ratio, selected=True), QIcon.Mode.Selected)
    return picture


@cache
def _icon(name: str, normal: str, disabled: str, selected: str) -> QIcon:
    picture = QIcon()
    for mode, color in ((QIcon.Mode.Normal, normal), (QIcon.Mode.Disabled, disabled), (QIcon.Mode.Selected, selected)):
        for size in _SIZES:
            for ratio in (1, 2):
                picture.addPixmap(_pixmap(name, color, size, ratio), mode)
    return picture


def _pixmap(name: str, color: str, size: int, ratio: int) -> QPixmap:
    svg = resources.files(__name__).joinpath(f"{name}.svg").read_text(encoding="utf-8").replace("#000000", color)
    pixmap = QPixmap(QSize(size, size) * ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _cube(color: QColor, size: int, ratio: int, *, selected: bool = False) -> QPixmap:
    pixmap = QPixmap(QSize(size, size) * ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size * ratio / 16, size * ratio / 16)
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
    for edge in _RIM if selected else _EDGES:
        painter.setPen(edge)
        painter.drawPolygon(QPolygonF(corners))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


_EDGES = (QPen(QColor(255, 255, 255, 200), 1.4), QPen(QColor(40, 42, 46, 210), 0.6))
_RIM = (QPen(QColor(255, 255, 255, 255), 2.2), QPen(QColor(40, 42, 46, 235), 0.5))
"""On a selection the light one is a rim as wide as it must be for a blue cube to stand off from blue."""

_DARK = 40
"""Lightness below which a cube's top needs a lighter grey to be seen as a cube."""
