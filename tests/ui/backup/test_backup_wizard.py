# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup wizard, clicked through over a whole daemon: files are really made, and read again."""

import os
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot
from until import until
from windows import add_main_window, click, click_enabled, is_quiet, opened_dialog, press_key, type_text

from qubesmanager.backup.profile import Profile, parse_profile, profile_text
from qubesmanager.backup.retention import Keep
from qubesmanager.backup.schedule import parse_schedule
from qubesmanager.client.backups import history
from qubesmanager.client.client import Client
from qubesmanager.client.restores import restore
from qubesmanager.daemon.local.drivers.backups import homes, targets
from qubesmanager.daemon.local.system import System
from qubesmanager.ui.backup.backup_summary_page import BackupSummaryPage
from qubesmanager.ui.backup.backup_wizard import LAST_NAME, BackupWizard
from qubesmanager.ui.backup.choice_page import Mode
from qubesmanager.ui.backup.passphrase_page import Origin
from qubesmanager.ui.backup.target_page import schedule_text
from qubesmanager.ui.session.backup_run import RunningBackup, running_backups
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.shut_down import ShutDown
from qubesmanager.ui.session.tasks import AtClose, TaskState
from qubesmanager.ui.shell.app import Manager, ManagerOptions
from qubesmanager.ui.widgets.prompts import Question
from qubesmanager.ui.widgets.wizard import StepPage
from qubesmanager.wire import calls
from qubesmanager.wire.backups import Confirmed, decode_preview
from qubesmanager.wire.codecs import CloneSpec, CreateSpec
from qubesmanager.wire.errors import PermissionDenied
from qubesmanager.wire.restores import RestorePlan

MIB = 1 << 20
WORDS = "grün 钥匙 pass"


def test_the_only_backup_of_a_qube_is_removed_only_after_a_tick(qtbot: QtBot) -> None:
    page = BackupSummaryPage("")
    qtbot.addWidget(page)
    profile = Profile(destination_path="/backups", verify=True, keep=Keep(last=1))
    preview = decode_preview("free=100\nwould-remove=first\nwould-keep=second:vault,work\n\n")

    page.show_plan("nightly", profile, ["vault"], kept=False)
    page.show_preview(preview, profile)

    assert not page.give_up.isHidden()
    assert page.given_up() == []
    assert page.text("older").splitlines() == [
        "removed once this one is verified: first",
        "second stays: it is the only backup of vault, work",
    ]
    page.give_up.setChecked(True)
    assert page.given_up() == ["vault", "work"]
    assert page.text("older") == "removed once this one is verified: first, second"


def test_another_disk_is_used_only_after_a_tick_and_fat_is_named(qtbot: QtBot) -> None:
    page = BackupSummaryPage("")
    qtbot.addWidget(page)
    profile = Profile(destination_path="/backups")
    preview = decode_preview(f"free={1 << 40}\nsize={5 << 30}\nconnected=no\nlargest-file={(4 << 30) - 1}\n\n")

    page.show_plan("nightly", profile, ["vault"], kept=False)
    page.show_preview(preview, profile)

    assert "not connected" in page.problem()
    assert "cannot hold a file over" in page.warning.text()
    assert page.confirmed() == Confirmed()
    page.new_disk.setChecked(True)
    assert page.problem() == ""
    assert page.confirmed() == Confirmed(new_disk=True)


