# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog that renames says what Qubes OS makes of it."""

from bridge_fixtures import bridged, over
from PyQt5.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from qubesmanager.daemon.bridge.context import MirrorFacts
from qubesmanager.daemon.local.system import System
from qubesmanager.ui.dialogs.rename_dialog import RenameDialog


def texts(dialog: RenameDialog) -> str:
    return " ".join(label.text() for label in dialog.findChildren(QLabel))


async def test_a_qube_of_qubes_os_is_announced_to_be_cloned(system: System, qtbot: QtBot) -> None:
    async with over(bridged(system)) as backend:
        await backend.bridge.mirror.settled()
        of_qubes_os = RenameDialog(None, MirrorFacts(backend.bridge.mirror), "vault")
        own = RenameDialog(None, system.runtime.state, "vault")
    for dialog in (of_qubes_os, own):
        qtbot.addWidget(dialog)

    assert "vault is cloned" in texts(of_qubes_os)
    assert "is cloned" not in texts(own)
