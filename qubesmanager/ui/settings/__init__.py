# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a qube, in a window of its own: `qubes-manager settings NAME [PAGE]`."""

from PyQt5.QtCore import QCoreApplication
from PyQt5.QtWidgets import QWidget

from qubesmanager.ui.prompts import plain_label
from qubesmanager.ui.session import Session
from qubesmanager.ui.settings.dialog import PAGES, SettingsWindow
from qubesmanager.ui.windows import register


def open_settings(session: Session, names: tuple[str, ...]) -> QWidget:
    """The window of the first name; a page may follow it, and each further qube gets a window of its own."""
    name, *rest = names or ("",)
    page = next((word for word in rest if word in PAGES), "")
    for other in rest:
        if other in session.records:
            session.window_wanted.emit("settings", (other,))
    if name not in session.records:
        return plain_label(QCoreApplication.translate("Settings", "There is no qube {0}.").format(name))
    return SettingsWindow(session, name, session.labels, page)


def register_windows() -> None:
    register("settings", open_settings)
