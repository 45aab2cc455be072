# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the network in the main window: drag, keys, zoom, export. Nothing is sent before the plan."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from demo_fixtures import own_size
from PyQt5.QtCore import QPoint, QPointF, Qt
from PyQt5.QtGui import QWheelEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QMenu, QToolButton, QWidget
from windows import Clicker, opened_dialog, press_key, type_text

from qubesmanager.daemon.local.system import System
from qubesmanager.models.network_layout import Place, What
from qubesmanager.systems import demo
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.map.map_page import MapPage
from qubesmanager.ui.map.picture import LARGEST, SMALLEST, NetworkPicture
from qubesmanager.ui.map.side_pane import SidePane
from qubesmanager.ui.session import session
from qubesmanager.ui.widgets import turns
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import VmRecord

_HAND: Any = QTest
"""PyQt5's stubs forget that its functions are static."""


@pytest.fixture
async def page(clicker: Clicker) -> MapPage:
    """The page in front, as large as the window gives it."""
    clicker.window.sidebar.choose("page:map")
    page = clicker.window.pages.currentWidget()
    assert isinstance(page, MapPage)
    await clicker.until(lambda: viewport(page.picture).width() > 700 and place(page, "work").what is What.QUBE)
    await clicker.until(lambda: page.picture.has_begun)
    return page


def viewport(picture: NetworkPicture) -> QWidget:
    widget = picture.viewport()
    assert widget is not None
    return widget


def place(page: MapPage, name: str) -> Place:
    return page.picture.layout_of_qubes.by_qube[name]


def middle(page: MapPage, name: str) -> QPoint:
    return page.picture.place_rect(place(page, name)).center().toPoint()


def drag(page: MapPage, name: str, to: str, *, drop: bool = True) -> None:
    """Take a qube with the mouse, and move it onto another one."""
    widget, start = viewport(page.picture), middle(page, name)
    none = Qt.KeyboardModifier.NoModifier
    _HAND.mousePress(widget, Qt.MouseButton.LeftButton, none, start)
    start = middle(page, name)
    if page.picture.drag is None:  # the offscreen platform sends no moves of a pressed mouse
        page.picture.start_drag(place(page, name), QPointF(start))
    page.picture.drag_to(QPointF(middle(page, to)))
    if drop:
        _HAND.mouseRelease(widget, Qt.MouseButton.LeftButton, none, middle(page, to))


def button(pane: SidePane, text: str) -> QWidget:
    return next(each for each in pane.findChildren(QToolButton) if each.accessibleName() == text)


async def test_a_dragged_qube_shows_what_would_change_and_the_drop_opens_the_plan(
    clicker: Clicker, page: MapPage
) -> None:
    drag(page, "work", "sys-net", drop=False)

    said = page.picture.card.text()
    assert page.picture.card.isVisible()
    assert "sys-firewall → sys-net" in said
    assert "Its network would go around sys-firewall." in said
    assert clicker.session.records["work"].value("netvm") == "sys-firewall"
    _HAND.mouseRelease(viewport(page.picture), Qt.MouseButton.LeftButton)
    dialog = await opened_dialog(PlanDialog)
    assert dialog.chosen == ["work"]
    assert clicker.session.records["work"].value("netvm") == "sys-firewall"
    dialog.accept()

    await clicker.until(lambda: clicker.session.records["work"].value("netvm") == "sys-net")
    await clicker.until(lambda: "work" in page.picture.layout_of_qubes.by_qube and place(page, "work").column == 2)
    assert place(page, "work").remark is not None


