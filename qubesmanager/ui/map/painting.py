# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws a scene: on the screen only what is seen of it, into a file all of it as shapes."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from PyQt5.QtCore import QCoreApplication, QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QFont, QFontMetrics, QIcon, QPainter, QPalette, QPen, QPolygonF

from qubesmanager.models.network_layout import Link, Place, What
from qubesmanager.rules.facts import QubeFacts, Qubes
from qubesmanager.ui.icons import is_dark, label_icon, paint_cube, paint_icon, paint_state, state_icon, tinted_icon
from qubesmanager.ui.map.remarks import badge_text
from qubesmanager.ui.map.scene import Bundle, Scene, hops_text
from qubesmanager.ui.widgets.labels import blended, fault_color, warning_color
from qubesmanager.ui.widgets.selection import highlight

READABLE = 0.4
"""The scale below which places are drawn without text, which could not be read."""
CUBE, STATE = 16, 14
"""Pixels of icons at the scale 1 with usual text."""
PICTURES = {
    What.OUTSIDE: "globe",
    What.HALTED: "qubes",
    What.OTHERS: "qubes",
    What.TEMPLATES: "template",
    What.FEWER: "minus",
    What.MISSING: "warning",
}
DIM = 0.35


@dataclass(frozen=True, slots=True)
class Look:
    """What is drawn in another way: places by their keys."""

    current: str = ""
    target: str = ""
    """The place, or `LANE`, that a drag would end at."""
    dimmed: Callable[[Place], bool] = lambda _place: False
    has_keys: bool = True
    moved: Collection[str] = ()


LANE = "lane"


def quiet_color(palette: QPalette) -> QColor:
    """The colour of what is not a running qube."""
    return blended(palette.color(QPalette.ColorRole.Text), palette.color(QPalette.ColorRole.Base), 0.7)


class Colors:
    """The colours of a picture in a palette."""

    def __init__(self, palette: QPalette) -> None:
        roles = QPalette.ColorRole
        self.text, self.base = palette.color(roles.Text), palette.color(roles.Base)
        self.quiet = quiet_color(palette)
        self.line = blended(self.text, self.base, 0.15)
        self.accent = highlight()
        self.warning, self.fault = warning_color(palette), fault_color(palette)
        self.ground = blended(self.text, self.base, 0.07 if is_dark(palette) else 0.03)
        self.edges = {
            Link.LIVE: QPen(blended(self.text, self.base, 0.62), 1.5),
            Link.IDLE: QPen(blended(self.text, self.base, 0.4), 1.1, Qt.PenStyle.DashLine),
            Link.AROUND: QPen(self.warning, 2.2),
            Link.LOOP: QPen(self.fault, 1.6),
        }
        self.alive = QPen(blended(self.text, self.base, 0.42), 1)
        self.still = QPen(blended(self.text, self.base, 0.42), 1, Qt.PenStyle.DashLine)


