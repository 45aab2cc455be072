# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision about one call: allow, ask or deny, and by which rule. The same as qrexec's, and never less strict.

A request is matched by sets: all words by which a rule may name its source, and all by which it may name its target.
The first rule whose service, argument, source and target fit decides. Source: qrexec of Qubes 4.4, as measured
(docs/policy.md); where qrexec itself fails on a request and so denies it, this denies it with a reason.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from qubesmanager.policy.grammar import Action, Place, Rule
from qubesmanager.policy.reading import Policy
from qubesmanager.policy.system_info import (
    ADMINVM,
    DISPVM,
    DISPVM_PREFIX,
    DOM0_UUID,
    REMOTE_CLASS,
    RUNNING,
    Domain,
    SystemInfo,
    is_dom0,
)
from qubesmanager.wire.names import DOM0, UUID_PREFIX, shown

DEFAULT = "@default"
ANYVM = "@anyvm"
ANY = "*"
TAG_PREFIX = "@tag:"
TYPE_PREFIX = "@type:"
DISPVM_TAG_PREFIX = "@dispvm:@tag:"
YES = "yes"


class Result(StrEnum):
    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"
    ERROR = "error"
    """The policy cannot be read, so every call is denied."""


@dataclass(frozen=True, slots=True)
class Request:
    """A call. `argument` begins with `+`; `target` is a name, `uuid:…`, a token such as `@dispvm`, or empty."""

    service: str
    argument: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision about a request. `rule` is None where no rule decided.

    `target` (allow) is where the call goes: a name, `uuid:…` or `@dispvm:NAME`. `targets` and `default_target` (ask)
    are the choices, sorted, and the one that is offered first. `user` is empty for the default user.
    """

    result: Result
    reason: str
    rule: Rule | None = None
    notify: bool = False
    autostart: bool = True
    user: str = ""
    target: str = ""
    targets: tuple[str, ...] = ()
    default_target: str = ""

    @property
    def place(self) -> Place | None:
        return None if self.rule is None else self.rule.place


class RequestDeniedError(Exception):
    """The call is denied for this reason."""


class Engine:
    """Decides by one policy. It remembers which rules concern a service, so keep it while the policy is the same."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._for_call: dict[tuple[str, str], tuple[Rule, ...]] = {}
        self._by_service: dict[str, list[int]] = {}
        for number, rule in enumerate(policy.rules):
            self._by_service.setdefault(rule.service, []).append(number)

    def decide(self, request: Request, info: SystemInfo) -> Decision:
        """The decision. Total: never raises."""
        if self.policy.error:
            return Decision(Result.ERROR, self.policy.error, notify=True)
        rule: Rule | None = None
        try:
            target = requested_target(request.target, info)
            rule = self._first(request, target, info)
            if rule is None:
                return Decision(Result.DENY, "No rule fits the call, so it is denied.", notify=True)
            if rule.action is Action.DENY:
                return Decision(Result.DENY, f"Denied by {rule.place}.", rule, notify=_notify(rule))
            if rule.action is Action.ALLOW:
                return _allowed(request, target, rule, info)
            return self._asked(request, rule, info)
        except RequestDeniedError as error:
            return Decision(Result.DENY, str(error), rule, notify=True)

    def rules_for(self, service: str, argument: str) -> tuple[Rule, ...]:
        """The rules whose service and argument fit, in order."""
        key = (service, argument)
        rules = self._for_call.get(key)
        if rules is None:
            numbers = sorted({*self._by_service.get(service, ()), *self._by_service.get(ANY, ())})
            of_service = (self.policy.rules[number] for number in numbers)
            rules = tuple(rule for rule in of_service if rule.argument in {ANY, argument})
            if len(self._for_call) >= _REMEMBERED:
                self._for_call.clear()
            self._for_call[key] = rules
        return rules

    def admitted_by_dom0(self, source: str, service: str, argument: str, info: SystemInfo) -> frozenset[str]:
        """The qubes to which the source may make this call if dom0 answers it; a rule that asks does not count.

        The same as deciding about each qube but dom0, in one walk over the rules; only rules that `may_admit` count.
        """
        sources = source_words(source, info)
        open_ = set(info.names - {DOM0})
        admitted: set[str] = set()
        for rule in self.rules_for(service, argument):
            if not open_:
                break
            if rule.source in sources:
                reached = open_.intersection(qubes_named(rule.target, info))
                open_ -= reached
                is_answered = rule.action is Action.ALLOW and is_dom0(rule.options.get("target", ""))
                if is_answered and may_admit(rule, source, info):
                    admitted |= reached
        return frozenset() if is_dom0(source) else frozenset(admitted)

    def _first(self, request: Request, target: str, info: SystemInfo) -> Rule | None:
        sources = source_words(request.source, info)
        targets = target_words(target, request.source, info)
        unclear = target == DISPVM and info.disposable_of(request.source) is None
        gone = _template_is_gone(target, request.source, info)
        for rule in self.rules_for(request.service, request.argument):
            if rule.source not in sources:
                continue
            if rule.target in targets:
                return rule
            by_tag = rule.target.startswith(DISPVM_TAG_PREFIX)
            # qrexec fails where it has to compare with a disposable template that is not there.
            if (unclear and not by_tag and rule.target.startswith(DISPVM_PREFIX)) or (gone and by_tag):
                raise RequestDeniedError(
                    f"{rule.place} cannot be compared: {shown(request.source)} has no disposable template."
                )
        return None

    def _asked(self, request: Request, rule: Rule, info: SystemInfo) -> Decision:
        redirect = rule.options.get("target", "")
        fixed = frozenset({DOM0 if is_dom0(redirect) else redirect})
        choices = fixed if redirect else self._choices(request, info)
        autostart = _autostart(rule)
        if not autostart:
            choices = frozenset(choice for choice in choices if _runs(choice, info))
        if not choices:
            raise RequestDeniedError(f"{rule.place} asks, and there is no target to choose.")
        default = rule.options.get("default_target", "")
        if default == DISPVM:
            default = info.disposable_of(request.source) or ""
        elif is_dom0(default):
            default = DOM0
        return Decision(
            Result.ASK,
            f"{rule.place} asks.",
            rule,
            _notify(rule),
            autostart,
            rule.options.get("user", ""),
            targets=tuple(sorted(choices)),
            default_target=default if default in choices else "",
        )

    def _choices(self, request: Request, info: SystemInfo) -> frozenset[str]:
        """The targets that allow and ask rules reach from here. The first rule that reaches one decides about it."""
        source = info.find(request.source)
        if source is None:
            raise RequestDeniedError(f"There is no qube {shown(request.source)}.")
        sources = source_words(request.source, info)
        open_ = {*info.names, *info.disposables, ADMINVM}
        chosen: set[str] = set()
        for rule in self.rules_for(request.service, request.argument):
            if rule.source not in sources:
                continue
            word = rule.options.get("target") or rule.target
            if _names_missing_template(word, info):
                raise RequestDeniedError(f"{rule.place} speaks of a disposable template that is not there.")
            if open_:
                reached = open_.intersection(expanded(word, info))
                open_ -= reached
                if rule.action is not Action.DENY:
                    chosen |= reached
        if DISPVM in chosen:
            chosen.remove(DISPVM)
            chosen |= {info.disposable_of(request.source)} - {None}  # type: ignore[arg-type]
        if ADMINVM in chosen:
            chosen.remove(ADMINVM)
            chosen.add(DOM0)
        chosen.discard(source.name)
        for choice in chosen:
            if info.find(choice.removeprefix(DISPVM_PREFIX)) is None:
                raise RequestDeniedError(f"There is no qube {shown(choice)} to choose.")
        return frozenset(choice for choice in chosen if choice.removeprefix(DISPVM_PREFIX) not in info.internal)


