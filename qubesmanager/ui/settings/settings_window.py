# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of one qube: pages over one draft, sent as one plan, stopped at the first refusal.

It opens from what the session knows already; the firewall's rules and the labels are the two calls it makes.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from PyQt5.QtCore import QSize
from PyQt5.QtWidgets import QVBoxLayout

from qubesmanager.client.carry_out import Outcome, send_steps
from qubesmanager.models.draft import Draft
from qubesmanager.models.feature_table import SERVICE
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import number_text
from qubesmanager.plans.plan import DEVICE, FEATURE, NOTES, PROPERTY, RULES, TAG, VOLUME, Key, Plan
from qubesmanager.plans.settings import RULES_KEY, settings_plan
from qubesmanager.rules.edits import why_not_edit
from qubesmanager.rules.inheritance import templates
from qubesmanager.rules.qubes_os import why_not_notes
from qubesmanager.rules.stepwise import Steps
from qubesmanager.ui.actions.carrying import offer_undo
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.actions.plan_dialog import Make, PlanDialog
from qubesmanager.ui.forms.apply_bar import ApplyBar
from qubesmanager.ui.forms.change_rows import ChangeRow, change_rows
from qubesmanager.ui.forms.form_page import FormPage
from qubesmanager.ui.forms.merge_bar import MergeBar, key_text
from qubesmanager.ui.forms.unsaved_edits import EditsWindow
from qubesmanager.ui.forms.volume_size_row import VolumeSizeRow
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.settings.advanced_page import AdvancedPage
from qubesmanager.ui.settings.devices_page import DevicesPage
from qubesmanager.ui.settings.fields import ADVANCED, BASIC, field_of
from qubesmanager.ui.settings.firewall_page import FirewallPage
from qubesmanager.ui.settings.identity import Identity
from qubesmanager.ui.settings.notes_page import NotesPage
from qubesmanager.ui.settings.properties_page import PropertiesPage
from qubesmanager.ui.settings.qube_head import QubeHead
from qubesmanager.ui.settings.services_page import ServicesPage
from qubesmanager.ui.settings.tags_page import TagsPage
from qubesmanager.ui.settings.volumes_page import VolumesPage
from qubesmanager.ui.widgets.disabled import disabled
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.page_keys import page_keys
from qubesmanager.ui.widgets.screens import fitting
from qubesmanager.ui.widgets.side_pages import FAULT_BADGE, SidePages
from qubesmanager.wire import calls
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import FIREWALL_CHANGED
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

Page = FormPage | FirewallPage | DevicesPage | VolumesPage | ServicesPage | TagsPage | PropertiesPage | NotesPage
"""A page of the window. Its `refuse(key, reason)` shows why a change was refused if the key is on the page."""

_ICONS = {
    "basic": "qube",
    "advanced": "settings",
    "firewall": "firewall",
    "devices": "devices",
    "volumes": "storage",
    "services": "tasks",
    "tags": "tag",
    "properties": "log",
    "notes": "notes",
}
_PAGES = {RULES: "firewall", DEVICE: "devices", VOLUME: "volumes", FEATURE: "tags", TAG: "tags", NOTES: "notes"}
"""The page where keys of a kind are edited that are on none of the first two."""

_ADVANCED = frozenset(field.name for field in ADVANCED)
_NOT_OF_DOM0 = ("firewall", "devices", "volumes")


