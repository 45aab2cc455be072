# SPDX-License-Identifier: GPL-3.0-or-later
"""Clicks in the plan of a change: what it shows, what leaving a qube out does, and what comes of it, with undo."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QLabel, QPushButton
from windows import Clicker, click, leave_out, plan_indexes, press_key, type_text

from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import Lost
from qubesmanager.daemon.local.system import System
from qubesmanager.plans.plan import AT_A_TIME, Step
from qubesmanager.rules.facts import HALTED
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.dialogs.create_dialog import CreateDialog
from qubesmanager.ui.session.tasks import TaskEntry, TaskState, load_history, save_history
from qubesmanager.ui.shell.app import EnglishTexts
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec, CreateSpec
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.values import PowerState

USERS = ("personal", "work")
"""Running qubes that use the network of sys-firewall, as the demonstration has them."""


@pytest.fixture(autouse=True)
def _plurals(qapp: QApplication) -> Iterator[None]:
    """English as the application shows it: "1 qube", "2 qubes"."""
    translator = EnglishTexts()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


def button(dialog: PlanDialog) -> str:
    return dialog.yes.text().replace("&", "")


def choose(clicker: Clicker, menu: int, text: str) -> None:
    """Choose a line of the menu "Template", "Net qube" or "Label" of the window."""
    submenu = clicker.window.submenus[menu]
    submenu.aboutToShow.emit()
    next(action for action in submenu.actions() if action.text() == text).trigger()


def select_all(clicker: Clicker) -> None:
    clicker.window.view.setFocus()
    clicker.window.view.selectAll()
    clicker.window._follow_changes()


def offers(clicker: Clicker) -> dict[str, QPushButton]:
    return {
        button.text(): button for notice in clicker.window.errors.notices for button in notice.findChildren(QPushButton)
    }


def notices(clicker: Clicker) -> list[str]:
    return [label.text() for notice in clicker.window.errors.notices for label in notice.findChildren(QLabel)]


def netvms(clicker: Clicker) -> dict[str, tuple[str, bool]]:
    return {name: record.properties["netvm"][:2] for name, record in clicker.session.records.items() if name != "dom0"}


async def test_net_qube_none_for_all_is_shown_first_and_can_be_undone(clicker: Clicker) -> None:
    before = netvms(clicker)
    sent = clicker.session.client.calls_made
    select_all(clicker)

    choose(clicker, 1, "None")
    dialog = await clicker.dialog(PlanDialog)

    assert clicker.session.client.calls_made == sent
    assert set(dialog.plan.losing) >= set(USERS)
    assert plan_indexes(dialog, "dom0")[0].data(Qt.ItemDataRole.CheckStateRole) is None
    number = len(dialog.plan.changes)
    assert button(dialog) == f"Disconnect {number} qubes"
    clicker.press(dialog.yes)
    tasks = await clicker.finished()
    assert len(tasks) == 1
    assert {child.state for child in tasks[0].children} == {TaskState.DONE}
    assert len(tasks[0].children) == number
    await clicker.until(lambda: not any(value for value, _is_default in netvms(clicker).values()))

    clicker.press(offers(clicker)["Undo"])
    await clicker.until(lambda: netvms(clicker) == before)
    assert "Undo" not in offers(clicker)


async def test_leaving_a_qube_out_updates_numbers_warnings_and_the_button_at_once(clicker: Clicker) -> None:
    clicker.select("sys-net")
    clicker.click("shutdown")
    dialog = await clicker.dialog(PlanDialog)
    whole = len(dialog.chosen)
    assert button(dialog) == f"Shut down {whole} qubes"

    leave_out(dialog, "work")

    assert dialog.chosen == [name for name in dialog.chosen if name not in {"work", "sys-firewall", "sys-net"}]
    assert button(dialog) in {f"Shut down {whole - 3} qubes", "Shut down 1 qube"}
    texts = [index.siblingAtColumn(3).data() for index in plan_indexes(dialog, "sys-firewall")]
    assert texts == ["sys-firewall is the net qube of running qubes: work."]
    leave_out(dialog, "work")
    assert len(dialog.chosen) == whole
    dialog.reject()


async def test_a_net_qube_whose_client_was_left_out_is_not_shut_down_later(clicker: Clicker, client: Client) -> None:
    clicker.select("sys-firewall")
    clicker.click("shutdown")
    dialog = await clicker.dialog(PlanDialog)
    leave_out(dialog, "work")
    clicker.press(dialog.yes)
    await clicker.finished()
    await clicker.until(lambda: clicker.state("personal") == "Halted")

    await client.send(calls.VM_SHUTDOWN("work"))
    await clicker.until(lambda: clicker.state("work") == "Halted")
    await client.send(calls.VM_START("vault"))
    await clicker.until(lambda: clicker.state("vault") == "Running")

    assert clicker.state("sys-firewall") == "Running"
    assert not clicker.session.tasks.running


async def test_a_client_that_does_not_halt_ends_the_plan(
    clicker: Clicker, system: System, hypervisor: FakeHypervisor
) -> None:
    await clicker.session.client.send(calls.VM_PROPERTY_SET("work", "shutdown_timeout", "1"))
    hypervisor.ignores_shutdown.add(system.runtime.state.qubes["work"].uuid)
    clicker.select("sys-firewall")

    clicker.click("shutdown")
    clicker.press((await clicker.dialog(PlanDialog)).yes)
    (task,) = await clicker.finished()

    children = {child.title: child for child in task.children}
    assert task.state is TaskState.FAILED
    assert children["work"].state is TaskState.FAILED
    assert children["sys-firewall"].state is TaskState.CANCELLED
    assert list(offers(clicker)) == ["Kill work", "Wait", "Leave it running"]
    clicker.press(offers(clicker)["Kill work"])
    await clicker.until(lambda: clicker.state("work") in HALTED)
    await clicker.finished()
    assert clicker.state("sys-firewall") == "Running"


async def test_many_starts_are_one_task_and_at_most_a_few_at_a_time(clicker: Clicker, client: Client) -> None:
    for number in range(12):
        await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec(f"many-{number}", "red")))
    names = [f"many-{number}" for number in range(12)]
    await clicker.until(lambda: set(names) <= set(clicker.session.records))
    most = 0

    def count(_records: object) -> None:
        nonlocal most
        states = [clicker.session.records[name].state for name in names]
        most = max(most, states.count(PowerState.TRANSIENT))

    clicker.session.put.connect(count)
    clicker.select(*names)
    clicker.click("start")
    dialog = await clicker.dialog(PlanDialog)
    assert button(dialog) == "Start 12 qubes"
    clicker.press(dialog.yes)
    tasks = await clicker.finished()

    assert [(task.title, task.state, len(task.children)) for task in tasks] == [("Start 12 qubes", TaskState.DONE, 12)]
    await clicker.until(lambda: all(clicker.state(name) == "Running" for name in names))
    assert 1 <= most <= AT_A_TIME


async def test_qubes_without_enough_memory_are_left_out_of_a_start(
    clicker: Clicker, client: Client, hypervisor: FakeHypervisor
) -> None:
    for number in range(4):
        await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec(f"many-{number}", "red")))
    names = [f"many-{number}" for number in range(4)]
    await clicker.until(lambda: set(names) <= set(clicker.session.records))
    used = sum(domain.spec.memory_mib for domain in hypervisor.host.domains.values())
    hypervisor.host.memory_kib = (used + 1000) << 10

    clicker.select(*names)
    clicker.click("start")
    dialog = await clicker.dialog(PlanDialog)

    assert dialog.title.text() == "Start 2 of 4 qubes"
    assert dialog.chosen == ["many-0", "many-1"]
    assert dialog.memory.isVisible()
    assert dialog.memory.text.text() == "800 MiB more, 200 MiB left"
    leave_out(dialog, "many-0")
    assert dialog.chosen == ["many-1", "many-2"]
    dialog.reject()


async def test_a_plan_that_is_cancelled_finishes_what_is_under_way_and_begins_nothing_more(
    clicker: Clicker, system: System, hypervisor: FakeHypervisor
) -> None:
    for name in USERS:
        await clicker.session.client.send(calls.VM_PROPERTY_SET(name, "shutdown_timeout", "1"))
        hypervisor.ignores_shutdown.add(system.runtime.state.qubes[name].uuid)
    clicker.select("sys-net")
    clicker.click("shutdown")
    clicker.press((await clicker.dialog(PlanDialog)).yes)
    await clicker.until(lambda: bool(clicker.session.tasks.running))
    await clicker.until(lambda: any(child.state is TaskState.RUNNING for child in task_of(clicker).children))

    clicker.session.tasks.cancel(task_of(clicker))
    await clicker.finished()

    states = {child.title: child.state for child in task_of(clicker).children}
    assert task_of(clicker).state is TaskState.CANCELLED
    assert states["sys-net"] is TaskState.CANCELLED
    assert TaskState.RUNNING not in states.values()
    assert TaskState.WAITING not in states.values()
    assert clicker.state("sys-net") == "Running"


async def restart_that_hangs(clicker: Clicker, system: System, hypervisor: FakeHypervisor) -> None:
    """A restart of sys-net that has halted what uses the network, and waits for sys-firewall to halt."""
    hypervisor.ignores_shutdown.add(system.runtime.state.qubes["sys-firewall"].uuid)
    await clicker.session.client.send(calls.VM_PROPERTY_SET("sys-firewall", "shutdown_timeout", "1"))
    clicker.select("sys-net")
    clicker.click("restart")
    clicker.press((await clicker.dialog(PlanDialog)).yes)
    await clicker.until(lambda: all(clicker.state(name) == "Halted" for name in USERS))


async def test_a_restart_that_is_cancelled_starts_what_it_has_halted(
    clicker: Clicker, system: System, hypervisor: FakeHypervisor
) -> None:
    await restart_that_hangs(clicker, system, hypervisor)

    clicker.session.tasks.cancel(task_of(clicker))
    await clicker.finished()

    assert task_of(clicker).state in {TaskState.CANCELLED, TaskState.FAILED}
    await clicker.until(lambda: all(clicker.state(name) == "Running" for name in (*USERS, "sys-firewall", "sys-net")))
    assert not any("not started again" in text for text in notices(clicker))


async def test_a_restart_names_what_it_leaves_down_and_offers_to_start_it(
    clicker: Clicker, system: System, hypervisor: FakeHypervisor
) -> None:
    work = system.runtime.state.qubes["work"].uuid
    hypervisor.start_errors[work] = Mgmt1Error("The disk was busy.")
    await restart_that_hangs(clicker, system, hypervisor)

    clicker.session.tasks.cancel(task_of(clicker))
    await clicker.until(lambda: "Halted by a restart, and not started again: work." in notices(clicker))
    hypervisor.start_errors.clear()
    click(offers(clicker)["&Start"])

    await clicker.until(lambda: clicker.state("work") == "Running")


def task_of(clicker: Clicker) -> TaskEntry:
    return clicker.session.tasks.entries[-1]


async def test_a_plan_follows_what_happens_while_it_is_shown(clicker: Clicker, client: Client) -> None:
    clicker.select("work", "personal")
    clicker.click("shutdown")
    dialog = await clicker.dialog(PlanDialog)

    await client.send(calls.VM_SHUTDOWN("work"))

    await clicker.until(lambda: dialog.chosen == ["personal"])
    assert button(dialog) == "Shut down 1 qube"
    dialog.reject()


async def test_a_plan_that_does_more_than_was_shown_is_shown_again_before_it_is_carried_out(
    clicker: Clicker, client: Client
) -> None:
    clicker.select("sys-firewall")
    clicker.click("shutdown")
    dialog = await clicker.dialog(PlanDialog)
    dialog._later.blockSignals(True)  # yes comes before the plan was computed again
    await client.send(calls.VM_PROPERTY_SET("vault", "netvm", "sys-firewall"))
    await client.send(calls.VM_START("vault"))
    await clicker.until(lambda: clicker.state("vault") == "Running")
    assert "vault" not in dialog.chosen

    clicker.press(dialog.yes)
    assert dialog.isVisible()
    assert "vault" in dialog.chosen
    assert not clicker.session.tasks.running
    clicker.press(dialog.yes)
    await clicker.finished()

    await clicker.until(lambda: clicker.state("vault") == clicker.state("sys-firewall") == "Halted")


async def test_a_plan_that_does_less_than_was_shown_is_carried_out(clicker: Clicker, client: Client) -> None:
    clicker.select("work", "personal")
    clicker.click("shutdown")
    dialog = await clicker.dialog(PlanDialog)
    dialog._later.blockSignals(True)
    await client.send(calls.VM_SHUTDOWN("work"))
    await clicker.until(lambda: clicker.state("work") == "Halted")
    assert dialog.chosen == ["personal", "work"]

    clicker.press(dialog.yes)
    tasks = await clicker.finished()

    await clicker.until(lambda: clicker.state("personal") == "Halted")
    assert [task.title for task in tasks] == ["Shut down personal"]


async def test_a_group_is_ticked_at_once_and_nothing_to_do_greys_the_button(clicker: Clicker) -> None:
    clicker.select("work", "personal")
    clicker.click("shutdown")
    dialog = await clicker.dialog(PlanDialog)

    dialog.tree.setCurrentIndex(dialog.table.index(0, 0))
    press_key(dialog.tree, Qt.Key.Key_Space)
    assert not dialog.yes.isEnabled()
    assert dialog.problem.text() == "Nothing would change."
    press_key(dialog.tree, Qt.Key.Key_Space)
    assert dialog.chosen == ["personal", "work"]
    dialog.reject()


async def test_several_are_cloned_under_free_names_and_selected(clicker: Clicker) -> None:
    clicker.select("vault", "untrusted")

    clicker.click("clone")
    dialog = await clicker.dialog(PlanDialog)
    clicker.press(dialog.yes)

    await clicker.until(lambda: sorted(clicker.window.selected()) == ["untrusted-2", "vault-2"])


async def test_a_qube_that_was_created_is_selected_also_when_the_filter_hides_it(clicker: Clicker) -> None:
    clicker.window.query.set_query("vault")
    clicker.click("create")
    dialog = await clicker.dialog(CreateDialog)
    type_text(dialog.name, "fresh")
    clicker.press(dialog.yes)

    await clicker.until(lambda: clicker.window.selected() == ["fresh"])


async def test_a_label_for_several_is_shown_and_one_is_not(clicker: Clicker) -> None:
    clicker.select("vault")
    choose(clicker, 2, "green")
    await clicker.until(lambda: clicker.session.records["vault"].value("label") == "green")
    assert not offers(clicker)

    clicker.select("vault", "work")
    clicker.window._follow_changes()
    choose(clicker, 2, "purple")
    dialog = await clicker.dialog(PlanDialog)
    assert button(dialog) == "Change 2 qubes"
    clicker.press(dialog.yes)
    await clicker.until(lambda: clicker.session.records["work"].value("label") == "purple")
    await clicker.until(lambda: "Undo" in offers(clicker))


async def test_undo_shows_what_another_client_changed_meanwhile_and_leaves_it_alone(
    clicker: Clicker, client: Client
) -> None:
    clicker.select("vault", "work")
    clicker.window._follow_changes()
    before = clicker.session.records["work"].value("label")
    choose(clicker, 2, "purple")
    clicker.press((await clicker.dialog(PlanDialog)).yes)
    await clicker.until(lambda: "Undo" in offers(clicker))
    await client.send(calls.VM_PROPERTY_SET("vault", "label", "green"))
    await clicker.until(lambda: clicker.session.records["vault"].value("label") == "green")

    clicker.press(offers(clicker)["Undo"])
    dialog = await clicker.dialog(PlanDialog)

    assert dialog.title.text() == "Undo: label of work"
    assert button(dialog) == "Undo 1 change"
    assert dialog.chosen == ["work"]
    assert [row.qube for row in dialog.plan.refused] == ["vault"]
    clicker.press(dialog.yes)
    await clicker.until(lambda: clicker.session.records["work"].value("label") == before)
    assert clicker.session.records["vault"].value("label") == "green"


async def test_a_removal_that_only_moved_its_users_says_that_and_can_be_undone(
    clicker: Clicker, client: Client
) -> None:
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("user-1", "red")))
    await client.send(calls.VM_CLONE("debian-13", payload=CloneSpec("spare")))
    await client.send(calls.VM_PROPERTY_SET("user-1", "template", "spare"))
    await clicker.until(lambda: "user-1" in clicker.session.records and "spare" in clicker.session.records)
    await clicker.until(lambda: clicker.session.records["user-1"].value("template") == "spare")
    clicker.select("spare")
    clicker.click("remove")
    dialog = await clicker.dialog(PlanDialog)
    dialog.choice.setCurrentIndex(dialog.choice.findData("debian-13"))
    assert plan_indexes(dialog, "user-1")[0].data(Qt.ItemDataRole.CheckStateRole) is None
    plan = dialog.plan
    dialog.reject()
    refused = Step(("remove", ""), calls.VM_REMOVE("nobody"))
    rows = tuple(replace(row, steps=(refused,)) if row.qube == "spare" else row for row in plan.changes)

    clicker.window.operations._begin(replace(plan, rows=rows), stops_at_refusal=True)
    await clicker.until(lambda: "Undo" in offers(clicker))

    assert clicker.session.records["user-1"].value("template") == "debian-13"
    assert any("Apply the settings of user-1: done." in text for text in notices(clicker))
    clicker.press(offers(clicker)["Undo"])
    await clicker.until(lambda: clicker.session.records["user-1"].value("template") == "spare")


async def test_a_plan_cannot_be_carried_out_without_a_connection(clicker: Clicker) -> None:
    clicker.select("work", "personal")
    clicker.click("shutdown")
    dialog = await clicker.dialog(PlanDialog)

    clicker.session.is_synced = False
    clicker.session.lost.emit(Lost(ConnectionError("It ended."), 60.0))

    await clicker.until(lambda: not dialog.yes.isEnabled())
    assert dialog.problem.text() == "There is no connection."
    dialog.reject()


async def test_undo_disappears_after_a_while(clicker: Clicker) -> None:
    notice = clicker.window.errors.show_notice("Done.", warning=False, seconds=2)
    assert notice.countdown.text() == "2 s"

    notice._tick()
    assert notice.countdown.text() == "1 s"
    notice._tick()

    assert clicker.window.errors.notices == []


@pytest.mark.parametrize("kind", ["pause", "kill"])
async def test_a_plan_for_one_net_qube_shows_which_qubes_lose_the_network(clicker: Clicker, kind: str) -> None:
    clicker.select("sys-firewall")

    clicker.click(kind)
    dialog = await clicker.dialog(PlanDialog)

    assert set(dialog.plan.lost_through) == set(USERS)
    assert all(name in dialog.facts[1].text.text() for name in USERS)
    assert dialog.yes.isDefault() == (kind == "pause")
    dialog.reject()
    assert QApplication.activeModalWidget() is None


def test_the_history_keeps_the_children_that_were_not_done(tmp_path: Path) -> None:
    done, failed = TaskEntry("a", 1, TaskState.DONE, 2), TaskEntry("b", 1, TaskState.FAILED, 2, detail="No.")
    task = TaskEntry("Start 2 qubes", 1, TaskState.FAILED, 2, children=[done, failed])

    save_history(tmp_path / "tasks.json", [task])

    assert load_history(tmp_path / "tasks.json")[0].children == [failed]