@pytest.fixture
def many_qubes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were thousands: each step waits for a turn."""
    monkeypatch.setattr(session, "AT_ONCE", 0)
    monkeypatch.setattr(turns, "SLICE", 0)


@pytest.mark.usefixtures("many_qubes")
async def test_with_many_qubes_the_card_shows_that_the_plan_is_computed_and_then_the_plan(
    clicker: Clicker, page: MapPage
) -> None:
    drag(page, "work", "sys-net", drop=False)
    card = page.picture.card
    assert card.isVisible()
    assert "Computing what would change…" in card.text()

    await clicker.until(lambda: "Its network would go around sys-firewall." in card.text())

    assert "Computing what would change…" not in card.text()
    assert "sys-firewall → sys-net" in card.text()
    page.picture.end_drag(is_drop=False)


@pytest.mark.usefixtures("many_qubes")
async def test_a_card_that_is_left_for_another_target_shows_that_one(clicker: Clicker, page: MapPage) -> None:
    picture = page.picture
    drag(page, "work", "sys-net", drop=False)
    for _ in range(2):
        picture.card._turns._run()

    picture.drag_to(QPointF(middle(page, "vault")))

    await clicker.until(lambda: "Computing what would change…" not in picture.card.text())
    assert "no network" in picture.card.text()
    assert "sys-net" not in picture.card.text().splitlines()
    picture.end_drag(is_drop=False)


@pytest.mark.usefixtures("many_qubes")
async def test_a_drag_that_ends_gives_up_the_plan_that_is_computed(clicker: Clicker, page: MapPage) -> None:
    picture = page.picture
    drag(page, "work", "sys-net", drop=False)
    picture.card._turns._run()

    press_key(picture, Qt.Key.Key_Escape)

    for _ in range(len(clicker.session.records) * 5):
        picture.card._turns._run()
    assert not picture.card.isVisible()


async def test_a_movement_over_the_same_net_qube_computes_nothing(
    clicker: Clicker, page: MapPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    drag(page, "work", "sys-net", drop=False)
    proposed: list[str] = []
    monkeypatch.setattr(page.picture.card, "propose", lambda _names, netvm, _hint: proposed.append(netvm))
    read: list[str] = []
    value = VmRecord.value

    def noted(record: VmRecord, name: str) -> str:
        if record.name == "work" and name == "netvm":
            read.append(record.name)
        return value(record, name)

    monkeypatch.setattr(VmRecord, "value", noted)

    for step in range(5):
        page.picture.drag_to(QPointF(middle(page, "sys-net")) + QPointF(step, 0))

    assert proposed == []
    assert read == [], "the net qubes of what is dragged are read when the drag begins"
    page.picture.end_drag(is_drop=False)


async def test_escape_ends_a_drag_and_a_drop_on_the_own_net_qube_does_nothing(clicker: Clicker, page: MapPage) -> None:
    drops: list[object] = []
    page.picture.dropped.connect(lambda *values: drops.append(values))
    drag(page, "work", "sys-net", drop=False)
    press_key(page.picture, Qt.Key.Key_Escape)
    assert page.picture.drag is None
    assert not page.picture.card.isVisible()
    _HAND.mouseRelease(viewport(page.picture), Qt.MouseButton.LeftButton)

    drag(page, "work", "sys-firewall")
    drag(page, "work", "personal")

    assert drops == []


async def test_a_drop_in_the_lane_plans_no_network(clicker: Clicker, page: MapPage) -> None:
    drag(page, "work", "vault")

    dialog = await opened_dialog(PlanDialog)
    assert dialog.plan.value == ""
    assert dialog.chosen == ["work"]
    dialog.reject()


async def test_keys_walk_through_the_picture_and_the_accessible_name_follows(clicker: Clicker, page: MapPage) -> None:
    page.choose("sys-net")
    press_key(page.picture, Qt.Key.Key_Right)
    assert page.picture.current_names() == ("sys-firewall",)
    press_key(page.picture, Qt.Key.Key_Left)
    press_key(page.picture, Qt.Key.Key_Left)
    assert page.picture.accessibleName() == "Network map: Internet"
    page.choose("work")
    assert page.picture.accessibleName().startswith("Network map: work, Running, net qube sys-firewall")
    for _ in range(20):
        press_key(page.picture, Qt.Key.Key_Down)
    current = page.picture.current()
    assert current is not None
    assert current.is_lane
    press_key(page.picture, Qt.Key.Key_Right)
    assert page.picture.current() != current
    for _ in range(5):
        press_key(page.picture, Qt.Key.Key_Up)
    current = page.picture.current()
    assert current is not None
    assert not current.is_lane


async def test_the_net_qube_is_typed_and_the_plan_shown(clicker: Clicker, page: MapPage) -> None:
    page.choose("work")
    press_key(page.picture, Qt.Key.Key_N)
    assert page.prompt.isVisible()
    type_text(page.prompt.field, "sys-net")
    assert "sys-net" in page.prompt.card.text()
    press_key(page.prompt.field, Qt.Key.Key_Return)

    dialog = await opened_dialog(PlanDialog)
    assert dialog.plan.value == "sys-net"
    assert dialog.chosen == ["work"]
    dialog.reject()
    page.picture.setFocus()
    press_key(page.picture, Qt.Key.Key_N)
    press_key(page.prompt.field, Qt.Key.Key_Escape)
    assert not page.prompt.isVisible()


async def test_the_shortcuts_of_the_window_are_about_the_qube_on_the_map(clicker: Clicker, page: MapPage) -> None:
    clicker.window.view.select_name("vault")
    page.choose("personal")

    assert clicker.window.selected() == ["personal"]
    assert not clicker.can("start")
    page.choose("vault")
    clicker.click("start")
    await clicker.until(lambda: clicker.state("vault") == "Running")


async def test_the_menu_of_a_qube_has_its_actions(clicker: Clicker, page: MapPage) -> None:
    page.choose("work")
    page.picture.menu_wanted.emit(QPoint(10, 10))

    menus = [menu for menu in page.findChildren(QMenu) if menu.isVisible()]
    texts = {action.text().replace("&", "") for menu in menus for action in menu.actions()}
    assert {"Shut down", "Net qube", "Settings…"} <= texts
    for menu in menus:
        menu.close()


async def test_the_scale_follows_wheel_keys_and_tools(page: MapPage) -> None:
    picture = page.picture
    picture.set_scale(1)
    at = QPointF(100, 100)
    wheel = QWheelEvent(
        at, at, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport(picture), wheel)
    assert picture.scale > 1
    assert page.scale.text() == "120 %"
    for _ in range(40):
        press_key(picture, Qt.Key.Key_Plus)
    assert picture.scale == LARGEST
    for _ in range(40):
        press_key(picture, Qt.Key.Key_Minus)
    assert picture.scale == SMALLEST
    page.scale.trigger()
    assert picture.scale == 1
    press_key(picture, Qt.Key.Key_0)
    assert picture.scene.width * picture.scale <= picture.width() + 1


async def test_what_is_under_the_wheel_stays(page: MapPage) -> None:
    picture = page.picture
    picture.set_scale(2.0)
    rect = picture.place_rect(place(page, "sys-firewall"))

    picture.zoom(1, rect.center())

    after = picture.place_rect(place(page, "sys-firewall"))
    assert abs(after.center().x() - rect.center().x()) <= 2
    assert abs(after.center().y() - rect.center().y()) <= 2


async def test_the_picture_is_exported_with_every_name_as_text(page: MapPage, tmp_path: Path, clicker: Clicker) -> None:
    page.export_to(str(tmp_path / "map.svg"))

    await clicker.until(lambda: bool(page.errors.notices))
    text = "".join(ET.fromstring((tmp_path / "map.svg").read_text()).itertext())
    for name in ("sys-net", "sys-firewall", "work", "vault", "Internet"):
        assert name in text
    page.export_to(str(tmp_path / "map.svg" / "no folder.svg"))
    await clicker.until(lambda: len(page.errors.notices) > 1)


async def test_a_path_around_the_firewall_is_listed_with_the_way_back(clicker: Clicker, page: MapPage) -> None:
    await clicker.session.client.send(calls.VM_PROPERTY_SET("untrusted", "netvm", "sys-net"))
    await clicker.until(lambda: clicker.session.records["untrusted"].value("netvm") == "sys-net")
    page.fill()
    assert place(page, "untrusted").remark is not None
    _HAND.mouseClick(button(page.pane, "untrusted: Reconnect…"), Qt.MouseButton.LeftButton)

    dialog = await opened_dialog(PlanDialog)
    assert dialog.plan.value == "sys-firewall"
    dialog.reject()


async def test_finding_fades_the_others_and_enter_goes_to_the_first(clicker: Clicker, page: MapPage) -> None:
    type_text(page.search, "vau")
    assert page.picture._is_dimmed(place(page, "work"))
    assert not page.picture._is_dimmed(place(page, "vault"))
    press_key(page.search, Qt.Key.Key_Return)

    assert page.picture.current_names() == ("vault",)
    page.search.setText("nothing like it")
    assert page.status.text() == "Nothing found."


async def test_of_a_thousand_qubes_only_what_is_seen_is_drawn(system: System, clicker: Clicker, page: MapPage) -> None:
    await demo.write(system, demo.samples(990)[10:], own_size)
    clicker.session.resync()
    await clicker.until(lambda: len(clicker.session.records) > 990)
    page.fill()
    assert len(page.picture.layout_of_qubes.places) < 100
    shared = next(each for each in page.picture.layout_of_qubes.places if each.what is What.HALTED and not each.is_lane)
    assert len(shared.names) > 500
    page.picture.toggle(shared)

    assert len(page.picture.layout_of_qubes.places) > 500
    page.picture.grab()
    assert 0 < page.picture.drawn < 100
    page.picture.toggle(next(each for each in page.picture.layout_of_qubes.places if each.fold == shared.fold))
    page.choose("news-80")
    assert page.picture.current_names() == ("news-80",)
    assert viewport(page.picture).rect().contains(middle(page, "news-80"))


@pytest.fixture
def _from_the_right(qapp: QApplication) -> Iterator[None]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


@pytest.mark.usefixtures("_from_the_right")
async def test_the_outside_is_at_the_right_where_text_is_read_from_there(clicker: Clicker, page: MapPage) -> None:
    net, work = (page.picture.place_rect(place(page, name)) for name in ("sys-net", "work"))
    assert net.left() > work.right()
    page.choose("sys-net")
    press_key(page.picture, Qt.Key.Key_Left)
    assert page.picture.current_names() == ("sys-firewall",)
    assert viewport(page.picture).rect().contains(net.center().toPoint())


async def test_dom0_is_not_on_the_map_and_its_selection_is_passed_over(clicker: Clicker, page: MapPage) -> None:
    clicker.window.sidebar.choose("all")
    clicker.window.view.select_name(DOM0)
    clicker.window.sidebar.choose("page:map")

    assert DOM0 not in page.picture.layout_of_qubes.by_qube
    assert clicker.window.selected() == []
