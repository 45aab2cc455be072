# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving a qube a device from the manager's own window."""

from device_samples import SDB, until
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QWidget
from windows import Clicker, press_key, type_text

from qubesmanager.ui.attach_dialog import AttachDialog
from qubesmanager.ui.device_feed import feed_of
from qubesmanager.ui.windows import OpenWindows


async def test_a_qube_is_given_a_device_from_its_context_menu(clicker: Clicker) -> None:
    session = clicker.window.session
    catalog = feed_of(session).catalog
    windows = OpenWindows(session)
    asked: list[QWidget] = []
    session.window_wanted.connect(lambda kind, names: asked.append(windows.open(kind, names)))
    clicker.select("work")
    clicker.click("attach")
    (dialog,) = asked
    assert isinstance(dialog, AttachDialog)
    await until(lambda: SDB in catalog.devices())

    type_text(dialog.search, "sdb")
    press_key(dialog.search, Qt.Key.Key_Return)

    await until(lambda: catalog.devices()[SDB].holder == "work")


async def test_dom0_and_templates_are_offered_none_and_the_reason_is_said(clicker: Clicker) -> None:
    for name, words in (("dom0", "does not give away"), ("debian-13", "its qubes are")):
        clicker.select(name)
        await until(lambda: not clicker.can("attach"))
        assert words in clicker.tip("attach")