_REMEMBERED = 4096
"""Pairs of service and argument whose rules are kept."""


# -- words -------------------------------------------------------------------------------------------------------------


def requested_target(untrusted: str, info: SystemInfo) -> str:
    """The target that a caller means: an unknown qube is `@default`. Raises for a token that no caller may use."""
    if untrusted in {"", DEFAULT}:
        return DEFAULT
    if untrusted in {ADMINVM, DISPVM}:
        return untrusted
    if untrusted.startswith(DISPVM_PREFIX):
        return _checked_template(untrusted, info)
    if untrusted.startswith("@") or untrusted == ANY:
        raise RequestDeniedError(f"Not a target: {shown(untrusted)}.")
    return untrusted if info.find(untrusted) is not None else DEFAULT


def _checked_template(word: str, info: SystemInfo) -> str:
    domain = info.find(word.removeprefix(DISPVM_PREFIX))
    if domain is None or not domain.template_for_dispvms:
        raise RequestDeniedError(f"Not a template for disposables: {shown(word.removeprefix(DISPVM_PREFIX))}.")
    return word


def source_words(source: str, info: SystemInfo) -> frozenset[str]:
    """Every word by which a rule may name the source of a call."""
    return frozenset({ANY, *_qube_words(source, info)})


def may_admit(rule: Rule, source: str, info: SystemInfo) -> bool:
    """Whether a rule that fits may admit the source where the daemon decides: a source that is no qube by name only.

    Rules for any qube (`*`, `@anyvm`) are about the qubes of this machine.
    """
    return rule.source == source or info.find(source) is not None


