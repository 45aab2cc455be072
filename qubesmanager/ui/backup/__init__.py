# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup and restore: their wizards, and what is running of them."""

from qubesmanager.ui.backup import backup_wizard, restore_wizard


def register_windows() -> None:
    backup_wizard.register_window()
    restore_wizard.register_window()
