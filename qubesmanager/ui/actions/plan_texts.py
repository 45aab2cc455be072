# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of a plan: title, facts, heads of groups, button, and the message when it is done."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.models.plan_table import Head
from qubesmanager.models.property_titles import property_title
from qubesmanager.models.texts import in_mib, number_text
from qubesmanager.plans.plan import AT_A_TIME, Fate, Group, Kind, Plan, Row
from qubesmanager.rules.stepwise import Steps, Stepwise, of_each
from qubesmanager.wire.values import PowerState

translate = QCoreApplication.translate

TAKEN_ALONG = frozenset({Group.MOVE, Group.START_FIRST, Group.POLICY})
"""Groups of what the user did not choose."""
NAMED = 4
"""Qubes that a sentence names."""


def _tr(text: str) -> str:
    """A text of a table in the user's language."""
    return translate("Plan", text)


def names_text(names: Sequence[str]) -> str:
    """Some names and how many more there are."""
    shown = ", ".join(names[:NAMED])
    more = len(names) - NAMED
    return translate("Plan", "{0} and %n more", "", more).format(shown) if more > 0 else shown


@dataclass(frozen=True, slots=True)
class _Words:
    """The texts of a kind of plan: of the task about one qube and about several, and of the button.

    Those with a number are calls: only so they get the plural forms of each language.
    """

    icon: str
    single: str
    several: Callable[[int], str]
    button: Callable[[int], str]


_WORDS = {
    Kind.PROPERTY: _Words(
        "settings",
        QT_TRANSLATE_NOOP("Plan", "Set {0} of {1}"),
        lambda n: translate("Plan", "Set {0} of %n qube(s)", "", n),
        lambda n: translate("Plan", "Change %n qube(s)", "", n),
    ),
    Kind.START: _Words(
        "start",
        QT_TRANSLATE_NOOP("Plan", "Start {0}"),
        lambda n: translate("Plan", "Start %n qube(s)", "", n),
        lambda n: translate("Plan", "Start %n qube(s)", "", n),
    ),
    Kind.PAUSE: _Words(
        "pause",
        QT_TRANSLATE_NOOP("Plan", "Pause {0}"),
        lambda n: translate("Plan", "Pause %n qube(s)", "", n),
        lambda n: translate("Plan", "Pause %n qube(s)", "", n),
    ),
    Kind.UNPAUSE: _Words(
        "unpause",
        QT_TRANSLATE_NOOP("Plan", "Unpause {0}"),
        lambda n: translate("Plan", "Unpause %n qube(s)", "", n),
        lambda n: translate("Plan", "Unpause %n qube(s)", "", n),
    ),
    Kind.SUSPEND: _Words(
        "suspend",
        QT_TRANSLATE_NOOP("Plan", "Suspend {0}"),
        lambda n: translate("Plan", "Suspend %n qube(s)", "", n),
        lambda n: translate("Plan", "Suspend %n qube(s)", "", n),
    ),
    Kind.RESUME: _Words(
        "unpause",
        QT_TRANSLATE_NOOP("Plan", "Resume {0}"),
        lambda n: translate("Plan", "Resume %n qube(s)", "", n),
        lambda n: translate("Plan", "Resume %n qube(s)", "", n),
    ),
    Kind.SHUTDOWN: _Words(
        "shutdown",
        QT_TRANSLATE_NOOP("Plan", "Shut down {0}"),
        lambda n: translate("Plan", "Shut down %n qube(s)", "", n),
        lambda n: translate("Plan", "Shut down %n qube(s)", "", n),
    ),
    Kind.RESTART: _Words(
        "restart",
        QT_TRANSLATE_NOOP("Plan", "Restart {0}"),
        lambda n: translate("Plan", "Restart %n qube(s)", "", n),
        lambda n: translate("Plan", "Restart %n qube(s)", "", n),
    ),
    Kind.KILL: _Words(
        "kill",
        QT_TRANSLATE_NOOP("Plan", "Kill {0}"),
        lambda n: translate("Plan", "Kill %n qube(s)", "", n),
        lambda n: translate("Plan", "Kill %n qube(s)", "", n),
    ),
    Kind.REMOVE: _Words(
        "remove",
        QT_TRANSLATE_NOOP("Plan", "Remove {0}"),
        lambda n: translate("Plan", "Remove %n qube(s)", "", n),
        lambda n: translate("Plan", "Remove %n qube(s)", "", n),
    ),
    Kind.CLONE: _Words(
        "clone",
        QT_TRANSLATE_NOOP("Plan", "Clone {0}"),
        lambda n: translate("Plan", "Clone %n qube(s)", "", n),
        lambda n: translate("Plan", "Clone %n qube(s)", "", n),
    ),
    Kind.SETTINGS: _Words(
        "settings",
        QT_TRANSLATE_NOOP("Plan", "Apply the settings of {0}"),
        lambda n: translate("Plan", "Apply the settings of %n qube(s)", "", n),
        lambda n: translate("Plan", "Change %n qube(s)", "", n),
    ),
    Kind.MANAGE: _Words(
        "policy",
        QT_TRANSLATE_NOOP("Plan", "Give {0} a manager"),
        lambda n: translate("Plan", "Give %n qube(s) a manager", "", n),
        lambda n: translate("Plan", "Give %n qube(s) a manager", "", n),
    ),
    Kind.UNDO: _Words(
        "undo",
        QT_TRANSLATE_NOOP("Plan", "Undo: {0} of {1}"),
        lambda n: translate("Plan", "Undo: {0} of %n qube(s)", "", n),
        lambda n: translate("Plan", "Undo %n change(s)", "", n),
    ),
}
_ICONS = {"netvm": "network", "label": "tag", "template": "template"}
_PROPERTIES = {
    "netvm": QT_TRANSLATE_NOOP("Plan", "net qube"),
    "label": QT_TRANSLATE_NOOP("Plan", "label"),
    "template": QT_TRANSLATE_NOOP("Plan", "template"),
}


