# SPDX-License-Identifier: GPL-3.0-or-later
"""The computer is shut down after backups, once nothing else would be cut off; it stays on if something went wrong."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import yaml
from PyQt5.QtWidgets import QLabel
from until import until
from windows import Clicker

from qubesmanager.backup.errors import BackupError
from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import Lost
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.base import Answer, Payload, TransportError
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.ui.backup.backup_wizard import BackupWizard
from qubesmanager.ui.session import shut_down
from qubesmanager.ui.session.backup_run import RunningBackup, follow_backups
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.shut_down import ShutDown
from qubesmanager.ui.session.tasks import TaskEntry, TaskState
from qubesmanager.ui.widgets.prompts import Question
from qubesmanager.wire import calls, events
from qubesmanager.wire.errors import BackupCancelledError
from qubesmanager.wire.event import Event


class Gates:
    """Holds the run of each profile until it is open; one in `failing` fails then."""

    def __init__(self, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open: set[str] = set()
        self.failing: set[str] = set()
        carry_out = system.backup_runs._carry_out

        async def wait_and_carry_out(run: object, *arguments: object) -> None:
            profile: str = run.profile  # type: ignore[attr-defined]
            cancelled: asyncio.Event = run.cancelled  # type: ignore[attr-defined]
            await until(lambda: profile in self.open or cancelled.is_set())
            if cancelled.is_set():
                raise BackupCancelledError("The backup was cancelled.")
            if profile in self.failing:
                raise BackupError("The disk is full.")
            await carry_out(run, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(system.backup_runs, "_carry_out", wait_and_carry_out)


@pytest.fixture
def gates(system: System, monkeypatch: pytest.MonkeyPatch) -> Gates:
    return Gates(system, monkeypatch)


class Computer:
    """Counts how often it was turned off."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.turned_off = 0
        self.shut_down = ShutDown.of(session)
        self.shut_down.power_off = self._turn_off

    async def _turn_off(self) -> None:
        self.turned_off += 1

    async def begin(self, profile: str, *, and_shut_down: bool = True) -> RunningBackup:
        """A run in progress."""
        run = RunningBackup(self.session, profile)
        run.start(None, None)
        if and_shut_down:
            self.shut_down.after(run)
        await until(lambda: run.run is not None)
        return run

    @property
    def waits_for(self) -> str:
        return next(entry.detail for entry in self.session.tasks.running if entry.title == "Shut down this computer")

    @property
    def is_waiting(self) -> bool:
        return any(entry.title == "Shut down this computer" for entry in self.session.tasks.running)


async def with_profiles(session: Session, system: System, folder: Path) -> Computer:
    client = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer))
    for name in ("nightly", "weekly"):
        text = {"include": ["vault"], "destination_path": str(folder / name), "passphrase_text": "words"}
        await client.send(calls.BACKUP_PROFILE_SET("dom0", name, yaml.safe_dump(text)))
    return Computer(session)


@pytest.fixture
async def computer(session: Session, system: System, tmp_path: Path) -> Computer:
    """A session that follows the system, with two profiles."""
    follow_backups(session)
    session.follow()
    await until(lambda: session.is_synced and session.labels)
    return await with_profiles(session, system, tmp_path)


async def test_the_computer_is_shut_down_once_after_the_last_of_two_backups(computer: Computer, gates: Gates) -> None:
    first, second = await computer.begin("nightly"), await computer.begin("weekly")

    gates.open.add("nightly")
    await until(lambda: not first.running)
    await until(lambda: computer.waits_for == "Waits for: Back up: weekly")
    assert computer.turned_off == 0
    gates.open.add("weekly")
    await until(lambda: not computer.is_waiting)

    assert second.state is TaskState.DONE
    assert computer.turned_off == 1


async def test_a_backup_that_did_not_ask_is_not_cut_off(computer: Computer, gates: Gates) -> None:
    first, second = await computer.begin("nightly"), await computer.begin("weekly", and_shut_down=False)

    gates.open.add("nightly")
    await until(lambda: not first.running)
    await until(lambda: computer.waits_for == "Waits for: Back up: weekly")
    assert computer.turned_off == 0
    second.cancel()
    await until(lambda: not computer.is_waiting)

    assert computer.turned_off == 1


