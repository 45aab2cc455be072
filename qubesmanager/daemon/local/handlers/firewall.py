# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall rules of a qube."""

from qubesmanager.daemon.local.core.firewall import rules_of
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import RuleRow


@answers(calls.VM_FIREWALL_GET)
async def get(context: Context, position: int | None, _payload: None) -> list[RuleRow]:
    rules = [RuleRow(*row) for row in rules_of(context.qube)]
    return rules if position is None else rules[position : position + 1]


@answers(calls.VM_FIREWALL_INSERT_RULE)
async def insert(context: Context, position: int | None, rule: str) -> str:
    return await context.system.firewall_rules.insert(context.dest, position, rule)


@answers(calls.VM_FIREWALL_REMOVE_RULE)
async def remove(context: Context, rule_id: str, _payload: None) -> None:
    await context.system.firewall_rules.remove(context.dest, rule_id)


@answers(calls.VM_FIREWALL_FLUSH)
async def flush(context: Context, _arg: None, _payload: None) -> None:
    await context.system.firewall_rules.flush(context.dest)


@answers(calls.VM_FIREWALL_RELOAD)
async def reload(context: Context, _arg: None, _payload: None) -> None:
    context.system.firewall_rules.reload(context.dest)


@answers(calls.VM_FIREWALL_REPLACE)
async def replace(context: Context, _arg: None, rules: list[str]) -> None:
    await context.system.firewall_rules.replace(context.dest, rules)
