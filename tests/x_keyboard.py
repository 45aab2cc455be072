# SPDX-License-Identifier: GPL-3.0-or-later
"""A user with nothing but a keyboard at a separate screen: keys go in through the X server, as from a hand."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Mapping

from programs import not_installed
from until import LIMIT

WHY_NOT = not_installed("Xvfb", "openbox", "xdotool")
"""Why no keys can be pressed here; empty if they can."""


class Keyboard:
    """Keys by xdotool's names (`ctrl+k`, `Down`), to whatever window has the focus."""

    def __init__(self, env: Mapping[str, str], program: "subprocess.Popen[bytes]") -> None:
        self._env = dict(env)
        self._program = program
        self.pressed = 0

    def title(self) -> str:
        """The title of the window in front; empty while there is none."""
        answer = subprocess.run(
            ["xdotool", "getactivewindow", "getwindowname"], env=self._env, capture_output=True, text=True, check=False
        )
        return answer.stdout.strip()

    def is_shown(self, title: str) -> bool:
        """Whether there is a visible window of this title; a popup too, which never is the window in front."""
        command = ["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"]
        return subprocess.run(command, env=self._env, capture_output=True, check=False).returncode == 0

    async def shown(self, title: str, seconds: float = LIMIT) -> None:
        await self.until(lambda: _now(self.is_shown(title)), f"a visible window {title!r}", seconds)

    async def gone(self, title: str, seconds: float = LIMIT) -> None:
        """Wait until no window of this title is visible: a popup takes all keys until then."""
        await self.until(lambda: _now(not self.is_shown(title)), f"{title!r} to be gone", seconds)

    async def press(self, *keys: str) -> None:
        """One key after the other."""
        self._do("key", "--clearmodifiers", "--delay", "25", *keys)
        self.pressed += len(keys)

    async def write(self, text: str) -> None:
        self._do("type", "--clearmodifiers", "--delay", "20", text)
        self.pressed += len(text)

    async def reach(self, *titles: str, seconds: float = LIMIT) -> None:
        """Wait until the title of the window in front begins with one of these."""
        await self.until(lambda: _now(self.title().startswith(titles)), f"a window {titles}", seconds)

    async def until(self, reached: Callable[[], Awaitable[bool]], what: str, seconds: float = LIMIT) -> None:
        """Wait until something is so, while the program lives."""
        try:
            async with asyncio.timeout(seconds):
                while not await reached():
                    self._alive()
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"waited for {what}; in front is {self.title()!r}") from None

    def _do(self, *words: str) -> None:
        self._alive()
        subprocess.run(["xdotool", *words], env=self._env, check=True)

    def _alive(self) -> None:
        assert self._program.poll() is None, f"the window ended with {self._program.returncode}"


async def _now(value: bool) -> bool:
    return value
