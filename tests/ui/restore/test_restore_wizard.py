# SPDX-License-Identifier: GPL-3.0-or-later
"""Clicks through the restore wizard over a whole daemon in the test's process, with backups that the daemon made."""

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from backup_daemon import WORDS, Everything, everything, make_qube
from backup_samples import TINY, contents, settings_only
from demo_fixtures import client_of
from PyQt5 import sip
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAbstractButton, QAction, QFileDialog, QLabel, QLineEdit, QWidget
from qubes_backup import backup_of, device, domain, of_one, qubes_xml, with_home
from streams import pieces
from windows import Clicker, press_key, type_text

from qubesmanager.backup.archive import tar
from qubesmanager.backup.archive.contents import to_xml
from qubesmanager.backup.archive.header import Head, chunk_secret, head_secret, to_text
from qubesmanager.backup.archive.scrypt_container import new_keys, seal
from qubesmanager.backup.archive.volume_tar import archive_bytes
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.backups import homes
from qubesmanager.daemon.local.system import System
from qubesmanager.models.texts import date_text
from qubesmanager.ui.dialogs.offers import Offers
from qubesmanager.ui.restore.qube_details import QubeDetails
from qubesmanager.ui.restore.restore_wizard import RestoreWizard
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.ui.session.windows import OpenWindows
from qubesmanager.ui.widgets.prompts import Question
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.errors import Mgmt1Error

PRIVATE = bytes(range(256)) * 8192 + bytes(3 << 20) + b"end" * 1000


class _Backup(NamedTuple):
    file: Path
    before: Everything


class _Made(NamedTuple):
    name: str
    content: bytes
    before: Everything


@pytest.fixture(scope="module")
def made() -> list[_Made]:
    """The backup, after the first test that needs it: to make it takes longer than most tests."""
    return []


@pytest.fixture
async def backup(system: System, tmp_path: Path, made: list[_Made]) -> _Backup:
    """Of `lab`, a standalone qube with something of everything, and of `mail`, an app qube. Both are gone by now.

    A daemon made it, also where the wizard restores over the bridge, which cannot back up.
    """
    folder = tmp_path / "backups"
    folder.mkdir()
    if not made:
        before = await back_up(system, folder)
        (file,) = folder.iterdir()
        made.append(_Made(file.name, file.read_bytes(), before))
    (first,) = made
    file = folder / first.name
    file.write_bytes(first.content)
    return _Backup(file, first.before)


async def back_up(system: System, folder: Path) -> Everything:
    """Make the two qubes, back them up and remove them; everything of `lab`."""
    client = client_of(system)
    await make_qube(client, "lab", PRIVATE, b"root" * 1000)
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("mail", "yellow")))
    await client.send(calls.VM_VOLUME_IMPORT("mail", "private", pieces(b"mail" * 500_000)))
    before = await everything(client, system.pools.driver("default"), "lab")
    profile = {"include": ["lab", "mail"], "destination_path": str(folder), "compression": "none"}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", yaml.safe_dump(profile)))
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": WORDS}))
    for name in ("lab", "mail"):
        await client.send(calls.VM_REMOVE(name))
    return before


@pytest.fixture
async def windows(clicker: Clicker) -> AsyncIterator[OpenWindows]:
    windows = OpenWindows(clicker.session)
    yield windows
    windows.close_all()


@pytest.fixture
def wizard(windows: OpenWindows) -> RestoreWizard:
    return opened(windows)


def opened(windows: OpenWindows) -> RestoreWizard:
    wizard = windows.open("restore")
    assert isinstance(wizard, RestoreWizard)
    return wizard


async def read(clicker: Clicker, wizard: RestoreWizard, file: Path, words: str = WORDS) -> None:
    """Fill the first page, and wait until the wizard has gone on, or shows why it cannot."""
    wizard.file_page.file.setText(str(file))
    wizard.file_page.passphrase.setText(words)
    clicker.press(wizard.next)
    await clicker.until(lambda: not wizard.file_page.reading)


def select(wizard: RestoreWizard, name: str) -> None:
    names = [row.stored.name for row in wizard.model.rows]
    wizard.qubes_page.table.selectRow(names.index(name))


