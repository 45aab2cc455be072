# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore qubes in four steps: the file, its qubes, what will happen, and what became of it.

The passphrase is in its field until the backup has been opened with it, and in this object until the run has it.
"""

import asyncio

from PyQt5 import sip
from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt
from PyQt5.QtGui import QCloseEvent, QKeyEvent
from PyQt5.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from qubesmanager.client.restores import RestorePlan, contents
from qubesmanager.models.restore_draft import Here
from qubesmanager.models.restore_table import RestoreTable
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.backup.file_page import FilePage
from qubesmanager.ui.backup.qubes_page import QubesPage
from qubesmanager.ui.backup.restore_run import RestoreRun, current_run
from qubesmanager.ui.backup.run_page import RunPage
from qubesmanager.ui.backup.summary_page import SummaryPage
from qubesmanager.ui.create_dialog import ask_offers
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.prompts import plain_label, subdue
from qubesmanager.ui.session import Session
from qubesmanager.wire.errors import Mgmt1Error

FILE, QUBES, SUMMARY, RUN = range(4)
_TITLES = (
    QT_TRANSLATE_NOOP("RestoreWizard", "The backup"),
    QT_TRANSLATE_NOOP("RestoreWizard", "Its qubes"),
    QT_TRANSLATE_NOOP("RestoreWizard", "What will happen"),
    QT_TRANSLATE_NOOP("RestoreWizard", "Restore"),
)


class RestoreWizard(QWidget):
    """A window of its own; what it has started goes on without it."""

    def __init__(self, session: Session) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._session = session
        self._passphrase = ""
        self._system: dict[str, str] = {}
        self._reading: asyncio.Task[None] | None = None
        self.run: RestoreRun | None = None
        self.setWindowTitle(self.tr("Restore qubes"))
        self.model = RestoreTable(lambda label: label_icon(session.color_of(label)), self)
        self.file_page = FilePage(self)
        self.qubes_page = QubesPage(self.model, self)
        self.summary_page = SummaryPage(self.model, self)
        self.run_page = RunPage(self)
        self.pages = QStackedWidget(self)
        for page in (self.file_page, self.qubes_page, self.summary_page, self.run_page):
            self.pages.addWidget(page)
        self.headline = plain_label("", self)
        font = self.headline.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.3)
        self.headline.setFont(font)
        self.steps = plain_label("", self)
        subdue(self.steps)
        self.back = QPushButton(self.tr("« &Back"), self)
        self.next = QPushButton(self)
        self.next.setObjectName("yes")
        self.next.setDefault(True)
        self.leave = QPushButton(self)
        self.leave.setAutoDefault(False)
        self.stop = QPushButton(self.tr("&Cancel the restore"), self)
        self.stop.setAutoDefault(False)
        self._lay_out()
        self.back.clicked.connect(self._go_back)
        self.next.clicked.connect(self._go_on)
        self.leave.clicked.connect(self._leave)
        self.stop.clicked.connect(self._stop_wanted)
        self.file_page.changed.connect(self._refresh)
        self.summary_page.changed.connect(self._refresh)
        self.model.changed.connect(self._refresh)
        session.put.connect(self._put)
        session.gone.connect(self._put)
        self.resize(1080, 600)
        if (run := current_run(session)) is not None:
            self._follow(run)
        else:
            self._show(FILE)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.headline, 1)
        self.steps.setWordWrap(False)
        top.addWidget(self.steps)
        foot = QHBoxLayout()
        foot.addWidget(self.stop)
        foot.addStretch(1)
        for button in (self.back, self.next, self.leave):
            foot.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addSpacing(6)
        layout.addWidget(self.pages, 1)
        layout.addLayout(foot)

    # -- from page to page --------------------------------------------------------------------------------------------

    def _show(self, page: int) -> None:
        self.pages.setCurrentIndex(page)
        first = (self.file_page.file, self.qubes_page.table, self.summary_page.pool, self.leave)[page]
        first.setFocus(Qt.FocusReason.OtherFocusReason)
        self._refresh()

    def _go_back(self) -> None:
        self._show(self.pages.currentIndex() - 1)

    def _go_on(self) -> None:
        page = self.pages.currentIndex()
        if page == FILE:
            self._passphrase = self.file_page.passphrase.text()
            title = self.tr("Read the backup {0}").format(self.file_page.path.name)
            self._reading = self._session.tasks.start_hidden(title, self._read(), owner=self)
            self._reading.add_done_callback(self._was_read)
            self._refresh()
        elif page == QUBES:
            self._show(SUMMARY)
        elif page == SUMMARY:
            self._start(self.model.plan(self.summary_page.wanted_pool))

    async def _read(self) -> None:
        """What the file holds; what is wrong with it is said beside its field."""
        try:
            held = await contents(self._session.client, self.file_page.path, self._passphrase)
            offers = await ask_offers(self._session)
        except (Mgmt1Error, TransportError) as error:
            self.file_page.refused(error)
            return
        self.file_page.wipe()
        self._system = offers.system
        self.model.put(held.qubes, self._here())
        self.qubes_page.foreign.setVisible(not held.ours)
        self.summary_page.put(offers)
        if self.file_page.verify_only.isChecked():
            self._start(self.model.plan("", verify_only=True))
        else:
            self._show(QUBES)

    def _was_read(self, _task: object) -> None:
        if sip.isdeleted(self):
            return  # closed meanwhile
        self._reading = None
        self._refresh()

    def _start(self, plan: RestorePlan) -> None:
        names = plan.include or tuple(row.held.name for row in self.model.rows if row.possible)
        run = RestoreRun(self._session, self.file_page.path, plan, names)
        run.start(self._passphrase)
        self._passphrase = ""
        self._follow(run)

    def _follow(self, run: RestoreRun) -> None:
        self.run = run
        run.ended.connect(self._refresh)
        self.run_page.put(run)
        self._show(RUN)

    def _leave(self) -> None:
        self.close()

    def _stop_wanted(self) -> None:
        if self.run is not None:
            self.run.cancel()

    # -- what can be done now -----------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        page = self.pages.currentIndex()
        verifying = self.file_page.verify_only.isChecked() or (self.run is not None and self.run.plan.verify_only)
        self.headline.setText(QCoreApplication.translate("RestoreWizard", _TITLES[page]))
        if page == RUN and verifying:
            self.headline.setText(self.tr("Verify"))
        self.steps.setText(self.tr("Step {0} of {1}").format(page + 1, len(_TITLES)) if page != RUN else "")
        over = self.run is not None and self.run.is_over
        self.back.setVisible(page in {QUBES, SUMMARY})
        self.stop.setVisible(page == RUN and not over)
        self.next.setVisible(page != RUN)
        texts = (self.tr("&Verify") if verifying else self.tr("&Next »"), self.tr("&Next »"), self.tr("&Restore"))
        if page != RUN:
            self.next.setText(self.tr("Reading…") if self._reading else texts[page])
        self.next.setEnabled(self._can_go_on(page))
        leave = self.tr("Lea&ve it running") if page == RUN and not over else self.tr("Close")
        self.leave.setText(self.tr("Cancel") if page != RUN else leave)
        self.leave.setToolTip(self.tr("It goes on, and is in the list of tasks.") if page == RUN and not over else "")

    def _can_go_on(self, page: int) -> bool:
        if self._reading is not None:
            return False
        if page == FILE:
            return self.file_page.is_filled
        return self.model.is_ready and (page != SUMMARY or self.summary_page.fits)

    def _here(self) -> Here:
        return Here(dict(self._session.records), self._system)

    def _put(self, _told: tuple[object, ...]) -> None:
        """A name may have been taken, a template may be gone."""
        if self.pages.currentIndex() in {QUBES, SUMMARY}:
            self.model.put_here(self._here())

    # Qt overrides

    def closeEvent(self, event: QCloseEvent | None) -> None:
        self.file_page.wipe()
        self._passphrase = ""
        super().closeEvent(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event is not None and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            held = self.focusWidget()
            (held if isinstance(held, QPushButton) else self.next).click()
        else:
            super().keyPressEvent(event)


def open_restore(session: Session, _names: tuple[str, ...]) -> QWidget:
    return RestoreWizard(session)
