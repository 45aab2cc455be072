# SPDX-License-Identifier: GPL-3.0-or-later
"""The windows of backups: `qubes-manager restore`."""

from qubesmanager.ui.backup import restore_wizard


def register_windows() -> None:
    restore_wizard.register_window()
