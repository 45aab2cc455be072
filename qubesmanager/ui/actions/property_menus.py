# SPDX-License-Identifier: GPL-3.0-or-later
"""Menus that set one property of the selected qubes: template, net qube, label."""

from collections.abc import Callable, Sequence

from PyQt5.QtWidgets import QMenu, QWidget

from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.texts import plain_tip
from qubesmanager.rules.actions import Records, WhyNot
from qubesmanager.rules.network import why_not_now
from qubesmanager.ui.actions.actions import why_not_netvm, why_not_template
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.icons import icon, label_icon
from qubesmanager.ui.reasons import reason
from qubesmanager.ui.session.session import Session
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

WhyNotValue = Callable[[Sequence[VmRecord], str, Records], Reason | None]
"""Why these qubes cannot get the value now; None if they can."""


def _any_value(_qubes: Sequence[VmRecord], _value: str, _records: Records) -> Reason | None:
    return None


class PropertyMenu(QMenu):
    """One property. Filled when it opens; greyed with the reason by `look`, as is each value that cannot be given."""

    def __init__(
        self,
        title: str,
        picture: str,
        prop: str,
        why_not: WhyNot,
        choices: Callable[[Records], list[str]],
        operations: Operations,
        session: Session,
        parent: QWidget,
        *,
        none: bool = False,
        default: bool = False,
        why_not_value: WhyNotValue = _any_value,
    ) -> None:
        super().__init__(title, parent)
        self._prop = prop
        self._why_not = why_not
        self._choices = choices
        self._operations = operations
        self._session = session
        self._none = none
        self._default = default
        self._why_not_value = why_not_value
        self._names: tuple[str, ...] = ()
        self.setIcon(icon(picture))
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)

    def look(self, names: Sequence[str], *, connected: bool) -> None:
        """Which of these it can be set for; with none, the menu is grey and its tooltip says why."""
        records = self._session.records
        held = [record for name in names if (record := records.get(name))]
        refused = [(record.name, why) for record in held if (why := self._why_not(record, records))]
        self._names = tuple(record.name for record in held if self._why_not(record, records) is None)
        if action := self.menuAction():
            action.setEnabled(bool(self._names) and connected)
            action.setToolTip(plain_tip(reason(refused[0][1])) if refused and not self._names else "")

    def fill(self) -> None:
        self.clear()
        records = self._session.records
        values = {record.properties.get(self._prop) for name in self._names if (record := records.get(name))}
        only = next(iter(values)) if len(values) == 1 else None
        if self._default:
            self._line(self.tr("Default"), None, checked=only is not None and only.is_default)
            self.addSeparator()
        for name in self._choices(records):
            checked = only is not None and only.value == name and not (self._default and only.is_default)
            self._line(name, name, checked=checked)
        if self._none:
            self.addSeparator()
            checked = only is not None and not only.value and not only.is_default
            self._line(self.tr("None"), "", checked=checked)

    def _line(self, text: str, value: str | None, *, checked: bool) -> None:
        action = self.addAction(text.replace("&", "&&"))
        if action is None:
            return
        if value:
            labels = self._session.labels
            action.setIcon(label_icon(labels[value] if self._prop == "label" else self._session.color_of_qube(value)))
        action.setCheckable(True)
        action.setChecked(checked)
        records = self._session.records
        qubes = [record for name in self._names if (record := records.get(name))]
        if value and (why := self._why_not_value(qubes, value, records)):
            action.setEnabled(False)
            action.setToolTip(plain_tip(reason(why)))
        action.triggered.connect(lambda: self._set(value))

    def _set(self, value: str | None) -> None:
        if value is None:
            self._operations.reset_property(self._names, self._prop)
        else:
            self._operations.set_property(self._names, self._prop, value)


def template_menu(operations: Operations, session: Session, parent: QWidget, title: str) -> PropertyMenu:
    return PropertyMenu(title, "template", "template", why_not_template, _templates, operations, session, parent)


def netvm_menu(operations: Operations, session: Session, parent: QWidget, title: str) -> PropertyMenu:
    return PropertyMenu(
        title, "network", "netvm", why_not_netvm, _netvms, operations, session, parent,
        none=True, default=True, why_not_value=_why_not_netvm_now,
    )  # fmt: skip


def label_menu(operations: Operations, session: Session, parent: QWidget, title: str) -> PropertyMenu:
    return PropertyMenu(
        title, "tag", "label", _not_dom0, lambda _records: list(session.labels), operations, session, parent
    )


def _templates(records: Records) -> list[str]:
    return in_order(record.name for record in records.values() if record.klass is VmClass.TEMPLATE)


def _netvms(records: Records) -> list[str]:
    return in_order(record.name for record in records.values() if record.flag("provides_network"))


def _why_not_netvm_now(qubes: Sequence[VmRecord], netvm: str, records: Records) -> Reason | None:
    """The daemon's rule for a netvm that does not run, before the call is sent."""
    provider = records.get(netvm)
    changed = in_order(qube.name for qube in qubes if qube.running and qube.value("netvm") != netvm)
    return why_not_now(changed, netvm, netvm_runs=provider is not None and provider.running)


def _not_dom0(record: VmRecord, _records: Records) -> str | None:
    return "dom0 keeps its label." if record.klass is VmClass.ADMIN else None
