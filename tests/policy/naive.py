# SPDX-License-Identifier: GPL-3.0-or-later
"""A second evaluator of policies: slow, rule by rule, in the order in which one would do it by hand.

It shares no code with the engine but the parsed rules; `decide` answers (result, the deciding rule, target or choices).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from qubesmanager.policy.grammar import Action, Rule

Domains = Mapping[str, Mapping[str, Any]]
Answer = tuple[str, Rule | None, Any]

DOM0_WORDS = ("dom0", "@adminvm", "uuid:00000000-0000-0000-0000-000000000000")


class RefusedError(Exception):
    """The call is denied, though a rule fits that would not deny it."""


def named(domains: Domains, word: str) -> str | None:
    """The name of the qube that a name or uuid means."""
    for name, domain in domains.items():
        if word in {name, f"uuid:{domain['uuid']}"}:
            return name
    return None


def fits_qube(domains: Domains, word: str, qube: str) -> bool:
    """Whether the word of a rule, for a source or a target, means this qube (a name, a uuid or @adminvm)."""
    if word == "*":
        return True
    if word == "@anyvm":
        return qube not in DOM0_WORDS
    if word in DOM0_WORDS:
        return qube in DOM0_WORDS
    name = named(domains, qube)
    if name is None:
        return word == qube
    if word.startswith("@type:"):
        return bool(domains[name]["type"] == word[6:])
    if word.startswith("@tag:"):
        return word[5:] in domains[name]["tags"]
    return named(domains, word) == name and not word.startswith("@")


def fits_target(domains: Domains, word: str, target: str, source: str) -> bool:
    if not target.startswith("@") or target == "@adminvm":
        return fits_qube(domains, word, target) if not word.startswith("@dispvm") and word != "@default" else False
    if word in {"*", "@anyvm"}:
        return True
    if target == "@default":
        return word == "@default"
    template = target[8:]
    if target == "@dispvm":
        if word == "@dispvm":
            return True
        home = named(domains, source)
        template = (domains[home]["default_dispvm"] if home else None) or ""
        if word.startswith("@dispvm:@tag:"):
            if template and named(domains, template) is None:
                raise RefusedError
        elif word.startswith("@dispvm:"):
            if not template:
                raise RefusedError
            return word == f"@dispvm:{template}"
    name = named(domains, template)
    if name is None:
        return False
    if word.startswith("@dispvm:@tag:"):
        return bool(domains[name]["template_for_dispvms"]) and word[13:] in domains[name]["tags"]
    return word.startswith("@dispvm:") and named(domains, word[8:]) == name


def decide(rules: Sequence[Rule], domains: Domains, source: str, target: str, service: str, argument: str) -> Answer:
    try:
        asked = verified(domains, target or "@default")
    except RefusedError:
        return "deny", None, None
    for rule in rules:
        if rule.service not in {"*", service} or rule.argument not in {"*", argument}:
            continue
        if not fits_qube(domains, rule.source, source) or rule.source.startswith("@dispvm"):
            continue
        try:
            if not fits_target(domains, rule.target, asked, source):
                continue
            if rule.action is Action.DENY:
                return "deny", rule, None
            if rule.action is Action.ALLOW:
                return "allow", rule, allowed(domains, rule, asked, source)
            return "ask", rule, choices(rules, rule, domains, source, service, argument)
        except RefusedError:
            return "deny", None, None
    return "deny", None, None


def verified(domains: Domains, target: str) -> str:
    if target in {"@default", "@dispvm", "@adminvm"}:
        return target
    if target.startswith("@dispvm:"):
        name = named(domains, target[8:])
        if name is None or not domains[name]["template_for_dispvms"]:
            raise RefusedError
        return target
    if target.startswith("@") or target == "*":
        raise RefusedError
    return target if named(domains, target) else "@default"


def allowed(domains: Domains, rule: Rule, asked: str, source: str) -> str:
    final = verified(domains, rule.options.get("target", asked))
    if final == "@default":
        raise RefusedError
    if final == "@dispvm":
        home = named(domains, source)
        template = domains[home]["default_dispvm"] if home else None
        if not template:
            raise RefusedError
        final = f"@dispvm:{template}"
    if final == "@adminvm":
        final = "dom0"
    if rule.options.get("autostart") == "no" and not runs(domains, final):
        raise RefusedError
    if final == source or (final not in DOM0_WORDS and named(domains, final.removeprefix("@dispvm:")) is None):
        raise RefusedError
    return final


def runs(domains: Domains, target: str) -> bool:
    if target in DOM0_WORDS:
        return True
    name = named(domains, target)
    if name is None and not target.startswith("@dispvm"):
        raise RefusedError
    return name is not None and domains[name]["power_state"] == "Running"


def choices(
    rules: Sequence[Rule], deciding: Rule, domains: Domains, source: str, service: str, argument: str
) -> tuple[str, ...]:
    redirect = deciding.options.get("target")
    if redirect:
        found = {"dom0" if redirect in DOM0_WORDS else redirect}
    else:
        found = set()
        for rule in reversed(rules):
            if rule.service not in {"*", service} or rule.argument not in {"*", argument}:
                continue
            if rule.source.startswith("@dispvm") or not fits_qube(domains, rule.source, source):
                continue
            reached = expanded(domains, rule.options.get("target", rule.target))
            found = found - reached if rule.action is Action.DENY else found | reached
        if "@dispvm" in found:
            found.remove("@dispvm")
            home = named(domains, source)
            if home and domains[home]["default_dispvm"]:
                found.add(f"@dispvm:{domains[home]['default_dispvm']}")
        if "@adminvm" in found:
            found.remove("@adminvm")
            found.add("dom0")
        found.discard(named(domains, source) or "")
        if any(named(domains, each.removeprefix("@dispvm:")) is None for each in found):
            raise RefusedError
        found = {each for each in found if not domains[each.removeprefix("@dispvm:")].get("internal")}
    if deciding.options.get("autostart") == "no":
        found = {each for each in found if runs(domains, each)}
    if not found:
        raise RefusedError
    return tuple(sorted(found))


def expanded(domains: Domains, word: str) -> set[str]:
    templates = {f"@dispvm:{name}" for name, domain in domains.items() if domain["template_for_dispvms"]}
    if word == "*":
        return {*domains, *templates, "@dispvm"}
    if word == "@anyvm":
        return {name for name in domains if name != "dom0"} | templates | {"@dispvm"}
    if word in {"@adminvm", "@dispvm"}:
        return {word}
    if word.startswith("@dispvm:@tag:"):
        return {each for each in templates if word[13:] in domains[each[8:]]["tags"]}
    if word.startswith("@dispvm:"):
        name = named(domains, word[8:])
        if name is None:
            raise RefusedError
        return templates & {f"@dispvm:{name}"}
    if word.startswith("@tag:"):
        return {name for name, domain in domains.items() if word[5:] in domain["tags"]}
    if word.startswith("@type:"):
        return {name for name, domain in domains.items() if domain["type"] == word[6:]}
    name = named(domains, word)
    return {name} if name else set()
