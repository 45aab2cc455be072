# SPDX-License-Identifier: GPL-3.0-or-later
"""One firewall rule in a form, checked while it is typed."""

import ipaddress
import time
from collections.abc import Callable

from PyQt5.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QWidget

from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.prompts import lay_out_form
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.firewall import Action, Proto, Rule, parse_rule

_NEVER = 0


class RuleDialog(QDialog):
    """Edits a rule; `rule()` is it, once the dialog is accepted. One that is not `allowed` cannot be."""

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
        self.ports.setPlaceholderText(self.tr("all, or 443, or 8000-8080"))
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
        form = QFormLayout()
        form.addRow(self.tr("&Action"), self.action)
        form.addRow(self.tr("&Destination"), self.destination)
        form.addRow(self.tr("&Protocol"), self.proto)
        form.addRow(self.tr("P&orts or ICMP type"), self.ports)
        form.addRow(self.tr("E&xpires"), self.expire)
        form.addRow(self.tr("&Comment"), self.comment)
        self.buttons = lay_out_form(self, form, self.problem)
        if rule is not None:
            self._fill(rule)
        for line in (self.destination, self.ports, self.comment):
            line.textChanged.connect(self._check)
        for box in (self.action, self.proto, self.expire):
            box.currentIndexChanged.connect(self._check)
        self.destination.setFocus()
        self.resize(440, self.sizeHint().height())
        self._check()

    def rule(self) -> Rule:
        """Raises `Mgmt1Error` with a sentence for fields that make no rule."""
        words = [f"action={self.action.currentData()}"]
        destination = self.destination.text().strip()
        proto = self.proto.currentData()
        special = destination.casefold() == "dns"
        if destination and not special:
            words.append(_destination(destination))
        if proto:
            words.append(f"proto={proto}")
        if special:
            words.append("specialtarget=dns")
        ports = self.ports.text().strip()
        if ports and proto == Proto.ICMP:
            words.append(f"icmptype={ports}")
        elif ports:
            low, dash, high = ports.partition("-")
            words.append(f"dstports={low}-{high if dash else low}")
        if expire := self._expiry():
            words.append(f"expire={expire}")
        if comment := self.comment.text().strip():
            words.append(f"comment={comment}")
        return parse_rule(" ".join(words))

    def _expiry(self) -> int | None:
        minutes = self.expire.currentData()
        if minutes is None:
            return self._kept_expiry
        return int(time.time()) + 60 * minutes if minutes else None

    def _fill(self, rule: Rule) -> None:
        self.action.setCurrentIndex(self.action.findData(rule.action.value))
        self.destination.setText(
            "dns" if rule.specialtarget is not None else str(rule.dst4 or rule.dst6 or rule.dsthost or "")
        )
        self.proto.setCurrentIndex(self.proto.findData("" if rule.proto is None else rule.proto.value))
        if rule.dstports is not None:
            low, high = rule.dstports
            self.ports.setText(str(low) if low == high else f"{low}-{high}")
        elif rule.icmptype is not None:
            self.ports.setText(str(rule.icmptype))
        self.comment.setText(rule.comment)

    def _check(self) -> None:
        reason = ""
        try:
            if not self._allowed(self.rule()):
                reason = self.tr("The simple list has only what it allows, to some destination or by some protocol.")
        except Mgmt1Error as error:
            reason = error_text(error)
        self.problem.setText(reason)
        if button := self.buttons.button(QDialogButtonBox.StandardButton.Ok):
            button.setEnabled(not reason)


def _destination(text: str) -> str:
    """An address or network as `dst4` or `dst6`, anything else as a host name."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return f"dsthost={text}"
    return f"dst{network.version}={network}"
