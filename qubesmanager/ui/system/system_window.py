# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the whole system: its properties, sent as one plan; its labels, changed at once."""

from PyQt5.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from qubesmanager.client.carry_out import Outcome, send_steps
from qubesmanager.models.property_titles import property_title
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.system_draft import SystemDraft
from qubesmanager.plans.plan import PROPERTY
from qubesmanager.rules.volumes import KERNEL_DRIVER
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.forms.apply_bar import ApplyBar
from qubesmanager.ui.forms.form_page import FormPage
from qubesmanager.ui.forms.merge_bar import MergeBar
from qubesmanager.ui.forms.property_helps import help_text
from qubesmanager.ui.forms.unsaved_edits import EditsWindow
from qubesmanager.ui.session.request_task import sender
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.system.fields import system_fields
from qubesmanager.ui.system.labels_page import LabelsPage
from qubesmanager.ui.widgets.disabled import disabled
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.page_keys import page_keys
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.names import DOM0


class SystemWindow(EditsWindow):
    """Two pages. The first is empty until the daemon has listed the properties."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.draft: SystemDraft | None = None
        self.form: FormPage | None = None
        self.merges: MergeBar | None = None
        self.setWindowTitle(self.tr("System-wide settings"))
        self.notice = plain_label("", self)
        self.notice.hide()
        self.first = QWidget(self)
        self._place = QVBoxLayout(self.first)
        self._place.setContentsMargins(0, 0, 0, 0)
        self.labels = LabelsPage(session, sender(session, self.notice), self)
        self.pages: dict[str, QWidget] = {"properties": self.first, "labels": self.labels}
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        page_keys(self.tabs, self)
        self.tabs.addTab(self.first, self.tr("Properties"))
        self.tabs.addTab(self.labels, self.tr("Labels"))
        self.foot = ApplyBar(self)
        self.foot.apply.connect(self._apply_wanted)
        self.foot.leave.connect(self.try_to_close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.notice)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.foot)
        resize_in_units(self, 200, 175)
        session.tasks.start_hidden(self.tr("Load the system-wide settings"), self._fill(), owner=self)

    async def _fill(self) -> None:
        client = self._session.client
        rows = await client.send(calls.PROPERTY_GET_ALL(DOM0))
        there = await client.send(calls.POOL_LIST(DOM0))
        pools = [pool for pool in there if pool != KERNEL_DRIVER]
        kernels = await client.send(calls.POOL_VOLUME_LIST(DOM0, KERNEL_DRIVER)) if KERNEL_DRIVER in there else []
        self.draft = SystemDraft(rows, self)
        self._session.happened.connect(self._happened)
        self._session.synced.connect(self._ask_again)
        self.draft.changed.connect(self._refresh)
        fields = system_fields(rows, pools)
        self.form = FormPage(fields, self.draft, self._session.facts, self._session.labels, self.first)
        self.merges = MergeBar(self.draft, self._session, self.first)
        self.merges.changed.connect(self._refresh)
        self._place.addWidget(self.merges)
        self._place.addWidget(self.form)
        if (kernel := self.form.editors.get((PROPERTY, "default_kernel"))) is not None:
            kernel.offer(kernels)
        for key, editor in self.form.editors.items():
            try:
                text = await client.send(calls.PROPERTY_HELP(DOM0, key[1]))
            except (Mgmt1Error, TransportError):
                return  # an explanation less; whatever is wrong shows when something is sent
            editor.explain(help_text(text))

    def _ask_again(self) -> None:
        self._session.tasks.start_hidden(self.tr("Load the system-wide settings"), self._merge(), owner=self)

    async def _merge(self) -> None:
        rows = await self._session.client.send(calls.PROPERTY_GET_ALL(DOM0))
        if self.draft is not None:
            self.draft.merge(SystemDraft(rows).record)

    def _happened(self, events: tuple[Event, ...]) -> None:
        if self.draft is not None:
            self.draft.apply_events(events)

    # -- applying -----------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        if self.draft is None or self.merges is None:
            self.foot.put(())
            return
        refused = next(iter(self.draft.problems(self._session.facts).values()), None)
        problem = self.merges.problem() or (reason_text(refused) if refused else "")
        self.foot.put(self.draft.steps(), problem=problem)

    def _apply_wanted(self, leave: bool) -> None:  # noqa: FBT001 - a signal brings it
        self._session.tasks.start(self.tr("Apply the system-wide settings"), self._apply(leave=leave), owner=self)

    async def _apply(self, *, leave: bool) -> None:
        if self.draft is None:
            return
        self.notice.hide()
        self.draft.sending = True
        try:
            with disabled(self.foot):
                outcome = await send_steps(self._session.client, self.draft.steps())
        finally:
            self.draft.sending = False
        if outcome.failed is not None:
            self._refused(outcome)
        elif leave:
            self.leave()

    def _refused(self, outcome: Outcome) -> None:
        if outcome.failed is None or self.form is None:
            return
        self.tabs.setCurrentWidget(self.first)
        self.form.refuse(outcome.failed.key, str(outcome.error))
        title = property_title(outcome.failed.key[1], of_system=True)
        text = self.tr("{0} was refused: {1}").format(title, outcome.error)
        if outcome.sent:
            text += " " + self.tr("%n change(s) before it were made and stay.", None, len(outcome.sent))
        self.notice.setText(text)
        self.notice.show()

    def has_edits(self) -> bool:
        return self.draft is not None and self.draft.dirty

    def show_page(self, page: str) -> None:
        """Bring the page of this name to the front."""
        if page in self.pages:
            self.tabs.setCurrentWidget(self.pages[page])


def open_system(session: Session, _names: tuple[str, ...]) -> SystemWindow:
    """Open the window; it is about no qube."""
    return SystemWindow(session)