def shows(wizard: RestoreWizard, page: QWidget) -> bool:
    return wizard.stack.currentWidget() is page


async def run(clicker: Clicker, wizard: RestoreWizard) -> None:
    """From the qubes to the end."""
    clicker.press(wizard.next)
    assert shows(wizard, wizard.summary_page)
    clicker.press(wizard.next)
    assert shows(wizard, wizard.run_page)
    await over(clicker, wizard)


async def over(clicker: Clicker, wizard: RestoreWizard) -> None:
    assert wizard.run is not None
    page = wizard.run
    # The page shows the result a step of the loop after the run has it.
    await clicker.until(lambda: page.is_over and page.is_shown)


def rename(edit: QLineEdit, name: str) -> None:
    """As a user would: select all of it and type over it."""
    edit.selectAll()
    type_text(edit, name)


async def listed(client: Client) -> set[str]:
    return {row.name for row in await client.send(calls.VM_LIST("dom0"))}


def results(wizard: RestoreWizard) -> dict[str, tuple[str, str]]:
    return {row.qube: (row.result, row.name) for row in wizard.run_page.model.rows}


async def test_a_backup_is_restored_with_every_byte_and_setting(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client, system: System
) -> None:
    await read(clicker, wizard, backup.file)
    assert shows(wizard, wizard.qubes_page)
    assert [row.stored.name for row in wizard.model.chosen] == ["lab", "mail"]

    await run(clicker, wizard)

    assert results(wizard) == {"lab": ("ok", "lab"), "mail": ("ok", "mail")}
    assert wizard.run_page.headline.text() == "2 qube(s) restored."
    assert await everything(client, system.pools.driver("default"), "lab") == backup.before
    assert wizard.run_page.leave.text() == "&Close"


async def test_details_are_shown_before_anything_is_made(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client
) -> None:
    await read(clicker, wizard, backup.file)
    select(wizard, "mail")

    details = wizard.qubes_page.details
    assert details.headline.text() == "mail"
    assert facts(details)["Class"] == "App qube"
    assert facts(details)["Label"] == "yellow"
    assert facts(details)["Template"] == "debian-13"
    assert details.fate.text() == "Restored."
    assert not details.compared.isVisible()
    assert not {"lab", "mail"} & await listed(client)


def facts(details: QubeDetails) -> dict[str, str]:
    return {fact.name: fact.values[0] for fact in details.facts.facts}


async def test_date_firewall_tags_and_notes_of_a_qube_are_shown(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup
) -> None:
    await read(clicker, wizard, backup.file)
    select(wizard, "lab")

    shown = facts(wizard.qubes_page.details)
    assert wizard.model.made is not None
    assert shown["Backup of"] == date_text(wizard.model.made)
    assert {name: shown[name] for name in ("Firewall", "Tags", "Notes")} == {
        "Firewall": "2 rule(s)",
        "Tags": "created-by-dom0, mine",
        "Notes": "Zeile 1\n<b>zwei</b>",
    }


async def test_an_existing_qube_is_compared_with_the_one_of_the_backup(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client
) -> None:
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("mail", "red")))
    await client.send(calls.VM_PROPERTY_SET("mail", "memory", "777"))
    await client.send(calls.VM_TAG_SET("mail", "newer"))
    await clicker.until(lambda: "mail" in clicker.session.records and "newer" in clicker.session.records["mail"].tags)
    await read(clicker, wizard, backup.file)
    select(wizard, "mail")

    details = wizard.qubes_page.details
    lines = {fact.name: fact.values for fact in details.compared.facts}
    assert details.compared.isVisibleTo(details)
    assert lines["Label"] == ("yellow", "red")
    assert lines["Initial memory"] == ("default", "777")
    assert lines["Tags"] == ("no tags", "newer")
    assert lines["Date"][1] == "never backed up"
    assert "Template" not in lines
    select(wizard, "lab")
    assert not details.compared.isVisibleTo(details)


