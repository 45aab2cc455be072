# SPDX-License-Identifier: GPL-3.0-or-later
"""One request as a task whose refusal is shown where it was asked for."""

from collections.abc import Callable
from typing import Any

from PyQt5 import sip
from PyQt5.QtCore import QCoreApplication
from PyQt5.QtWidgets import QLabel

from qubesmanager.transport.base import TransportError
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import ToldError
from qubesmanager.wire.call import Request
from qubesmanager.wire.errors import Mgmt1Error

Do = Callable[[str, Request[Any]], None]
"""Sends a request as a task of this title."""


def sender(session: Session, notice: QLabel) -> Do:
    """A `Do` that says in the label, which is hidden otherwise, what was refused."""

    async def send(title: str, request: Request[Any]) -> None:
        notice.hide()
        try:
            await session.client.send(request)
        except (Mgmt1Error, TransportError) as error:
            if sip.isdeleted(notice):
                raise  # its window is closed: the main one says it
            why = error_text(error)
            notice.setText(QCoreApplication.translate("Sending", "{0}: {1}").format(title, why))
            notice.show()
            raise ToldError(why) from error

    def do(title: str, request: Request[Any]) -> None:
        session.tasks.start(title, send(title, request))

    return do
