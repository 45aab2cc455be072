# SPDX-License-Identifier: GPL-3.0-or-later
"""THE ACTIONS on qubes: a row each; menus, toolbar, context menu, inspector and palette are made of them.

An action that is possible for none of the selected qubes is grey, and its tooltip says why; one that is possible for
some runs for those.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Self

from PyQt5 import sip
from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, QSettings, pyqtSignal
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QAction, QMenu, QWidget

from qubesmanager.client.refusals import Refusals, name_of
from qubesmanager.host import programs
from qubesmanager.host.programs import Way
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import plain_tip, title_text
from qubesmanager.rules import actions, stepwise
from qubesmanager.rules.actions import Reasons, WhyNotAll, always, each
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.qubes_os import why_not_notes, why_not_there
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.icons import icon
from qubesmanager.ui.session.windows import WINDOWS
from qubesmanager.ui.widgets.mnemonics import distinct_in_menu
from qubesmanager.ui.widgets.turns import AT_ONCE, Steps
from qubesmanager.wire import calls
from qubesmanager.wire.reason import Reason

CONTEXT = "VmAction"
Run = Callable[[Operations, Sequence[str]], None]


@dataclass(frozen=True, slots=True)
class VmAction:
    """One action. `multi`: for several qubes at once; `window`: only while such a window is registered.

    `calls`: it is grey where Qubes OS does not have one of these (see `rules/qubes_os.py`), and for a qube that the
    policy has refused one of these (see `client/refusals.py`).
    `needs`: where none of these programs is installed here, it is grey for a qube whose channel does not do it.
    `planned`: a plan shows which of the qubes are refused, so it gets them all; the others get those that are possible.
    `group` puts lines between rows of a menu; `dangerous` keeps an action out of reach of a slip of the hand.
    """

    id: str
    text: str
    icon: str
    run: Run
    why_not: WhyNotAll
    group: str
    shortcut: str = ""
    multi: bool = True
    dangerous: bool = False
    window: str = ""
    needs: tuple[Way, ...] = ()
    planned: bool = False
    calls: tuple[str, ...] = ()

    def name(self) -> str:
        """The text in the user's language, with its mnemonic."""
        return QCoreApplication.translate(CONTEXT, self.text)


def opens(kind: str) -> Run:
    return lambda operations, names: operations.open_window(kind, names)


