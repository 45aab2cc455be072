# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall of a qube. qubesd sets all rules at once; a lock for each qube keeps two changes from overwriting.

A rule's id is a hash of its text and its number among equal rules, so it survives changes of other rules.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace as changed

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import rule_text
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.wire import calls as m
from qubesmanager.wire.codecs import RuleRow
from qubesmanager.wire.firewall import Action, OtherRule, Rule, parse_rule
from qubesmanager.wire.limits import HEADER_BYTES, PAYLOAD_BYTES
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import VmClass

RULES_BYTES = PAYLOAD_BYTES - HEADER_BYTES
"""qubesd takes header and payload of 64 KiB together."""
_NOT_IN_COMMENT = re.compile(r"[^A-Za-z0-9:;,./_\[\] -]")
"""A character in a comment that makes qubesd fail."""
CLOSED = Rule(Action.DROP)
"""qubesd takes no empty list: this is the same."""


def with_ids(rules: Iterable[Rule]) -> list[RuleRow]:
    """The rules with their ids."""
    counts: Counter[str] = Counter()
    rows: list[RuleRow] = []
    for text in map(str, rules):
        counts[text] += 1
        digest = hashlib.sha256(f"{counts[text]} {text}".encode()).hexdigest()
        rows.append(RuleRow(f"r{digest[:16]}", text))
    return rows


async def _rules(context: Context) -> list[Rule]:
    """Raises `QubesVMNotHaltedError` for a qube on another machine: qubesd fails at it."""
    record = context.mirror.records.get(context.dest)
    if record is not None and record.klass is VmClass.REMOTE:
        raise refusal("qube-is-remote", context.dest)
    rules = await context.ask(calls.VM_FIREWALL_GET(context.dest))
    context.bridge.other_rules.update((str(rule), rule) for rule in rules if isinstance(rule, OtherRule))
    return rules


def _rule(context: Context, untrusted: str) -> Rule:
    """A rule to set: one that can be read here, or that qubesd had before and is put back. Raises as `parse_rule`."""
    return context.bridge.other_rules.get(untrusted) or parse_rule(untrusted)


def with_plain_comment(rule: Rule) -> Rule:
    """The rule with `_` for each character of its comment that qubesd does not take."""
    comment = _NOT_IN_COMMENT.sub("_", rule.comment)
    return rule if comment == rule.comment else changed(rule, comment=comment)


async def set_rules(context: Context, qube: str, rules: list[Rule]) -> None:
    """Set all rules. Raises `QubesValueError` for what qubesd would fail at without a word."""
    payload = rules or [CLOSED]
    for rule in payload:
        if _NOT_IN_COMMENT.search(rule.comment):
            raise refusal("qubes-comment", shown(rule.comment))
    if sum(len(rule_text(rule)) + 1 for rule in payload) > RULES_BYTES:
        raise refusal("qubes-rules-long", RULES_BYTES)
    await context.change(calls.VM_FIREWALL_SET(qube, payload=payload))


@answers(m.VM_FIREWALL_GET)
async def get(context: Context, position: int | None, _payload: None) -> list[RuleRow]:
    rows = with_ids(await _rules(context))
    return rows if position is None else rows[position : position + 1]


@answers(m.VM_FIREWALL_INSERT_RULE)
async def insert(context: Context, position: int | None, untrusted_rule: str) -> str:
    rule = _rule(context, untrusted_rule)
    async with context.bridge.firewalls[context.dest]:
        rules = await _rules(context)
        at = len(rules) if position is None else min(position, len(rules))
        rules.insert(at, rule)
        await set_rules(context, context.dest, rules)
        return with_ids(rules)[at].rule_id


@answers(m.VM_FIREWALL_REMOVE_RULE)
async def remove(context: Context, rule_id: str, _payload: None) -> None:
    async with context.bridge.firewalls[context.dest]:
        rules = await _rules(context)
        kept = [rule for row, rule in zip(with_ids(rules), rules, strict=True) if row.rule_id != rule_id]
        if len(kept) == len(rules):
            raise refusal("no-such-rule", context.dest, shown(rule_id))
        await set_rules(context, context.dest, kept)


@answers(m.VM_FIREWALL_FLUSH)
async def flush(context: Context, _arg: None, _payload: None) -> None:
    async with context.bridge.firewalls[context.dest]:
        await set_rules(context, context.dest, [])


@answers(m.VM_FIREWALL_RELOAD)
async def reload(context: Context, _arg: None, _payload: None) -> None:
    await context.ask(calls.VM_FIREWALL_RELOAD(context.dest))


@answers(m.VM_FIREWALL_REPLACE)
async def replace(context: Context, _arg: None, untrusted_rules: list[str]) -> None:
    rules = [_rule(context, rule) for rule in untrusted_rules]
    async with context.bridge.firewalls[context.dest]:
        await set_rules(context, context.dest, rules)
