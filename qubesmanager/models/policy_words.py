# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a policy in the user's language: who a token means, what a rule answers, and why one decides nothing."""

from dataclasses import dataclass
from enum import Enum, auto

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.models.texts import number_text
from qubesmanager.policy.engine import ANY, ANYVM, DEFAULT, DISPVM_TAG_PREFIX, TAG_PREFIX, TYPE_PREFIX, Decision, Result
from qubesmanager.policy.explain import ARGUMENT, SERVICE, SOURCE, NearMiss
from qubesmanager.policy.gone import GoneWord, Missing
from qubesmanager.policy.grammar import Action, Place, Rule
from qubesmanager.policy.impact import Alteration
from qubesmanager.policy.reach import Unreached
from qubesmanager.policy.reading import POLICY_FOLDER, RUNTIME_FOLDER
from qubesmanager.policy.system_info import DISPVM, DISPVM_PREFIX, SystemInfo, is_dom0
from qubesmanager.wire.names import DOM0

CONTEXT = "Policy"
NONE_ARGUMENT = "+"
translate = QCoreApplication.translate


class Kind(Enum):
    """What a word means, which gives it its picture."""

    QUBE = auto()
    TAG = auto()
    CLASS = auto()
    MANY = auto()
    DISPOSABLE = auto()
    UNKNOWN = auto()
    """No qube in particular: the caller names none, or one that does not exist."""
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Word:
    """`text` and the quiet `note` behind it are shown; `name` is the qube whose label is shown, if it is one."""

    text: str
    kind: Kind
    note: str = ""
    name: str = ""


def word_of(token: str, info: SystemInfo) -> Word:
    """Who a token of a rule means."""
    if token in _FIXED:
        text, kind = _FIXED[token]
        return Word(translate(CONTEXT, text), kind)
    if is_dom0(token):
        return Word(DOM0, Kind.QUBE, name=DOM0)
    if token.startswith(DISPVM_TAG_PREFIX):
        return Word(token.removeprefix(DISPVM_TAG_PREFIX), Kind.DISPOSABLE, translate("Policy", "disposables by tag"))
    if token.startswith(TAG_PREFIX):
        return Word(token.removeprefix(TAG_PREFIX), Kind.TAG, translate("Policy", "tag"))
    if token.startswith(TYPE_PREFIX):
        return Word(token.removeprefix(TYPE_PREFIX), Kind.CLASS, translate("Policy", "class"))
    name = token.removeprefix(DISPVM_PREFIX)
    domain = info.find(name)
    if domain is None:
        return Word(name, Kind.GONE, translate("Policy", "is gone"))
    if name != token:
        return Word(domain.name, Kind.DISPOSABLE, translate("Policy", "new disposable"))
    return Word(domain.name, Kind.QUBE, name=domain.name)


_FIXED = {
    ANY: (QT_TRANSLATE_NOOP("Policy", "anything"), Kind.MANY),
    ANYVM: (QT_TRANSLATE_NOOP("Policy", "any qube"), Kind.MANY),
    DEFAULT: (QT_TRANSLATE_NOOP("Policy", "no qube named"), Kind.UNKNOWN),
    DISPVM: (QT_TRANSLATE_NOOP("Policy", "new disposable"), Kind.DISPOSABLE),
}

_ACTIONS = {
    Action.ALLOW: QT_TRANSLATE_NOOP("Policy", "Allow"),
    Action.ASK: QT_TRANSLATE_NOOP("Policy", "Ask"),
    Action.DENY: QT_TRANSLATE_NOOP("Policy", "Deny"),
}
ACTION_OF = {
    Result.ALLOW: Action.ALLOW,
    Result.ASK: Action.ASK,
    Result.DENY: Action.DENY,
    Result.ERROR: Action.DENY,
}
"""A policy that cannot be read denies every call."""


def action_text(action: Action) -> str:
    return translate(CONTEXT, _ACTIONS[action])


def service_text(service: str) -> str:
    return translate("Policy", "any call") if service == ANY else service


def argument_text(argument: str) -> str:
    """An argument as a rule has it, with its plus sign."""
    if argument == ANY:
        return translate("Policy", "any")
    return translate("Policy", "none") if argument == NONE_ARGUMENT else argument.removeprefix("+")


def call_text(service: str, argument: str) -> str:
    """A call of an alteration or a right, where `ANY` is what no rule names."""
    if service == ANY:
        return translate("Policy", "any other call")
    if argument == ANY:
        return service
    return f"{service}{argument}" if argument != NONE_ARGUMENT else service


