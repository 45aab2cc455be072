# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the table of actions, on a qube of every class, in every power state, over a whole daemon.

Grey is what the functions without Qt refuse, with their sentence. What is not grey is carried out, and what came of it
is read from the daemon's state, or from what was asked to open.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor
from windows import Clicker, type_text

from qubesmanager.daemon.local.system import System
from qubesmanager.rules.facts import HALTED
from qubesmanager.ui.actions.actions import TABLE, judge
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.dialogs.applications_dialog import ApplicationsDialog
from qubesmanager.ui.dialogs.clone_dialog import CloneDialog
from qubesmanager.ui.dialogs.manager_dialog import ManagerDialog
from qubesmanager.ui.dialogs.notes_dialog import NotesDialog
from qubesmanager.ui.dialogs.rename_dialog import RenameDialog
from qubesmanager.ui.dialogs.run_dialog import RunDialog
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec, CreateSpec
from qubesmanager.wire.values import PowerState, VmClass

CLASSES = {
    VmClass.ADMIN: "dom0",
    VmClass.TEMPLATE: "spare",
    VmClass.APP: "vault",
    VmClass.STANDALONE: "alone",
    VmClass.DISP: "sys-usb",
}
STATES = (PowerState.HALTED, PowerState.RUNNING, PowerState.PAUSED, PowerState.SUSPENDED, PowerState.HALTING)
PROGRAMS = ("qvm-run", "qubes-vm-update")


@dataclass
class Bench:
    """One qube of each class, and a hand that puts them into a state."""

    clicker: Clicker
    system: System
    hypervisor: FakeHypervisor
    said: Path
    openings: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def state(self, name: str) -> str:
        """What the daemon holds, not the window."""
        qube = self.system.runtime.state.qubes.get(name)
        return "gone" if qube is None else self.clicker.state(name)

    async def bring(self, name: str, state: PowerState) -> None:
        client, clicker = self.clicker.session.client, self.clicker
        if name == "dom0" or self.clicker.state(name) == state:
            return
        uuid = self.system.runtime.state.qubes[name].uuid
        if state in HALTED:
            if uuid in self.hypervisor.host.domains:
                await client.send(calls.VM_KILL(name))
                await clicker.until(lambda: clicker.session.records[name].state in HALTED)
        else:
            if uuid not in self.hypervisor.host.domains:
                await client.send(calls.VM_START(name))
                await clicker.until(lambda: clicker.state(name) == "Running")
            self.hypervisor._tell(uuid, state)
        await clicker.until(lambda: clicker.state(name) == state)


