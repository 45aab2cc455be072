# SPDX-License-Identifier: GPL-3.0-or-later
"""The tray's menu and its window; a real tray with the program's own icon in it."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import x_tray
from device_samples import CAMERA, STICK, source
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QMenu, QSystemTrayIcon
from pytestqt.qtbot import QtBot
from until import until
from windows import click, is_quiet, press_key, type_text

from qubesmanager.client.live_copy import Lost
from qubesmanager.daemon.local.system import System
from qubesmanager.models.device_catalog import DeviceCatalog, DeviceMark
from qubesmanager.systems import demo
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.devices.device_feed import DeviceFeed
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.tray.notices import NoticeKind
from qubesmanager.ui.tray.tray import Tray
from qubesmanager.ui.widgets.menus import in_columns
from qubesmanager.ui.widgets.prompts import Question
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import AvailableDevice, DeviceId
from qubesmanager.wire.values import DeviceClass, PowerState


class Desk:
    """A tray and what it has shown."""

    def __init__(self, session: Session) -> None:
        self.opened = 0
        self.over = 0
        self.tray = Tray(session, self._open)
        self.tray.over.connect(self._over)
        self.write_menu(9)  # all of its lines fit into the small screen

    def write_menu(self, pixels: int) -> None:
        font = self.tray.menu.font()
        font.setPixelSize(pixels)
        self.tray.menu.setFont(font)

    def _open(self) -> None:
        self.opened += 1

    def _over(self) -> None:
        self.over += 1

    def lines(self) -> list[str]:
        self.tray.menu.aboutToShow.emit()
        return [action.text() for action in self.tray.menu.actions() if not action.isSeparator()]

    def menu_of(self, name: str) -> QMenu:
        """The menu below the line that starts so, filled."""
        self.lines()
        for action in self.tray.menu.actions():
            inner = action.menu()
            if inner is not None and action.text().startswith(name):
                inner.aboutToShow.emit()
                return inner
        raise KeyError(name)

    def choose(self, name: str, text: str) -> None:
        next(action for action in self.menu_of(name).actions() if action.text() == text).trigger()


@pytest.fixture
async def desk(session: Session, feed: DeviceFeed, qtbot: QtBot) -> AsyncIterator[Desk]:
    desk = Desk(session)
    yield desk
    desk.tray.stop()


async def test_the_menu_has_devices_and_running_qubes(desk: Desk) -> None:
    lines = desk.lines()

    assert lines.index("Cameras") + 1 == lines.index(in_columns("Example HD Webcam C920", "sys-usb"))
    assert any(line.startswith("work\tRunning") for line in lines)
    assert not any(line.startswith("vault") for line in lines)
    assert lines[-3:] == ["&Notifications", "Open Qubes &Manager", "&Quit"]


async def test_a_device_is_given_from_the_menu(desk: Desk, catalog: DeviceCatalog) -> None:
    to = next(inner for action in desk.menu_of("Example USB Stick").actions() if (inner := action.menu()) is not None)
    next(action for action in to.actions() if action.text() == "work").trigger()
    await until(lambda: catalog.devices()[STICK].holder == "work")

    await until(
        lambda: any(line.startswith("Example USB Stick\t") and " · attached to work" in line for line in desk.lines())
    )


async def test_kinds_keep_their_order_when_a_device_is_attached(desk: Desk, catalog: DeviceCatalog) -> None:
    headings = ["Disks", "Cameras", "Microphone", "USB devices"]
    assert [line for line in desk.lines() if line in headings] == headings

    menu = desk.menu_of("Example HD Webcam C920")
    next(action for action in menu.actions() if action.text() == "work").trigger()
    await until(lambda: catalog.devices()[CAMERA].holder == "work" and catalog.devices()[CAMERA].doing is None)

    assert [line for line in desk.lines() if line in headings] == headings


async def test_a_menu_higher_than_the_screen_is_shortened(desk: Desk, catalog: DeviceCatalog) -> None:
    found = [AvailableDevice(f"9-{number}", {}, f"Stick {number}") for number in range(20)]
    catalog.offer("sys-usb", DeviceClass.USB, found)
    desk.write_menu(24)

    lines = desk.lines()

    actions = desk.tray.menu.actions()
    screen = desk.tray._screen()
    assert screen is not None
    heights = [desk.tray.menu.actionGeometry(action).height() for action in actions]
    assert sum(heights) <= screen.availableGeometry().height() < 24 * 40
    assert len({desk.tray.menu.actionGeometry(action).left() for action in actions}) == 1
    assert any(line.startswith("Stick") for line in lines)
    assert any("\tRunning" in line for line in lines)
    assert lines[-1] == "&Quit"


async def test_the_menu_names_a_lost_connection(desk: Desk, session: Session) -> None:
    assert session.is_synced
    assert desk.lines()[0] == "Disks"

    session._tell(Lost(TransportError("no daemon"), retry_in=60))

    assert desk.lines()[0] == "No connection: this may be out of date"
    assert desk.lines()[1] == "Disks"


async def test_a_qube_is_paused_and_killed_only_after_a_question(desk: Desk, session: Session) -> None:
    desk.choose("personal", "&Pause")
    await until(lambda: session.records["personal"].state is PowerState.PAUSED)

    assert [action.text() for action in desk.menu_of("personal").actions()] == ["&Unpause", "S&ettings…", "&Kill…"]


async def test_settings_open_in_this_process(desk: Desk, session: Session) -> None:
    openings: list[tuple[str, tuple[str, ...]]] = []
    session.window_wanted.connect(lambda kind, names: openings.append((kind, names)))
    desk.choose("work", "S&ettings…")

    assert openings == [("settings", ("work",))]


async def test_a_halted_qube_is_started_by_search(desk: Desk, session: Session) -> None:
    desk.tray.show_window("qubes")
    panel = desk.tray.window.qubes
    assert "vault" not in panel.filter.names()
    type_text(panel.search, "vau")
    assert list(panel.filter.names()) == ["vault"]
    press_key(panel.search, Qt.Key.Key_Return)

    await until(lambda: session.records["vault"].state is PowerState.RUNNING)


async def test_buttons_of_the_qubes_page_follow_what_is_selected(desk: Desk, session: Session) -> None:
    desk.tray.show_window("qubes")
    panel = desk.tray.window.qubes
    assert not panel.buttons["shutdown"].isEnabled()
    panel.view.select_name("work")
    assert not panel.buttons["start"].isEnabled()
    click(panel.buttons["shutdown"])

    await until(lambda: session.records["work"].state is PowerState.HALTED)


async def test_without_a_tray_the_window_is_shown_and_closing_it_ends(desk: Desk) -> None:
    assert not QSystemTrayIcon.isSystemTrayAvailable()
    desk.tray.start()
    assert desk.tray.window.isVisible()
    desk.tray.window.close()

    assert desk.over == 1


async def test_without_a_tray_the_window_shows_a_message(desk: Desk, system: System) -> None:
    desk.tray.start()
    source(system, "dom0").plug(demo._disk("sdx", "Just <b>now</b>", 1 << 30))
    await until(lambda: desk.tray.window.errors.notices)

    assert desk.tray.window.errors.notices[0].text == "Just <b>now</b> is available (dom0:sdx)."


async def test_new_devices_and_favourites_are_first(desk: Desk, feed: DeviceFeed, system: System) -> None:
    feed.set_mark(feed.catalog.devices()[CAMERA], DeviceMark("", True))
    assert desk.lines()[1] == in_columns("Example HD Webcam C920", "sys-usb")
    source(system, "dom0").plug(demo._disk("sdx", "Z & last", 1 << 30))
    await until(lambda: any(device.new for device in feed.catalog.devices().values()))

    assert desk.lines()[1] == in_columns("Z & last", "1.0 GiB · dom0 · new")
    desk.tray.menu.aboutToHide.emit()
    assert not any(device.new for device in feed.catalog.devices().values())


async def test_notifications_are_switched_in_the_menu(desk: Desk) -> None:
    desk.lines()
    notify = next(
        inner
        for action in desk.tray.menu.actions()
        if (inner := action.menu()) is not None and action.text() == "&Notifications"
    )
    next(action for action in notify.actions() if action.text() == "Attached").trigger()

    assert not desk.tray.notices.wanted(NoticeKind.ATTACHED)
    assert desk.tray.notices.wanted(NoticeKind.FAILED)


async def test_a_failure_shows_in_the_window_and_leads_the_menu(desk: Desk, system: System, feed: DeviceFeed) -> None:
    source(system, "sys-usb").devices.pop((STICK.device_class, STICK.ident))
    desk.tray.window.actions_of.operations.attach(feed.catalog.devices()[STICK], "work", {})
    await until(lambda: desk.tray.window.errors.notices)

    assert desk.lines()[1].startswith("Example USB Stick\t")
    assert "sys-usb · failed with work" in desk.lines()[1]


async def test_opening_menus_and_the_window_asks_the_daemon_nothing(
    desk: Desk, feed: DeviceFeed, session: Session
) -> None:
    await until(lambda: session.client.calls_made and session.is_synced)
    await until(is_quiet)
    before = session.client.calls_made
    names = {device.name for device in feed.catalog.devices().values()}
    for line in [line for line in desk.lines() if line in names]:
        assert desk.menu_of(line).actions()
    desk.tray.show_window()
    desk.tray.show_window("qubes")
    await until(is_quiet)

    assert session.client.calls_made == before


# -- a real tray ------------------------------------------------------------------------------------------------------

PROGRAM = "from qubesmanager.entry import devices; raise SystemExit(devices(['--demo', '0']))"
TITLE = '"Qubes Devices"'


def icon_in_tray(env: dict[str, str]) -> bool:
    return any(TITLE in line for line in x_tray.below(x_tray.windows(env), "panel"))


def window_shown(env: dict[str, str], title: str = TITLE) -> bool:
    """The small window, which is far wider than an icon."""
    return any(title in line and x_tray.width(line) > 300 for line in x_tray.windows(env).splitlines())


@pytest.mark.xserver
@pytest.mark.skipif(bool(x_tray.WHY_NOT), reason=x_tray.WHY_NOT)
async def test_the_icon_is_seen_in_a_real_tray(tmp_path: Path) -> None:
    with (
        x_tray.screen(tmp_path) as env,
        x_tray.program("trayer", "--edge", "bottom", "--widthtype", "request", env=env),
    ):
        await until(lambda: '"panel"' in x_tray.windows(env))
        with x_tray.program(sys.executable, "-c", PROGRAM, env=env) as process:
            await until(lambda: icon_in_tray(env) or process.poll() is not None)

            assert process.poll() is None
            assert not window_shown(env)  # it waits for a click


@pytest.mark.xserver
@pytest.mark.skipif(bool(x_tray.WHY_NOT), reason=x_tray.WHY_NOT)
async def test_without_a_tray_there_is_the_window_until_a_tray_comes(tmp_path: Path) -> None:
    with x_tray.screen(tmp_path) as env, x_tray.program(sys.executable, "-c", PROGRAM, env=env) as process:
        await until(lambda: window_shown(env) or process.poll() is not None)
        assert process.poll() is None
        with x_tray.program("trayer", "--edge", "bottom", "--widthtype", "request", env=env):
            await until(lambda: icon_in_tray(env))


@pytest.mark.xserver
@pytest.mark.skipif(bool(x_tray.WHY_NOT), reason=x_tray.WHY_NOT)
async def test_the_title_of_the_window_has_one_language(tmp_path: Path) -> None:
    with x_tray.screen(tmp_path) as env:
        german = env | {"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}
        with x_tray.program(sys.executable, "-c", PROGRAM, env=german) as process:
            await until(lambda: window_shown(env, '"Qubes-Geräte"') or process.poll() is not None)

            assert process.poll() is None


async def test_the_tray_asks_whether_a_qube_gets_a_device(desk: Desk, session: Session, system: System) -> None:
    assign = calls.VM_DEVICE_ASSIGN.of(DeviceClass.BLOCK)
    await session.client.send(assign("vault", DeviceId("dom0", "sdb"), {"mode": "ask-to-attach"}))

    await session.client.send(calls.VM_START("vault"))
    questions: list[Question] = []

    def look() -> bool:
        widgets = QApplication.topLevelWidgets()
        questions[:] = [each for each in widgets if isinstance(each, Question) and each.isVisible()]
        return bool(questions)

    await until(look)
    click(questions[0].yes)

    await until(lambda: any(device.attached for device in system.runtime.state.qube("vault").devices))


async def test_a_device_named_like_a_state_has_its_state_in_another_column(desk: Desk, catalog: DeviceCatalog) -> None:
    catalog.offer("sys-usb", DeviceClass.USB, [AvailableDevice("9-9", {"size": "1048576"}, "Stick   work has it")])

    (line,) = [line for line in desk.lines() if line.startswith("Stick")]

    assert line.split("\t") == ["Stick work has it", "1.0 MiB · sys-usb · new\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}"]


async def test_a_camera_in_use_is_taken_away_by_one_click(desk: Desk, catalog: DeviceCatalog) -> None:
    menu = desk.menu_of("Example HD Webcam C920")
    next(action for action in menu.actions() if action.text() == "work").trigger()
    await until(lambda: any(line.startswith("Detach Example HD Webcam") for line in desk.lines()))

    line = next(action for action in desk.tray.menu.actions() if action.text().startswith("Detach Example HD"))
    assert line.menu() is None
    line.trigger()

    await until(lambda: not any(line.startswith("Detach Example HD Webcam") for line in desk.lines()))


async def test_without_a_tray_news_expires_and_many_messages_fold(desk: Desk) -> None:
    desk.tray.start()
    errors = desk.tray.window.errors
    desk.tray._tell("news", failed=False)
    assert errors.notices[-1].countdown.text() == "8 s"
    for number in range(5):
        desk.tray._tell(f"failure {number}", failed=True)

    assert sum(notice.isVisible() for notice in errors.notices) == 3
    assert errors._more.text() == "3 more message(s)"
    news = errors.notices[0]
    for _ in range(8):
        news._tick()
    assert news not in errors.notices


async def test_the_window_beside_the_icon_is_on_the_screen(desk: Desk) -> None:
    desk.tray.window.resize(5000, 5000)

    desk.tray._place()

    screen = desk.tray.window.screen()
    assert screen is not None
    assert screen.availableGeometry().contains(desk.tray.window.geometry())


async def test_devices_of_a_halted_backend_are_gone(desk: Desk, session: Session, catalog: DeviceCatalog) -> None:
    await until(lambda: STICK in catalog.devices())

    await session.client.send(calls.VM_KILL("sys-usb"))

    await until(lambda: not any(key.backend == "sys-usb" for key in catalog.devices()))
