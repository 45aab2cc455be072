# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of tests that run over the bridge, and of those that do not; what windows show where qubesd has no call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from backup_samples import WORDS
from bridge_fixtures import client_of, over
from demo_fixtures import client_of as demo_client
from PyQt5.QtCore import QSettings, Qt
from pytestqt.qtbot import QtBot
from qubesd_calls import whole
from qubesd_model import Faulty, Model
from until import error_of
from windows import Clicker, add_main_window, click, click_enabled, opened_settings, press_key, type_text
from windows_over_bridge import BOTH_WAYS, DIFFERENCES, is_both_ways, why_not

from qubesmanager.daemon.local.system import System
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.backup.backup_wizard import BackupWizard
from qubesmanager.ui.logs.logs_window import LogsWindow
from qubesmanager.ui.manager.backups_feed import BackupsFeed
from qubesmanager.ui.manager.backups_page import BackupsPage
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.policy.policy_window import PolicyWindow
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.ui.settings.notes_page import NotesPage
from qubesmanager.ui.settings.settings_window import SettingsWindow
from qubesmanager.ui.settings.volumes_page import VolumesPage
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("name", [*BOTH_WAYS, *DIFFERENCES])
def test_each_name_is_that_of_a_test_or_of_a_file(name: str) -> None:
    path, _, test = name.partition("::")

    assert (f"def {test.partition('[')[0]}(" if test else "def test_") in (FOLDER / path).read_text(encoding="utf-8")


def test_what_differs_never_runs_both_ways() -> None:
    assert not any(map(why_not, BOTH_WAYS))
    assert not any(map(is_both_ways, DIFFERENCES))


@pytest.mark.parametrize("client", ["bridge"], indirect=True)
async def test_the_window_of_logs_says_where_the_logs_of_qubes_os_are(clicker: Clicker, qtbot: QtBot) -> None:
    window = LogsWindow(clicker.session, "work")
    qtbot.addWidget(window)
    window.show()

    await clicker.until(lambda: "/var/log/xen/console" in window.status.text())


@pytest.mark.parametrize("client", ["bridge"], indirect=True)
async def test_the_page_of_backups_says_what_to_use_instead(clicker: Clicker) -> None:
    feed = BackupsFeed(clicker.session, clicker.window)
    feed.ask()

    await clicker.until(lambda: "qvm-backup" in feed.problem)


async def test_the_policy_window_says_where_the_policy_is_without_its_programs(faulty: Clicker, qtbot: QtBot) -> None:
    window = PolicyWindow(faulty.session)
    qtbot.addWidget(window)
    window.show()

    await faulty.until(lambda: window.message.headline.text() == "The policy cannot be read")
    assert "/etc/qubes/policy.d" in window.message.text.text()


@pytest.mark.parametrize("client", ["bridge"], indirect=True)
async def test_actions_without_a_call_are_grey_with_what_to_use_instead(clicker: Clicker) -> None:
    clicker.select("work")
    await clicker.until(lambda: not clicker.can("logs"))
    assert "/var/log/xen/console" in clicker.tip("logs")
    assert not clicker.can("history")
    assert "journalctl -u qubesd" in clicker.tip("history")
    assert clicker.can("notes")

    clicker.select("dom0")
    await clicker.until(lambda: not clicker.can("notes"))
    assert "Qubes OS keeps no notes of dom0." in clicker.tip("notes")


@pytest.mark.parametrize("client", ["bridge"], indirect=True)
async def test_notes_of_dom0_cannot_be_typed(clicker: Clicker, qtbot: QtBot) -> None:
    window = SettingsWindow(clicker.session, "dom0", clicker.session.labels, "notes")
    qtbot.addWidget(window)
    window.show()

    page = window.pages["notes"]
    assert isinstance(page, NotesPage)
    assert not page.text.isEnabled()
    assert page.problem.text() == "Qubes OS keeps no notes of dom0."


@pytest.mark.parametrize("client", ["bridge"], indirect=True)
async def test_volumes_show_what_qubes_os_cannot_do_with_them(clicker: Clicker, qtbot: QtBot) -> None:
    window = await opened_settings(clicker.session, qtbot, "work", "volumes")
    page = window.pages["volumes"]
    assert isinstance(page, VolumesPage)

    assert not page.attach.isEnabled()
    assert page.attach.toolTip() == "Qubes OS has no call for this. Attach a block device instead."
    assert not page.snapshots.take.isEnabled()
    assert "when its qube halts" in page.snapshots.take.toolTip()
    assert page.size_box.isEnabled()


