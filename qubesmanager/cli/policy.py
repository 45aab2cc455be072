# SPDX-License-Identifier: GPL-3.0-or-later
"""`mgmt1 policy`: the policy of qrexec: its files, what it decides and why, and what a change alters.

Exit status: 0 done, 1 refused, or `check` has found what makes qrexec deny every call, 2 used wrongly, 3 no answer,
126 refused by policy.
"""

import argparse
import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from qubesmanager.client.carry_out import send_whole
from qubesmanager.client.client import Client
from qubesmanager.client.managers import appoint, dismiss
from qubesmanager.plans.plan import Group, Row
from qubesmanager.policy.batch import Batch
from qubesmanager.policy.differences import differences
from qubesmanager.policy.edition import Edition, edition_of
from qubesmanager.policy.engine import ANY, Decision, Engine, Request, Result
from qubesmanager.policy.explain import NearMiss, explain
from qubesmanager.policy.gone import Missing, gone_words
from qubesmanager.policy.grammar import Place, Rule
from qubesmanager.policy.impact import Alteration, impact
from qubesmanager.policy.lockout import lockout
from qubesmanager.policy.reach import Unreached, unreached
from qubesmanager.policy.reading import POLICY_FOLDER, Reader
from qubesmanager.policy.records import system_info
from qubesmanager.policy.rights import Right, may_be_called, may_call
from qubesmanager.policy.system_info import SystemInfo
from qubesmanager.transport.base import Transport
from qubesmanager.wire import calls, reasons
from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.names import DOM0, VM_NAME, check, printable, shown
from qubesmanager.wire.policy_files import INCLUDES, SUFFIX
from qubesmanager.wire.records import PropertyValue, VmRecord

NAME = "policy"
HAS_PROBLEM = 1
USED_WRONGLY = 2
NEAR = 5
"""Rules that nearly decided and are printed."""
NAMES = 8
"""Qubes of one right that are printed."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """The files of the daemon's policy, and its qubes."""

    edition: Edition
    info: SystemInfo

    def engine(self, edition: Edition | None = None) -> Engine:
        return Engine((edition or self.edition).read(Reader()))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="mgmt1 policy", description="The policy of qrexec: its files, what it decides, and what a change alters."
    )
    made.add_argument("--connect", metavar="URL", help="the daemon to connect to")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")

    add("list", "list the files in the order in which qrexec reads them")
    add("get", "print a file").add_argument("name", metavar="NAME", help="30-user, or include/NAME")
    check = add("check", "print what is wrong with the files, what decides nothing, and which qubes are gone")
    check.add_argument("name", metavar="NAME", nargs="?", help="a file that would have the content of FILE")
    check.add_argument("file", metavar="FILE", nargs="?", type=Path)
    ask = add("ask", "print what would be decided about a call, by which line, and why")
    ask.add_argument("source", metavar="SOURCE", nargs="?")
    ask.add_argument("service", metavar="CALL[+ARG]", nargs="?")
    ask.add_argument("target", metavar="TARGET", nargs="?", default="")
    ask.add_argument(
        "--batch",
        action="store_true",
        help="read a question a line from standard input, as JSON, and write an answer a line, without a daemon; see"
        " docs/policy.md",
    )
    for name, text in (
        ("diff", "print how a file would change"),
        ("impact", "print the calls that would be decided otherwise if a file were changed"),
    ):
        command = add(name, text)
        command.add_argument("name", metavar="NAME", help="30-user, or include/NAME")
        command.add_argument("file", metavar="FILE", type=Path, help="the new content")
    manager = add(
        "manager",
        "print the tags and policy lines that make MANAGER, a qube or the source of an ssh key, the manager of qubes",
    )
    manager.add_argument("manager", metavar="MANAGER")
    manager.add_argument("qubes", metavar="QUBE", nargs="+")
    manager.add_argument("--apply", action="store_true", help="do it: all of it, or nothing if a part is refused")
    manager.add_argument("--end", action="store_true", help="the opposite: MANAGER no longer manages the qubes")
    add("rights", "print what a qube may call, and who may call it").add_argument("qube", metavar="QUBE")
    return made


