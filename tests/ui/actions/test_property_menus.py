# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus that set one property: values that the daemon would refuse are grey, with its reason."""

from PyQt5.QtWidgets import QAction
from windows import Clicker

from qubesmanager.client.client import Client
from qubesmanager.ui.actions.property_menus import netvm_menu
from qubesmanager.wire import calls


async def test_a_netvm_that_does_not_run_is_grey_for_a_running_qube_with_the_reason(
    clicker: Clicker, client: Client
) -> None:
    await client.send(calls.VM_PROPERTY_SET("vault", "provides_network", "yes"))
    await clicker.until(lambda: clicker.session.records["vault"].flag("provides_network"))
    menu = netvm_menu(clicker.window.operations, clicker.session, clicker.window, "Net qube")

    def vault(*names: str) -> QAction:
        menu.look(names, connected=True)
        menu.fill()
        return next(action for action in menu.actions() if action.text() == "vault")

    assert vault("work", "untrusted").isEnabled()  # the plan shows that work cannot have it
    refused = vault("work")
    assert not refused.isEnabled()
    assert "vault is not running, so these running qubes would lose the network: work." in refused.toolTip()
    assert vault("untrusted").isEnabled()
    await client.send(calls.VM_START("vault"))
    await clicker.until(lambda: clicker.state("vault") == "Running")
    assert vault("work").isEnabled()