async def test_each_qube_may_go_into_another_pool(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client, tmp_path: Path
) -> None:
    await client.send(calls.POOL_ADD("dom0", "fast", {"driver": "file-qcow2", "dir_path": str(tmp_path / "fast")}))
    await read(clicker, wizard, backup.file)
    select(wizard, "mail")
    box = wizard.qubes_page.details.pool
    box.setCurrentIndex(box.findData("fast"))
    box.activated.emit(box.currentIndex())
    clicker.press(wizard.next)
    page = wizard.summary_page
    assert [page.table_model.index(row, 5).data() for row in range(2)] == ["default", "fast"]
    clicker.press(wizard.next)
    await over(clicker, wizard)

    assert results(wizard) == {"lab": ("ok", "lab"), "mail": ("ok", "mail")}
    for name, pool in (("lab", "default"), ("mail", "fast")):
        record = await client.send(calls.VM_GET_ALL("dom0", name))
        assert {volume.pool for volume in record.volumes if volume.save_on_stop} == {pool}


async def test_a_taken_name_is_left_out_until_it_gets_another(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client
) -> None:
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("mail", "red")))
    await clicker.until(lambda: "mail" in clicker.session.records)
    await read(clicker, wizard, backup.file)
    assert [row.stored.name for row in wizard.model.chosen] == ["lab"]

    select(wizard, "mail")
    details = wizard.qubes_page.details
    details.restored.click()
    assert details.name.text() == "mail-2"
    rename(details.name, "lab")
    assert details.problem.text() == "Two qubes cannot both be lab."
    assert not wizard.next.isEnabled()
    rename(details.name, "old-mail")
    await run(clicker, wizard)

    assert results(wizard)["mail"] == ("ok", "old-mail")
    assert {"lab", "mail", "old-mail"} <= await listed(client)


async def test_template_and_net_qube_are_mapped_and_a_qube_is_skipped(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client
) -> None:
    await read(clicker, wizard, backup.file)
    select(wizard, "lab")
    wizard.qubes_page.details.restored.click()
    select(wizard, "mail")
    details = wizard.qubes_page.details
    for box, value in ((details.template, "fedora-43"), (details.netvm, "")):
        box.setCurrentIndex(box.findData(value))
        box.activated.emit(box.currentIndex())
    assert "Its template will be fedora-43. It will have no network." in details.fate.text()
    await run(clicker, wizard)

    record = await client.send(calls.VM_GET_ALL("dom0", "mail"))
    assert (record.value("template"), record.value("netvm")) == ("fedora-43", "")
    assert results(wizard)["lab"] == ("skipped", "")
    assert "lab" not in await listed(client)


async def test_several_qubes_are_ticked_at_once_in_natural_order(
    clicker: Clicker, wizard: RestoreWizard, tmp_path: Path
) -> None:
    names = ("web10", "web9", "web1")
    file = tmp_path / "several"
    file.write_bytes(backup_of(qubes_xml(*(domain(name, number) for number, name in enumerate(names, 1))), {}))
    await read(clicker, wizard, file)
    table = wizard.qubes_page.table
    assert [row.stored.name for row in wizard.model.rows] == ["web1", "web9", "web10"]
    assert len(wizard.model.chosen) == 3

    table.selectAll()
    press_key(table, Qt.Key.Key_Space)
    assert wizard.model.chosen == []
    press_key(table, Qt.Key.Key_Space)
    assert len(wizard.model.chosen) == 3


async def test_a_missing_template_is_reported_below_its_field(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    await read(clicker, wizard, backup.file)
    select(wizard, "mail")
    choice = next(row.choice for row in wizard.model.rows if row.stored.name == "mail")

    wizard.model.choose("mail", replace(choice, template="vault"))

    details = wizard.qubes_page.details
    assert details.template_problem.text() == "vault is no template for it."
    assert details.template_problem.isVisible()
    assert not details.problem.isVisible()


async def test_nothing_of_the_pages_is_shown_beside_the_run(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup
) -> None:
    await read(clicker, wizard, backup.file)
    clicker.press(wizard.next)
    clicker.press(wizard.next)
    await over(clicker, wizard)

    assert wizard.run_page.isVisible()
    assert not any(page.isVisible() for page in wizard.pages)
    assert not any(button.isVisible() for button in (wizard.next, wizard.back, wizard.cancel))
    assert not any(label.isVisible() and label.text().startswith("Step") for label in wizard.findChildren(QLabel))


async def test_a_name_taken_meanwhile_is_noticed(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client
) -> None:
    await read(clicker, wizard, backup.file)
    assert wizard.next.isEnabled()

    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("mail", "red")))
    await clicker.until(lambda: not wizard.next.isEnabled())

    assert "1 problem(s) to look at." in wizard.why.text()


