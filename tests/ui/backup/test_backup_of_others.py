# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup shows in every window, of any client; a lost connection is unknown until the state was asked again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import yaml
from PyQt5.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from until import until
from windows import Clicker, click

from qubesmanager.backup.errors import BackupError
from qubesmanager.client.backups import history
from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.base import Answer, Payload, TransportError
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.ui.backup.backup_wizard import BackupWizard
from qubesmanager.ui.session.backup_run import RunningBackup, follow_backups, running_backups
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.ui.tray.tray import Tray
from qubesmanager.wire import calls
from qubesmanager.wire.backups import SCHEDULE
from qubesmanager.wire.errors import BackupCancelledError
from qubesmanager.wire.events import RESTORE_FINISHED


class Gate:
    """Holds runs after their first progress until it is opened; their cancel is heard."""

    def __init__(self, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_open = False
        carry_out = system.backup_runs._carry_out

        async def wait_and_carry_out(run: Any, *arguments: Any) -> None:
            run.totals = {"vault": 100}
            system.backup_runs._progress(run, "writing", "vault", 40)
            await until(lambda: self.is_open or run.cancelled.is_set())
            if run.cancelled.is_set():
                raise BackupCancelledError("The backup was cancelled.")
            await carry_out(run, *arguments)

        monkeypatch.setattr(system.backup_runs, "_carry_out", wait_and_carry_out)


@pytest.fixture
def gate(system: System, monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(system, monkeypatch)


@pytest.fixture
async def other(system: System, tmp_path: Path) -> AsyncIterator["Other"]:
    """Another client, which has profiles."""
    client = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer))
    text = {"include": ["vault"], "destination_path": str(tmp_path / "backup"), "passphrase_text": "words"}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", yaml.safe_dump(text)))
    other = Other(client)
    yield other
    await other.end()


class Other:
    def __init__(self, client: Client) -> None:
        self.client = client
        self._running: list[asyncio.Future[Any]] = []

    def begin(self) -> None:
        sending = self.client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {}))
        self._running.append(asyncio.ensure_future(sending))  # noqa: TID251 - awaited in `end`

    async def end(self) -> None:
        await asyncio.gather(*self._running, return_exceptions=True)


async def followed(session: Session) -> None:
    follow_backups(session)
    session.follow()
    await until(lambda: session.is_synced and session.labels)


async def test_a_backup_that_another_began_shows_with_progress_and_cancel(
    session: Session, qtbot: QtBot, gate: Gate, other: Other
) -> None:
    await followed(session)

    other.begin()
    await until(lambda: running_backups(session) and running_backups(session)[0].progress.done == 40)

    (entry,) = session.tasks.running
    assert entry.title == "Back up: nightly"
    await until(lambda: entry.progress == 40)
    wizard = BackupWizard(session)
    qtbot.addWidget(wizard)
    wizard.show()
    assert wizard.run_page is not None
    assert wizard.run_page.headline.text() == "Writing: vault"
    click(wizard.run_page.stop)
    await until(lambda: not running_backups(session))
    await other.end()
    assert [run.result for run in await history(other.client)] == ["cancelled"]
    assert wizard.run_page.run.state is TaskState.CANCELLED


async def test_a_window_that_opens_later_asks_for_running_backups(session: Session, gate: Gate, other: Other) -> None:
    other.begin()
    await until(lambda: history(other.client))

    await followed(session)

    await until(lambda: any(run.progress.done for run in running_backups(session)))
    (run,) = running_backups(session)
    assert (run.progress.qube, run.progress.done, run.progress.total) == ("vault", 40, 100)
    gate.is_open = True
    await until(lambda: not run.running)
    assert run.state is TaskState.DONE
    assert run.result is not None
    assert run.result.file
    assert run.result.by == "dom0"


async def test_a_second_start_shows_the_first(session: Session, gate: Gate, other: Other) -> None:
    await followed(session)
    other.begin()
    await until(lambda: running_backups(session))

    second = RunningBackup(session, "nightly")
    second.start(None, None)
    await until(lambda: any("already" in line for line in second.log))
    gate.is_open = True
    await until(lambda: not running_backups(session))

    assert second.state is TaskState.DONE
    assert len(await history(other.client)) == 1


