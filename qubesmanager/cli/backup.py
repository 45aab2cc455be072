# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-backup`: carry out a backup profile, see what it would do and what it did, verify a file.

Exit status: 0 done, 1 failed, 2 used wrongly, 3 no answer, 4 cancelled, 5 done without a qube that the profile names.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from pathlib import Path

from qubesmanager.backup.errors import BackupError, BackupIncompleteError
from qubesmanager.cli import restore as restoring
from qubesmanager.cli.main import USED_WRONGLY, Connect
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
from qubesmanager.client.backups import LOST, execute, history, joined, latest, preview, whole
from qubesmanager.client.client import Client
from qubesmanager.transport.base import RefusedError, Transport, TransportError
from qubesmanager.wire import calls
from qubesmanager.wire.backups import VERIFYING, BackupRun, Confirmed, Preview, Progress, follow
from qubesmanager.wire.errors import BackupAlreadyRunningError, Mgmt1Error
from qubesmanager.wire.names import DOM0, PROFILE_ID, check, printable

PROGRAM = "qubes-backup"
NEVER = "-"
OK = "ok"
SIZES = frozenset({1})
"""Columns at the right edge, of what a profile would do."""


def parser() -> Parser:
    made = Parser(
        prog=PROGRAM,
        description="Back up qubes as a profile says. Without any option a window asks for everything.",
        epilog="Exit status: 0 done, 1 failed, 2 used wrongly, 3 no answer, 4 cancelled, 5 done without a qube that the"
        " profile names.",
    )
    made.add_argument("--profile", metavar="ID", help="the profile; without --run: print what it would do")
    what = made.add_mutually_exclusive_group()
    what.add_argument("--run", action="store_true", help="carry the profile out")
    what.add_argument("--list", action="store_true", help="print the profiles there are")
    what.add_argument(
        "--history", action="store_true", help="print the runs there were, of the profile if one is named"
    )
    what.add_argument("--verify", metavar="FILE", type=Path, help="read all of a backup and report what is intact")
    made.add_argument(
        "--give-up",
        metavar="QUBE",
        action="append",
        default=[],
        help="let the last backup of a qube go that is no longer backed up; without --run: print what would go",
    )
    made.add_argument(
        "--new-disk", action="store_true", help="write to another disk than the backups of the profile went to so far"
    )
    made.add_argument(
        "--passphrase-file",
        metavar="FILE",
        help="read the passphrase from the first line of FILE, - for standard input; else the profile says where it"
        " comes from, or it is asked for",
    )
    add_common(made)
    return made


def main(
    argv: Sequence[str], connect: Connect, wizard: Callable[[str | None], int], terminal: Terminal | None = None
) -> int:
    """Run the command and give its exit status. `wizard` opens the window, with the URL if one was given."""

    def work(options: argparse.Namespace, terminal: Terminal, bar: Bar) -> int:
        _check_profile(options)
        if not (options.profile or options.list or options.history or options.verify):
            return wizard(options.connect)
        if options.verify:
            return _verify(options, connect, terminal)
        return _carried_out(options, connect(options.connect), terminal, bar)

    return run_command(parser(), argv, work, terminal or Terminal(), "Cancelled. The incomplete file was removed.")


def _check_profile(options: argparse.Namespace) -> None:
    if options.profile is None:
        if options.run or (options.passphrase_file and not options.verify):
            raise UsageError("--profile ID is needed; --list prints those there are.")
        return
    if options.verify:
        raise UsageError("--verify takes a file, and no profile.")
    try:
        check(PROFILE_ID, options.profile)
    except Mgmt1Error as error:
        raise UsageError(str(error)) from error


def _verify(options: argparse.Namespace, connect: Connect, terminal: Terminal) -> int:
    """As `qubes-restore FILE --verify` does."""
    words = [str(options.verify), "--verify"]
    for name in ("passphrase_file", "connect"):
        if (value := getattr(options, name)) is not None:
            words += [f"--{name.replace('_', '-')}={value}"]
    return restoring.main(words, connect, lambda _url: USED_WRONGLY, terminal)


def _carried_out(options: argparse.Namespace, transport: Transport, terminal: Terminal, bar: Bar) -> int:
    """The passphrase is asked for between the loops: a prompt holds up everything."""
    if options.list:
        terminal.stdout.write(asyncio.run(_profiles(Client(transport))))
        return 0
    if options.history:
        runs = asyncio.run(history(Client(transport), options.profile))
        terminal.stdout.write(runs_text(runs) if runs else "There were no runs.\n")
        return 0
    summary = asyncio.run(preview(Client(transport), options.profile))
    if not options.run:
        terminal.stdout.write(preview_text(summary, options.give_up))
        return 0
    passphrase = None
    if not summary.given_by or options.passphrase_file is not None:
        passphrase = _passphrase(options.passphrase_file, terminal)

    def said(text: str) -> None:
        bar.clear()
        terminal.stderr.write(f"{PROGRAM}: {printable(text)}\n")

    confirmed = Confirmed(tuple(options.give_up), new_disk=options.new_disk)
    run = asyncio.run(_run(Client(transport), options.profile, passphrase, confirmed, bar, said))
    bar.clear()
    terminal.stdout.write(f"{run.file}  {size_text(run.size or 0)}{'  verified' if run.verified else ''}\n")
    if run.reason:
        terminal.stderr.write(f"{PROGRAM}: {printable(run.reason)}\n")
    return 0 if run.result == OK else INCOMPLETE


