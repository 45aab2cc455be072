# SPDX-License-Identifier: GPL-3.0-or-later
"""The places and edges of a layout in pixels of a font, and which of them are in a part of the picture."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from PyQt5.QtCore import QCoreApplication, QPointF, QRectF
from PyQt5.QtGui import QFont, QFontMetrics, QPainterPath

from qubesmanager.models.network_layout import OUTSIDE, Edge, Layout, Place, What
from qubesmanager.rules.topology import Remark
from qubesmanager.ui.map.remarks import badge_text
from qubesmanager.ui.widgets.fonts import scaled

MARGIN, HEAD, LANE_GAP, LANE_HEAD = 6, 11.5, 6, 7
"""In quarters of a line's height: around all, above the first row, above the lane and below its title."""
ROW, HEIGHT, GAP, LANE_BETWEEN = 13.5, 9.5, 15, 4.5
"""A row, the height of a place, the room for edges between columns, and between places of the lane."""
NARROWEST, WIDEST = 37, 62
AROUND_NAME = 14.5
"""What a place has beside its text."""
BADGE = 5
MANY = 12
"""Edges to one net qube that are drawn each by itself; more share a trunk."""
BADGE_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class Bundle:
    """The edges to one place, by the tops of the places they come from; `top` and `bottom` are of all of it."""

    netvm: Place
    edges: tuple[tuple[Edge, Place], ...]
    tops: tuple[float, ...]
    top: float
    bottom: float
    left: float
    right: float

    @property
    def is_trunk(self) -> bool:
        """Whether the edges share a line."""
        return len(self.edges) > MANY


