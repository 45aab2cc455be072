# SPDX-License-Identifier: GPL-3.0-or-later
"""`mgmt1`: any call of the table from a shell.

Exit status: 0 done, 1 answered with an error, 2 used wrongly, 3 no answer, 126 refused by policy.
"""

import argparse
import asyncio
import difflib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn, TextIO

import qubesmanager
from qubesmanager.cli import complete, output, policy, run
from qubesmanager.cli.stdout import not_written
from qubesmanager.transport.base import RefusedError, Transport, TransportError
from qubesmanager.wire import calls, codecs, events
from qubesmanager.wire.call import AnyCall, EventsCall, Request
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import printable

PREFIX = "mgmt1."
ANSWERED_NO = 1
USED_WRONGLY = 2
NO_ANSWER = 3
REFUSED = 126

Connect = Callable[[str | None], Transport]


@dataclass(frozen=True, slots=True)
class Streams:
    """The standard streams; a test passes its own."""

    stdin: BinaryIO
    stdout: BinaryIO
    stderr: TextIO


class _UsageError(Exception):
    pass


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _UsageError(message)


def find(name: str) -> AnyCall:
    """The call of a name, with or without `mgmt1.` before it. Raises `_UsageError` with names that are close."""
    call = calls.BY_SERVICE.get(name) or calls.BY_SERVICE.get(PREFIX + name)
    if call is not None:
        return call
    known = [each.removeprefix(PREFIX) for each in calls.BY_SERVICE]
    by_case = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.removeprefix(PREFIX).lower(), by_case, n=3)
    hint = f" Did you mean {' or '.join(by_case[each] for each in close)}?" if close else " See mgmt1 --list."
    raise _UsageError(f"There is no call {name!a}.{hint}")


def describe(call: AnyCall) -> str:
    """The output of `--help CALL`."""
    places = [("to", call.dest.value), ("tier", call.tiers)]
    places += [("argument", call.arg.what), ("payload", call.payload.what)]
    places += [("answer", "events" if isinstance(call, EventsCall) else call.result.what)]
    table = "".join(f"  {name:<9} {what or '-'}\n" for name, what in places)
    return f"{call.name}\n\n{call.doc}\n\n{table}{_events_of(call)}"


def _events_of(call: AnyCall) -> str:
    """The events that a call answers with and the first sentence about each; empty for other calls."""
    rows = [row for row in events.TABLE if isinstance(call, EventsCall) and call.name in row.stream.value]
    width = max((len(row.name) for row in rows), default=0) + 2
    lines = [f"  {row.name:<{width}}{row.doc.partition('. ')[0].rstrip('.')}\n" for row in rows]
    return "".join(["\nEvents:\n", *lines]) if rows else ""


def listing() -> str:
    """The output of `--list`: each call and the first sentence about it."""
    width = max(map(len, calls.BY_SERVICE)) + 2
    return "".join(
        f"{name:<{width}}{call.doc.partition('. ')[0].rstrip('.')}\n" for name, call in calls.BY_SERVICE.items()
    )


def parser() -> argparse.ArgumentParser:
    """The command line's options; completion hangs on `call` and `dest`."""
    made = _Parser(
        prog="mgmt1",
        add_help=False,
        description="Make a call of the mgmt1 management API. The payload, for a call that takes one, is read from"
        " standard input; the answer goes to standard output.",
        epilog="mgmt1 policy: the files of qrexec's policy, what it decides, what a change alters."
        " mgmt1 run QUBE COMMAND: run a command in a qube on libvirt."
        " Exit status: 0 done, 1 answered with an error, 2 used wrongly, 3 no answer, 126 refused by policy.",
    )
    made.add_argument("-h", "--help", action="store_true", help="this help; with CALL: what that call takes and gives")
    made.add_argument("--version", action="store_true", help="print the version")
    made.add_argument("--list", action="store_true", help="print all calls")
    made.add_argument(
        "--connect", metavar="URL", help="the daemon to connect to; without it the usual addresses are tried"
    )
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the answer as JSON; events and rows one a line")
    form.add_argument("--raw", action="store_true", help="print events as their bytes, not as lines")
    made.add_argument("call", metavar="CALL", nargs="?", help="the call, with or without mgmt1. before it")
    made.add_argument("dest", metavar="DEST", nargs="?", help="dom0 or the name of a qube")
    made.add_argument("argument", metavar="ARG", nargs="?", default="", help="the call's argument, if it takes one")
    return made


def main(argv: Sequence[str], connect: Connect, streams: Streams | None = None) -> int:
    """Run the command and give its exit status. `connect` makes the transport of a URL, or of none given."""
    streams = streams or Streams(sys.stdin.buffer, sys.stdout.buffer, sys.stderr)
    made = parser()
    if "_ARGCOMPLETE" in os.environ:
        complete.install(made, connect)
    try:
        if argv and argv[0] == policy.NAME:
            return policy.main(argv[1:], connect, streams.stdin, streams.stdout)
        if argv and argv[0] == run.NAME:
            return run.main(_Parser, argv[1:], connect, streams.stdout, streams.stderr)
        options = made.parse_args(argv)
        if options.version:
            return _print(streams, f"mgmt1 {qubesmanager.__version__}\n")
        if options.help or options.list:
            return _print(streams, _help(made, options))
        request = _request(options, streams)
        asyncio.run(output.answer(connect(options.connect), request, streams.stdout, _form(options)))
        streams.stdout.flush()
    except _UsageError as error:
        return _said(streams, str(error), USED_WRONGLY)
    except Mgmt1Error as error:
        return _said(streams, f"{error.wire_name}: {error}", ANSWERED_NO)
    except RefusedError as error:
        return _said(streams, str(error), REFUSED)
    except TransportError as error:
        return _said(streams, str(error), NO_ANSWER)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        return not_written("mgmt1", error)
    return 0


def _print(streams: Streams, text: str) -> int:
    streams.stdout.write(text.encode())
    streams.stdout.flush()
    return 0


def _help(made: argparse.ArgumentParser, options: argparse.Namespace) -> str:
    if options.list:
        return listing()
    return describe(find(options.call)) if options.call else made.format_help()


def _form(options: argparse.Namespace) -> output.Form:
    if options.json:
        return output.Form.JSON
    return output.Form.RAW if options.raw else output.Form.PLAIN


def _request(options: argparse.Namespace, streams: Streams) -> Request[Any]:
    """The request, its argument checked and escaped as qrexec needs it. Raises `ProtocolError`, `_UsageError`."""
    if options.call is None or options.dest is None:
        raise _UsageError("CALL and DEST are needed; see mgmt1 --help.")
    call, dest, argument = find(options.call), options.dest, options.argument
    value = call.arg.decode(argument.encode("utf-8", "surrogateescape"))
    escaped = call.arg.encode(value).decode("ascii") if argument else ""
    if call.payload is codecs.NOTHING:
        return Request(call, dest, escaped, b"")
    if streams.stdin.isatty():
        streams.stderr.write(f"Payload ({call.payload.what}), ended by Ctrl-D:\n")
        streams.stderr.flush()
    if call.streams_in:
        return Request(call, dest, escaped, output.pieces_of(streams.stdin))
    payload = streams.stdin.read(call.limit + 1)
    if len(payload) > call.limit:
        raise _UsageError(f"The payload of {call.name} has at most {call.limit} bytes.")
    return Request(call, dest, escaped, payload)


def _said(streams: Streams, message: str, status: int) -> int:
    streams.stderr.write(f"mgmt1: {printable(message)}\n")
    return status
