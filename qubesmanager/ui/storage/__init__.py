# SPDX-License-Identifier: GPL-3.0-or-later
"""The storage window: `qubes-manager storage [--page PAGE]`."""

from PyQt5.QtCore import QT_TRANSLATE_NOOP
from PyQt5.QtWidgets import QWidget

from qubesmanager.ui.session import Session
from qubesmanager.ui.windows import register


def open_storage(session: Session, _names: tuple[str, ...]) -> QWidget:
    from qubesmanager.ui.storage.window import StorageWindow  # noqa: PLC0415 - loaded when it is wanted

    return StorageWindow(session)


def register_windows() -> None:
    register(
        "storage",
        open_storage,
        of_qubes=False,
        text=QT_TRANSLATE_NOOP("Windows", "&Storage…"),
        icon="storage",
        menu="system",
    )
