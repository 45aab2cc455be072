# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices as a tree: kinds, devices below them, the partitions below their disk. Follows a catalog row by row."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QAbstractItemModel, QCoreApplication, QModelIndex, QObject, Qt
from PyQt5.QtGui import QFont

from qubesmanager.models.device_catalog import Device, DeviceCatalog, Kind, Step
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import mode_text, plain_tip, size_text
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.wire.values import usual_mode

DEVICE_ROLE = Qt.ItemDataRole.UserRole + 1
"""The `Device` of a row; None for a kind."""
ICON_ROLE = Qt.ItemDataRole.UserRole + 2
"""The name of the icon in the first column."""

CONTEXT = "DeviceTree"
_TITLES = (
    QT_TRANSLATE_NOOP("DeviceTree", "Device"),
    QT_TRANSLATE_NOOP("DeviceTree", "Size"),
    QT_TRANSLATE_NOOP("DeviceTree", "At"),
    QT_TRANSLATE_NOOP("DeviceTree", "State"),
)
NAME, SIZE, PLACE, STATE = range(len(_TITLES))

KIND_TEXTS = {
    Kind.DISK: QT_TRANSLATE_NOOP("DeviceTree", "Disks"),
    Kind.CAMERA: QT_TRANSLATE_NOOP("DeviceTree", "Cameras"),
    Kind.MICROPHONE: QT_TRANSLATE_NOOP("DeviceTree", "Microphone"),
    Kind.USB: QT_TRANSLATE_NOOP("DeviceTree", "USB devices"),
    Kind.PCI: QT_TRANSLATE_NOOP("DeviceTree", "PCI devices (attached in a qube's settings)"),
}
KIND_ICONS = {
    Kind.DISK: "disk",
    Kind.CAMERA: "camera",
    Kind.MICROPHONE: "microphone",
    Kind.USB: "devices",
    Kind.PCI: "chip",
}

_NO_PARENT = QModelIndex()
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

NodeId = Kind | DeviceKey
Shows = Callable[[Device], bool]


@dataclass(eq=False, slots=True)
class _Node:
    """A row: a kind or a device, and the rows below it in order."""

    id: NodeId | None
    parent: "_Node | None" = None
    device: Device | None = None
    children: "list[_Node]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The content that a row should have."""

    id: NodeId
    device: Device | None = None
    children: "tuple[_Wanted, ...]" = ()


