# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions on all qubes in the manager's window, without a daemon: the longest stretch that the loop is busy.

It is processor time of the window's thread in one turn of its loop, so that other programs do not count. "collections"
is the longest garbage collection meanwhile. The reference is what the specification allows.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from _harness import Bench, Spread
from _stretches import Collections, Manager, Stretches, line_of, loop_of_windows
from PyQt5.QtCore import QPointF, Qt
from PyQt5.QtGui import QColor, QGuiApplication, QPalette
from PyQt5.QtWidgets import QApplication, QVBoxLayout, QWidget
from until import until

from qubesmanager.ui.actions.actions import BY_ID
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.map.picture import NetworkPicture
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import TaskState, report_child
from qubesmanager.ui.settings.multi_window import MultiWindow
from qubesmanager.ui.shell.idle_collections import IdleCollections
from qubesmanager.ui.widgets.labels import plain_label, subdue
from qubesmanager.wire import calls, framing
from qubesmanager.wire.records import PropertyValue, VmRecord, encode_record
from qubesmanager.wire.values import PowerState, VmClass

LABELS = 500
"""Grey labels in a window."""
PIECE = 1 << 16
CHANGES = 200
"""Children of a task whose state changes in a turn of the loop each."""


class Listed:
    """A transport to a system that lists qubes; it answers no other call with anything."""

    url = "memory:"

    def __init__(self, records: list[VmRecord]) -> None:
        self.records = records

    async def exchange(
        self, service: str, _argument: str, _dest: str, _payload: bytes | AsyncIterator[bytes]
    ) -> AsyncGenerator[bytes, None]:
        if service == calls.EVENTS.name:
            yield framing.EVENT + b"dom0\0connection-established\0\0"
            await asyncio.Event().wait()
        elif service == calls.VM_GET_ALL.name:
            answer = framing.OK + b"".join(encode_record(record) + b"\n" for record in self.records)
            for at in range(0, len(answer), PIECE):
                yield answer[at : at + PIECE]
        elif service == calls.LABEL_LIST.name:
            yield framing.OK + b"red\n"
        else:
            yield framing.OK


def qubes(count: int) -> list[VmRecord]:
    """dom0, a qube that gives network, and others: a third of them run behind it."""
    properties = {"label": "red", "memory": "400", "netvm": "net", "template": "", "provides_network": ""}
    values = {name: PropertyValue(value, False) for name, value in properties.items()}
    net = values | {"netvm": PropertyValue("", False), "provides_network": PropertyValue("yes", False)}
    made = [
        VmRecord("dom0", VmClass.ADMIN, PowerState.RUNNING, {"label": values["label"]}),
        VmRecord("net", VmClass.APP, PowerState.RUNNING, net),
        VmRecord("net-2", VmClass.APP, PowerState.RUNNING, net),
    ]
    for number in range(count - len(made)):
        state = PowerState.HALTED if number % 3 else PowerState.RUNNING
        made.append(VmRecord(f"qube-{number * 7919 % 100_003}", VmClass.APP, state, values))
    return made


