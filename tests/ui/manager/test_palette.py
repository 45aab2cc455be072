# SPDX-License-Identifier: GPL-3.0-or-later
"""Typing into the command palette: sentences of a verb, a qube and a value; recent commands; what is not found."""

import pytest
from PyQt5.QtCore import Qt
from windows import Clicker, press_key, type_text

from qubesmanager.client.client import Client
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.manager import palette_commands
from qubesmanager.ui.manager.command_palette import HINT, CommandPalette
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec


async def opened(clicker: Clicker) -> CommandPalette:
    clicker.window._follow_changes()  # what a moment later does
    clicker.click("palette")
    return await clicker.dialog(CommandPalette)


def lines(palette: CommandPalette) -> list[str]:
    return [item.text() for row in range(palette.list.count()) if (item := palette.list.item(row)) is not None]


async def run(clicker: Clicker, text: str) -> None:
    palette = await opened(clicker)
    type_text(palette.edit, text)
    press_key(palette.edit, Qt.Key.Key_Return)


async def test_a_verb_and_a_qube_act_on_that_qube_whatever_is_selected(clicker: Clicker) -> None:
    clicker.select("work")

    await run(clicker, "start vault")

    await clicker.until(lambda: clicker.state("vault") == "Running")
    await run(clicker, "shut va")
    await clicker.until(lambda: clicker.state("vault") == "Halted")


async def test_a_net_qube_is_set_by_a_sentence_and_through_the_plan(clicker: Clicker) -> None:
    await run(clicker, "netvm vault sys-firewall")
    await clicker.until(lambda: clicker.session.records["vault"].value("netvm") == "sys-firewall")

    await run(clicker, "net qube work none")
    dialog = await clicker.dialog(PlanDialog)
    assert dialog.plan.losing == ("work",)
    dialog.reject()
    assert clicker.session.records["work"].value("netvm") == "sys-firewall"


async def test_a_value_without_a_qube_is_for_those_that_are_selected(clicker: Clicker) -> None:
    clicker.select("work", "personal")

    await run(clicker, "netvm none")

    dialog = await clicker.dialog(PlanDialog)
    assert set(dialog.chosen) == {"work", "personal"}
    assert dialog.plan.losing == ("personal", "work")
    dialog.reject()


async def test_english_words_of_values_are_known_in_every_language(
    clicker: Clicker, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {"none": "keiner", "Net qube": "Netz-Qube"}
    monkeypatch.setattr(palette_commands, "_tr", lambda text: words.get(text, text))
    palette = await opened(clicker)

    for typed in ("netz work keiner", "netvm work none"):
        palette.edit.selectAll()
        type_text(palette.edit, typed)
        assert lines(palette) == ["Netz-Qube: work → keiner"], typed


async def test_a_label_and_a_template_are_set_by_a_sentence(clicker: Clicker) -> None:
    await run(clicker, "label vault green")
    await clicker.until(lambda: clicker.session.records["vault"].value("label") == "green")
    await run(clicker, "template vault fedora")
    await clicker.until(lambda: clicker.session.records["vault"].value("template") == "fedora-43")


async def test_a_page_of_the_settings_is_opened_by_its_name(clicker: Clicker) -> None:
    openings: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda kind, names: openings.append((kind, names)))

    await run(clicker, "firewall vault")
    await run(clicker, "settings work notes")
    clicker.select("untrusted")
    await run(clicker, "settings devices")

    assert openings == [
        ("settings", ("vault", "--page=firewall")),
        ("settings", ("work", "--page=notes")),
        ("settings", ("untrusted", "--page=devices")),
    ]


async def test_a_value_that_cannot_be_given_is_grey_with_the_reason(clicker: Clicker) -> None:
    palette = await opened(clicker)

    type_text(palette.edit, "template work fedora")

    (item,) = (palette.list.item(row) for row in range(1))
    assert item is not None
    assert item.text() == "Template: work → fedora-43"
    assert "halted" in item.data(HINT)
    press_key(palette.edit, Qt.Key.Key_Return)
    assert palette.isVisible()


async def test_recent_commands_come_first(clicker: Clicker) -> None:
    await run(clicker, "label vault green")
    await clicker.until(lambda: clicker.session.records["vault"].value("label") == "green")
    await run(clicker, "show everything")

    palette = await opened(clicker)

    assert lines(palette)[:2] == ["Show everything", "Label: vault → green"]


async def test_keys_are_at_the_end_of_the_line_and_not_in_its_text(clicker: Clicker) -> None:
    palette = await opened(clicker)
    type_text(palette.edit, "find")
    item = palette.list.item(0)

    assert item is not None
    assert item.text() == "Find"
    assert item.data(HINT) == "Ctrl+F"


async def test_an_empty_answer_gives_an_example(clicker: Clicker) -> None:
    palette = await opened(clicker)

    type_text(palette.edit, "zzz")

    assert palette.list.isHidden()
    assert palette.nothing.isVisible()
    assert palette.nothing.text().startswith("Nothing found for \u201czzz\u201d.")


async def test_a_qube_that_is_created_while_the_palette_is_open_is_offered(clicker: Clicker, client: Client) -> None:
    palette = await opened(clicker)
    type_text(palette.edit, "brand-new")
    assert palette.list.isHidden()

    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("brand-new", "red")))

    await clicker.until(lambda: "brand-new" in lines(palette))


async def test_the_name_of_a_qube_offers_what_can_be_done_with_it(clicker: Clicker) -> None:
    palette = await opened(clicker)

    type_text(palette.edit, "vault")
    assert lines(palette)[0] == "vault"
    assert {"Start: vault", "Settings: vault", "Remove: vault"} <= set(lines(palette))
    assert "Pause: vault" not in lines(palette), "it is halted"

    palette.edit.clear()
    type_text(palette.edit, "vault netvm sys-fire")
    press_key(palette.edit, Qt.Key.Key_Return)
    await clicker.until(lambda: clicker.session.records["vault"].value("netvm") == "sys-firewall")


async def test_a_name_goes_to_the_qube_also_one_that_has_just_come(clicker: Clicker, client: Client) -> None:
    await run(clicker, "start vault")
    await clicker.until(lambda: clicker.state("vault") == "Running")
    palette = await opened(clicker)

    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("fresh", "red")))
    await clicker.until(lambda: "fresh" in clicker.session.records)
    type_text(palette.edit, "fresh")  # before the lines follow
    assert lines(palette)[0] == "fresh"
    press_key(palette.edit, Qt.Key.Key_Return)

    await clicker.until(lambda: clicker.window.selected() == ["fresh"])
    assert clicker.state("fresh") == "Halted"


async def test_the_palette_is_as_high_as_its_lines(clicker: Clicker) -> None:
    palette = await opened(clicker)
    high = palette.height()

    type_text(palette.edit, "settings vault firewall")
    await clicker.until(lambda: palette.height() < high // 2)
    last = palette.list.visualItemRect(palette.list.item(palette.list.count() - 1))
    viewport = palette.list.viewport()
    assert viewport is not None
    assert viewport.rect().contains(last)

    palette.edit.clear()
    await clicker.until(lambda: palette.height() == high)
    screen = palette.screen()
    assert screen is not None
    assert screen.availableGeometry().contains(palette.frameGeometry())
