# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions of the policy that the daemon asks: shown one after the other, answered, and taken away when over."""

import asyncio
from contextlib import aclosing

from PyQt5.QtCore import QObject
from PyQt5.QtWidgets import QDialog

from qubesmanager.client.live_copy import FIRST_PAUSE, LONGEST_PAUSE
from qubesmanager.transport.base import RefusedError, TransportError
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.tray.policy_question import PolicyQuestionDialog
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied, QubesNotImplementedError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import POLICY_QUESTION, POLICY_QUESTION_OVER, PolicyQuestion
from qubesmanager.wire.names import DOM0


class PolicyQuestions(QObject):
    """While it follows, calls about which a line of the policy asks wait for the user; otherwise they are denied."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._waiting: dict[int, PolicyQuestion] = {}
        self.dialog: PolicyQuestionDialog | None = None

    def follow(self) -> None:
        """Start following; ends with the tasks of the session."""
        self._session.tasks.start_hidden(self.tr("Follow the questions of the policy"), self._follow())

    def close(self) -> None:
        """Take the dialog away; the daemon denies what it asked when the time is over."""
        self._waiting.clear()
        self._take_away()

    async def _follow(self) -> None:
        """A connection that may not ask, such as that of a management qube, shows no questions."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with aclosing(self._session.client.events(calls.POLICY_QUESTIONS(DOM0))) as stream:
                    async for batch in stream:
                        pause = FIRST_PAUSE
                        for event in batch:
                            self._take(event)
            except (QubesNotImplementedError, PermissionDenied, RefusedError):
                return
            except (TransportError, Mgmt1Error):
                self.close()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _take(self, event: Event) -> None:
        if (question := POLICY_QUESTION.of(event)) is not None:
            self._waiting[question.question] = question
        elif (over := POLICY_QUESTION_OVER.of(event)) is not None:
            self._waiting.pop(over.question, None)
            if self.dialog is not None and self.dialog.question.question == over.question:
                self._take_away()
        self._show_next()

    def _show_next(self) -> None:
        if self.dialog is None and self._waiting:
            self.dialog = PolicyQuestionDialog(next(iter(self._waiting.values())))
            self.dialog.finished.connect(self._answered)
            self.dialog.show()

    def _answered(self, result: int) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        ident = dialog.question.question
        self._waiting.pop(ident, None)
        options = {"question": str(ident)}
        if result == QDialog.DialogCode.Accepted:
            options["target"] = dialog.choice
        self._take_away()
        title = self.tr("Answer a question of the policy")
        self._session.tasks.start_hidden(title, self._session.client.send(calls.POLICY_ANSWER(DOM0, payload=options)))
        self._show_next()

    def _take_away(self) -> None:
        """Close the dialog without an answer."""
        if self.dialog is not None:
            self.dialog.finished.disconnect(self._answered)
            self.dialog.close()
            self.dialog.deleteLater()
            self.dialog = None