class Scene:
    """`width` and `height` of the whole, and the rectangle of each place by its key."""

    def __init__(self, layout: Layout, font: QFont, *, is_mirrored: bool) -> None:
        self.layout = layout
        self.font, self.bold = QFont(font), scaled(font, 1.0, bold=True)
        self.small = scaled(font, BADGE_SHARE)
        self.unit = QFontMetrics(font).height() / 4
        self.is_mirrored = is_mirrored
        self.texts = {place.key: place_text(place) for place in layout.places}
        self.side = self._side()
        self.by_key = {place.key: place for place in layout.places}
        self._pitch = self.side + GAP * self.unit
        self._lane_pitch = self._pitch_of_lane()
        across = layout.columns * self._pitch - GAP * self.unit
        lane = layout.lane_columns * self._lane_pitch if layout.lane_rows else 0
        self.width = max(across, lane) + 2 * MARGIN * self.unit
        self.lane_top = (HEAD + layout.rows * ROW + LANE_GAP) * self.unit
        self.height = self.lane_top + (LANE_HEAD + layout.lane_rows * ROW + MARGIN / 2) * self.unit
        self.rects = {place.key: self._rect(place) for place in layout.places}
        self._columns: dict[tuple[bool, int], tuple[list[float], list[Place]]] = {}
        for place in sorted(layout.places, key=lambda place: self.rects[place.key].top()):
            tops, places = self._columns.setdefault((place.is_lane, place.column), ([], []))
            tops.append(self.rects[place.key].top())
            places.append(place)
        self.bundles = self._bundles()

    def _side(self) -> float:
        """The width of a place: that of the longest text, within limits."""
        metrics = QFontMetrics(self.bold)
        longest = max((metrics.horizontalAdvance(text) for text in self.texts.values()), default=0)
        return min(max(NARROWEST * self.unit, longest + AROUND_NAME * self.unit), WIDEST * self.unit)

    def _pitch_of_lane(self) -> float:
        """From one place of the lane to the next: as far as the longest badge needs, within limits."""
        remarks = [place.remark for place in self.layout.places if place.is_lane and place.remark is not None]
        longest = max(map(self._badge_width, remarks), default=0.0)
        return max(self.side + LANE_BETWEEN * self.unit, min(longest, WIDEST * self.unit) + 2 * self.unit)

    def _badge_width(self, remark: Remark) -> float:
        return QFontMetrics(self.small).horizontalAdvance(badge_text(remark)) + 9 * self.unit

    def _rect(self, place: Place) -> QRectF:
        if place.is_lane:
            left = place.column * self._lane_pitch
            top = self.lane_top + (LANE_HEAD + place.top * ROW) * self.unit
        else:
            left, top = place.column * self._pitch, (HEAD + place.top * ROW) * self.unit
        return self.mirrored(QRectF(left + MARGIN * self.unit, top, self.side, HEIGHT * self.unit))

    def mirrored(self, rect: QRectF) -> QRectF:
        """The rectangle where it is drawn: from the other side in a language that is read from the right."""
        if not self.is_mirrored:
            return rect
        return QRectF(self.width - rect.right(), rect.top(), rect.width(), rect.height())

    def column_rect(self, column: int) -> QRectF:
        """Where the title of a column is."""
        left = MARGIN * self.unit + column * self._pitch
        return self.mirrored(QRectF(left, 2 * self.unit, self._pitch - 2 * self.unit, 7 * self.unit))

    def lane_rect(self) -> QRectF:
        """The title of the lane, over the whole width, below its dividing line."""
        margin = MARGIN * self.unit
        return QRectF(margin, self.lane_top, self.width - 2 * margin, LANE_HEAD * self.unit)

    def badge_rect(self, place: Place) -> QRectF:
        """The badge below a place that has one, as wide as its text and no wider than there is room."""
        rect = self.rects[place.key]
        if place.remark is None:
            return QRectF()
        room = self._lane_pitch if place.is_lane else self._pitch
        width = min(self._badge_width(place.remark), room - 2 * self.unit)
        left = rect.right() - width if self.is_mirrored else rect.left()
        return QRectF(left, rect.bottom() + 1.5 * self.unit, width, BADGE * self.unit)

    def visible(self, clip: QRectF) -> Iterator[Place]:
        """The places that are in the clip, with their badges; only these are looked at."""
        for tops, places in self._columns.values():
            column = self.rects[places[0].key]
            room = self._pitch
            if column.right() + room < clip.left() or column.left() - room > clip.right():
                continue
            for at in range(bisect_left(tops, clip.top() - (HEIGHT + BADGE + 2) * self.unit), len(places)):
                if tops[at] > clip.bottom():
                    break
                yield places[at]

    def at(self, point: QPointF) -> Place | None:
        """The place at a point of the scene."""
        clip = QRectF(point.x() - 1, point.y() - 1, 2, 2)
        return next((place for place in self.visible(clip) if self.rects[place.key].contains(point)), None)

    def is_lane(self, point: QPointF) -> bool:
        """Whether the point is in the lane of the qubes without network."""
        return point.y() >= self.lane_top

    def in_column(self, place: Place) -> list[Place]:
        """The places above and below this one, from the top."""
        return self._columns[place.is_lane, place.column][1]

    def columns(self, *, is_lane: bool) -> int:
        """How many columns the tree or the lane has."""
        return sum(1 for lane, _column in self._columns if lane is is_lane)

    def lane(self) -> list[Place]:
        """The places of the lane, row by row."""
        return [place for place in self.layout.places if place.is_lane]

    def nearest(self, column: int, top: float) -> Place | None:
        """The place of a column of the tree that is nearest to this height."""
        _tops, places = self._columns.get((False, column), ([], []))
        return min(places, key=lambda place: abs(place.top - top), default=None)

    # -- edges --------------------------------------------------------------------------------------------------------

    def _bundles(self) -> list[Bundle]:
        by_netvm: dict[str, list[tuple[Edge, Place]]] = {}
        for edge in self.layout.edges:
            by_netvm.setdefault(edge.netvm, []).append((edge, self.by_key[edge.user]))
        return [self._bundle(self.by_key[key], edges) for key, edges in by_netvm.items()]

    def _bundle(self, netvm: Place, edges: Iterable[tuple[Edge, Place]]) -> Bundle:
        ordered = tuple(sorted(edges, key=lambda pair: pair[1].top))
        rects = [self.rects[netvm.key], *(self.rects[place.key] for _edge, place in ordered)]
        return Bundle(
            netvm,
            ordered,
            tuple(self.rects[place.key].top() for _edge, place in ordered),
            min(rect.top() for rect in rects),
            max(rect.bottom() for rect in rects),
            min(rect.left() for rect in rects),
            max(rect.right() for rect in rects),
        )

    def ends(self, user: QRectF, netvm: QRectF) -> tuple[QPointF, QPointF]:
        """Where an edge begins at its user and ends at its net qube."""
        left, right = QPointF(user.left(), user.center().y()), QPointF(netvm.right(), netvm.center().y())
        if self.is_mirrored:
            left, right = QPointF(user.right(), user.center().y()), QPointF(netvm.left(), netvm.center().y())
        return left, right

    def curve(self, user: QRectF, netvm: QRectF, *, is_loop: bool = False) -> QPainterPath:
        """The line of an edge; one that leads back goes below."""
        start, end = self.ends(user, netvm)
        toward = 1 if self.is_mirrored else -1
        path = QPainterPath(start)
        reach = max(7 * self.unit, abs(start.x() - end.x()) / 2)
        below = ROW * self.unit if is_loop else 0
        path.cubicTo(start + QPointF(toward * reach, below), end + QPointF(-toward * reach, below), end)
        return path

    def trunk(self, bundle: Bundle) -> float:
        """Where the common line of a bundle is, from the left."""
        rect = self.rects[bundle.netvm.key]
        away = GAP * self.unit / 2
        return rect.left() - away if self.is_mirrored else rect.right() + away

    def stubs(self, bundle: Bundle, clip: QRectF) -> Iterator[tuple[Edge, Place]]:
        """The edges of a trunk whose users are in the clip."""
        first = bisect_left(bundle.tops, clip.top() - HEIGHT * self.unit)
        for at in range(first, len(bundle.edges)):
            if bundle.tops[at] > clip.bottom():
                break
            yield bundle.edges[at]


def place_text(place: Place) -> str:
    """What is written at a place."""
    translate = QCoreApplication.translate
    number = len(place.names)
    if place.what is What.HALTED:
        return translate("Map", "%n halted qube(s)", "", number)
    if place.what is What.OTHERS:
        return translate("Map", "%n more qube(s)", "", number)
    if place.what is What.TEMPLATES:
        return translate("Map", "%n template(s)", "", number)
    if place.what is What.FEWER:
        return translate("Map", "Show fewer")
    return translate("Map", "Internet") if place.key == OUTSIDE else place.names[0]


def hops_text(column: int) -> str:
    """The title of a column."""
    translate = QCoreApplication.translate
    return translate("Map", "%n hop(s)", "", column) if column else translate("Map", "Outside")
