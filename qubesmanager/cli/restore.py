# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-restore`: what is in a backup, whether it is whole, and its qubes restored.

Exit status: 0 done, 1 failed (also if a single qube failed), 2 used wrongly, 3 no answer, 4 cancelled, 5 done without
a qube that was asked for.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from pathlib import Path

from qubesmanager.cli.main import ANSWERED_NO, Connect
from qubesmanager.cli.terminal import (
    INCOMPLETE,
    Bar,
    Parser,
    Terminal,
    UsageError,
    add_common,
    passphrase_from,
    run_command,
    size_text,
    table,
)
from qubesmanager.client.client import Client
from qubesmanager.client.restore_report import report_text
from qubesmanager.client.restores import Progress, contents, new_run, options_head, restore
from qubesmanager.transport.base import RefusedError, Transport, TransportError
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error, QubesValueError
from qubesmanager.wire.names import DOM0, printable
from qubesmanager.wire.restores import ADD, DIFFERS, NEW_HOME, SAME, Contents, Restored, RestorePlan, qube_in_progress

PROGRAM = "qubes-restore"
WORDS = {"ok": "restored", "skipped": "skipped", "failed": "FAILED"}
VERIFIED = {**WORDS, "ok": "intact"}
FATES_SAID = {
    ADD: "not here: --dom0 adds it",
    DIFFERS: "differs: stays unless --dom0-item names it",
    SAME: "the same",
}
DATA = frozenset({2})
"""Columns of the list that stand at the right edge."""


def parser() -> Parser:
    made = Parser(
        prog=PROGRAM,
        description="Restore qubes from a backup. Nothing that exists is overwritten. Without FILE a window asks for"
        " everything.",
        epilog="Exit status: 0 done, 1 failed, 2 used wrongly, 3 no answer, 4 cancelled, 5 done without a qube that was"
        " asked for.",
    )
    made.add_argument("file", metavar="FILE", nargs="?", type=Path, help="the backup")
    what = made.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="print what the backup holds, and restore nothing")
    what.add_argument("--verify", action="store_true", help="read all of it and report what is intact; restore nothing")
    made.add_argument(
        "--only", metavar="QUBE", action="append", default=[], help="restore this qube, and others so named"
    )
    made.add_argument("--exclude", metavar="QUBE", action="append", default=[], help="leave this qube out")
    made.add_argument("--rename", metavar="OLD:NEW", action="append", default=[], help="restore OLD under the name NEW")
    made.add_argument("--template", metavar="QUBE:TEMPLATE", action="append", default=[], help="base QUBE on TEMPLATE")
    made.add_argument(
        "--netvm", metavar="QUBE:NETVM", action="append", default=[], help="connect QUBE to NETVM; QUBE: to none"
    )
    made.add_argument(
        "--pool",
        metavar="[QUBE:]POOL",
        action="append",
        default=[],
        help="the pool for all restored volumes, or for those of QUBE; may be given several times",
    )
    made.add_argument(
        "--skip-existing", action="store_true", help="leave out qubes whose names are taken; else they stop everything"
    )
    made.add_argument(
        "--devices",
        action="store_true",
        help="assign the devices again that the qubes had; on another machine a port may hold a different device",
    )
    made.add_argument(
        "--dom0",
        action="store_true",
        help="add the labels, pools, system properties, policy files and backup profiles that are not here",
    )
    made.add_argument(
        "--dom0-item",
        metavar="KIND:NAME",
        action="append",
        default=[],
        help="take this part of dom0's configuration, also over one that differs; --list names them",
    )
    made.add_argument(
        "--dom0-home",
        metavar="DIR",
        default="",
        help=f"unpack the home of dom0 into DIR, an absolute path that does not exist; {NEW_HOME}: home-restore-TIME in"
        " the home of dom0's user",
    )
    made.add_argument(
        "--salvage", action="store_true", help="restore from a damaged file what is intact by its sealed chunks"
    )
    made.add_argument("--report", metavar="FILE", type=Path, help="write what became of each qube here")
    made.add_argument(
        "--passphrase-file",
        metavar="FILE",
        help="read the passphrase from the first line of FILE, - for standard input",
    )
    add_common(made)
    return made