def main(argv: Sequence[str], connect: Callable[[str | None], Transport], stdin: BinaryIO, stdout: BinaryIO) -> int:
    """Run the command after `mgmt1 policy` and give its exit status. Raises what the transport and daemon raise."""
    made = parser()
    try:
        options = made.parse_args(argv)
        if options.command == "ask" and not options.batch and not (options.source and options.service):
            made.error("SOURCE and CALL are needed, or --batch.")
        if options.command == "check" and options.name and options.file is None:
            made.error("FILE is needed.")
    except SystemExit as end:
        return int(end.code or 0)
    if options.command == "ask" and options.batch:
        _batch(stdin, stdout)
        return 0
    client = Client(connect(options.connect))
    status, lines = asyncio.run(_COMMANDS[options.command](client, options))
    stdout.write("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
    stdout.flush()
    return status


def _batch(stdin: BinaryIO, stdout: BinaryIO) -> None:
    batch = Batch()
    for line in stdin:
        if line.strip():
            stdout.write(batch.answer(line.decode("utf-8", "surrogateescape")).encode() + b"\n")
            stdout.flush()


# -- commands ----------------------------------------------------------------------------------------------------------

Answer = tuple[int, Iterable[str]]


async def _list(client: Client, _options: argparse.Namespace) -> Answer:
    edition = await _edition(client)
    return 0, [
        f"{row.role.value:<9} {printable(row.path)}{'  (/run)' if row.is_runtime else ''}"
        f"{f'  {printable(row.problem)}' if row.problem else ''}"
        for row in edition.listed()
    ]


async def _get(client: Client, options: argparse.Namespace) -> Answer:
    edition = await _edition(client)
    path = _path(options.name)
    if path not in edition.policy.files:
        raise ProtocolError(f"There is no policy file {shown(path)}.")
    return 0, edition.policy.files[path].removesuffix("\n").split("\n")


async def _check(client: Client, options: argparse.Namespace) -> Answer:
    facts = await _facts(client)
    edition = facts.edition.changed(_change(options)) if options.name else facts.edition
    engine = facts.engine(edition)
    lines = [f"{printable(row.path)}: {printable(row.problem)}" for row in edition.listed() if row.problem]
    if rule := lockout(facts.engine(), engine):
        lines.append(f"{rule.place}: dom0 would lose its own management calls.")
    status = HAS_PROBLEM if lines or engine.policy.error else 0
    if not lines and engine.policy.error:
        lines.append(printable(engine.policy.error))
    for place, text in sorted(_remarks(engine, facts.info), key=lambda row: (row[0].path, row[0].line)):
        lines.append(f"{place}: {text}")
    return status, lines or ["Nothing is wrong."]


def _remarks(engine: Engine, info: SystemInfo) -> Iterator[tuple[Place, str]]:
    for place, line in unreached(engine.policy, info).items():
        yield place, _unreached_text(line)
    texts = {
        Missing.QUBE: "There is no qube {0}.",
        Missing.DISPOSABLE_TEMPLATE: "{0} is not a template for disposables.",
        Missing.TAG: "No qube has the tag {0}.",
        Missing.CLASS: "No qube has the class {0}.",
    }
    words = {(rule.place, texts[word.missing].format(word.name)) for rule in engine.policy.rules
             for word in gone_words(rule, info)}  # fmt: skip
    yield from words


def _unreached_text(line: Unreached) -> str:
    if not line.fits:
        return "It decides nothing: no qube matches it."
    by = ", ".join(map(str, line.hidden_by)) or "earlier lines"
    return f"It decides nothing: hidden by {by}."


async def _ask(client: Client, options: argparse.Namespace) -> Answer:
    facts = await _facts(client)
    service, plus, argument = options.service.partition("+")
    request = Request(service, f"+{argument}" if plus else "+", options.source, options.target)
    explained = explain(facts.engine(), request, facts.info)
    lines = [_decision_text(explained.decision), explained.decision.reason]
    lines += [f"  {_rule_text(near.rule)}  {_near_text(near)}" for near in explained.near[-NEAR:]]
    lines += [f"  {_rule_text(rule)}  fits too, and comes later" for rule in explained.shadowed[:NEAR]]
    return 0, lines


async def _diff(client: Client, options: argparse.Namespace) -> Answer:
    edition = await _edition(client)
    ((path, after),) = _change(options).items()
    before = edition.policy.files.get(path, "")
    return 0, [f"{line.side.value}{printable(line.text)}" for line in differences(before, after)]


async def _impact(client: Client, options: argparse.Namespace) -> Answer:
    facts = await _facts(client)
    after = facts.engine(facts.edition.changed(_change(options)))
    altered = impact(facts.engine(), after, facts.info)
    lines = [_alteration_text(each) for each in altered.alterations]
    lines.append(f"{altered.altered} of {altered.compared} calls are decided otherwise.")
    return (HAS_PROBLEM if after.policy.error else 0), [*lines, *filter(None, [printable(after.policy.error)])]


async def _rights(client: Client, options: argparse.Namespace) -> Answer:
    facts = await _facts(client)
    engine = facts.engine()
    if facts.info.find(options.qube) is None:
        raise ProtocolError(f"There is no qube {shown(options.qube)}.")
    may, called = may_call(engine, options.qube, facts.info), may_be_called(engine, options.qube, facts.info)
    lines = [f"{options.qube} may call:", *(_right_text(right, "to") for right in may)]
    return 0, [*lines, f"{options.qube} may be called:", *(_right_text(right, "by") for right in called)]


async def _manager(client: Client, options: argparse.Namespace) -> Answer:
    edition = await _edition(client)
    records = {record.name: record for record in await _records(client)}
    check(VM_NAME, options.manager)
    for name in options.qubes:
        if name not in records:
            raise ProtocolError(f"There is no qube {shown(name)}.")
    if options.end:
        plan = dismiss(edition, records, options.manager, options.qubes)
    else:
        plan = appoint(edition, records, options.manager, options.qubes).plan(records, options.qubes)
    lines = [line for row in plan.rows for line in _row_lines(row)]
    if plan.refused:
        return HAS_PROBLEM, lines
    if not options.apply:
        return 0, [*lines, "Nothing is changed without --apply." if plan.changes else "Nothing would change."]
    outcome = await send_whole(client, plan.steps)
    if outcome.error is None:
        return 0, [*lines, "Done."]
    lines.append(f"Not done: {printable(str(outcome.error))}")
    lines += [f"It could not be taken back: {printable(step.text())}" for step in outcome.sent]
    return HAS_PROBLEM, lines


def _row_lines(row: Row) -> Iterator[str]:
    """What a row of the plan of a manager changes, each tag or line of the policy in a line, and its warnings."""
    about = row.part if row.group is Group.POLICY else row.qube
    for sign, value in (("-", row.now), ("+", row.then)):
        if row.is_change and isinstance(value, PropertyValue) and value.value:
            yield from (f"{about}: {sign} {printable(text)}" for text in value.value.split("; "))
    yield from (
        f"{about}: {printable(reasons.text(reason))}" for reason in (*row.warnings, *filter(None, [row.refused]))
    )


_COMMANDS = {
    "list": _list,
    "get": _get,
    "check": _check,
    "ask": _ask,
    "diff": _diff,
    "impact": _impact,
    "rights": _rights,
    "manager": _manager,
}


# -- what they need ----------------------------------------------------------------------------------------------------


async def _edition(client: Client) -> Edition:
    files = await client.send(calls.POLICY_GET_ALL(DOM0))
    return edition_of(files)


async def _facts(client: Client) -> _Facts:
    edition = await _edition(client)
    return _Facts(edition, system_info(await _records(client)))


async def _records(client: Client) -> list[VmRecord]:
    records: list[VmRecord] = []
    async with aclosing(client.batches(calls.VM_GET_ALL(DOM0, None))) as stream:
        async for batch in stream:
            records += batch
    return records


def _path(untrusted: str) -> str:
    """The path of a file by the name that is typed: with or without its suffix, and as `include/NAME`."""
    if untrusted.startswith(INCLUDES):
        return untrusted
    return f"{untrusted.removesuffix(SUFFIX)}{SUFFIX}"


def _change(options: argparse.Namespace) -> Mapping[str, str]:
    """The change that the command is about. Raises `ProtocolError` for a file that cannot be read."""
    try:
        text = options.file.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise ProtocolError(f"{shown(str(options.file))} cannot be read: {error.strerror}.") from error
    return {_path(options.name): text}


# -- words -------------------------------------------------------------------------------------------------------------


def _decision_text(decision: Decision) -> str:
    if decision.result is Result.ALLOW:
        user = f", as {decision.user}" if decision.user else ""
        return f"allow: to {decision.target}{user}"
    if decision.result is Result.ASK:
        first = f", {decision.default_target} first" if decision.default_target else ""
        return f"ask: {', '.join(decision.targets)}{first}"
    return "deny"


def _rule_text(rule: Rule) -> str:
    options = "".join(f" {key}={value}" for key, value in rule.options.items())
    return printable(
        f"{rule.place.path.removeprefix(f'{POLICY_FOLDER}/')}:{rule.place.line}"
        f"  {rule.service} {rule.argument} {rule.source} {rule.target} {rule.action.value}{options}"
    )


def _near_text(near: NearMiss) -> str:
    difference = near.difference
    return printable(f"other {difference.field}: {difference.expected}, not {difference.actual}")


def _call_text(service: str, argument: str) -> str:
    if service == ANY:
        return "any other call"
    return service if argument in {ANY, "+"} else f"{service}{argument}"


def _alteration_text(alteration: Alteration) -> str:
    request = alteration.request
    before, after = _decision_text(alteration.before), _decision_text(alteration.after)
    call = _call_text(request.service, request.argument)
    return f"{call}  {request.source} → {request.target}: {before} → {after}"


def _right_text(right: Right, word: str) -> str:
    names = ", ".join(right.others[:NAMES]) + (f" and {len(right.others) - NAMES} more" if right.others[NAMES:] else "")
    call = _call_text(right.service, right.argument)
    return f"  {call}  {word} {names}: {right.decision.result}, by {right.decision.place}"
