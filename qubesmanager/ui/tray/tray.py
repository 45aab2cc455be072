# SPDX-License-Identifier: GPL-3.0-or-later
"""The one tray icon with its menu, and the small window behind it, which is all there is without a tray area."""

from collections.abc import Callable, Collection

from PyQt5.QtCore import QObject, QPoint, QTimer, pyqtSignal
from PyQt5.QtGui import QCloseEvent, QCursor, QGuiApplication, QKeySequence, QScreen
from PyQt5.QtWidgets import QAction, QMenu, QSystemTrayIcon, QTabWidget, QToolButton, QVBoxLayout, QWidget

from qubesmanager.client.live_copy import Lost
from qubesmanager.models.device_catalog import Device, DeviceCatalog, Kind, Step
from qubesmanager.models.device_tree import KIND_ICONS, state_line
from qubesmanager.models.device_tree import kind_text as section_text
from qubesmanager.models.texts import number_text, size_text, state_text
from qubesmanager.rules.facts import HALTED
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.devices.device_actions import DeviceActions
from qubesmanager.ui.devices.device_operations import DeviceOperations
from qubesmanager.ui.devices.device_questions import DeviceQuestions
from qubesmanager.ui.devices.panel import DevicesPanel
from qubesmanager.ui.icons import application_icon, icon, label_icon
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.failures import Failures
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.tray.notices import NoticeKind, Notices, kind_text, unmarked
from qubesmanager.ui.tray.policy_questions import PolicyQuestions
from qubesmanager.ui.tray.qubes_panel import QubesPanel, add_actions
from qubesmanager.ui.widgets.error_bar import ErrorBar, Notice
from qubesmanager.ui.widgets.fonts import unit_of
from qubesmanager.ui.widgets.menus import add_action, in_columns
from qubesmanager.ui.widgets.prompts import confirm
from qubesmanager.ui.widgets.screens import FRAME, resize_in_units
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

QUICK = 12
"""Devices and qubes that the menu names; all of them are in the window."""

LOOK = 3000
"""Milliseconds between looks whether there is a tray area: a desktop's panel may come after us, and may go."""

MESSAGE = 8000
"""Milliseconds that a message stays."""

ONE_CLICK = (Kind.MICROPHONE, Kind.CAMERA)
"""The kinds that are always in the menu: a click takes such a device away, and its qubes are in its own menu."""


class TrayWindow(QWidget):
    """Devices and qubes on two pages. Signals: `closed()`."""

    closed = pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setWindowTitle(self.tr("Qubes Devices"))
        self.setWindowIcon(application_icon())
        self.actions_of = DeviceActions(session, DeviceOperations(session, self), self, self)
        self.operations = Operations(session, self)
        self.errors = ErrorBar(self)
        self.devices = DevicesPanel(session, self.actions_of, self)
        self.qubes = QubesPanel(session, self.operations, self)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.devices, icon("devices"), self.tr("&Devices"))
        self.tabs.addTab(self.qubes, label_icon("0x3465A4"), self.tr("&Qubes"))
        self.menu = QMenu(self)
        button = QToolButton(self)
        button.setIcon(icon("settings"))
        button.setAutoRaise(True)
        button.setToolTip(self.tr("Notifications and more"))
        button.setAccessibleName(self.tr("Notifications and more"))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(self.menu)
        self.tabs.setCornerWidget(button)
        layout = QVBoxLayout(self)
        gap = unit_of(self)
        layout.setContentsMargins(gap, gap, gap, gap)
        layout.addWidget(self.errors)
        layout.addWidget(self.tabs, 1)
        close = QAction(self)
        close.setShortcuts([QKeySequence("Esc"), QKeySequence(QKeySequence.StandardKey.Close)])
        close.triggered.connect(self._close)
        self.addAction(close)
        session.tasks.failed.connect(self._failed)
        session.lost.connect(self._lost)
        session.synced.connect(self._back)
        self._loss: Notice | None = None
        resize_in_units(self, 175, 133)

    def _close(self) -> None:
        self.close()

    def _failed(self, title: str, error: Exception) -> None:
        self.errors.show_notice(self.tr("{0}: {1}").format(title, error_text(error)))

    def _lost(self, lost: Lost) -> None:
        self.qubes.model.set_stale(True)
        if self._session.records:
            self._forget_loss()
            self._loss = self.errors.show_notice(
                self.tr("The connection is lost; trying again: {0}").format(lost.error)
            )

    def _back(self) -> None:
        self.qubes.model.set_stale(False)
        self._forget_loss()

    def _forget_loss(self) -> None:
        if self._loss is not None and self._loss in self.errors.notices:
            self._loss.dismiss()
        self._loss = None

    # Qt overrides

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """The user has now seen the new devices."""
        self.actions_of.feed.catalog.seen()
        if event is not None:
            event.accept()
        self.closed.emit()