def _passphrase(source: str | None, terminal: Terminal) -> str:
    """Typed twice, because it cannot be recovered."""
    passphrase = passphrase_from(source, "Passphrase for the backup: ", terminal.ask)
    if source is None and passphrase_from(None, "Once more: ", terminal.ask) != passphrase:
        raise UsageError("The two differ.")
    return passphrase


async def _run(
    client: Client,
    profile: str,
    passphrase: str | None,
    confirmed: Confirmed,
    bar: Bar,
    said: Callable[[str], None],
) -> BackupRun:
    """The run as the history has it, complete or not. A run that goes on already is shown instead of a second one.

    Raises `Mgmt1Error` if there is no backup.
    """

    def show(now: Progress) -> None:
        bar.show(now.percent, progress_text(now))

    async def watch() -> None:
        """The bar is an extra: without events the run goes on without it."""
        now = Progress()
        with suppress(Mgmt1Error, TransportError):
            async with aclosing(client.events(calls.EVENTS(DOM0))) as stream:
                async for batch in stream:
                    for event in batch:
                        now = follow(now, profile, event)
                    show(now)

    before = await latest(client, profile)
    watching = asyncio.get_running_loop().create_task(watch())
    lost = False
    try:
        with suppress(BackupIncompleteError):
            await execute(client, profile, passphrase, confirmed=confirmed)
        return (await history(client, profile))[-1]
    except BackupAlreadyRunningError:
        said(f"The profile {profile} is being carried out already; this shows that run.")
    except RefusedError:
        raise
    except TransportError:
        said(f"{LOST.format(profile)} Asking again.")
        lost = True
    finally:
        watching.cancel()
        await asyncio.wait([watching])
    try:
        run = await joined(client, profile, show)
    except asyncio.CancelledError:
        raise BackupError("The backup goes on; only this program ended.") from None
    if lost and before is not None and run.run == before.run:
        raise TransportError(f"The connection was lost before the backup of {profile} began.")
    with suppress(BackupIncompleteError):
        whole(run)
    return run


async def _profiles(client: Client) -> str:
    rows = []
    for name in await client.send(calls.BACKUP_PROFILE_LIST(DOM0)):
        try:
            summary = await preview(client, name)
        except Mgmt1Error as error:
            rows.append([name, NEVER, "", NEVER, str(error)])
            continue
        rows.append(
            [name, _when(summary.last_run), summary.last_result, _when(summary.next_run), f"{len(summary.qubes)} qubes"]
        )
    return table(("PROFILE", "LAST RUN", "RESULT", "NEXT RUN", ""), rows) if rows else "There are no profiles.\n"


# -- texts ------------------------------------------------------------------------------------------------------------


def progress_text(now: Progress) -> str:
    verb = "verifying " if now.phase == VERIFYING else ""
    return f"{size_text(now.done)} of {size_text(now.total)}  {verb}{now.qube}"


def preview_text(summary: Preview, given_up: Sequence[str] = ()) -> str:
    """The output of `--profile ID`; `given_up` are the qubes of `--give-up`."""
    remove, kept = summary.retention(given_up)
    rows = [
        [qube.name, size_text(qube.size), _when(qube.last), {True: "yes", False: "no", None: "?"}[qube.changed]]
        for qube in summary.qubes
    ]
    text = table(("QUBE", "SIZE", "LAST BACKUP", "CHANGED SINCE"), rows, SIZES)
    text += f"\nAt most {size_text(summary.size)} before compression"
    text += "" if summary.free is None else f"; {size_text(summary.free)} free at the target"
    text += ".\n"
    titled = (("No such qube", summary.missing), ("Left out", summary.left_out), ("Would be removed after it", remove))
    for title, names in titled:
        if names:
            text += f"{title}: {printable(', '.join(names))}\n"
    if not summary.connected:
        text += "The disk of the destination is not connected; --new-disk takes the one that is there.\n"
    if summary.largest_file is not None and summary.size > summary.largest_file:
        text += f"The file system there takes no file over {size_text(summary.largest_file)}.\n"
    for file, qubes in kept.items():
        text += f"Stays, as the only backup of {printable(', '.join(qubes))}: {printable(file)}\n"
    return text


def runs_text(runs: Sequence[BackupRun]) -> str:
    """The output of `--history`."""
    rows = [
        [
            _when(run.start),
            run.profile,
            run.result,
            NEVER if run.size is None else size_text(run.size),
            "yes" if run.verified else "no",
            # A failed run names the file that it was to become; why it did not is what counts.
            (run.reason if run.is_troubled else "") or run.file or run.reason,
        ]
        for run in runs
    ]
    return table(("START", "PROFILE", "RESULT", "SIZE", "VERIFIED", "FILE OR REASON"), rows, frozenset({3}))


def _when(moment: int | None) -> str:
    return NEVER if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
