# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager used with a keyboard alone, on a real X server, against a daemon in a separate process.

A minute unless `QM_KEYBOARD_MINUTES` says otherwise (10 is what a release is tried with). What came of each step is
asked of the daemon, never of the window.
"""

import contextlib
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import x_keyboard
import x_tray
from daemon_process import DaemonProcess
from until import LIMIT
from x_keyboard import Keyboard

from qubesmanager.client.client import Client
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls

SECONDS = 60 * float(os.environ.get("QM_KEYBOARD_MINUTES", "1"))
PROGRAM = "import sys; from qubesmanager.entry import manager; raise SystemExit(manager(sys.argv[1:]))"
MAIN = "Qubes Manager"


@dataclass
class Desk:
    """The keyboard, and the daemon's own word for what became of it."""

    hand: Keyboard
    client: Client
    round: int = 0

    async def states(self) -> dict[str, str]:
        return {row.name: str(row.state) for row in await self.client.send(calls.VM_LIST("dom0"))}

    async def becomes(self, name: str, state: str, seconds: float = LIMIT) -> None:
        """Wait until the daemon shows it; `gone` for a qube that is not there."""

        async def reached() -> bool:
            return (await self.states()).get(name, "gone") == state

        await self.hand.until(reached, f"{name} to be {state}", seconds)

    async def press_until(self, key: str, name: str, state: str) -> None:
        """Press a key for the selected qube, again while the window does not offer its action yet.

        The daemon's answer may be seen here before its event is shown there, and a key may be lost while the focus
        comes back.
        """
        for seconds in (5.0, 10.0, 20.0):
            await self.hand.reach(MAIN)
            await self.hand.press(key)
            with contextlib.suppress(AssertionError):
                await self.becomes(name, state, seconds)
                return
        await self.becomes(name, state)

    async def has(self, name: str, prop: str, value: str) -> None:
        async def reached() -> bool:
            return (await self.client.send(calls.VM_PROPERTY_GET(name, prop))).value == value

        await self.hand.until(reached, f"{prop} of {name} to be {value}")

    async def go_to(self, name: str) -> None:
        """Through the palette: the line of the qube whose name is typed in full."""
        await self.palette(name)

    async def open_for(self, name: str, key: str, title: str) -> None:
        """Open the dialog of a key for a qube. Tries again: the window may not show a new qube yet."""

        async def try_once() -> None:
            await self.go_to(name)
            await self.hand.press(key)

        await self.try_until(title, try_once)

    async def try_until(self, title: str, try_once: Callable[[], Awaitable[None]]) -> None:
        """Repeat something that does nothing while it comes too early, until a window of this title is in front."""
        for seconds in (5.0, 10.0, 20.0):
            await self.hand.reach(MAIN, title)
            if self.hand.title().startswith(MAIN):
                await try_once()
            with contextlib.suppress(AssertionError):
                await self.hand.reach(title, seconds=seconds)
                return
        await self.hand.reach(title)

    async def palette(self, words: str) -> None:
        """Run the first command of these words. Tries again: the window may not have it yet when the palette opens."""
        for seconds in (10.0, 20.0, LIMIT):
            await self.open_palette()
            await self.hand.write(words)
            await self.hand.press("Return")
            with contextlib.suppress(AssertionError):
                await self.hand.gone("Commands", seconds)
                return
            await self.hand.press("Escape")
            await self.hand.gone("Commands")
        raise AssertionError(f"the palette does not know {words!r}")

    async def open_palette(self) -> None:
        await self.hand.reach(MAIN)
        # A key may be lost while the focus comes back from a window that closes; in the palette it does nothing.
        for seconds in (5.0, 10.0, 20.0, LIMIT):
            await self.hand.press("ctrl+k")
            with contextlib.suppress(AssertionError):
                await self.hand.shown("Commands", seconds)
                break
        else:
            raise AssertionError("the palette does not open")


async def start_and_shut_down(desk: Desk) -> None:
    await desk.go_to("vault")
    await desk.press_until("ctrl+shift+s", "vault", "Running")
    await desk.press_until("ctrl+shift+d", "vault", "Halted")


async def pause_by_the_palette(desk: Desk) -> None:
    await desk.go_to("personal")
    await desk.palette("pause: personal")
    await desk.becomes("personal", "Paused")
    await desk.palette("unpause: personal")
    await desk.becomes("personal", "Running")


async def create_rename_and_remove(desk: Desk) -> None:
    hand, name = desk.hand, f"made-{desk.round}"
    await desk.try_until("New qube", lambda: hand.press("ctrl+n"))
    await hand.write(name)
    await hand.press("Return")
    await desk.becomes(name, "Halted")
    await desk.open_for(name, "F2", f"Rename {name}")
    await hand.press("ctrl+a")
    await hand.write(f"named-{desk.round}")
    await hand.press("Return")
    await desk.becomes(f"named-{desk.round}", "Halted")
    await desk.becomes(name, "gone")
    await desk.open_for(f"named-{desk.round}", "Delete", "Remove")
    for seconds in (10.0, 20.0, LIMIT):  # keys may be lost while the dialog gets the focus or computes
        if hand.title().startswith("Remove"):
            await hand.press("ctrl+a")
            await hand.write(f"named-{desk.round}")
            await hand.press("Return")
        with contextlib.suppress(AssertionError):
            await desk.becomes(f"named-{desk.round}", "gone", seconds)
            break
    await desk.becomes(f"named-{desk.round}", "gone")


async def settings_are_changed_and_left(desk: Desk) -> None:
    hand = desk.hand
    await desk.open_for("vault", "Return", "Settings of vault")
    await hand.press("ctrl+Page_Down", "ctrl+Page_Down", "ctrl+Page_Up", "Escape")
    await hand.reach(MAIN)