@pytest.mark.parametrize("client", ["bridge"], indirect=True)
async def test_the_backup_wizard_says_first_what_qubes_os_cannot_do(clicker: Clicker, qtbot: QtBot) -> None:
    wizard = BackupWizard(clicker.session, ("work",))
    qtbot.addWidget(wizard)
    wizard.show()

    assert wizard.stack.currentWidget() is wizard.of_qubes
    assert "qvm-backup" in wizard.of_qubes.not_available.text()
    assert not wizard.next.isEnabled()
    assert not wizard.qubes.isVisible()


@pytest.mark.parametrize("client", ["bridge"], indirect=True)
async def test_the_backup_wizard_runs_a_profile_of_qubes_os(
    clicker: Clicker, system: System, qtbot: QtBot, folder: Path
) -> None:
    text = yaml.safe_dump({"include": ["work"], "destination_path": str(folder), "passphrase_text": WORDS})
    await demo_client(system).send(calls.BACKUP_PROFILE_SET(DOM0, "all", text))
    wizard = BackupWizard(clicker.session)
    qtbot.addWidget(wizard)
    wizard.show()
    type_text(wizard.of_qubes.profile, "all")
    click(wizard.next)

    await clicker.until(lambda: wizard.run_page is not None and wizard.run_page.run.state is TaskState.DONE)
    assert await asyncio.to_thread(lambda: len(list(folder.iterdir()))) == 1
    later = BackupWizard(clicker.session)
    qtbot.addWidget(later)
    later.show()
    await clicker.until(lambda: later.of_qubes.profile.findText("all") >= 0)  # of it a run was seen


@pytest.mark.parametrize("client", ["bridge"], indirect=True)
async def test_the_page_of_backups_offers_no_profile_that_cannot_be_kept(clicker: Clicker) -> None:
    clicker.window.sidebar.choose("page:backups")
    page = clicker.window.pages.currentWidget()
    assert isinstance(page, BackupsPage)

    await clicker.until(lambda: not page.new_profile.isEnabled())
    assert "qvm-backup" in page.new_profile.toolTip()


# -- a qubesd with faults ---------------------------------------------------------------------------------------------


@pytest.fixture
async def qubesd() -> Faulty:
    """As recorded from Qubes 4.4; its answers and events come in pieces of seven bytes."""
    return Faulty(Model(8), size=7)


@pytest.fixture
async def faulty(qubesd: Faulty, tmp_path: Path, qtbot: QtBot) -> AsyncIterator[Clicker]:
    """The window over a bridge to that qubesd."""
    async with shown(qubesd, tmp_path, qtbot) as clicker:
        yield clicker


@asynccontextmanager
async def shown(qubesd: Faulty, tmp_path: Path, qtbot: QtBot) -> AsyncIterator[Clicker]:
    """The window over a bridge to a qubesd, filled."""
    async with over(qubesd) as backend:
        session = Session(client_of(backend), "memory", history=tmp_path / "tasks.json")
        session.settings = QSettings(str(tmp_path / "manager.ini"), QSettings.Format.IniFormat)
        window = MainWindow(session)
        add_main_window(qtbot, window)
        window.show()
        session.follow()
        clicker = Clicker(window)
        await clicker.until(lambda: session.is_synced and len(session.records) == len(qubesd.model.qubes))
        yield clicker
        await session.tasks.cancel_all()


async def test_the_window_follows_a_qubesd_that_cuts_and_joins_its_frames(faulty: Clicker, qubesd: Faulty) -> None:
    qubesd.model.set_state("app-0001", "Running", "domain-start")
    qubesd.model.set_property("app-0001", "memory", "777")
    qubesd.model.set_default_netvm("sys-net")

    await faulty.until(lambda: faulty.state("app-0001") == "Running")
    await faulty.until(lambda: faulty.session.records["app-0001"].value("memory") == "777")
    await faulty.until(lambda: faulty.session.records["app-0002"].value("netvm") == "sys-net")


async def test_a_crash_of_qubesd_is_shown_and_heals(faulty: Clicker, qubesd: Faulty) -> None:
    qubesd.crash()
    await faulty.until(lambda: faulty.session.trouble is not None)
    del qubesd.model.qubes["app-0003"]
    qubesd.model.add("later", "AppVM")
    qubesd.restart()

    await faulty.until(lambda: faulty.session.trouble is None and faulty.session.is_synced)
    await faulty.until(lambda: faulty.session.records.keys() == qubesd.model.qubes.keys())
    faulty.select("later")