def property_name(prop: str) -> str:
    """A property in words, for the middle of a sentence: what has no word there as the settings title it."""
    if prop in _PROPERTIES:
        return _tr(_PROPERTIES[prop])
    title = property_title(prop)
    return prop if title == prop else f"\u201c{title}\u201d"


def picture(plan: Plan) -> str:
    """The icon beside the title."""
    return _ICONS.get(plan.prop, _WORDS[plan.kind].icon)


def qubes_of(plan: Plan) -> list[str]:
    """The qubes that the plan is about: those of its changes that the user did not only take along."""
    names = list(dict.fromkeys(row.qube for row in plan.changes if row.group not in TAKEN_ALONG))
    return names or list(dict.fromkeys(row.qube for row in plan.rows))


def task_title(plan: Plan) -> str:
    """The title of the task that carries it out."""
    words, names = _WORDS[plan.kind], qubes_of(plan)
    only = plan.asked[0] if len(plan.asked) == 1 and plan.kind is Kind.START else names[0] if len(names) == 1 else ""
    if plan.kind in {Kind.PROPERTY, Kind.UNDO}:
        name = property_name(plan.prop) if plan.prop else translate("Plan", "changes")
        return _tr(words.single).format(name, only) if only else words.several(len(names)).format(name)
    return _tr(words.single).format(only) if only else words.several(len(names))


def child_title(row: Row) -> str:
    """The title of the part of the task that carries out a row."""
    if row.group is Group.POLICY:
        return row.part
    match row.then:
        case Fate.MADE:
            return translate("Plan", "{0} as {1}").format(row.qube, row.part)
        case PowerState.RUNNING:
            return translate("Plan", "Start {0}").format(row.qube)
        case _:
            return row.qube


