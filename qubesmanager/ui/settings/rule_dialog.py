# SPDX-License-Identifier: GPL-3.0-or-later
"""One firewall rule in a form, checked while it is typed."""

from collections.abc import Callable

from PyQt5.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QWidget

from qubesmanager.rules.rule_form import destination_options, port_options
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.widgets.labels import plain_label, subdue
from qubesmanager.ui.widgets.prompts import lay_out_form
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.firewall import Action, Proto, Rule, rule_of

_NEVER = 0


class RuleDialog(QDialog):
    """Edits a rule; `rules()` are what it becomes, once the dialog is accepted. All must be `allowed`."""

    def __init__(
        self, rule: Rule | None, parent: QWidget | None = None, *, allowed: Callable[[Rule], bool] = lambda _rule: True
    ) -> None:
        super().__init__(parent)
        self._allowed = allowed
        self.setWindowTitle(self.tr("New firewall rule") if rule is None else self.tr("Firewall rule"))
        self._kept_expiry = rule.expire if rule else None
        self.action = QComboBox(self)
        self.action.addItem(self.tr("accept"), Action.ACCEPT.value)
        self.action.addItem(self.tr("drop"), Action.DROP.value)
        self.destination = QLineEdit(self)
        self.destination.setPlaceholderText(self.tr("anywhere, or example.org, 10.0.0.0/8, dns"))
        self.proto = QComboBox(self)
        for text, value in ((self.tr("any"), ""), ("TCP", "tcp"), ("UDP", "udp"), ("ICMP", "icmp")):
            self.proto.addItem(text, value)
        self.ports = QLineEdit(self)
        self.ports.setPlaceholderText(self.tr("all, or 443, https, 80,443, 8000-8080"))
        self.expire = QComboBox(self)
        for text, minutes in (
            (self.tr("never"), _NEVER),
            (self.tr("in 5 minutes"), 5),
            (self.tr("in an hour"), 60),
            (self.tr("in a day"), 1440),
        ):
            self.expire.addItem(text, minutes)
        if self._kept_expiry is not None:
            self.expire.addItem(self.tr("as it is"), None)
            self.expire.setCurrentIndex(self.expire.count() - 1)
        self.comment = QLineEdit(self)
        self.problem = plain_label("", self)
        self.note = plain_label("", self)
        subdue(self.note)
        form = QFormLayout()
        form.addRow(self.tr("&Action"), self.action)
        form.addRow(self.tr("&Destination"), self.destination)
        form.addRow(self.tr("&Protocol"), self.proto)
        form.addRow(self.tr("P&orts or ICMP type"), self.ports)
        form.addRow(self.tr("E&xpires"), self.expire)
        form.addRow(self.tr("&Comment"), self.comment)
        form.addRow("", self.note)
        self.buttons = lay_out_form(self, form, self.problem)
        if rule is not None:
            self._fill(rule)
        for line in (self.destination, self.ports, self.comment):
            line.textChanged.connect(self._check)
        for box in (self.action, self.proto, self.expire):
            box.currentIndexChanged.connect(self._check)
        self.destination.setFocus()
        resize_in_units(self, 110)
        self._check()

    def rules(self) -> list[Rule]:
        """One rule for each range of ports. Raises `Mgmt1Error` with a sentence for fields that make no rule."""
        options = {"action": str(self.action.currentData()), **destination_options(self.destination.text())}
        proto = Proto(self.proto.currentData()) if self.proto.currentData() else None
        if proto is not None:
            options["proto"] = proto
        if self.expire.currentData() is None and self._kept_expiry is not None:
            options["expire"] = str(self._kept_expiry)
        if comment := self.comment.text().strip():
            options["comment"] = comment
        return [rule_of({**options, **ports}) for ports in port_options(self.ports.text(), proto)]

    def seconds(self) -> int:
        """How long the rules hold once they are sent; 0 for as long as `rules` says."""
        return 60 * int(self.expire.currentData() or 0)

    def _fill(self, rule: Rule) -> None:
        self.action.setCurrentIndex(self.action.findData(rule.action.value))
        self.destination.setText(
            "dns" if rule.specialtarget is not None else str(rule.dst4 or rule.dst6 or rule.dsthost or "")
        )
        self.proto.setCurrentIndex(self.proto.findData("" if rule.proto is None else rule.proto.value))
        if rule.dstports is not None:
            low, high = rule.dstports
            self.ports.setText(str(low) if low == high else f"{low!s}-{high!s}")
        elif rule.icmptype is not None:
            self.ports.setText(str(rule.icmptype))
        self.comment.setText(rule.comment)

    def _note(self, rules: list[Rule]) -> str:
        """What the user may not expect of what was typed."""
        typed = self.destination.text().strip().casefold().removesuffix(".")
        host = rules[0].dsthost
        notes = []
        if host is not None and host != typed:
            notes.append(self.tr("The name is sent as {0}.").format(host))
        if len(rules) > 1:
            notes.append(self.tr("%n rule(s), one for each range of ports.", "", len(rules)))
        return " ".join(notes)

    def _grow(self) -> None:
        """Make room for the lines of a note or a problem."""
        if (layout := self.layout()) is not None:
            high = max(layout.totalHeightForWidth(self.width()), layout.sizeHint().height())
            if high > self.height():
                self.resize(self.width(), high)

    def _check(self) -> None:
        reason = ""
        try:
            rules = self.rules()
            if not all(map(self._allowed, rules)):
                reason = self.tr("The simple list has only what it allows, to some destination or by some protocol.")
            self.note.setText(self._note(rules))
        except Mgmt1Error as error:
            reason = error_text(error)
            self.note.clear()
        self.note.setVisible(bool(self.note.text()))
        self.problem.setText(reason)
        self._grow()
        if button := self.buttons.button(QDialogButtonBox.StandardButton.Ok):
            button.setEnabled(not reason)
