# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command palette offers: actions on the selection, commands of the window, qubes; and sentences.

A sentence is a verb, a qube and perhaps a value: `start photos`, `netvm work sys-vpn`, `firewall mail`, `settings work
notes`. The whole name of the qube may also come first; alone it offers what can be done with it: `work netvm sys-vpn`,
`photos`. Without a qube the value is for those that are selected: `netvm none`. Each other word may be cut short. A
change of a value goes through the plan, as from a menu.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication
from PyQt5.QtGui import QIcon, QKeySequence
from PyQt5.QtWidgets import QAction

from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import title_text
from qubesmanager.rules import candidates
from qubesmanager.rules.edits import why_not_edit, why_not_set_by_plan
from qubesmanager.rules.facts import Qubes
from qubesmanager.ui.actions.actions import ActionSet, VmAction
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.icons import icon, label_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.windows import PAGE

CONTEXT = "PaletteCommands"
MOST = 60
"""Lines that are offered at once."""
NO_VALUE, DEFAULT = "", None


@dataclass(frozen=True, slots=True)
class Command:
    """A line: its text, what runs, and why not now (empty if it can)."""

    text: str
    run: Callable[[], None]
    icon: QIcon
    hint: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class _Property:
    """A property that a sentence sets: the words that begin the sentence, and the values of a qube."""

    name: str
    words: str
    icon: str
    values: Callable[[Session, str], list[str]]
    has_default: bool = False
    has_none: bool = False


def _netvms(session: Session, name: str) -> list[str]:
    return [each for each in in_order(candidates.netvms(session.facts.qubes)) if each != name]


def _templates(session: Session, name: str) -> list[str]:
    qubes: Qubes = session.facts.qubes
    return in_order(candidates.templates(qubes, qubes[name].klass))


_PROPERTIES = (
    _Property("netvm", QT_TRANSLATE_NOOP("PaletteCommands", "Net qube"), "network", _netvms, True, True),
    _Property("template", QT_TRANSLATE_NOOP("PaletteCommands", "Template"), "template", _templates),
    _Property(
        "label", QT_TRANSLATE_NOOP("PaletteCommands", "Label"), "tag", lambda session, _name: list(session.labels)
    ),
)
_PAGES = {
    "basic": QT_TRANSLATE_NOOP("PaletteCommands", "Basic"),
    "advanced": QT_TRANSLATE_NOOP("PaletteCommands", "Advanced"),
    "firewall": QT_TRANSLATE_NOOP("PaletteCommands", "Firewall"),
    "devices": QT_TRANSLATE_NOOP("PaletteCommands", "Devices"),
    "volumes": QT_TRANSLATE_NOOP("PaletteCommands", "Volumes"),
    "services": QT_TRANSLATE_NOOP("PaletteCommands", "Services"),
    "tags": QT_TRANSLATE_NOOP("PaletteCommands", "Features and tags"),
    "properties": QT_TRANSLATE_NOOP("PaletteCommands", "All properties"),
    "notes": QT_TRANSLATE_NOOP("PaletteCommands", "Notes"),
}
"""The pages of the settings."""


def _tr(text: str) -> str:
    return QCoreApplication.translate(CONTEXT, text)