def options_text(rule: Rule) -> str:
    """What the options of a rule say, in words."""
    return ", ".join(
        translate(CONTEXT, _OPTIONS.get((key, value)) or _OPTIONS[key, ""]).format(value)
        for key, value in rule.options.items()
    )


_OPTIONS = {
    ("target", ""): QT_TRANSLATE_NOOP("Policy", "goes to {0}"),
    ("default_target", ""): QT_TRANSLATE_NOOP("Policy", "offers {0}"),
    ("user", ""): QT_TRANSLATE_NOOP("Policy", "as {0}"),
    ("notify", "yes"): QT_TRANSLATE_NOOP("Policy", "notifies the user"),
    ("notify", "no"): QT_TRANSLATE_NOOP("Policy", "silent"),
    ("autostart", "yes"): QT_TRANSLATE_NOOP("Policy", "starts the target"),
    ("autostart", "no"): QT_TRANSLATE_NOOP("Policy", "only if it runs"),
}


def place_text(place: Place, path: str = "") -> str:
    """A line: its number where it is in the file `path`, else the file without its suffix, too."""
    folder, _slash, rest = place.path.partition("/")
    if path and folder == POLICY_FOLDER and rest == path:
        return translate("Policy", "line {0}").format(number_text(place.line))
    name = rest.removesuffix(".policy")
    return f"/run/{name}:{place.line!s}" if folder == RUNTIME_FOLDER else f"{name}:{place.line!s}"


def unreached_text(line: Unreached, path: str) -> str:
    """Why a line of the file decides nothing."""
    if not line.fits:
        return translate("Policy", "no qube matches")
    if not line.hidden_by:
        return translate("Policy", "hidden by earlier lines")
    return translate("Policy", "hidden by {0}").format(", ".join(place_text(place, path) for place in line.hidden_by))


def gone_text(word: GoneWord) -> str:
    """What a word of a rule names that there is not."""
    text = {
        Missing.QUBE: translate("Policy", "There is no qube {0}."),
        Missing.DISPOSABLE_TEMPLATE: translate("Policy", "{0} is not a template for disposables."),
        Missing.TAG: translate("Policy", "No qube has the tag {0}."),
        Missing.CLASS: translate("Policy", "No qube has the class {0}."),
    }[word.missing]
    return text.format(word.name)


def rule_text(rule: Rule, info: SystemInfo) -> str:
    """The rule about a call that is known: who, to whom, and the answer."""
    words = [word_of(token, info) for token in (rule.source, rule.target)]
    source, target = (
        f"{word.note} {word.text}" if word.kind in {Kind.TAG, Kind.CLASS} else word.text for word in words
    )
    return translate("Policy", "{0} → {1}: {2}").format(source, target, action_text(rule.action).lower())


def near_text(near: NearMiss, info: SystemInfo) -> str:
    """Why a rule does not decide."""
    difference = near.difference
    expected, actual = difference.expected, difference.actual
    if difference.field == SERVICE:
        return translate("Policy", "other call: {0}").format(service_text(expected))
    if difference.field == ARGUMENT:
        text = translate("Policy", "other argument: {0}, not {1}")
        return text.format(argument_text(expected), argument_text(actual))
    text = (
        translate("Policy", "other source: {0}, not {1}")
        if difference.field == SOURCE
        else translate("Policy", "other target: {0}, not {1}")
    )
    return text.format(word_of(expected, info).text, word_of(actual, info).text)


def result_text(decision: Decision) -> str:
    """The answer as one word."""
    return action_text(ACTION_OF[decision.result])


def decision_text(decision: Decision) -> str:
    """What comes of a call, in a sentence or two."""
    if decision.result is Result.ERROR:
        return translate("Policy", "The policy cannot be read, so every call is denied. {0}").format(decision.reason)
    if decision.result is Result.DENY:
        return decision.reason
    if decision.result is Result.ALLOW:
        text = translate("Policy", "The call goes to {0}.").format(decision.target)
    elif decision.default_target:
        text = translate("Policy", "The user is asked; {0} is offered.").format(decision.default_target)
    else:
        text = translate("Policy", "The user is asked, with %n choice(s).", "", len(decision.targets))
    if decision.user:
        text += " " + translate("Policy", "It runs as {0}.").format(decision.user)
    if not decision.autostart:
        text += " " + translate("Policy", "The target must run already.")
    return text


def alteration_note(alteration: Alteration) -> str:
    """What a change lets happen without a question that did not happen before; empty if nothing."""
    request, after = alteration.request, alteration.after
    if after.result is not Result.ALLOW or alteration.before.result is Result.ALLOW:
        return ""
    text = translate("Policy", "{0} may call {1} on {2} without being asked.")
    return text.format(request.source, call_text(request.service, request.argument), after.target)
