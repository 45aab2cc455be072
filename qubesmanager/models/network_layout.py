# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of who routes through whom, as places in columns and edges between them; no sizes, no widgets.

A column is a number of hops to the outside. Each net qube gets a strip as high as all that is behind it, and the strips
in a column never overlap, so neither do the places. Qubes without network are in a lane of their own below.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from math import ceil

from qubesmanager.models.natural_sort import natural
from qubesmanager.rules.facts import QubeFacts, Qubes
from qubesmanager.rules.network import netvm_chain, netvm_of
from qubesmanager.rules.topology import Mark, Remark, network_remarks
from qubesmanager.wire.values import VmClass

HALTED_SHOWN = 3
"""Halted qubes behind a net qube that have their own place; further ones share one."""
OTHERS_SHOWN = 12
"""Running or marked qubes behind a net qube that have their own place; further ones share one."""
LANE_HALTED, LANE_OTHERS = 8, 16
"""The same for the qubes without network."""
PLAIN, WITH_BADGE = 1.0, 1.5
"""Heights of places, in rows."""
LANE_COLUMNS = 5
"""Places side by side in the lane, unless the picture is wider."""
OUTSIDE = "outside"


class What(Enum):
    """What is at a place."""

    OUTSIDE = "outside"
    QUBE = "qube"
    MISSING = "missing"
    """A net qube that a qube refers to and that is not there."""
    HALTED = "halted"
    """Several halted qubes that share a place."""
    OTHERS = "others"
    """Several running or marked ones."""
    TEMPLATES = "templates"
    FEWER = "fewer"
    """Puts the qubes of an opened place together again."""


class Link(Enum):
    """What an edge shows."""

    LIVE = "live"
    """Both run."""
    IDLE = "idle"
    """One of both does not run."""
    AROUND = "around"
    """A path around a firewall."""
    LOOP = "loop"
    """It leads back to a qube that is no nearer to the outside."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place: `names` are its qubes, `column` counts from the outside (0), `top` and `height` are in rows.

    In the lane, columns and rows are those of the lane. `fold` is the key to open or close the place by.
    """

    key: str
    what: What
    names: tuple[str, ...]
    column: int
    top: float
    height: float = PLAIN
    remark: Remark | None = None
    is_lane: bool = False
    fold: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """From a place (its key) to the one that gives it network."""

    user: str
    netvm: str
    link: Link


@dataclass(frozen=True, slots=True)
class Layout:
    """`rows` and `lane_rows` are the heights of the tree and of the lane; `lane_columns` the places in a row of it."""

    places: tuple[Place, ...]
    edges: tuple[Edge, ...]
    columns: int
    rows: float
    lane_columns: int
    lane_rows: float
    by_qube: Mapping[str, Place] = field(hash=False)
    """The place of each qube but dom0."""
    remarks: Mapping[str, tuple[Remark, ...]] = field(hash=False)


@dataclass(slots=True)
class _Item:
    """A place before it has its position, and what is behind it."""

    key: str
    what: What
    names: tuple[str, ...]
    remark: Remark | None = None
    fold: str = ""
    column: int = 0
    behind: "list[_Item]" = field(default_factory=list)
    strip: float = 0
    start: float = 0
    top: float = 0

    @property
    def height(self) -> float:
        return PLAIN if self.remark is None else WITH_BADGE


def lay_out(records: Qubes, opened: Collection[str] = (), alone: Collection[str] = ()) -> Layout:
    """The picture of all qubes but dom0. It depends on nothing but what is given, not on the order of the records.

    `opened`: the keys of shared places whose qubes get their own ones; `alone`: qubes that never share one.
    """
    guests = {name: records[name] for name in sorted(records, key=natural) if records[name].klass is not VmClass.ADMIN}
    builder = _Builder(guests, network_remarks(records), frozenset(opened), frozenset(alone))
    roots, lane = builder.items()
    _place(roots)
    rows = sum(root.strip for root in roots)
    outside = _outside(roots, guests)
    tree = [*([outside] if outside else []), *_all(roots)]
    columns = max((item.column for item in tree), default=0) + 1
    lane_columns = max(columns, LANE_COLUMNS)
    places = [*map(_placed, tree), *_lane_places(lane, lane_columns)]
    lane_rows = max((place.top + place.height for place in places if place.is_lane), default=0.0)
    by_qube = {name: place for place in places for name in place.names if place.what is not What.MISSING}
    edges = tuple(_edges(tree, guests, by_qube))
    return Layout(tuple(places), edges, columns, rows, lane_columns, lane_rows, by_qube, builder.remarks)


