# SPDX-License-Identifier: GPL-3.0-or-later
"""The trees of the map over a whole daemon."""

import pytest
from demo_fixtures import own_size
from PyQt5.QtCore import Qt
from pytestqt.qtbot import QtBot
from windows import Clicker, press_key, type_text

from qubesmanager.daemon.local.system import System
from qubesmanager.systems import demo
from qubesmanager.ui.map.map_page import MapPage
from qubesmanager.ui.map.map_tree import MapTree
from qubesmanager.ui.map.map_window import MapWindow
from qubesmanager.wire import calls


@pytest.fixture
def opened(clicker: Clicker, qtbot: QtBot) -> MapWindow:
    window = MapWindow(clicker.session)
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def window(opened: MapWindow) -> MapPage:
    """The page of the map's own window, with the tree in front."""
    opened.show_page("network")
    return opened.page


def lines(tree: MapTree) -> list[str]:
    """The names with a point for each step into the tree."""
    found = []
    for item in tree.items():
        depth, at = 0, item.parent()
        while at is not None:
            depth, at = depth + 1, at.parent()
        found.append("." * depth + item.text(0).split("  (")[0])
    return found


async def test_the_map_shows_network_paths_and_templates(window: MapPage) -> None:
    network = lines(window.network)
    assert network[:2] == ["sys-net", ".sys-firewall"]
    assert "..work" in network
    assert ".vault" in network[network.index("Without network (4)") :]
    window.show_page("templates")
    assert lines(window.templates) > ["..sys-usb", ".personal"]


async def test_an_action_from_the_map_is_carried_out_and_the_map_follows(clicker: Clicker, window: MapPage) -> None:
    window.network.choose("vault")
    window.actions_of.by_id["start"].trigger()

    await clicker.until(lambda: clicker.state("vault") == "Running")
    await clicker.until(
        lambda: any(item.text(1) == "Running" for item in window.network.items() if "vault" in item.text(0))
    )
    assert window.network.current_name() == "vault"
    assert not window.actions_of.by_id["start"].isEnabled()


async def test_a_leak_is_marked_until_it_is_closed(clicker: Clicker, window: MapPage) -> None:
    def warning() -> str:
        return next(item.text(2) for item in window.network.items() if item.text(0) == "vault")

    assert "its disposables have: default-dvm → sys-firewall → sys-net" in warning()
    await clicker.session.client.send(calls.VM_PROPERTY_SET("vault", "default_dispvm", ""))

    await clicker.until(lambda: not warning())


async def test_finding_by_keyboard_leads_to_the_qube_and_enter_to_its_settings(
    clicker: Clicker, window: MapPage
) -> None:
    openings: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda kind, names: openings.append((kind, names)))
    type_text(window.search, "wor")
    press_key(window.search, Qt.Key.Key_Return)
    assert lines(window.network) == ["sys-net", ".sys-firewall", "..work"]
    press_key(window.network, Qt.Key.Key_Return)

    assert openings == [("settings", ("work",))]


async def test_both_trees_show_the_same_qube(window: MapPage) -> None:
    window.network.choose("work")
    window.show_page("templates")

    assert window.templates.current_name() == "work"


async def test_a_thousand_qubes_are_folded(system: System, clicker: Clicker, window: MapPage) -> None:
    await demo.write(system, demo.samples(990)[10:], own_size)
    clicker.session.resync()
    await clicker.until(lambda: len(clicker.session.records) > 990)
    window.fill()

    firewall = next(item for item in window.network.items() if item.text(0).startswith("sys-firewall"))
    assert firewall.childCount() > 500
    assert not firewall.isExpanded()
    window.network.choose("mail")
    assert firewall.isExpanded()
    window.fill()
    assert firewall is not None
    assert window.network.current_name() == "mail"
