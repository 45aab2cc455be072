# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations on qubes: each method opens the dialogs it needs, and starts the tasks that carry it out.

Nothing here fills a table: the events do.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, cast

from PyQt5 import sip
from PyQt5.QtCore import QCoreApplication, QObject, pyqtSignal
from PyQt5.QtWidgets import QWidget

from qubesmanager.client import services
from qubesmanager.client.managers import appoint
from qubesmanager.client.refusals import Refusals
from qubesmanager.client.services import Application
from qubesmanager.host import programs
from qubesmanager.host.programs import Way
from qubesmanager.models.natural_sort import in_order
from qubesmanager.plans import lifecycle
from qubesmanager.plans.new_qube import NewQube, clone_plan
from qubesmanager.plans.plan import Plan, RowKey, undo
from qubesmanager.plans.properties import property_plan
from qubesmanager.plans.removal import removal_plan, replacements
from qubesmanager.policy.edition import edition_of
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.qubes_os import is_of_qubes_os
from qubesmanager.rules.stepwise import Steps
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.actions import plan_texts
from qubesmanager.ui.actions.carrying import Carrying, Signal
from qubesmanager.ui.actions.making import make_qube
from qubesmanager.ui.actions.plan_dialog import Choice, Make, PlanDialog
from qubesmanager.ui.dialogs.applications_dialog import ApplicationsDialog
from qubesmanager.ui.dialogs.clone_dialog import CloneDialog
from qubesmanager.ui.dialogs.create_dialog import CreateDialog
from qubesmanager.ui.dialogs.manager_dialog import ManagerDialog
from qubesmanager.ui.dialogs.mentions import mention_text
from qubesmanager.ui.dialogs.notes_dialog import NotesDialog
from qubesmanager.ui.dialogs.offers import ask_offers
from qubesmanager.ui.dialogs.rename_dialog import RenameDialog
from qubesmanager.ui.dialogs.run_dialog import RunDialog
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import AtClose, TaskState, report, report_child
from qubesmanager.ui.session.windows import PAGE
from qubesmanager.ui.widgets.error_bar import Offer
from qubesmanager.ui.widgets.prompts import opened
from qubesmanager.ui.widgets.turns import Turns
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import Mention
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import VmRecord

MENTION_SECONDS = 2.0
"""How long a dialog waits for what names its qubes, and for the memory that is free."""
UPDATES_AT_A_TIME = 2
"""Updaters that run at the same time: each starts its qube and downloads."""
ASKED_ABOUT = 20
"""Qubes of which a dialog asks that."""


