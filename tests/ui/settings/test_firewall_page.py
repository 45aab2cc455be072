# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall page: the simple view beside the full list, undo, full access for a while, lists as text."""

from pathlib import Path

import pytest
from PyQt5.QtWidgets import QDialogButtonBox
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from until import until
from windows import click, click_enabled, opened_dialog, opened_settings, type_text

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.plans.settings import RULES_KEY
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.settings.firewall_page import FirewallPage
from qubesmanager.ui.settings.firewall_simple import Mode
from qubesmanager.ui.settings.rule_dialog import RuleDialog
from qubesmanager.ui.settings.settings_window import SettingsWindow
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import RuleRow
from qubesmanager.wire.firewall import parse_rule

APPLY = QDialogButtonBox.StandardButton.Apply


@pytest.fixture
async def window(session: Session, qtbot: QtBot) -> SettingsWindow:
    return await opened_settings(session, qtbot, "vault", "firewall")


@pytest.fixture
def page(window: SettingsWindow) -> FirewallPage:
    page = window.pages["firewall"]
    assert isinstance(page, FirewallPage)
    return page


def rules(page: FirewallPage) -> list[str]:
    return [str(rule) for rule in page.model.rules()]


async def test_a_list_of_simple_shape_is_shown_simply_first(page: FirewallPage) -> None:
    assert page.views.currentWidget() is page.simple
    assert page.simple.mode() is Mode.ALL
    assert not page.simple.table.isEnabled()


async def test_deny_all_and_a_list_of_what_is_allowed_reach_the_qube(
    window: SettingsWindow, page: FirewallPage, system: System
) -> None:
    simple = page.simple
    simple.choices[Mode.NOTHING].click()
    assert rules(page) == ["action=drop"]
    simple.choices[Mode.LIST].click()
    click(simple.buttons["add"])
    asked = await opened_dialog(RuleDialog)
    ok = asked.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert ok is not None
    assert not ok.isEnabled()
    type_text(asked.destination, "example.org")
    asked.proto.setCurrentIndex(asked.proto.findData("tcp"))
    type_text(asked.ports, "443")
    assert ok.isEnabled()
    asked.accept()
    await until(lambda: simple.entries.rowCount() == 1)
    simple.dns.click()

    await click_enabled(window.button(APPLY))
    await until(lambda: not window.draft.dirty)

    assert [text for _id, text in system.runtime.state.qube("vault").rules] == [
        "action=accept dsthost=example.org proto=tcp dstports=443-443",
        "action=accept specialtarget=dns",
        "action=drop",
    ]


async def test_the_list_comes_back_after_all_was_chosen(page: FirewallPage, client: Client) -> None:
    for rule in ("action=drop", "action=accept dsthost=example.org"):
        await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, rule))
    simple = page.simple
    await until(lambda: page.model.rowCount() == 3)
    page.views.setCurrentWidget(page.full)
    page.table.selectRow(2)
    click(page.buttons["remove"])
    page.views.setCurrentWidget(page.simple)
    assert simple.mode() is Mode.LIST

    simple.choices[Mode.ALL].click()
    assert rules(page) == ["action=accept"]
    simple.choices[Mode.LIST].click()

    assert rules(page) == ["action=accept dsthost=example.org", "action=drop"]


async def test_a_list_of_another_shape_is_only_in_the_full_list(page: FirewallPage, client: Client) -> None:
    await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop dst4=10.0.0.0/8"))
    await until(lambda: page.model.rowCount() == 2)

    assert not page.simple.unfit.isHidden()
    assert not any(button.isEnabled() for button in page.simple.choices.values())
    assert page.buttons["add"].isEnabled()


async def test_an_edit_is_undone_and_done_again(window: SettingsWindow, page: FirewallPage) -> None:
    assert not page.buttons["undo"].isEnabled()
    page.simple.choices[Mode.NOTHING].click()
    click(page.buttons["all"])
    assert len(rules(page)) == 2

    click(page.buttons["undo"])
    assert rules(page) == ["action=drop"]
    click(page.buttons["undo"])
    assert rules(page) == ["action=accept"]
    assert not window.draft.dirty
    click(page.buttons["redo"])

    assert rules(page) == ["action=drop"]