class PaletteCommands:
    """The commands of one window. `selected` gives the names of the selected qubes, `jump` goes to a qube."""

    def __init__(
        self,
        operations: Operations,
        actions: ActionSet,
        own: Mapping[str, QAction],
        selected: Callable[[], list[str]],
        jump: Callable[[str], None],
    ) -> None:
        self.session = operations.session
        self._operations, self._actions, self._own = operations, actions, own
        self._selected, self._jump = selected, jump

    def all(self) -> list[Command]:
        """The actions on what is selected, the commands of the window, and each qube."""
        names = self._selected()
        about = _about(names)
        commands: list[Command] = []
        for row in self._actions.available():
            action = self._actions.by_id[row.id]
            text = f"{title_text(row.name())}: {about}" if names else title_text(row.name())
            commands.append(
                Command(text, action.trigger, action.icon(), _keys(action), self._actions.why_not(row) or "")
            )
        commands += [
            Command(title_text(action.text()), action.trigger, action.icon(), _keys(action))
            for key, action in self._own.items()
            if key != "palette"
        ]
        return [*commands, *(self._go_to(name) for name in in_order(self.session.records))]

    def sentences(self, typed: str) -> list[Command]:
        """The commands that a verb and what follows it say, or a qube; empty where the text begins with neither."""
        words = [word for word in typed.casefold().replace(":", " ").split() if word not in {"→", "->"}]
        return list(islice(chain(self._sentences(words), self._of_qube(words)), MOST)) if words else []

    def _of_qube(self, words: list[str]) -> Iterator[Command]:
        """What can be done with the qube whose whole name comes first; where it is alone, first of all to go to it."""
        name = next((name for name in self.session.records if name.casefold() == words[0]), None)
        if name is None:
            return
        if len(words) > 1:
            yield from self._sentences([words[1], words[0], *words[2:]])
            return
        yield self._go_to(name)
        for row in self._actions.available():
            if self._actions.why_not(row, [name]) is None:
                yield self._act(row, name)

    def _act(self, row: VmAction, name: str, refused: str = "") -> Command:
        text = f"{title_text(row.name())}: {name}"
        return Command(text, partial(self._actions.run, row, [name]), icon(row.icon), refused=refused)

    def _sentences(self, words: list[str]) -> Iterator[Command]:
        for prop in _PROPERTIES:
            if rest := _after(words, (_tr(prop.words), prop.name)):
                for name in self._qubes(rest[0]):
                    yield from self._values(prop, [name], rest[1:])
                yield from self._values(prop, self._selected(), rest)
        if rest := _after(words, (self._title("settings"), "settings")):
            names = self._qubes(rest[0])
            yield from (command for name in names for command in self._settings(name, rest[1:]))
            if len(rest) == 1:
                yield from (command for name in self._selected()[:1] for command in self._settings(name, rest))
        for row in self._actions.available():
            rest = _after(words, (title_text(row.name()), row.id))
            for name in self._qubes(rest[0]) if len(rest) == 1 and row.id != "settings" else ():
                yield self._act(row, name, self._actions.why_not(row, [name]) or "")

    def _title(self, action: str) -> str:
        return next(title_text(row.name()) for row in self._actions.available() if row.id == action)

    def _qubes(self, word: str) -> list[str]:
        """The qubes whose names hold the word, those first that begin with it."""
        names = [name for name in in_order(self.session.records) if word in name.casefold()]
        return sorted(names, key=lambda name: (name.casefold() != word, not name.casefold().startswith(word)))

    def _values(self, prop: _Property, names: Sequence[str], words: Sequence[str]) -> Iterator[Command]:
        """A command for each value that the words name, also in English; of several qubes those of the first."""
        records = [self.session.records[name] for name in names if prop.name in self.session.records[name].properties]
        if not names or len(records) < len(names):
            return
        facts = self.session.facts
        own = prop.values(self.session, names[0])
        values: list[tuple[str, str, str | None]] = [(value, value, value) for value in own if value not in names]
        values += [(_tr(NONE), NONE, NO_VALUE)] if prop.has_none else []
        values += [(_tr(USUAL), USUAL, DEFAULT)] if prop.has_default else []
        for text, english, value in values:
            if not all(word in text.casefold() or word in english for word in words):
                continue
            why = None
            if len(records) == 1:  # of several the plan shows which refuse
                why = why_not_edit(facts, records[0], prop.name)
                if why is None and value is not None:
                    why = why_not_set_by_plan(facts, records[0], prop.name, value)
            color = self.session.labels.get(value or "") if prop.name == "label" else None
            yield Command(
                f"{_tr(prop.words)}: {_about(names)} → {text}",
                partial(self._operations.set_property, list(names), prop.name, value),
                icon(prop.icon) if color is None else label_icon(color),
                refused="" if why is None else reason_text(why),
            )

    def _settings(self, name: str, words: Sequence[str]) -> Iterator[Command]:
        title = self._title("settings")
        if not words:
            yield Command(f"{title}: {name}", partial(self._open, name, ""), icon("settings"))
        for page, text in _PAGES.items():
            shown = _tr(text)
            if all(word in shown.casefold() or word in page for word in words):
                yield Command(f"{title}: {name} → {shown}", partial(self._open, name, page), icon("settings"))

    def _open(self, name: str, page: str) -> None:
        self._operations.open_window("settings", (name, f"{PAGE}{page}") if page else (name,))

    def _go_to(self, name: str) -> Command:
        color = self.session.color_of_qube(name)
        return Command(name, partial(self._jump, name), label_icon(color), _tr(QUBE))


NONE = QT_TRANSLATE_NOOP("PaletteCommands", "none")
USUAL = QT_TRANSLATE_NOOP("PaletteCommands", "default")
QUBE = QT_TRANSLATE_NOOP("PaletteCommands", "qube")


def _after(words: list[str], names: Sequence[str]) -> list[str]:
    """What follows a verb, by one of its names; empty where the words do not begin with it."""
    for name in names:
        parts = name.casefold().split()
        taken = 0
        while taken < min(len(parts), len(words) - 1) and parts[taken].startswith(words[taken]):
            taken += 1
        if taken:
            return words[taken:]
    return []


def _about(names: Sequence[str]) -> str:
    """The qube, or how many they are."""
    return names[0] if len(names) == 1 else QCoreApplication.translate(CONTEXT, "%n qube(s)", "", len(names))


def _keys(action: QAction) -> str:
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