def title(plan: Plan) -> str:
    """The title of the plan, without a full stop."""
    asked = plan.asked
    if plan.kind is Kind.UNDO:
        return task_title(plan)
    if plan.kind is Kind.PROPERTY:
        name = property_name(plan.prop)
        if plan.value is None:
            return translate("Plan", "Set {0} to its default").format(name)
        return translate("Plan", "Set {0} to {1}").format(name, plan.value or translate("Plan", "none"))
    if plan.kind is Kind.SHUTDOWN and len(asked) == 1 and len(plan.rows) > 1:
        return translate("Plan", "Shut down {0} and the qubes that use its network").format(asked[0])
    if plan.kind is Kind.MANAGE:
        names = names_text(plan.asked) if len(plan.asked) <= NAMED else translate("Plan", "qubes")
        return translate("Plan", "Make {0} the manager of {1}").format(plan.value, names)
    words, number = _WORDS[plan.kind], len(plan.changes)
    if plan.kind is Kind.START and number < len(plan.rows):
        return translate("Plan", "Start {0} of {1} qubes").format(number_text(number), number_text(len(plan.rows)))
    if len(asked) == 1:
        return _tr(words.single).format(asked[0])
    return words.several(len(qubes_of(plan)))


def line(plan: Plan) -> str:
    """How many of the qubes change, and why the others do not."""
    changes = _count(row for row in plan.changes if row.group is not Group.POLICY)
    parts = [translate("Plan", "%n to change.", "", changes)]
    if left_out := _count(plan.left_out):
        parts.append(translate("Plan", "%n left out by you.", "", left_out))
    if refused := _count(plan.refused):
        parts.append(translate("Plan", "%n cannot change.", "", refused))
    if already := _count(row for row in plan.rows if row.group is Group.ALREADY):
        parts.append(translate("Plan", "%n need no change.", "", already))
    if order := _ORDERS.get(plan.kind):
        parts.append(_tr(order))
    return " ".join(parts)


def _count(rows: Iterable[Row]) -> int:
    """How many qubes the rows are about; several rows may be about one."""
    return len({row.qube for row in rows})


_ORDERS = {
    Kind.START: QT_TRANSLATE_NOOP("Plan", "Qubes that give network start first."),
    Kind.SHUTDOWN: QT_TRANSLATE_NOOP("Plan", "Qubes that use network halt first, those that give it last."),
    Kind.RESTART: QT_TRANSLATE_NOOP("Plan", "Qubes that use network halt first and start last."),
    Kind.REMOVE: QT_TRANSLATE_NOOP("Plan", "Only a backup brings a removed qube back."),
    Kind.MANAGE: QT_TRANSLATE_NOOP("Plan", "All of it is done, or nothing."),
}