TABLE: tuple[VmAction, ...] = (
    VmAction("start", QT_TRANSLATE_NOOP("VmAction", "&Start"), "start", Operations.start, each(actions.why_not_start),
             "life", "Ctrl+Shift+S", planned=True,
             calls=(calls.VM_START.name,)),
    VmAction("pause", QT_TRANSLATE_NOOP("VmAction", "&Pause"), "pause", Operations.pause, each(actions.why_not_pause),
             "life", "Ctrl+Shift+P", planned=True,
             calls=(calls.VM_PAUSE.name,)),
    VmAction("unpause", QT_TRANSLATE_NOOP("VmAction", "&Unpause"), "unpause", Operations.unpause,
             each(actions.why_not_unpause), "life", "Ctrl+Shift+U", planned=True,
             calls=(calls.VM_UNPAUSE.name,)),
    VmAction("suspend", QT_TRANSLATE_NOOP("VmAction", "Suspend"), "suspend", Operations.suspend,
             each(actions.why_not_suspend), "life", planned=True,
             calls=(calls.VM_SUSPEND.name,)),
    VmAction("resume", QT_TRANSLATE_NOOP("VmAction", "Resume"), "unpause", Operations.resume,
             each(actions.why_not_resume), "life", planned=True,
             calls=(calls.VM_RESUME.name,)),
    VmAction("shutdown", QT_TRANSLATE_NOOP("VmAction", "S&hut down"), "shutdown", Operations.shutdown,
             actions.shutdown_reasons, "life", "Ctrl+Shift+D", planned=True,
             calls=(calls.VM_SHUTDOWN.name,)),
    VmAction("restart", QT_TRANSLATE_NOOP("VmAction", "&Restart"), "restart", Operations.restart,
             actions.restart_reasons, "life", "Ctrl+Shift+R", planned=True,
             calls=(calls.VM_SHUTDOWN.name, calls.VM_START.name)),
    VmAction("settings", QT_TRANSLATE_NOOP("VmAction", "S&ettings…"), "settings", opens("settings"),
             each(always), "look", "Ctrl+Return", window="settings"),
    VmAction("firewall", QT_TRANSLATE_NOOP("VmAction", "Fire&wall…"), "firewall", Operations.firewall,
             each(actions.why_not_firewall), "look", multi=False, window="settings"),
    VmAction("devices", QT_TRANSLATE_NOOP("VmAction", "&Devices…"), "devices", opens("devices"),
             each(always), "look", multi=False, window="devices"),
    VmAction("attach", QT_TRANSLATE_NOOP("VmAction", "&Attach a device…"), "attach", opens("attach"),
             each(actions.why_not_attach), "look", "Ctrl+Shift+A", multi=False, window="attach"),
    VmAction("notes", QT_TRANSLATE_NOOP("VmAction", "N&otes…"), "notes", Operations.notes, each(why_not_notes),
             "look", "Ctrl+Shift+N", multi=False),
    VmAction("logs", QT_TRANSLATE_NOOP("VmAction", "&Logs"), "log", opens("logs"), each(always),
             "look", "Ctrl+L", multi=False, window="logs",
             calls=(calls.VM_LOG_LIST.name,)),
    VmAction("history", QT_TRANSLATE_NOOP("VmAction", "H&istory of this qube"), "timeline", opens("history"),
             each(always), "look", multi=False, window="history",
             calls=(calls.HISTORY.name,)),
    VmAction("manage", QT_TRANSLATE_NOOP("VmAction", "Make a mana&ger…"), "policy", Operations.manage,
             each(actions.why_not_managed), "look", planned=True,
             calls=(calls.POLICY_GET_ALL.name, calls.POLICY_INCLUDE_REPLACE.name)),
    VmAction("run", QT_TRANSLATE_NOOP("VmAction", "Ru&n a command…"), "run", Operations.run, each(actions.why_not_run),
             "inside", "Ctrl+R", needs=programs.RUN),
    VmAction("terminal", QT_TRANSLATE_NOOP("VmAction", "Open a term&inal"), "command", Operations.terminal,
             each(actions.why_not_run), "inside", "Ctrl+Shift+T", needs=programs.OPEN_TERMINAL),
    VmAction("applications", QT_TRANSLATE_NOOP("VmAction", "A&pplications…"), "run", Operations.applications,
             each(actions.why_not_applications), "inside", multi=False,
             calls=(calls.VM_RUN_SERVICE.name,)),
    VmAction("update", QT_TRANSLATE_NOOP("VmAction", "Update"), "update", Operations.update,
             each(actions.why_not_update), "inside", needs=programs.UPDATE),
    VmAction("rename", QT_TRANSLATE_NOOP("VmAction", "Rena&me…"), "rename", Operations.rename,
             each(actions.why_not_rename), "make", "F2", multi=False,
             calls=(name_of(calls.VM_PROPERTY_SET.name, "name"),)),
    VmAction("clone", QT_TRANSLATE_NOOP("VmAction", "&Clone…"), "clone", Operations.clone, each(actions.why_not_clone),
             "make", "Ctrl+Shift+C", planned=True,
             calls=(calls.VM_CLONE.name,)),
    VmAction("kill", QT_TRANSLATE_NOOP("VmAction", "&Kill…"), "kill", Operations.kill, each(actions.why_not_kill),
             "end", dangerous=True, planned=True,
             calls=(calls.VM_KILL.name,)),
    VmAction("remove", QT_TRANSLATE_NOOP("VmAction", "Remove…"), "remove", Operations.remove,
             each(actions.why_not_plan_removal), "end", "Del", dangerous=True, planned=True,
             calls=(calls.VM_REMOVE.name,)),
)  # fmt: skip

BY_ID = {row.id: row for row in TABLE}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which of the names an action is for, and why not for the others."""

    possible: tuple[str, ...]
    reasons: dict[str, Reason]

    @classmethod
    def of(cls, reasons: Iterable[tuple[str, Reason | None]]) -> Self:
        every = dict(reasons)
        possible = tuple(name for name, why in every.items() if why is None)
        return cls(possible, {name: why for name, why in every.items() if why is not None})

    @property
    def refused(self) -> dict[str, str]:
        """The reasons in the user's language. With a thousand qubes selected most of them are never shown."""
        return {name: reason_text(why) for name, why in self.reasons.items()}


