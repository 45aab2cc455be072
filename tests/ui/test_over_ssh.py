# SPDX-License-Identifier: GPL-3.0-or-later
"""The windows over a real sshd on the loopback, with 100 ms for an answer, and a link that is cut."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from backup_daemon import WORDS
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QDialogButtonBox, QLineEdit
from pytestqt.qtbot import QtBot
from qubes_backup import domain, of_one
from ssh_server import SshServer, ssh_server
from until import until
from windows import Clicker, click_enabled, opened_settings, type_text

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.server import Limits, Server
from qubesmanager.daemon.sockets import bind
from qubesmanager.ui.backup.backup_wizard import BackupWizard
from qubesmanager.ui.backup.choice_page import Mode
from qubesmanager.ui.forms.form_page import FormPage
from qubesmanager.ui.restore.restore_wizard import RestoreWizard
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import TaskState

pytestmark = pytest.mark.slow

LATENCY = 0.05
"""Seconds each way."""


@pytest.fixture
async def ssh(system: System, tmp_path: Path) -> AsyncIterator[SshServer]:
    """A link to the daemon, as a source that the policy lets do everything that dom0 leaves to others."""
    policy = system.runtime.places.policy
    policy.mkdir(parents=True, exist_ok=True)
    (policy / "30-laptop.policy").write_text(
        "* * laptop @adminvm allow target=dom0\n* * laptop @anyvm allow target=dom0\n"
    )
    server = Server(Dispatcher(LocalBackend(system)), Limits(grace=0.1))
    await server.start(bind(tmp_path / "s"), os.getgid())
    async with ssh_server(tmp_path / "ssh", tmp_path / "s") as link:
        link.link.delay = LATENCY
        yield link
    system.runtime.hub.close()
    await server.close()


@pytest.fixture
def client(ssh: SshServer) -> Client:
    """The client of the window."""
    return Client(ssh.transport())


async def test_the_table_follows_and_comes_back_after_the_link_was_cut(
    clicker: Clicker, ssh: SshServer, system: System
) -> None:
    window = clicker.window
    assert set(clicker.session.records) == set(system.runtime.state.qubes)
    clicker.select("vault")
    clicker.click("start")
    await clicker.until(lambda: clicker.state("vault") == "Running")

    ssh.link.cut()

    await clicker.until(lambda: not clicker.session.is_synced)
    await system.settings.set_tag("vault", "meanwhile")
    await clicker.until(lambda: clicker.session.is_synced and "meanwhile" in clicker.session.records["vault"].tags)
    await clicker.until(lambda: not window.banner.isVisibleTo(window))
    clicker.select("vault")
    clicker.click("shutdown")
    await clicker.until(lambda: clicker.state("vault") == "Halted")


async def test_settings_are_saved_and_an_edit_outlasts_a_cut_link(
    session: Session, qtbot: QtBot, ssh: SshServer, system: System
) -> None:
    window = await opened_settings(session, qtbot, "vault", "advanced")
    form = window.pages["advanced"]
    assert isinstance(form, FormPage)
    denied = form.editors["property", "devices_denied"].input
    assert isinstance(denied, QLineEdit)
    type_text(denied, "u03****")

    ssh.link.cut()
    await until(lambda: not session.is_synced)
    await until(lambda: session.is_synced)
    assert denied.text() == "u03****"
    await click_enabled(window.button(QDialogButtonBox.StandardButton.Apply))

    await until(lambda: system.runtime.state.qube("vault").value("devices_denied") == "u03****")


async def test_a_backup_of_this_computer_is_restored_on_the_other(
    clicker: Clicker, qtbot: QtBot, system: System, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    file.write_bytes(of_one(domain("from-backup")))
    wizard = RestoreWizard(clicker.session)
    qtbot.addWidget(wizard)
    wizard.show()
    wizard.file_page.file.setText(str(file))
    wizard.file_page.passphrase.setText(WORDS)
    await click_enabled(wizard.next)
    await until(lambda: wizard.stack.currentWidget() is wizard.qubes_page)
    assert [row.stored.name for row in wizard.model.chosen] == ["from-backup"]

    for page in (wizard.summary_page, wizard.run_page):
        await click_enabled(wizard.next)
        await until(lambda page=page: wizard.stack.currentWidget() is page)  # type: ignore[misc] # bound now
    run = wizard.run
    assert run is not None
    await until(lambda: run.is_over and run.is_shown)

    assert [(row.qube, row.result) for row in wizard.run_page.model.rows] == [("from-backup", "ok")]
    assert "created-by-laptop" in system.runtime.state.qube("from-backup").tags
    await until(lambda: "from-backup" in clicker.session.records)


async def test_the_backup_wizard_goes_to_its_summary_and_names_what_only_dom0_may(
    clicker: Clicker, qtbot: QtBot, folder: Path
) -> None:
    wizard = BackupWizard(clicker.session, ("vault",))
    qtbot.addWidget(wizard)
    wizard.show()
    wizard.qubes.mode.setCurrentIndex(wizard.qubes.mode.findData(Mode.TICKS))
    await until(lambda: [candidate.name for candidate in wizard.qubes.model.rows])
    for row, candidate in enumerate(wizard.qubes.model.rows):
        state = Qt.CheckState.Checked if candidate.name == "vault" else Qt.CheckState.Unchecked
        wizard.qubes.model.setData(wizard.qubes.model.index(row, 0), state, Qt.ItemDataRole.CheckStateRole)
    await click_enabled(wizard.next)
    wizard.target.path.setText(str(folder))
    await click_enabled(wizard.next)
    wizard.passphrase.first.setText(WORDS)
    wizard.passphrase.second.setText(WORDS)
    await click_enabled(wizard.next)

    await until(lambda: wizard.stack.currentWidget() is wizard.summary)
    await until(lambda: wizard.summary.text("qubes") == "vault")
    await until(lambda: "known once the backup has started" in wizard.summary.text("size"))
    await click_enabled(wizard.next)
    page = wizard.run_page
    assert page is not None
    await until(lambda: not page.run.running)
    assert page.run.state is TaskState.FAILED
    assert page.run.why.startswith("dom0 does not allow profiles of qubes to write backups to")