async def notes_are_written(desk: Desk) -> None:
    hand = desk.hand
    await desk.open_for("untrusted", "ctrl+shift+n", "Notes of untrusted")
    await hand.press("ctrl+a")
    await hand.write(f"seen {desk.round} times")
    await hand.press("ctrl+Return")

    async def kept() -> bool:
        return await desk.client.send(calls.VM_NOTES_GET("untrusted")) == f"seen {desk.round} times"

    await hand.until(kept, "the notes")


async def several_are_confirmed_once(desk: Desk) -> None:
    hand = desk.hand
    await hand.reach(MAIN)
    await hand.press("ctrl+f")
    await hand.write("tag:net state:running")
    await hand.press("Return")  # from the query to the table, whether or not completions are shown
    title, running = "", set[str]()
    for _ in range(10):  # a key may be lost while the completions close; a qube may be starting still
        await hand.press("Down", "ctrl+a")  # also from the query to the table
        await desk.try_until("Shut down", lambda: hand.press("ctrl+shift+d"))
        running = {name for name, state in (await desk.states()).items() if state == "Running"} - {"dom0", "sys-usb"}
        if hand.title().startswith(f"Shut down {len(running)} qubes"):
            break
        title = hand.title()
        await hand.press("Escape")
        await hand.reach(MAIN)
    else:
        raise AssertionError(f"{sorted(running)} are running, and the last plan was {title!r}")
    await hand.press("Return")
    for name in ("work", "personal", "sys-firewall", "sys-net"):
        await desk.becomes(name, "Halted")
    await hand.reach(MAIN)
    await hand.press("ctrl+shift+f")
    for name in ("personal", "work"):  # each starts the net qubes it needs
        await desk.go_to(name)
        await desk.press_until("ctrl+shift+s", name, "Running")
    await desk.becomes("sys-net", "Running")


async def kill_is_confirmed_and_can_be_left(desk: Desk) -> None:
    hand = desk.hand
    await desk.go_to("personal")
    await desk.palette("kill: personal")
    await hand.reach("Kill")
    await hand.press("Escape")
    await hand.reach(MAIN)
    assert (await desk.states())["personal"] == "Running"
    await desk.palette("kill: personal")
    await hand.reach("Kill")
    await hand.press("alt+k")
    await desk.becomes("personal", "Halted")
    await desk.go_to("personal")
    await desk.press_until("ctrl+shift+s", "personal", "Running")


async def every_menu_is_walked(desk: Desk) -> None:
    await desk.hand.reach(MAIN)
    for letter in "SQVTH":
        await desk.hand.press(f"alt+{letter.lower()}")
        await desk.hand.press("Down", "Down", "Up", "Right", "Left")
        await desk.hand.press("Escape", "Escape", "Escape")
    await desk.hand.press("Menu", "Down", "Down", "Escape")


async def logs_open_and_close(desk: Desk) -> None:
    hand = desk.hand
    await desk.open_for("work", "ctrl+l", "Logs of work")
    await hand.press("ctrl+f")
    await hand.write("work")
    await hand.press("Return", "F5", "ctrl+w")
    await hand.reach(MAIN)


async def sides_and_tasks_are_shown_and_hidden(desk: Desk) -> None:
    await desk.hand.reach(MAIN)
    await desk.hand.press("F9", "F9", "F10", "F10", "ctrl+t", "ctrl+t", "F5", "F1")


async def a_template_qube_is_cloned_and_removed(desk: Desk) -> None:
    hand = desk.hand
    await desk.open_for("vault", "ctrl+shift+c", "Clone vault")
    await hand.press("ctrl+a")
    await hand.write("copy")
    await hand.press("Return")
    await desk.becomes("copy", "Halted")
    await desk.open_for("copy", "Delete", "Remove")
    await hand.write("copy")
    await hand.press("Return")
    await desk.becomes("copy", "gone")


STEPS: tuple[Callable[[Desk], Awaitable[None]], ...] = (
    start_and_shut_down,
    create_rename_and_remove,
    every_menu_is_walked,
    settings_are_changed_and_left,
    pause_by_the_palette,
    notes_are_written,
    kill_is_confirmed_and_can_be_left,
    logs_open_and_close,
    sides_and_tasks_are_shown_and_hidden,
    several_are_confirmed_once,
    a_template_qube_is_cloned_and_removed,
)


@pytest.mark.xserver
@pytest.mark.timeout(SECONDS + 600)
@pytest.mark.skipif(bool(x_keyboard.WHY_NOT), reason=x_keyboard.WHY_NOT)
async def test_the_window_is_used_by_keyboard_alone(tmp_path: Path) -> None:
    with DaemonProcess(tmp_path, "--demo", "6") as daemon, x_tray.screen(tmp_path) as env:
        words = (sys.executable, "-c", PROGRAM, "--connect", f"unix:{daemon.socket}")
        with x_tray.program(*words, env=env) as process:
            desk = Desk(Keyboard(env, process), Client(UnixTransport(daemon.socket)))
            await desk.hand.reach(MAIN)
            await desk.open_for("vault", "Return", "Settings of vault")  # opens once the table shows the qube
            await desk.hand.press("Escape")
            until = time.monotonic() + SECONDS
            done = 0
            while time.monotonic() < until or done < len(STEPS):
                desk.round = done // len(STEPS)
                await STEPS[done % len(STEPS)](desk)
                done += 1
            print(f"{done} steps, {desk.hand.pressed} keys, {desk.round + 1} rounds")
            await desk.hand.reach(MAIN)
            await desk.hand.press("ctrl+w")
            assert process.wait(LIMIT) == 0
