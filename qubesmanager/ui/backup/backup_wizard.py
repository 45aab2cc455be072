# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup wizard: which qubes, where and how, the passphrase, what will happen; then how it goes."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from PyQt5.QtGui import QCloseEvent
from PyQt5.QtWidgets import QWidget

from qubesmanager.backup.profile import Profile, parse_profile, profile_text
from qubesmanager.client.backups import preview
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.rules.qubes_os import why_not_there
from qubesmanager.ui.backup.backup_run_page import BackupRunPage
from qubesmanager.ui.backup.backup_summary_page import BackupSummaryPage
from qubesmanager.ui.backup.choice_page import ChoicePage
from qubesmanager.ui.backup.passphrase_page import Origin, PassphrasePage
from qubesmanager.ui.backup.qubes_page import QubesPage
from qubesmanager.ui.backup.target_page import TargetPage
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.backup_run import RunningBackup, running_backups
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.shut_down import ShutDown, why_not_shut_down
from qubesmanager.ui.session.tasks import TaskState
from qubesmanager.ui.widgets.prompts import confirm
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.ui.widgets.wizard import StepsWindow
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied, QubesNotImplementedError
from qubesmanager.wire.names import DOM0, PROFILE_ID

FIRST_NAME = "manager"
"""The profile that is used when the user names none."""
KNOWN = "backup/known/{}"
"""Where the settings remember which qubes there were when a profile was carried out, so that new ones are offered."""
LAST_NAME = "backup/profile"
"""Where the settings remember the profile that was used last."""


