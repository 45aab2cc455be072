# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager's window while another client makes 100 changes a second: the longest stretch that the loop is busy.

It is processor time of the window's thread between two ticks of a timer, so that other programs do not count. Each
kind of use is repeated; the reference is what the specification allows, 16 ms for 1,000 qubes and 33 for 10,000. The
daemon's files are in memory where there is room: on a disk 10,000 qubes take minutes to be made.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from _harness import Bench, Spread
from _stretches import Manager, Stretches, line_of, loop_of_windows
from memory_folder import memory_folder
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication
from until import until

from qubesmanager.host import process
from qubesmanager.transport.child import ChildTransport
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.settings.multi_window import MultiWindow
from qubesmanager.ui.shell.idle_collections import IdleCollections

RATE = 100
"""Changes a second."""
TICK = 2
"""Milliseconds."""
PAUSE = 0.4
"""Seconds between two uses, in which the events are shown."""


class Uses:
    """What a user does, once a call."""

    def __init__(self, window: MainWindow, several: MultiWindow) -> None:
        self._window = window
        self._several = several
        self._number = 0

    def nothing(self) -> None:
        """Only the events."""

    def sort(self) -> None:
        self._number += 1
        order = Qt.SortOrder.AscendingOrder if self._number % 2 else Qt.SortOrder.DescendingOrder
        self._window.view.sortByColumn(self._number % 3, order)

    def type_letter(self) -> None:
        self._number += 1
        text = "state:running banking"[: self._number % 22]
        self._window.query.set_query(text)

    def select_all(self) -> None:
        self._number += 1
        if self._number % 2:
            self._window.query.set_query("")
            self._window.view.selectAll()
        else:
            self._window.view.clearSelection()

    def plan_of_all(self) -> None:
        """Show the plan of an action on all qubes; close it at the first time when it is computed."""
        dialogs = [each for each in QApplication.topLevelWidgets() if isinstance(each, PlanDialog)]
        for dialog in dialogs:
            if dialog.is_planned:
                dialog.reject()
        if not dialogs:
            self._window.operations.set_property(list(self._window.session.records), "label", "blue")

    def remove_half(self) -> None:
        """Every second qube goes from the window, and comes back the next time."""
        self._number += 1
        session = self._window.session
        half = list(session.records.values())[1::2]
        if self._number % 2:
            session.gone.emit(tuple(record.name for record in half))
        else:
            session.put.emit(tuple(half))

    def edit_several(self) -> None:
        self._number += 1
        self._several.draft.edit(("property", "memory"), str(400 + self._number))


async def measure(
    bench: Bench, count: int, transport: ChildTransport, socket: Path, folder: Path, idle: IdleCollections
) -> None:
    """The lines of one size."""
    line = line_of(bench, count)
    manager = Manager(transport, folder / f"{count}.ini", idle)
    session, window = manager.session, manager.window
    program = str(Path(__file__).with_name("_events.py"))
    try:
        await until(lambda: session.is_synced and session.labels)
        manager.filled()
        several = MultiWindow(session, tuple(name for name in session.records if name != "dom0"))
        async with process.started(sys.executable, program, str(socket), str(RATE)):
            await asyncio.sleep(1)
            stretches = Stretches(TICK)
            uses = Uses(window, several)
            for name, use in (
                ("only events", uses.nothing),
                ("sorting", uses.sort),
                ("typing", uses.type_letter),
                ("selecting all", uses.select_all),
                ("a plan of all", uses.plan_of_all),
                ("removing half", uses.remove_half),
            ):
                line(f"{name}, N = {count}", await repeated(bench, stretches, use))
            several.show()
            window.view.clearSelection()
            await asyncio.sleep(PAUSE)
            for name, use in (
                ("settings of all, open", uses.nothing),
                ("settings of all, an edit", uses.edit_several),
            ):
                line(f"{name}, N = {count}", await repeated(bench, stretches, use))
        several.draft.discard()
        several.close()
    finally:
        await manager.end()


async def repeated(bench: Bench, stretches: Stretches, use: Callable[[], None]) -> Spread:
    """The longest stretch of each time."""
    longest = []
    stretches.take()
    for _ in range(bench.runs(12)):
        use()
        await asyncio.sleep(PAUSE)
        longest.append(stretches.take())
    return Spread.of(longest)


def main() -> None:
    bench = Bench("The manager's window under 100 changes a second")
    tempfile.tempdir = str(memory_folder() or tempfile.gettempdir())
    with loop_of_windows() as (loop, folder, idle):
        for count in bench.sizes(50, 1000, 10_000):
            with contextlib.closing(ChildTransport("demo:", "--demo", str(count - 11))) as transport:
                socket = transport.wait()
                loop.run_until_complete(measure(bench, count, transport, socket, folder, idle))
    bench.done()


main()
