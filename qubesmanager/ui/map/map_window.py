# SPDX-License-Identifier: GPL-3.0-or-later
"""The map: who routes through whom and what is based on what, as trees with warnings.

A qube in it is acted on as in the table: by its context menu, by Enter, by the shortcuts.
"""

from collections.abc import Callable, Iterable

from PyQt5.QtCore import QCoreApplication, QPoint, Qt, QTimer
from PyQt5.QtGui import QCloseEvent, QKeySequence
from PyQt5.QtWidgets import (
    QHeaderView,
    QLineEdit,
    QMenu,
    QShortcut,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.natural_sort import natural
from qubesmanager.models.texts import plain_tip, state_text
from qubesmanager.plans.plan import Plan, RowKey
from qubesmanager.rules.topology import Forest, Mark, Node, Remark, network_forest, template_forest
from qubesmanager.ui.actions.actions import BY_ID, ActionSet
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.actions.plan_dialog import UNDO_SECONDS
from qubesmanager.ui.actions.property_menus import netvm_menu, template_menu
from qubesmanager.ui.icons import icon, label_icon, state_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.error_bar import ErrorBar
from qubesmanager.ui.widgets.labels import plain_label, subdue
from qubesmanager.ui.widgets.screens import resize_in_units

NAME = Qt.ItemDataRole.UserRole
FEW = 12
"""A qube with more than so many right below it is shown collapsed until the user expands it."""

PAUSE = 150
"""Milliseconds in which changes are gathered before the trees are updated."""

QUBE, STATE, REMARKS = range(3)


def remark_text(remark: Remark) -> str:
    """A warning on a qube, in the user's language."""
    translate = QCoreApplication.translate
    if remark.mark is Mark.ENFORCES_NOTHING:
        count = int(remark.about)
        return translate("Map", "It enforces no firewall: the rules of %n qube(s) behind it have no effect.", "", count)
    text = {
        Mark.LOOP: translate("Map", "A loop: {0}."),
        Mark.MISSING: translate("Map", "There is no qube {0}, which it refers to."),
        Mark.NO_ROUTER: translate("Map", "Its net qube {0} does not provide network."),
        Mark.NO_FIREWALL: translate("Map", "Past the firewall: {0} enforces no rules."),
        Mark.LEAK: translate("Map", "It has no network, but its disposables have: {0}."),
    }[remark.mark]
    return text.format(remark.about)


class MapTree(QTreeWidget):
    """One of the two trees. Branches that the user folded stay folded when it changes."""

    def __init__(self, session: Session, title: str, apart: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._apart = apart
        self._folded: dict[str, bool] = {}
        self.setAccessibleName(title)
        self.setHeaderLabels([self.tr("Qube"), self.tr("State"), self.tr("Warnings")])
        self.setUniformRowHeights(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.itemExpanded.connect(lambda item: self._folded.update({_key(item): False}))
        self.itemCollapsed.connect(lambda item: self._folded.update({_key(item): True}))
        if header := self.header():
            header.setStretchLastSection(True)
            header.setSectionResizeMode(QUBE, QHeaderView.ResizeMode.Interactive)
        self.setColumnWidth(QUBE, 260)
        self.setColumnWidth(STATE, 110)

    def current_name(self) -> str:
        item = self.currentItem()
        return _key(item) if item is not None else ""

    def choose(self, name: str) -> None:
        """Select a qube, and open what it is folded into."""
        for item in self.items():
            if _key(item) == name:
                self.setCurrentItem(item)
                return

    def items(self) -> Iterable[QTreeWidgetItem]:
        """All lines, from the top down."""
        waiting = [item for at in range(self.topLevelItemCount()) if (item := self.topLevelItem(at)) is not None]
        while waiting:
            item = waiting.pop(0)
            yield item
            waiting[:0] = [child for at in range(item.childCount()) if (child := item.child(at)) is not None]

    def show_forest(self, forest: Forest, accepts: Callable[[Node], bool] | None = None) -> None:
        """Build the lines; with `accepts` only those qubes and the way to them, expanded."""
        chosen = self.current_name()
        self.blockSignals(True)
        self.setUpdatesEnabled(False)
        self.clear()
        tops = [item for node in forest.roots if (item := self._line(node, accepts)) is not None]
        alone = [item for node in forest.apart if (item := self._line(node, accepts)) is not None]
        self.addTopLevelItems(tops)
        if alone:
            head = QTreeWidgetItem([f"{self._apart} ({len(alone)})"])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            head.addChildren(alone)
            self.addTopLevelItem(head)
        for item in self.items():
            folded = self._folded.get(_key(item), item.childCount() > FEW)
            item.setExpanded(accepts is not None or not folded)
        self.setUpdatesEnabled(True)
        self.blockSignals(False)
        self.choose(chosen)

    def _line(self, node: Node, accepts: Callable[[Node], bool] | None) -> QTreeWidgetItem | None:
        children = sorted(node.children, key=lambda child: natural(child.name))
        below = [item for child in children if (item := self._line(child, accepts)) is not None]
        if accepts is not None and not below and not accepts(node):
            return None
        record = self._session.records.get(node.name)
        remarks = " ".join(remark_text(remark) for remark in node.remarks)
        title = f"{node.name}  ({node.below})" if node.below else node.name
        item = QTreeWidgetItem([title, state_text(record.state) if record else "", remarks])
        item.setData(QUBE, NAME, node.name)
        item.setIcon(QUBE, label_icon(self._session.color_of_qube(node.name)))
        if record is not None:
            item.setIcon(STATE, state_icon(record.state))
        if remarks:
            item.setIcon(REMARKS, icon("warning"))
        count = node.below
        users = QCoreApplication.translate("Map", "%n qube(s) below it", "", count) if count else ""
        item.setToolTip(QUBE, plain_tip("\n".join(filter(None, (node.name, users)))))
        item.setToolTip(REMARKS, plain_tip(remarks) if remarks else "")
        item.addChildren(below)
        return item


class MapWindow(QWidget):
    """Both trees, a box to find a qube, and the actions of the one that is selected."""

    def __init__(self, session: Session) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._session = session
        self.setWindowTitle(self.tr("Map of the qubes"))
        self.setWindowIcon(icon("network"))
        self.operations = Operations(session, self)
        self.actions_of = ActionSet(self.operations, self, session.settings)
        self.menus = [
            template_menu(self.operations, session, self, self.tr("&Template")),
            netvm_menu(self.operations, session, self, self.tr("Net &qube")),
        ]
        layout = QVBoxLayout(self)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Find a qube (Ctrl+F)"))
        self.search.setAccessibleName(self.tr("Find a qube"))
        self.search.setClearButtonEnabled(True)
        layout.addWidget(self.search)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.network = MapTree(session, self.tr("Who routes through whom"), self.tr("Without network"), self)
        self.templates = MapTree(session, self.tr("What is based on what"), self.tr("Without a template"), self)
        self.tabs.addTab(self.network, icon("network"), self.tr("Ne&twork"))
        self.tabs.addTab(self.templates, icon("template"), self.tr("Te&mplates"))
        layout.addWidget(self.tabs, 1)
        self.errors = ErrorBar(self)
        layout.addWidget(self.errors)
        self.status = plain_label("", self)
        subdue(self.status)
        layout.addWidget(self.status)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(PAUSE)
        self._later.timeout.connect(self.fill)
        for tree in (self.network, self.templates):
            tree.currentItemChanged.connect(lambda *_: self._update_actions())
            tree.itemActivated.connect(lambda *_: self._run("settings"))
            tree.customContextMenuRequested.connect(self._show_menu)
        self.tabs.currentChanged.connect(self._turned)
        self.search.textChanged.connect(self.fill)
        self.search.returnPressed.connect(self._first_found)
        session.put.connect(self._changed)
        session.gone.connect(self._changed)
        session.system_changed.connect(self._changed)
        session.synced.connect(self._changed)
        session.lost.connect(self._changed)
        session.labels_changed.connect(self._changed)
        self.operations.overdue.connect(self._overdue)
        self.operations.undoable.connect(self._undoable)
        standard = QKeySequence.StandardKey
        QShortcut(QKeySequence(standard.Find), self).activated.connect(self._go_find)
        resize_in_units(self, 240, 150)
        if geometry := session.settings.value("map/geometry"):
            self.restoreGeometry(geometry)
        self.fill()
        self.network.setFocus()

    @property
    def tree(self) -> MapTree:
        """The one in front."""
        return self.templates if self.tabs.currentWidget() is self.templates else self.network

    def fill(self) -> None:
        """Both trees from what is known now."""
        records = self._session.records
        typed = self.search.text().strip().casefold()
        accepts = (lambda node: typed in node.name.casefold()) if typed else None
        network, templates = network_forest(records), template_forest(records)
        self.network.show_forest(network, accepts)
        self.templates.show_forest(templates, accepts)
        marked = sum(len(node.remarks) for node in (*_all(network), *_all(templates)))
        self.status.setText(
            self.tr("Nothing found.")
            if typed and not self.tree.topLevelItemCount()
            else self.tr("%n warning(s)", "", marked)
            if marked
            else self.tr("No loops, nothing goes past a firewall.")
        )
        self._update_actions()

    def show_page(self, page: str) -> None:
        """`network` or `templates`."""
        view = {"network": self.network, "templates": self.templates}.get(page)
        if view is not None:
            self.tabs.setCurrentWidget(view)

    def _turned(self) -> None:
        """The other tree shows the same qube."""
        other = self.network if self.tree is self.templates else self.templates
        self.tree.choose(other.current_name())
        self._update_actions()

    def _changed(self, *_values: object) -> None:
        if not self._later.isActive():
            self._later.start()

    def _update_actions(self) -> None:
        name = self.tree.current_name()
        names = (name,) if name else ()
        self.actions_of.look(names, connected=self._session.is_synced)
        for menu in self.menus:
            menu.look(names, connected=self._session.is_synced)

    def _run(self, key: str) -> None:
        self.actions_of.run(BY_ID[key])

    def _overdue(self, name: str, error: str) -> None:
        self.errors.show_notice(error, self.operations.overdue_offers(name))

    def _undoable(self, text: str, plan: Plan, done: frozenset[RowKey]) -> None:
        offers = self.operations.undo_offers(plan, done)
        self.errors.show_notice(text, offers, warning=False, seconds=UNDO_SECONDS)

    def _show_menu(self, at: QPoint) -> None:
        viewport = self.tree.viewport()
        if not self.tree.current_name() or viewport is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        self.actions_of.fill(menu, self.menus)
        menu.popup(viewport.mapToGlobal(at))

    def _go_find(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _first_found(self) -> None:
        """From the box into the tree, to the first that fits."""
        typed = self.search.text().strip().casefold()
        for item in self.tree.items():
            if typed and typed in _key(item).casefold():
                self.tree.setCurrentItem(item)
                break
        self.tree.setFocus()

    # Qt overrides

    def closeEvent(self, event: QCloseEvent | None) -> None:
        self._session.settings.setValue("map/geometry", self.saveGeometry())
        super().closeEvent(event)


def _key(item: QTreeWidgetItem) -> str:
    """The qube of a line; empty for the line that gathers those apart."""
    name = item.data(QUBE, NAME)
    return name if isinstance(name, str) else ""


def _all(forest: Forest) -> Iterable[Node]:
    waiting = [*forest.roots, *forest.apart]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        yield node


def open_map(session: Session, _names: tuple[str, ...]) -> QWidget:
    """Open the window; it is about no qube."""
    return MapWindow(session)
