# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar: what part of the qubes is shown, with how many there are in each; and the saved views."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import nsmallest

from PyQt5.QtCore import QPoint, QSettings, Qt, pyqtSignal
from PyQt5.QtGui import QPalette, QResizeEvent
from PyQt5.QtWidgets import QFrame, QMenu, QTreeWidget, QTreeWidgetItem, QWidget

from qubesmanager.models.natural_sort import in_order, natural
from qubesmanager.models.qube_counts import (
    ALL,
    DISPOSABLES,
    LABEL,
    NETVM,
    PREFIX,
    RUNNING,
    TAG,
    TEMPLATE,
    TEMPLATES,
    VIEW,
    QubeCounts,
)
from qubesmanager.models.query import parse
from qubesmanager.models.texts import number_text, plain_tip, title_text
from qubesmanager.rules.updates import UpdateState, attention, stale_after
from qubesmanager.ui.icons import icon, label_icon
from qubesmanager.ui.manager.pages import PAGES, QUBES
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.windows import WINDOWS
from qubesmanager.ui.widgets.fonts import unit_of
from qubesmanager.ui.widgets.menus import plain
from qubesmanager.ui.widgets.palette_colors import put_colors, window_color
from qubesmanager.ui.widgets.side_row import BADGE, COUNT, IS_HEAD, KIND, BadgeKind, SideRowDelegate
from qubesmanager.ui.widgets.soon import Soon
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

Scope = Callable[[VmRecord], bool]
Counted = tuple[str, BadgeKind | None]
"""What the end of a line shows, and the kind of its badge; None for a plain number."""
KEY = Qt.ItemDataRole.UserRole
ROW = 6.25
"""The height of a row, in quarters of a line of text."""
PAUSE = 150
"""Milliseconds in which changes are gathered before the counts are updated."""

VIEWS = "views"
SHOWN_TAGS = 12
"""Tags, net qubes and so on that get their own line, the most common ones."""