class BackupWizard(StepsWindow):
    """The wizard. Nothing is changed before the button of the last page; then the profile is stored and carried out."""

    def __init__(self, session: Session, names: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("Back up qubes"))
        self._session = session
        self._texts: dict[str, str] = {}
        self._kept: Profile | None = None
        self._holds_passphrase = False
        self.qubes = ChoicePage(session, self)
        self.target = TargetPage(session, self)
        self.passphrase = PassphrasePage(session, self)
        why = why_not_shut_down(session)
        self.summary = BackupSummaryPage(reason_text(why) if why else "", self)
        self.of_qubes = QubesPage(self)
        self.run_page: BackupRunPage | None = None
        resize_in_units(self, 202, 160)
        if running := running_backups(session):
            self._look_on(running[-1])
            return
        if why_not_there(session.facts, calls.BACKUP_PROFILE_SET.name):
            self._offer_profiles_of_qubes()
            return
        self.of_qubes.hide()
        self.set_pages((self.qubes, self.target, self.passphrase, self.summary), self.tr("Back &up"))
        self.qubes.put_profiles([], str(session.settings.value(LAST_NAME, FIRST_NAME)))
        if names:
            self.qubes.model.tick(names)
        self.qubes.profile_chosen.connect(self._load)
        self.qubes.profile.editTextChanged.connect(self._refresh_remove)
        self.qubes.remove.clicked.connect(self._remove)
        self.finished_steps.connect(self._begin)
        self._given = names
        self._refresh_remove()
        session.tasks.start_hidden(self.tr("Load the backup profiles"), self._ask(), owner=self)

    def _offer_profiles_of_qubes(self) -> None:
        """One page, where qubesd has the qubes: it carries out its own profiles and nothing else."""
        for page in (self.qubes, self.target, self.passphrase, self.summary):
            page.hide()
        self.set_pages((self.of_qubes,), self.tr("Back &up"))
        self.finished_steps.connect(self._begin_of_qubes)
        self._session.tasks.start_hidden(self.tr("Load the backup profiles"), self._ask_of_qubes(), owner=self)

    async def _ask_of_qubes(self) -> None:
        with suppress(QubesNotImplementedError):  # no run was seen yet
            self.of_qubes.put_profiles(await self._session.client.send(calls.BACKUP_PROFILE_LIST(DOM0)))

    def _begin_of_qubes(self) -> None:
        run = RunningBackup(self._session, self.of_qubes.profile_id())
        run.start(None, None)
        self._look_on(run)

    # -- what the pages say -------------------------------------------------------------------------------------------

    def profile(self) -> Profile:
        """The profile that would be stored and carried out."""
        include, exclude = self.qubes.lists()
        plan = Profile(
            include=include,
            exclude=exclude,
            destination_vm=self.target.vm(),
            destination_path=self.target.path.text().strip(),
            compression=self.target.compression.currentData(),
            verify=self.target.verifies(),
            keep=self.target.kept(),
            schedule=self.target.schedule(),
            dom0_home=self.qubes.dom0.dom0_home(),
        )
        return self.passphrase.apply(plan)

    def show_step(self, number: int) -> None:
        if self.pages[number] is self.summary:
            self.summary.show_plan(
                self.qubes.profile_id(),
                self.profile(),
                self.qubes.names(),
                kept=self._is_kept_passphrase(),
                takes_dom0=self.qubes.dom0.takes_dom0(),
            )
            self._session.tasks.start_hidden(self.tr("Preview the backup"), self._preview(), owner=self)
        super().show_step(number)

    def _is_kept_passphrase(self) -> bool:
        return self.passphrase.chosen() is Origin.KEPT

    def begin_with(self, what: str) -> None:
        """Show the profile of that name: its run, if it runs, or else its settings; a new one has the usual ones."""
        runs = [run for run in running_backups(self._session) if run.profile == what]
        if runs and self.run_page is None:
            self._look_on(runs[-1])
        if self.run_page is not None or runs:
            return
        if self.of_qubes in self.pages:
            self.of_qubes.profile.setEditText(what)
            return
        self.qubes.profile.setEditText(what)
        self._load(what)

    # -- asking -------------------------------------------------------------------------------------------------------

    async def _ask(self) -> None:
        """The profiles there are, and which qubes ran since their last backups."""
        names = await self._session.client.send(calls.BACKUP_PROFILE_LIST(DOM0))
        chosen = self.qubes.profile_id()
        self.qubes.put_profiles(names, chosen)
        self._texts = dict.fromkeys(names, "")
        self._refresh_remove()
        if chosen in names and not self._given:
            await self._read(chosen)
        all_names = tuple(row.name for row in self.qubes.model.rows)
        draft = Profile(include=all_names, destination_path="/")
        try:
            summary = await preview(self._session.client, FIRST_NAME, profile_text(draft))
        except PermissionDenied:
            # Only dom0 may ask what a profile that is not kept would do.
            self.qubes.dom0.forbid()
            return
        self.qubes.put_changed({qube.name: qube.changed for qube in summary.qubes})

    def _load(self, name: str) -> None:
        if name in self._texts:
            self._session.tasks.start_hidden(self.tr("Read a backup profile"), self._read(name), owner=self)

    async def _read(self, name: str) -> None:
        """Show a profile. One of another source may name qubes that this one does not see: it is not shown."""
        client = self._session.client
        try:
            text = await client.send(calls.BACKUP_PROFILE_GET(DOM0, name))
        except PermissionDenied:
            return
        profile = await asyncio.to_thread(parse_profile, text)
        summary = await preview(client, name)
        self._texts[name] = text
        self._kept = profile
        self._holds_passphrase = summary.given_by == "text"
        known = self._session.settings.value(KNOWN.format(name))
        names = frozenset(known.split()) if isinstance(known, str) else None
        self.qubes.show_profile(profile, takes_home=summary.home is not None, known=names)
        self.target.show_profile(profile)
        self.passphrase.show_profile(profile, kept=self._holds_passphrase)
        self._refresh_remove()

    async def _preview(self) -> None:
        name, plan = self.qubes.profile_id(), self.profile()
        try:
            summary = await preview(self._session.client, name, profile_text(plan))
        except PermissionDenied:
            self.summary.show_nothing_known(self.tr("known once the backup has started"), may_go_on=True)
            return
        except Mgmt1Error as error:
            self.summary.show_nothing_known(error_text(error), may_go_on=False)
            return
        self.summary.show_preview(summary, plan)
        if self._is_kept_passphrase() and not self._is_as_kept(plan):
            self.summary.show_nothing_known(
                self.tr("The profile holds a passphrase, which would be lost with these changes: choose another way."),
                may_go_on=False,
            )

    def _is_as_kept(self, plan: Profile) -> bool:
        return self._kept is not None and replace(self._kept, passphrase_text="") == plan

    # -- doing --------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        name, plan = self.qubes.profile_id(), self.profile()
        text = None if name in self._texts and self._is_as_kept(plan) else profile_text(plan)
        self._session.settings.setValue(LAST_NAME, name)
        self._session.settings.setValue(KNOWN.format(name), " ".join(row.name for row in self.qubes.model.rows))
        run = RunningBackup(self._session, name)
        run.start(text, self.passphrase.passphrase(), self.summary.confirmed(), verifies=plan.verify)
        if self.summary.power_off.isChecked():
            ShutDown.of(self._session).after(run)
        self._look_on(run)

    def _look_on(self, run: RunningBackup) -> None:
        self.run_page = BackupRunPage(run, self, may_retry=bool(self.pages))
        self.run_page.left.connect(self.reject)
        self.run_page.back_wanted.connect(self._leave_run)
        self.run_page.retry_wanted.connect(self._retry)
        run.changed.connect(self._forget_when_done)
        self.show_run(self.run_page, self.tr("Backup: {0}").format(run.profile))

    def _forget_when_done(self) -> None:
        if self.run_page is not None and self.run_page.run.state is TaskState.DONE:
            self.forget()

    def _leave_run(self) -> None:
        """From a run that failed back to the pages, which are as they were."""
        page, self.run_page = self.run_page, None
        if page is not None:
            page.run.changed.disconnect(self._forget_when_done)
            self.leave_run(page, len(self.pages) - 1)
            page.deleteLater()

    def _retry(self) -> None:
        self._leave_run()
        if self.of_qubes in self.pages:
            self._begin_of_qubes()
        else:
            self._begin()

    def _refresh_remove(self, *_: object) -> None:
        self.qubes.remove.setEnabled(self.qubes.profile_id() in self._texts)

    def _remove(self) -> None:
        self._session.tasks.start_hidden(self.tr("Remove a backup profile"), self._removed(), owner=self)

    async def _removed(self) -> None:
        name = self.qubes.profile_id()
        if not PROFILE_ID.matches(name):
            return
        question = self.tr("Remove the backup profile {0}?").format(name)
        details = self.tr("The backups that it made stay where they are.")
        if await confirm(self, self.tr("Remove a backup profile"), question, self.tr("Remove"), details=details):
            await self._session.client.send(calls.BACKUP_PROFILE_REMOVE(DOM0, name))
            self._texts.pop(name, None)
            self._kept = None
            self.qubes.put_profiles(list(self._texts), FIRST_NAME)
            self._refresh_remove()

    # Qt overrides

    def closeEvent(self, event: QCloseEvent | None) -> None:
        self.forget()
        super().closeEvent(event)


def open_backup(session: Session, names: tuple[str, ...]) -> QWidget:
    """For these qubes, or for those that are included in backups."""
    return BackupWizard(session, names)
