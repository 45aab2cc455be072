# SPDX-License-Identifier: GPL-3.0-or-later
"""Run, terminal, update and applications of qubes on libvirt, by their channels; guests in the test's process."""

import pytest
from fake_guest import FakeGuests, guests, hypervisor_with_guests
from fakes_hypervisor import FakeHypervisor
from windows import Clicker, type_text

from qubesmanager.guest.frames import Call
from qubesmanager.host import programs
from qubesmanager.ui.actions import operations
from qubesmanager.ui.dialogs.applications_dialog import ApplicationsDialog
from qubesmanager.ui.dialogs.run_dialog import RunDialog
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.wire import calls

__all__ = ["guests", "hypervisor"]

MENU = b"""\
firefox.desktop:Name=Firefox
firefox.desktop:Comment=Browse the web
xterm.desktop:Name=Terminal
../evil.desktop:Name=Evil
empty.desktop:Name=
"""


hypervisor = hypervisor_with_guests


@pytest.fixture(autouse=True)
def usual_services(guests: FakeGuests) -> None:
    guests.services["qubes.VMShell"] = lambda _call, stdin: (0, stdin, b"")
    guests.services["qubes.StartApp"] = lambda _call, _stdin: (0, b"", b"")
    guests.services["qubes.GetAppmenus"] = lambda _call, _stdin: (0, MENU, b"")
    guests.services["qubes.InstallUpdates"] = lambda _call, _stdin: (100, b"", b"no network\x1b[2J")


@pytest.fixture(autouse=True)
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "missing", lambda ways: " or ".join(way.program for way in ways))


def calls_of(clicker: Clicker, guests: FakeGuests, name: str) -> list[Call]:
    uuid = clicker.session.records[name].value("uuid")
    return next(guest.calls for at, guest in guests.by_uuid.items() if str(at) == uuid)


async def test_a_command_and_a_terminal_start_by_the_channel(clicker: Clicker, guests: FakeGuests) -> None:
    await clicker.until(lambda: clicker.session.records["work"].flag("has_agent"))
    clicker.select("work")
    await clicker.until(lambda: clicker.can("run"))

    clicker.click("run")
    dialog = await clicker.dialog(RunDialog)
    type_text(dialog.edit, "xterm")
    clicker.press(dialog.yes)
    await clicker.finished()
    clicker.click("terminal")
    tasks = await clicker.finished()

    assert {task.state for task in tasks} == {TaskState.DONE}, [task.detail for task in tasks]
    assert calls_of(clicker, guests, "work") == [
        Call("qubes.VMShell", "+", "dom0"),
        Call("qubes.StartApp", "+qubes-run-terminal", "dom0"),
    ]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The qubes for which the programs of Qubes OS were started, which all seem to be installed."""
    ran: list[str] = []

    async def run(_ways: object, qube: str = "", _command: str = "") -> str:
        ran.append(qube)
        return ""

    monkeypatch.setattr(programs, "missing", lambda _ways: "")
    monkeypatch.setattr(programs, "run", run)
    return ran


async def test_programs_of_this_computer_do_nothing_for_the_qubes_of_a_demonstration(
    clicker: Clicker, guests: FakeGuests, ran: list[str]
) -> None:
    """They would act on the real qube of that name."""
    clicker.session.connection = "demo:"

    clicker.window.operations.update(["debian-13"])
    clicker.window.operations.add_to_menus(["work"])
    tasks = await clicker.finished()

    assert ran == []
    assert [task.detail for task in tasks] == ["no network [2J"]


@pytest.mark.parametrize("connection", ["demo:", "ssh:elsewhere"])
async def test_nor_for_a_qube_that_is_gone_or_one_of_another_qubes_os(
    clicker: Clicker, ran: list[str], monkeypatch: pytest.MonkeyPatch, connection: str
) -> None:
    monkeypatch.setattr(operations, "is_of_qubes_os", lambda _record: True)
    clicker.session.connection = connection

    clicker.window.operations.update(["gone"])
    clicker.window.operations.update(["debian-13"])
    tasks = await clicker.finished()

    assert ran == []
    assert {task.state for task in tasks} == {TaskState.FAILED}


async def test_a_failed_update_shows_what_it_wrote(clicker: Clicker) -> None:
    clicker.select("debian-13")
    await clicker.until(lambda: clicker.can("update"))

    clicker.click("update")
    tasks = await clicker.finished()

    assert [(task.state, task.detail) for task in tasks] == [(TaskState.FAILED, "no network [2J")]


async def test_the_applications_of_a_qube_are_listed_and_started(clicker: Clicker, guests: FakeGuests) -> None:
    await clicker.until(lambda: clicker.session.records["work"].flag("has_agent"))
    clicker.select("work")
    await clicker.until(lambda: clicker.window.inspector.applications.isVisibleTo(clicker.window.inspector))

    clicker.window.inspector.applications.click()
    dialog = await clicker.dialog(ApplicationsDialog)
    await clicker.until(lambda: dialog.list.count() > 0)
    assert [item.text() for row in range(dialog.list.count()) if (item := dialog.list.item(row))] == [
        "Firefox",
        "Terminal",
    ]
    clicker.press(dialog.start)
    tasks = await clicker.finished()
    dialog.reject()

    assert {task.state for task in tasks} == {TaskState.DONE}
    assert calls_of(clicker, guests, "work")[-1] == Call("qubes.StartApp", "+firefox", "dom0")


async def test_without_an_agent_the_actions_say_what_is_missing(clicker: Clicker, hypervisor: FakeHypervisor) -> None:
    await clicker.until(lambda: clicker.session.records["work"].flag("has_agent"))
    hypervisor.host.channel = None
    await clicker.window.session.client.send(calls.VM_KILL("work"))
    await clicker.window.session.client.send(calls.VM_START("work"))
    clicker.select("work")

    await clicker.until(lambda: not clicker.can("run"))
    assert "qubes-mgmt1-client must be installed" in clicker.tip("run")
    assert not clicker.can("applications")
    assert not clicker.window.inspector.applications.isVisibleTo(clicker.window.inspector)