ON_RAIL = ("pages", "qubes")
"""The groups whose lines have separate icons; the others are in a menu of the rail."""
MORE = "more"
"""The key of the icon that opens that menu."""
WINDOW = "window:"
"""Begins the key of a line that opens a window, before the name of the window."""
LISTED_WINDOWS = ("policy",)
"""The windows that have a line beside the pages: documents that are about no qube."""
LEAST, RAIL = 40, 11
"""The least width, and the width of the rail, in units of the font."""
QWIDGETSIZE_MAX = (1 << 24) - 1
"""Qt's largest size of a widget, which PyQt5 does not name."""
FOLDED = "sidebar/folded"
FOLDED_AT_FIRST = ("template", "label", "prefix")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: what it is called, and whether a record belongs to it. `query` for a saved view, `label` for a cube.

    `page`: the page that it is on, for a line that is no part of the qubes.
    """

    key: str
    text: str
    scope: Scope | None
    query: str = ""
    label: str = ""
    icon: str = ""
    page: str = QUBES
    count: int = 0
    """How many qubes belong to it."""


@dataclass(frozen=True, slots=True)
class Needs:
    """How many qubes there are and run, how many backups failed, how many qubes have an old backup or need an update.

    Internal qubes are among the first two while the table shows them, and always among those that need an update.
    """

    total: int
    running: int
    failed: int
    old: int
    updates: int


class Sidebar(QTreeWidget):
    """All, running and so on; groups by tag, net qube, template, label, beginning of the name; saved views.

    Signals: `page_chosen(str)`: a line of that page; `scope_chosen(scope)`: a function of a record or None;
    `view_chosen(str)`: the query of a saved view; `select_wanted(Entry)`: select what belongs to a line;
    `menu_made(QMenu, Entry)`: a line's menu before it is shown, for what can be done with the whole group.
    """

    page_chosen = pyqtSignal(str)
    scope_chosen = pyqtSignal(object)
    view_chosen = pyqtSignal(str)
    select_wanted = pyqtSignal(object)
    menu_made = pyqtSignal(object, object)

    def __init__(self, session: Session, settings: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._settings = settings
        self._entries: dict[str, Entry] = {}
        self._former = ALL
        """The line that was selected last."""
        self._shows_internal = False
        self._shows_view = False
        self._lines: list[tuple[object, ...]] = []
        """What the lines show now, except for their counts."""
        self._shown: dict[str, tuple[QTreeWidgetItem, Counted]] = {}
        """The item of each line and the count that it shows, by key."""
        self._count_all()
        self.setHeaderHidden(True)
        if (header := self.header()) is not None:
            # A hidden header does not make its last section narrower than its titles.
            header.setStretchLastSection(False)
            header.setMinimumSectionSize(1)
        self.setRootIsDecorated(False)
        self._rows = SideRowDelegate(ROW, self)
        self.setItemDelegate(self._rows)
        self._folded = set(_listed(settings.value(FOLDED, list(FOLDED_AT_FIRST))))
        self.setIndentation(0)
        self.setUniformRowHeights(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Groups of qubes"))
        self._fit_width()
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        put_colors(self, {QPalette.ColorRole.Base: window_color})
        self._later = Soon(PAUSE, self.fill, self)
        session.put.connect(self._put)
        session.gone.connect(self._gone)
        session.labels_changed.connect(self.fill)
        session.backups.changed.connect(self._later.ask)
        self.itemSelectionChanged.connect(self._chosen)
        self.itemExpanded.connect(lambda head: self._fold(head, folded=False))
        self.itemCollapsed.connect(lambda head: self._fold(head, folded=True))
        self.itemClicked.connect(self._clicked)
        self.itemActivated.connect(self._activated)
        self.fill()

    @property
    def is_rail(self) -> bool:
        """Whether only icons are shown."""
        return self._rows.is_rail

    def set_rail(self, is_rail: bool) -> None:  # noqa: FBT001 - a setter
        """Show only icons, for a narrow window: the pages, the fixed parts, and a menu with all other groups."""
        if is_rail != self.is_rail:
            self._rows.is_rail = is_rail
            self._fit_width()
            self.fill()

    def _fit_width(self) -> None:
        unit = unit_of(self)
        self.setMinimumWidth((RAIL if self.is_rail else LEAST) * unit)
        self.setMaximumWidth(RAIL * unit if self.is_rail else QWIDGETSIZE_MAX)

    def views(self) -> list[tuple[str, str]]:
        """The saved views: name and query."""
        try:
            data = json.loads(str(self._settings.value(VIEWS, "[]")))
            return [(str(name), str(query)) for name, query in data]
        except (ValueError, TypeError):
            return []

    def save_view(self, name: str, query: str) -> None:
        """Keep a query under a name; one of that name is replaced."""
        kept = [view for view in self.views() if view[0] != name]
        self._keep_views([*kept, (name, query)])

    def forget_view(self, name: str) -> None:
        self._keep_views([view for view in self.views() if view[0] != name])

    def _keep_views(self, views: Sequence[tuple[str, str]]) -> None:
        self._settings.setValue(VIEWS, json.dumps(views))
        self._count_all()
        self.fill()

    def show_internal(self, shown: bool) -> None:  # noqa: FBT001 - the slot of a toggled action
        """Count the qubes with the feature `internal`, too."""
        self._shows_internal = shown
        self._count_all()
        self.fill()

    def _count_all(self) -> None:
        matching = {name: parse(query).matches for name, query in self.views()}
        self._counts = QubeCounts(matching, with_internal=self._shows_internal)
        self._counts.put(self._session.records.values())

    def current_key(self) -> str:
        items = self.selectedItems()
        return str(items[0].data(0, KEY)) if items else ALL

    def choose(self, key: str) -> None:
        """Select the line of a key; the first one if it is not there."""
        for item in self._items():
            if item.data(0, KEY) == key:
                self.setCurrentItem(item)
                return

    def fill(self) -> None:
        """Show all lines with their counts. They are built again only if other lines are shown than before."""
        groups = (
            ("pages", self.tr("Pages"), self._pages()),
            ("qubes", self.tr("Qubes"), self._fixed()),
            ("views", self.tr("Saved views"), self._views()),
            (TAG, self.tr("Tags"), self._tags()),
            (NETVM, self.tr("Net qubes"), self._netvms()),
            (TEMPLATE, self.tr("By template"), self._values(TEMPLATE)),
            (LABEL, self.tr("Labels"), self._values(LABEL)),
            (PREFIX, self.tr("Name prefixes"), self._prefixes()),
        )
        lines: list[tuple[object, ...]] = [
            (group, entry.key, entry.text, entry.query, self._color(entry), self.is_rail)
            for group, _title, entries in groups
            for entry in entries
        ]
        if lines != self._lines:
            self._lines = lines
            self._build(groups)
            return
        for _group, title, entries in groups:
            for entry in entries:
                item, before = self._shown[entry.key]
                if (counted := self._count(entry)) != before:
                    self._show_count(item, title, entry, counted)

    def _build(self, groups: Iterable[tuple[str, str, Sequence[Entry]]]) -> None:
        """Build all lines; the current line stays current."""
        chosen = self.current_key()
        self.blockSignals(True)
        self.clear()
        self._entries = {}
        self._shown = {}
        for group in groups:
            self._group(*group)
        if self.is_rail:
            self._add_more()
        self.choose(chosen if chosen in self._entries else ALL)
        self.blockSignals(False)
        if chosen not in self._entries:
            self._chosen()

    def _add_more(self) -> None:
        """The last icon, which opens a menu of the groups that are not on the rail."""
        head = QTreeWidgetItem(self)
        head.setData(0, IS_HEAD, True)
        head.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item = QTreeWidgetItem(head, [self.tr("More")])
        item.setData(0, KEY, MORE)
        item.setIcon(0, icon("tag"))
        item.setToolTip(0, self.tr("Saved views, tags and other groups"))
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, self.tr("Saved views, tags and other groups"))
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        head.setExpanded(True)

    def more_menu(self) -> QMenu:
        """The groups that are not on the rail, each with its lines."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for at in range(self.topLevelItemCount()):
            head = self.topLevelItem(at)
            inner = menu.addMenu(plain(head.text(0))) if head is not None and head.isHidden() else None
            if head is None or inner is None:
                continue
            for item in (child for number in range(head.childCount()) if (child := head.child(number))):
                key = str(item.data(0, KEY))
                action = inner.addAction(item.icon(0), plain(item.text(0)), partial(self.choose, key))
                if action is not None:
                    action.setCheckable(True)
                    action.setChecked(key == self.current_key())
        return menu

    def _show_more(self, item: QTreeWidgetItem) -> None:
        viewport = self.viewport()
        if viewport is not None:
            self.more_menu().popup(viewport.mapToGlobal(self.visualItemRect(item).bottomLeft()))

    def _pages(self) -> list[Entry]:
        return [
            Entry(ALL, row.title(), None, icon=row.icon, count=self._counts.number(ALL))
            if row.name == QUBES
            else Entry(f"page:{row.name}", row.title(), None, icon=row.icon, page=row.name)
            for row in PAGES.values()
        ] + [
            Entry(
                f"{WINDOW}{name}",
                title_text(WINDOWS[name].title()),
                None,
                icon=WINDOWS[name].icon,
                page=WINDOW,
            )
            for name in LISTED_WINDOWS
        ]

    def _fixed(self) -> list[Entry]:
        def fixed(key: str, text: str, scope: Scope, icon: str) -> Entry:
            return Entry(key, text, scope, icon=icon, count=self._counts.number(key))

        return [
            fixed(RUNNING, self.tr("Running"), lambda record: record.running, "start"),
            fixed(TEMPLATES, self.tr("Templates"), lambda record: record.klass is VmClass.TEMPLATE, "template"),
            fixed(DISPOSABLES, self.tr("Disposables"), lambda record: record.klass is VmClass.DISP, "qube"),
        ]

    def _views(self) -> list[Entry]:
        counts = self._counts.of[VIEW]
        return [
            Entry(f"view:{name}", name, parse(query).matches, query, icon="search", count=counts[name])
            for name, query in self.views()
        ]

    def _tags(self) -> list[Entry]:
        counts = self._counts.of[TAG]
        return [Entry(f"tag:{tag}", tag, _tagged(tag), icon="tag", count=counts[tag]) for tag in _most_common(counts)]

    def _netvms(self) -> list[Entry]:
        counts = self._counts.of[NETVM].copy()
        offline = counts.pop("", 0)
        entries = [
            Entry(f"netvm:{name}", name, _through(name), icon="network", count=counts[name])
            for name in _most_common(counts)
        ]
        if offline:
            entries.append(Entry("netvm:", self.tr("none"), _is_offline, icon="disconnected", count=offline))
        return entries

    def _values(self, prop: str) -> list[Entry]:
        """A line for each value of a property; none for the empty one."""
        counts = self._counts.of[prop]
        label = prop == LABEL
        return [
            Entry(
                f"{prop}:{value}",
                value,
                _having(prop, value),
                label=value if label else "",
                icon="template",
                count=counts[value],
            )
            for value in _most_common(counts)
        ]

    def _prefixes(self) -> list[Entry]:
        """An entry for each prefix, up to the first hyphen, that several names have."""
        shared = Counter({prefix: count for prefix, count in self._counts.of[PREFIX].items() if count > 1})
        return [
            Entry(f"prefix:{prefix}", f"{prefix}-", _beginning(f"{prefix}-"), count=shared[prefix])
            for prefix in _most_common(shared)
        ]

    def _color(self, entry: Entry) -> str:
        """The colour of the cube of a line; empty for a line without one."""
        return self._session.color_of(entry.label) if entry.label else ""

    def _group(self, key: str, title: str, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        head = QTreeWidgetItem(self, [title])
        head.setData(0, KEY, key)
        head.setData(0, IS_HEAD, True)
        head.setFlags(Qt.ItemFlag.ItemIsEnabled)
        for entry in entries:
            self._entries[entry.key] = entry
            item = QTreeWidgetItem(head, [entry.text])
            item.setData(0, KEY, entry.key)
            if entry.page == WINDOW:
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)  # it opens a window, and is never the line that is shown
            if entry.label:
                item.setIcon(0, label_icon(self._color(entry)))
            elif entry.icon:
                item.setIcon(0, icon(entry.icon))
            self._show_count(item, title, entry, self._count(entry))
        head.setExpanded(key not in self._folded or self.is_rail)
        head.setHidden(self.is_rail and key not in ON_RAIL)

    def _show_count(self, item: QTreeWidgetItem, title: str, entry: Entry, counted: Counted) -> None:
        """Show the count of a line; `title` is that of its group."""
        self._shown[entry.key] = item, counted
        count, kind = counted
        item.setData(0, COUNT, count if kind is None else None)
        item.setData(0, BADGE, count if kind is not None else None)
        item.setData(0, KIND, kind)
        tip = f"{entry.text}: {count}" if count and (self.is_rail or kind) else entry.query or entry.text
        item.setToolTip(0, plain_tip(tip))
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{title}: {entry.text}, {count}")

    def _count(self, entry: Entry) -> Counted:
        """The qubes of a line; of a page, what needs attention there, and how much."""
        if entry.page == "backups":
            troubled = len(self._session.backups.troubled)
            if troubled:
                return self.tr("%n failed", "", troubled), BadgeKind.FAULT
            old = self._counts.overdue(int(time.time()))
            return (self.tr("%n old", "", old), BadgeKind.WARNING) if old else ("", None)
        if entry.page == "updates":
            return self._count_updates()
        return (number_text(entry.count) if entry.page == QUBES else ""), None

    def total(self) -> int:
        """How many qubes there are; internal ones only while they are shown."""
        return self._counts.number(ALL)

    def needs(self) -> Needs:
        """What is counted of all qubes, without going through them."""
        return Needs(
            self.total(),
            self._counts.number(RUNNING),
            len(self._session.backups.troubled),
            self._counts.overdue(int(time.time())),
            sum(self._attention().values()),
        )

    def _attention(self) -> Mapping[UpdateState, int]:
        """How many qubes need an update, by why; internal ones too."""
        return attention(self._counts.updated.values(), int(time.time()), stale_after(self._session.facts))

    def _count_updates(self) -> tuple[str, BadgeKind | None]:
        """The qubes that need an update, or else those that must be restarted; internal ones too."""
        counts = self._attention()
        if number := sum(counts.values()):
            is_urgent = UpdateState.ENDED in counts
            return number_text(number), BadgeKind.WARNING if is_urgent else BadgeKind.INFO
        waiting = len(self._session.restarts.waiting(self._session.records.values()))
        return (self.tr("%n restart(s)", "", waiting), BadgeKind.INFO) if waiting else ("", None)

    def _items(self) -> Iterable[QTreeWidgetItem]:
        for at in range(self.topLevelItemCount()):
            head = self.topLevelItem(at)
            if head is not None:
                for number in range(head.childCount()):
                    child = head.child(number)
                    if child is not None:
                        yield child

    def _fold(self, head: QTreeWidgetItem, *, folded: bool) -> None:
        (self._folded.add if folded else self._folded.discard)(str(head.data(0, KEY)))
        self._settings.setValue(FOLDED, sorted(self._folded))

    def _clicked(self, item: QTreeWidgetItem) -> None:
        """A click anywhere on a headline folds it and opens it again."""
        if item.data(0, KEY) == MORE:
            self._show_more(item)
        elif str(item.data(0, KEY)).startswith(WINDOW):
            self._session.window_wanted.emit(str(item.data(0, KEY)).removeprefix(WINDOW), ())
        elif item.childCount() and not self.is_rail:
            item.setExpanded(not item.isExpanded())

    def _activated(self, item: QTreeWidgetItem) -> None:
        """Return on a line that is no part of the qubes does what a click does."""
        if item.data(0, KEY) == MORE or str(item.data(0, KEY)).startswith(WINDOW):
            self._clicked(item)

    def _put(self, records: tuple[VmRecord, ...]) -> None:
        self._counts.put(records)
        self._later.ask()

    def _gone(self, names: tuple[str, ...]) -> None:
        self._counts.remove(names)
        self._later.ask()

    def _chosen(self) -> None:
        if not self.selectedItems():  # a click on a line that opens a window
            self.blockSignals(True)
            self.choose(self._former)
            self.blockSignals(False)
            return
        self._former = self.current_key()
        entry = self._entries.get(self._former)
        if entry is None:
            return
        self.page_chosen.emit(entry.page)
        if entry.page != QUBES:
            return
        is_view = entry.key.startswith("view:")
        self.scope_chosen.emit(None if is_view else entry.scope)
        if is_view or self._shows_view:
            # A view is its query: the next line is not shown under it.
            self.view_chosen.emit(entry.query)
        self._shows_view = is_view

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if (viewport := self.viewport()) is not None:
            self.setColumnWidth(0, viewport.width())

    # -- the menu of a line -------------------------------------------------------------------------------------------

    def _show_menu(self, at: QPoint) -> None:
        item = self.itemAt(at)
        entry = self._entries.get(str(item.data(0, KEY))) if item is not None else None
        if entry is None or entry.page != QUBES:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if select := menu.addAction(self.tr("Select these qubes")):
            select.triggered.connect(lambda: self.select_wanted.emit(entry))
        if entry.key.startswith("view:") and (forget := menu.addAction(self.tr("Forget this view"))):
            forget.triggered.connect(lambda: self.forget_view(entry.text))
        menu.setToolTipsVisible(True)
        self.menu_made.emit(menu, entry)
        if viewport := self.viewport():
            menu.popup(viewport.mapToGlobal(at))


def _most_common(counts: Counter[str]) -> list[str]:
    """The names that occur most, in order. Of those that occur as often, the first by name, so that they stay."""
    return in_order(nsmallest(SHOWN_TAGS, counts, key=lambda name: (-counts[name], natural(name))))


def _is_offline(record: VmRecord) -> bool:
    return "netvm" in record.properties and not record.value("netvm")


def _tagged(tag: str) -> Scope:
    return lambda record: tag in record.tags


def _having(prop: str, value: str) -> Scope:
    return lambda record: record.value(prop) == value


def _beginning(prefix: str) -> Scope:
    return lambda record: record.name.startswith(prefix)


def _listed(data: object) -> list[str]:
    """A list from the settings, where a list of one text is read as that text and an empty one as None."""
    return [data] if isinstance(data, str) else [str(each) for each in data] if isinstance(data, list) else []


def _through(netvm: str) -> Scope:
    return lambda record: record.value("netvm") == netvm
