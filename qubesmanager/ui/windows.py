# SPDX-License-Identifier: GPL-3.0-or-later
"""The windows there are beside the manager's own: each registers itself, menus show what is registered.

An opener gets the session and the names of the qubes it is about, and gives a widget that is not yet shown. A window
that is open for the same names is raised instead of opened twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PyQt5.QtCore import QByteArray, QCoreApplication, QEvent, QObject, QSettings, Qt
from PyQt5.QtWidgets import QWidget

from qubesmanager.ui.session import Session

PAGE = "--page="
"""Begins a word that names a page of a window, among the names of qubes."""


@runtime_checkable
class Paged(Protocol):
    """A window with pages that have names."""

    def show_page(self, page: str) -> None:
        """Bring it to the front; a page that there is not is nothing to it."""


Opener = Callable[[Session, tuple[str, ...]], QWidget]


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A kind of window: `name` as in `qubes-manager NAME`; `of_qubes` says whether it is about selected qubes.

    One that is not has a line in a menu (`system` or `tools`): `text`, marked with `QT_TRANSLATE_NOOP("Windows", …)`.
    """

    name: str
    opener: Opener
    of_qubes: bool
    text: str
    icon: str
    menu: str
    shortcut: str

    def title(self) -> str:
        """The text in the user's language."""
        return QCoreApplication.translate("Windows", self.text)


REGISTERED: dict[str, WindowRow] = {}


def register(
    name: str,
    opener: Opener,
    *,
    of_qubes: bool = True,
    text: str = "",
    icon: str = "",
    menu: str = "tools",
    shortcut: str = "",
) -> None:
    """Let menus and the command line open this window. A second registration of a name replaces the first."""
    REGISTERED[name] = WindowRow(name, opener, of_qubes, text, icon, menu, shortcut)


class _Place(QObject):
    """Remembers where a window of a kind was, and how large, until the next one opens."""

    def __init__(self, settings: QSettings, kind: str, window: QWidget) -> None:
        super().__init__(window)
        self._settings, self._key, self._window = settings, f"windows/{kind}", window
        kept = settings.value(self._key)
        if isinstance(kept, QByteArray):
            window.restoreGeometry(kept)
        window.installEventFilter(self)

    # Qt overrides

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Hide:
            self._settings.setValue(self._key, self._window.saveGeometry())
        return super().eventFilter(watched, event)


class OpenWindows:
    """The windows that are open now, by kind and names."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._open: dict[tuple[str, tuple[str, ...]], QWidget] = {}

    def open(self, name: str, wanted: tuple[str, ...] = (), parent: QWidget | None = None) -> QWidget:
        """The window of that kind for these qubes, shown and in front. Raises `KeyError` if none is registered.

        One of the words may be `PAGE` and the name of a page, which is brought to the front.
        """
        names = tuple(word for word in wanted if not word.startswith(PAGE))
        key = (name, names)
        if (held := self._open.get(key)) is None:
            held = REGISTERED[name].opener(self._session, names)
            if parent is not None and held.parent() is None and not held.isWindow():
                held.setWindowFlag(Qt.WindowType.Window)
            held.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            held.destroyed.connect(lambda: self._forget(key))
            _Place(self._session.settings, name, held)
            self._open[key] = held
        for word in wanted:
            if word.startswith(PAGE) and isinstance(held, Paged):
                held.show_page(word.removeprefix(PAGE))
        held.show()
        held.raise_()
        held.activateWindow()
        return held

    def _forget(self, key: tuple[str, tuple[str, ...]]) -> None:
        self._open.pop(key, None)

    def close_all(self) -> None:
        for held in list(self._open.values()):
            held.close()