async def test_a_wrong_passphrase_is_reported_next_to_its_field(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup
) -> None:
    await read(clicker, wizard, backup.file, "another one")

    page = wizard.file_page
    assert shows(wizard, wizard.file_page)
    assert page.passphrase_problem.text() == "This is not the passphrase of this backup."
    assert page.passphrase.hasFocus() or page.passphrase.selectedText()
    assert not page.file_problem.isVisible()
    type_text(page.passphrase, "x")
    assert not page.passphrase_problem.isVisible()


@pytest.mark.parametrize("kind", ["missing", "cut", "noise", "folder"])
async def test_a_file_that_cannot_be_read_is_reported_next_to_its_field(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "file"
    if kind == "cut":
        file.write_bytes(backup.file.read_bytes()[:700])
    if kind == "noise":
        file.write_bytes(b"no backup" * 1000)
    if kind == "folder":
        file.mkdir()

    await read(clicker, wizard, file)

    assert shows(wizard, wizard.file_page)
    assert wizard.file_page.file_problem.isVisible()
    assert wizard.file_page.file_problem.text()


async def test_a_truncated_backup_restores_nothing_and_is_reported(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client, tmp_path: Path
) -> None:
    cut = tmp_path / "cut"
    content = backup.file.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    before = await listed(client)

    await read(clicker, wizard, cut)
    await run(clicker, wizard)

    assert wizard.run is not None
    assert wizard.run.state is TaskState.FAILED
    assert wizard.run.error or wizard.run.failed
    assert await listed(client) == before


async def test_a_damaged_qube_fails_alone_and_is_named(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client
) -> None:
    flip_in_the_largest_part(backup.file)

    await read(clicker, wizard, backup.file)
    await run(clicker, wizard)

    outcomes = results(wizard)
    assert sorted(result for result, _name in outcomes.values()) == ["failed", "ok"]
    (whole,) = [qube for qube, (result, _name) in outcomes.items() if result == "ok"]
    assert {"lab", "mail"} & await listed(client) == {whole}
    assert wizard.run_page.headline.text() == "1 qube(s) restored. Failed: 1."
    (entry,) = [entry for entry in clicker.session.tasks.entries if entry.title.startswith("Restore")]
    assert entry.state is TaskState.FAILED


async def test_whole_qubes_of_a_cut_file_are_salvaged_after_a_failed_restore(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client, tmp_path: Path
) -> None:
    cut = tmp_path / "cut"
    data = backup.file.read_bytes()
    cut.write_bytes(data[: data.index(b"manifest.000.enc")])
    await read(clicker, wizard, cut)
    await run(clicker, wizard)
    assert not {"lab", "mail"} & await listed(client)

    clicker.press(wizard.run_page.salvage)

    assert shows(wizard, wizard.file_page)
    assert wizard.file_page.salvage.isVisible()
    wizard.file_page.passphrase.setText(WORDS)
    clicker.press(wizard.next)
    await clicker.until(lambda: not wizard.file_page.reading)
    await run(clicker, wizard)
    assert {name: result for name, (result, _) in results(wizard).items()} == {"lab": "ok", "mail": "ok", "-": "failed"}
    assert "unnoticed" in wizard.run_page.model.rows[0].said
    assert not wizard.run_page.salvage.isVisible()
    assert {"lab", "mail"} <= await listed(client)


async def test_a_damaged_head_offers_to_salvage(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, tmp_path: Path
) -> None:
    content = bytearray(backup.file.read_bytes())
    content[100] ^= 1
    backup.file.write_bytes(content)

    await read(clicker, wizard, backup.file)
    assert shows(wizard, wizard.file_page)
    assert wizard.file_page.salvage.isVisible()
    wizard.file_page.salvage.click()
    clicker.press(wizard.next)
    await clicker.until(lambda: not wizard.file_page.reading)

    assert shows(wizard, wizard.qubes_page)


@pytest.fixture
async def with_dom0(client: Client, tmp_path: Path) -> Path:
    """A backup of dom0's configuration alone: the label teal is no longer here, the profile differs."""
    profile = {"include": ["dom0"], "destination_path": str(tmp_path / "own")}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "own", yaml.safe_dump(profile)))
    await client.send(calls.LABEL_CREATE("dom0", "teal", "0x00AAAA"))
    await client.send(calls.BACKUP_EXECUTE("dom0", "own", {"passphrase": WORDS}))
    await client.send(calls.LABEL_REMOVE("dom0", "teal"))
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "own", yaml.safe_dump(profile | {"compression": "none"})))
    return tmp_path / "own"