async def test_a_restore_of_this_program_is_not_cut_off(computer: Computer, gates: Gates) -> None:
    complete = asyncio.Event()

    async def restore() -> None:
        await complete.wait()

    computer.session.tasks.start("Restore from old", restore())
    run = await computer.begin("nightly")
    gates.open.add("nightly")
    await until(lambda: not run.running)
    await until(lambda: computer.waits_for == "Waits for: Restore from old")
    assert computer.turned_off == 0
    complete.set()

    await until(lambda: computer.turned_off == 1)


OTHERS = pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (events.RESTORE_PROGRESS("a", "vault", 1, 2), events.RESTORE_FINISHED("a", "cancelled")),
        (events.VOLUME_IMPORT_BEGIN("vault", "private", 1), events.VOLUME_IMPORT_END("vault", "private", True)),
    ],
)
"""What another client begins and ends."""


async def ends_before_the_shutdown(
    computer: Computer, gates: Gates, run: RunningBackup, end: Callable[[], object]
) -> None:
    """The backup ends; the computer waits for another client, and is turned off once that has ended."""
    gates.open.add("nightly")
    await until(lambda: not run.running)
    await until(lambda: computer.waits_for == "Waits for: a restore or an import of another program")
    assert computer.turned_off == 0
    end()
    await until(lambda: computer.turned_off == 1)


@OTHERS
async def test_what_another_client_does_is_not_cut_off(
    computer: Computer, gates: Gates, system: System, begins: Event, ends: Event
) -> None:
    system.runtime.emit([begins])
    run = await computer.begin("nightly")
    await ends_before_the_shutdown(computer, gates, run, partial(system.runtime.emit, [ends]))


def lose_connection(session: Session) -> None:
    """As far as its windows know; it comes back at once."""
    session.lost.emit(Lost(TransportError("Too many events."), 1.0))
    session.synced.emit()


@OTHERS
async def test_what_another_client_does_is_not_cut_off_when_the_connection_was_lost_meanwhile(
    computer: Computer, gates: Gates, system: System, begins: Event, ends: Event
) -> None:
    computer.shut_down.settle = 0
    run = await computer.begin("nightly")
    heard: list[object] = []
    computer.session.happened.connect(heard.extend)
    system.runtime.emit([begins])
    await until(lambda: begins in heard)
    lose_connection(computer.session)
    await ends_before_the_shutdown(computer, gates, run, partial(system.runtime.emit, [ends]))


@OTHERS
async def test_what_has_ended_without_an_event_is_not_waited_for_for_ever(
    computer: Computer, gates: Gates, system: System, monkeypatch: pytest.MonkeyPatch, begins: Event, ends: Event
) -> None:
    monkeypatch.setattr(shut_down, "DOUBT", 0.0)
    gates.open.add("nightly")
    system.runtime.emit([begins])
    await computer.begin("nightly")
    await until(lambda: computer.waits_for == "Waits for: a restore or an import of another program")
    computer.session.synced.emit()

    await until(lambda: computer.turned_off == 1)


async def test_after_a_lost_connection_it_listens_for_a_while_before_it_shuts_down(
    computer: Computer, gates: Gates
) -> None:
    gates.open.add("nightly")
    lose_connection(computer.session)
    run = await computer.begin("nightly")
    await until(lambda: not run.running)
    await until(lambda: computer.waits_for == "Waits for: the connection")
    assert computer.turned_off == 0
    computer.shut_down.settle = 0
    lose_connection(computer.session)

    await until(lambda: computer.turned_off == 1)


async def test_a_backup_that_asks_at_the_moment_at_which_another_shutdown_has_failed_is_awaited(
    computer: Computer, gates: Gates
) -> None:
    second = RunningBackup(computer.session, "weekly")

    def ask(entry: TaskEntry | None) -> None:
        if entry is not None and entry.state is TaskState.FAILED and entry.title == "Shut down this computer":
            computer.session.tasks.changed.disconnect(ask)
            second.start(None, None)
            computer.shut_down.after(second)

    computer.session.tasks.changed.connect(ask)
    await computer.begin("nightly")
    gates.failing |= {"nightly", "weekly"}
    gates.open.add("nightly")
    await until(lambda: second.run is not None)
    gates.open.add("weekly")
    await until(lambda: not computer.session.tasks.running)

    assert second.state is TaskState.FAILED
    assert computer.turned_off == 0


