# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus that set one property: values that the daemon would refuse are grey, with its reason."""

from PyQt5.QtWidgets import QAction
from windows import Clicker, leave_out

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.features import PROHIBIT_START
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.actions.property_menus import netvm_menu
from qubesmanager.wire import calls


async def test_a_netvm_that_cannot_be_started_is_grey_for_a_running_qube_with_the_reason(
    clicker: Clicker, client: Client
) -> None:
    await client.send(calls.VM_FEATURE_SET("vault", PROHIBIT_START, "for now"))
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
    await client.send(calls.VM_FEATURE_REMOVE("vault", PROHIBIT_START))
    await clicker.until(lambda: PROHIBIT_START not in clicker.session.records["vault"].features)
    assert vault("work").isEnabled()


async def test_a_halted_netvm_for_a_running_qube_is_asked_about_and_started_first(
    clicker: Clicker, client: Client, system: System
) -> None:
    await client.send(calls.VM_PROPERTY_SET("vault", "provides_network", "yes"))
    await clicker.until(lambda: clicker.session.records["vault"].flag("provides_network"))
    menu = netvm_menu(clicker.window.operations, clicker.session, clicker.window, "Net qube")
    menu.look(["work"], connected=True)
    menu.fill()

    next(action for action in menu.actions() if action.text() == "vault").trigger()
    dialog = await clicker.dialog(PlanDialog)

    assert dialog.table.groups[0].head.title == "Start first, they are halted"
    assert dialog.chosen == ["vault", "work"]
    leave_out(dialog, "vault")
    assert dialog.chosen == []
    leave_out(dialog, "vault")
    clicker.press(dialog.yes)
    await clicker.until(lambda: system.runtime.state.qube("work").value("netvm") == "vault")
    await clicker.until(lambda: clicker.state("vault") == "Running")
