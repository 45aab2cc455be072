# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the windows on real X servers as people have them, and takes pictures of the whole screens."""

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, "tests")

import x_tray
from daemon_process import DaemonProcess
from x_keyboard import Keyboard

from qubesmanager.host.process import started

PICTURES = Path("build/screens")
PROGRAM = "import sys; from qubesmanager.entry import manager; raise SystemExit(manager(sys.argv[1:]))"
CAMERA = """
import sys
from PyQt5.QtWidgets import QApplication
application = QApplication(sys.argv[:1])
application.primaryScreen().grabWindow(0).save(sys.argv[1], "PNG", 0)
"""
DARK = """[General]
ColorScheme=Dark
[Colors:Window]
BackgroundNormal=42,46,50
ForegroundNormal=252,252,252
[Colors:View]
BackgroundNormal=27,30,32
BackgroundAlternate=35,38,41
ForegroundNormal=252,252,252
[Colors:Button]
BackgroundNormal=49,54,59
ForegroundNormal=252,252,252
[Colors:Selection]
BackgroundNormal=61,174,233
ForegroundNormal=252,252,252
[Colors:Tooltip]
BackgroundNormal=49,54,59
ForegroundNormal=252,252,252
"""
"""The dark colours of a KDE desktop, in its own file of settings."""


@dataclass(frozen=True)
class Screen:
    """A screen and a desktop: `size` in pixels, `more` qubes beside the base system."""

    name: str
    size: str
    more: int = 50
    env: Mapping[str, str] = field(default_factory=dict)
    dark: bool = False


SCREENS = (
    Screen("laptop", "1366x768"),
    Screen("small", "800x600"),
    Screen("double", "1920x1080", 995, {"QT_SCALE_FACTOR": "2"}),
    Screen("thousand", "1920x1080", 995),
    Screen("dark", "1366x768", dark=True),
    Screen("german", "1366x768", env={"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}),
    Screen("arabic", "1366x768", env={"LC_ALL": "ar_EG.UTF-8", "LANGUAGE": "ar"}),
)


class Desk:
    """A program on a screen, and what is done at it."""

    def __init__(self, screen: Screen, env: Mapping[str, str], connect: str, hand: Keyboard) -> None:
        self.screen = screen
        self.hand = hand
        self._env = env
        self._connect = connect
        self.problems: list[str] = []

    async def open(self, *words: str) -> None:
        """Ask the program that runs for a window, as a shell does."""
        await self._run("-c", PROGRAM, "--connect", self._connect, *words, env=self._env)

    async def _run(self, *words: str, env: Mapping[str, str]) -> None:
        async with started(sys.executable, *words, env=dict(env)) as process:
            await process.wait()

    async def picture(self, name: str) -> None:
        """Wait until the screen stays as it is, and keep it; note each window that is larger than the screen."""
        path = PICTURES / f"{self.screen.name}-{name}.png"
        before = b""
        for _ in range(20):
            await self._run("-c", CAMERA, str(path), env={**self._env, "QT_SCALE_FACTOR": "1"})
            now = path.read_bytes()
            if now == before:
                break
            before = now
            await asyncio.sleep(0.5)
        width, height = map(int, self.screen.size.split("x"))
        for line in x_tray.windows(self._env).splitlines():
            size = re.search(r'"(.+?)".*\s([0-9]+)x([0-9]+)[+-]', line)
            if size and (int(size[2]) > width or int(size[3]) > height):
                self.problems.append(f"{path.stem}: {size[1]!r} is {size[2]} x {size[3]}")

    async def leave(self) -> None:
        """Close the window in front: a dialog by Escape, another window by Ctrl+W."""
        title = self.hand.title()

        async def closed() -> bool:
            return self.hand.title() != title

        await self.hand.press("Escape")
        with suppress(AssertionError):
            await self.hand.until(closed, f"{title} to close", 3)
            return
        await self.hand.press("ctrl+w")
        await self.hand.until(closed, f"{title} to close", 20)


async def table(desk: Desk) -> None:
    await desk.picture("window")


async def plan(desk: Desk) -> None:
    await desk.hand.press("ctrl+a", "ctrl+shift+d")
    await asyncio.sleep(2)
    await desk.picture("plan")
    await desk.leave()


async def palette(desk: Desk) -> None:
    await desk.hand.press("ctrl+k")
    await asyncio.sleep(1)
    await desk.hand.write("work")
    await desk.picture("palette")
    await desk.hand.press("Escape")


def window(name: str, *words: str) -> Callable[[Desk], Awaitable[None]]:
    """A step that opens a window of this program, pictures it and closes it."""

    async def step(desk: Desk) -> None:
        before = desk.hand.title()
        await desk.open(*words)

        async def opened() -> bool:
            return desk.hand.title() not in {"", before}

        await desk.hand.until(opened, f"{words} to open", 60)
        await desk.picture(name)
        await desk.leave()

    return step


STEPS: tuple[Callable[[Desk], Awaitable[None]], ...] = (
    table,
    palette,
    plan,
    window("settings", "settings", "work"),
    window("firewall", "settings", "work", "--page", "firewall"),
    window("several", "settings", "work", "personal", "vault", "untrusted"),
    window("storage", "storage"),
    window("devices", "all-devices"),
    window("map", "map"),
    window("system", "system"),
    window("backup", "backup"),
    window("restore", "restore"),
    window("logs", "logs", "work"),
)


async def look(screen: Screen) -> list[str]:
    """Go through the steps on one screen; the problems that were seen."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "d").mkdir()
        config = folder / "config"
        config.mkdir()
        if screen.dark:
            (config / "kdeglobals").write_text(DARK)
        desktop = {"XDG_CURRENT_DESKTOP": "KDE", "KDE_SESSION_VERSION": "5", "XDG_CONFIG_DIRS": str(config)}
        with (
            DaemonProcess(folder / "d", "--demo", str(screen.more)) as daemon,
            x_tray.screen(folder, screen.size) as base,
        ):
            env = {**base, **screen.env, **(desktop if screen.dark else {})}
            connect = f"unix:{daemon.socket}"
            with x_tray.program(sys.executable, "-c", PROGRAM, "--connect", connect, env=env) as process:
                desk = Desk(screen, env, connect, Keyboard(env, process))
                await desk.hand.reach("Qubes Manager")
                await asyncio.sleep(3)
                for step in STEPS:
                    try:
                        await step(desk)
                    except AssertionError as error:
                        desk.problems.append(f"{screen.name}: {error}")
                return desk.problems


async def main(names: list[str]) -> int:
    problems = []
    for screen in SCREENS:
        if not names or screen.name in names:
            problems += await look(screen)
            print(f"{screen.name}: {screen.size}, {screen.more} more qubes")
    print(*problems, sep="\n")
    return 1 if problems else 0


if x_tray.WHY_NOT:
    raise SystemExit(x_tray.WHY_NOT)
PICTURES.mkdir(parents=True, exist_ok=True)
raise SystemExit(asyncio.run(main(sys.argv[1:])))
