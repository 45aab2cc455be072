# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person can do with qubes: each method asks what must be asked, and starts the tasks that carry it out.

Nothing here fills a table: the events do.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QWidget

from qubesmanager.host import programs
from qubesmanager.host.programs import Way
from qubesmanager.rules.actions import removable
from qubesmanager.rules.facts import HALTED, Facts
from qubesmanager.rules.network import dependents, shutdown_order, start_order
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.dialogs.clone_dialog import CloneDialog
from qubesmanager.ui.dialogs.confirm_dialog import ConfirmMany, Line
from qubesmanager.ui.dialogs.create_dialog import CreateDialog
from qubesmanager.ui.dialogs.notes_dialog import NotesDialog
from qubesmanager.ui.dialogs.offers import ask_offers
from qubesmanager.ui.dialogs.remove_dialog import RemoveDialog
from qubesmanager.ui.dialogs.rename_dialog import RenameDialog
from qubesmanager.ui.dialogs.run_dialog import RunDialog
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import ToldError, report
from qubesmanager.ui.widgets.error_bar import Offer
from qubesmanager.ui.widgets.prompts import opened
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import Mention
from qubesmanager.wire.errors import Mgmt1Error, QubesVMShutdownTimeoutError
from qubesmanager.wire.records import VmRecord

STOPPED = frozenset(map(str, HALTED))
MENTION_SECONDS = 2.0
"""How long a dialog waits for what names its qubes."""
ASKED_ABOUT = 20
"""Qubes of which a dialog asks that."""


