# SPDX-License-Identifier: GPL-3.0-or-later
"""THE WINDOWS: every window that the manager's own one, the tray and the command line open, by name.

An opener gets the session and the names of the qubes that its window is about, and returns a widget that is not yet
shown. A window that is open already for the same names is raised instead of opened twice.
"""

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PyQt5 import sip
from PyQt5.QtCore import (
    QT_TRANSLATE_NOOP,
    QByteArray,
    QCoreApplication,
    QEvent,
    QObject,
    QPoint,
    QRect,
    QSettings,
    Qt,
)
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QAction, QWidget

from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.screens import keep_on_screen

OPEN = "windows/open"
REOPENED = frozenset({"settings", "logs", "devices", "map", "all-devices", "storage", "system", "policy"})
"""The windows that are opened again at the next start; wizards and dialogs are not."""
PAGE = "--page="
"""Begins a word that names a page of a window, among the names of qubes."""


WITH = "--with="
"""Begins a word that names what a window begins with: a profile for a backup, a file for a restore."""


@runtime_checkable
class Paged(Protocol):
    """A window whose pages have names."""

    def show_page(self, page: str) -> None:
        """Bring that page to the front; an unknown name changes nothing."""


@runtime_checkable
class Prepared(Protocol):
    """A window that can begin with something."""

    def begin_with(self, what: str) -> None:
        """Show that, unless the window is at something else already."""


Opener = Callable[[Session, tuple[str, ...]], QWidget]


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A kind of window: `name` as in `qubes-manager NAME`; `opener`, "module:function" below `qubesmanager.ui`.

    A row with `text` has a line in a menu (`system` or `tools`) and is about no qube; the others are about the qubes
    that they are opened for.
    """

    name: str
    opener: str
    text: str = ""
    icon: str = ""
    menu: str = "tools"
    shortcut: str = ""

    def load(self) -> Opener:
        """The opener. Its module is imported only now: the wizards need a third of what the whole program loads."""
        module, function = self.opener.split(":")
        opener: Opener = getattr(importlib.import_module(f"qubesmanager.ui.{module}"), function)
        return opener

    def title(self) -> str:
        """The text in the user's language."""
        return QCoreApplication.translate("Windows", self.text)


WINDOWS = {
    row.name: row
    for row in (
        WindowRow("settings", "settings:open_settings"),
        WindowRow("logs", "logs.logs_window:open_logs"),
        WindowRow("history", "timeline.timeline_page:open_history"),
        WindowRow("devices", "devices.devices_window:open_devices"),
        WindowRow("attach", "devices.devices_window:open_attach"),
        WindowRow(
            "map",
            "map.map_window:open_map",
            text=QT_TRANSLATE_NOOP("Windows", "&Map of the qubes…"),
            icon="network",
            shortcut="Ctrl+M",
        ),
        WindowRow(
            "all-devices",
            "devices.devices_window:open_all_devices",
            text=QT_TRANSLATE_NOOP("Windows", "&Devices"),
            icon="devices",
            shortcut="Ctrl+D",
        ),
        WindowRow(
            "storage",
            "storage.storage_window:open_storage",
            text=QT_TRANSLATE_NOOP("Windows", "&Storage…"),
            icon="storage",
            menu="system",
        ),
        WindowRow(
            "policy",
            "policy.policy_window:open_policy",
            text=QT_TRANSLATE_NOOP("Windows", "&Policy…"),
            icon="policy",
        ),
        WindowRow("rights", "policy.rights_window:open_rights"),
        WindowRow(
            "backup",
            "backup.backup_wizard:open_backup",
            text=QT_TRANSLATE_NOOP("Windows", "&Back up qubes…"),
            icon="backup",
            menu="system",
            shortcut="Ctrl+B",
        ),
        WindowRow(
            "restore",
            "restore.restore_wizard:open_restore",
            text=QT_TRANSLATE_NOOP("Windows", "&Restore qubes…"),
            icon="restore",
            menu="system",
        ),
        WindowRow(
            "system",
            "system.system_window:open_system",
            text=QT_TRANSLATE_NOOP("Windows", "System-&wide settings…"),
            icon="settings",
            menu="system",
        ),
    )
}
"""In the order of the menus."""