class ScenePainter:
    """Draws scenes of these qubes with this painter. `color_of` gives the label's colour of a qube.

    `is_file`: icons are drawn as shapes, and everything with its text. `scale` is that of the painter.
    """

    def __init__(
        self,
        painter: QPainter,
        colors: Colors,
        qubes: Qubes,
        color_of: Callable[[str], str],
        *,
        scale: float = 1.0,
        is_file: bool = False,
    ) -> None:
        self._painter = painter
        self._colors = colors
        self._qubes = qubes
        self._color_of = color_of
        self._scale = scale
        self._is_file = is_file
        self._is_readable = is_file or scale >= READABLE

    def paint(self, scene: Scene, look: Look, clip: QRectF) -> int:
        """Draw what is in the clip. Returns the number of places that were drawn."""
        painter = self._painter
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self._is_readable)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._titles(scene, look, clip)
        for bundle in scene.bundles:
            beside = bundle.right < clip.left() or bundle.left > clip.right()
            if not beside and bundle.bottom >= clip.top() and bundle.top <= clip.bottom():
                self._bundle(scene, bundle, look, clip)
        number = 0
        for place in scene.visible(clip):
            self.place(scene, place, scene.rects[place.key], look)
            number += 1
        return number

    def _titles(self, scene: Scene, look: Look, clip: QRectF) -> None:
        painter, unit = self._painter, scene.unit
        start = self._start(scene)
        painter.setFont(scene.bold)
        painter.setPen(self._colors.quiet)
        if self._is_readable:
            for column in range(scene.layout.columns):
                rect = scene.column_rect(column)
                if rect.intersects(clip):
                    painter.drawText(rect, start, hops_text(column))
        lane = scene.lane_rect()
        if look.target == LANE:
            ground = QColor(self._colors.accent)
            ground.setAlphaF(0.12)
            painter.fillRect(QRectF(0, lane.top(), scene.width, scene.height - lane.top()), ground)
        painter.setPen(self._colors.line)
        painter.drawLine(lane.topLeft(), lane.topRight())
        if not self._is_readable or not lane.intersects(clip):
            return
        title = QCoreApplication.translate("Map", "Without network")
        hint = QCoreApplication.translate("Map", "Drop a qube here to disconnect it.")
        painter.setPen(self._colors.quiet)
        painter.drawText(lane, start, title)
        wide = QFontMetrics(scene.bold).horizontalAdvance(title) + 3 * unit
        painter.setFont(scene.font)
        beside = lane.adjusted(0, 0, -wide, 0) if scene.is_mirrored else lane.adjusted(wide, 0, 0, 0)
        painter.drawText(beside, start, hint)

    # -- edges --------------------------------------------------------------------------------------------------------

    def _bundle(self, scene: Scene, bundle: Bundle, look: Look, clip: QRectF) -> None:
        netvm = scene.rects[bundle.netvm.key]
        links = {edge.link for edge, _place in bundle.edges}
        if bundle.is_trunk:
            self._trunk(scene, bundle, clip)
        else:
            for edge, user in bundle.edges:
                self._edge(scene, edge.link, scene.rects[user.key], netvm, is_faint=user.key in look.moved)
        if links - {Link.IDLE} and self._is_readable:
            self._arrow(scene, netvm, self._colors.edges[Link.AROUND if Link.AROUND in links else Link.LIVE].color())

    def _edge(self, scene: Scene, link: Link, user: QRectF, netvm: QRectF, *, is_faint: bool = False) -> None:
        painter = self._painter
        pen = QPen(self._colors.edges[link])
        if is_faint:
            pen = QPen(self._colors.edges[Link.IDLE])
            pen.setStyle(Qt.PenStyle.DotLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._is_readable:
            painter.drawPath(scene.curve(user, netvm, is_loop=link is Link.LOOP))
        else:
            painter.drawLine(*scene.ends(user, netvm))

    def _trunk(self, scene: Scene, bundle: Bundle, clip: QRectF) -> None:
        """Many edges as one line along the net qube, with a stub for each user that is seen."""
        painter = self._painter
        across = scene.trunk(bundle)
        netvm = scene.rects[bundle.netvm.key]
        _start, end = scene.ends(netvm, netvm)
        live = any(edge.link is not Link.IDLE for edge, _place in bundle.edges)
        users = [scene.rects[bundle.edges[at][1].key].center().y() for at in (0, -1)]
        top, bottom = min(users[0], end.y()), max(users[1], end.y())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._colors.edges[Link.LIVE if live else Link.IDLE])
        painter.drawLine(end, QPointF(across, end.y()))
        high, low = max(top, clip.top() - scene.unit), min(bottom, clip.bottom() + scene.unit)
        if high < low:
            painter.drawLine(QPointF(across, high), QPointF(across, low))
        for edge, user in scene.stubs(bundle, clip):
            start, _end = scene.ends(scene.rects[user.key], netvm)
            painter.setPen(self._colors.edges[edge.link])
            painter.drawLine(start, QPointF(across, start.y()))

    def _arrow(self, scene: Scene, netvm: QRectF, color: QColor) -> None:
        """The point of the edges at a net qube."""
        _start, end = scene.ends(netvm, netvm)
        away = (-1 if scene.is_mirrored else 1) * 2.2 * scene.unit
        high = 1.25 * scene.unit
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(color)
        self._painter.drawPolygon(QPolygonF([end, end + QPointF(away, -high), end + QPointF(away, high)]))

    def proposed(self, scene: Scene, user: QRectF, netvm: QRectF) -> None:
        """An edge that is not sent yet."""
        self._painter.setPen(QPen(self._colors.accent, 2.4, Qt.PenStyle.DashLine))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawPath(scene.curve(user, netvm))
        self._arrow(scene, netvm, self._colors.accent)

    # -- places -------------------------------------------------------------------------------------------------------

    def place(self, scene: Scene, place: Place, rect: QRectF, look: Look) -> None:
        """Draw a place at a rectangle of the scene."""
        painter, unit = self._painter, scene.unit
        qube = self._qubes.get(place.names[0]) if place.what is What.QUBE else None
        is_alive = place.what in {What.OUTSIDE, What.OTHERS} or (qube is not None and qube.running)
        painter.save()
        if place.key in look.moved or look.dimmed(place):
            painter.setOpacity(DIM)
        if look.target == place.key:
            painter.setPen(QPen(self._colors.accent, 2.4))
            painter.setBrush(blended(self._colors.accent, self._colors.base, 0.16))
            painter.drawRoundedRect(rect.adjusted(-unit, -unit, unit, unit), 1.7 * unit, 1.7 * unit)
        painter.setBrush(self._colors.ground if is_alive else self._colors.base)
        painter.setPen(self._frame(place, look, is_alive=is_alive))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), unit, unit)
        if look.current == place.key and look.has_keys and not look.moved:
            painter.setPen(QPen(self._colors.accent, 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(-3, -3, 3, 3), 1.5 * unit, 1.5 * unit)
        if self._is_readable:
            self._content(scene, place, rect, qube, is_alive=is_alive)
            if place.remark is not None:
                self._badge(scene, place)
        painter.restore()

    def _frame(self, place: Place, look: Look, *, is_alive: bool) -> QPen:
        if look.current == place.key:
            return QPen(self._colors.accent, 1.8)
        if place.remark is not None or place.what is What.MISSING:
            return QPen(self._colors.warning, 1.8)
        return self._colors.alive if is_alive else self._colors.still

    def _content(self, scene: Scene, place: Place, rect: QRectF, qube: QubeFacts | None, *, is_alive: bool) -> None:
        """Cube, name and state from the beginning to the end; or the icon and words of a shared place."""
        painter, unit = self._painter, scene.unit
        side, smaller = CUBE * unit / 4, STATE * unit / 4
        middle = rect.center().y()
        first = self._mirrored(scene, rect, QRectF(rect.left() + 2.5 * unit, middle - side / 2, side, side))
        last = self._mirrored(
            scene, rect, QRectF(rect.right() - 2.5 * unit - smaller, middle - smaller / 2, smaller, smaller)
        )
        if qube is not None:
            color = self._color_of(qube.name)
            self._picture(first, label_icon(color), lambda: paint_cube(painter, first, color))
            self._picture(last, state_icon(qube.state), lambda: paint_state(painter, last, qube.state))
        else:
            name = PICTURES[place.what]
            color_of_icon = self._colors.warning if place.what is What.MISSING else self._colors.quiet
            picture = tinted_icon(name, warning_color if place.what is What.MISSING else quiet_color)
            self._picture(first, picture, lambda: paint_icon(painter, first, name, color_of_icon))
        is_bold = is_alive and qube is not None
        font = scene.bold if is_bold else scene.font
        start, end = 2.5 * unit + side + 1.75 * unit, 2 * unit + (smaller + unit if qube is not None else 0)
        area = self._mirrored(scene, rect, rect.adjusted(start, 0, -end, 0))
        self._text(area, scene.texts[place.key], font, self._colors.text if is_alive else self._colors.quiet, scene)

    def _badge(self, scene: Scene, place: Place) -> None:
        painter, unit = self._painter, scene.unit
        if place.remark is None:
            return
        rect = scene.badge_rect(place)
        ground = blended(self._colors.warning, self._colors.base, 0.14)
        painter.setPen(QPen(self._colors.warning, 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        side = 3 * unit
        left = QRectF(rect.left() + 2 * unit, rect.center().y() - side / 2, side, side)
        sign = self._mirrored(scene, rect, left)
        color = self._colors.warning
        self._picture(sign, tinted_icon("warning", warning_color), lambda: paint_icon(painter, sign, "warning", color))
        area = self._mirrored(scene, rect, rect.adjusted(6 * unit, 0, -2 * unit, 0))
        self._text(area, badge_text(place.remark), scene.small, color, scene)

    def _text(self, area: QRectF, text: str, font: QFont, color: QColor, scene: Scene) -> None:
        self._painter.setFont(font)
        self._painter.setPen(color)
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideMiddle, int(area.width()) + 1)
        self._painter.drawText(area, self._start(scene), shown)

    def _picture(self, area: QRectF, picture: QIcon, draw: Callable[[], None]) -> None:
        if self._is_file:
            draw()
            return
        side = max(1, round(area.width() * self._scale))
        pixmap = picture.pixmap(QSize(side, side))
        self._painter.drawPixmap(area, pixmap, QRectF(pixmap.rect()))

    @staticmethod
    def _start(scene: Scene) -> int:
        """The side that text begins at; `AlignAbsolute` keeps Qt from mirroring it a second time."""
        side = Qt.AlignmentFlag.AlignRight if scene.is_mirrored else Qt.AlignmentFlag.AlignLeft
        return int(side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter)

    @staticmethod
    def _mirrored(scene: Scene, outer: QRectF, inner: QRectF) -> QRectF:
        if not scene.is_mirrored:
            return inner
        return QRectF(outer.left() + outer.right() - inner.right(), inner.top(), inner.width(), inner.height())