async def test_dom0_is_asked_for_backups_that_no_event_reported(
    computer: Computer, gates: Gates, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computer.session.backups, "happened", lambda _events: None)
    other = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer))
    sending = asyncio.ensure_future(other.send(calls.BACKUP_EXECUTE("dom0", "weekly", {})))  # noqa: TID251 - awaited below
    run = await computer.begin("nightly")
    gates.open.add("nightly")
    await until(lambda: not run.running)
    await until(lambda: computer.waits_for == "Waits for: Back up: weekly")
    assert computer.turned_off == 0
    gates.open.add("weekly")
    await sending
    monkeypatch.undo()
    await computer.session.backups.ask()

    await until(lambda: computer.turned_off == 1)


async def test_the_computer_stays_on_if_one_of_the_backups_failed(computer: Computer, gates: Gates) -> None:
    errors: list[str] = []
    computer.session.tasks.failed.connect(lambda _title, error: errors.append(str(error)))
    await computer.begin("nightly")
    await computer.begin("weekly")
    gates.failing.add("nightly")
    gates.open |= {"nightly", "weekly"}
    await until(lambda: not computer.session.tasks.running)

    assert errors[-1] == "The computer stays on: the backup nightly is not complete."
    assert computer.turned_off == 0


async def test_a_cancelled_backup_is_not_followed_by_anything(computer: Computer, gates: Gates) -> None:
    run = await computer.begin("nightly")
    run.cancel()
    await until(lambda: not computer.session.tasks.running)

    assert [entry.state for entry in computer.session.tasks.entries] == [TaskState.CANCELLED] * 2
    assert computer.turned_off == 0


async def test_the_shutdown_can_be_cancelled_and_the_backup_goes_on(computer: Computer, gates: Gates) -> None:
    run = await computer.begin("nightly")
    (entry,) = (entry for entry in computer.session.tasks.running if entry.title == "Shut down this computer")
    computer.session.tasks.cancel(entry)
    await until(lambda: not computer.is_waiting)
    gates.open.add("nightly")
    await until(lambda: not run.running)

    assert run.state is TaskState.DONE
    assert computer.turned_off == 0


class Silent:
    """A connection that breaks at the first run, and never answers again."""

    def __init__(self, client: Client) -> None:
        self._way = client.transport
        self.is_broken = False
        self.url = "silent:"

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        if service == "mgmt1.backup.Execute":
            self.is_broken = True
        if self.is_broken:
            raise TransportError("Nothing answers.")
        async for piece in self._way.exchange(service, argument, dest, payload):
            yield piece


async def test_a_connection_that_never_returns_shows_the_window_again_and_the_computer_stays_on(
    clicker: Clicker, system: System, tmp_path: Path
) -> None:
    window, session = clicker.window, clicker.session
    signals: list[str] = []
    window.closed.connect(lambda: signals.append("closed"))
    window.needed.connect(lambda: signals.append("needed"))
    computer = await with_profiles(session, system, tmp_path)
    session.client.transport = silent = Silent(session.client)
    run = RunningBackup(session, "nightly")
    run.start(None, None)
    computer.shut_down.after(run)
    await until(lambda: silent.is_broken)
    window.close()
    clicker.press((await clicker.dialog(Question)).yes)
    await clicker.until(lambda: not window.isVisible())
    assert signals == []

    computer.shut_down.patience = 0.5

    await clicker.until(lambda: signals == ["needed"])
    texts = [label.text() for label in window.errors.findChildren(QLabel)]
    assert any("The computer stays on: nothing has moved for" in text for text in texts)
    assert run.running  # it is still asked for
    assert computer.turned_off == 0


async def test_the_demonstration_does_not_shut_this_computer_down(computer: Computer, gates: Gates) -> None:
    computer.session.connection = "demo:"
    wizard = BackupWizard(computer.session)
    assert not wizard.summary.power_off.isEnabled()
    assert wizard.summary.power_off.toolTip() == "The demonstration does not shut this computer down."
    wizard.deleteLater()

    # Nor would it, if something asked for it.
    gates.open.add("nightly")
    await computer.begin("nightly")
    await until(lambda: not computer.is_waiting)

    assert computer.turned_off == 0