class _Builder:
    """Decides which qubes have their own place, and what is behind what."""

    def __init__(
        self,
        guests: Qubes,
        remarks: Mapping[str, tuple[Remark, ...]],
        opened: Collection[str],
        alone: Collection[str],
    ) -> None:
        self.remarks = remarks
        self._guests = guests
        self._opened = opened
        self._alone = alone
        self._users: dict[str, list[str]] = {}
        for name, record in guests.items():
            if netvm := record.value("netvm"):
                self._users.setdefault(netvm, []).append(name)

    def items(self) -> tuple[list[_Item], list[_Item]]:
        """The places nearest to the outside with all behind them, and those of the lane."""
        tops = [name for name, record in self._guests.items() if not record.value("netvm")]
        lane = [name for name in tops if name not in self._users and not self._guests[name].flag("provides_network")]
        apart = set(lane)
        placed: set[str] = set()
        roots = [self._grow(self._item(name), placed) for name in tops if name not in apart]
        roots += [self._missing(netvm, placed) for netvm in self._users if netvm not in self._guests]
        for name in self._guests:
            if name not in placed and name not in apart:
                roots.append(self._grow(self._item(self._first_of_loop(name)), placed))
        return roots, self._lane(lane)

    def _first_of_loop(self, name: str) -> str:
        """The first qube, by name, of the loop that the way of this one ends in."""
        chain = [name, *netvm_chain(name, netvm_of(self._guests))]
        closing = self._guests[chain[-1]].value("netvm")
        return min(chain[chain.index(closing) :], key=natural)

    def _grow(self, root: _Item, placed: set[str]) -> _Item:
        """Give each place its column and what is behind it. A chain may be long, so this does not recurse."""
        root.column = 1
        placed.update(root.names)
        waiting = [root]
        for item in waiting:  # grows while it is walked
            if item.what not in {What.QUBE, What.MISSING}:
                continue
            users = [user for user in self._users.get(item.names[0], ()) if user not in placed]
            placed.update(users)
            item.behind = self._behind(item.names[0], users)
            for each in item.behind:
                each.column = item.column + 1
            waiting += item.behind
        return root

    def _missing(self, netvm: str, placed: set[str]) -> _Item:
        return self._grow(_Item(f"missing:{netvm}", What.MISSING, (netvm,)), placed)

    def _behind(self, netvm: str, users: Sequence[str]) -> list[_Item]:
        """The places behind a net qube: first those with others behind them, the shared ones last."""
        gives = {user: user in self._users or self._guests[user].flag("provides_network") for user in users}
        shown = [self._item(user) for user in users if gives[user]]
        rest = [user for user in users if not gives[user]]
        return shown + self._shared(netvm, rest, HALTED_SHOWN, OTHERS_SHOWN)

    def _lane(self, names: Sequence[str]) -> list[_Item]:
        templates = {
            name: None for name in names if self._guests[name].klass is VmClass.TEMPLATE and name not in self._alone
        }
        if len(templates) == 1:
            templates = {}
        rest = [name for name in names if name not in templates]
        items = self._shared("", rest, LANE_HALTED, LANE_OTHERS)
        fold = self._fold(What.TEMPLATES, "", list(templates))
        shown = [self._item(name) for name in templates] if fold and fold[0].what is What.FEWER else []
        return [*items, *shown, *fold]

    def _shared(self, netvm: str, names: Sequence[str], halted_shown: int, others_shown: int) -> list[_Item]:
        """Own places for some of the names, shared ones for the others, in the order of the names."""
        quiet = {name: not self._guests[name].running and not self.remarks[name] for name in names}
        halted = [name for name in names if quiet[name]]
        others = [name for name in names if not quiet[name]]
        folds = [
            *self._fold(What.OTHERS, netvm, self._surplus(others, others_shown)),
            *self._fold(What.HALTED, netvm, self._surplus(halted, halted_shown)),
        ]
        hidden = {name for item in folds for name in item.names}
        return [*(self._item(name) for name in names if name not in hidden), *folds]

    def _surplus(self, names: Sequence[str], shown: int) -> list[str]:
        """Those beyond the first so many that may share a place; none if it were for a single one."""
        return [name for name in names[shown:] if name not in self._alone] if len(names) > shown + 1 else []

    def _fold(self, what: What, netvm: str, names: Sequence[str]) -> list[_Item]:
        """A shared place of these qubes; if it is opened, only what closes it again. Nothing for no qubes."""
        if not names:
            return []
        key = f"{what.value}:{netvm}"
        if key in self._opened:
            return [_Item(f"fold:{key}", What.FEWER, (), fold=key)]
        remark = next((self.remarks[name][0] for name in names if self.remarks[name]), None)
        return [_Item(f"fold:{key}", what, tuple(names), remark, key)]

    def _item(self, name: str) -> _Item:
        remarks = self.remarks[name]
        return _Item(f"qube:{name}", What.QUBE, (name,), remarks[0] if remarks else None)