def target_words(target: str, source: str, info: SystemInfo) -> frozenset[str]:
    """Every word by which a rule may name the target of a call; `target` as `requested_target` gives it."""
    words = {ANY}
    if target in {DEFAULT, DISPVM} or target.startswith(DISPVM_PREFIX):
        words |= {ANYVM, target}
    if target == DISPVM:
        template = info.disposable_of(source)
        if template is not None:
            words |= {template, *_template_tags(info.find(template.removeprefix(DISPVM_PREFIX)))}
    elif target.startswith(DISPVM_PREFIX):
        domain = info.find(target.removeprefix(DISPVM_PREFIX))
        if domain is not None:
            words |= {DISPVM_PREFIX + domain.name, *_template_tags(domain)}
            if domain.uuid:
                words.add(f"{DISPVM_PREFIX}{UUID_PREFIX}{domain.uuid}")
    elif target != DEFAULT:
        words |= set(_qube_words(target, info))
    return frozenset(words)


def _template_tags(domain: Domain | None) -> Iterator[str]:
    if domain is not None and domain.template_for_dispvms:
        yield from (DISPVM_TAG_PREFIX + tag for tag in domain.tags)


def _qube_words(word: str, info: SystemInfo) -> Iterator[str]:
    """The words for a qube given by its name, its uuid, or `@adminvm` (which has no class and no tags)."""
    yield word
    if is_dom0(word):
        yield from (ADMINVM, DOM0, DOM0_UUID)
    else:
        yield ANYVM
    domain = info.find(word)
    if domain is None:
        return
    yield domain.name
    if domain.uuid:
        yield UUID_PREFIX + domain.uuid
    if domain.klass:
        yield TYPE_PREFIX + domain.klass
    yield from (TAG_PREFIX + tag for tag in domain.tags)


def _template_is_gone(target: str, source: str, info: SystemInfo) -> bool:
    """Whether `@dispvm` would be of a template that does not exist."""
    template = info.disposable_of(source) if target == DISPVM else None
    return template is not None and info.find(template.removeprefix(DISPVM_PREFIX)) is None


def _names_missing_template(word: str, info: SystemInfo) -> bool:
    if not word.startswith(DISPVM_PREFIX) or word.startswith(DISPVM_TAG_PREFIX):
        return False
    return info.find(word.removeprefix(DISPVM_PREFIX)) is None


