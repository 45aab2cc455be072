# SPDX-License-Identifier: GPL-3.0-or-later
"""Menus that set one property of the selected qubes: template, net qube, label."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PyQt5.QtWidgets import QMenu, QWidget

from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import plain_tip
from qubesmanager.rules import candidates
from qubesmanager.rules.edits import why_not_edit, why_not_set_by_plan
from qubesmanager.rules.facts import Facts, Qubes
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.icons import icon, label_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.turns import AT_ONCE, Steps
from qubesmanager.wire.reason import Reason


class PropertyMenu(QMenu):
    """One property. Filled when it opens; greyed with the reason by `look`, as is each value that cannot be given."""

    def __init__(
        self,
        title: str,
        picture: str,
        prop: str,
        choices: Callable[[Qubes, Sequence[str]], list[str]],
        operations: Operations,
        session: Session,
        parent: QWidget,
        *,
        none: bool = False,
        default: bool = False,
    ) -> None:
        super().__init__(title, parent)
        self._prop = prop
        self._choices = choices
        self._operations = operations
        self._session = session
        self._none = none
        self._default = default
        self._names: tuple[str, ...] = ()
        self._all: tuple[str, ...] = ()
        self._connected = False
        self.setIcon(icon(picture))
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)

    def look(self, names: Sequence[str], *, connected: bool) -> None:
        """Which of these it can be set for; with none, the menu is grey and its tooltip says why.

        For more than `AT_ONCE` that is looked up in another turn of the loop.
        """
        self._all = tuple(names)
        self._connected = connected
        many = len(names) > AT_ONCE
        facts = self._session.facts_now() if many else self._session.facts
        self._operations.turns.put(self, partial(self._look, self._all, facts), later=many)

    def _look(self, names: Sequence[str], facts: Facts) -> Steps:
        reasons: dict[str, Reason | None] = {}
        for name in names:
            if name in facts.qubes:
                reasons[name] = why_not_edit(facts, facts.qubes[name], self._prop)
                yield
        if names == self._all:
            self._show(reasons)

    def _show(self, reasons: Mapping[str, Reason | None]) -> None:
        """Grey the menu if the property can be set for none of the qubes."""
        names, connected = self._all, self._connected
        self._names = tuple(name for name, why in reasons.items() if why is None)
        refused = next(filter(None, reasons.values()), None)
        if action := self.menuAction():
            action.setEnabled(bool(self._names) and connected)
            why = reason_text(refused) if refused and not self._names else ""
            if not names:
                why = self.tr("Select a qube first.")
            elif not connected:
                why = self.tr("There is no connection.")
            action.setToolTip(plain_tip(why) if why else "")

    def fill(self) -> None:
        self._operations.turns.finish(self)
        self.clear()
        records = self._session.records
        values = {record.properties.get(self._prop) for name in self._names if (record := records.get(name))}
        only = next(iter(values)) if len(values) == 1 else None
        if self._default:
            self._line(self.tr("Default"), None, checked=only is not None and only.is_default)
            self.addSeparator()
        for name in self._choices(self._session.facts.qubes, self._names):
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
        if value and (why := self._why_not(value)):
            action.setEnabled(False)
            action.setToolTip(plain_tip(reason_text(why)))
        action.triggered.connect(lambda: self._set(value))

    def _why_not(self, value: str) -> Reason | None:
        """Why none of the qubes can get the value; the plan shows those that cannot among others."""
        facts, first = self._session.facts, None
        for name in self._names:
            reason = why_not_set_by_plan(facts, facts.qubes[name], self._prop, value) if name in facts.qubes else None
            if reason is None:
                return None
            first = first or reason
        return first

    def _set(self, value: str | None) -> None:
        self._operations.set_property(self._all, self._prop, value)


def template_menu(operations: Operations, session: Session, parent: QWidget, title: str) -> PropertyMenu:
    return PropertyMenu(title, "template", "template", _templates, operations, session, parent)


def netvm_menu(operations: Operations, session: Session, parent: QWidget, title: str) -> PropertyMenu:
    return PropertyMenu(title, "network", "netvm", _netvms, operations, session, parent, none=True, default=True)


def label_menu(operations: Operations, session: Session, parent: QWidget, title: str) -> PropertyMenu:
    return PropertyMenu(title, "tag", "label", lambda _qubes, _names: list(session.labels), operations, session, parent)


def _templates(qubes: Qubes, names: Sequence[str]) -> list[str]:
    """The templates that are possible for one of the qubes, by its class."""
    classes = {qubes[name].klass for name in names if name in qubes}
    return in_order({template for klass in classes for template in candidates.templates(qubes, klass)})


def _netvms(qubes: Qubes, _names: Sequence[str]) -> list[str]:
    return in_order(candidates.netvms(qubes))
