# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of backups, clicked through over a whole daemon that makes real backups."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from PyQt5.QtWidgets import QComboBox, QTableView, QTreeWidgetItem
from until import until
from windows import Clicker, click, type_text

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.models.backup_overview import ProfileRow, fates, holders, last_mark, reason_of
from qubesmanager.models.qube_counts import ALL
from qubesmanager.models.row_table import Mark
from qubesmanager.rules.backups import OLD
from qubesmanager.ui.manager.backups_page import BackupsPage
from qubesmanager.ui.session.backup_run import follow_backups, running_backups
from qubesmanager.ui.session.windows import PAGE, WITH
from qubesmanager.wire import calls
from qubesmanager.wire.backups import FAILED, OK, BackupRun, QubeOfRun, decode_preview
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.errors import BackupCancelledError, Mgmt1Error, PermissionDenied

WORDS = {"passphrase": "correct horse"}
HOUR = 3600


async def keep_profile(client: Client, folder: Path, name: str = "nightly", **keys: Any) -> None:
    values = {"include": ["vault"], "destination_path": str(folder), **keys}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", name, yaml.safe_dump(values)))


async def shown(clicker: Clicker) -> BackupsPage:
    """The page, after a click on its line in the sidebar."""
    item = next(item for item in clicker.window.sidebar._items() if item.text(0) == "Backups")
    click_item(clicker, item)
    page = clicker.window.pages.currentWidget()
    assert isinstance(page, BackupsPage)
    await clicker.until(lambda: page.feed.is_known)
    return page


def click_item(clicker: Clicker, item: QTreeWidgetItem) -> None:
    sidebar = clicker.window.sidebar
    viewport = sidebar.viewport()
    assert viewport is not None
    sidebar.scrollToItem(item)
    click(viewport, sidebar.visualItemRect(item).center())


def texts(table: QTableView) -> list[list[str]]:
    model = table.model()
    assert model is not None
    return [[model.index(row, at).data() for at in range(model.columnCount())] for row in range(model.rowCount())]


def in_order_made(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)


def choose(box: QComboBox, text: str) -> None:
    box.setCurrentIndex(box.findText(text))


async def test_a_click_in_the_sidebar_shows_the_page_and_another_the_qubes(clicker: Clicker) -> None:
    page = await shown(clicker)

    assert page.isVisible()
    assert page.toolbar.isVisible()
    assert not clicker.window.toolbar.isVisible()
    assert "Backups" in clicker.window.windowTitle()
    assert page.head.note.text().startswith("None yet")
    running = next(item for item in clicker.window.sidebar._items() if item.text(0) == "Running")
    click_item(clicker, running)
    await clicker.until(clicker.window.view.isVisible)
    assert clicker.window.toolbar.isVisible()


async def test_a_page_that_was_hidden_offers_the_qubes_that_came_meanwhile(clicker: Clicker, client: Client) -> None:
    page = await shown(clicker)
    clicker.window.sidebar.choose(ALL)
    await clicker.until(lambda: not page.isVisible())
    before = page.qube.count()

    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("newcomer", "red")))
    await clicker.until(lambda: "newcomer" in clicker.session.records)
    assert page.qube.count() == before
    await shown(clicker)

    assert page.qube.findData("newcomer") >= 0


async def test_profiles_and_runs_of_other_clients_are_shown_as_they_come(
    clicker: Clicker, client: Client, folder: Path
) -> None:
    page = await shown(clicker)

    await keep_profile(client, folder, verify=True, schedule="daily 22:00")
    await clicker.until(lambda: bool(page.feed.previews))
    (row,) = texts(page.profiles_table)
    assert row[0:2] == ["nightly", "Never run"]
    assert row[3].endswith("22:00")
    assert row[4:] == ["1", str(folder)]
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", WORDS))

    await clicker.until(lambda: [row[2] for row in texts(page.runs_table)] == ["Verified"])
    assert texts(page.profiles_table)[0][1] == "Verified, just now"
    assert texts(page.runs_table)[0][3:5] == ["dom0", "1"]
    await client.send(calls.BACKUP_PROFILE_REMOVE("dom0", "nightly"))
    await clicker.until(lambda: texts(page.profiles_table) == [])
    assert len(texts(page.runs_table)) == 1