async def test_full_access_for_a_while_says_how_long_it_lasts(page: FirewallPage) -> None:
    page.simple.choices[Mode.NOTHING].click()
    page.minutes.setValue(7)
    click(page.buttons["all"])
    click(page.buttons["all"])

    assert len(rules(page)) == 2
    assert page.remaining.text() == "7 minute(s), from when it is applied"
    assert page.simple.mode() is Mode.NOTHING


async def test_a_list_is_exported_and_imported(page: FirewallPage, tmp_path: Path) -> None:
    page.simple.choices[Mode.NOTHING].click()
    file = tmp_path / "held.rules"
    await page.write_file(str(file))
    click(page.buttons["undo"])

    await page.read_file(str(file))
    assert rules(page) == ["action=drop"]
    file.write_text("action=drop\naction=perhaps\n")
    await page.read_file(str(file))

    assert "Line 2" in page.problem.text()
    assert rules(page) == ["action=drop"]


async def test_would_it_pass_names_the_rule_and_marks_it(page: FirewallPage, client: Client) -> None:
    for rule in ("action=accept dsthost=example.org proto=tcp dstports=443-443", "action=drop dst4=10.0.0.0/8"):
        await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, rule))
    await until(lambda: page.model.rowCount() == 3)

    answers = []
    for destination, port in (("10.1.2.3", 443), ("example.org", 443), ("example.org", 80)):
        page.destination.setText(destination)
        page.port.setValue(port)
        click(page.ask)
        answers.append((page.verdict.text(), page.model.deciding))

    assert answers[0] == ("It would be dropped by rule 1.", 0)
    assert answers[1][0].startswith("It would be allowed by rule 2.")
    assert answers[2][0].startswith("It would be allowed by rule 3.")
    assert answers[2][1] == 2


async def test_the_page_warns_of_a_missing_net_qube_and_of_open_connections(
    window: SettingsWindow, page: FirewallPage, client: Client
) -> None:
    assert "no net qube" in page.warning.text()

    await client.send(calls.VM_PROPERTY_SET("vault", "netvm", "sys-firewall"))
    await until(lambda: "no net qube" not in page.warning.text())
    await client.send(calls.VM_START("vault"))
    await until(lambda: window.draft.record.running)
    page.simple.choices[Mode.NOTHING].click()

    assert "open already stay open" in page.warning.text()


async def test_a_rule_is_edited_and_moved_in_the_full_list(
    window: SettingsWindow, page: FirewallPage, client: Client, system: System
) -> None:
    await client.send(calls.VM_FIREWALL_INSERT_RULE("vault", 0, "action=drop dst4=10.0.0.0/8"))
    await until(lambda: page.model.rowCount() == 2)
    page.views.setCurrentWidget(page.full)
    page.table.selectRow(0)
    assert not page.buttons["up"].isEnabled()
    click(page.buttons["edit"])
    asked = await opened_dialog(RuleDialog)
    asked.destination.setText("10.0.0.0/16")
    type_text(asked.comment, "the office")
    asked.accept()
    await until(lambda: "10.0.0.0/16" in rules(page)[0])
    click(page.buttons["down"])
    assert page.table.currentIndex().row() == 1

    await click_enabled(window.button(APPLY))
    await until(lambda: not window.draft.dirty)

    assert [text for _id, text in system.runtime.state.qube("vault").rules] == [
        "action=accept",
        "action=drop dst4=10.0.0.0/16 comment=the office",
    ]


async def test_the_entries_of_the_simple_view_keep_qts_contract(page: FirewallPage, qtmodeltester: ModelTester) -> None:
    for rule in ("dns", "example.org"):
        words = "specialtarget=dns" if rule == "dns" else f"dsthost={rule}"
        page.model.insert(0, [parse_rule(f"action=accept {words}")])

    qtmodeltester.check(page.simple.entries, force_py=True)  # type: ignore[no-untyped-call] # not annotated there


async def test_a_rule_that_only_qubes_os_can_read_is_shown_as_text_and_kept(
    window: SettingsWindow, page: FirewallPage
) -> None:
    odd = "action=accept dsthost=1.2.3 proto=tcp"
    window.draft.merge_rules([RuleRow("r1", odd), RuleRow("r2", "action=drop")])
    assert page.model.index(0, 1).data() == odd

    page.table.selectRow(0)
    assert not page.buttons["edit"].isEnabled()
    page.table.selectRow(1)
    assert page.buttons["edit"].isEnabled()
    page.model.take(1)
    assert rules(page) == [odd]
    page.model.take(0)
    assert window.draft.is_edited(RULES_KEY)