class Tray(QObject):
    """The icon, its menu, the window. Signals: `over()`: the user quits it.

    `open_manager` brings the manager's window up.
    """

    over = pyqtSignal()

    def __init__(self, session: Session, open_manager: Callable[[], None]) -> None:
        super().__init__()
        self._session = session
        self._open_manager = open_manager
        self.window = TrayWindow(session)
        self.menu = QMenu(self.window)
        self.menu.setToolTipsVisible(True)
        self.icon = QSystemTrayIcon(application_icon(), self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activated)
        self.notices = Notices(self.catalog, session.settings, self)
        self.notices.message.connect(self._tell)
        self.questions = DeviceQuestions(session, self)
        self.questions.asked.connect(self._ask_device)
        self.policy_questions = PolicyQuestions(session, self)
        self.failures = Failures(session, self)
        self.failures.failed.connect(lambda title, text: self._tell(text, failed=True, title=title))
        self.menu.aboutToShow.connect(self.fill)
        self.menu.aboutToHide.connect(self.catalog.seen)
        self.window.menu.aboutToShow.connect(self._fill_windowmenu)
        self.window.closed.connect(self._closed)
        self.catalog.changed.connect(self._refresh)
        session.synced.connect(self._refresh)
        session.lost.connect(self._refresh)
        self._looking = QTimer(self)
        self._looking.setInterval(LOOK)
        self._looking.timeout.connect(self._tray_area_changed)
        self._had_tray: bool | None = None
        self.fill()
        self._fill_windowmenu()
        self._refresh()

    @property
    def catalog(self) -> DeviceCatalog:
        return self.window.actions_of.feed.catalog

    def start(self) -> None:
        """Show the icon; where there is no tray area, the window. Show questions of the policy from now on."""
        self.policy_questions.follow()
        self._tray_area_changed()
        self._looking.start()

    def stop(self) -> None:
        """Take everything away; nothing is left of it after that."""
        self._looking.stop()
        self.policy_questions.close()
        self.icon.hide()
        self.window.closed.disconnect(self._closed)
        self.window.close()
        self.window.deleteLater()
        self.deleteLater()

    def show_window(self, page: str = "devices") -> None:
        """Bring the window up, with the page and its search field."""
        panel = self.window.qubes if page == "qubes" else self.window.devices
        self.window.tabs.setCurrentWidget(panel)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        panel.search.setFocus()

    # -- the menu -----------------------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Fill the menu: what needs the user first, never more lines than the screen has."""
        room = self._lines_that_fit()
        self.menu.clear()
        media: list[Device] = []
        others: list[Device] = []
        for device in sorted(self.catalog.devices().values(), key=_urgency):
            kind = device.kind
            if kind in ONE_CLICK:
                media.append(device)
            elif kind is not Kind.PCI and len(others) < QUICK:
                others.append(device)
        running = self._running()[:QUICK]
        # A menu that is higher than the screen would get a second column, with Quit alone in it.
        while (others or running) and _lines([*media, *others], running) > room:
            (running if len(running) >= len(others) else others).pop()
        shown = sorted([*media, *others], key=_urgency)
        if not self._session.is_synced:
            waiting = self.tr("Waiting for the connection…")
            lost = self.tr("No connection: this may be out of date")
            _add_text(self.menu, lost if self._session.records else waiting)
        elif not shown:
            _add_text(self.menu, self.tr("No devices"))
        # The other kinds keep their order, so that a line stays where it was when another device is attached.
        leading = [device.kind for device in sorted(filter(_leads, shown), key=_urgency)]
        for kind in dict.fromkeys((*leading, *Kind)):
            if devices := [device for device in shown if device.kind is kind]:
                _add_text(self.menu, section_text(kind))
                for device in devices:
                    self._add_device(device)
        add_action(self.menu, self.tr("All &devices…"), self.show_window, "search")
        self.menu.addSeparator()
        for record in running:
            self._add_qube(record)
        add_action(self.menu, self.tr("&Start a qube…"), lambda: self.show_window("qubes"), "start")
        self.menu.addSeparator()
        self._fill_rest(self.menu)

    def _lines_that_fit(self) -> int:
        """Lines of the menu in the height of the screen."""
        self.menu.clear()
        add_action(self.menu, "", self.fill, "search")
        line = self.menu.actionGeometry(self.menu.actions()[0]).height()
        screen = self._screen()
        return screen.availableGeometry().height() // line if screen is not None else 2 * QUICK

    def _fill_windowmenu(self) -> None:
        self.window.menu.clear()
        self._fill_rest(self.window.menu)

    def _fill_rest(self, menu: QMenu) -> None:
        notify = menu.addMenu(self.tr("&Notifications"))
        if notify is not None:
            for kind in NoticeKind:
                action = notify.addAction(kind_text(kind))
                if action is not None:
                    action.setCheckable(True)
                    action.setChecked(self.notices.wanted(kind))
                    action.toggled.connect(lambda on, kind=kind: self.notices.want(kind, on))
        add_action(menu, self.tr("Open Qubes &Manager"), self._open_manager, "")
        add_action(menu, self.tr("&Quit"), self.over.emit, "quit")

    def _add_device(self, device: Device) -> None:
        details = filter(None, (size_text(device.size), device.key.backend, state_line(device)))
        text = in_columns(device.name, " · ".join(details))
        if device.kind in ONE_CLICK and device.holder and device.doing is None:
            take = self.menu.addAction(icon(KIND_ICONS[device.kind]), self.tr("Detach {0}").format(text))
            if take is not None:
                take.triggered.connect(lambda: self.window.actions_of.operations.detach(device, device.holder))
            return
        inner = self.menu.addMenu(icon(KIND_ICONS[device.kind]), text)
        if inner is not None:
            _lazily(inner, lambda menu: self.window.actions_of.fill(menu, device.key))

    def _running(self) -> list[VmRecord]:
        records = self._session.records.values()
        running = [
            each for each in records if each.state not in HALTED and each.klass not in {VmClass.ADMIN, VmClass.REMOTE}
        ]
        return sorted(running, key=lambda record: record.name)

    def _add_qube(self, record: VmRecord) -> None:
        text = in_columns(record.name, self._use(record))
        inner = self.menu.addMenu(label_icon(self._session.color_of(record.value("label"))), text)
        if inner is not None:
            _lazily(inner, lambda menu: add_actions(menu, record.name, self.window.operations))

    def _use(self, record: VmRecord) -> str:
        history = self.window.qubes.model.history(record.name)
        state = state_text(record.state)
        if history is None:
            return state
        return self.tr("{0} · {1} % · {2}").format(state, number_text(history.cpu), size_text(history.memory_kib << 10))

    # -- updates ------------------------------------------------------------------------------------------------------

    def _ask_device(self, device: Device, qube: str) -> None:
        self._session.tasks.start_hidden(self.tr("Attach a device"), self._asked(device, qube))

    async def _asked(self, device: Device, qube: str) -> None:
        title, text = self.tr("Attach a device"), self.questions.text(device, qube)
        details = self.tr("It is assigned to this qube, and attached only if you agree.")
        if await confirm(None, title, text, self.tr("&Attach"), details=details):
            self.window.actions_of.operations.attach(device, qube, {}, start=False)

    def _tell(self, text: str, failed: bool, title: str = "") -> None:  # noqa: FBT001 - a slot
        """Through the desktop where there is a tray, else in the window."""
        if self.icon.isVisible() and QSystemTrayIcon.isSystemTrayAvailable():
            kind = QSystemTrayIcon.MessageIcon.Warning if failed else QSystemTrayIcon.MessageIcon.Information
            self.icon.showMessage(title or self.tr("Devices"), unmarked(text), kind, MESSAGE)
        else:
            # A failure stays until it is read; what is only news goes by itself.
            self.window.errors.show_notice(text, warning=failed, seconds=0 if failed else MESSAGE // 1000)

    def _refresh(self, *_: object) -> None:
        devices = self.catalog.devices().values()
        attached = sum(bool(device.holder) for device in devices if device.kind is not Kind.PCI)
        parts = [self.tr("Qubes Devices"), self.tr("%n device(s) attached", "", attached)]
        if new := sum(device.new for device in devices):
            parts.append(self.tr("%n new", "", new))
        if not self._session.is_synced:
            parts.append(self.tr("no connection"))
        self.icon.setToolTip("\n".join(parts))

    def _tray_area_changed(self) -> None:
        """A tray area has come or gone."""
        has_tray = QSystemTrayIcon.isSystemTrayAvailable()
        if has_tray == self._had_tray:
            return
        self._had_tray = has_tray
        self.icon.setVisible(has_tray)
        if not has_tray:
            self.show_window()

    def _closed(self) -> None:
        """Without an icon nothing would be left to see."""
        if not self._had_tray:
            self.over.emit()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason not in {QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.MiddleClick}:
            return
        if self.window.isVisible():
            self.window.close()
            return
        self._place()
        self.show_window()

    def _place(self) -> None:
        """Beside the icon; where the desktop does not say where that is, beside the pointer."""
        at, screen = self._spot(), self._screen()
        if screen is None:
            return
        space = screen.availableGeometry()
        self.window.resize(self.window.size().boundedTo(space.size() - FRAME))
        width, height = self.window.width() + FRAME.width(), self.window.height() + FRAME.height()
        left = max(space.left(), min(at.x() - width // 2, space.right() - width))
        top = max(space.top(), min(at.y() - height // 2, space.bottom() - height))
        self.window.move(QPoint(left, top))

    def _spot(self) -> QPoint:
        """The middle of the icon; where the desktop does not say where that is, the pointer."""
        area = self.icon.geometry()
        return area.center() if area.isValid() and not area.isEmpty() else QCursor.pos()

    def _screen(self) -> QScreen | None:
        return QGuiApplication.screenAt(self._spot()) or QGuiApplication.primaryScreen()


def _lines(devices: Collection[Device], running: Collection[VmRecord]) -> int:
    """Lines of the menu with these: their own, the headings, and those that are always there."""
    return len(devices) + len({device.kind for device in devices}) + len(running) + _FIXED_LINES


_FIXED_LINES = 7
"""The five actions, a line about the connection, and the height of the separators."""


def _urgency(device: Device) -> tuple[bool, bool, bool, bool, str]:
    """Failed first, then new, favourites, attached; then by name, which puts a partition after its disk."""
    return not _failed(device), not device.new, not device.mark.favourite, not device.holder, device.name.lower()


def _leads(device: Device) -> bool:
    """Whether its kind comes before the others."""
    return _failed(device) or device.new or device.mark.favourite


def _failed(device: Device) -> bool:
    return device.doing is not None and device.doing.step is Step.FAILED


def _lazily(menu: QMenu, fill: Callable[[QMenu], None]) -> None:
    """Fill the menu when it opens: two hundred menus at once would take their time."""

    def opened() -> None:
        menu.clear()
        fill(menu)

    menu.aboutToShow.connect(opened)


def _add_text(menu: QMenu, text: str) -> None:
    action = menu.addAction(text)
    if action is not None:
        action.setEnabled(False)