def expanded(word: str, info: SystemInfo) -> Iterable[str]:
    """The choices of a rule's target: names, `@dispvm`, `@dispvm:NAME` and `@adminvm`."""
    match word:
        case "*":
            return info.names | info.disposables
        case "@anyvm":
            return (info.names - {DOM0}) | info.disposables
        case "@adminvm" | "@dispvm":
            return (word,)
        case "@default":
            return ()
    for prefix, expand in _EXPANDED.items():
        if word.startswith(prefix):
            return expand(info, word.removeprefix(prefix))
    domain = info.find(word)
    return () if domain is None else (domain.name,)


def qubes_named(word: str, info: SystemInfo) -> Iterable[str]:
    """The qubes, without dom0, that a rule means whose target is this word."""
    if word in {ANY, ANYVM}:
        return info.names
    if word.startswith(TAG_PREFIX):
        return info.tagged(word.removeprefix(TAG_PREFIX))
    if word.startswith(TYPE_PREFIX):
        return info.of_class(word.removeprefix(TYPE_PREFIX))
    domain = info.find(word)
    return () if domain is None else (domain.name,)


def _one_disposable(info: SystemInfo, name: str) -> Iterable[str]:
    domain = info.find(name)
    return (DISPVM_PREFIX + domain.name,) if domain is not None and domain.template_for_dispvms else ()


_EXPANDED: Mapping[str, Callable[[SystemInfo, str], Iterable[str]]] = {
    DISPVM_TAG_PREFIX: SystemInfo.tagged_disposables,
    DISPVM_PREFIX: _one_disposable,
    TAG_PREFIX: SystemInfo.tagged,
    TYPE_PREFIX: SystemInfo.of_class,
}


# -- what an allowed call becomes --------------------------------------------------------------------------------------


def _allowed(request: Request, target: str, rule: Rule, info: SystemInfo) -> Decision:
    redirect = rule.options.get("target", "")
    final = requested_target(redirect, info) if redirect else target
    if final == DEFAULT:
        raise RequestDeniedError(
            f"{rule.place} allows the call, and neither caller nor rule names a target that exists."
        )
    if final == DISPVM:
        template = info.disposable_of(request.source)
        if template is None:
            raise RequestDeniedError(
                f"{rule.place} allows a disposable, and {request.source} has no default template for it."
            )
        final = template
    elif final == ADMINVM:
        final = DOM0
    autostart = _autostart(rule)
    if not autostart and not _runs(final, info):
        reason = f"{rule.place} allows only a target that runs already, and {final} does not."
        return Decision(Result.DENY, reason, rule, notify=_notify(rule))
    _check_reachable(request, final, info)
    user = rule.options.get("user", "")
    return Decision(Result.ALLOW, f"Allowed by {rule.place}.", rule, _notify(rule), autostart, user, target=final)


def _check_reachable(request: Request, final: str, info: SystemInfo) -> None:
    """Raise for a target that a call cannot be sent to: the source itself, a template that is gone, a lost relay."""
    if final == request.source:
        raise RequestDeniedError("A qube cannot call itself.")
    if is_dom0(final):
        return
    domain = info.find(final.removeprefix(DISPVM_PREFIX))
    if domain is None:
        raise RequestDeniedError(f"There is no qube {shown(final)}.")
    is_remote = domain.klass == REMOTE_CLASS and not final.startswith(DISPVM_PREFIX)
    if is_remote and (info.find(domain.relay) is None or not domain.transport):
        raise RequestDeniedError(f"{domain.name} is remote, and has no relay that calls can take.")


def _runs(target: str, info: SystemInfo) -> bool:
    """Whether a call needs nothing to be started."""
    if is_dom0(target):
        return True
    if target.startswith(DISPVM):
        return False
    domain = info.find(target)
    if domain is None:
        raise RequestDeniedError(f"There is no qube {shown(target)}.")
    return domain.power_state == RUNNING


def _notify(rule: Rule) -> bool:
    return rule.options.get("notify", YES if rule.action is Action.DENY else "no") == YES


def _autostart(rule: Rule) -> bool:
    return rule.options.get("autostart", YES) == YES
