# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a qube as a task of a window, which shows how far it is."""

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.client.new_qube import make
from qubesmanager.plans.new_qube import NewQube
from qubesmanager.plans.plan import Step
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import report

COPYING = QT_TRANSLATE_NOOP("NewQube", "Copying volumes")
STARTING = QT_TRANSLATE_NOOP("NewQube", "Starting")


async def make_qube(session: Session, new: NewQube) -> None:
    """Make the qube. Raises as `client.new_qube.make`."""

    def begins(step: Step) -> None:
        if step is new.make:
            report(None, QCoreApplication.translate("NewQube", COPYING))
        elif step is new.start:
            report(None, QCoreApplication.translate("NewQube", STARTING))
        else:
            report(100 * (new.further.index(step) + 1) // (len(new.further) + 1), step.key[1])

    await make(session.client, new, begins, existed=new.name in session.records)
