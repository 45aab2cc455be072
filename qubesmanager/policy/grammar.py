# SPDX-License-Identifier: GPL-3.0-or-later
"""One policy file: its rules and what it includes. The grammar is qrexec's of Qubes 4.x.

qrexec refuses every call of the whole system while one file of the policy does not parse, so `parse` is as strict as
qrexec everywhere. With `strict` it is stricter where a line that parses cannot mean what its author meant (`$adminvm`,
a control character): so is a file read that is about to be written. A decision reads without, exactly as qrexec does.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from qubesmanager.wire.errors import PolicyAdminSyntaxException
from qubesmanager.wire.names import shown

MAX_LINE = 4096
"""Characters; far beyond what any rule needs, and short enough to be repeated in an error."""


class Kind(Enum):
    """RULES: lines with service and argument. BODY: what `!include-service` names, lines without them."""

    RULES = "rules"
    BODY = "rules without service and argument, for !include-service"


class Action(Enum):
    ALLOW = "allow"
    DENY = "deny"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; `path` is relative to the folder of the policy, `line` counts from 1."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Rule:
    """`service` and `argument` are empty in a BODY, where the including line says them."""

    place: Place
    service: str
    argument: str
    source: str
    target: str
    action: Action
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Include:
    """A file that a line pulls in, or each file of a folder. `path` is relative to the folder of the policy.

    `service` and `argument` are those of `!include-service`, and empty for the others.
    """

    place: Place
    path: str
    kind: Kind
    folder: bool = False
    service: str = ""
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The rules and includes of a file, in order."""

    items: tuple[Rule | Include, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(item for item in self.items if isinstance(item, Rule))

    @property
    def includes(self) -> tuple[Include, ...]:
        return tuple(item for item in self.items if isinstance(item, Include))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file, counted from 1. `item` is None for a blank line, a comment, and one with an `error`."""

    number: int
    text: str
    item: Rule | Include | None = None
    error: str = ""


# -- who may stand where ----------------------------------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*|uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_SUFFIX = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_SOURCE, _TARGET, _REDIRECT = "source", "target", "redirect"

EXACT: Mapping[str, frozenset[str]] = {
    "*": frozenset({_SOURCE, _TARGET}),
    "@anyvm": frozenset({_SOURCE, _TARGET}),
    "@adminvm": frozenset({_SOURCE, _TARGET, _REDIRECT}),
    "@default": frozenset({_TARGET}),
    "@dispvm": frozenset({_TARGET, _REDIRECT}),
}
"""The tokens for qubes, and the columns that each may be used in."""

PREFIXES: Mapping[str, frozenset[str]] = {
    "@dispvm:@tag:": frozenset({_SOURCE, _TARGET}),
    "@dispvm:": frozenset({_SOURCE, _TARGET, _REDIRECT}),
    "@tag:": frozenset({_SOURCE, _TARGET}),
    "@type:": frozenset({_SOURCE, _TARGET}),
}
"""The same for words that go on with a name; the first that fits is meant."""

OPTIONS: Mapping[Action, Mapping[str, str]] = {
    Action.ALLOW: {"target": _REDIRECT, "user": "user", "notify": "bit", "autostart": "bit"},
    Action.ASK: {
        "target": _REDIRECT,
        "default_target": _REDIRECT,
        "user": "user",
        "notify": "bit",
        "autostart": "bit",
    },
    Action.DENY: {"notify": "bit"},
}
"""The options of each action, and what their value is."""

_SERVICE = re.compile(r"\*|[A-Za-z0-9._-]+", re.ASCII)
_ARGUMENT = re.compile(r"\*|\+[A-Za-z0-9+._-]*", re.ASCII)
_PATH = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*", re.ASCII)


class _WrongError(Exception):
    """The error of a line, as a sentence; `parse` adds the file and line."""


def parse(path: str, text: str, kind: Kind, *, strict: bool = True) -> Parsed:
    """The rules and includes of a file. Raises `PolicyAdminSyntaxException` with the first wrong line and why."""
    items: list[Rule | Include] = []
    for line in read_lines(path, text, kind, strict=strict):
        if line.error:
            raise PolicyAdminSyntaxException(f"{Place(path, line.number)}: {line.error}")
        if line.item is not None:
            items.append(line.item)
    return Parsed(tuple(items))


def read_lines(path: str, text: str, kind: Kind, *, strict: bool = True) -> Iterator[Line]:
    """Every line of a file, also the wrong ones. Total: never raises."""
    lines = text.split("\n") if strict else text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        place = Place(path, number)
        try:
            item = _strict_line(place, line, kind) if strict else _line(place, line.strip(), kind, strict=False)
        except _WrongError as error:
            yield Line(number, line, None, str(error))
        else:
            yield Line(number, line, item)


def _strict_line(place: Place, untrusted: str, kind: Kind) -> Rule | Include | None:
    if len(untrusted) > MAX_LINE:
        raise _WrongError(f"A line has at most {MAX_LINE} characters.")
    line = untrusted.strip(" \t\r")
    if not line.replace("\t", " ").isprintable():
        raise _WrongError("The line holds a control character, or bytes that are not UTF-8.")
    if line and not line.startswith("#") and not line.isascii():
        raise _WrongError("A rule is written in ASCII; only a comment may hold other characters.")
    return _line(place, line, kind, strict=True)


def _line(place: Place, line: str, kind: Kind, *, strict: bool) -> Rule | Include | None:
    """A line without the blanks around it."""
    if not line or line.startswith("#"):
        return None
    if kind is Kind.BODY:
        line = line.replace("$include:", "!include ").replace("$", "@").replace(",", " ")
    words = line.split()
    if not words:
        raise _WrongError("The line holds nothing but commas.")
    if line.startswith("!"):
        return _directive(place, words, kind, strict=strict)
    if kind is Kind.RULES:
        return _rule(place, words, strict=strict)
    return _rule(place, ["", "", *words], strict=strict)


# -- directives -------------------------------------------------------------------------------------------------------


def _directive(place: Place, words: list[str], kind: Kind, *, strict: bool) -> Include | None:
    name, rest = words[0], words[1:]
    parameters = _DIRECTIVES.get(name)
    if parameters is None:
        raise _WrongError(f"There is no directive {shown(name)}; there are {', '.join(_DIRECTIVES)}.")
    if kind is Kind.BODY and name != "!include":
        raise _WrongError(f"A file for !include-service holds no {name}; only !include.")
    if len(rest) != len(parameters):
        raise _WrongError(f"{name} is followed by {' '.join(parameters) or 'nothing'}.")
    values = dict(zip(parameters, rest, strict=True))
    service, argument = values.get("SERVICE", ""), values.get("ARGUMENT", "")
    if service:
        _check_service(service, argument)
    target = values.get("FILE") or values.get("FOLDER")
    if target is None:
        return None
    if strict and (not _PATH.fullmatch(target) or any(part in {".", ".."} for part in target.split("/"))):
        raise _WrongError(f"An include names a file inside the policy's folder, not {shown(target)}.")
    return Include(place, target, Kind.BODY if service else kind, "FOLDER" in values, service, argument)


_DIRECTIVES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "!include": ("FILE",),
        "!include-dir": ("FOLDER",),
        "!include-service": ("SERVICE", "ARGUMENT", "FILE"),
        "!compat-4.0": (),
    }
)


# -- rules ------------------------------------------------------------------------------------------------------------


def _rule(place: Place, words: list[str], *, strict: bool) -> Rule:
    if len(words) < len(_FIELDS):
        missing = _FIELDS[len(words) :]
        raise _WrongError(f"The line ends before its {missing[0]}.")
    service, argument, source, target, verb, *rest = words
    if service or argument:
        _check_service(service, argument)
    _check_qube(source, _SOURCE, strict=strict)
    _check_qube(target, _TARGET, strict=strict)
    try:
        action = Action(verb)
    except ValueError:
        raise _WrongError(f"The action is allow, deny or ask, not {shown(verb)}.") from None
    options = dict(_options(action, rest, strict=strict))
    if action is Action.ALLOW and target == "@default" and "target" not in options:
        raise _WrongError("allow on @default needs target=, because the call names no qube.")
    return Rule(place, service, argument, source, target, action, options)


_FIELDS = ("service", "argument", "source", "target", "action")


def _options(action: Action, words: list[str], *, strict: bool) -> Iterator[tuple[str, str]]:
    names: set[str] = set()
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise _WrongError(f"An option is key=value, not {shown(word)}. A comment needs its own line.")
        if key not in OPTIONS[action]:
            raise _WrongError(f"{action.value} has no option {shown(key)}; it has {', '.join(OPTIONS[action])}.")
        if key in names:
            raise _WrongError(f"The option {key} is given twice.")
        names.add(key)
        match OPTIONS[action][key]:
            case "bit":
                if value not in {"yes", "no"}:
                    raise _WrongError(f"{key} is yes or no, not {shown(value)}.")
            case "user":
                if strict and not _SUFFIX.fullmatch(value):
                    raise _WrongError(f"Not the name of a user: {shown(value)}.")
            case place:
                _check_qube(value, place, strict=strict)
        yield key, value


def _check_service(service: str, argument: str) -> None:
    if not _SERVICE.fullmatch(service):
        raise _WrongError(f"Not a service: {shown(service)}.")
    if not _ARGUMENT.fullmatch(argument):
        raise _WrongError(f"An argument is * or begins with +, not {shown(argument)}.")
    if service == "*" and argument != "*":
        raise _WrongError("Any service (*) goes with any argument (*) only.")


def _check_qube(word: str, place: str, *, strict: bool) -> None:
    """That the word may be a source, a target, or the target of a redirection."""
    if word in EXACT:
        if place not in EXACT[word]:
            raise _WrongError(f"{word} cannot be a {place}.")
        return
    for prefix, places in PREFIXES.items():
        if word.startswith(prefix):
            suffix = word.removeprefix(prefix)
            if not (_SUFFIX.fullmatch(suffix) if strict else suffix and not suffix.startswith("@")):
                raise _WrongError(f"After {prefix} a name is missing or not valid: {shown(word)}.")
            if place not in places:
                raise _WrongError(f"{prefix}… cannot be a {place}.")
            return
    if strict and word.startswith("$"):
        raise _WrongError(
            f"{shown(word)} is the old way to write it and matches no qube here; write {shown(f'@{word[1:]}')}."
        )
    if not (_NAME.fullmatch(word) if strict else word and not word.startswith("@")):
        raise _WrongError(f"Not a qube, nor a word for qubes: {shown(word)}.")