class Operations(QObject):
    """The operations of one window. Signals: `overdue(str, str)`: a qube that did not halt in time, and the error."""

    overdue = pyqtSignal(str, str)

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self.session = session
        self.window = window

    @property
    def facts(self) -> Facts:
        return self.session.facts

    @property
    def records(self) -> Mapping[str, VmRecord]:
        return self.session.records

    # -- life -------------------------------------------------------------------------------------------------------

    def start(self, names: Sequence[str]) -> None:
        for name in start_order(self.records, names):
            self._task(self.tr("Start {0}").format(name), self._send(calls.VM_START(name)))

    def pause(self, names: Sequence[str]) -> None:
        for name in names:
            self._task(self.tr("Pause {0}").format(name), self._send(calls.VM_PAUSE(name)))

    def unpause(self, names: Sequence[str]) -> None:
        for name in names:
            self._task(self.tr("Unpause {0}").format(name), self._send(calls.VM_UNPAUSE(name)))

    def shutdown(self, names: Sequence[str]) -> None:
        """One asks nothing; several, or one that others go through, are confirmed once, in order."""
        order = self._with_dependents(names)
        if len(order) == 1:
            self._shut_down(order)
        else:
            self._ask(self.tr("Shut down"), self._confirm_shutdown(tuple(names), order))

    def restart(self, names: Sequence[str]) -> None:
        if len(names) == 1 and not dependents(self.records, names[0]):
            self._restart(names)
        else:
            self._ask(self.tr("Restart"), self._confirm_restart(tuple(names)))

    def kill(self, names: Sequence[str]) -> None:
        self._ask(self.tr("Kill"), self._confirm_kill(tuple(names)))

    def kill_now(self, name: str) -> None:
        self._task(self.tr("Kill {0}").format(name), self._send(calls.VM_KILL(name)))

    def overdue_offers(self, name: str) -> tuple[Offer, ...]:
        """What can be done with a qube that did not halt in time."""
        return (
            Offer(self.tr("Kill {0}").format(name), lambda: self.kill_now(name)),
            Offer(self.tr("Wait"), lambda: self._shut_down([name])),
            Offer(self.tr("Leave it running"), lambda: None),
        )

    # -- inside, by programs of this place -----------------------------------------------------------------------------

    def run(self, names: Sequence[str]) -> None:
        self._ask(self.tr("Run a command"), self._run(tuple(names)))

    def terminal(self, names: Sequence[str]) -> None:
        for name in names:
            self._task(self.tr("Open a terminal in {0}").format(name), self._program(programs.OPEN_TERMINAL, name))

    def update(self, names: Sequence[str]) -> None:
        for name in names:
            self._task(self.tr("Update {0}").format(name), self._program(programs.UPDATE, name))

    async def _run(self, names: tuple[str, ...]) -> None:
        dialog = RunDialog(self.window, self.session.settings, names)
        if await opened(dialog):
            dialog.remember()
            for name in names:
                title = self.tr("Run {0} in {1}").format(dialog.command(), name)
                self._task(title, self._program(programs.RUN, name, dialog.command()))

    async def _program(self, ways: Sequence[Way], name: str, command: str = "") -> None:
        report(None, self.tr("It runs."))
        await programs.run(ways, name, command)

    # -- being -------------------------------------------------------------------------------------------------------

    def create(self, _names: Sequence[str] = ()) -> None:
        self._ask(self.tr("New qube"), self._create())

    def clone(self, names: Sequence[str]) -> None:
        self._ask(self.tr("Clone"), self._clone(names[0]))

    def remove(self, names: Sequence[str]) -> None:
        self._ask(self.tr("Remove"), self._remove(tuple(names)))

    def rename(self, names: Sequence[str]) -> None:
        self._ask(self.tr("Rename"), self._rename(names[0]))

    def notes(self, names: Sequence[str]) -> None:
        self._ask(self.tr("Notes"), self._notes(names[0]))

    def set_property(self, names: Iterable[str], name: str, value: str) -> None:
        """Set a property of each; an empty reference is none."""
        for qube in names:
            title = self.tr("Set {0} of {1}").format(name, qube)
            self._task(title, self._send(calls.VM_PROPERTY_SET(qube, name, value)))

    def reset_property(self, names: Iterable[str], name: str) -> None:
        for qube in names:
            title = self.tr("Reset {0} of {1}").format(name, qube)
            self._task(title, self._send(calls.VM_PROPERTY_RESET(qube, name)))

    def open_window(self, kind: str, names: Sequence[str]) -> None:
        self.session.window_wanted.emit(kind, tuple(names))

    # -- how ---------------------------------------------------------------------------------------------------------

    def _task(self, title: str, coroutine: Coroutine[Any, Any, None]) -> None:
        self.session.tasks.start(title, coroutine)

    def _ask(self, title: str, coroutine: Coroutine[Any, Any, None]) -> None:
        """A dialog is not an operation yet, so the task panel does not list it."""
        self.session.tasks.start_hidden(title, coroutine)

    async def _send(self, request: Request[Any]) -> None:
        await self.session.client.send(request)

    def _with_dependents(self, names: Sequence[str]) -> list[str]:
        chosen = set(names)
        for name in names:
            chosen.update(dependents(self.records, name))
        return shutdown_order(self.records, chosen)

    def _shut_down(self, order: Sequence[str]) -> None:
        for name in order:
            first = [other for other in dependents(self.records, name) if other in order]
            self._task(self.tr("Shut down {0}").format(name), self._shut_down_after(name, first))

    async def _shut_down_after(self, name: str, first: Sequence[str]) -> None:
        """Wait until those that need its network have halted, then shut it down."""
        for number, other in enumerate(first):
            report(100 * number // (len(first) + 1), self.tr("Waiting until {0} has halted").format(other))
            await self.session.wait_for(other, STOPPED)
        report(None)
        record = self.records.get(name)
        if record is None or record.state in HALTED:
            return
        try:
            await self.session.client.send(calls.VM_SHUTDOWN(name))
        except QubesVMShutdownTimeoutError as error:
            self.overdue.emit(name, str(error))
            raise ToldError(str(error)) from error

    def _restart(self, names: Sequence[str]) -> None:
        for name in names:
            self._task(self.tr("Restart {0}").format(name), self._halt_and_start(name))

    async def _halt_and_start(self, name: str) -> None:
        report(None, self.tr("Shutting down"))
        await self._shut_down_after(name, ())
        await self.session.wait_for(name, STOPPED)
        report(None, self.tr("Starting"))
        if name in self.records:
            await self.session.client.send(calls.VM_START(name))

    async def _confirm_shutdown(self, names: tuple[str, ...], order: list[str]) -> None:
        dialog = ConfirmMany(
            self.window,
            self.tr("Shut down"),
            self.tr("Shut down %n qube(s)?", "", len(order)),
            self.tr("Shut down"),
            [self._line(name, names) for name in order],
            self.tr("Shut down in this order: clients first, then the qubes that give them network."),
        )
        if await opened(dialog):
            self._shut_down([name for name in order if name in dialog.chosen])

    def _line(self, name: str, asked_for: Sequence[str]) -> Line:
        record = self.records.get(name)
        netvm = record.value("netvm") if record else ""
        why = "" if name in asked_for else self.tr("uses the network of {0}").format(netvm)
        return Line(name, self.session.color_of_qube(name), why)

    async def _confirm_restart(self, names: tuple[str, ...]) -> None:
        order = self._with_dependents(names)
        dialog = ConfirmMany(
            self.window,
            self.tr("Restart"),
            self.tr("Restart %n qube(s)?", "", len(order)),
            self.tr("Restart"),
            [self._line(name, names) for name in order],
            self.tr("They halt from the top to the bottom, and start again from the bottom to the top."),
        )
        if await opened(dialog):
            chosen = [name for name in order if name in dialog.chosen]
            self._task(self.tr("Restart %n qube(s)", "", len(chosen)), self._restart_all(chosen))

    async def _restart_all(self, order: Sequence[str]) -> None:
        """Halt in order and start in the other; if a qube does not halt, those that did are still started again."""
        halted: list[str] = []
        try:
            for number, name in enumerate(order):
                report(50 * number // len(order), self.tr("Shutting down {0}").format(name))
                await self._shut_down_after(name, ())
                await self.session.wait_for(name, STOPPED)
                halted.append(name)
        finally:
            for number, name in enumerate(reversed(halted)):
                if name in self.records:
                    report(50 + 50 * number // len(order), self.tr("Starting {0}").format(name))
                    await self.session.client.send(calls.VM_START(name))

    async def _confirm_kill(self, names: tuple[str, ...]) -> None:
        dialog = ConfirmMany(
            self.window,
            self.tr("Kill"),
            self.tr("Kill %n qube(s)?", "", len(names)),
            self.tr("Kill"),
            [self._line(name, names) for name in shutdown_order(self.records, names)],
            self.tr("It is as if the plug were pulled: what is not saved is lost."),
            dangerous=True,
        )
        if await opened(dialog):
            for name in dialog.chosen:
                self.kill_now(name)

    async def _create(self) -> None:
        defaults = await ask_offers(self.session)
        dialog = CreateDialog(self.window, self.session, defaults)
        if await opened(dialog):
            plan = dialog.plan()
            self._task(self.tr("Create {0}").format(plan.name), plan.carry_out(self.session))
            if dialog.open_settings.isChecked():
                self._ask(self.tr("Settings"), self._open_settings_when_created(plan.name))

    async def _open_settings_when_created(self, name: str) -> None:
        await self.session.wait_until(lambda: name in self.records)
        self.open_window("settings", (name,))

    async def _clone(self, name: str) -> None:
        defaults = await ask_offers(self.session)
        dialog = CloneDialog(self.window, self.session, defaults, self.records[name])
        if await opened(dialog):
            plan = dialog.plan()
            self._task(self.tr("Clone {0} as {1}").format(name, plan.name), plan.carry_out(self.session))

    async def _remove(self, names: tuple[str, ...]) -> None:
        order = removable(self.facts, names)
        if not order or not await opened(RemoveDialog(self.window, self.session, order, await self._mentions(order))):
            return
        if len(order) == 1:
            self._task(self.tr("Remove {0}").format(order[0]), self._send(calls.VM_REMOVE(order[0])))
        else:
            self._task(self.tr("Remove %n qube(s)", "", len(order)), self._remove_all(order))

    async def _mentions(self, names: Sequence[str]) -> list[Mention]:
        """What names the qubes outside of their settings, as far as dom0 answers soon enough for a dialog."""
        answer: list[Mention] = []
        with suppress(Mgmt1Error, TransportError, TimeoutError):
            async with asyncio.timeout(MENTION_SECONDS):
                for name in names[:ASKED_ABOUT]:
                    rows = await self.session.client.send(calls.VM_MENTIONS(name))
                    answer += rows
        return answer

    async def _remove_all(self, order: Sequence[str]) -> None:
        """One after the other: a template cannot go before what is based on it."""
        for number, name in enumerate(order):
            report(100 * number // len(order), name)
            await self.session.client.send(calls.VM_REMOVE(name))

    async def _rename(self, name: str) -> None:
        dialog = RenameDialog(self.window, self.facts, name, await self._mentions([name]))
        if await opened(dialog):
            title = self.tr("Rename {0} to {1}").format(name, dialog.new_name())
            self._task(title, self._send(calls.VM_PROPERTY_SET(name, "name", dialog.new_name())))

    async def _notes(self, name: str) -> None:
        record = self.records.get(name)
        dialog = NotesDialog(self.window, name, record.notes if record else "")
        if await opened(dialog) and dialog.changed():
            request = calls.VM_NOTES_SET(name, payload=dialog.text())
            self._task(self.tr("Save the notes of {0}").format(name), self._send(request))