def made(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def contents(folder: Path) -> dict[Path, bytes]:
    """The small files: everything but volumes and backups."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.stat().st_size < MIB)
    return {path: path.read_bytes() for path in files}


class Person:
    """A user of the wizard."""

    def __init__(self, wizard: BackupWizard) -> None:
        self.wizard = wizard

    def choose(self, *names: str) -> None:
        self.wizard.qubes.mode.setCurrentIndex(self.wizard.qubes.mode.findData(Mode.TICKS))
        model = self.wizard.qubes.model
        for row, candidate in enumerate(model.rows):
            state = Qt.CheckState.Checked if candidate.name in names else Qt.CheckState.Unchecked
            model.setData(model.index(row, 0), state, Qt.ItemDataRole.CheckStateRole)

    def next(self) -> None:
        assert self.wizard.next.isEnabled(), self.why()
        click(self.wizard.next)

    def why(self) -> str:
        """What the window shows, at its foot or beside a field."""
        page = self.wizard.stack.currentWidget()
        beside = list(page._notes.values()) if isinstance(page, StepPage) else []
        texts = [label.text() for label in (self.wizard.why, *beside) if label.text()]
        return "" if self.wizard.next.isEnabled() else " ".join(texts)

    def type_passphrase(self, first: str = WORDS, second: str | None = None) -> None:
        page = self.wizard.passphrase
        page.first.setText(first)
        page.second.setText(first if second is None else second)

    async def to_summary(self, folder: Path, *names: str) -> None:
        self.choose(*names)
        self.next()
        self.wizard.target.path.setText(str(folder))
        self.next()
        self.type_passphrase()
        self.next()
        await until(lambda: "Waiting" not in self.why())

    async def begin(self) -> RunningBackup:
        self.next()
        assert self.wizard.run_page is not None
        return self.wizard.run_page.run


@pytest.fixture
async def person(session: Session, qtbot: QtBot) -> Person:
    session.follow()
    await until(lambda: session.is_synced and session.labels)
    return await user_of_wizard(session, qtbot)


async def user_of_wizard(session: Session, qtbot: QtBot, *names: str) -> Person:
    wizard = BackupWizard(session, names)
    qtbot.addWidget(wizard)
    wizard.show()
    await until(is_quiet)  # the profiles are there
    return Person(wizard)


async def fill(client: Client, name: str, content: bytes) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield content

    await client.send(calls.VM_VOLUME_IMPORT(name, "private", pieces()))


async def test_a_backup_is_made_verified_and_can_be_restored(
    person: Person, client: Client, system: System, folder: Path
) -> None:
    content = os.urandom(3 * MIB)
    await fill(client, "vault", content)

    await person.to_summary(folder, "vault")
    assert person.wizard.summary.text("qubes") == "vault"
    assert str(folder) in person.wizard.summary.text("where")
    assert "free there" in person.wizard.summary.text("size")
    run = await person.begin()
    await until(lambda: not run.running)

    assert run.state is TaskState.DONE, run.why
    (file,) = made(folder)
    page = person.wizard.run_page
    assert page is not None
    assert str(file) in page.headline.text()
    assert "is intact" in page.headline.text()
    assert page.bar.value() == 100
    assert [row.name for row in page.model.rows] == ["vault"]
    assert "vault is written" in page.log.toPlainText()
    rows = await restore(client, file, WORDS, RestorePlan(rename={"vault": "vault2"}))
    assert [(row.name, row.result) for row in rows] == [("vault2", "ok")]
    driver = system.pools.driver("default")
    found = b"".join([data async for _, data in driver.read("vault2/private")])
    assert content in found


async def test_a_profile_that_may_not_be_read_is_not_shown_and_the_qubes_are(
    session: Session, qtbot: QtBot, client: Client, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_arguments: object) -> str:
        raise PermissionDenied("of another source")

    text = "include: [vault]\ndestination_path: /nowhere\n"
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "of-other", text))
    session.settings.setValue(LAST_NAME, "of-other")
    monkeypatch.setattr(system.backups, "shown_text", refuse)
    session.follow()
    await until(lambda: session.is_synced and session.labels)

    person = await user_of_wizard(session, qtbot)

    assert person.wizard.qubes.profile_id() == "of-other"
    assert person.wizard.target.path.text() == ""
    person.choose("vault")
    person.next()


async def test_nothing_is_saved_before_the_last_button(person: Person, client: Client, folder: Path) -> None:
    await person.to_summary(folder, "vault")
    person.wizard.close()

    assert await client.send(calls.BACKUP_PROFILE_LIST("dom0")) == []
    assert made(folder) == []


async def test_errors_of_a_page_are_shown_before_the_next_page(person: Person, folder: Path) -> None:
    person.choose()
    assert "Nothing would be backed up" in person.why()
    person.wizard.qubes.profile.setEditText("a b")
    person.choose("vault")
    assert "letters, digits" in person.why()
    person.wizard.qubes.profile.setEditText("mine")
    person.next()
    assert "Choose where" in person.why()
    person.wizard.target.path.setText("relative")
    assert "begins with /" in person.why()
    person.wizard.target.path.setText(str(folder / "none" / "at" / "all"))
    person.next()
    assert "needs a passphrase" in person.why()
    person.type_passphrase("one", "two")
    assert "differ" in person.why()
    person.type_passphrase("one", "")
    assert "once more" in person.why()
    person.type_passphrase()
    person.next()
    await until(lambda: "no such folder" in person.why())


async def test_a_full_target_is_reported_by_dom0_and_no_file_is_left(
    person: Person, client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_folder: Path, needed: int) -> None:
        raise OSError(28, f"No space for {needed}")

    monkeypatch.setattr("qubesmanager.daemon.local.drivers.backups.file_systems.check_space", no_space)
    await fill(client, "vault", bytes(MIB))
    await person.to_summary(folder, "vault")
    run = await person.begin()
    await until(lambda: not run.running)

    assert run.state is TaskState.FAILED
    assert person.wizard.run_page is not None
    assert "failed" in person.wizard.run_page.headline.text()
    assert made(folder) == []


class Gate:
    """Holds the engine before it writes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = threading.Event()
        self.reached = threading.Event()
        real = targets.to_file

        def waiting(path: Path, part: Path, write: Any, stop: threading.Event, verify: Any) -> Any:
            self.reached.set()
            while not self.open.wait(0.01) and not stop.is_set():
                pass
            return real(path, part, write, stop, verify)

        monkeypatch.setattr(targets, "to_file", waiting)


async def test_a_run_is_cancelled_and_leaves_nothing(
    person: Person, client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    await person.to_summary(folder, "vault")
    run = await person.begin()
    await until(gate.reached.is_set)
    page = person.wizard.run_page
    assert page is not None
    click(page.stop)
    await until(lambda: not run.running)

    assert run.state is TaskState.CANCELLED
    assert "Cancelled" in page.headline.text()
    assert made(folder) == []
    assert (await history(client, "manager"))[-1].result == "cancelled"


async def test_a_run_continues_without_its_window_and_can_be_opened_again(
    person: Person, session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    gate = Gate(monkeypatch)
    await person.to_summary(folder, "vault")
    run = await person.begin()
    await until(gate.reached.is_set)
    assert person.wizard.run_page is not None
    click(person.wizard.run_page.leave)
    assert not person.wizard.isVisible()

    assert [entry.title for entry in session.tasks.running] == ["Back up: manager"]
    assert running_backups(session) == [run]
    again = await user_of_wizard(session, qtbot)
    assert again.wizard.run_page is not None
    assert again.wizard.run_page.run is run
    gate.open.set()
    await until(lambda: not run.running)

    assert run.state is TaskState.DONE
    assert [entry.state for entry in session.tasks.entries] == [TaskState.DONE]
    assert len(made(folder)) == 1


async def test_shut_down_when_finished_survives_the_window(
    person: Person, session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    powered_off: list[bool] = []

    async def power_off() -> None:
        powered_off.append(True)

    ShutDown.of(session).power_off = power_off
    session.follow()
    wizard = person.wizard
    await person.to_summary(folder, "vault")
    wizard.summary.power_off.setEnabled(True)
    wizard.summary.power_off.click()
    run = await person.begin()
    await until(gate.reached.is_set)
    assert wizard.run_page is not None
    assert wizard.run_page.isVisible()
    # Nothing of the pages is beside the run.
    assert not any(page.isVisible() for page in wizard.pages)
    assert not any(button.isVisible() for button in (wizard.next, wizard.back, wizard.cancel))
    click(wizard.run_page.leave)
    assert not wizard.isVisible()
    assert [(entry.title, entry.at_close) for entry in session.tasks.running] == [
        ("Back up: manager", AtClose.CONTINUES),
        ("Shut down this computer", AtClose.AWAITED),
    ]
    assert powered_off == []

    gate.open.set()
    await until(lambda: not session.tasks.running)

    assert run.state is TaskState.DONE
    assert powered_off == [True]


async def test_the_program_stays_without_a_window_until_the_computer_is_shut_down(
    client: Client, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started again meanwhile, it shows the windows that were open."""
    gate = Gate(monkeypatch)
    powered_off: list[bool] = []

    async def power_off() -> None:
        powered_off.append(True)

    manager = Manager(client, ManagerOptions(connection="memory"))
    window, session = manager.window, manager.session
    ShutDown.of(session).power_off = power_off
    add_main_window(qtbot, window)
    window.show()
    session.follow()
    await until(lambda: session.is_synced and bool(session.labels))
    manager.raise_with(("settings", "work"))
    manager.raise_with(("backup",))
    person = Person(await opened_dialog(BackupWizard))
    await until(is_quiet)
    await person.to_summary(folder, "vault")
    person.wizard.summary.power_off.setEnabled(True)
    person.wizard.summary.power_off.click()
    run = await person.begin()
    await until(gate.reached.is_set)

    async def close() -> None:
        window.close()
        question = await opened_dialog(Question)
        await click_enabled(question.yes)
        await until(lambda: not shown_windows())

    await close()
    assert run.running
    assert not manager.over.is_set()
    manager.raise_with(())
    await until(lambda: {"MainWindow", "SettingsWindow"} <= shown_windows())
    assert run.running
    await close()
    assert not manager.over.is_set()
    gate.open.set()
    await until(manager.over.is_set)

    assert powered_off == [True]
    assert not shown_windows()
    manager.windows.close_all()
    await session.tasks.cancel_all()


def shown_windows() -> set[str]:
    """The kinds of windows that are on the screen."""
    return {type(each).__name__ for each in QApplication.topLevelWidgets() if each.isVisible()}


async def test_each_page_starts_in_the_field_that_it_lacks_or_else_its_first(person: Person, folder: Path) -> None:
    wizard = person.wizard
    person.choose("vault")
    firsts = [wizard.focusWidget()]
    person.next()
    firsts.append(wizard.focusWidget())
    wizard.target.path.setText(str(folder))
    person.next()
    firsts.append(wizard.focusWidget())
    wizard.back.click()
    firsts.append(wizard.focusWidget())

    assert firsts == [wizard.qubes.profile, wizard.target.path, wizard.passphrase.first, wizard.target.where]
    assert wizard.next.isDefault()


async def test_the_passphrase_is_nowhere_afterwards(
    person: Person, session: Session, client: Client, folder: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level("DEBUG")
    await person.to_summary(folder, "vault")
    run = await person.begin()
    await until(lambda: not run.running)
    await session.tasks.save()

    for edit in person.wizard.findChildren(QLineEdit):
        edit.undo()
        assert WORDS not in edit.text()
    assert WORDS not in caplog.text
    assert WORDS not in await client.send(calls.BACKUP_PROFILE_GET("dom0", "manager"))
    kept = contents(tmp_path)
    assert kept
    for path, content in kept.items():
        assert WORDS.encode() not in content, path
    clipboard = QApplication.clipboard()
    assert clipboard is None or WORDS not in clipboard.text()


async def test_closing_the_wizard_empties_its_fields(person: Person, folder: Path) -> None:
    await person.to_summary(folder, "vault")
    person.wizard.close()

    for edit in (person.wizard.passphrase.first, person.wizard.passphrase.second):
        edit.undo()
        assert edit.text() == ""


async def test_settings_are_kept_as_a_profile_and_come_back(
    person: Person, session: Session, client: Client, folder: Path, qtbot: QtBot
) -> None:
    page = person.wizard.target
    person.wizard.qubes.profile.setEditText("nightly")
    page.keep.setChecked(True)
    page.when.setCurrentIndex(page.when.findData("weekly"))
    page.day.setCurrentIndex(page.day.findData("tue"))
    page.compression.setCurrentIndex(2)
    await person.to_summary(folder, "vault", "work")
    assert "will fail" in person.wizard.summary.warning.text()
    run = await person.begin()
    await until(lambda: not run.running)
    assert run.state is TaskState.DONE, run.why

    text = await client.send(calls.BACKUP_PROFILE_GET("dom0", "nightly"))
    kept = yaml.safe_load(text)
    assert kept["include"] == ["vault", "work"]
    assert (kept["schedule"], kept["compression"], kept["verify"]) == ("weekly tue 03:00", "none", True)
    assert kept["keep"] == {"last": 3, "daily": 7, "weekly": 4, "monthly": 6}
    again = await user_of_wizard(session, qtbot)
    await until(lambda: again.wizard.target.path.text() == str(folder))
    assert again.wizard.qubes.profile_id() == "nightly"
    assert again.wizard.qubes.names() == ["vault", "work"]
    assert again.wizard.target.schedule() == person.wizard.target.schedule()
    assert again.wizard.target.kept() == Keep(3, 7, 4, 6)


async def test_older_backups_that_would_go_are_named_before(
    session: Session, client: Client, folder: Path, qtbot: QtBot
) -> None:
    text = {"include": ["vault"], "destination_path": str(folder), "verify": True, "passphrase_text": "words"}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", yaml.safe_dump(text)))
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {}))
    (first,) = made(folder)
    second = int(time.time())
    await until(lambda: int(time.time()) > second)  # the names of the files differ by the second
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {}))
    session.settings.setValue("backup/profile", "nightly")
    session.follow()
    await until(lambda: session.is_synced and session.labels)
    person = await user_of_wizard(session, qtbot)
    await until(lambda: person.wizard.passphrase.chosen() is Origin.KEPT)
    person.next()
    person.wizard.target.keep.setChecked(True)
    for box in person.wizard.target.counts.values():
        box.setValue(0)
    person.wizard.target.counts["last"].setValue(1)
    person.next()
    person.next()

    await until(lambda: first.name in person.wizard.summary.text("older"))
    # With these changes its stored passphrase would be lost, and is not.
    assert "would be lost" in person.why()


async def test_a_profile_as_it_is_runs_with_the_passphrase_it_holds(
    session: Session, client: Client, folder: Path, qtbot: QtBot
) -> None:
    text = {
        "include": ["$tag:work"],
        "destination_path": str(folder),
        "passphrase_text": "words",
        "compression": "zstd",
    }
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", yaml.safe_dump(text)))
    session.settings.setValue("backup/profile", "nightly")
    session.follow()
    await until(lambda: session.is_synced and session.labels)
    person = await user_of_wizard(session, qtbot)
    await until(lambda: person.wizard.passphrase.chosen() is Origin.KEPT)
    assert person.wizard.qubes.chosen_mode() is Mode.RULES
    assert "work" in person.wizard.qubes.names()
    for _ in range(3):
        person.next()
    await until(lambda: not person.why())
    run = await person.begin()
    await until(lambda: not run.running)

    assert run.state is TaskState.DONE, run.why
    (file,) = made(folder)
    rows = await restore(client, file, "words", RestorePlan(verify_only=True))
    assert {row.result for row in rows} == {"ok"}


async def test_a_profile_is_removed_after_a_question(
    session: Session, client: Client, folder: Path, qtbot: QtBot
) -> None:
    text = yaml.safe_dump({"include": ["vault"], "destination_path": str(folder)})
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", text))
    session.settings.setValue("backup/profile", "nightly")
    session.follow()
    person = await user_of_wizard(session, qtbot)
    await until(person.wizard.qubes.remove.isEnabled)
    click(person.wizard.qubes.remove)
    await until(lambda: person.wizard.findChildren(Question))
    click(person.wizard.findChildren(Question)[0].yes)
    await until(lambda: not person.wizard.qubes.remove.isEnabled())

    assert await client.send(calls.BACKUP_PROFILE_LIST("dom0")) == []


async def test_a_generated_passphrase_uses_the_quick_key_and_is_typed_again(person: Person, folder: Path) -> None:
    person.choose("vault")
    person.next()
    person.wizard.target.path.setText(str(folder))
    person.next()
    page = person.wizard.passphrase
    click(page.make)
    assert page.kdf.currentData() == "generated"
    assert page.first.echoMode() == QLineEdit.EchoMode.Normal
    assert person.why()
    type_text(page.second, page.first.text())
    assert person.why() == ""
    await until(lambda: page.meter.value() == 5)
    page.first.setText("mine")
    page.second.setText("mine")
    assert "generated here" in person.why()


async def test_qubes_of_the_selection_are_ticked(session: Session, qtbot: QtBot) -> None:
    session.follow()
    await until(lambda: session.is_synced and session.labels)
    person = await user_of_wizard(session, qtbot, "vault")

    assert person.wizard.qubes.names() == ["vault"]


async def test_a_passphrase_over_the_limit_is_refused_and_not_cut(person: Person) -> None:
    page = person.wizard.passphrase

    for words, refused in (("x" * 4096, False), ("x" * 4097, True), ("ü" * 2049, True)):
        page.first.setText(words)
        page.second.setText(words)
        assert ("4,096 bytes" in page.problem()) is refused


@pytest.mark.parametrize(
    ("schedule", "shown"),
    [
        ("hourly", "every hour"),
        ("daily 03:00", "every day at 03:00"),
        ("weekly tue 04:30", "every Tuesday at 04:30"),
        ("monthly 5 03:00", "on day 5 of each month at 03:00"),
    ],
)
def test_a_schedule_is_shown_in_words(schedule: str, shown: str) -> None:
    assert schedule_text(parse_schedule(schedule)) == shown


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of dom0's user, with 2 MiB in it."""
    path = tmp_path / "home/user"
    path.mkdir(parents=True)
    (path / "big").write_bytes(os.urandom(2 * MIB))

    def home_of(*, asked: bool | str | None, usual: bool) -> Path | None:
        return path if asked or (asked is None and usual) else None

    monkeypatch.setattr(homes, "home_of", home_of)
    monkeypatch.setattr(homes, "new_home", lambda asked: tmp_path / asked)
    return path


async def test_dom0s_configuration_and_home_are_backed_up_once_they_are_ticked(
    person: Person, client: Client, folder: Path, home: Path, tmp_path: Path
) -> None:
    box = person.wizard.qubes.dom0
    person.choose()
    assert "Nothing would be backed up" in person.why()
    assert not box.home.isEnabled()

    click(box.configuration)
    click(box.home)
    person.next()
    person.wizard.target.path.setText(str(folder))
    person.next()
    person.type_passphrase()
    person.next()
    await until(lambda: "Waiting" not in person.why())
    assert person.wizard.summary.text("qubes") == "none"
    assert person.wizard.summary.text("dom0") == "its configuration, and its home: at most 2.1 MiB"
    assert person.wizard.summary.text("size").startswith("at most 2.1 MiB")
    run = await person.begin()
    await until(lambda: not run.running)

    assert run.state is TaskState.DONE, run.why
    text = await client.send(calls.BACKUP_PROFILE_GET("dom0", "manager"))
    profile = parse_profile(text)
    assert (profile.include, profile.dom0_home) == (("dom0",), True)
    (file,) = made(folder)
    (row,) = await restore(client, file, WORDS, RestorePlan(home=str(tmp_path / "new")))
    assert (row.qube, row.result) == ("dom0", "ok")
    assert (tmp_path / "new/big").read_bytes() == (home / "big").read_bytes()


@pytest.mark.usefixtures("home")
async def test_dom0s_configuration_alone_is_backed_up_without_the_home(
    person: Person, client: Client, folder: Path
) -> None:
    click(person.wizard.qubes.dom0.configuration)
    await person.to_summary(folder, "vault")
    assert person.wizard.summary.text("dom0") == "its configuration"
    run = await person.begin()
    await until(lambda: not run.running)

    assert run.state is TaskState.DONE, run.why
    text = await client.send(calls.BACKUP_PROFILE_GET("dom0", "manager"))
    profile = parse_profile(text)
    assert (profile.include, profile.dom0_home) == (("vault", "dom0"), False)


@pytest.mark.parametrize(("asked", "usual"), [(True, False), ("user", False), (None, True)])
@pytest.mark.usefixtures("home")
async def test_a_kept_profile_keeps_its_dom0_and_its_home(
    session: Session,
    qtbot: QtBot,
    client: Client,
    system: System,
    folder: Path,
    asked: bool | str | None,
    usual: bool,
) -> None:
    system.runtime.places = replace(system.runtime.places, takes_home=usual)
    profile = Profile(include=("vault", "dom0"), destination_path=str(folder), dom0_home=asked)
    text = profile_text(profile)
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "manager", text))
    session.follow()
    await until(lambda: session.is_synced)

    person = await user_of_wizard(session, qtbot)
    box = person.wizard.qubes.dom0
    assert box.configuration.isChecked()
    assert box.home.isChecked()
    assert person.wizard.profile() == profile

    click(box.home)
    assert person.wizard.profile().dom0_home is False


async def test_rules_decide_on_dom0_where_they_are_the_profile(person: Person) -> None:
    page = person.wizard.qubes
    page.mode.setCurrentIndex(page.mode.findData(Mode.SETTING))
    assert not page.dom0.configuration.isEnabled()
    assert "name dom0" in page.dom0.configuration.toolTip()
    assert not page.dom0.takes_dom0()

    page.mode.setCurrentIndex(page.mode.findData(Mode.RULES))
    page.include.setText("$type:AdminVM")
    assert page.dom0.takes_dom0()
    assert person.why() == ""
    click(page.dom0.home)
    assert person.wizard.profile().dom0_home is True
    page.exclude.setText("dom0")
    assert not page.dom0.takes_dom0()
    assert person.wizard.profile().dom0_home is None
    assert "Nothing would be backed up" in person.why()


async def test_a_qube_cannot_tick_dom0(session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object) -> None:
        raise PermissionDenied("no")

    monkeypatch.setattr("qubesmanager.ui.backup.backup_wizard.preview", refused)
    session.follow()
    await until(lambda: session.is_synced)

    person = await user_of_wizard(session, qtbot)

    assert not person.wizard.qubes.dom0.configuration.isEnabled()
    assert "set in dom0" in person.wizard.qubes.dom0.configuration.toolTip()


async def test_after_a_failure_back_and_retry_keep_what_was_typed(person: Person, folder: Path) -> None:
    wizard = person.wizard
    await person.to_summary(folder, "vault")
    wizard.target.path.setText(str(folder / "missing" / "deeper"))
    run = await person.begin()
    assert not any(page.isVisible() for page in wizard.pages)
    assert not any(button.isVisible() for button in (wizard.next, wizard.back, wizard.cancel))
    await until(lambda: not run.running)
    assert run.state is TaskState.FAILED
    assert wizard.run_page is not None
    assert wizard.run_page.retry.isVisible()

    click(wizard.run_page.back)

    assert wizard.stack.currentWidget() is wizard.summary
    assert wizard.passphrase.first.text() == WORDS
    assert wizard.qubes.names() == ["vault"]
    wizard.target.path.setText(str(folder))
    await until(wizard.next.isEnabled)
    person.next()
    assert wizard.run_page is not None
    again = wizard.run_page.run
    await until(lambda: not again.running)
    assert again.state is TaskState.DONE
    assert wizard.passphrase.first.text() == ""
    assert not wizard.run_page.retry.isVisible()


async def test_retry_begins_again_with_the_same(person: Person, folder: Path) -> None:
    wizard = person.wizard
    await person.to_summary(folder, "vault")
    wizard.target.path.setText(str(folder / "missing" / "deeper"))
    run = await person.begin()
    await until(lambda: not run.running)
    (folder / "missing" / "deeper").mkdir(parents=True)
    assert wizard.run_page is not None

    click(wizard.run_page.retry)

    assert wizard.run_page is not None
    again = wizard.run_page.run
    assert again is not run
    await until(lambda: not again.running)
    assert again.state is TaskState.DONE


async def test_all_or_several_qubes_are_ticked_at_once_in_natural_order(person: Person, client: Client) -> None:
    page = person.wizard.qubes
    for name in ("work10", "work9"):
        await client.send(calls.VM_CLONE("vault", payload=CloneSpec(name)))
    await until(lambda: {"work9", "work10"} <= set(page._listed()))
    assert page._listed()[-2:] == ["work9", "work10"]
    person.choose()

    type_text(page.search, "work")
    click(page.all)
    assert page.names() == ["work", "work9", "work10"]
    click(page.none)
    assert page.names() == []
    page.table.selectRow(1)
    selection = page.table.selectionModel()
    assert selection is not None
    page.table.selectAll()
    press_key(page.table, Qt.Key.Key_Space)
    assert page.names() == ["work", "work9", "work10"]
    press_key(page.table, Qt.Key.Key_Space)
    assert page.names() == []


async def test_qubes_that_are_new_since_the_profile_are_offered(
    person: Person, session: Session, client: Client, folder: Path, qtbot: QtBot
) -> None:
    await person.to_summary(folder, "vault")
    run = await person.begin()
    await until(lambda: not run.running)
    person.wizard.close()
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("fresh", "green")))
    await until(lambda: "fresh" in session.records)

    wizard = BackupWizard(session)
    qtbot.addWidget(wizard)
    wizard.show()
    await until(wizard.qubes.news.isVisible)

    assert wizard.qubes.new_qubes() == ["fresh"]
    assert "fresh" in wizard.qubes.news.text()
    click(wizard.qubes.add_new)
    assert set(wizard.qubes.names()) == {"vault", "fresh"}
    assert not wizard.qubes.news.isVisible()


async def test_a_problem_is_below_its_field(person: Person) -> None:
    wizard = person.wizard
    wizard.qubes.profile.setEditText("no name!")

    assert wizard.why.text() == ""
    note = wizard.qubes._notes[wizard.qubes.profile]
    assert note.isVisible()
    assert "name of a profile" in note.text()
    wizard.qubes.profile.setEditText("nightly")
    assert not note.isVisible()
