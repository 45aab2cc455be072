# SPDX-License-Identifier: GPL-3.0-or-later
"""A separate screen with a window manager and, if wanted, a tray, for programs that are looked at from outside."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import monotonic

from daemon_process import select_pause
from programs import not_installed
from until import LIMIT

WHY_NOT = not_installed("Xvfb", "openbox", "trayer", "xwininfo", "xprop", "xdotool")
"""Why no tray can be looked at here; empty if one can."""

FIRST_DISPLAY, DISPLAYS = 100, 50_000
"""Numbers of displays. A server that ends removes the socket of the next one that has its number already."""
_SCREENS = count()


@contextmanager
def program(*words: str, env: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Started, and ended with SIGTERM."""
    process = subprocess.Popen(words, env=dict(env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(LIMIT)


@contextmanager
def screen(folder: Path, size: str = "1024x768") -> Iterator[dict[str, str]]:
    """The environment of a program on this screen; what it keeps stays in the folder, and there is no session bus."""
    (folder / "run").mkdir(mode=0o700)
    reading, writing = os.pipe()
    display = FIRST_DISPLAY + (os.getpid() * 16 + next(_SCREENS) % 16) % DISPLAYS
    server = subprocess.Popen(
        [
            "Xvfb",
            f":{display}",
            "-displayfd",
            str(writing),
            "-screen",
            "0",
            f"{size}x24",
            "-nolisten",
            "tcp",
            "-noreset",
        ],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        number = os.read(reading, 16).decode().strip()
        env = os.environ | {
            "DISPLAY": f":{number}",
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "QT_QPA_PLATFORM": "xcb",
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
            "LC_ALL": "C.UTF-8",
        }
        with program("openbox", env=env) as manager:
            _wait_for(manager, env)
            yield env
    finally:
        os.close(reading)
        server.terminate()
        server.wait(LIMIT)


def _wait_for(manager: "subprocess.Popen[bytes]", env: Mapping[str, str]) -> None:
    """A tray that starts before the window manager may never show its panel."""
    until = monotonic() + LIMIT
    command = ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"]
    while "window id" not in subprocess.run(command, env=dict(env), capture_output=True, text=True, check=False).stdout:
        assert manager.poll() is None, f"the window manager ended with {manager.returncode}"
        assert monotonic() < until, "the window manager does not start"
        select_pause()


def windows(env: Mapping[str, str]) -> str:
    """All windows of the screen as an indented tree."""
    answer = subprocess.run(["xwininfo", "-root", "-tree"], env=dict(env), capture_output=True, text=True, check=False)
    return answer.stdout


def below(tree: str, name: str) -> list[str]:
    """The lines of the tree that stand below the first window of this name."""
    lines = tree.splitlines()
    for at, line in enumerate(lines):
        if f'"{name}"' in line:
            depth = _depth(line)
            rest = lines[at + 1 :]
            end = next((row for row, other in enumerate(rest) if other.strip() and _depth(other) <= depth), len(rest))
            return [other for other in rest[:end] if " 0x" in other]
    return []


def width(line: str) -> int:
    """Pixels of the window on a line of the tree."""
    found = re.search(r"\s([0-9]+)x[0-9]+[+-]", line)
    return int(found[1]) if found else 0


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