class Uses:
    """What is measured, each as a coroutine that ends when all of it has been shown."""

    def __init__(self, session: Session, transport: Listed, window: MainWindow) -> None:
        self._session, self._transport, self._window = session, transport, window
        self._every = transport.records
        self._names = [record.name for record in self._every if record.name != "dom0"]

    async def remove_all(self) -> None:
        """All qubes but dom0 are gone when they are listed again."""
        await self._list(self._every[:1])

    async def list_all(self) -> None:
        """They come back."""
        await self._list(self._every)

    async def _list(self, records: list[VmRecord]) -> None:
        self._transport.records = records
        self._session.follower.resync()
        await until(lambda: self._window.filter.rowCount() == len(records))

    async def plan(self) -> None:
        """A plan of all, computed again after a change of a qube, and closed."""
        self._window.operations.set_property(self._names, "label", "blue")
        dialog = await self._planned()
        shown = dialog.plan
        self._session.put.emit(tuple(self._every[-1:]))
        await until(lambda: dialog.plan is not shown)
        await self._reject()

    async def _planned(self) -> PlanDialog:
        """The dialog, once it is open with its plan."""
        await until(lambda: any(dialog.is_planned and dialog.isVisible() for dialog in self._dialogs()))
        return self._dialogs()[0]

    async def _reject(self) -> None:
        for dialog in self._dialogs():
            dialog.reject()
        await until(lambda: not self._dialogs())

    @staticmethod
    def _dialogs() -> list[PlanDialog]:
        return [each for each in QApplication.topLevelWidgets() if isinstance(each, PlanDialog)]

    async def run_action(self) -> None:
        """Shut down all that are selected, until the plan is shown."""
        self._window.actions_of.run(BY_ID["shutdown"], tuple(self._names))
        await self._planned()
        await self._reject()

    async def drag(self) -> None:
        """Drag all that use a net qube over another one on the map, and move on there. Laying it out is not counted."""
        picture = NetworkPicture(self._session)
        picture.resize(1200, 800)
        picture.show()
        picture.fill()
        place = max(picture.layout_of_qubes.places, key=lambda each: len(each.names))
        target = picture.layout_of_qubes.by_qube["net-2"]
        await asyncio.sleep(0.1)
        self.stretches.take()
        picture.start_drag(place, picture.place_rect(place).center())
        for step in range(50):
            picture.drag_to(picture.place_rect(target).center() + QPointF(step % 5, 0))
            await asyncio.sleep(0)
        await until(lambda: picture.card.isVisible() and "Computing" not in picture.card.text())
        await asyncio.sleep(0.3)
        self.counted = self.stretches.take()
        picture.end_drag(is_drop=False)
        picture.deleteLater()

    async def apply(self) -> None:
        """Apply an edit of the settings of all: the steps, and the plan. The edit itself is not counted."""
        several = MultiWindow(self._session, tuple(self._names))
        several.draft.edit(("property", "netvm"), "")
        await several.draft.checked(self._session.facts)
        await asyncio.sleep(0.2)
        self.stretches.take()
        several.foot.apply.emit(False)
        await self._planned()
        await self._reject()
        await asyncio.sleep(0.05)
        self.counted = self.stretches.take()
        several.draft.discard()
        several.close()
        several.deleteLater()

    async def task(self) -> None:
        """A task of a child for each qube, seen in the list of tasks: it begins, unfolds, and goes on."""
        ended = asyncio.Event()

        async def work() -> None:
            for number in range(CHANGES):
                report_child(number, TaskState.RUNNING)
                await asyncio.sleep(0)
                report_child(number, TaskState.DONE)
                await asyncio.sleep(0)
            ended.set()

        panel = self._window.tasks
        panel.show()
        await asyncio.sleep(0.05)
        task = self._session.tasks.start("Start all", work(), children=self._names)
        await asyncio.sleep(0)
        panel.view.expand(panel.model.index(0, 0))
        await ended.wait()
        await asyncio.wait([task])
        await asyncio.sleep(0.05)
        panel.view.collapseAll()
        panel.hide()

    async def palette(self) -> None:
        """A dark palette, and the one before, with many grey labels in a window."""
        window = QWidget()
        layout = QVBoxLayout(window)
        for number in range(LABELS):
            label = plain_label(f"label {number}", window)
            subdue(label)
            layout.addWidget(label)
        window.show()
        await asyncio.sleep(0.1)
        self.stretches.take()
        before = QGuiApplication.palette()
        dark = QPalette(QColor("#202020"), QColor("#202020"))
        dark.setColor(QPalette.ColorRole.WindowText, Qt.GlobalColor.white)
        for palette in (dark, before):
            QApplication.setPalette(palette)
            await asyncio.sleep(0.5)
        self.counted = self.stretches.take()
        window.close()
        window.deleteLater()
        await asyncio.sleep(0)

    stretches: Stretches
    counted = 0.0
    """The longest stretch of a use that has parts which do not count."""


async def measure(bench: Bench, count: int, folder: Path, idle: IdleCollections) -> None:
    """The lines of one size."""
    line = line_of(bench, count)
    transport = Listed(qubes(count))
    manager = Manager(transport, folder / f"{count}.ini", idle)
    try:
        await until(lambda: manager.session.is_synced)
        await asyncio.sleep(0.5)
        manager.filled()
        stretches, collections = Stretches(0), Collections()
        uses = Uses(manager.session, transport, manager.window)
        uses.stretches = stretches
        kinds: tuple[tuple[str, Callable[[], Awaitable[None]]], ...] = (
            ("removing all", uses.remove_all),
            ("listing all", uses.list_all),
            ("a plan of all", uses.plan),
            ("an action on all", uses.run_action),
            ("dragging all on the map", uses.drag),
            ("applying an edit of all", uses.apply),
            ("a task with all", uses.task),
            (f"a palette, {LABELS} grey labels", uses.palette),
        )
        figures: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name, _use in kinds}
        for _ in range(bench.runs(3)):
            for name, use in kinds:
                if not bench.wants(name) and name not in {"removing all", "listing all"}:
                    continue
                await asyncio.sleep(0.3)
                stretches.take(), collections.take()
                uses.counted = 0.0
                await use()
                await asyncio.sleep(0.2)
                figures[name][0].append(uses.counted or stretches.take())
                figures[name][1].append(collections.take())
        for name, (longest, collected) in figures.items():
            if longest:
                line(f"{name}, N = {count}", Spread.of(longest))
                bench.line(f"  collections, N = {count}", Spread.of(collected))
        collections.end()
    finally:
        await manager.end()


def main() -> None:
    bench = Bench("Actions on all qubes in the manager's window")
    with loop_of_windows() as (loop, folder, idle):
        for count in bench.sizes(1000, 10_000):
            loop.run_until_complete(measure(bench, count, folder, idle))
    bench.done()


main()