@pytest.fixture
async def whole_qubesd(system: System) -> Faulty:
    """A recorded qubesd with the qubes of the demonstration, which takes changes too."""
    return Faulty(await whole(system), size=7)


async def test_a_crash_between_two_starts_is_shown_and_the_truth_after_it(
    whole_qubesd: Faulty, tmp_path: Path, qtbot: QtBot
) -> None:
    """The first of two qubes starts; qubesd crashes at the second."""
    async with shown(whole_qubesd, tmp_path, qtbot) as clicker:
        whole_qubesd.crashes = lambda request: request == "admin.vm.Start+ untrusted"
        clicker.select("vault", "untrusted")
        clicker.click("start")
        dialog = await clicker.dialog(PlanDialog)
        await click_enabled(dialog.yes)
        await clicker.until(lambda: clicker.session.trouble is not None)
        whole_qubesd.restart()

        await clicker.until(lambda: clicker.session.trouble is None and clicker.session.is_synced)
        tasks = await clicker.finished()
        assert [child.state for child in tasks[0].children if "untrusted" in child.title] == [TaskState.FAILED]
        truth = {qube.name: qube.state for qube in whole_qubesd.model.qubes.values()}
        await clicker.until(lambda: {name: clicker.state(name) for name in truth} == truth)
        assert truth["untrusted"] == "Halted"


async def test_a_start_that_gets_zero_bytes_is_an_error_in_the_window(
    whole_qubesd: Faulty, tmp_path: Path, qtbot: QtBot
) -> None:
    async with shown(whole_qubesd, tmp_path, qtbot) as clicker:
        whole_qubesd.silent = lambda request: request.startswith("admin.vm.Start+")
        clicker.select("vault")
        clicker.click("start")
        tasks = await clicker.finished()

        assert tasks[0].state is TaskState.FAILED
        assert clicker.state("vault") == "Halted"
        await clicker.until(lambda: clicker.can("start"))  # nothing looks as if it had begun
        whole_qubesd.silent = lambda _request: False
        clicker.click("start")
        await clicker.until(lambda: clicker.state("vault") == "Running")


async def test_zero_bytes_are_a_failure_and_the_truth_is_shown(faulty: Clicker, qubesd: Faulty) -> None:
    """The call was not carried out: nothing may look as if it had been."""
    qubesd.silent = lambda request: request.startswith("admin.vm.property.Set+")
    request = calls.VM_PROPERTY_SET("app-0001", "memory", "777")
    error = await error_of(faulty.session.client.send(request))
    assert error is not None
    assert "may have been carried out" in str(error)

    qubesd.silent = lambda _request: False
    await faulty.session.client.send(calls.VM_TAG_SET("app-0001", "end"))
    await faulty.until(lambda: "end" in faulty.session.records["app-0001"].tags)
    assert faulty.session.records["app-0001"].value("memory") == "400"


async def test_the_next_list_shows_what_lost_events_were_about(faulty: Clicker, qubesd: Faulty) -> None:
    qubesd.drops = lambda _frame: True
    qubesd.model.set_state("app-0001", "Running", "domain-start")
    qubesd.drops = lambda _frame: False
    qubesd.model.event("app-0002", "domain-tag-add:x", "tag", "x")  # tags are a reason to list again

    await faulty.until(lambda: faulty.state("app-0001") == "Running")


async def test_f5_has_everything_read_again_and_shows_that(faulty: Clicker, qubesd: Faulty) -> None:
    qubesd.drops = lambda _frame: True
    qubesd.model.set_property("app-0001", "memory", "777")
    del qubesd.model.qubes["app-0003"]
    qubesd.drops = lambda _frame: False
    press_key(faulty.window.view, Qt.Key.Key_F5)
    running = [entry.title for entry in faulty.session.tasks.running]
    press_key(faulty.window.view, Qt.Key.Key_F5)  # what is going on is not begun a second time

    assert running == ["Read everything again"]
    await faulty.until(lambda: "app-0003" not in faulty.session.records)
    await faulty.until(lambda: faulty.session.records["app-0001"].value("memory") == "777")
    entries = await faulty.finished()
    assert [(entry.title, entry.state) for entry in entries] == [("Read everything again", TaskState.DONE)]
