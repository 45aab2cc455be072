# SPDX-License-Identifier: GPL-3.0-or-later
"""The window of what holds for the whole system: `qubes-manager system [--page PAGE]`."""

from PyQt5.QtCore import QT_TRANSLATE_NOOP
from PyQt5.QtWidgets import QWidget

from qubesmanager.ui.session import Session
from qubesmanager.ui.windows import register


def open_system(session: Session, _names: tuple[str, ...]) -> QWidget:
    from qubesmanager.ui.system.window import SystemWindow  # noqa: PLC0415 - loaded when it is wanted

    return SystemWindow(session)


def register_windows() -> None:
    register(
        "system",
        open_system,
        of_qubes=False,
        text=QT_TRANSLATE_NOOP("Windows", "System-&wide settings…"),
        icon="settings",
        menu="system",
    )