def plan_of(options: argparse.Namespace) -> RestorePlan:
    """Raises `UsageError`."""
    return RestorePlan(
        include=_names(options.only),
        exclude=_names(options.exclude),
        rename=_pairs("--rename", options.rename),
        template=_pairs("--template", options.template),
        netvm=_pairs("--netvm", options.netvm, may_be_empty=True),
        pool=_pool(options.pool),
        pools=_pairs("--pool", [name for name in _names(options.pool) if ":" in name]),
        conflict="skip" if options.skip_existing else "fail",
        verify_only=options.verify,
        devices=options.devices,
        salvage=options.salvage,
        dom0=(*([ADD] if options.dom0 else []), *_names(options.dom0_item)),
        home=options.dom0_home,
    )


def _names(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for word in words for name in word.split(",") if name)


def _pool(words: Sequence[str]) -> str:
    """The pool that is not of a single qube; empty if none was given."""
    pools = [name for name in _names(words) if ":" not in name]
    if len(pools) > 1:
        raise UsageError(f"--pool takes a single POOL for all qubes; there are {len(pools)}.")
    return pools[0] if pools else ""


def _pairs(option: str, words: Sequence[str], *, may_be_empty: bool = False) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for word in _names(words):
        old, colon, new = word.partition(":")
        if not colon or not old or old in pairs or not (new or may_be_empty):
            raise UsageError(f"{option} takes QUBE:NAME, each qube once; this is {word!a}.")
        pairs[old] = new
    return pairs


def main(
    argv: Sequence[str], connect: Connect, wizard: Callable[[str | None], int], terminal: Terminal | None = None
) -> int:
    """Run the command and give its exit status. `wizard` opens the window, with the URL if one was given."""

    def work(options: argparse.Namespace, terminal: Terminal, bar: Bar) -> int:
        if options.file is None:
            _check_alone(argv, options)
            return wizard(options.connect)
        plan = plan_of(options)
        if options.report is not None:
            _check_report(options.report, options.file)
        transport = connect(options.connect)
        passphrase = passphrase_from(options.passphrase_file, "Passphrase of the backup: ", terminal.ask)
        _check_words(plan, passphrase)
        return asyncio.run(_carry_out(transport, options, plan, passphrase, terminal, bar))

    return run_command(parser(), argv, work, terminal or Terminal(), "Cancelled. No partly restored qube was left.")


def _check_words(plan: RestorePlan, passphrase: str) -> None:
    try:
        options_head(plan, passphrase)
    except QubesValueError as error:
        raise UsageError(str(error)) from error


def _check_alone(argv: Sequence[str], options: argparse.Namespace) -> None:
    if list(argv) not in ([], ["--connect", options.connect], [f"--connect={options.connect}"]):
        raise UsageError("FILE is needed; without any option a window asks for it.")


async def _carry_out(
    transport: Transport,
    options: argparse.Namespace,
    plan: RestorePlan,
    passphrase: str,
    terminal: Terminal,
    bar: Bar,
) -> int:
    client = Client(transport)
    if options.list:
        terminal.stdout.write(listing(await contents(client, options.file, passphrase, salvage=options.salvage)))
        return 0
    try:
        rows = await _with_bar(client, options.file, passphrase, plan, bar)
    except RefusedError:
        raise
    except TransportError as error:
        if plan.verify_only:
            raise
        raise TransportError(f"{error} What was restored is unknown: look at the list of qubes.") from error
    bar.clear()
    words = VERIFIED if plan.verify_only else WORDS
    text = report_text(_head(options.file, plan, rows), rows, words)
    terminal.stdout.write(text)
    if options.report is not None:
        _keep(options.report, text)
    if any(row.result == "failed" for row in rows):
        return ANSWERED_NO
    if names := left_out(plan, rows):
        terminal.stderr.write(f"{PROGRAM}: Left out: {printable(', '.join(names))}\n")
        return INCOMPLETE
    return 0