async def test_dom0s_configuration_is_previewed_and_only_what_is_ticked_is_taken(
    clicker: Clicker, wizard: RestoreWizard, client: Client, system: System, with_dom0: Path
) -> None:
    await read(clicker, wizard, with_dom0)
    clicker.press(wizard.next)
    page = wizard.summary_page
    rows = [item for at in range(page.dom0.count()) if (item := page.dom0.item(at))]
    texts = {item.text(): item for item in rows}
    assert "label:teal: does not exist here; it is added." in texts
    assert "profile:own: is different here; it is replaced." in texts
    assert not any(item.checkState() == Qt.CheckState.Checked for item in rows)
    assert not wizard.next.isEnabled()

    texts["label:teal: does not exist here; it is added."].setCheckState(Qt.CheckState.Checked)
    clicker.press(wizard.next)
    await over(clicker, wizard)

    assert results(wizard) == {"dom0:label:teal": ("ok", "")}
    assert wizard.run_page.headline.text() == "0 qube(s) restored."
    assert "teal" in system.runtime.state.labels
    assert "none" in await client.send(calls.BACKUP_PROFILE_GET("dom0", "own"))


async def test_the_home_of_dom0_is_unpacked_into_a_new_folder_if_it_is_ticked(
    clicker: Clicker, wizard: RestoreWizard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(homes, "new_home", lambda asked: tmp_path / asked)
    archive = b"".join(
        (
            tar.entry(b"dom0-home/user/", tar.FOLDER, size=0, mode=0o755, mtime=1),
            tar.entry(b"dom0-home/user/empty", tar.REGULAR, size=0, mode=0o644, mtime=1),
            tar.END,
        )
    )
    file = tmp_path / "file"
    file.write_bytes(
        backup_of(qubes_xml(dom0=with_home()), {"dom0-home/user": archive}, WORDS, as_they_are=["dom0-home/user"])
    )
    await read(clicker, wizard, file)
    clicker.press(wizard.next)
    page = wizard.summary_page
    assert shows(wizard, page)
    assert not page.home.isChecked()
    assert page.home.text() == "Unpack the &home of dom0 (at most 20.0 KiB)"
    assert not wizard.next.isEnabled()

    page.home.click()
    clicker.press(wizard.next)
    await over(clicker, wizard)

    assert results(wizard) == {"dom0": ("ok", "")}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["empty"]


async def test_a_backup_of_another_program_is_marked(clicker: Clicker, wizard: RestoreWizard, tmp_path: Path) -> None:
    file = tmp_path / "foreign"
    head = Head("20250102T030405-77", None, has_manifest=False)
    xml = b"".join(archive_bytes("qubes.xml", to_xml(contents(settings_only("lone"))), 0))
    name, keys = "qubes.xml.000.enc", new_keys(chunk_secret(head.backup_id, "qubes.xml.000.enc", WORDS), TINY)
    parts = {
        "backup-header": to_text(head),
        "backup-header.hmac": seal(new_keys(head_secret(WORDS), TINY), to_text(head)),
        name: seal(keys, xml),
    }
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as archive:
        for part, body in parts.items():
            info = tarfile.TarInfo(part)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))

    await read(clicker, wizard, file)

    assert wizard.qubes_page.foreign.isVisible()