class Losing:
    """Loses the connection of each run: before dom0 has begun with it, or after."""

    def __init__(self, client: Client, *, before: bool) -> None:
        self._way = client.transport
        self._before = before
        self.asked = 0
        self.broken = False
        self.url = "losing:"

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        if service == "mgmt1.backup.Status" and self.broken:
            self.asked += 1
            raise TransportError("Nothing answers.")
        if service == "mgmt1.backup.Execute":
            if not self._before:
                sending = Client(self._way).send(calls.BACKUP_EXECUTE("dom0", argument, {}))
                self.running = asyncio.ensure_future(sending)  # noqa: TID251 - it goes on without its caller
                await until(lambda: history(Client(self._way)))
            raise TransportError("The connection broke.")
        async with aclosing(self._way.exchange(service, argument, dest, payload)) as answer:
            async for piece in answer:
                yield piece


async def test_after_a_lost_connection_it_is_unknown_until_the_state_was_asked_again(
    session: Session, qtbot: QtBot, gate: Gate, other: Other
) -> None:
    losing = Losing(session.client, before=False)
    session.client.transport = losing
    await followed(session)
    wizard = BackupWizard(session)
    qtbot.addWidget(wizard)
    wizard.show()
    losing.broken = True
    run = RunningBackup(session, "nightly")
    run.start(None, None)
    wizard._look_on(run)
    assert wizard.run_page is not None

    await until(lambda: losing.asked)
    wizard.run_page.look()
    assert "may still be running" in wizard.run_page.headline.text()
    assert "nothing" not in wizard.run_page.headline.text()
    losing.broken = False
    await until(lambda: any("again" in line for line in run.log))
    assert run.running
    assert not run.is_unknown
    gate.is_open = True
    await until(lambda: not run.running)
    await losing.running

    assert run.state is TaskState.DONE
    assert wizard.run_page.headline.text().startswith("The backup is complete")


async def test_a_connection_that_is_lost_before_the_run_began_is_a_failure(session: Session, other: Other) -> None:
    session.client.transport = Losing(session.client, before=True)
    await followed(session)

    run = RunningBackup(session, "nightly")
    run.start(None, None)
    await until(lambda: not run.running)

    assert (run.state, run.is_unknown) == (TaskState.FAILED, False)
    assert "before the backup began" in run.why


async def fail(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduled run that fails."""

    async def broken(*_: object) -> None:
        raise BackupError("The disk is not connected.")

    monkeypatch.setattr(system.backup_runs, "_carry_out", broken)
    await system.backup_schedule._scheduled("nightly", 1)


async def test_a_failed_scheduled_backup_is_in_the_status_bar_with_reason_and_next_attempt(
    clicker: Clicker, system: System, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, summary = clicker.window.status, clicker.window.inspector.summary
    await clicker.until(lambda: summary.title.text() == "This computer" and not summary._later.isActive())

    await fail(system, monkeypatch)
    await clicker.until(lambda: "nightly" in status.backup.text())
    await clicker.session.backups.ask()

    assert status.backup.text() == "Backup failed: nightly"
    assert "The disk is not connected." in status.backup.toolTip()
    await clicker.until(lambda: "The next attempt is at" in status.backup.toolTip())
    (run,) = clicker.session.backups.troubled
    assert run.by == SCHEDULE
    await clicker.until(lambda: not summary.lines["failed"].isHidden())


async def test_a_scheduled_backup_that_fails_is_a_notification(
    session: Session, system: System, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray = Tray(session, lambda: None)
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(tray, "_tell", lambda text, failed, title="": said.append((title, text)) if failed else None)
    session.follow()
    await until(lambda: session.is_synced)

    await fail(system, monkeypatch)
    await until(lambda: said)

    assert said == [("Backup", "The backup nightly failed: The disk is not connected.")]
    tray.stop()


async def test_a_failed_restore_of_any_client_is_a_notification_and_marks_the_window(
    clicker: Clicker, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts: list[object] = []
    monkeypatch.setattr(QApplication, "alert", alerts.append)
    tray = Tray(clicker.session, lambda: None)
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(tray, "_tell", lambda text, failed, title="": said.append((title, text)) if failed else None)

    system.runtime.emit([RESTORE_FINISHED("r-0", "cancelled")])
    system.runtime.emit([RESTORE_FINISHED("r-1", "ok")])
    system.runtime.emit([RESTORE_FINISHED("r-2", "failed")])
    await clicker.until(lambda: bool(said))

    assert [title for title, _text in said] == ["Restore"]
    assert "See its report" in said[0][1]
    assert alerts == [clicker.window]
    tray.stop()