def _all(roots: Iterable[_Item]) -> list[_Item]:
    """The places from left to right, those behind after those before them."""
    items = list(roots)
    for item in items:
        items += item.behind
    return items


def _place(roots: Sequence[_Item]) -> None:
    """Give each place its top: in the middle of what is behind it, within its own strip."""
    items = _all(roots)
    for item in reversed(items):
        item.strip = max(item.height, sum(each.strip for each in item.behind))
    _stack(roots, 0.0)
    for item in items:
        _stack(item.behind, item.start)
    for item in reversed(items):
        item.top = item.start
        if item.behind:
            middle = (item.behind[0].top + item.behind[-1].top) / 2
            item.top = min(max(item.start, middle), item.start + item.strip - item.height)


def _stack(items: Sequence[_Item], start: float) -> None:
    """Put the strips of the items below each other."""
    for item in items:
        item.start = start
        start += item.strip


def _outside(roots: Sequence[_Item], guests: Qubes) -> _Item | None:
    """The place of the outside, in the middle of the net qubes that reach it; None if none does."""
    tops = [root.top for root in roots if _reaches_outside(root, guests)]
    if not tops:
        return None
    item = _Item(OUTSIDE, What.OUTSIDE, ())
    item.top = (min(tops) + max(tops)) / 2
    return item


def _reaches_outside(item: _Item, guests: Qubes) -> bool:
    return (
        item.column == 1
        and item.what is What.QUBE
        and guests[item.names[0]].flag("provides_network")
        and not guests[item.names[0]].value("netvm")
    )


def _placed(item: _Item) -> Place:
    return Place(item.key, item.what, item.names, item.column, item.top, item.height, item.remark, fold=item.fold)


def _lane_places(items: Sequence[_Item], columns: int) -> list[Place]:
    """The lane row by row; a row with a badge is higher."""
    places: list[Place] = []
    top = 0.0
    for row in range(ceil(len(items) / columns)):
        inside = items[row * columns : (row + 1) * columns]
        for column, item in enumerate(inside):
            item.top, item.column = top, column
            places.append(replace(_placed(item), is_lane=True))
        top += max(item.height for item in inside)
    return places


def _edges(tree: Iterable[_Item], guests: Qubes, by_qube: Mapping[str, Place]) -> Iterable[Edge]:
    """The edges of all qubes with a net qube: one for each pair of places."""
    for item in tree:
        if item.what not in {What.QUBE, What.HALTED, What.OTHERS}:
            continue
        if _reaches_outside(item, guests):
            live = guests[item.names[0]].running
            yield Edge(item.key, OUTSIDE, Link.LIVE if live else Link.IDLE)
            continue
        netvm = guests[item.names[0]].value("netvm")
        if not netvm:
            continue
        above = by_qube.get(netvm)
        if above is None:
            yield Edge(item.key, f"missing:{netvm}", Link.IDLE)
        else:
            yield Edge(item.key, above.key, _link(item, above, guests[netvm], guests))


def _link(item: _Item, above: Place, netvm: QubeFacts, guests: Qubes) -> Link:
    if above.column >= item.column:
        return Link.LOOP
    if item.remark is not None and item.remark.mark is Mark.AROUND:
        return Link.AROUND
    return Link.LIVE if netvm.running and any(guests[name].running for name in item.names) else Link.IDLE