@pytest.fixture
async def bench(
    clicker: Clicker, system: System, hypervisor: FakeHypervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Bench:
    client = clicker.session.client
    await client.send(calls.VM_CLONE("debian-13", payload=CloneSpec("spare")))
    await client.send(calls.VM_CREATE("debian-13", "StandaloneVM", CreateSpec("alone", "red")))
    for name in PROGRAMS:
        program = tmp_path / name
        program.write_text('#!/bin/sh\necho "$*" >> "${0%/*}/said"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    await clicker.until(lambda: {"spare", "alone"} <= set(clicker.session.records))
    bench = Bench(clicker, system, hypervisor, tmp_path / "said")
    clicker.session.window_wanted.connect(lambda kind, names: bench.openings.append((kind, names)))
    return bench


Outcome = Callable[[Bench, str], Awaitable[None]]


def becomes(state: str) -> Outcome:
    async def outcome(bench: Bench, name: str) -> None:
        await bench.clicker.until(lambda: bench.state(name) == state)

    return outcome


def opens(kind: str, *words: str) -> Outcome:
    async def outcome(bench: Bench, name: str) -> None:
        await bench.clicker.until(lambda: (kind, (name, *words)) in bench.openings)

    return outcome


async def is_killed(bench: Bench, name: str) -> None:
    bench.clicker.press((await bench.clicker.dialog(PlanDialog)).yes)
    await bench.clicker.until(lambda: bench.clicker.session.records[name].state in HALTED)


async def is_noted(bench: Bench, name: str) -> None:
    dialog = await bench.clicker.dialog(NotesDialog)
    dialog.edit.setPlainText(dialog.text() + "seen")
    dialog.accept()
    await bench.clicker.until(lambda: bench.system.runtime.state.qubes[name].notes.endswith("seen"))


async def is_renamed(bench: Bench, _name: str) -> None:
    """As far as the button: what a rename does has its own tests, and the other states need the name."""
    dialog = await bench.clicker.dialog(RenameDialog)
    dialog.edit.clear()
    type_text(dialog.edit, "other-name")
    assert dialog.yes.isEnabled()
    dialog.reject()


async def is_cloned(bench: Bench, _name: str) -> None:
    dialog = await bench.clicker.dialog(CloneDialog)
    dialog.name.clear()
    type_text(dialog.name, "copy")
    bench.clicker.press(dialog.yes)
    await bench.clicker.until(lambda: bench.state("copy") == "Halted" and not bench.clicker.session.tasks.running)
    await bench.clicker.session.client.send(calls.VM_REMOVE("copy"))


async def is_removed(bench: Bench, name: str) -> None:
    """As far as the last question: the qube is needed for the other states."""
    dialog = await bench.clicker.dialog(PlanDialog)
    type_text(dialog.typed, name)
    assert dialog.yes.isEnabled()
    dialog.reject()


async def is_given_a_manager(bench: Bench, name: str) -> None:
    """As far as the plan: what it does has its own tests."""
    dialog = await bench.clicker.dialog(ManagerDialog)
    bench.clicker.press(dialog.yes)
    plan = await bench.clicker.dialog(PlanDialog)
    assert name in plan.chosen
    assert plan.yes.isEnabled()
    plan.reject()


async def is_asked_and_run(bench: Bench, name: str) -> None:
    dialog = await bench.clicker.dialog(RunDialog)
    type_text(dialog.edit, "xterm")
    bench.clicker.press(dialog.yes)
    await has_run(bench, name)


async def has_run(bench: Bench, name: str) -> None:
    await bench.clicker.until(lambda: bench.said.exists() and name in bench.said.read_text())
    bench.said.unlink()


async def is_listed(bench: Bench, _name: str) -> None:
    (await bench.clicker.dialog(ApplicationsDialog)).reject()


OUTCOMES: dict[str, Outcome] = {
    "start": becomes("Running"),
    "pause": becomes("Paused"),
    "unpause": becomes("Running"),
    "suspend": becomes("Suspended"),
    "resume": becomes("Running"),
    "shutdown": becomes("Halted"),
    "restart": becomes("Running"),
    "settings": opens("settings"),
    "firewall": opens("settings", "--page=firewall"),
    "devices": opens("devices"),
    "logs": opens("logs"),
    "history": opens("history"),
    "attach": opens("attach"),
    "manage": is_given_a_manager,
    "notes": is_noted,
    "run": is_asked_and_run,
    "terminal": has_run,
    "applications": is_listed,
    "update": has_run,
    "rename": is_renamed,
    "clone": is_cloned,
    "kill": is_killed,
    "remove": is_removed,
}


def test_every_row_has_an_outcome_to_look_for() -> None:
    assert set(OUTCOMES) == {row.id for row in TABLE}


PLACES = [(VmClass.ADMIN, PowerState.RUNNING), *((klass, state) for klass in list(CLASSES)[1:] for state in STATES)]


@pytest.mark.parametrize(("klass", "state"), PLACES)
async def test_every_action_is_grey_with_its_reason_or_does_what_it_says(
    bench: Bench, klass: VmClass, state: PowerState
) -> None:
    clicker, name = bench.clicker, CLASSES[klass]
    for row in clicker.window.actions_of.available():
        await bench.bring(name, state)
        clicker.select(name)
        clicker.window._follow_changes()  # what a moment later does
        records = clicker.session.records
        assert (records[name].klass, records[name].state) == (klass, state)
        verdict = judge(row, clicker.session.facts, [name], clicker.session.client.refusals)
        where = f"{row.id} of a {klass} that is {state}"
        assert clicker.can(row.id) == bool(verdict.possible), where
        if not verdict.possible:
            assert verdict.refused[name].replace("&", "&amp;") in clicker.tip(row.id), where
            continue
        bench.openings.clear()
        clicker.click(row.id)
        await OUTCOMES[row.id](bench, name)
        await clicker.until(lambda: not clicker.session.tasks.running)
        failed = [task.detail for task in clicker.session.tasks.entries if task.state is TaskState.FAILED]
        assert not failed, where