async def test_a_failed_run_shows_its_reason_in_full_and_retry_opens_its_profile(
    clicker: Clicker, client: Client, folder: Path
) -> None:
    opened: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda name, words: opened.append((name, words)))
    await keep_profile(client, folder / "missing" / "deeper")
    page = await shown(clicker)
    with suppress(Mgmt1Error):
        await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", WORDS))
    await clicker.until(lambda: [row[2] for row in texts(page.runs_table)] == ["Failed"])

    page.profiles_table.selectRow(0)

    (run,) = page.feed.runs
    assert page.current_run() == run
    assert run.reason in page.foot_text.text()
    assert "Attention needed: 1 of 1" in page.head.note.text()
    click(page.retry)
    assert opened == [("backup", (f"{WITH}nightly",))]


async def test_backups_that_hold_a_qube_are_listed_until_their_files_are_gone(
    clicker: Clicker, client: Client, folder: Path
) -> None:
    opened: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda name, words: opened.append((name, words)))
    await keep_profile(client, folder)
    for _ in range(2):
        await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", WORDS))
    first, second = in_order_made(folder)
    clicker.select("vault")
    page = await shown(clicker)
    await clicker.until(lambda: bool(page.feed.previews))

    assert page.qube.currentText() == "vault"
    assert [row[1:3] for row in texts(page.holders_table)] == [["nightly", "not verified"]] * 2
    choose(page.qube, "work")
    assert texts(page.holders_table) == []
    assert page.since.text() == "No backup holds work."
    first.unlink()
    page.enter(())
    choose(page.qube, "vault")
    await clicker.until(lambda: len(texts(page.holders_table)) == 1)
    click(page.restore)

    assert opened == [("restore", (f"{WITH}{second}", "vault"))]


async def test_the_dry_run_of_retention_names_what_would_go_and_why_the_others_stay(
    clicker: Clicker, client: Client, system: System, folder: Path
) -> None:
    await keep_profile(client, folder, verify=True, keep={"last": 3})
    now = system.backup_history.clock()
    for days in (3, 2, 1):
        system.backup_history.clock = partial(float, now - days * 24 * HOUR)
        await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", WORDS))
    system.backup_history.clock = partial(float, now)
    page = await shown(clicker)

    await clicker.until(lambda: len(texts(page.fates_table)) == 3)

    assert [row[1:] for row in texts(page.fates_table)] == [
        ["keeps", "last 2"],
        ["keeps", "last 3"],
        ["removes", "beyond what the profile keeps"],
    ]
    assert page.fates_head.note.text().startswith("1 of 3 would be removed")


async def test_typing_in_the_search_and_choosing_a_result_filters_the_runs(
    clicker: Clicker, client: Client, folder: Path
) -> None:
    await keep_profile(client, folder, "nightly")
    await keep_profile(client, folder, "weekly", include=["work"])
    for name in ("nightly", "weekly"):
        await client.send(calls.BACKUP_EXECUTE("dom0", name, WORDS))
    page = await shown(clicker)
    await clicker.until(lambda: len(texts(page.runs_table)) == 2)

    clicker.window.own["find"].trigger()
    type_text(page.search, "work")

    assert [row[1] for row in texts(page.runs_table)] == ["weekly"]
    page.search.clear()
    choose(page.of_result, "Failed or incomplete")
    assert texts(page.runs_table) == []
    choose(page.of_result, "All results")
    choose(page.of_profile, "nightly")
    assert [row[1] for row in texts(page.runs_table)] == ["nightly"]


