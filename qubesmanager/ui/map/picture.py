# SPDX-License-Identifier: GPL-3.0-or-later
"""The network as a picture: drawn, zoomed, walked through with the keys, and changed by dragging a qube.

Nothing is sent from here: a drop is a signal, and its receiver shows the plan.
"""

from dataclasses import dataclass, replace

from PyQt5.QtCore import QBuffer, QEvent, QIODevice, QPoint, QPointF, QRectF, QSize, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QWheelEvent,
)
from PyQt5.QtSvg import QSvgGenerator
from PyQt5.QtWidgets import QAbstractScrollArea, QApplication, QScrollBar, QToolTip, QWidget

from qubesmanager.models.network_layout import Layout, Place, What, lay_out
from qubesmanager.models.texts import plain_tip, state_text
from qubesmanager.plans.properties import NETVM
from qubesmanager.ui.map.painting import LANE, Colors, Look, ScenePainter
from qubesmanager.ui.map.plan_card import PlanCard
from qubesmanager.ui.map.remarks import remark_text
from qubesmanager.ui.map.scene import Scene, place_text
from qubesmanager.ui.session.session import Session

SMALLEST, LARGEST, STEP = 0.25, 3.0, 1.2
"""Limits of the scale, and what one step makes of it."""
READABLE = 0.75
"""The least scale that the picture has by itself."""
EDGE, SCROLL_MS = 24, 30
"""Pixels at the edge where a drag scrolls the picture, and how often it does."""
WHEEL = 120
"""What one notch of a wheel reports."""


@dataclass(slots=True)
class _Drag:
    """What is dragged; `grip` is where in its place it was taken, `at` where the mouse is, both in the scene.

    `netvms`: the net qubes of what is dragged when that began. They are not read at each movement of the mouse.
    """

    place: Place
    netvms: frozenset[str]
    grip: QPointF
    at: QPointF
    target: str | None = None
    """The net qube that it would get; empty for none, None where nothing would happen."""