def button(plan: Plan) -> str:
    """The text of the button, with the number of qubes."""
    number = _count(row for row in plan.changes if row.group not in TAKEN_ALONG)
    if plan.kind is Kind.PROPERTY and plan.prop == "netvm" and plan.value == "":
        return translate("Plan", "Disconnect %n qube(s)", "", number)
    return _WORDS[plan.kind].button(number)


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts around the rows, and what follows from all rows.

    `typed` is what is typed before a removal, of `going` qubes.
    """

    title: str
    line: str
    button: str
    facts: Sequence["Fact"]
    typed: str
    going: int
    calls: int
    can_be_undone: bool


def texts(plan: Plan) -> Steps[Texts]:
    """The texts of a plan: each of them looks at all of its rows."""
    makers: tuple[Callable[[Plan], str], ...] = (title, line, button)
    first, second, third = yield from of_each(makers, lambda make: make(plan))
    rows = yield from facts.steps(plan)
    going = [row.qube for row in plan.changes if row.group is not Group.MOVE] if plan.kind is Kind.REMOVE else []
    yield
    typed = going[0] if len(going) == 1 else number_text(len(going)) if going else ""
    calls = len(plan.steps)
    yield
    return Texts(first, second, third, rows, typed, len(going), calls, plan.can_be_undone)


# -- facts ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fact:
    """A number and what it counts; `mark` is the name of an icon."""

    number: str
    text: str
    mark: str = ""


@Stepwise
def facts(plan: Plan) -> Steps[list[Fact]]:
    """At most four facts of the plan; what does not occur is left out."""
    rows = yield from of_each(_FACTS, lambda make: make(plan))
    return [fact for fact in rows if fact is not None][:4]


def _losing(plan: Plan) -> Fact | None:
    number = len(plan.losing)
    return (
        Fact(number_text(number), translate("Plan", "running: they lose their network now"), "warning")
        if number
        else None
    )


def _halted(plan: Plan) -> Fact | None:
    number = _count(row for row in plan.changes if row.group is Group.AT_NEXT_START)
    if not number:
        return None
    has_none = plan.prop == "netvm" and plan.value == ""
    return Fact(
        number_text(number),
        translate("Plan", "halted: they start without network")
        if has_none
        else translate("Plan", "from their next start"),
    )


def _lost_through(plan: Plan) -> Fact | None:
    if not plan.lost_through:
        return None
    text = translate("Plan", "more lose their network: {0}").format(names_text(list(plan.lost_through)))
    return Fact(number_text(len(plan.lost_through)), text, "warning")


def _changing(plan: Plan) -> Fact | None:
    texts = {
        Kind.START: translate("Plan", "start, at most {0} at a time").format(number_text(AT_A_TIME)),
        Kind.SHUTDOWN: translate(
            "Plan", "shut down, in %n step(s)", "", max((row.stage for row in plan.changes), default=0)
        ),
        Kind.RESTART: translate("Plan", "halt and start again"),
        Kind.PAUSE: translate("Plan", "pause"),
        Kind.UNPAUSE: translate("Plan", "continue"),
        Kind.SUSPEND: translate("Plan", "are suspended"),
        Kind.RESUME: translate("Plan", "continue"),
        Kind.KILL: translate("Plan", "are killed at once"),
        Kind.REMOVE: translate("Plan", "are removed with their data"),
        Kind.CLONE: translate("Plan", "are cloned with their data"),
        Kind.MANAGE: translate("Plan", "get a tag"),
    }
    number = _count(row for row in plan.changes if row.group not in TAKEN_ALONG)
    text = texts.get(plan.kind)
    if text is None:
        number = _count(row for row in plan.changes if row.group in {Group.CHANGE, Group.CHANGE_NOW})
        text = translate("Plan", "change now") if plan.prop == "netvm" else translate("Plan", "change")
        return Fact(number_text(number), text) if number else None
    return Fact(number_text(number), text)


def _files(plan: Plan) -> Fact | None:
    number = sum(row.group is Group.POLICY for row in plan.changes)
    return Fact(number_text(number), translate("Plan", "files of the policy change")) if number else None


def _moving(plan: Plan) -> Fact | None:
    number = _count(row for row in plan.changes if row.group is Group.MOVE)
    return Fact(number_text(number), translate("Plan", "use another qube then")) if number else None


def _lost_data(plan: Plan) -> Fact | None:
    number = _count(row for row in plan.changes if row.then is Fate.REMOVED) if plan.kind is not Kind.REMOVE else 0
    return Fact(number_text(number), translate("Plan", "disposable: the data is lost"), "warning") if number else None


def _refused(plan: Plan) -> Fact | None:
    number = _count(plan.refused)
    return Fact(number_text(number), translate("Plan", "not possible, reasons below"), "refused") if number else None


def _memory(plan: Plan) -> Fact | None:
    if plan.kind is not Kind.START:
        return None
    needed = sum(row.memory for row in plan.changes)
    if plan.free is None:
        return Fact(in_mib(needed), translate("Plan", "needed at least"))
    return Fact(in_mib(needed), translate("Plan", "needed; {0} are free").format(in_mib(plan.free)))


_FACTS: tuple[Callable[[Plan], Fact | None], ...] = (
    _losing, _changing, _files, _halted, _moving, _lost_through, _lost_data, _refused, _memory,
)  # fmt: skip


# -- groups -----------------------------------------------------------------------------------------------------------

_HEADS = {
    Group.POLICY: QT_TRANSLATE_NOOP("Plan", "Lines of the policy"),
    Group.START_FIRST: QT_TRANSLATE_NOOP("Plan", "Start first, they are halted"),
    Group.LOSE_NETWORK: QT_TRANSLATE_NOOP("Plan", "Lose their network now"),
    Group.CHANGE_NOW: QT_TRANSLATE_NOOP("Plan", "Change while they run"),
    Group.REFUSED: QT_TRANSLATE_NOOP("Plan", "Not possible"),
    Group.AT_NEXT_START: QT_TRANSLATE_NOOP("Plan", "From their next start"),
    Group.CHANGE: QT_TRANSLATE_NOOP("Plan", "Change"),
    Group.START_AGAIN: QT_TRANSLATE_NOOP("Plan", "Start again"),
    Group.MOVE: QT_TRANSLATE_NOOP("Plan", "Use it now"),
    Group.ALREADY: QT_TRANSLATE_NOOP("Plan", "No change"),
}
_CHANGES = {
    Kind.KILL: QT_TRANSLATE_NOOP("Plan", "Killed"),
    Kind.PAUSE: QT_TRANSLATE_NOOP("Plan", "Paused"),
    Kind.UNPAUSE: QT_TRANSLATE_NOOP("Plan", "Continue"),
    Kind.REMOVE: QT_TRANSLATE_NOOP("Plan", "Removed"),
    Kind.CLONE: QT_TRANSLATE_NOOP("Plan", "Cloned"),
    Kind.MANAGE: QT_TRANSLATE_NOOP("Plan", "Get a tag"),
}
"""The head of the group `CHANGE` in plans of these kinds."""


def head(plan: Plan, group: Group, stage: int, rows: Sequence[Row]) -> Head:
    """The head of a group of rows."""
    number = len(rows) if group is Group.POLICY else _count(rows)
    left_out = _count(row for row in rows if row.is_left_out)
    quiet = (
        translate("Plan", "{0}, of which {1} left out").format(number_text(number), number_text(left_out))
        if left_out
        else number_text(number)
    )
    if group is Group.STAGE:
        return Head(group, stage, f"{number_text(stage)}  {_stage(plan, stage)}", quiet)
    text = _CHANGES.get(plan.kind, _HEADS[group]) if group is Group.CHANGE else _HEADS[group]
    return Head(group, stage, _tr(text), quiet)


def _stage(plan: Plan, stage: int) -> str:
    last = max(row.stage for row in plan.rows)
    if plan.kind is Kind.START:
        return (
            translate("Plan", "First, net qubes")
            if stage < last
            else translate("Plan", "At most {0} at a time").format(number_text(AT_A_TIME))
        )
    if stage == last and last > 1:
        return translate("Plan", "Last")
    return translate("Plan", "At the same time") if stage == 1 else translate("Plan", "Then")


# -- afterwards -------------------------------------------------------------------------------------------------------


def done_text(plan: Plan) -> str:
    """The result of the plan, for the bar that offers to undo it."""
    names = qubes_of(plan)
    if plan.kind is Kind.PROPERTY:
        name = property_name(plan.prop)
        value = translate("Plan", "its default") if plan.value is None else plan.value or translate("Plan", "none")
        text = translate("Plan", "{0} of {1} is now {2}.").format(name[:1].upper() + name[1:], names_text(names), value)
    else:
        text = translate("Plan", "{0}: done.").format(task_title(plan))
    losing = [*plan.losing, *plan.lost_through]
    return (
        " ".join([text, translate("Plan", "Without network now: {0}.").format(names_text(losing))]) if losing else text
    )
