# SPDX-License-Identifier: GPL-3.0-or-later
"""The small files next to a qube's volumes: firewall.xml and notes.txt.

firewall.xml: `<firewall version="2"><rules><rule><properties><property name="action">accept</property>...`, a property
for each option of a rule; addresses may be in `dsthost`. Source: Qubes OS 4.x, the firewall file that its backup tool
reads. Version 1, of Qubes 3.2, is read too: `<QubesFirewallRules policy="allow" dns="allow" icmp="deny"><rule
address="192.0.2.0" netmask="24" proto="tcp" port="80" toport="90"/>...`; each rule is an exception from the policy.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from xml.etree.ElementTree import Element

from qubesmanager.backup.archive.contents import parse, xml_text
from qubesmanager.backup.errors import BackupError
from qubesmanager.wire import limits
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.firewall import Action, Rule, rule_of
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import cause, reason_of, refusal

FIREWALL = "firewall.xml"
NOTES = "notes.txt"
FILE_LIMIT = limits.BACKUP_FILE_BYTES
"""The most bytes of one of these files that are read."""
RULES_LIMIT = 10_000

_OPTIONS = tuple(field.name for field in fields(Rule))
_ROOT_V1 = "QubesFirewallRules"
_ACTION_V1 = {"allow": "accept", "deny": "drop"}


def firewall_xml(rules: Iterable[Rule]) -> bytes:
    """The text of the rules, in order."""
    lines = ["<?xml version='1.0' encoding='utf-8'?>", '<firewall version="2"><rules>']
    for rule in rules:
        values = ((name, getattr(rule, name)) for name in _OPTIONS)
        odd = "".join(
            f'<property name="{name}">{xml_text(str(value))}</property>'
            for name, value in values
            if value is not None and value != ""
        )
        lines.append(f"<rule><properties>{odd}</properties></rule>")
    return "\n".join([*lines, "</rules></firewall>"]).encode()


def firewall_of(untrusted: bytes) -> tuple[tuple[Rule, ...], Reason | None]:
    """The rules that the text holds, and what could not be read; None if everything could.

    At the first rule that cannot be read the list is closed: `action=drop` takes the place of it and of all that
    follow, so that no packet passes that the whole list would have dropped.
    """
    rules: list[Rule] = []
    try:
        for rule in _rules(parse(untrusted, FILE_LIMIT, FIREWALL)):
            if len(rules) == RULES_LIMIT:
                raise refusal("firewall-rules-limit", FIREWALL, RULES_LIMIT)
            rules.append(rule)
    except BackupError as error:
        return (*rules, Rule(Action.DROP)), reason_of(error)
    return tuple(rules), None


def _rules(root: Element) -> Iterator[Rule]:
    version = root.get("version", "1" if root.tag == _ROOT_V1 else "2")
    if version == "1":
        yield from _rules_v1(root)
    elif version == "2":
        for number, element in enumerate(root.findall("./rules/rule"), 1):
            options = {item.get("name", ""): item.text or "" for item in element.findall("./properties/property")}
            yield _rule(number, options)
    else:
        raise refusal("firewall-version", FIREWALL, shown(version))


def _rules_v1(root: Element) -> Iterator[Rule]:
    """The rules of a file of Qubes 3.2: a policy, whether DNS and ping pass, and the exceptions from the policy."""
    policy = root.get("policy", "")
    if policy not in _ACTION_V1:
        raise refusal("firewall-policy", FIREWALL, shown(policy))
    for option, narrowed in (("dns", {"specialtarget": "dns"}), ("icmp", {"proto": "icmp"})):
        choice = root.get(option, policy)
        if choice not in _ACTION_V1:
            raise refusal("firewall-choice", FIREWALL, option, shown(choice))
        yield _rule(0, {"action": _ACTION_V1[choice], **narrowed})
    exception = Action.DROP if policy == "allow" else Action.ACCEPT
    for number, element in enumerate(root.findall("./rule"), 1):
        yield _rule(number, _options_v1(element, exception))
    yield Rule(Action(_ACTION_V1[policy]))


def _options_v1(element: Element, action: Action) -> dict[str, str]:
    address, netmask, proto, port, to_port, expire = (
        element.get(name, "") for name in ("address", "netmask", "proto", "port", "toport", "expire")
    )
    options = {"action": str(action)}
    if address:
        options["dsthost"] = f"{address}/{netmask}" if netmask and netmask != "32" else address
    if port:
        options["dstports"] = f"{port}-{to_port}" if to_port else port
    if proto and proto != "any":
        options["proto"] = proto
    elif port:
        options["proto"] = "tcp"
    if expire:
        options["expire"] = expire
    return options


def _rule(number: int, options: Mapping[str, str]) -> Rule:
    """Raises `BackupDamagedError` naming the rule; the first one is 1."""
    try:
        return rule_of(options)
    except Mgmt1Error as error:
        raise refusal("firewall-rule", number, FIREWALL, cause(error)) from error


def notes_of(untrusted: bytes) -> str:
    """The notes. Raises `BackupDamagedError` if they are no text."""
    try:
        return untrusted.decode()
    except UnicodeDecodeError as error:
        raise refusal("notes-not-utf8", NOTES) from error