class NetworkPicture(QAbstractScrollArea):
    """All qubes, their net qubes and the outside.

    Signals: `current_changed()`; `activated(str)`: open a qube; `menu_wanted(QPoint)`: for the current qubes, at a
    point of the screen; `dropped(tuple[str], str)`: qubes, and the net qube that they get, empty for none;
    `prompt_wanted()`: ask for the net qube by name; `scale_changed()`.
    """

    current_changed = pyqtSignal()
    activated = pyqtSignal(str)
    menu_wanted = pyqtSignal(QPoint)
    dropped = pyqtSignal(tuple, str)
    prompt_wanted = pyqtSignal()
    scale_changed = pyqtSignal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._opened: set[str] = set()
        self._alone: set[str] = set()
        self._typed = ""
        self._current = ""
        self._pressed: tuple[QPointF, Place] | None = None
        self._panned: QPoint | None = None
        self.drag: _Drag | None = None
        self.scale = 1.0
        self.has_begun = False
        """Whether it was seen, and shows since then what the user chose."""
        self.drawn = 0
        """Places that were drawn the last time."""
        self.layout_of_qubes: Layout = lay_out({})
        self.scene = self._scene()
        self.card = PlanCard(session, self.viewport() or self)
        self.card.filled.connect(self._put_card)
        self._scroller = QTimer(self)
        self._scroller.setInterval(SCROLL_MS)
        self._scroller.timeout.connect(self._scroll_on)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if (viewport := self.viewport()) is not None:
            viewport.setMouseTracking(True)
            viewport.setBackgroundRole(QPalette.ColorRole.Base)
        self._speak()

    # -- what is shown ------------------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Lay out what is known now."""
        if self.drag is not None:  # it would jump away under the mouse
            return
        self.layout_of_qubes = lay_out(self._session.records, self._opened, self._alone)
        name = self._current.removeprefix("qube:")
        if name in self.layout_of_qubes.by_qube:
            self._current = self.layout_of_qubes.by_qube[name].key
        self.scene = self._scene()
        if self._current not in self.scene.by_key:
            self._current = ""
        self._fit_bars()
        self._speak()
        self._update()

    def current(self) -> Place | None:
        """The place that is selected."""
        return self.scene.by_key.get(self._current)

    def current_names(self) -> tuple[str, ...]:
        """The qubes of the selected place; none for one that is not there, or for the outside."""
        place = self.current()
        return place.names if place is not None and place.what is not What.MISSING else ()

    def choose(self, name: str) -> None:
        """Select a qube and bring it into sight; it gets its own place."""
        place = self.layout_of_qubes.by_qube.get(name)
        if place is None:
            return
        if place.what is not What.QUBE:
            self._alone.add(name)
            self.fill()
            place = self.layout_of_qubes.by_qube[name]
        self._select(place)

    def show_found(self, typed: str) -> None:
        """Fade all qubes but those whose names contain the text."""
        self._typed = typed.strip().casefold()
        self._update()

    def toggle(self, place: Place) -> None:
        """Open a shared place, or close it again."""
        if place.fold:
            (self._opened.discard if place.fold in self._opened else self._opened.add)(place.fold)
            self.fill()
            self._select_key(place.key)

    def place_rect(self, place: Place) -> QRectF:
        """Where a place is, in the viewport."""
        rect = self.scene.rects[place.key]
        return QRectF(self._to_view(rect.topLeft()), rect.size() * self.scale)

    def spoken(self, place: Place) -> str:
        """A place in words: name, state, net qube, warnings."""
        if place.what is not What.QUBE:
            return place_text(place)
        record = self._session.records.get(place.names[0])
        if record is None:
            return place_text(place)
        netvm = record.value(NETVM)
        said = [record.name, state_text(record.state)]
        said.append(self.tr("net qube {0}").format(netvm) if netvm else self.tr("no net qube"))
        return ", ".join([*said, *map(remark_text, self.layout_of_qubes.remarks.get(record.name, ()))])

    # -- scale --------------------------------------------------------------------------------------------------------

    def zoom(self, steps: float, at: QPointF | None = None) -> None:
        """Make it larger by so many steps, smaller by negative ones; what is at this point of the viewport stays."""
        self.set_scale(self.scale * STEP**steps, at)

    def set_scale(self, scale: float, at: QPointF | None = None) -> None:
        """Draw at this scale, within limits."""
        viewport = self.viewport()
        scale = min(max(scale, SMALLEST), LARGEST)
        if viewport is None or scale == self.scale:
            return
        fixed = at or QPointF(viewport.rect().center())
        point = self._to_scene(fixed)
        self.scale = scale
        self._fit_bars()
        moved = self._to_view(point) - fixed
        self._scroll_by(moved)
        self._update()
        self.scale_changed.emit()

    def fit(self) -> None:
        """Show all of it, as far as it can be read."""
        viewport = self.viewport()
        if viewport is not None:
            room = viewport.size()
            self.set_scale(min(1.0, room.width() / self.scene.width, room.height() / self.scene.height))

    def begin(self) -> None:
        """Choose what is seen first: smaller where it is too wide, and the way to the outside in the middle."""
        viewport = self.viewport()
        if viewport is None or self.has_begun or not self.scene.rects:
            return
        self.has_begun = True
        self.set_scale(max(READABLE, min(1.0, viewport.width() / self.scene.width)))
        outside = next((each for each in self.layout_of_qubes.places if each.what is What.OUTSIDE), None)
        if outside is not None:
            middle = self.place_rect(outside).center()
            self._scroll_by(QPointF(0, middle.y() - viewport.height() / 2))

    def svg(self) -> bytes:
        """All of the picture as a file, in the colours of the screen."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        size = QSize(round(self.scene.width), round(self.scene.height))
        generator.setSize(size)
        generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
        generator.setTitle(self.tr("Network map"))
        generator.setDescription("")
        painter = QPainter(generator)
        area = QRectF(0, 0, size.width(), size.height())
        painter.fillRect(area, self.palette().color(QPalette.ColorRole.Base))
        self._painter(painter, is_file=True).paint(self.scene, Look(), area)
        painter.end()
        return bytes(buffer.data().data())

    # -- inside -------------------------------------------------------------------------------------------------------

    def _scene(self) -> Scene:
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        return Scene(self.layout_of_qubes, self.font(), is_mirrored=is_mirrored)

    def _painter(self, painter: QPainter, *, is_file: bool = False) -> ScenePainter:
        return ScenePainter(
            painter,
            Colors(self.palette()),
            self._session.records,
            self._session.color_of_qube,
            scale=1.0 if is_file else self.scale * self.devicePixelRatioF(),
            is_file=is_file,
        )

    def _look(self) -> Look:
        drag = self.drag
        target = ""
        if drag is not None and drag.target is not None:
            target = f"qube:{drag.target}" if drag.target else LANE
        moved = (drag.place.key,) if drag is not None else ()
        return Look(self._current, target, self._is_dimmed, self.hasFocus(), moved)

    def _is_dimmed(self, place: Place) -> bool:
        return bool(self._typed) and not any(self._typed in name.casefold() for name in place.names)

    def _update(self) -> None:
        if viewport := self.viewport():
            viewport.update()

    def _bars(self) -> tuple[QScrollBar, QScrollBar]:
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        if across is None or down is None:
            raise RuntimeError("a scroll area has scroll bars")
        return across, down

    def _fit_bars(self) -> None:
        viewport = self.viewport()
        if viewport is None:
            return
        sizes = (self.scene.width * self.scale, viewport.width()), (self.scene.height * self.scale, viewport.height())
        for bar, (size, room) in zip(self._bars(), sizes, strict=True):
            bar.setRange(0, max(0, round(size - room)))
            bar.setPageStep(room)
            bar.setSingleStep(round(5 * self.scene.unit))

    def _offset(self) -> QPointF:
        """The point of the scaled scene that is at the corner of the viewport; negative where there is room beside."""
        across, down = self._bars()
        viewport = self.viewport()
        if not self.scene.is_mirrored or viewport is None:
            return QPointF(across.value(), down.value())
        spare = max(0.0, viewport.width() - self.scene.width * self.scale)
        return QPointF(across.maximum() - across.value() - spare, down.value())

    def _to_scene(self, point: QPointF) -> QPointF:
        return (point + self._offset()) / self.scale

    def _to_view(self, point: QPointF) -> QPointF:
        return point * self.scale - self._offset()

    def _scroll_by(self, distance: QPointF) -> None:
        across, down = self._bars()
        toward = -1 if self.scene.is_mirrored else 1
        across.setValue(across.value() + toward * round(distance.x()))
        down.setValue(down.value() + round(distance.y()))

    def _into_sight(self, place: Place) -> None:
        viewport = self.viewport()
        if viewport is None:
            return
        gap = 4 * self.scene.unit
        rect = self.place_rect(place).adjusted(-gap, -gap, gap, gap)
        room = QRectF(viewport.rect())
        if room.contains(rect):
            return
        self._scroll_by(
            QPointF(
                _beyond(rect.left(), rect.right(), room.width()),
                _beyond(rect.top(), rect.bottom(), room.height()),
            )
        )

    def _select(self, place: Place | None) -> None:
        self._current = "" if place is None else place.key
        if place is not None:
            self._into_sight(place)
        self._speak()
        self._update()
        self.current_changed.emit()

    def _select_key(self, key: str) -> None:
        self._select(self.scene.by_key.get(key))

    def _speak(self) -> None:
        """A screen reader reads the name of the widget again when it changes."""
        place = self.current()
        title = self.tr("Network map")
        self.setAccessibleName(title if place is None else f"{title}: {self.spoken(place)}")

    # -- dragging -----------------------------------------------------------------------------------------------------

    def start_drag(self, place: Place, at: QPointF) -> None:
        """Take a place at a point of the viewport."""
        if place.what in {What.OUTSIDE, What.MISSING, What.FEWER}:
            return
        point = self._to_scene(at)
        records = self._session.records
        netvms = frozenset(records[name].value(NETVM) for name in place.names if name in records)
        self.drag = _Drag(place, netvms, point - self.scene.rects[place.key].topLeft(), point)
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self._scroller.start()

    def drag_to(self, at: QPointF) -> None:
        """Move what is dragged to a point of the viewport, and show what a drop there would do."""
        drag = self.drag
        if drag is None:
            return
        drag.at = self._to_scene(at)
        target = self._target(drag)
        if target != drag.target:
            drag.target = target
            if target is None:
                self.card.leave()
            else:
                self.card.propose(drag.place.names, target, self.tr("Drop to review the plan. Esc cancels."))
        self._put_card()
        self._update()

    def end_drag(self, *, is_drop: bool) -> None:
        """Let go: a drop on a net qube or on the lane asks for the plan."""
        drag, self.drag = self.drag, None
        self._scroller.stop()
        self.unsetCursor()
        self.card.leave()
        self._pressed = None
        if drag is None:
            return
        self.fill()
        if is_drop and drag.target is not None:
            self.dropped.emit(drag.place.names, drag.target)

    def _target(self, drag: _Drag) -> str | None:
        """The net qube at the mouse; empty in the lane; None where a drop changes nothing."""
        records = self._session.records
        place = self.scene.at(drag.at)
        if place is not None and place.what is What.QUBE and not place.is_lane and place.key != drag.place.key:
            name = place.names[0]
            return (
                name if drag.netvms != {name} and name in records and records[name].flag("provides_network") else None
            )
        return "" if self.scene.is_lane(drag.at) and drag.netvms - {""} else None

    def _put_card(self) -> None:
        """Beside the mouse, where it fits."""
        viewport, drag = self.viewport(), self.drag
        if viewport is None or drag is None or not self.card.isVisible():
            return
        at = self._to_view(drag.at)
        room, gap = viewport.size(), round(8 * self.scene.unit)
        x = min(round(at.x()) + gap, room.width() - self.card.width() - gap)
        y = round(at.y()) + gap
        if y + self.card.height() > room.height():
            y = round(at.y()) - gap - self.card.height()
        self.card.move(max(0, x), max(0, y))

    def _scroll_on(self) -> None:
        """Scroll while something is dragged to an edge."""
        viewport, drag = self.viewport(), self.drag
        if viewport is None or drag is None:
            return
        at = self._to_view(drag.at)
        step = 4 * self.scene.unit
        pull = QPointF(
            step * ((at.x() > viewport.width() - EDGE) - (at.x() < EDGE)),
            step * ((at.y() > viewport.height() - EDGE) - (at.y() < EDGE)),
        )
        if not pull.isNull():
            self._scroll_by(pull)
            self.drag_to(at)

    # -- keys ---------------------------------------------------------------------------------------------------------

    def _step(self, key: int) -> None:
        """Go to the next place in a direction: outwards, to what is behind, up or down."""
        place = self.current()
        if place is None:
            self._select(next(iter(self.layout_of_qubes.places), None))
            return
        outwards = Qt.Key.Key_Right if self.scene.is_mirrored else Qt.Key.Key_Left
        if key in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            self._select(self._above_or_below(place, 1 if key == Qt.Key.Key_Down else -1))
        elif place.is_lane:
            lane = self.scene.lane()
            at = lane.index(place) + (-1 if key == outwards else 1)
            self._select(lane[min(max(at, 0), len(lane) - 1)])
        elif key == outwards:
            above = next((edge.netvm for edge in self.layout_of_qubes.edges if edge.user == place.key), "")
            self._select(self.scene.by_key.get(above) or self.scene.nearest(place.column - 1, place.top) or place)
        else:
            users = [edge.user for edge in self.layout_of_qubes.edges if edge.netvm == place.key]
            behind = min(users, key=lambda user: abs(self.scene.by_key[user].top - place.top), default=place.key)
            self._select_key(behind)

    def _above_or_below(self, place: Place, step: int) -> Place:
        """The next one in the column; the lane comes after the last of the tree."""
        column = self.scene.in_column(place)
        at = column.index(place) + step
        if 0 <= at < len(column):
            return column[at]
        lane = self.scene.lane()
        if step > 0 and not place.is_lane and lane:
            return lane[0]
        if step < 0 and place.is_lane:
            return self.scene.nearest(place.column, self.layout_of_qubes.rows) or place
        return place

    # Qt overrides

    def paintEvent(self, event: QPaintEvent | None) -> None:
        viewport = self.viewport()
        if viewport is None or event is None:
            return
        painter = QPainter(viewport)
        painter.fillRect(event.rect(), self.palette().color(QPalette.ColorRole.Base))
        offset = self._offset()
        painter.translate(-offset.x(), -offset.y())
        painter.scale(self.scale, self.scale)
        clip = QRectF(self._to_scene(QPointF(event.rect().topLeft())), QRectF(event.rect()).size() / self.scale)
        scene_painter = self._painter(painter)
        look = self._look()
        self.drawn = scene_painter.paint(self.scene, look, clip)
        if (drag := self.drag) is not None:
            ghost = QRectF(drag.at - drag.grip, self.scene.rects[drag.place.key].size())
            if drag.target:
                scene_painter.proposed(self.scene, ghost, self.scene.rects[f"qube:{drag.target}"])
            alone = replace(drag.place, remark=None)
            scene_painter.place(self.scene, alone, ghost, Look(current=drag.place.key, has_keys=False))
        painter.end()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._fit_bars()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        kinds = {QEvent.Type.FontChange, QEvent.Type.LayoutDirectionChange}
        if event is not None and event.type() in kinds and hasattr(self, "scene"):
            self.fill()

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self.end_drag(is_drop=False)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self._update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        self._update()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(event.angleDelta().y() / WHEEL, event.position())
            event.accept()
            return
        super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        place = self.scene.at(self._to_scene(event.localPos()))
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = (event.localPos(), place) if place is not None else None
            self._panned = event.pos() if place is None else None
        self._select(place)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if self.drag is not None:
            self.drag_to(event.localPos())
        elif self._pressed is not None:
            at, place = self._pressed
            if (event.localPos() - at).manhattanLength() >= QApplication.startDragDistance():
                self.start_drag(place, at)
                self.drag_to(event.localPos())
        elif self._panned is not None:
            self._scroll_by(QPointF(self._panned - event.pos()))
            self._panned = event.pos()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._panned = None
        if self.drag is not None:
            self.end_drag(is_drop=True)
        elif self._pressed is not None:
            _at, place = self._pressed
            self._pressed = None
            self.toggle(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        place = self.scene.at(self._to_scene(event.localPos())) if event is not None else None
        if place is not None and place.what is What.QUBE:
            self.activated.emit(place.names[0])

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        viewport = self.viewport()
        if event is None or viewport is None:
            return
        at = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard and (place := self.current()) is not None:
            at = viewport.mapToGlobal(self.place_rect(place).center().toPoint())
        if self.current_names():
            self.menu_wanted.emit(at)

    def viewportEvent(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.scene.at(self._to_scene(QPointF(event.pos())))
            QToolTip.showText(event.globalPos(), self._tip(place) if place is not None else "", self.viewport())
            return True
        return super().viewportEvent(event)

    def _tip(self, place: Place) -> str:
        shown = ", ".join(place.names[:20]) if place.fold else self.spoken(place)
        return plain_tip(shown)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        key, place = event.key(), self.current()
        if self.drag is not None and key == Qt.Key.Key_Escape:
            self.end_drag(is_drop=False)
        elif key in {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down}:
            self._step(key)
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal}:
            self.zoom(1)
        elif key == Qt.Key.Key_Minus:
            self.zoom(-1)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif place is not None and key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._activate(place)
        elif key == Qt.Key.Key_N and not event.modifiers() and self.current_names():
            self.prompt_wanted.emit()
        else:
            super().keyPressEvent(event)

    def _activate(self, place: Place) -> None:
        if place.fold:
            self.toggle(place)
        elif place.what is What.QUBE:
            self.activated.emit(place.names[0])


def _beyond(low: float, high: float, room: float) -> float:
    """How far to scroll so that what is between these is in the room; its beginning, if it does not fit."""
    return low if low < 0 or high - low > room else max(0.0, high - room)
