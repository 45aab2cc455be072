# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy files of dom0, the edits, and what is known of them: checked again, in a thread, after each change."""

import asyncio

from PyQt5.QtCore import QObject, pyqtSignal

from qubesmanager.models.policy_draft import PolicyDraft
from qubesmanager.policy.checks import Checks, check
from qubesmanager.policy.reading import Reader
from qubesmanager.policy.records import system_info
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.soon import Soon
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0

PAUSE = 150
"""Milliseconds that edits and changes of qubes are gathered for before they are checked."""


class PolicyWatch(QObject):
    """Signals: `checked()`: `checks` is another; `asked()`: dom0 has answered, or `problem` says why not."""

    checked = pyqtSignal()
    asked = pyqtSignal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.draft = PolicyDraft(self)
        self.checks: Checks | None = None
        self.problem = ""
        """Why the files could not be read; empty if they were."""
        self.path = ""
        self._reader = Reader()
        self._is_asking = False
        self._is_checking = False
        self._again = False
        self._later = Soon(PAUSE, self._check_now, self)
        self.draft.changed.connect(self.check)
        session.put.connect(self._qubes_changed)
        session.gone.connect(self._qubes_changed)
        session.synced.connect(self.ask)
        self.ask()

    def ask(self) -> None:
        """Read the files of dom0, unless that is going on."""
        if not self._is_asking and not self._session.tasks.closing:
            self._is_asking = True
            self._session.tasks.start_hidden(self.tr("Load the policy"), self._ask(), owner=self)

    async def _ask(self) -> None:
        try:
            files = await self._session.client.send(calls.POLICY_GET_ALL(DOM0))
        except (Mgmt1Error, TransportError) as error:
            self.problem = error_text(error)
        else:
            self.problem = ""
            self.draft.load(files)
        finally:
            self._is_asking = False
        self.asked.emit()

    def show(self, path: str) -> None:
        """Check the lines of this file, too."""
        self.path = path
        self.check()

    def check(self) -> None:
        """Check soon."""
        self._later.ask()

    @property
    def is_current(self) -> bool:
        """Whether `checks` is about the files and edits that there are now."""
        checks = self.checks
        return checks is not None and checks.edition is self.draft.edition and checks.path == self.path

    def _qubes_changed(self, _what: object) -> None:
        self.check()

    def _check_now(self) -> None:
        if not self.draft.is_known or self._session.tasks.closing:
            return
        if self._is_checking:
            self._again = True
            return
        self._is_checking = True
        self._session.tasks.start_hidden(self.tr("Check the policy"), self._check(), owner=self)

    async def _check(self) -> None:
        try:
            info = system_info(self._session.records.values())
            draft = self.draft
            self.checks = await asyncio.to_thread(check, draft.base, draft.edition, info, self.path, self._reader)
        finally:
            self._is_checking = False
        self.checked.emit()
        if self._again:
            self._again = False
            self.check()