class SettingsWindow(EditsWindow):
    """The window is not modal: the settings of several qubes can be open at once."""

    def __init__(self, session: Session, name: str, labels: Mapping[str, str], page: str = "") -> None:
        super().__init__(session)
        self._name = name
        self._lost = False
        self._labels = labels
        self.draft = Draft(session.records[name], self)
        self.setWindowTitle(self.tr("Settings of {0}").format(name))
        self._operations = Operations(session, self)
        self.head = QubeHead(session, self._operations, self)
        self.headline = self.head.title
        self.notice = plain_label("", self)
        self.notice.hide()
        self.merges = MergeBar(self.draft, session, self)
        records = session.records
        self._basic = basic = FormPage(BASIC, self.draft, session.facts, labels, self)
        kept = {volume.name for volume in self.draft.record.volumes if volume.save_on_stop}
        for volume, title in (("private", self.tr("&Private storage")), ("root", self.tr("Syste&m storage"))):
            if volume in kept:
                basic.add_size(VolumeSizeRow(volume, self.draft, basic), title)
        self.identity = Identity(basic, self.draft, session, self._operations)
        makers: dict[str, Callable[[], Page]] = {
            "basic": lambda: basic,
            "advanced": lambda: AdvancedPage(self.draft, session, self),
            "firewall": lambda: FirewallPage(self.draft, session.tasks, records, self),
            "devices": lambda: DevicesPage(self.draft, session, self),
            "volumes": lambda: VolumesPage(self.draft, session, self),
            "services": lambda: ServicesPage(self.draft, records, self),
            "tags": lambda: TagsPage(self.draft, records, self),
            "properties": lambda: PropertiesPage(
                self.draft, session.client, session.tasks, session.facts, labels, self
            ),
            "notes": lambda: NotesPage(self.draft, why_not_notes(session.facts, self.draft.record), self),
        }
        if self.draft.record.klass in {VmClass.ADMIN, VmClass.REMOTE}:
            for left_out in _NOT_OF_DOM0:
                del makers[left_out]
            self._disable_fixed(basic)
        titles = {
            "basic": self.tr("Basic"),
            "advanced": self.tr("Advanced"),
            "firewall": self.tr("Firewall"),
            "devices": self.tr("Devices"),
            "volumes": self.tr("Volumes"),
            "services": self.tr("Services"),
            "tags": self.tr("Features and tags"),
            "properties": self.tr("All properties"),
            "notes": self.tr("Notes"),
        }
        self._titles = titles
        self.tabs: SidePages[Page] = SidePages(self)
        self.pages = self.tabs.pages
        page_keys(self.tabs, self)
        for key, make in makers.items():
            self.tabs.add(key, make, titles[key], _ICONS[key])
        next(editor for editor in basic.editors.values() if editor.isEnabled()).setFocus()
        self.show_page(page)
        self.foot = ApplyBar(self)
        self.preview, self.show_preview = self.foot.preview, self.foot.show_preview
        self.button = self.foot.button
        self.foot.apply.connect(self._apply_wanted)
        self.foot.leave.connect(self.try_to_close)
        self.foot.take_back.connect(self.draft.discard)
        self.foot.show_fault.connect(self._show_fault)
        self._lay_out()
        self.draft.changed.connect(self._refresh)
        self.merges.changed.connect(self._refresh)
        session.synced.connect(self._resynced)
        session.put.connect(self._put)
        session.gone.connect(self._gone)
        session.happened.connect(self._happened)
        unit = self.fontMetrics().height() // 4
        self.resize(fitting(QSize(225 * unit, 180 * unit)))
        self._refresh()
        if "firewall" in self.pages:
            session.tasks.start_hidden(self.tr("Load firewall rules"), self._ask_rules(), owner=self)

    def _disable_fixed(self, basic: FormPage) -> None:
        """Disable the fields that never change for this class."""
        for (_kind, name), editor in basic.editors.items():
            if why := why_not_edit(self._session.facts, self.draft.record, name):
                editor.setEnabled(False)
                editor.setToolTip(reason_text(why))

    def show_page(self, page: str) -> None:
        """Bring the page of this name (as `--page` takes it) to the front."""
        if page in self.pages:
            self.tabs.show_page(page)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.addWidget(self.head)
        layout.addWidget(self.notice)
        layout.addWidget(self.merges)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.foot)

    # -- updates ------------------------------------------------------------------------------------------------------

    def _put(self, records: tuple[VmRecord, ...]) -> None:
        uuid = self.draft.record.value("uuid")
        above = {template.name for template in templates(self.draft.shown("template"), self._session.records)}
        if any(record.name in above for record in records):
            self.draft.changed.emit()  # what it inherits may be different
        for record in records:
            if record.name == self._name:
                self.draft.merge(record)
            elif self._lost and uuid and record.value("uuid") == uuid:
                self._follow_to(record)

    def _gone(self, names: tuple[str, ...]) -> None:
        if self._name not in names or self._name in self._session.records:
            return
        # A qube that is renamed goes under its old name and comes under the new one.
        self._lost = True
        self._show_notice(self.tr("This qube is gone."))
        self.tabs.setEnabled(False)
        self.merges.end(is_over=True)
        self._refresh()
        self._put(tuple(self._session.records.values()))

    def _follow_to(self, record: VmRecord) -> None:
        self._name, self._lost = record.name, False
        self.notice.hide()
        self.tabs.setEnabled(True)
        self.merges.end(is_over=False)
        self.setWindowTitle(self.tr("Settings of {0}").format(record.name))
        self.draft.merge(record)
        self.draft.edit((PROPERTY, "name"), None)

    def _happened(self, events: tuple[Event, ...]) -> None:
        rules = "firewall" in self.pages
        if rules and any(event.subject == self._name and FIREWALL_CHANGED.matches(event) for event in events):
            self._session.tasks.start_hidden(self.tr("Load firewall rules"), self._ask_rules(), owner=self)

    def _resynced(self) -> None:
        """The rules may have changed while there was no connection."""
        if "firewall" in self.pages and not self._lost:
            self._session.tasks.start_hidden(self.tr("Load firewall rules"), self._ask_rules(), owner=self)

    async def _ask_rules(self) -> None:
        rules = await self._session.client.send(calls.VM_FIREWALL_GET(self._name))
        self.draft.merge_rules(rules)

    # -- applying -----------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        label = self.draft.shown("label")
        self.head.show_qube(self.draft.record, label, self._labels.get(label, "0x000000"))
        if self._lost:
            self.foot.put((), problem=self.tr("This qube is gone."))
            return
        rows = change_rows(self.draft, self._session.facts, lambda name: field_of(name, ""))
        fault = next((row for row in rows if row.is_fault), None)
        self.tabs.put_badges(self._badges(rows))
        problem = self.merges.problem()
        if not problem and fault is not None:
            page = self._titles[self._page_of(fault.key)]
            problem = self.tr("{0}, {1}: {2}").format(page, fault.name, fault.when)
            self.foot.put(self.draft.steps(), problem=problem, changes=rows, can_jump=True)
        else:
            self.foot.put(self.draft.steps(), problem=problem, changes=rows)

    def _badges(self, rows: Sequence[ChangeRow]) -> dict[str, tuple[str, bool]]:
        """How much is edited on each page, or that something there has a fault; the page need not be made yet."""
        edited = Counter(self._page_of(row.key) for row in rows)
        faulty = {self._page_of(row.key) for row in rows if row.is_fault}
        return {
            page: (FAULT_BADGE, True) if page in faulty else (number_text(number), False)
            for page, number in edited.items()
        }

    def _page_of(self, key: Key) -> str:
        """The page where something is edited."""
        if self._basic.has(key):
            return "basic"
        if key[0] == PROPERTY and key[1] in _ADVANCED:
            return "advanced"
        if key[0] == FEATURE and key[1].startswith(SERVICE):
            return "services"
        return _PAGES.get(key[0], "properties")

    def _show_fault(self) -> None:
        """Go to the first field that has a fault."""
        fault = next((row for row in self.foot.changes.rows if row.is_fault), None)
        if fault is None:
            return
        name = self._page_of(fault.key)
        self.tabs.show_page(name)
        page = self.pages[name]
        if isinstance(page, FormPage):
            page.show_field(fault.key)
        elif isinstance(page, PropertiesPage):
            page.select(fault.key[1])

    def _apply_wanted(self, leave: bool) -> None:  # noqa: FBT001 - a signal brings it
        name = self._name

        def make(left_out: frozenset[str], _choice: str = "") -> Steps[Plan]:
            return settings_plan.steps(self._session.facts_now(), {name: self.draft.steps()}, left_out)

        def work() -> Steps[None]:
            plan = yield from make(frozenset())
            if plan.needs_showing:
                self._session.tasks.start_hidden(self.tr("Apply"), self._show(make, leave=leave), owner=self)
            else:
                self._start(plan, leave=leave)

        self._operations.turns.put("apply", work, later=self._session.is_large)

    async def _show(self, make: Make, *, leave: bool) -> None:
        """Show what the edits take from this qube or from others, and apply them if the user still wants that."""
        dialog = PlanDialog(self, self._session, make)
        if await dialog.asked():
            self._start(dialog.plan, leave=leave)

    def _start(self, plan: Plan, *, leave: bool) -> None:
        title = self.tr("Apply the settings of {0}").format(self._name)
        self._session.tasks.start(title, self._apply(plan, leave=leave), owner=self)

    async def _apply(self, plan: Plan, *, leave: bool) -> None:
        self.notice.hide()
        self.draft.sending = True
        try:
            with disabled(self.foot):
                outcome = await send_steps(self._session.client, self.draft.start_clocks(plan.steps, time.time()))
                if self.draft.is_edited(RULES_KEY):
                    await self._ask_rules()
        finally:
            self.draft.sending = False
        if outcome.failed is None:
            if plan.needs_showing:
                offer_undo(self._session.undoable, plan, frozenset(row.key for row in plan.changes))
            if leave:
                self.leave()
            return
        self._refused(outcome)

    def _refused(self, outcome: Outcome) -> None:
        if outcome.failed is None:
            return
        why = error_text(outcome.error) if outcome.error else ""
        key = outcome.failed.key
        # The page in front may show the key, too, and then stays there.
        for page in (self.tabs.current(), self._page_of(key)):
            if self.pages[page].refuse(key, why):
                self.tabs.show_page(page)
                break
        done = len(outcome.sent)
        text = self.tr("{0} was refused: {1}").format(key_text(key), why)
        if done:
            text += " " + self.tr("%n change(s) before it were made and stay.", None, done)
        self._show_notice(text)

    def _show_notice(self, text: str) -> None:
        self.notice.setText(text)
        self.notice.show()

    def has_edits(self) -> bool:
        return self.draft.dirty and not self._lost

    def question(self) -> str:
        return self.tr("Leave without applying the changes to {0}?").format(self._name)