def flip_in_the_largest_part(file: Path) -> None:
    with tarfile.open(file) as parts:
        largest = max(parts, key=lambda part: part.size)
    content = bytearray(file.read_bytes())
    content[largest.offset_data + largest.size // 2] ^= 1
    file.write_bytes(content)


async def test_verifying_restores_nothing(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client
) -> None:
    before = await listed(client)
    wizard.file_page.verify_only.click()
    assert wizard.next.text() == "&Verify"

    await read(clicker, wizard, backup.file)
    await over(clicker, wizard)

    assert wizard.run_page.headline.text() == "Intact in this backup: 2 qube(s)."
    assert await listed(client) == before


async def test_cancelled_in_the_middle_leaves_nothing_half_restored(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client, system: System
) -> None:
    before = await listed(client)
    volumes = await system.pools.driver("default").list_volumes()
    await read(clicker, wizard, backup.file)
    clicker.press(wizard.next)
    clicker.press(wizard.next)
    assert wizard.run is not None
    wizard.run.changed.connect(wizard.run_page.stop.click)  # once the first bytes have gone

    await over(clicker, wizard)

    assert wizard.run.state is TaskState.CANCELLED
    assert "No partly restored qube was left" in wizard.run_page.headline.text()
    assert await listed(client) == before
    assert await system.pools.driver("default").list_volumes() == volumes
    assert not system.runtime.reserved


async def test_a_wizard_that_is_left_keeps_its_run_in_the_tasks(
    clicker: Clicker, windows: OpenWindows, backup: _Backup, client: Client
) -> None:
    wizard = opened(windows)
    await read(clicker, wizard, backup.file)
    clicker.press(wizard.next)
    clicker.press(wizard.next)
    assert wizard.run_page.leave.text() == "Lea&ve it running"
    clicker.press(wizard.run_page.leave)

    (entry,) = clicker.session.tasks.running
    assert entry.title == f"Restore from {backup.file.name}"
    await clicker.finished()
    assert entry.state is TaskState.DONE
    assert {"lab", "mail"} <= await listed(client)
    await asyncio.sleep(0)

    again = opened(windows)
    assert shows(again, again.run_page), "how it ended has not been seen yet"
    assert again.run_page.headline.text() == "2 qube(s) restored."
    again.close()
    await asyncio.sleep(0)
    await clicker.until(lambda: shows(wizard := opened(windows), wizard.file_page))


async def test_the_report_can_be_kept_and_holds_no_passphrase(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, tmp_path: Path
) -> None:
    await read(clicker, wizard, backup.file)
    await run(clicker, wizard)
    place = tmp_path / "report.txt"

    clicker.press(wizard.run_page.save)
    dialog = await clicker.dialog(QFileDialog)
    dialog.fileSelected.emit(str(place))
    dialog.reject()
    await clicker.until(lambda: "The report is in" in wizard.run_page.problem.text())

    text = place.read_text()
    assert "lab   restored" in text
    assert str(backup.file) in text
    assert WORDS not in text
    await wizard.run_page.write_report("/proc/nonexistent/report")
    assert "was not written" in wizard.run_page.problem.text()


async def test_the_passphrase_stays_nowhere(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, caplog: pytest.LogCaptureFixture
) -> None:
    page = wizard.file_page
    await read(clicker, wizard, backup.file)
    assert page.passphrase.text() == ""
    page.passphrase.undo()
    assert page.passphrase.text() == ""

    await run(clicker, wizard)

    assert wizard.run is not None
    everywhere = [str(vars(wizard)), str(vars(wizard.run)), wizard.run.report(), *wizard.run.log, caplog.text]
    everywhere += [f"{entry.title} {entry.detail}" for entry in clicker.session.tasks.entries]
    assert not any(WORDS in text for text in everywhere)


async def test_a_restore_that_does_not_fit_is_not_started(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup
) -> None:
    await read(clicker, wizard, backup.file)
    wizard.summary_page.put(Offers({"default_pool": "default"}, pools={"default": 5}))

    clicker.press(wizard.next)

    assert not wizard.why.text()
    notes = [label.text() for label in wizard.summary_page.findChildren(QLabel) if label.isVisible()]
    assert any("The pool default has only" in note for note in notes)
    assert not wizard.next.isEnabled()


async def test_a_pool_is_chosen(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client, tmp_path: Path
) -> None:
    await client.send(calls.POOL_ADD("dom0", "second", {"driver": "file-qcow2", "dir_path": str(tmp_path / "p")}))
    await read(clicker, wizard, backup.file)
    clicker.press(wizard.next)
    page = wizard.summary_page
    page.pool.setCurrentIndex(page.pool.findData("second"))
    clicker.press(wizard.next)
    await over(clicker, wizard)

    record = await client.send(calls.VM_GET_ALL("dom0", "lab"))
    assert {volume.pool for volume in record.volumes if volume.save_on_stop} == {"second"}


async def test_qubes_that_cannot_be_read_are_named(clicker: Clicker, wizard: RestoreWizard, tmp_path: Path) -> None:
    file = tmp_path / "of-qubes"
    xml = qubes_xml(domain("good"), domain("bad", 2, {"label": "label-77"}))
    file.write_bytes(backup_of(xml, {"vm1/private.img": b"1", "vm2/private.img": b"2"}))

    await read(clicker, wizard, file)

    assert wizard.qubes_page.unreadable.isVisible()
    assert "bad" in wizard.qubes_page.unreadable.text()
    assert [row.stored.name for row in wizard.model.rows] == ["good"]


@pytest.mark.parametrize("ticked", [True, False])
async def test_devices_are_assigned_again_when_that_is_ticked(
    clicker: Clicker, wizard: RestoreWizard, client: Client, tmp_path: Path, ticked: bool
) -> None:
    file = tmp_path / "of-qubes"
    file.write_bytes(of_one(domain("in-dev", devices=device("block", "dom0", "sdb"))))
    await read(clicker, wizard, file)
    clicker.press(wizard.next)
    assert not wizard.summary_page.devices.isChecked()
    if ticked:
        wizard.summary_page.devices.click()
    clicker.press(wizard.next)
    await over(clicker, wizard)

    record = await client.send(calls.VM_GET_ALL("dom0", "in-dev"))
    assert [one.ident for one in record.devices] == (["sdb"] if ticked else [])


async def test_the_wizard_is_in_the_menu_and_is_used_by_keyboard(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup
) -> None:
    assert any(action.text() == "&Restore qubes…" for action in clicker.window.findChildren(QAction))
    wizard.file_page.file.setText(str(backup.file))
    type_text(wizard.file_page.passphrase, "x")
    wizard.file_page.passphrase.setText(WORDS)
    press_key(wizard.file_page.passphrase, Qt.Key.Key_Return)
    await clicker.until(lambda: shows(wizard, wizard.qubes_page))
    assert wizard.model.chosen
    wizard.back.click()
    assert shows(wizard, wizard.file_page)
    assert not wizard.next.isEnabled(), "the passphrase has been wiped"


async def test_tab_moves_from_the_first_field_to_the_buttons(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup
) -> None:
    page = wizard.file_page
    wizard.file_page.file.setText(str(backup.file))
    wizard.file_page.passphrase.setText(WORDS)
    went = [wizard.focusWidget()]
    for _ in range(7):
        focused = wizard.focusWidget()
        assert focused is not None
        press_key(focused, Qt.Key.Key_Tab)
        went.append(wizard.focusWidget())

    fields = [page.file, page.browse, page.passphrase, page.show_passphrase, page.verify_only]
    assert went == [*fields, wizard.next, wizard.cancel, page.file]
    press_key(page.passphrase, Qt.Key.Key_Return)
    await clicker.until(lambda: shows(wizard, wizard.qubes_page))
    assert wizard.focusWidget() is wizard.qubes_page.table
    assert wizard.next.isDefault()


async def test_enter_presses_the_button_that_has_the_focus_and_space_ticks(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup
) -> None:
    await read(clicker, wizard, backup.file)
    select(wizard, "mail")
    press_key(wizard.qubes_page.table, Qt.Key.Key_Space)
    assert [row.stored.name for row in wizard.model.chosen] == ["lab"]
    wizard.qubes_page.none.setFocus()
    press_key(wizard.qubes_page.none, Qt.Key.Key_Return)
    assert not wizard.model.chosen
    wizard.back.setFocus()
    press_key(wizard.back, Qt.Key.Key_Return)
    assert shows(wizard, wizard.file_page)


@pytest.mark.parametrize("agreed", [True, False])
async def test_the_manager_asks_before_it_closes_over_a_restore(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, agreed: bool
) -> None:
    await read(clicker, wizard, backup.file)
    clicker.press(wizard.next)
    clicker.press(wizard.next)

    assert not clicker.window.close()
    assert not clicker.window.close(), "it asks once"
    question = await clicker.dialog(Question)
    if agreed:
        clicker.press(question.yes)
        await clicker.until(lambda: not clicker.window.isVisible())
    else:
        question.reject()
        await over(clicker, wizard)
        assert wizard.run_page.headline.text() == "2 qube(s) restored."
        assert clicker.window.isVisible()
        assert clicker.window.close()


async def test_a_wizard_that_is_closed_while_it_reads_stops_reading(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup
) -> None:
    wizard.file_page.file.setText(str(backup.file))
    wizard.file_page.passphrase.setText(WORDS)
    clicker.press(wizard.next)
    wizard.close()
    await clicker.until(lambda: sip.isdeleted(wizard))
    await asyncio.sleep(0)  # what its end starts has run
    assert not clicker.session.tasks.running


async def test_a_run_that_is_cancelled_in_the_tasks_is_cancelled_in_its_window(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup
) -> None:
    await read(clicker, wizard, backup.file)
    clicker.press(wizard.next)
    clicker.press(wizard.next)
    assert [row.result for row in wizard.run_page.model.rows] == ["waiting", "waiting"]
    (entry,) = clicker.session.tasks.running
    clicker.session.tasks.cancel(entry)
    await over(clicker, wizard)

    assert wizard.run_page.headline.text() == "Cancelled. No partly restored qube was left."
    assert wizard.run_page.leave.text() == "&Close"


async def test_no_two_things_on_a_page_have_the_same_mnemonic(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup
) -> None:
    assert shared_mnemonics(wizard) == {}
    await read(clicker, wizard, backup.file)
    for page in (wizard.qubes_page, wizard.summary_page):
        assert shows(wizard, page)
        assert shared_mnemonics(wizard) == {}
        clicker.press(wizard.next)
    assert shows(wizard, wizard.run_page)
    assert shared_mnemonics(wizard) == {}
    await over(clicker, wizard)
    assert shared_mnemonics(wizard) == {}


def shared_mnemonics(wizard: RestoreWizard) -> dict[str, list[str]]:
    by_letter: dict[str, list[str]] = {}
    texts = [label.text() for label in wizard.findChildren(QLabel) if label.isVisible() and label.buddy() is not None]
    texts += [button.text() for button in wizard.findChildren(QAbstractButton) if button.isVisible()]
    for text in texts:
        if "&" in text:
            by_letter.setdefault(text[text.index("&") + 1].casefold(), []).append(text)
    return {letter: texts for letter, texts in by_letter.items() if len(texts) > 1}


async def test_after_a_failed_restore_back_and_retry_keep_the_choices(
    clicker: Clicker, wizard: RestoreWizard, backup: _Backup, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_arguments: object, **_keys: object) -> None:
        raise Mgmt1Error("The disk was pulled.")

    monkeypatch.setattr("qubesmanager.ui.restore.restore_run.restore", fail)
    await read(clicker, wizard, backup.file)
    select(wizard, "mail")
    wizard.qubes_page.details.restored.click()
    await run(clicker, wizard)
    page = wizard.run_page
    assert "The disk was pulled." in page.problem.text()

    clicker.press(page.back)
    assert shows(wizard, wizard.summary_page)
    assert [row.stored.name for row in wizard.model.chosen] == ["lab"]
    clicker.press(wizard.next)
    await over(clicker, wizard)
    monkeypatch.undo()
    clicker.press(page.retry)
    await over(clicker, wizard)

    assert results(wizard)["lab"] == ("ok", "lab")
    assert not page.retry.isVisible()
    assert WORDS not in str(vars(wizard))