def left_out(plan: RestorePlan, rows: Sequence[Restored]) -> list[str]:
    """The qubes that were asked for and are not among what was done, in the order of the request and the backup.

    With `conflict=skip` a qube that exists is left out as asked. dom0 is asked for only by its name.
    """
    names = [row.qube for row in rows]
    missing = [name for name in plan.include if name not in names]
    if plan.conflict == "skip":
        return missing
    asked = plan.include or [name for name in names if name not in plan.exclude and name != DOM0]
    return missing + [row.qube for row in rows if row.result == "skipped" and row.qube in asked]


async def _with_bar(client: Client, file: Path, passphrase: str, plan: RestorePlan, bar: Bar) -> list[Restored]:
    """Restore; the bar shows the share of the file that was read, and the qube that events name."""
    qube = ""
    run = new_run()
    last = Progress(0, 0)

    def tell(progress: Progress) -> None:
        nonlocal last
        last = progress
        bar.show(last.percent, f"{size_text(last.read)} of {size_text(last.size)}  {qube}")

    async def follow() -> None:
        """The names are an extra: without events the bar goes without them."""
        nonlocal qube
        with suppress(Mgmt1Error, TransportError):
            async with aclosing(client.events(calls.EVENTS(DOM0))) as stream:
                async for batch in stream:
                    for event in batch:
                        qube = qube_in_progress(event, run) or qube
                    if last.size:
                        tell(last)

    following = asyncio.get_running_loop().create_task(follow())
    try:
        return await restore(client, file, passphrase, plan, tell, run=run)
    finally:
        following.cancel()
        await asyncio.wait([following])


def listing(contents: Contents) -> str:
    """The output of `--list`."""
    rows = [
        [
            qube.name,
            qube.klass,
            size_text(qube.size),
            qube.template or "-",
            qube.netvm or "-",
            "exists" if qube.exists else "",
        ]
        for qube in contents.qubes
    ]
    lines = table(("NAME", "CLASS", "SIZE", "TEMPLATE", "NETVM", "HERE"), rows, DATA)
    if contents.unreadable:
        lines += f"\nThe settings of these qubes cannot be read: {printable(', '.join(contents.unreadable))}.\n"
    items = contents.dom0 or ()
    if any(item.fate != SAME for item in items):
        lines += "\n" + table(("DOM0", "HERE"), [[item.word, FATES_SAID[item.fate]] for item in items])
    if contents.home is not None:
        files = f"{contents.home.files} files, " if contents.home.files is not None else ""
        lines += f"\nThe home of dom0: {files}at most {size_text(contents.home.size)}; --dom0-home DIR unpacks it.\n"
    if not contents.ours:
        lines += "\nThis backup has no manifest: that a part of it is missing can go unnoticed.\n"
    return lines


def _head(file: Path, plan: RestorePlan, rows: Sequence[Restored]) -> list[tuple[str, str]]:
    whole = sum(row.result == "ok" and row.is_qube for row in rows)
    return [
        ("Backup", str(file)),
        ("Done", f"verified, {whole} intact, nothing restored" if plan.verify_only else f"{whole} restored"),
        ("Time", time.strftime("%Y-%m-%d %H:%M:%S %z")),
    ]


def _check_report(report: Path, backup: Path) -> None:
    """Before hours of work: whether the report can be kept. Raises `UsageError`."""
    if report.exists() and backup.exists() and report.samefile(backup):
        raise UsageError(f"{report} is the backup itself; the report needs another file.")
    if report.is_dir() or not os.access(report.parent, os.W_OK):
        raise UsageError(f"The report cannot be written to {report}.")


def _keep(report: Path, text: str) -> None:
    try:
        report.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Mgmt1Error(f"The report was not written to {report}: {error.strerror or error}.") from error
