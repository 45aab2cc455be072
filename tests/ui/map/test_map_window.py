# SPDX-License-Identifier: GPL-3.0-or-later
"""The map over a whole daemon."""

import pytest
from PyQt5.QtCore import Qt
from pytestqt.qtbot import QtBot
from windows import Clicker, press_key, type_text

from qubesmanager.daemon.local.system import System
from qubesmanager.systems import demo
from qubesmanager.ui.map.map_window import MapTree, MapWindow
from qubesmanager.wire import calls


@pytest.fixture
def held(clicker: Clicker, qtbot: QtBot) -> MapWindow:
    window = MapWindow(clicker.session)
    qtbot.addWidget(window)
    window.show()
    return window


def lines(tree: MapTree) -> list[str]:
    """The names with a point for each step into the tree."""
    found = []
    for item in tree.items():
        depth, at = 0, item.parent()
        while at is not None:
            depth, at = depth + 1, at.parent()
        found.append("." * depth + item.text(0).split("  (")[0])
    return found


async def test_the_map_shows_network_paths_and_templates(held: MapWindow) -> None:
    network = lines(held.network)
    assert network[:2] == ["sys-net", ".sys-firewall"]
    assert "..work" in network
    assert ".vault" in network[network.index("Without network (4)") :]
    assert lines(held.templates) > ["..sys-usb", ".personal"]


async def test_an_action_from_the_map_is_carried_out_and_the_map_follows(clicker: Clicker, held: MapWindow) -> None:
    held.network.choose("vault")
    held.actions_of.by_id["start"].trigger()

    await clicker.until(lambda: clicker.state("vault") == "Running")
    await clicker.until(
        lambda: any(item.text(1) == "Running" for item in held.network.items() if "vault" in item.text(0))
    )
    assert held.network.current_name() == "vault"
    assert not held.actions_of.by_id["start"].isEnabled()


async def test_a_leak_is_marked_until_it_is_closed(clicker: Clicker, held: MapWindow) -> None:
    def told() -> str:
        return next(item.text(2) for item in held.network.items() if item.text(0) == "vault")

    assert "its disposables have: default-dvm → sys-firewall → sys-net" in told()
    await clicker.session.client.send(calls.VM_PROPERTY_SET("vault", "default_dispvm", ""))

    await clicker.until(lambda: not told())


async def test_finding_by_keyboard_leads_to_the_qube_and_enter_to_its_settings(
    clicker: Clicker, held: MapWindow
) -> None:
    wanted: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda kind, names: wanted.append((kind, names)))
    type_text(held.search, "wor")
    press_key(held.search, Qt.Key.Key_Return)
    assert lines(held.network) == ["sys-net", ".sys-firewall", "..work"]
    press_key(held.network, Qt.Key.Key_Return)

    assert wanted == [("settings", ("work",))]


async def test_both_trees_show_the_same_qube(held: MapWindow) -> None:
    held.network.choose("work")
    held.show_page("templates")

    assert held.templates.current_name() == "work"


async def test_a_thousand_qubes_are_folded(system: System, clicker: Clicker, held: MapWindow) -> None:
    await demo.write(system, demo.samples(990)[10:])
    clicker.session.resync()
    await clicker.until(lambda: len(clicker.session.records) > 990)
    held.fill()

    firewall = next(item for item in held.network.items() if item.text(0).startswith("sys-firewall"))
    assert firewall.childCount() > 500
    assert not firewall.isExpanded()
    held.network.choose("mail")
    assert firewall.isExpanded()
    held.fill()
    assert firewall is not None
    assert held.network.current_name() == "mail"
