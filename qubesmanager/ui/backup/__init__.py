# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup and restore: their wizards, and what is running of them.

The wizards are loaded when they are opened: what they need is a third of what the whole program would load.
"""

from PyQt5.QtCore import QT_TRANSLATE_NOOP
from PyQt5.QtWidgets import QWidget

from qubesmanager.ui.session import Session
from qubesmanager.ui.windows import register


def open_backup(session: Session, names: tuple[str, ...]) -> QWidget:
    from qubesmanager.ui.backup.backup_wizard import open_wizard  # noqa: PLC0415 - see above

    return open_wizard(session, names)


def open_restore(session: Session, names: tuple[str, ...]) -> QWidget:
    from qubesmanager.ui.backup import restore_wizard  # noqa: PLC0415 - see above

    return restore_wizard.open_restore(session, names)


def follow_backups(session: Session) -> None:
    """Let the session's windows show each backup, whoever began it."""
    from qubesmanager.ui.backup import backup_run  # noqa: PLC0415 - see above

    backup_run.follow_backups(session)


def register_windows() -> None:
    register(
        "backup",
        open_backup,
        of_qubes=False,
        text=QT_TRANSLATE_NOOP("Windows", "&Back up qubes…"),
        icon="backup",
        menu="system",
        shortcut="Ctrl+B",
    )
    register(
        "restore",
        open_restore,
        of_qubes=False,
        text=QT_TRANSLATE_NOOP("Windows", "&Restore qubes…"),
        icon="restore",
        menu="system",
    )
