# SPDX-License-Identifier: GPL-3.0-or-later
"""The window reminds of old backups, and the reminder leads to the wizard."""

from windows import Clicker, click

from qubesmanager.wire import calls


async def test_old_backups_are_named_and_lead_to_the_wizard(clicker: Clicker) -> None:
    status, session = clicker.window.status, clicker.window.session
    await clicker.until(status.backup.isVisible)
    assert "vault" in status.backup.toolTip()
    asked: list[str] = []
    session.window_wanted.connect(lambda kind, _names: asked.append(kind))
    click(status.backup)
    assert asked == ["backup"]

    for name, record in session.records.items():
        if record.flag("include_in_backups"):
            await session.client.send(calls.VM_PROPERTY_SET(name, "include_in_backups", "no"))
    await clicker.until(lambda: not any(record.flag("include_in_backups") for record in session.records.values()))
    status.look_at_backups()

    assert not status.backup.isVisible()
