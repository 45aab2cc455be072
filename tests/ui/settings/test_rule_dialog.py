# SPDX-License-Identifier: GPL-3.0-or-later
"""Typing into the form of a firewall rule."""

import pytest
from PyQt5.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot
from windows import type_text

from qubesmanager.ui.settings.rule_dialog import RuleDialog
from qubesmanager.wire.firewall import Action, Rule


@pytest.fixture
def dialog(qtbot: QtBot) -> RuleDialog:
    dialog = RuleDialog(None)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def may_accept(dialog: RuleDialog) -> bool:
    button = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    return button is not None and button.isEnabled()


def test_a_second_option_cannot_be_typed_into_a_field(dialog: RuleDialog) -> None:
    type_text(dialog.destination, "example.com expire=1")

    assert not may_accept(dialog)
    assert "one destination" in dialog.problem.text()


def test_a_network_with_host_bits_is_not_made_another_network(dialog: RuleDialog) -> None:
    type_text(dialog.destination, "140.82.121.3/4")

    assert not may_accept(dialog)
    assert "128.0.0.0/4" in dialog.problem.text()


def test_a_range_with_blanks_is_one_range(dialog: RuleDialog) -> None:
    dialog.proto.setCurrentIndex(dialog.proto.findData("udp"))
    type_text(dialog.ports, " 5000 -  5010 ")

    assert [str(rule) for rule in dialog.rules()] == ["action=accept proto=udp dstports=5000-5010"]


def test_an_international_name_is_sent_as_the_name_server_has_it(dialog: RuleDialog) -> None:
    dialog.destination.setText("b\u00fccher.example")  # QTest types ASCII only

    assert may_accept(dialog)
    assert [str(rule) for rule in dialog.rules()] == ["action=accept dsthost=xn--bcher-kva.example"]
    assert dialog.note.text() == "The name is sent as xn--bcher-kva.example."


def test_several_ports_become_several_rules_and_the_dialog_says_it(dialog: RuleDialog) -> None:
    dialog.destination.setText("m\u00fcnchen.de")  # QTest types ASCII only
    dialog.proto.setCurrentIndex(dialog.proto.findData("tcp"))
    type_text(dialog.ports, "https, 8000 - 8080")

    assert may_accept(dialog)
    assert [str(rule) for rule in dialog.rules()] == [
        "action=accept dsthost=xn--mnchen-3ya.de proto=tcp dstports=443-443",
        "action=accept dsthost=xn--mnchen-3ya.de proto=tcp dstports=8000-8080",
    ]
    assert dialog.note.text() == "The name is sent as xn--mnchen-3ya.de. 2 rule(s), one for each range of ports."


def test_a_star_is_anywhere_and_all_ports(dialog: RuleDialog) -> None:
    type_text(dialog.destination, "*")
    dialog.proto.setCurrentIndex(dialog.proto.findData("tcp"))
    type_text(dialog.ports, "*")

    assert [str(rule) for rule in dialog.rules()] == ["action=accept proto=tcp"]


def test_a_time_counts_from_the_sending_and_the_rule_has_none_before(dialog: RuleDialog) -> None:
    dialog.expire.setCurrentIndex(dialog.expire.findData(60))

    assert dialog.seconds() == 3600
    assert dialog.rules() == [Rule(Action.ACCEPT)]
