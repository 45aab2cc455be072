# SPDX-License-Identifier: GPL-3.0-or-later
"""The network map: a picture, and the same as trees for who prefers them or hears them read.

A qube is acted on as in the table: by its menu, by Enter, by the shortcuts. A new net qube goes through the plan.
"""

from collections.abc import Callable, Iterable, Sequence

from PyQt5.QtCore import QPoint, QSize, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QResizeEvent, QShowEvent
from PyQt5.QtWidgets import (
    QAction,
    QActionGroup,
    QLineEdit,
    QMenu,
    QSplitter,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.host import small_files
from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.texts import percent_text
from qubesmanager.plans.plan import Plan, RowKey
from qubesmanager.plans.properties import NETVM, property_plan
from qubesmanager.rules.stepwise import Steps
from qubesmanager.rules.topology import Forest, Node, network_forest, template_forest
from qubesmanager.ui.actions.actions import BY_ID, ActionSet
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.actions.plan_dialog import UNDO_SECONDS
from qubesmanager.ui.actions.property_menus import netvm_menu, template_menu
from qubesmanager.ui.icons import icon
from qubesmanager.ui.map.legend import Legend
from qubesmanager.ui.map.map_tree import MapTree, qube_of
from qubesmanager.ui.map.netvm_prompt import NetvmPrompt
from qubesmanager.ui.map.picture import NetworkPicture
from qubesmanager.ui.map.side_pane import SidePane, warned_of
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.error_bar import ErrorBar
from qubesmanager.ui.widgets.labels import plain_label, subdue
from qubesmanager.ui.widgets.page_bar import fill_page_bar
from qubesmanager.ui.widgets.prompts import ask_where_to_save
from qubesmanager.ui.widgets.sections import hairline
from qubesmanager.ui.widgets.soon import Soon
from qubesmanager.wire.values import VmClass

PAUSE = 150
"""Milliseconds in which changes are gathered before the view in front is updated."""
NARROW, BARE = 170, 200
"""Quarters of a line's height below which the pane is hidden, and the tools have no words."""
PICTURE, NETWORK, TEMPLATES = "picture", "network", "templates"


class MapPage(QWidget):
    """A page of the main window, and the content of a separate window, where it has the keys of the actions.

    Signals: `selection_changed()`: other qubes are selected.
    """

    selection_changed = pyqtSignal()

    def __init__(self, session: Session, parent: QWidget | None = None, *, has_keys: bool = False) -> None:
        super().__init__(parent)
        self._session = session
        self._unit = self.fontMetrics().height() // 4
        self.operations = Operations(session, self)
        self.actions_of = ActionSet(self.operations, self, session.settings)
        if not has_keys:
            for action in self.actions_of.by_id.values():
                self.removeAction(action)
        self.menus = [
            template_menu(self.operations, session, self, self.tr("&Template")),
            netvm_menu(self.operations, session, self, self.tr("Net &qube")),
        ]
        self.toolbar = QToolBar(self.tr("Network map"), self)
        self.search = QLineEdit(self)
        self.picture = NetworkPicture(session, self)
        self.network = MapTree(session, self.tr("Who routes through whom"), self.tr("Without network"), self)
        self.templates = MapTree(session, self.tr("What is based on what"), self.tr("Without a template"), self)
        self._views: dict[str, NetworkPicture | MapTree] = {
            PICTURE: self.picture,
            NETWORK: self.network,
            TEMPLATES: self.templates,
        }
        self.prompt = NetvmPrompt(session, self.picture)
        self.pane = SidePane(session, self)
        self.errors = ErrorBar(self)
        self.status = plain_label("", self)
        self.turns: dict[str, QAction] = {}
        self._make_toolbar()
        self._lay_out()
        self._later = Soon(PAUSE, self.fill, self)
        self._connect()
        self.show_page(PICTURE)

    # -- what the window uses -----------------------------------------------------------------------------------------

    def start_search(self) -> None:
        """Give the search field the keys."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def enter(self, names: Sequence[str]) -> None:
        """Show the qube that is selected in the table."""
        self.fill()
        if len(names) == 1:
            self.choose(names[0])
        self.view.setFocus()

    def selected_names(self) -> tuple[str, ...]:
        """The qubes that are selected here."""
        if isinstance(self.view, NetworkPicture):
            return self.view.current_names()
        name = self.view.current_name()
        return (name,) if name else ()

    def show_page(self, page: str) -> None:
        """`picture`, `network` (the tree) or `templates`."""
        view = self._views.get(page)
        if view is None:
            return
        names = self.selected_names()
        self.turns[page].setChecked(True)
        self.stack.setCurrentWidget(view)
        self.legend.setVisible(view is self.picture)
        for action in (self.smaller, self.scale, self.larger, self.fit, self.export):
            action.setEnabled(view is self.picture)
        self.fill()
        if len(names) == 1:
            view.choose(names[0])

    @property
    def view(self) -> NetworkPicture | MapTree:
        """The picture or tree in front."""
        return next(view for view in self._views.values() if view is self.stack.currentWidget())

    def choose(self, name: str) -> None:
        """Select a qube."""
        self.view.choose(name)

    def fill(self) -> None:
        """The view in front, the warnings and the facts, from what is known now."""
        records = self._session.records
        typed = self.search.text().strip().casefold()
        if isinstance(self.view, NetworkPicture):
            self.picture.fill()
        else:
            accepts = (lambda node: typed in node.name.casefold()) if typed else None
            forest = network_forest(records) if self.view is self.network else template_forest(records)
            self.view.show_forest(forest, accepts)
        self._put_status(typed)
        self._update_actions()

    # -- parts --------------------------------------------------------------------------------------------------------

    def _make_toolbar(self) -> None:
        group = QActionGroup(self)
        for page, picture, text in (
            (PICTURE, "network", self.tr("Picture")),
            (NETWORK, "tree", self.tr("Tree")),
            (TEMPLATES, "template", self.tr("Templates")),
        ):
            action = QAction(icon(picture), text, self)
            action.setCheckable(True)
            group.addAction(action)
            action.triggered.connect(lambda _checked=False, page=page: self.show_page(page))
            self.turns[page] = action
        self.smaller = self._tool("minus", self.tr("Smaller"), lambda: self.picture.zoom(-1))
        self.scale = self._tool("", "", lambda: self.picture.set_scale(1.0))
        self.scale.setToolTip(self.tr("Show it in its usual size"))
        self.larger = self._tool("plus", self.tr("Larger"), lambda: self.picture.zoom(1))
        self.fit = self._tool("fit", self.tr("Fit"), self.picture.fit)
        self.fit.setToolTip(self.tr("Show all of it"))
        self.export = self._tool("export", self.tr("Export as SVG…"), self._ask_file)
        first, second = QAction(self), QAction(self)
        for line in (first, second):
            line.setSeparator(True)
        tools = (*self.turns.values(), first, self.smaller, self.scale, self.larger, self.fit, second, self.export)
        fill_page_bar(self.toolbar, tools, self.search, self.tr("Find a qube ({0})"))
        for action in (self.smaller, self.larger):
            button = self.toolbar.widgetForAction(action)
            if button is not None:
                button.setProperty("toolButtonStyle", int(Qt.ToolButtonStyle.ToolButtonIconOnly))
        self.search.setAccessibleName(self.tr("Find a qube"))
        self._show_scale()

    def _tool(self, picture: str, text: str, run: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        if picture:
            action.setIcon(icon(picture))
        action.triggered.connect(lambda _checked=False: run())
        return action

    def _lay_out(self) -> None:
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.stack = QStackedWidget(left)
        for view in self._views.values():
            self.stack.addWidget(view)
        column.addWidget(self.stack, 1)
        column.addWidget(self.errors)
        column.addWidget(hairline(left))
        self.legend = Legend(left)
        column.addWidget(self.legend)
        self.status.setContentsMargins(4 * self._unit, self._unit, 4 * self._unit, self._unit)
        subdue(self.status)
        column.addWidget(self.status)
        self.across = QSplitter(Qt.Orientation.Horizontal, self)
        self.across.addWidget(left)
        self.across.addWidget(self.pane)
        self.across.setStretchFactor(0, 1)
        self.across.setSizes([220 * self._unit, 66 * self._unit])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.across)

    def _connect(self) -> None:
        session = self._session
        for tree in (self.network, self.templates):
            tree.currentItemChanged.connect(lambda *_: self._selected())
            tree.itemActivated.connect(lambda *_: self._run("settings"))
            tree.customContextMenuRequested.connect(self._show_tree_menu)
        self.picture.current_changed.connect(self._selected)
        self.picture.activated.connect(lambda _name: self._run("settings"))
        self.picture.menu_wanted.connect(self._show_menu)
        self.picture.dropped.connect(self.reconnect)
        self.picture.scale_changed.connect(self._show_scale)
        self.picture.prompt_wanted.connect(self._ask_netvm)
        self.prompt.chosen.connect(self.reconnect)
        self.prompt.left.connect(self.picture.setFocus)
        self.pane.chosen.connect(self.choose)
        self.pane.reconnect_wanted.connect(lambda name, netvm: self.reconnect((name,), netvm))
        self.pane.settings_wanted.connect(lambda name: self.operations.open_window("settings", (name,)))
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._first_found)
        for signal in (session.put, session.gone, session.system_changed, session.labels_changed):
            signal.connect(self._changed)
        for signal in (session.synced, session.lost):
            signal.connect(self._changed)
        self.operations.overdue.connect(self._overdue)
        self.operations.undoable.connect(self._undoable)

    # -- what changes -------------------------------------------------------------------------------------------------

    def _changed(self, *_values: object) -> None:
        if self.isVisible():
            self._later.ask()

    def _selected(self) -> None:
        self._update_actions()
        self.selection_changed.emit()

    def _put_status(self, typed: str) -> None:
        """What was searched for and not found; in the tree of templates, how many warnings it has."""
        says = ""
        if typed and not any(typed in name.casefold() for name in self._session.records):
            says = self.tr("Nothing found.")
        elif self.view is self.templates:
            marked = sum(len(node.remarks) for node in _all(template_forest(self._session.records)))
            says = self.tr("%n warning(s)", "", marked) if marked else self.tr("No template is missing.")
        self.status.setText(says)
        self.status.setVisible(bool(says))

    def _update_actions(self) -> None:
        names = self.selected_names()
        self.actions_of.look(names, connected=self._session.is_synced)
        for menu in self.menus:
            menu.look(names, connected=self._session.is_synced)
        remarks = self.picture.layout_of_qubes.remarks
        warned, number = warned_of(self._session, remarks)
        self.pane.put(warned, number, names[0] if len(names) == 1 else "", remarks)

    def _show_scale(self) -> None:
        percent = round(100 * self.picture.scale)
        self.scale.setText(percent_text(percent))

    # -- what the user does -------------------------------------------------------------------------------------------

    def reconnect(self, names: Sequence[str], netvm: str) -> None:
        """Show the plan that gives the qubes this net qube; empty for none."""

        def make(left_out: frozenset[str], _choice: str) -> Steps[Plan]:
            return property_plan.steps(self._session.facts_now(), names, NETVM, netvm, left_out)

        self.operations.confirm(make)

    def _run(self, key: str) -> None:
        self.actions_of.run(BY_ID[key])

    def _overdue(self, name: str, error: str) -> None:
        self.errors.show_notice(error, self.operations.overdue_offers(name))

    def _undoable(self, text: str, plan: Plan, done: frozenset[RowKey]) -> None:
        offers = self.operations.undo_offers(plan, done)
        self.errors.show_notice(text, offers, warning=False, seconds=UNDO_SECONDS)

    def _show_tree_menu(self, at: QPoint) -> None:
        if isinstance(self.view, MapTree) and self.selected_names() and (viewport := self.view.viewport()) is not None:
            self._show_menu(viewport.mapToGlobal(at))

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        self.actions_of.fill(menu, self.menus)
        menu.popup(at)

    def _ask_netvm(self) -> None:
        names = self.picture.current_names()
        room = self.picture.rect()
        self.prompt.ask(names)
        self.prompt.move((room.width() - self.prompt.width()) // 2, 12 * self._unit)

    def _find(self, typed: str) -> None:
        self.picture.show_found(typed)
        if isinstance(self.view, MapTree):
            self.fill()
        else:
            self._put_status(typed.strip().casefold())

    def _first_found(self) -> None:
        """From the field to the first qube that fits."""
        typed = self.search.text().strip().casefold()
        view = self.view
        if isinstance(view, NetworkPicture):
            guests = (name for name, record in self._session.records.items() if record.klass is not VmClass.ADMIN)
            names = in_order(name for name in guests if typed and typed in name.casefold())
            if names:
                view.choose(names[0])
        else:
            for item in view.items():
                if typed and typed in qube_of(item).casefold():
                    view.setCurrentItem(item)
                    break
        view.setFocus()

    def _ask_file(self) -> None:
        title, name = self.tr("Export the picture"), self.tr("network-map.svg")
        filters = (self.tr("Pictures (*.svg)"), self.tr("All files (*)"))
        ask_where_to_save(self, title, name, self.export_to, filters)

    def export_to(self, path: str) -> None:
        """Write the picture into a file."""
        self._session.tasks.start_hidden(self.tr("Export the picture"), self._write(path), owner=self)

    async def _write(self, path: str) -> None:
        try:
            await small_files.write_text(path, self.picture.svg().decode())
        except OSError as error:
            self.errors.show_notice(str(error))
        else:
            self.errors.show_notice(self.tr("The picture is in {0}.").format(path), warning=False)

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.fill()
        QTimer.singleShot(0, self.picture.begin)  # when the window has its size

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.pane.setVisible(self.width() >= NARROW * self._unit)
        styles = Qt.ToolButtonStyle
        is_bare = self.width() < BARE * self._unit
        self.toolbar.setToolButtonStyle(styles.ToolButtonIconOnly if is_bare else styles.ToolButtonTextBesideIcon)

    def minimumSizeHint(self) -> QSize:
        return QSize(60 * self._unit, 60 * self._unit)


def _all(forest: Forest) -> Iterable[Node]:
    waiting = [*forest.roots, *forest.apart]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        yield node


def open_map(session: Session, parent: QWidget) -> QWidget:
    """Make the page."""
    return MapPage(session, parent)
