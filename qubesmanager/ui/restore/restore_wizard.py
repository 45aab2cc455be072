# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore qubes: the file, its qubes and a summary; then the progress and the results.

The passphrase is in its field until the backup has been opened with it, and in this object until the run has it.
"""

from dataclasses import replace

from PyQt5 import sip
from PyQt5.QtWidgets import QWidget

from qubesmanager.client.restores import contents
from qubesmanager.models.restore_draft import Here
from qubesmanager.models.restore_table import RestoreTable
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.dialogs.offers import Offers, ask_offers
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.restore.file_page import FilePage
from qubesmanager.ui.restore.qubes_page import QubesPage
from qubesmanager.ui.restore.restore_run import RestoreRun, current_run
from qubesmanager.ui.restore.restore_run_page import RunPage
from qubesmanager.ui.restore.restore_summary_page import SummaryPage
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.ui.widgets.wizard import StepsWindow
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.restores import NEW_HOME, RestorePlan


class RestoreWizard(StepsWindow):
    """A restore that it started continues without it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._passphrase = ""
        self._offers = Offers()
        self.run: RestoreRun | None = None
        self.setWindowTitle(self.tr("Restore qubes"))
        picture = lambda label: label_icon(session.color_of(label))  # noqa: E731 - given to two widgets
        self.model = RestoreTable(picture, self)
        self.file_page = FilePage(self)
        self.qubes_page = QubesPage(self.model, picture, self)
        self.summary_page = SummaryPage(self.model, self)
        self.run_page = RunPage(session.tasks, self)
        self.run_page.hide()  # until there is a run
        self.run_page.left.connect(self.reject)
        self.run_page.salvage_wanted.connect(self._salvage)
        self.run_page.back_wanted.connect(self._leave_run)
        self.run_page.retry_wanted.connect(self._retry)
        resize_in_units(self, 270, 150)
        if (run := current_run(session)) is not None:
            self._follow(run)
            return
        self._show_pages()

    def begin_with(self, what: str) -> None:
        """Show the file of that path, unless a restore runs or shows how it ended."""
        if self.run is None and self.stack.currentWidget() is self.file_page:
            self.file_page.file.setText(what)
            self.file_page.passphrase.setFocus()

    def show_page(self, page: str) -> None:
        """`verify`: only read the backup, and restore nothing."""
        if page == "verify" and self.run is None:
            self.file_page.verify_only.setChecked(True)

    def _show_pages(self) -> None:
        self.set_pages((self.file_page, self.qubes_page, self.summary_page), self.tr("&Restore"))
        self.finished_steps.connect(lambda: self._start(self._plan()))
        self._session.put.connect(self._put)
        self._session.gone.connect(self._put)

    def _salvage(self) -> None:
        """Back to the first page, with the file that turned out to be damaged."""
        run, self.run = self.run, None
        if run is None:
            return
        self.file_page.offer_salvage(run.path)
        self.leave_run(self.run_page)
        if not self.pages:
            self._show_pages()

    def go_on(self) -> None:
        if self.stack.currentWidget() is not self.file_page:
            super().go_on()
            return
        self._passphrase = self.file_page.passphrase.text()
        title = self.tr("Read the backup {0}").format(self.file_page.path.name)
        self.file_page.reading = True
        reading = self._session.tasks.start_hidden(title, self._read(), owner=self)
        reading.add_done_callback(self._was_read)

    async def _read(self) -> None:
        """Read the contents of the file; a problem is shown beside its field."""
        try:
            backup = await contents(
                self._session.client,
                self.file_page.path,
                self._passphrase,
                salvage=self.file_page.salvage.isChecked(),
            )
            offers = await ask_offers(self._session)
        except (Mgmt1Error, TransportError) as error:
            self.file_page.refused(error)
            return
        self.file_page.forget()
        self._offers = offers
        self.model.put(backup.qubes, self._here(), backup.dom0 or (), backup.home, backup.made)
        self.qubes_page.foreign.setVisible(not backup.ours)
        self.qubes_page.put_unreadable(backup.unreadable)
        self.summary_page.put(offers)
        if self.file_page.verify_only.isChecked():
            self._start(self.model.plan("", verify_only=True))
        else:
            super().go_on()

    def _was_read(self, _task: object) -> None:
        if not sip.isdeleted(self):  # it may have been closed meanwhile
            self.file_page.reading = False

    def _plan(self) -> RestorePlan:
        plan = self.model.plan(self.summary_page.wanted_pool, devices=self.summary_page.devices.isChecked())
        home = NEW_HOME if self.summary_page.home.isChecked() else ""
        return replace(plan, dom0=self.summary_page.words(), home=home)

    def _start(self, plan: RestorePlan) -> None:
        names = plan.include or tuple(row.stored.name for row in self.model.rows if row.possible)
        names = tuple(name for name in names if name not in plan.exclude)
        if plan.home or (plan.verify_only and self.model.home is not None):
            names = (DOM0, *names)
        plan = replace(plan, salvage=self.file_page.salvage.isChecked())
        run = RestoreRun(self._session, self.file_page.path, plan, names)
        run.start(self._passphrase)
        self._follow(run)

    def _leave_run(self) -> None:
        """From a restore that failed back to the pages, which are as they were."""
        run, self.run = self.run, None
        if run is not None:
            self.leave_run(self.run_page, 0 if run.plan.verify_only else len(self.pages) - 1)
            self.model.put_here(self._here())

    def _retry(self) -> None:
        if (run := self.run) is not None:
            self._leave_run()
            self._start(run.plan)

    def _forget_when_done(self) -> None:
        """The passphrase is kept only for another try."""
        if self.run is None or not self.run.has_failed:
            self._passphrase = ""

    def _follow(self, run: RestoreRun) -> None:
        self.run = run
        run.ended.connect(self._forget_when_done)
        self.run_page.put(run, may_retry=bool(self.pages))
        self.show_run(self.run_page, self.tr("Verify") if run.plan.verify_only else self.tr("Restore"))

    def _here(self) -> Here:
        return Here(dict(self._session.records), self._offers.system, self._offers.pools)

    def _put(self, _values: tuple[object, ...]) -> None:
        """A name may have been taken, a template may be gone."""
        if self.model.rows and self.run is None:
            self.model.put_here(self._here())

    # Qt overrides

    def done(self, result: int) -> None:
        self._passphrase = ""
        super().done(result)


def open_restore(session: Session, _names: tuple[str, ...]) -> QWidget:
    return RestoreWizard(session)