@pytest.fixture
def waits(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run has made some progress, and goes no further until it is cancelled."""

    async def wait(job: Any, *_arguments: Any) -> None:
        job.totals = {"vault": 100}
        system.backup_runs._progress(job, "writing", "vault", 40)
        await until(job.cancelled.is_set)
        raise BackupCancelledError("The backup was cancelled.")

    monkeypatch.setattr(system.backup_runs, "_carry_out", wait)


@pytest.mark.usefixtures("waits")
async def test_a_backup_of_another_client_shows_while_it_runs_and_can_be_cancelled(
    clicker: Clicker, client: Client, folder: Path
) -> None:
    follow_backups(clicker.session)
    await keep_profile(client, folder)
    page = await shown(clicker)

    async def execute() -> None:
        with suppress(Mgmt1Error):
            await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", WORDS))

    async with asyncio.TaskGroup() as group:
        group.create_task(execute())
        await clicker.until(lambda: bool(page.running.panels))
        assert page.running.isVisible()
        assert texts(page.profiles_table)[0][1] == "Running"
        (panel,) = page.running.panels
        await clicker.until(lambda: panel.figures.text() == "40 bytes of 100 bytes")
        assert panel.bar.value() == 40

        click(panel.stop)

    await clicker.until(lambda: not running_backups(clicker.session))
    assert page.running.isHidden()
    await clicker.until(lambda: [row[2] for row in texts(page.runs_table)] == ["Cancelled"])


async def test_what_is_refused_is_shown_instead_of_an_empty_page(
    clicker: Clicker, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = clicker.session.client.send

    async def refuse(request: Any) -> Any:
        if request.service == calls.BACKUP_PROFILE_LIST.name:
            raise PermissionDenied("not for this qube")
        return await send(request)

    monkeypatch.setattr(clicker.session.client, "send", refuse)
    item = next(item for item in clicker.window.sidebar._items() if item.text(0) == "Backups")
    click_item(clicker, item)
    page = clicker.window.pages.currentWidget()
    assert isinstance(page, BackupsPage)
    assert page.message.headline.text() == "Loading the backups…"

    await clicker.until(lambda: "not for this qube" in page.message.text.text())
    monkeypatch.undo()
    click(page.message.button)

    await clicker.until(lambda: page.stack.currentWidget() is page.across)


async def test_verify_a_file_opens_the_restore_wizard_at_that(clicker: Clicker) -> None:
    opened: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda name, words: opened.append((name, words)))
    page = await shown(clicker)

    page.verify_file.trigger()
    page.new_profile.trigger()

    assert opened == [("restore", (f"{PAGE}verify",)), ("backup", (f"{WITH}backup",))]


RUN = BackupRun(
    "nightly", 1_000_000, OK, "/b/one", run=1, verified=True, qubes=(QubeOfRun("work", "", OK),), size=5, end=1_000_060
)


def test_an_old_backup_and_a_missing_qube_need_attention(qapp: object) -> None:
    row = ProfileRow("nightly", RUN, RUN, None, "", RUN.start + OLD + 1)

    assert last_mark(row) is Mark.WARNING
    assert reason_of(row) == "Older than 30 day(s)"
    assert last_mark(replace(row, moment=RUN.start + HOUR)) is Mark.GOOD
    missing = replace(row, moment=RUN.start + HOUR, preview=decode_preview("missing=lost\n\n"))
    assert last_mark(missing) is Mark.WARNING
    assert reason_of(missing) == "There is no qube lost."


def test_a_backup_is_listed_for_the_qubes_that_are_whole_in_it() -> None:
    bad = replace(RUN, run=2, qubes=(QubeOfRun("work", "", "cannot be read"), QubeOfRun("vault", "", OK)))
    failed = replace(RUN, run=3, result=FAILED)

    assert [row.run.run for row in holders([RUN, bad, failed], "work", {})] == [1]
    known = {"nightly": decode_preview("profile=nightly\nfiles=two:\n\n")}
    assert holders([RUN], "work", known) == []
    assert holders([RUN], "work", {"nightly": decode_preview("profile=nightly\nfiles=one:\n\n")})[0].is_there


def test_a_backup_that_is_kept_for_a_qube_names_it() -> None:
    preview = decode_preview("profile=nightly\nfiles=one:\nwould-keep=one:work,vault\n\n")

    (fate,) = fates([RUN], preview)

    assert (fate.removes, fate.because) == (False, "only backup of work, vault")
