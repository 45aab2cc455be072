# SPDX-License-Identifier: GPL-3.0-or-later
"""The small files beside a qube's volumes: firewall.xml and notes.txt.

firewall.xml: `<firewall version="2"><rules><rule><properties><property name="action">accept</property>...`, a property
for each option of a rule. Source: Qubes OS 4.x, the firewall file that its backup tool reads.
"""

from collections.abc import Iterable
from dataclasses import fields
from xml.sax.saxutils import escape

from qubesmanager.backup.contents import parse
from qubesmanager.backup.errors import BackupDamagedError, BackupLimitError
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.firewall import Rule, parse_rule

FIREWALL = "firewall.xml"
NOTES = "notes.txt"
FILE_LIMIT = 16 << 20
"""The most bytes of one of these files that are read."""
RULES_LIMIT = 10_000

_OPTIONS = tuple(field.name for field in fields(Rule))


def firewall_xml(rules: Iterable[Rule]) -> bytes:
    """The text of the rules, in order."""
    lines = ["<?xml version='1.0' encoding='utf-8'?>", '<firewall version="2"><rules>']
    for rule in rules:
        values = ((name, getattr(rule, name)) for name in _OPTIONS)
        found = "".join(
            f'<property name="{name}">{escape(str(value))}</property>'
            for name, value in values
            if value is not None and value != ""
        )
        lines.append(f"<rule><properties>{found}</properties></rule>")
    return "\n".join([*lines, "</rules></firewall>"]).encode()


def rules_of(untrusted: bytes) -> tuple[Rule, ...]:
    """The rules that the text holds. Raises `BackupDamagedError` for one that cannot be."""
    root = parse(untrusted, FILE_LIMIT, FIREWALL)
    found = root.findall("./rules/rule")
    if len(found) > RULES_LIMIT:
        raise BackupLimitError(f"{FIREWALL} holds more than {RULES_LIMIT} rules.")
    rules = []
    for element in found:
        values = {item.get("name", ""): item.text or "" for item in element.findall("./properties/property")}
        unknown = sorted(set(values) - set(_OPTIONS))
        if unknown:
            raise BackupDamagedError(f"{FIREWALL} has a rule with the unknown option {unknown[0]!a}.")
        if any(" " in value for name, value in values.items() if name != "comment"):
            raise BackupDamagedError(f"{FIREWALL} has a rule with a space inside of an option.")
        text = " ".join(f"{name}={values[name]}" for name in _OPTIONS if values.get(name))
        try:
            rules.append(parse_rule(text))
        except Mgmt1Error as error:
            raise BackupDamagedError(f"{FIREWALL} has a rule that cannot be: {error}") from error
    return tuple(rules)


def notes_of(untrusted: bytes) -> str:
    """The notes. Raises `BackupDamagedError` if they are no text."""
    try:
        return untrusted.decode()
    except UnicodeDecodeError as error:
        raise BackupDamagedError(f"{NOTES} is not text in UTF-8.") from error