class DeviceTree(QAbstractItemModel):
    """Favourites first, then by name. A filter shows the devices that hold all its words, and the disks of such."""

    def __init__(self, catalog: DeviceCatalog, parent: QObject | None = None, *, shows: Shows | None = None) -> None:
        """`shows`: which devices it is about; all without it."""
        super().__init__(parent)
        self._catalog = catalog
        self._shows = shows
        self._words: tuple[str, ...] = ()
        self._root = _Node(None)
        catalog.changed.connect(self.refresh)
        self.refresh()

    def set_filter(self, text: str) -> None:
        self._words = tuple(text.lower().split())
        self.refresh()

    def device_at(self, index: QModelIndex) -> Device | None:
        node = index.internalPointer() if index.isValid() else None
        return node.device if isinstance(node, _Node) else None

    def first_match(self) -> QModelIndex:
        """The first device that holds the words itself, not only one of its parts; invalid if none does."""
        match = next((node for node in _devices_below(self._root) if _holds(node.device, self._words)), None)
        return self._index(match) if match is not None else QModelIndex()

    def index_of(self, key: DeviceKey) -> QModelIndex:
        """The device's row; an invalid index if it is not shown."""
        match = _find(self._root, key)
        return self._index(match) if match is not None else QModelIndex()

    def refresh(self) -> None:
        """Show what the catalog says now, changing only the rows that are different."""
        shown = [device for device in self._catalog.devices().values() if self._shows is None or self._shows(device)]
        self._follow(self._root, _wanted(shown, self._words))

    # -- row by row ---------------------------------------------------------------------------------------------------

    def _follow(self, node: _Node, rows: Sequence[_Wanted]) -> None:
        """Make the rows below a node those that are wanted."""
        at = self._index(node)
        ids = {each.id for each in rows}
        for row in reversed([row for row, child in enumerate(node.children) if child.id not in ids]):
            self._take(node, at, row)
        for row, each in enumerate(rows):
            place = next((p for p in range(row, len(node.children)) if node.children[p].id == each.id), None)
            if place is None:
                self.beginInsertRows(at, row, row)
                node.children.insert(row, _made(each, node))
                self.endInsertRows()
                continue
            if place != row:
                self.beginMoveRows(at, place, place, at, row)
                node.children.insert(row, node.children.pop(place))
                self.endMoveRows()
            child = node.children[row]
            if child.device != each.device:
                child.device = each.device
                self.dataChanged.emit(self.index(row, 0, at), self.index(row, len(_TITLES) - 1, at))
            self._follow(child, each.children)

    def _take(self, node: _Node, at: QModelIndex, row: int) -> None:
        self.beginRemoveRows(at, row, row)
        gone = node.children.pop(row)
        self.endRemoveRows()
        del gone  # only now: until here Qt may still hold an index that points at it

    def _index(self, node: _Node) -> QModelIndex:
        if node.parent is None:
            return QModelIndex()
        return self.createIndex(node.parent.children.index(node), 0, node)

    def _node(self, index: QModelIndex) -> _Node:
        node = index.internalPointer() if index.isValid() else None
        return node if isinstance(node, _Node) else self._root

    # Qt overrides

    def index(self, row: int, column: int, parent: QModelIndex = _NO_PARENT) -> QModelIndex:
        node = self._node(parent)
        if (parent.isValid() and parent.column() != 0) or not (
            0 <= row < len(node.children) and 0 <= column < len(_TITLES)
        ):
            return QModelIndex()
        return self.createIndex(row, column, node.children[row])

    def parent(self, child: QModelIndex = _NO_PARENT) -> Any:
        above = self._node(child).parent if child.isValid() else None
        return self._index(above) if above is not None else QModelIndex()

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() and parent.column() != 0 else len(self._node(parent).children)

    def columnCount(self, _parent: QModelIndex = _NO_PARENT) -> int:
        return len(_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(_TITLES):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section == SIZE:
            return _RIGHT
        return QCoreApplication.translate(CONTEXT, _TITLES[section]) if role == Qt.ItemDataRole.DisplayRole else None

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        if not index.isValid():
            return Qt.ItemFlags()
        if self.device_at(index) is None:
            return Qt.ItemFlags()  # the arrow keys go from device to device
        return Qt.ItemFlags() | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        node = self._node(index)
        if node.device is None:
            return _kind_data(node, index.column(), role)
        make = _ROLES.get(role)
        return make(node.device, index.column()) if make else None


# -- what a row says --------------------------------------------------------------------------------------------------


def kind_text(kind: Kind) -> str:
    return QCoreApplication.translate(CONTEXT, KIND_TEXTS[kind])


def state_line(device: Device) -> str:
    """The qube that has it, the operation in progress, the last failure."""
    if device.doing is not None:
        return _DOING[device.doing.step](device.doing.qube)
    if not device.present:
        if device.holder:
            return QCoreApplication.translate("DeviceTree", "attached to {0}").format(device.holder)
        return QCoreApplication.translate("DeviceTree", "not there; for {0}").format(", ".join(_assigned(device)))
    parts = [QCoreApplication.translate("DeviceTree", "attached to {0}").format(device.holder)] if device.holder else []
    others = _assigned(device, but=device.holder)
    if others:
        parts.append(QCoreApplication.translate("DeviceTree", "at the start of {0}").format(", ".join(others)))
    elif device.holder and device.assigned:
        parts.append(QCoreApplication.translate("DeviceTree", "at each start"))
    if device.taken is not None:
        parts.append(reason_text(device.taken).rstrip("."))
    if device.new:
        parts.append(QCoreApplication.translate("DeviceTree", "new"))
    return " · ".join(parts)


def _assigned(device: Device, but: str = "") -> list[str]:
    """The qubes that the device is assigned to, each with its mode where that is not the usual one."""
    usual = usual_mode(device.key.device_class)
    return [
        name if mode is usual else f"{name} ({mode_text(mode)})"
        for name, mode in zip_longest(device.assigned, device.modes, fillvalue=usual)
        if name != but
    ]


_DOING: dict[Step, Callable[[str], str]] = {
    Step.ATTACHING: lambda qube: QCoreApplication.translate("DeviceTree", "attaching to {0}…").format(qube),
    Step.DETACHING: lambda qube: QCoreApplication.translate("DeviceTree", "detaching from {0}…").format(qube),
    Step.FAILED: lambda qube: QCoreApplication.translate("DeviceTree", "failed with {0}").format(qube),
}


def _name(device: Device) -> str:
    return f"★ {device.name}" if device.mark.favourite else device.name


_CELLS: tuple[Callable[[Device], str], ...] = (
    _name,
    lambda device: size_text(device.size),
    lambda device: str(device.key),
    state_line,
)


def _font(device: Device, _column: int) -> QFont | None:
    if not device.new:
        return None
    font = QFont()
    font.setBold(True)
    return font


def _tip(device: Device, _column: int) -> str:
    lines = [device.name]
    if device.mark.nickname:
        lines.append(device.description)
    lines += [str(device.key), state_line(device)]
    if device.read_only:
        lines.append(QCoreApplication.translate("DeviceTree", "read-only"))
    if device.doing is not None and device.doing.why:
        lines.append(device.doing.why)
    return plain_tip("\n".join(filter(None, lines)))


_ROLES: dict[int, Callable[[Device, int], Any]] = {
    int(Qt.ItemDataRole.DisplayRole): lambda device, column: _CELLS[column](device),
    int(Qt.ItemDataRole.ToolTipRole): _tip,
    int(Qt.ItemDataRole.FontRole): _font,
    int(Qt.ItemDataRole.TextAlignmentRole): lambda _device, column: _RIGHT if column == SIZE else None,
    int(Qt.ItemDataRole.AccessibleTextRole): lambda device, column: (
        f"{QCoreApplication.translate(CONTEXT, _TITLES[column])}: {_CELLS[column](device)}"
    ),
    int(DEVICE_ROLE): lambda device, _column: device,
    int(ICON_ROLE): lambda device, column: KIND_ICONS[device.kind] if column == NAME else None,
}


def _kind_data(node: _Node, column: int, role: int) -> Any:
    if column != NAME or not isinstance(node.id, Kind):
        return None
    if role == Qt.ItemDataRole.DisplayRole:
        return kind_text(node.id)
    return KIND_ICONS[node.id] if role == ICON_ROLE else None


# -- what should be shown ---------------------------------------------------------------------------------------------


def _wanted(devices: Iterable[Device], words: Sequence[str]) -> tuple[_Wanted, ...]:
    by_key = {device.key: device for device in devices}
    below: dict[DeviceKey, list[Device]] = {}
    top: dict[Kind, list[Device]] = {}
    for device in by_key.values():
        above = device.key._replace(ident=device.parent) if device.parent else None
        # A disk that says it lies on itself or on its own part would never be shown.
        if above is not None and above in by_key and not by_key[above].parent:
            below.setdefault(above, []).append(device)
        else:
            top.setdefault(device.kind, []).append(device)
    rows = []
    for kind in Kind:
        groups = [
            _device_row(device, below.get(device.key, ()), words) for device in sorted(top.get(kind, ()), key=_order)
        ]
        if present := tuple(filter(None, groups)):
            rows.append(_Wanted(kind, None, present))
    return tuple(rows)


def _device_row(device: Device, parts: Iterable[Device], words: Sequence[str]) -> _Wanted | None:
    """The row; None if neither the device nor one of its parts holds the words."""
    own = _holds(device, words)
    shown = [part for part in sorted(parts, key=lambda part: part.key.ident) if own or _holds(part, words)]
    if not own and not shown:
        return None
    return _Wanted(device.key, device, tuple(_Wanted(part.key, part) for part in shown))


def _devices_below(node: _Node) -> Iterator[_Node]:
    for child in node.children:
        if child.device is not None:
            yield child
        yield from _devices_below(child)


def _holds(device: Device | None, words: Sequence[str]) -> bool:
    if device is None:
        return False
    if not words:
        return True
    text = " ".join(
        (device.name, device.description, str(device.key), device.holder, *device.assigned, kind_text(device.kind))
    ).lower()
    return all(word in text for word in words)


def _order(device: Device) -> tuple[bool, str, DeviceKey]:
    return not device.mark.favourite, device.name.lower(), device.key


def _made(row: _Wanted, parent: _Node) -> _Node:
    node = _Node(row.id, parent, row.device)
    node.children = [_made(child, node) for child in row.children]
    return node


def _find(node: _Node, key: DeviceKey) -> _Node | None:
    for child in node.children:
        if child.id == key:
            return child
        if (match := _find(child, key)) is not None:
            return match
    return None
