# SPDX-License-Identifier: GPL-3.0-or-later
"""One act makes a qube the manager of others: what is shown, what comes of it, that it is whole, and its undo."""

from pathlib import Path

import pytest
from policy_window_fixtures import checked, files, policy_folder, window
from PyQt5.QtWidgets import QPushButton
from until import until
from windows import Clicker, choose, click, leave_out, opened_dialog

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.policy.installed import installed
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.dialogs.manager_dialog import ManagerDialog
from qubesmanager.ui.policy.policy_window import PolicyWindow
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.wire import calls
from qubesmanager.wire.errors import QubesValueError

__all__ = ["files", "window"]
TAG = "managed-by-personal"


def policy_of(system: System) -> dict[str, str]:
    folder = policy_folder(system)
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def tagged(system: System) -> set[str]:
    return {qube.name for qube in system.runtime.state.qubes.values() if TAG in qube.tags}


async def chosen(manager: str) -> PlanDialog:
    """Choose the manager, and look at the plan."""
    dialog = await opened_dialog(ManagerDialog)
    choose(dialog.field, manager)
    dialog.yes.click()
    return await opened_dialog(PlanDialog)


async def test_the_qubes_of_a_new_manager_are_listed_and_started_by_it_until_that_is_undone(
    clicker: Clicker, system: System
) -> None:
    clicker.select("vault", "work")
    clicker.click("manage")
    plan = await chosen("personal")

    assert plan.windowTitle() == "Make personal the manager of vault, work"
    click(plan.calls)
    assert "vm.tag.Set vault managed-by-personal" in plan.preview.toPlainText()
    assert "include/mgmt1-local-rwx" in {row.part for row in plan.plan.rows}
    assert plan.at_refusal.isHidden()
    clicker.press(plan.yes)
    await clicker.finished()

    assert tagged(system) == {"vault", "work"}
    assert set(policy_of(system)) == set(installed())
    personal = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer, "personal"))
    rows = await personal.send(calls.VM_LIST("dom0"))
    assert [row.name for row in rows] == ["dom0", "personal", "vault", "work"]

    undo = next(button for button in clicker.window.errors.findChildren(QPushButton) if button.text() == "Undo")
    clicker.press(undo)
    await clicker.until(lambda: not tagged(system) and not policy_of(system))


async def test_what_was_done_before_a_refusal_is_taken_back(
    clicker: Clicker, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_tag = system.settings.set_tag

    async def refuse(name: str, tag: str) -> None:
        if name == "work":
            raise QubesValueError("Not now.")
        await set_tag(name, tag)

    monkeypatch.setattr(system.settings, "set_tag", refuse)
    clicker.select("vault", "work")
    clicker.click("manage")
    clicker.press((await chosen("personal")).yes)
    (task,) = await clicker.finished()

    assert task.state is TaskState.FAILED
    assert tagged(system) == set()
    assert policy_of(system) == {}


async def test_in_the_policy_window_the_qubes_are_ticked_in_the_plan(window: PolicyWindow, system: System) -> None:
    before = policy_of(system)
    window.actions_of["manager"].trigger()
    plan = await chosen("personal")
    assert not plan.yes.isEnabled()
    assert plan.problem.text() == "Nothing would change."

    leave_out(plan, "vault")
    await until(plan.yes.isEnabled)
    assert plan.chosen == ["dom0", "vault"]
    plan.yes.click()

    await until(lambda: tagged(system) == {"vault"})
    await until(lambda: "include/mgmt1-local-rwx" in window.draft.edition.policy.files)
    await checked(window)
    assert set(policy_of(system)) == {*before, *installed()}


async def test_a_policy_that_this_connection_may_not_read_is_an_error(
    clicker: Clicker, system: System, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def refuse() -> None:
        raise QubesValueError("Not yours.")

    monkeypatch.setattr(system.policies, "files", refuse)
    clicker.select("vault")
    clicker.click("manage")
    dialog = await clicker.dialog(ManagerDialog)
    clicker.press(dialog.yes)

    await clicker.until(lambda: any("Not yours." in notice.text for notice in clicker.window.errors.notices))
