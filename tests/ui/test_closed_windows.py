# SPDX-License-Identifier: GPL-3.0-or-later
"""A window that is closed and deleted while something that it began is under way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fakes_hypervisor import FakeHypervisor
from PyQt5 import sip
from PyQt5.QtWidgets import QDialogButtonBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from until import until
from windows import Clicker, opened_dialog

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.dialogs.clone_dialog import CloneDialog
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.ui.session.windows import OpenWindows
from qubesmanager.ui.settings.multi_window import MultiWindow
from qubesmanager.ui.settings.settings_window import SettingsWindow
from qubesmanager.ui.storage.add_pool_dialog import AddPoolDialog
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request

APPLY = QDialogButtonBox.StandardButton.Apply
MEMORY = ("property", "memory")


@pytest.fixture
async def faults() -> AsyncIterator[list[str]]:
    """What the loop's handler of exceptions gets: faults of the program."""
    seen: list[str] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, context: seen.append(str(context)))
    yield seen
    loop.set_exception_handler(before)


@pytest.fixture
async def following(session: Session) -> Session:
    session.follow()
    await until(lambda: session.is_synced and bool(session.labels))
    return session


class Slow:
    """dom0 does not answer until `goes_on` is set."""

    def __init__(self, client: Client) -> None:
        self._send = client.send
        self.goes_on = asyncio.Event()
        self.asked = False

    async def send(self, request: Request[Any]) -> Any:
        self.asked = True
        await self.goes_on.wait()
        return await self._send(request)


def settings(session: Session) -> tuple[QWidget, Callable[[], None]]:
    window = SettingsWindow(session, "vault", session.labels)
    window.draft.edit(MEMORY, "700")
    return window, lambda: window.button(APPLY).click()


def several(session: Session) -> tuple[QWidget, Callable[[], None]]:
    window = MultiWindow(session, ("vault", "work"))
    window.draft.edit(MEMORY, "700")
    return window, lambda: window.foot.button(APPLY).click()


def pool(session: Session) -> tuple[QWidget, Callable[[], None]]:
    dialog = AddPoolDialog(session, [("file-qcow2", "dir_path")], (), None)
    dialog.name.setText("second")
    dialog.fields["dir_path"].setText("/srv/second")
    assert dialog.add is not None
    return dialog, dialog.add.click


@pytest.mark.parametrize("make", [settings, several, pool])
async def test_a_window_that_is_deleted_while_it_sends_is_no_fault(
    following: Session,
    faults: list[str],
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Session], tuple[QWidget, Callable[[], None]]],
) -> None:
    window, begin = make(following)
    window.show()
    await until(lambda: not following.tasks.running)
    slow = Slow(following.client)
    monkeypatch.setattr(following.client, "send", slow.send)

    await until(lambda: slow.asked or begin() is not None)
    sip.delete(window)
    slow.goes_on.set()
    await until(lambda: not following.tasks.running)

    assert following.tasks.entries[-1].state in {TaskState.CANCELLED, TaskState.DONE}
    assert faults == []


async def test_a_dialog_that_is_deleted_with_its_window_ends_what_asked(following: Session, faults: list[str]) -> None:
    window = QWidget()
    Operations(following, window).clone(["vault"])
    await opened_dialog(CloneDialog)

    sip.delete(window)

    await until(lambda: not any(task.get_name() == "Clone" for task in asyncio.all_tasks()))
    assert faults == []


async def test_a_window_that_is_deleted_before_its_dialog_opens_opens_none(
    following: Session, faults: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    window = QWidget()
    slow = Slow(following.client)
    monkeypatch.setattr(following.client, "send", slow.send)
    Operations(following, window).clone(["vault"])
    await until(lambda: slow.asked)

    sip.delete(window)
    slow.goes_on.set()

    await until(lambda: not any(task.get_name() == "Clone" for task in asyncio.all_tasks()))
    assert faults == []


async def test_a_qube_that_is_cloned_from_a_closed_window_is_selected_in_the_manager(
    clicker: Clicker, faults: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    window = SettingsWindow(clicker.session, "vault", clicker.session.labels)
    window.show()
    await clicker.until(lambda: not clicker.session.tasks.running)
    window.identity.clone.click()
    dialog = await opened_dialog(CloneDialog)
    name = dialog.new_qube().name
    slow = Slow(clicker.session.client)
    monkeypatch.setattr(clicker.session.client, "send", slow.send)
    dialog.accept()
    await clicker.until(lambda: slow.asked)

    sip.delete(window)
    slow.goes_on.set()

    await clicker.until(lambda: clicker.window.selected() == [name])
    assert faults == []


async def test_what_a_closed_window_began_is_reported_in_the_manager(
    clicker: Clicker, system: System, hypervisor: FakeHypervisor, faults: list[str]
) -> None:
    await clicker.session.client.send(calls.VM_PROPERTY_SET("work", "shutdown_timeout", "1"))
    hypervisor.ignores_shutdown.add(system.runtime.state.qubes["work"].uuid)
    window = QWidget()
    Operations(clicker.session, window).shutdown(["work"])
    await clicker.until(lambda: bool(clicker.session.tasks.running))

    sip.delete(window)

    await clicker.until(lambda: bool(clicker.window.errors.notices))
    buttons = [button.text() for button in clicker.window.errors.notices[0].findChildren(QPushButton)]
    assert buttons == ["Kill work", "Wait", "Leave it running"]
    assert faults == []


async def test_a_shutdown_that_is_too_late_is_an_error_where_no_window_offers_to_kill(
    following: Session, system: System, hypervisor: FakeHypervisor, qtbot: QtBot
) -> None:
    """As in the tray, without the manager."""
    await following.client.send(calls.VM_PROPERTY_SET("work", "shutdown_timeout", "1"))
    hypervisor.ignores_shutdown.add(system.runtime.state.qubes["work"].uuid)
    failed: list[str] = []
    following.tasks.failed.connect(lambda title, _error: failed.append(title))
    window = QWidget()
    qtbot.addWidget(window)

    Operations(following, window).shutdown(["work"])

    await until(lambda: bool(failed))


async def test_a_window_that_is_deleted_without_being_closed_is_forgotten(following: Session) -> None:
    windows = OpenWindows(following)
    window = windows.open("settings", ("vault",))
    await until(lambda: not following.tasks.running)

    sip.delete(window)

    assert not windows.is_open("settings", ("vault",))