class Operations(QObject):
    """The operations of one window.

    Signals: `overdue(str, str)`: a qube that did not halt in time, and the error. `undoable(str, Plan, frozenset)`:
    what was done in words, and for `undo` the plan and the keys of its rows that were done. The session's signals of
    these names are emitted instead where the window does not listen, or was closed while its plan was carried out.
    """

    overdue = pyqtSignal(str, str)
    undoable = pyqtSignal(str, object, object)

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self.session = session
        self.window = window
        self.turns = Turns(window)

    @property
    def facts(self) -> Facts:
        return self.session.facts

    @property
    def refusals(self) -> Refusals:
        return self.session.client.refusals

    @property
    def records(self) -> Mapping[str, VmRecord]:
        return self.session.records

    def listening(self, name: str) -> Signal | None:
        """The signal of this name that something listens to, of the window or the session; None if nothing does."""
        if self.session.tasks.closing:
            return None
        for owner in (self, self.session):
            if not sip.isdeleted(owner) and owner.receivers(signal := getattr(owner, name)):
                return cast("Signal", signal)
        return None

    # -- life -------------------------------------------------------------------------------------------------------

    def start(self, names: Sequence[str]) -> None:
        """Start the qubes. For several, dom0 is asked for the free memory first."""
        if len(names) == 1:
            self._change(names, lifecycle.start_plan.steps)
        else:
            self._ask(self.tr("Start"), self._start(tuple(names)))

    async def _start(self, names: tuple[str, ...]) -> None:
        free = await self._free_memory()
        self._change(names, partial(lifecycle.start_plan.steps, free=free))

    async def _free_memory(self) -> int | None:
        """MiB that are free for qubes; None where dom0 does not say it, or not soon enough for a dialog."""
        with suppress(Mgmt1Error, TransportError, TimeoutError, ValueError, KeyError):
            async with asyncio.timeout(MENTION_SECONDS):
                memory = await self.session.client.send(calls.HOST_MEMORY(DOM0))
            return int(memory["free"]) >> 10
        return None

    def pause(self, names: Sequence[str]) -> None:
        self._change(names, lifecycle.pause_plan.steps)

    def suspend(self, names: Sequence[str]) -> None:
        self._change(names, lifecycle.suspend_plan.steps)

    def resume(self, names: Sequence[str]) -> None:
        self._change(names, lifecycle.resume_plan.steps)

    def unpause(self, names: Sequence[str]) -> None:
        self._change(names, lifecycle.unpause_plan.steps)

    def shutdown(self, names: Sequence[str]) -> None:
        self._change(names, lifecycle.shutdown_plan.steps)

    def restart(self, names: Sequence[str]) -> None:
        self._change(names, lifecycle.restart_plan.steps)

    def kill(self, names: Sequence[str]) -> None:
        self._change(names, lifecycle.kill_plan.steps)

    def kill_now(self, name: str) -> None:
        self._task(self.tr("Kill {0}").format(name), self._send(calls.VM_KILL(name)))

    def overdue_offers(self, name: str) -> tuple[Offer, ...]:
        """The offers for a qube that did not halt in time."""
        return (
            Offer(self.tr("Kill {0}").format(name), lambda: self.kill_now(name)),
            Offer(self.tr("Wait"), lambda: self.shutdown([name])),
            Offer(self.tr("Leave it running"), lambda: None),
        )

    def undo_offers(self, plan: Plan, done: frozenset[RowKey]) -> tuple[Offer, ...]:
        """The offer to undo a plan that was carried out, for `UNDO_SECONDS`."""
        return (Offer(self.tr("Undo"), lambda: self.undo(plan, done)),)

    # -- inside, by installed programs --------------------------------------------------------------------------------

    def run(self, names: Sequence[str]) -> None:
        self._ask(self.tr("Run a command"), self._run(tuple(names)))

    def terminal(self, names: Sequence[str]) -> None:
        for name in names:
            self._task(
                self.tr("Open a terminal in {0}").format(name),
                self._inside(programs.OPEN_TERMINAL, name, programs.TERMINAL),
            )

    def update(self, names: Sequence[str]) -> None:
        """Run the updater for the qubes; for several as one task, `UPDATES_AT_A_TIME` at a time."""
        if len(names) == 1:
            self._task(self.tr("Update {0}").format(names[0]), self._inside(programs.UPDATE, names[0], services.UPDATE))
        elif names:
            number = len(names)
            title = self.tr("Update %n qube(s)", "", number)
            steps = self._update_each(tuple(names))
            self.session.tasks.start(title, steps, children=tuple(names), at_close=AtClose.CANCELLED)

    async def _update_each(self, names: tuple[str, ...]) -> None:
        """Update all of them, also if some fail. Raises one error, which names those that failed."""
        at_once = asyncio.Semaphore(UPDATES_AT_A_TIME)
        failed: list[str] = []

        async def update(number: int, name: str) -> None:
            state, detail = TaskState.CANCELLED, ""
            try:
                async with at_once:
                    report_child(number, TaskState.RUNNING)
                    await self._start_inside(programs.UPDATE, name, services.UPDATE)
                    state = TaskState.DONE
            except Mgmt1Error as error:
                state, detail = TaskState.FAILED, error_text(error)
                failed.append(f"{name}: {detail}")
            finally:
                report_child(number, state, detail)

        async with asyncio.TaskGroup() as group:
            for number, name in enumerate(names):
                group.create_task(update(number, name))
        if failed:
            raise Mgmt1Error("\n".join(failed))

    async def _run(self, names: tuple[str, ...]) -> None:
        dialog = RunDialog(self.window, self.session.settings, names)
        if await opened(dialog):
            dialog.remember()
            for name in names:
                title = self.tr("Run {0} in {1}").format(dialog.command(), name)
                self._task(title, self._inside(programs.RUN, name, programs.SHELL, dialog.command()))

    async def _program(self, ways: Sequence[Way], name: str) -> None:
        report(None, QCoreApplication.translate("Operations", "It runs."))
        await programs.run(ways, name)

    async def _inside(self, ways: Sequence[Way], name: str, service: str, command: str = "") -> None:
        report(None, self.tr("It runs."))
        await self._start_inside(ways, name, service, command)

    async def _start_inside(self, ways: Sequence[Way], name: str, service: str, command: str = "") -> None:
        """Start something in a qube: by the daemon's channel to it, or by the programs of Qubes OS.

        Those are only for the qubes of this computer: they would act on another qube that has the same name.
        """
        record = self.records.get(name)
        has_channel = record is not None and not is_of_qubes_os(record)
        has_agent = record is not None and record.flag("has_agent")
        by_channel = has_channel and (has_agent or programs.missing(ways))
        if by_channel or not self.session.has_programs:  # without a channel, the daemon says why not
            stdin = services.shell_input(command) if command else b""
            await services.run_service(self.session.client, name, service, stdin)
        else:
            await programs.run(ways, name, command)

    def applications(self, names: Sequence[str]) -> None:
        """List the applications of a qube, and start those that the user chooses."""
        self._ask(self.tr("Applications"), self._applications(names[0]))

    async def _applications(self, name: str) -> None:
        dialog = ApplicationsDialog(self.window, name)
        dialog.chosen.connect(lambda application: self._start_application(name, application))
        self._ask(self.tr("Applications"), self._list_applications(dialog, name))
        await opened(dialog)

    async def _list_applications(self, dialog: ApplicationsDialog, name: str) -> None:
        try:
            dialog.show_applications(await services.applications(self.session.client, name))
        except (Mgmt1Error, TransportError) as error:
            dialog.show_message(error_text(error))

    def _start_application(self, name: str, application: Application) -> None:
        title = self.tr("Start {0} in {1}").format(application.name, name)
        self._task(title, self._start_service(name, f"{services.START}+{application.ident}"))

    async def _start_service(self, name: str, service: str) -> None:
        await services.run_service(self.session.client, name, service)

    # -- being -------------------------------------------------------------------------------------------------------

    def create(self, _names: Sequence[str] = ()) -> None:
        self._ask(self.tr("New qube"), self._create())

    def clone(self, names: Sequence[str]) -> None:
        """Clone the qubes. A dialog asks for the name, label and pool of one; several get names that are free."""
        if len(names) == 1:
            self._ask(self.tr("Clone"), self._clone(names[0]))
        else:
            self._change(names, clone_plan.steps)

    def remove(self, names: Sequence[str]) -> None:
        self._ask(self.tr("Remove"), self._remove(tuple(names)))

    def rename(self, names: Sequence[str]) -> None:
        self._ask(self.tr("Rename"), self._rename(names[0]))

    def notes(self, names: Sequence[str]) -> None:
        self._ask(self.tr("Notes"), self._notes(names[0]))

    def set_property(self, names: Sequence[str], prop: str, value: str | None) -> None:
        """Set a property of each; an empty reference is none, None is the default."""

        def steps(facts: Facts, names: Sequence[str], left_out: Collection[str]) -> Steps[Plan]:
            return property_plan.steps(facts, names, prop, value, left_out)

        self._change(names, steps)

    def manage(self, names: Sequence[str]) -> None:
        """Make a qube the manager of these: a dialog asks which, and the plan is shown."""
        self._ask(self.tr("Manager of qubes"), self._manage(tuple(names)))

    def choose_managed(self) -> None:
        """The same for qubes that the user ticks in the plan."""
        names = tuple(in_order(name for name in self.records if name != DOM0))
        self._ask(self.tr("Manager of qubes"), self._manage(names, left_out=frozenset(names)))

    def firewall(self, names: Sequence[str]) -> None:
        """Open the settings at the rules of the firewall."""
        self.open_window("settings", (names[0], f"{PAGE}firewall"))

    def open_window(self, kind: str, names: Sequence[str]) -> None:
        self.session.window_wanted.emit(kind, tuple(names))

    # -- how ---------------------------------------------------------------------------------------------------------

    def _change(
        self, names: Sequence[str], steps: Callable[[Facts, Sequence[str], Collection[str]], Steps[Plan]]
    ) -> None:
        """Carry out a plan; one about several qubes, or that takes something from one, is shown first."""

        def make(left_out: frozenset[str], _choice: str) -> Steps[Plan]:
            return steps(self.session.facts_now(), names, left_out)

        if len(names) > 1:
            self.confirm(make)
        else:
            self._decide(make, lambda plan: plan.needs_showing, stops_at_refusal=True)

    def _decide(self, make: Make, shows: Callable[[Plan], bool], *, stops_at_refusal: bool) -> None:
        """Compute a plan, and then show it or carry it out."""

        def work() -> Steps[None]:
            plan = yield from make(frozenset(), "")
            if shows(plan):
                self.confirm(make)
            else:
                self._begin(plan, stops_at_refusal=stops_at_refusal)

        self.turns.put(make, work, later=self.session.is_large)

    def confirm(self, make: Make) -> None:
        """Show a plan, whatever it does, and carry it out if the user agrees."""
        self._ask(self.tr("Show what would change"), self._show(make))

    async def _manage(self, names: tuple[str, ...], left_out: frozenset[str] = frozenset()) -> None:
        dialog = ManagerDialog(self.window, self.session, names)
        if not await opened(dialog):
            return
        manager = dialog.manager()
        files = await self.session.client.send(calls.POLICY_GET_ALL(DOM0))
        edition = edition_of(files)
        appointment = await asyncio.to_thread(appoint, edition, dict(self.records), manager, names)

        def make(without: frozenset[str], _choice: str) -> Steps[Plan]:
            return appointment.steps(dict(self.records), names, without)

        await self._show(make, left_out=left_out)

    async def _show(
        self, make: Make, choice: Choice | None = None, notes: str = "", left_out: frozenset[str] = frozenset()
    ) -> None:
        dialog = PlanDialog(self.window, self.session, make, choice=choice, notes=notes, left_out=left_out)
        if await dialog.asked():
            self._begin(dialog.plan, stops_at_refusal=dialog.stops_at_refusal)

    def _begin(self, plan: Plan, *, stops_at_refusal: bool) -> None:
        if not plan.changes:  # what it would do is so already
            return
        carrying = Carrying(self, plan, stops_at_refusal=stops_at_refusal)
        rows = [plan_texts.child_title(row) for row in plan.changes]
        children = rows if len(rows) > 1 else ()
        at_close = AtClose.CANCELLED if children else AtClose.SILENT
        self.session.tasks.start(plan_texts.task_title(plan), carrying.run(), children=children, at_close=at_close)

    def undo(self, plan: Plan, done: frozenset[RowKey]) -> None:
        """Take back what was done of a plan. If some of it cannot be, what is taken back is shown first."""

        def make(left_out: frozenset[str], _choice: str) -> Steps[Plan]:
            return undo.steps(self.session.facts_now(), plan, done, left_out)

        self._decide(make, lambda back: bool(back.refused), stops_at_refusal=False)

    def _task(self, title: str, coroutine: Coroutine[Any, Any, None]) -> None:
        self.session.tasks.start(title, coroutine)

    def _ask(self, title: str, coroutine: Coroutine[Any, Any, None]) -> None:
        """A dialog is not an operation yet, so the task panel does not list it, and it ends with the window."""
        self.session.tasks.start_hidden(title, coroutine, owner=self)

    async def _send(self, request: Request[Any]) -> None:
        await self.session.client.send(request)

    async def _create(self) -> None:
        defaults = await ask_offers(self.session)
        dialog = CreateDialog(self.window, self.session, defaults)
        if await opened(dialog):
            new = dialog.new_qube()
            opening = None
            if dialog.open_settings.isChecked():
                opening = self.session.tasks.start_hidden(self.tr("Settings"), self._open_settings_when_made(new))
            self._task(self.tr("Create {0}").format(new.name), self._make(new, opening))

    async def _make(self, new: NewQube, opening: "asyncio.Task[None] | None" = None) -> None:
        """Make the qube. `opening` waits for it, and ends if it is refused."""
        try:
            await make_qube(self.session, new)
        except BaseException:
            if opening is not None:
                opening.cancel()
            raise
        self.announce((new.name,))

    def announce(self, names: tuple[str, ...]) -> None:
        """Qubes are new: put them into the menus, and let the windows know."""
        self.add_to_menus(names)
        self.session.made.emit(names)

    def add_to_menus(self, names: Sequence[str]) -> None:
        """Put new qubes into the menus of the desktop, where its program is installed."""
        if self.session.has_programs and not programs.missing(programs.APPLICATION_MENUS):
            for name in names:
                title = QCoreApplication.translate("Operations", "Add {0} to the menus").format(name)
                self._task(title, self._program(programs.APPLICATION_MENUS, name))

    def global_settings(self) -> None:
        """Open the global settings of Qubes OS, a program of it."""
        self._task(self.tr("Global settings of Qubes OS"), self._program(programs.GLOBAL_SETTINGS, ""))

    async def _open_settings_when_made(self, new: NewQube) -> None:
        """Wait for all that is set after the creation: the settings would show it as changed elsewhere."""
        await self.session.wait_until(lambda: new.name in self.records and new.is_set_up(self.records[new.name]))
        self.open_window("settings", (new.name,))

    async def _clone(self, name: str) -> None:
        defaults = await ask_offers(self.session)
        dialog = CloneDialog(self.window, self.session, defaults, self.records[name])
        if await opened(dialog):
            new = dialog.new_qube()
            self._task(self.tr("Clone {0} as {1}").format(name, new.name), self._make(new))

    async def _remove(self, names: tuple[str, ...]) -> None:
        """Show the plan of the removal. Qubes that use the removed ones can be moved to another one first."""
        later = self.session.is_large
        choices = in_order(await self.turns.result(replacements.steps(self.session.facts_now(), names), later=later))
        values = (("", self.tr("leave them where they are")), *((name, name) for name in choices))
        choice = Choice(self.tr("Qubes that use what is removed:"), values) if choices else None

        def make(left_out: frozenset[str], replacement: str) -> Steps[Plan]:
            return removal_plan.steps(self.session.facts_now(), names, left_out, replacement)

        plan = await self.turns.result(make(frozenset(), ""), later=later)
        removed = [row.qube for row in plan.changes] or list(names)
        await self._show(make, choice, mention_text(await self._mentions(removed), len(removed)))

    async def _mentions(self, names: Sequence[str]) -> list[Mention]:
        """Mentions of the qubes outside of their settings, as far as dom0 answers soon enough for a dialog."""
        answer: list[Mention] = []
        with suppress(Mgmt1Error, TransportError, TimeoutError):
            async with asyncio.timeout(MENTION_SECONDS):
                for name in names[:ASKED_ABOUT]:
                    rows = await self.session.client.send(calls.VM_MENTIONS(name))
                    answer += rows
        return answer

    async def _rename(self, name: str) -> None:
        dialog = RenameDialog(self.window, self.facts, name, await self._mentions([name]))
        if await opened(dialog):
            new = dialog.new_name()
            self._task(self.tr("Rename {0} to {1}").format(name, new), self._rename_to(name, new))

    async def _rename_to(self, name: str, new: str) -> None:
        is_cloned = is_of_qubes_os(self.records[name])
        await self._send(calls.VM_PROPERTY_SET(name, "name", new))
        if is_cloned:
            self.add_to_menus([new])

    async def _notes(self, name: str) -> None:
        record = self.records.get(name)
        dialog = NotesDialog(self.window, name, record.notes if record else "")
        if await opened(dialog) and dialog.changed():
            request = calls.VM_NOTES_SET(name, payload=dialog.text())
            self._task(self.tr("Save the notes of {0}").format(name), self._send(request))
