# SPDX-License-Identifier: GPL-3.0-or-later
"""The advanced page of one qube: its fields, memory balancing as a tick, and the kernels that there are."""

from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QWidget

from qubesmanager.models.draft import Draft
from qubesmanager.plans.plan import PROPERTY
from qubesmanager.rules.volumes import KERNEL_DRIVER
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.forms.form_page import FormPage
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.settings.fields import ADVANCED
from qubesmanager.ui.settings.memory import Balancing
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0


class AdvancedPage(FormPage):
    """The kernels are asked for once the page is seen."""

    def __init__(self, draft: Draft, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(ADVANCED, draft, session.facts, session.labels, parent)
        self._session = session
        self._asked = False
        self.balancing = Balancing(draft, self)
        self.add_below("maxmem", self.balancing)

    async def _ask_kernels(self) -> None:
        """The volumes of dom0's pool of kernels; without it the kernels of other qubes are offered."""
        try:
            kernels = await self._session.client.send(calls.POOL_VOLUME_LIST(DOM0, KERNEL_DRIVER))
        except (Mgmt1Error, TransportError):
            return
        self.editors[PROPERTY, "kernel"].offer(kernels)

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        if not self._asked and (PROPERTY, "kernel") in self.editors:
            self._asked = True
            self._session.tasks.start_hidden(self.tr("List the kernels"), self._ask_kernels(), owner=self)