class _Place(QObject):
    """Remembers where a window of a kind was, and how large, until the next one opens."""

    def __init__(self, settings: QSettings, kind: str, window: QWidget) -> None:
        super().__init__(window)
        self._settings, self._key, self._window = settings, f"windows/{kind}", window
        kept = settings.value(self._key)
        self.is_known = isinstance(kept, QByteArray) and window.restoreGeometry(kept)
        """Whether an earlier window of the kind was somewhere."""
        window.installEventFilter(self)

    # Qt overrides

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        # A window that is deleted without being closed is hidden while only a part of it is left.
        if event is not None and event.type() == QEvent.Type.Hide and not sip.isdeleted(self._window):
            self._settings.setValue(self._key, self._window.saveGeometry())
        return super().eventFilter(watched, event)


def _put_over(window: QWidget, parent: QWidget) -> None:
    """Put a window that is not yet shown over the middle of another one, within the screen."""
    around = parent.frameGeometry()
    place = QRect(QPoint(), window.size())
    place.moveCenter(around.center())
    screen = parent.screen()
    if screen is not None:
        area = screen.availableGeometry()
        place.setSize(place.size().boundedTo(area.size()))
        place.moveLeft(max(area.left(), min(place.left(), area.right() - place.width())))
        place.moveTop(max(area.top(), min(place.top(), area.bottom() - place.height())))
    window.setGeometry(place)


def _close_by_key(window: QWidget) -> None:
    """Let the desktop's key for it (Ctrl+W) close the window, as its frame does."""

    def close() -> None:
        window.close()

    action = QAction(window)
    action.setShortcuts(QKeySequence.StandardKey.Close)
    action.triggered.connect(close)
    window.addAction(action)


PRELOADED = ("settings.settings_window", "settings.multi_window")
"""Modules of windows that are opened often, and small enough to be loaded before."""


def preload() -> None:
    """Load these modules. In a thread, which takes turns with the loop: together they take three frames."""
    for module in PRELOADED:
        importlib.import_module(f"qubesmanager.ui.{module}")


class OpenWindows:
    """The windows that are open now, by kind and names."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._open: dict[tuple[str, tuple[str, ...]], QWidget] = {}

    def open(self, name: str, words: tuple[str, ...] = (), parent: QWidget | None = None) -> QWidget:
        """The window of that kind for these qubes, shown and in front. Raises `KeyError` if there is no such kind.

        One of the words may be `PAGE` and the name of a page, which is brought to the front, and one `WITH` and what
        the window begins with.
        """
        names = tuple(word for word in words if not word.startswith((PAGE, WITH)))
        key = (name, names)
        if (window := self._open.get(key)) is None:
            window = WINDOWS[name].load()(self._session, names)
            if parent is not None and window.parent() is None and not window.isWindow():
                window.setWindowFlag(Qt.WindowType.Window)
            window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            window.destroyed.connect(lambda: self._forget(key))
            place = _Place(self._session.settings, name, window)
            keep_on_screen(window)
            if parent is not None and not place.is_known:
                _put_over(window, parent)
            _close_by_key(window)
            self._open[key] = window
        for word in words:
            if word.startswith(PAGE) and isinstance(window, Paged):
                window.show_page(word.removeprefix(PAGE))
            if word.startswith(WITH) and isinstance(window, Prepared):
                window.begin_with(word.removeprefix(WITH))
        window.show()
        window.raise_()
        window.activateWindow()
        return window

    def _forget(self, key: tuple[str, tuple[str, ...]]) -> None:
        self._open.pop(key, None)

    def is_open(self, name: str, names: tuple[str, ...] = ()) -> bool:
        """Whether there is a window of that kind for these qubes."""
        return (name, names) in self._open

    def remember(self) -> None:
        """Keep in the settings which windows are open, so that the next start can open them again."""
        rows = [[name, *names] for name, names in self._open if name in REOPENED]
        self._session.settings.setValue(OPEN, json.dumps(rows))

    def remembered(self) -> list[tuple[str, ...]]:
        """The windows that were open when the program ended, each as its name and its qubes that still exist."""
        try:
            rows = [tuple(map(str, row)) for row in json.loads(str(self._session.settings.value(OPEN, "[]")))]
        except (ValueError, TypeError):
            return []
        return [row for row in rows if row[:1] and row[0] in REOPENED and self._session.records.keys() >= set(row[1:])]

    def close_all(self) -> None:
        for window in list(self._open.values()):
            window.close()