def judge(row: VmAction, facts: Facts, names: Iterable[str], refusals: Refusals) -> Verdict:
    """The verdict of the rules about an action on these qubes and, where they allow it, of earlier policy refusals."""
    return Verdict.of(filter(None, judged(row, facts, names, refusals)))


def judged(row: VmAction, facts: Facts, names: Iterable[str], refusals: Refusals) -> Reasons:
    """What `judge` makes its verdict of, one qube after the other."""
    missing = next(filter(None, (why_not_there(facts, call) for call in row.calls)), None)
    not_installed = programs.missing(row.needs) if row.needs else ""
    for step in row.why_not(facts, names):
        if step is None:
            yield None
            continue
        name, reason = step
        why = reason or missing
        if why is None and refusals.any:
            why = next(filter(None, (refusals.why_not(call, name) for call in row.calls)), None)
        if why is None and not_installed:
            why = actions.why_not_inside(facts.qubes[name], not_installed)
        yield name, why


class ActionSet(QObject):
    """The rows as QActions of one window. `look` greys them by what is selected.

    Signals: `ran(str)`: the id of an action that was carried out.
    """

    ran = pyqtSignal(str)

    def __init__(self, operations: Operations, window: QWidget, settings: QSettings) -> None:
        super().__init__(window)
        self._operations = operations
        self._names: tuple[str, ...] = ()
        self._connected = False
        self._shown: dict[str, str | None] = {}
        """By action, why it is grey; None for one that is not."""
        self.by_id: dict[str, QAction] = {}
        for row in TABLE:
            action = QAction(icon(row.icon), row.name(), window)
            action.setObjectName(row.id)
            action.setIconText(title_text(row.name()))
            kept = settings.value(f"shortcuts/{row.id}")
            action.setShortcut(QKeySequence(kept if isinstance(kept, str) else row.shortcut))
            action.triggered.connect(lambda _checked=False, row=row: self.run(row))
            self.by_id[row.id] = action
            window.addAction(action)

    def fill(self, menu: QMenu, submenus: Sequence[QMenu]) -> None:
        """Add THE ACTIONS to a menu, a line between groups; the submenus come before the actions that make qubes."""
        menu.aboutToShow.connect(lambda: distinct_in_menu(menu))
        group = ""
        for row in self.available():
            if group and row.group != group:
                menu.addSeparator()
            if row.group == "make" and group != "make":
                for each in submenus:
                    menu.addMenu(each)
                menu.addSeparator()
            group = row.group
            menu.addAction(self.by_id[row.id])

    def available(self) -> list[VmAction]:
        """The rows whose window exists."""
        return [row for row in TABLE if not row.window or row.window in WINDOWS]

    def look(self, names: Sequence[str], *, connected: bool) -> None:
        """Grey what is not possible for these qubes, and say why. Of more than `AT_ONCE` that takes some turns."""
        self._names = tuple(names)
        self._connected = connected
        many = len(names) > AT_ONCE
        facts = self._operations.session.facts_now() if many else self._operations.facts
        for row in TABLE:
            self._operations.turns.put((self, row.id), partial(self._look_at, row, self._names, facts), later=many)

    def _look_at(self, row: VmAction, names: Sequence[str], facts: Facts) -> Steps:
        why, hint = yield from self._judge(row, names, facts)
        if names == self._names:
            self._show(row, why, hint)

    def _judge(self, row: VmAction, names: Sequence[str], facts: Facts) -> stepwise.Steps[tuple[str | None, str]]:
        """Why the action cannot be carried out for these, None if it can; the same, or for which of them it cannot."""
        why = self._why_not_these(row, names)
        if why is not None:
            return why, why
        reasons = []
        for judgement in judged(row, facts, names, self._operations.refusals):
            if judgement is not None:
                reasons.append(judgement)
            yield
        return self._in_words(Verdict.of(reasons), names)

    def _show(self, row: VmAction, why: str | None, hint: str) -> None:
        self._shown[row.id] = why
        action = self.by_id[row.id]
        action.setVisible(not row.window or row.window in WINDOWS)
        action.setEnabled(why is None)
        title = row.name().replace("&", "")
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        headline = f"{title} ({keys})" if keys else title
        action.setToolTip(plain_tip(f"{headline}\n{hint}" if hint else headline))
        action.setStatusTip(hint)

    def why_not(self, row: VmAction, names: Sequence[str] | None = None) -> str | None:
        """Why the action cannot be carried out for these (or what is selected), in words; None if it can.

        Of more than `AT_ONCE` that are selected it is what is shown of them.
        """
        if names is None and len(self._names) > AT_ONCE:
            return self._shown.get(row.id)
        names = self._names if names is None else names
        return stepwise.all_at_once(self._judge(row, names, self._operations.facts))[0]

    def _in_words(self, verdict: Verdict, names: Sequence[str]) -> tuple[str | None, str]:
        """Why the action cannot be carried out, None if it can; the same, or for which of the qubes it cannot."""
        if not verdict.possible:
            why = self._reasons_text(verdict.reasons, many=len(names) > 1)
            return why, why
        if verdict.reasons:
            return None, self.tr("Not for these:") + "\n" + self._reasons_text(verdict.reasons, many=True)
        return None, ""

    def _why_not_these(self, row: VmAction, names: Sequence[str]) -> str | None:
        """Why the action is not one for these qubes, whatever they are."""
        if not names:
            return self.tr("Select a qube first.")
        if not self._connected:
            return self.tr("There is no connection.")
        return self.tr("Only for one qube at a time.") if len(names) > 1 and not row.multi else None

    def run(self, row: VmAction, names: Sequence[str] | None = None) -> None:
        """Carry it out for those of these (or of what is selected) for which it is possible, or plan it for all.

        Of more than `AT_ONCE` they are judged in turns first. Run again meanwhile, it begins again.
        """
        names = self._names if names is None else tuple(names)
        many = len(names) > AT_ONCE
        operations = self._operations
        facts = operations.session.facts_now() if many else operations.facts
        key = (self, "run", row.id)
        operations.turns.drop(key)
        operations.turns.put(key, partial(self._run, row, names, facts), later=many)

    def _run(self, row: VmAction, names: Sequence[str], facts: Facts) -> Steps:
        if self._why_not_these(row, names) is not None:
            return
        possible: list[str] = []
        for judgement in judged(row, facts, names, self._operations.refusals):
            if judgement is not None and judgement[1] is None:
                possible.append(judgement[0])
                if row.planned:  # the plan shows which of the others are refused
                    break
            yield
        there = tuple(name for name in possible if name in self._operations.records)
        if there and self._connected:
            row.run(self._operations, names if row.planned else there)
            self.ran.emit(row.id)

    def fill_menu(self, menu: QMenu, names: Sequence[str]) -> None:
        """Fill the menu with the actions for a group of qubes, whether they are selected or not.

        For more than `AT_ONCE` those that are possible for none of them are greyed a moment later.
        """
        many = len(names) > AT_ONCE
        facts = self._operations.session.facts_now() if many else self._operations.facts
        group = ""
        for row in self.available():
            if not row.multi:
                continue
            if row.group != group:
                menu.addSeparator()
            group = row.group
            action = menu.addAction(icon(row.icon), row.name())
            if action is not None:
                action.setObjectName(row.id)
                action.triggered.connect(lambda _checked=False, row=row: self.run(row, names))
                key, work = (menu, row.id), partial(self._grey, action, row, names, facts)
                self._operations.turns.put(key, work, later=many)
                menu.aboutToHide.connect(partial(self._operations.turns.drop, key))

    def _grey(self, action: QAction, row: VmAction, names: Sequence[str], facts: Facts) -> Steps:
        """Grey the action of a menu if it is possible for none of these, and say why."""
        why, _hint = yield from self._judge(row, names, facts)
        if not sip.isdeleted(action):
            action.setEnabled(why is None)
            action.setToolTip(plain_tip(why or ""))

    def _reasons_text(self, reasons: dict[str, Reason], *, many: bool) -> str:
        texts = {name: reason_text(why) for name, why in islice(reasons.items(), REASONS_SHOWN)}
        lines = [f"{name}: {why}" if many and not why.startswith(f"{name} ") else why for name, why in texts.items()]
        if len(reasons) > REASONS_SHOWN:
            lines.append(self.tr("and %n more", "", len(reasons) - REASONS_SHOWN))
        return "\n".join(lines)


REASONS_SHOWN = 5
"""Reasons that a tooltip lists."""
