# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager's window: puts sidebar, table, inspector and bars together, and says to each what is selected."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from PyQt5.QtCore import QByteArray, QEvent, QPoint, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShowEvent
from PyQt5.QtWidgets import (
    QAction,
    QApplication,
    QLineEdit,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.client.live_copy import Lost
from qubesmanager.host import programs
from qubesmanager.models.columns import TABLE as COLUMNS
from qubesmanager.models.device_catalog import Device
from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.qube_counts import ALL
from qubesmanager.models.texts import plain_tip, title_text
from qubesmanager.models.vm_filter import VmFilterModel
from qubesmanager.models.vm_table import VmTableModel
from qubesmanager.plans.plan import Plan, RowKey
from qubesmanager.rules.facts import whole_number
from qubesmanager.rules.features import is_internal
from qubesmanager.rules.qubes_os import runs_qubes_os
from qubesmanager.transport.base import RefusedError
from qubesmanager.ui.actions.actions import BY_ID, ActionSet
from qubesmanager.ui.actions.actions import TABLE as ACTIONS
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.actions.plan_dialog import UNDO_SECONDS
from qubesmanager.ui.actions.property_menus import PropertyMenu, label_menu, netvm_menu, template_menu
from qubesmanager.ui.devices.device_menu import QubeDevicesMenu
from qubesmanager.ui.devices.device_operations import DeviceOperations
from qubesmanager.ui.devices.device_questions import DeviceQuestions
from qubesmanager.ui.icons import application_icon, icon
from qubesmanager.ui.manager.about_dialog import AboutDialog
from qubesmanager.ui.manager.closing import cancel_at_close, is_awaited, losses, unsaved_windows
from qubesmanager.ui.manager.command_palette import CommandPalette
from qubesmanager.ui.manager.guide import PAGES as PAGES_OF_GUIDE
from qubesmanager.ui.manager.guide import open_guide
from qubesmanager.ui.manager.inspector import Inspector
from qubesmanager.ui.manager.pages import PAGES, QUBES, Page, Selecting
from qubesmanager.ui.manager.palette_commands import PaletteCommands
from qubesmanager.ui.manager.property_columns import (
    PropertyColumnsDialog,
    keep_properties,
    kept_properties,
    offered_properties,
)
from qubesmanager.ui.manager.query_box import QueryBox
from qubesmanager.ui.manager.save_view_dialog import SaveViewDialog
from qubesmanager.ui.manager.shortcuts_dialog import ShortcutsDialog
from qubesmanager.ui.manager.sidebar import Entry, Scope, Sidebar
from qubesmanager.ui.manager.status_bar import Status
from qubesmanager.ui.manager.tasks_panel import TasksPanel
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.failures import Failures
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import AtClose, TaskEntry, TaskState
from qubesmanager.ui.session.windows import WINDOWS
from qubesmanager.ui.widgets.error_bar import ErrorBar, Offer
from qubesmanager.ui.widgets.fonts import in_units
from qubesmanager.ui.widgets.message_page import MessagePage, StaleBanner
from qubesmanager.ui.widgets.page_bar import set_icon_side
from qubesmanager.ui.widgets.prompts import confirm, opened
from qubesmanager.ui.widgets.screens import fitting
from qubesmanager.ui.widgets.soon import Soon
from qubesmanager.ui.widgets.turns import AT_ONCE
from qubesmanager.ui.widgets.vm_view import VmView
from qubesmanager.wire.errors import PermissionDenied
from qubesmanager.wire.event import Event
from qubesmanager.wire.records import NO, YES, VmRecord
from qubesmanager.wire.values import VmClass

PAUSE = 40
"""Milliseconds in which changes are gathered before buttons and counts follow them."""

NARROW = 56
"""Heights of a line below which a window is too narrow for the sides beside the table."""

OF_TABLE = ("save_view", "properties", "inspector")
"""The window's own actions on the table, which are grey while another page is in front."""

TOOLBAR = ("start", "pause", "shutdown", "restart", "settings", "devices")
"""The actions of the toolbar, unless the user chose others; none of them is dangerous."""


class MainWindow(QMainWindow):
    """All qubes, live.

    Signals: `closed()`: the program may end; `left()`: it was closed, but the program waits for a task, and `closed`
    comes after that unless it is shown again; `needed()`: that task failed, and the window is to be shown with the
    error; `report_wanted()`: write the report for a bug report.
    """

    closed = pyqtSignal()
    left = pyqtSignal()
    needed = pyqtSignal()
    report_wanted = pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._may_close = self._is_left = False
        self._asking: asyncio.Task[None] | None = None
        self.setWindowTitle(self.tr("Qubes Manager"))
        self.setWindowIcon(application_icon())
        self.operations = Operations(session, self)
        self.model = VmTableModel(self, kept_properties(session.settings))
        self.model.restarts = session.restarts
        self.filter = VmFilterModel(self.model, self)
        self.actions_of = ActionSet(self.operations, self, session.settings)
        self.device_operations = DeviceOperations(session, self)
        # The taskbar marks the window; a notification is shown by the tray, which runs all the time.
        self.failures = Failures(session, self)
        self.failures.failed.connect(lambda *_: QApplication.alert(self))
        self.questions = DeviceQuestions(session, self)
        self.own: dict[str, QAction] = {}
        self._made: list[str] = []
        self._is_narrow = False
        self._has_hidden = False
        """Whether the inspector is hidden only because the window is narrow."""
        self._across = QByteArray()
        """The widths of sidebar and page before the window became narrow."""
        self._last_shown: tuple[tuple[str, ...], bool] | None = None
        self._later = Soon(PAUSE, self._follow_changes, self)
        self._build()
        self._make_own_actions()
        self._make_menus()
        self._make_toolbar()
        self._connect()
        self._fitted = session.settings.contains("table/header")
        self.view.header().setAccessibleName(self.tr("&Columns").replace("&", ""))
        self._restore()
        self._has_begun = False
        """Whether the table was shown, which then has the keys."""
        self._follow_changes()

    # -- what others use ----------------------------------------------------------------------------------------------

    def table_text(self) -> list[list[str]]:
        """The texts of the table, row by row, the header first."""
        header = self.view.header()
        columns = [header.logicalIndex(at) for at in range(header.count())]
        return self._texts([at for at in columns if not self.view.isColumnHidden(at)])

    def printed_table(self) -> list[list[str]]:
        """The rows of the table in the columns of a first start, whatever the user chose; the header first."""
        return self._texts([at for at, column in enumerate(COLUMNS) if column.shown])

    def _texts(self, columns: list[int]) -> list[list[str]]:
        titles = [self.model.columns[at].name() for at in columns]
        rows = range(self.filter.rowCount())
        return [titles, *([self._cell(row, at) for at in columns] for row in rows)]

    def selected(self) -> list[str]:
        """The qubes that are selected on the page in front; none on a page where no qubes are selected."""
        page = self._other_page()
        if page is None:
            return self.view.selected_names()
        return list(page.selected_names()) if isinstance(page, Selecting) else []

    def show_error(self, title: str, error: Exception) -> None:
        """A failed operation, above the table."""
        self.errors.show_notice(self.tr("{0}: {1}").format(title, error_text(error)))

    def _ask_device(self, device: Device, qube: str) -> None:
        """A question that waits above the table."""

        def attach() -> None:
            self.device_operations.attach(device, qube, {}, start=False)

        self.errors.show_notice(self.questions.text(device, qube), (Offer(self.tr("&Attach"), attach),), warning=False)

    def show_page(self, name: str) -> None:
        """Bring the page of that name to the front; it is made when it is shown first."""
        page = self._pages.get(name)
        if page is None:
            made = PAGES[name].load()(self.session, self)
            page = self._pages[name] = made
            self.pages.addWidget(made)
            self.addToolBar(self._toolbar_of(made))
            if isinstance(made, Selecting):
                made.selection_changed.connect(self._selected)
        self.pages.setCurrentWidget(page)
        for each in self._pages.values():
            self._toolbar_of(each).setVisible(each is page)
        self.setWindowTitle(self._title(name))
        for key in OF_TABLE:
            self.own[key].setEnabled(name == QUBES)
        if self._columns is not None:
            self._columns.setEnabled(name == QUBES)
        if (focused := QApplication.focusWidget()) is not None and not focused.isVisible():
            # A hidden widget would still get the keys.
            self.sidebar.setFocus()
        if (other := self._other_page()) is not None:
            other.enter(self.view.selected_names())
        self._selected()

    def _title(self, page: str) -> str:
        title = self.tr("Qubes Manager")
        return title if page == QUBES else self.tr("{0} - {1}").format(PAGES[page].title(), title)

    def _other_page(self) -> Page | None:
        """The page in front, unless it is the one with the qubes."""
        page: Any = self.pages.currentWidget()
        return None if page is self.qubes_page else page

    def _toolbar_of(self, page: QWidget) -> QToolBar:
        toolbar: QToolBar = self.toolbar if page is self.qubes_page else cast("Page", page).toolbar
        return toolbar

    # -- parts --------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.sidebar = Sidebar(self.session, self.session.settings, self)
        self.view = VmView(self.filter, self.model, self.session.color_of, self)
        self.page = MessagePage(self)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.view)
        self.stack.addWidget(self.page)
        self.inspector = Inspector(self.session, self.model, self.actions_of, self.sidebar.needs, self)
        self.errors = ErrorBar(self)
        self.banner = StaleBanner(self, self.session.resync)
        self.tasks = TasksPanel(self.session.tasks, self)
        self.query = QueryBox(self.session, self)
        self.qubes_page = QSplitter(Qt.Orientation.Horizontal, self)
        for widget in (self.stack, self.inspector):
            self.qubes_page.addWidget(widget)
        self.qubes_page.setStretchFactor(0, 1)
        self.qubes_page.setSizes([1030, 240])
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.qubes_page)
        self._pages: dict[str, QWidget] = {QUBES: self.qubes_page}
        # What has happened is above whichever page is in front.
        middle = QWidget(self)
        column = QVBoxLayout(middle)
        column.setSpacing(0)
        column.setContentsMargins(0, 0, 0, 0)
        for each, stretch in ((self.banner, 0), (self.errors, 0), (self.pages, 1)):
            column.addWidget(each, stretch)
        self.across = QSplitter(Qt.Orientation.Horizontal, self)
        self.across.addWidget(self.sidebar)
        self.across.addWidget(middle)
        self.across.setStretchFactor(1, 1)
        side = in_units(self, 47)
        self.across.setSizes([side, 1440 - side])
        self.down = QSplitter(Qt.Orientation.Vertical, self)
        self.down.addWidget(self.across)
        self.down.addWidget(self.tasks)
        self.down.setStretchFactor(0, 1)
        self.down.setSizes([560, 160])
        for splitter in (self.across, self.qubes_page, self.down):
            splitter.setChildrenCollapsible(False)
        self.tasks.hide()
        self.setCentralWidget(self.down)
        self.status = Status(self.session, self.model, self.filter, self.sidebar.total, self)
        self.setStatusBar(self.status)
        self.resize(fitting(QSize(1440, 780)))

    def _connect(self) -> None:
        session = self.session
        session.put.connect(self._put)
        session.gone.connect(self.model.remove)
        session.put.connect(self._later.ask)
        session.gone.connect(self._later.ask)
        session.put.connect(self._select_arrived)
        session.system_changed.connect(self._later.ask)
        session.refusals_changed.connect(self._later.ask)
        session.synced.connect(self._synced)
        session.lost.connect(self._lost)
        session.stats.connect(self._stats)
        session.labels_changed.connect(self._labels)
        session.tasks.failed.connect(self.show_error)
        session.tasks.changed.connect(self._end_if_left)
        self.questions.asked.connect(self._ask_device)
        self.operations.overdue.connect(self._overdue)
        self.operations.undoable.connect(self._undoable)
        session.undoable.connect(self._undoable)
        session.overdue.connect(self._overdue)
        session.left_down.connect(self._left_down)
        session.made.connect(self._select_made)
        self.model.property_edited.connect(self._edited)
        self.filter.shown_changed.connect(self._later.ask)
        self.view.selection_changed.connect(self._selected)
        self.view.activated_name.connect(self._activated)
        self.view.menu_wanted.connect(self._context_menu)
        self.view.rename_wanted.connect(lambda: self._run_or_say("rename"))
        self.view.properties_wanted.connect(self._choose_properties)
        self.view.remove_wanted.connect(lambda: self._run_or_say("remove"))
        self.sidebar.page_chosen.connect(self.show_page)
        self.sidebar.scope_chosen.connect(self._set_scope)
        self.sidebar.scope_chosen.connect(self._later.ask)
        self.sidebar.view_chosen.connect(self.query.set_query)
        self.sidebar.select_wanted.connect(self._select)
        self.sidebar.menu_made.connect(self._fill_group_menu)
        self.query.query_changed.connect(self._set_query)
        self.query.query_changed.connect(self._later.ask)
        self.query.left.connect(self._to_table)
        self.status.tasks_wanted.connect(lambda: self.tasks.setVisible(not self.tasks.isVisible()))
        self.tasks.close_wanted.connect(self.tasks.hide)
        self.inspector.summary.page_wanted.connect(lambda name: self.sidebar.choose(f"page:{name}"))

    def _make_own_actions(self) -> None:
        standard = QKeySequence.StandardKey
        rows: list[tuple[str, str, str, QKeySequence, Callable[[], object]]] = [
            ("create", self.tr("&New qube…"), "create", QKeySequence(standard.New), self.operations.create),
            ("refresh", self.tr("Re&fresh"), "refresh", QKeySequence(standard.Refresh), self.session.resync),
            (
                "qubes_settings",
                self.tr("&Global settings of Qubes OS…"),
                "settings",
                QKeySequence(),
                self.operations.global_settings,
            ),
            ("quit", self.tr("&Quit"), "quit", QKeySequence("Ctrl+Q"), self.close),
            ("close", self.tr("&Close window"), "", QKeySequence(standard.Close), self.close),
            ("find", self.tr("&Find"), "search", QKeySequence(standard.Find), self._find),
            ("clear", self.tr("Show &everything"), "", QKeySequence("Ctrl+Shift+F"), self.show_everything),
            ("save_view", self.tr("Sa&ve this view…"), "", QKeySequence("Ctrl+Shift+V"), self._save_view),
            ("properties", self.tr("&Properties as columns…"), "", QKeySequence(), self._choose_properties),
            ("palette", self.tr("&Commands…"), "command", QKeySequence("Ctrl+K"), self.open_palette),
            ("shortcuts", self.tr("&Shortcuts…"), "", QKeySequence(), self._edit_shortcuts),
            ("help", self.tr("&Help"), "help", QKeySequence(standard.HelpContents), self._help),
            ("report", self.tr("Write a &report…"), "", QKeySequence(), self.report_wanted.emit),
            ("about", self.tr("&About Qubes Manager"), "", QKeySequence(), self._about),
        ]
        for key, text, picture, shortcut, run in rows:
            action = QAction(text, self)
            if picture:
                action.setIcon(icon(picture))
            kept = self.session.settings.value(f"shortcuts/{key}")
            action.setShortcut(QKeySequence(kept) if isinstance(kept, str) else shortcut)
            action.triggered.connect(lambda _checked=False, run=run: run())
            self.own[key] = action
            self.addAction(action)
        self._default_keys = {key: row[3].toString() for key, row in zip(self.own, rows, strict=True)}
        self._default_keys.update({row.id: row.shortcut for row in ACTIONS})
        for key, text, widget in (
            ("sidebar", self.tr("&Sidebar"), self.sidebar),
            ("inspector", self.tr("&Inspector"), self.inspector),
            ("tasks", self.tr("&Tasks"), self.tasks),
        ):
            action = QAction(text, self)
            action.setCheckable(True)
            action.toggled.connect(widget.setVisible)
            self.own[key] = action
        internal = self.own["internal"] = QAction(self.tr("Inte&rnal qubes"), self)
        internal.setToolTip(self.tr("Show the qubes that have the feature internal, too."))
        internal.setCheckable(True)
        internal.toggled.connect(self.sidebar.show_internal)
        internal.toggled.connect(self.filter.show_internal)
        internal.toggled.connect(lambda shown: self.session.settings.setValue("window/internal", YES if shown else NO))
        self.own["tasks"].setShortcut(QKeySequence("Ctrl+T"))
        self.own["sidebar"].setShortcut(QKeySequence("F9"))
        self.own["inspector"].setShortcut(QKeySequence("F10"))

    # -- menus --------------------------------------------------------------------------------------------------------

    def _make_menus(self) -> None:
        self.submenus: list[PropertyMenu | QubeDevicesMenu] = [
            template_menu(self.operations, self.session, self, self.tr("&Template")),
            netvm_menu(self.operations, self.session, self, self.tr("Net &qube")),
            label_menu(self.operations, self.session, self, self.tr("La&bel")),
            QubeDevicesMenu(self.session, self),
        ]
        system = self._menu(self.tr("&System"))
        system.addAction(self.own["create"])
        system.addSeparator()
        self._add_windows(system, "system")
        system.addAction(self.own["qubes_settings"])
        system.addAction(self.own["refresh"])
        system.addSeparator()
        system.addAction(self.own["quit"])
        self._fill_vm_menu(self._menu(self.tr("&Qube")))
        view = self._menu(self.tr("&View"))
        for key in ("sidebar", "inspector", "tasks", "internal"):
            view.addAction(self.own[key])
        view.addSeparator()
        self._columns = view.addMenu(self.tr("&Columns"))
        if self._columns is not None:
            self._columns.aboutToShow.connect(self._fill_columns)
        self._toolbar_menu = view.addMenu(self.tr("T&oolbar"))
        view.addSeparator()
        for key in ("find", "clear", "save_view"):
            view.addAction(self.own[key])
        tools = self._menu(self.tr("&Tools"))
        self._add_windows(tools, "tools")
        tools.addAction(self.own["palette"])
        tools.addAction(self.own["shortcuts"])
        aid = self._menu(self.tr("&Help"))
        aid.addAction(self.own["help"])
        aid.addAction(self.own["report"])
        aid.addSeparator()
        aid.addAction(self.own["about"])

    def _menu(self, title: str) -> QMenu:
        bar = self.menuBar()
        menu = bar.addMenu(title) if bar is not None else None
        if menu is None:
            raise RuntimeError("a main window has a menu bar")
        menu.setToolTipsVisible(True)
        return menu

    def _fill_vm_menu(self, menu: QMenu) -> None:
        menu.setToolTipsVisible(True)
        self.actions_of.fill(menu, self.submenus)

    def _add_windows(self, menu: QMenu, place: str) -> None:
        rows = [row for row in WINDOWS.values() if row.text and row.menu == place]
        for row in rows:
            action = QAction(row.title(), self)
            if row.icon:
                action.setIcon(icon(row.icon))
            action.setShortcut(QKeySequence(row.shortcut))
            action.triggered.connect(lambda _checked=False, name=row.name: self.operations.open_window(name, ()))
            self.own[f"window-{row.name}"] = action
            menu.addAction(action)
        if rows:
            menu.addSeparator()

    def _fill_columns(self) -> None:
        if self._columns is not None:
            self._columns.clear()
            self._columns.addActions(self.view.columns_menu().actions())

    def _context_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self.selected():
            self._fill_vm_menu(menu)
        else:
            menu.addAction(self.own["create"])
            menu.addAction(self.own["refresh"])
        menu.popup(at)

    # -- toolbar ------------------------------------------------------------------------------------------------------

    def _make_toolbar(self) -> None:
        self.toolbar = QToolBar(self.tr("Toolbar"), self)
        self.toolbar.setObjectName("toolbar")
        set_icon_side(self.toolbar)
        self.toolbar.setMovable(False)
        self.toolbar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.addToolBar(self.toolbar)
        self._fill_toolbar()
        menu = self._toolbar_menu
        if menu is None:
            return
        for row in self.actions_of.available():
            action = QAction(row.name().replace("&", ""), self)
            action.setCheckable(True)
            action.setChecked(row.id in self._toolbar_ids())
            action.toggled.connect(lambda shown, key=row.id: self._toggle_button(key, shown))
            menu.addAction(action)

    def _toolbar_ids(self) -> list[str]:
        kept = self.session.settings.value("toolbar")
        return kept.split() if isinstance(kept, str) else list(TOOLBAR)

    def _toggle_button(self, key: str, shown: bool) -> None:  # noqa: FBT001 - a slot
        kept = set(self._toolbar_ids())
        (kept.add if shown else kept.discard)(key)
        self.session.settings.setValue("toolbar", " ".join(row.id for row in ACTIONS if row.id in kept))
        self._fill_toolbar()

    def _fill_toolbar(self) -> None:
        self.query.setParent(self)
        self.toolbar.clear()
        self.toolbar.addAction(self.own["create"])
        self.toolbar.addSeparator()
        group = ""
        available = {row.id for row in self.actions_of.available()}
        for key in self._toolbar_ids():
            row = BY_ID.get(key)
            if row is None or key not in available:
                continue
            if group and row.group != group:
                self.toolbar.addSeparator()
            group = row.group
            self.toolbar.addAction(self.actions_of.by_id[key])
        gap = QWidget(self)
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.toolbar.addWidget(gap)
        self.toolbar.addWidget(self.query)
        for button in self.toolbar.findChildren(QToolButton):
            action = button.defaultAction()
            if action is not None:
                # Without this the ellipsis and the mnemonic would stand on the button.
                action.setIconText(title_text(action.text()))
        self.toolbar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._wide = self.toolbar.sizeHint().width()
        self._fit_toolbar()

    def _fit_sides(self) -> None:
        """In a narrow window the sidebar shows only icons, and the inspector is hidden until it is asked for."""
        is_narrow = self.width() < NARROW * self.fontMetrics().height()
        if is_narrow == self._is_narrow:
            return
        self._is_narrow = is_narrow
        if is_narrow:
            self._across = self.across.saveState()
        self.sidebar.set_rail(is_narrow)
        self.view.set_narrow(is_narrow)
        if is_narrow:
            rail = self.sidebar.maximumWidth()
            self.across.setSizes([rail, max(1, self.across.width() - rail)])
            self._has_hidden = self.own["inspector"].isChecked()
            self.own["inspector"].setChecked(False)
        else:
            self.across.restoreState(self._across)
            if self._has_hidden:
                self.own["inspector"].setChecked(True)
            self._has_hidden = False

    def _fit_toolbar(self) -> None:
        """The filter stays in sight: where there is no room for the buttons' words, only their icons are shown."""
        styles = Qt.ToolButtonStyle
        fits = self.width() >= self._wide
        self.toolbar.setToolButtonStyle(styles.ToolButtonTextBesideIcon if fits else styles.ToolButtonIconOnly)

    # -- what happens -------------------------------------------------------------------------------------------------

    def _put(self, records: tuple[VmRecord, ...]) -> None:
        if not self.session.is_synced:
            self.view.paint_soon()
        self.model.put(records)

    def _follow_changes(self) -> None:
        self._last_shown = None
        self._selected()
        self.status.look()
        self._choose_page()

    def _selected(self) -> None:
        names = tuple(self.selected())
        state = (names, self.session.is_synced)
        if state == self._last_shown:
            return
        self._last_shown = state
        self.actions_of.look(names, connected=self.session.is_synced)
        for menu in self.submenus:
            menu.look(names, connected=self.session.is_synced)
        turns, many = self.operations.turns, len(names) > AT_ONCE
        turns.put("inspector", partial(self.inspector.show_names, names), later=many)
        self.own["create"].setEnabled(self.session.is_synced)
        turns.put("qubes os", self._look_at_qubes_os, later=many)

    def _look_at_qubes_os(self) -> None:
        """Its global settings are shown where the qubesd of this computer answers, and grey without the program."""
        action = self.own["qubes_settings"]
        action.setVisible(self.session.has_programs and runs_qubes_os(self.session.facts))
        missing = programs.missing(programs.GLOBAL_SETTINGS) if action.isVisible() else ""
        action.setEnabled(not missing)
        action.setToolTip(plain_tip(self.tr("Not installed here: {0}.").format(missing)) if missing else "")

    def _choose_page(self) -> None:
        """The table, or why there is nothing in it."""
        records = self.session.records
        if not records or all(record.klass is VmClass.ADMIN for record in records.values()):
            self._say_why_empty()
        elif not self.filter.rowCount():
            self.page.say(
                "search",
                self.tr("Nothing found"),
                self.filter.query_error or self.tr("No qube matches the filter."),
                self.tr("Clear the filter"),
                self.show_everything,
            )
        else:
            self.stack.setCurrentWidget(self.view)
            if not self._has_begun:
                self._has_begun = True
                self._give_table_the_keys()
            return
        self.stack.setCurrentWidget(self.page)

    def _give_table_the_keys(self) -> None:
        """At the start, unless the user types somewhere already, or looks at another page."""
        if self._other_page() is None and not isinstance(self.focusWidget(), QLineEdit):
            self.view.setFocus()

    def _say_why_empty(self) -> None:
        trouble = self.session.trouble
        if trouble is not None:
            refused = isinstance(trouble.error, (PermissionDenied, RefusedError))
            headline = self.tr("The request was refused") if refused else self.tr("There is no connection")
            self.page.say("disconnected", headline, str(trouble.error), self.tr("Try now"), self.session.resync)
        elif not self.session.is_synced:
            self.page.say("refresh", self.tr("Reading the qubes…"), self.session.connection)
        else:
            self.page.say(
                "create",
                self.tr("There are no qubes yet"),
                self.tr("Qubes keep apart what should not touch. Make the first one."),
                self.tr("New qube…"),
                self.operations.create,
            )

    def _synced(self) -> None:
        if not self._fitted:
            self._fitted = True
            self.view.fit_columns()
        self.view.paint_now()
        self.model.set_stale(False)
        self.banner.show_back()
        self._later.ask()

    def _lost(self, lost: Lost) -> None:
        self.model.set_stale(True)
        if self.session.records:
            self.banner.show_lost(lost)
        self._follow_changes()

    def _stats(self, events: tuple[Event, ...]) -> None:
        self.model.interval = whole_number(self.session.facts.system("stats_interval")) or self.model.interval
        self.model.put_stats(events)
        self.status.look_soon()

    def _labels(self) -> None:
        if viewport := self.view.viewport():
            viewport.update()
        self._later.ask()

    def _edited(self, name: str, prop: str, value: str) -> None:
        self.operations.set_property([name], prop, value)

    def _overdue(self, name: str, error: str) -> None:
        self.errors.show_notice(error, self.operations.overdue_offers(name))

    def _undoable(self, text: str, plan: Plan, done: frozenset[RowKey]) -> None:
        offers = (*self.operations.undo_offers(plan, done), Offer(self.tr("Details"), self.tasks.show))
        self.errors.show_notice(text, offers, warning=False, seconds=UNDO_SECONDS)

    def _left_down(self, names: tuple[str, ...]) -> None:
        text = self.tr("Halted by a restart, and not started again: {0}.").format(", ".join(names))
        start = Offer(self.tr("&Start"), lambda: self.operations.start(list(names)))
        self.errors.show_notice(text, (start,))

    def _select_made(self, names: tuple[str, ...]) -> None:
        """Select qubes that are new, as soon as their events have come."""
        self._made.extend(names)
        self._select_arrived()

    def _select_arrived(self, *_changes: object) -> None:
        if self._made and all(name in self.session.records for name in self._made):
            names, self._made = self._made, []
            if not all(self.filter.index_of(name).isValid() for name in names):
                self.show_everything()
            self.view.select_names(names)

    def _activated(self, _name: str) -> None:
        self._run_or_say("settings")

    def _run_or_say(self, key: str) -> None:
        why = self.actions_of.why_not(BY_ID[key])
        if why is None:
            self.actions_of.run(BY_ID[key])
        else:
            self.status.showMessage(why.replace("\n", " "), 5000)

    def _fill_group_menu(self, menu: QMenu, entry: Entry) -> None:
        """The actions for all qubes of a line of the sidebar, except dom0."""
        names = [
            name
            for name, record in self.session.records.items()
            if record.klass is not VmClass.ADMIN and (entry.scope is None or entry.scope(record))
        ]
        self._follow_changes()
        self.actions_of.fill_menu(menu, in_order(names))

    def _select(self, entry: Entry) -> None:
        """Select what belongs to a line of the sidebar, and show it."""
        self.query.set_query(entry.query)
        self.sidebar.choose(entry.key)
        self.view.selectAll()
        self.view.setFocus()

    # -- commands -----------------------------------------------------------------------------------------------------

    def show_everything(self) -> None:
        self.sidebar.choose(ALL)
        self.query.set_query("")
        self.view.setFocus()

    def open_palette(self) -> None:
        # Keys pressed again while the window was busy come all at once.
        if not any(palette.isVisible() for palette in self.findChildren(CommandPalette)):
            commands = PaletteCommands(self.operations, self.actions_of, self.own, self.selected, self._jump)
            CommandPalette(self, commands).show()

    def _jump(self, name: str) -> None:
        if self._other_page() is not None:
            self.sidebar.choose(ALL)
        if not self.filter.index_of(name).isValid():
            if name in self.session.records and is_internal(self.session.records[name]):
                self.own["internal"].setChecked(True)
            self.show_everything()
        self.view.select_name(name)
        self.view.setFocus()

    def _set_query(self, text: str) -> None:
        with self._selection_kept():
            self.filter.set_query(text)

    def _set_scope(self, scope: Scope | None) -> None:
        with self._selection_kept():
            self.filter.set_scope(scope)

    @contextmanager
    def _selection_kept(self) -> Iterator[None]:
        """What is selected and still shown stays selected, and in sight."""
        names = self.view.selected_names()
        yield
        if names and self.view.selected_names() != names:
            self.view.select_names(names)
        if names and (index := self.filter.index_of(names[0])).isValid():
            self.view.scrollTo(index)

    def _find(self) -> None:
        if (page := self._other_page()) is not None:
            page.start_search()
            return
        self.query.setFocus()
        self.query.selectAll()

    def _to_table(self) -> None:
        self._choose_page()  # what is hidden cannot be given the keys
        self.view.setFocus()
        if not self.view.selected_names() and self.filter.rowCount():
            self.view.selectRow(max(0, self.view.currentIndex().row()))

    def _save_view(self) -> None:
        self.session.tasks.start_hidden(self.tr("Save this view"), self._ask_view())

    async def _ask_view(self) -> None:
        dialog = SaveViewDialog(self, self.query.text(), [name for name, _query in self.sidebar.views()])
        if await opened(dialog):
            self.sidebar.save_view(dialog.name.text().strip(), dialog.query.text())

    def _choose_properties(self) -> None:
        self.session.tasks.start_hidden(self.tr("Columns of properties"), self._ask_properties())

    async def _ask_properties(self) -> None:
        kept = kept_properties(self.session.settings)
        dialog = PropertyColumnsDialog(self, offered_properties(self.session.records.values()), kept)
        if await opened(dialog) and dialog.chosen() != kept:
            keep_properties(self.session.settings, dialog.chosen())
            self.model.set_properties(dialog.chosen())
            self.view.fit_columns(len(COLUMNS))

    def _edit_shortcuts(self) -> None:
        self.session.tasks.start_hidden(self.tr("Shortcuts"), self._ask_shortcuts())

    async def _ask_shortcuts(self) -> None:
        every = {**{row.id: self.actions_of.by_id[row.id] for row in self.actions_of.available()}, **self.own}
        dialog = ShortcutsDialog(self, every, self._default_keys, self.session.settings)
        if await opened(dialog):
            dialog.apply()
            self._follow_changes()

    def _about(self) -> None:
        self.session.tasks.start_hidden(self.tr("About"), self._show_about())

    async def _show_about(self) -> None:
        await opened(AboutDialog(self, self.session.connection))

    def _help(self) -> None:
        if not open_guide():
            text = self.tr("The guide cannot be opened. It is in the folder {0}, or docs/guide of the sources.")
            self.errors.show_notice(text.format(PAGES_OF_GUIDE))

    # -- what is kept -------------------------------------------------------------------------------------------------

    def _restore(self) -> None:
        settings = self.session.settings
        if geometry := settings.value("window/geometry"):
            self.restoreGeometry(geometry)
        for key, splitter in self._splitters().items():
            if state := settings.value(key):
                splitter.restoreState(state)
        self.view.restore_state(settings)
        for key, widget, usual in (
            ("sidebar", self.sidebar, "yes"),
            ("inspector", self.inspector, "yes"),
            ("tasks", self.tasks, "no"),
        ):
            widget.installEventFilter(self)
            shown = settings.value(f"window/{key}", usual) == "yes"
            self.own[key].setChecked(shown)
            widget.setVisible(shown)
        self.own["internal"].setChecked(settings.value("window/internal", NO) == YES)

    def _splitters(self) -> dict[str, QSplitter]:
        """By the keys of the settings."""
        return {"window/pages": self.across, "window/qubes": self.qubes_page, "window/down": self.down}

    def _ask_to_close(self) -> None:
        if self._asking is None or self._asking.done():
            self._asking = self.session.tasks.start_hidden(self.tr("Close"), self._close_if_wanted(), owner=self)

    async def _close_if_wanted(self) -> None:
        """Ask once about all that ends with the program."""
        lines = "\n".join(losses(self.session.tasks))
        text = self.tr("Close Qubes Manager now?")
        self._may_close = await confirm(self, self.tr("Close"), text, self.tr("Close anyway"), details=lines)
        if self._may_close:
            for window in unsaved_windows():
                window.leave()
            self.close()

    def save(self) -> None:
        """Keep how the window is, for the next start."""
        settings = self.session.settings
        settings.setValue("window/geometry", self.saveGeometry())
        for key, splitter in self._splitters().items():
            is_rail = self._is_narrow and splitter is self.across
            settings.setValue(key, self._across if is_rail else splitter.saveState())
        for key in ("sidebar", "inspector", "tasks"):
            shown = self.own[key].isChecked() or (key == "inspector" and self._has_hidden)
            settings.setValue(f"window/{key}", "yes" if shown else "no")
        self.view.save_state(settings)
        settings.sync()

    # Qt overrides

    def eventFilter(self, watched: object, event: QEvent | None) -> bool:
        """The ticks in the View menu follow what is shown."""
        if event is not None and event.type() in {QEvent.Type.ShowToParent, QEvent.Type.HideToParent}:
            for key, widget in (("sidebar", self.sidebar), ("inspector", self.inspector), ("tasks", self.tasks)):
                if watched is widget:
                    self.own[key].setChecked(event.type() == QEvent.Type.ShowToParent)
        return False

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._fit_toolbar()
        self._fit_sides()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        if event is not None and not self._may_close and losses(self.session.tasks):
            event.ignore()
            self._ask_to_close()
            return
        self.save()
        super().closeEvent(event)
        self._is_left = is_awaited(self.session.tasks)
        if self._is_left:
            cancel_at_close(self.session.tasks)
        (self.left if self._is_left else self.closed).emit()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._is_left = self._may_close = False

    def _end_if_left(self, task: TaskEntry) -> None:
        """The window was closed, and what the program stayed for has ended: the program ends, or shows the failure."""
        if not self._is_left:
            return
        if task.at_close is AtClose.AWAITED and task.state is TaskState.FAILED:
            self._is_left = False
            self.needed.emit()
        elif not is_awaited(self.session.tasks):
            self._is_left = False
            self.closed.emit()

    def _cell(self, row: int, column: int) -> str:
        index = self.filter.index(row, column)
        tick = index.data(Qt.ItemDataRole.CheckStateRole)
        if tick is not None:
            return YES if tick else NO
        text = index.data()
        return text if isinstance(text, str) else ""
