# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall of a qube. qubesd sets all rules at once; a lock for each qube keeps two changes from overwriting.

A rule's id is a hash of its text and its number among equal rules, so it survives changes of other rules.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable

from qubesmanager.admin import calls
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.wire import calls as m
from qubesmanager.wire.codecs import RuleRow
from qubesmanager.wire.firewall import Action, Rule, parse_rule
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

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
    return await context.ask(calls.VM_FIREWALL_GET(context.dest))


async def _set(context: Context, rules: list[Rule]) -> None:
    await context.change(calls.VM_FIREWALL_SET(context.dest, payload=rules or [CLOSED]))


@answers(m.VM_FIREWALL_GET)
async def get(context: Context, position: int | None, _payload: None) -> list[RuleRow]:
    rows = with_ids(await _rules(context))
    return rows if position is None else rows[position : position + 1]


@answers(m.VM_FIREWALL_INSERT_RULE)
async def insert(context: Context, position: int | None, untrusted_rule: str) -> str:
    rule = parse_rule(untrusted_rule)
    async with context.bridge.firewalls[context.dest]:
        rules = await _rules(context)
        at = len(rules) if position is None else min(position, len(rules))
        rules.insert(at, rule)
        await _set(context, rules)
        return with_ids(rules)[at].rule_id


@answers(m.VM_FIREWALL_REMOVE_RULE)
async def remove(context: Context, rule_id: str, _payload: None) -> None:
    async with context.bridge.firewalls[context.dest]:
        rules = await _rules(context)
        kept = [rule for row, rule in zip(with_ids(rules), rules, strict=True) if row.rule_id != rule_id]
        if len(kept) == len(rules):
            raise refusal("no-such-rule", context.dest, shown(rule_id))
        await _set(context, kept)


@answers(m.VM_FIREWALL_FLUSH)
async def flush(context: Context, _arg: None, _payload: None) -> None:
    async with context.bridge.firewalls[context.dest]:
        await _set(context, [])


@answers(m.VM_FIREWALL_REPLACE)
async def replace(context: Context, _arg: None, untrusted_rules: list[str]) -> None:
    rules = [parse_rule(rule) for rule in untrusted_rules]
    async with context.bridge.firewalls[context.dest]:
        await _set(context, rules)
