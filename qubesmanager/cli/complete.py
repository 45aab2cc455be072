# SPDX-License-Identifier: GPL-3.0-or-later
"""Completion in the shell: the names of calls from the table, the names of qubes from the daemon if it is quick."""

import argparse
import asyncio
from collections.abc import Callable, Iterable

import argcomplete

from qubesmanager.client.client import Client
from qubesmanager.transport.base import Transport, TransportError
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.values import Dest

PATIENCE = 0.8
"""Seconds that a completion waits for the daemon."""


def install(parser: argparse.ArgumentParser, connect: Callable[[str | None], Transport]) -> None:
    """Answer the shell and exit, if it is a shell that asks."""

    def dests(parsed_args: argparse.Namespace, **_rest: object) -> Iterable[str]:
        return dest_names(parsed_args, connect)

    for action in parser._actions:  # noqa: SLF001 - argcomplete takes completers from here, and there is no other way
        if action.dest in {"call", "dest"}:
            action.completer = call_names if action.dest == "call" else dests  # type: ignore[attr-defined] # argcomplete's
    argcomplete.autocomplete(parser)


def call_names(prefix: str, **_rest: object) -> list[str]:
    """The calls, in the form the word has been begun in."""
    short = not prefix.startswith("mgmt1")
    return [name.removeprefix("mgmt1.") if short else name for name in calls.BY_SERVICE]


def dest_names(options: argparse.Namespace, connect: Callable[[str | None], Transport]) -> list[str]:
    """The possible destinations of the call; only dom0 if the daemon does not answer in time."""
    call = calls.BY_SERVICE.get(options.call) or calls.BY_SERVICE.get(f"mgmt1.{options.call}")
    if call is not None and call.dest is Dest.DOM0:
        return [DOM0]
    try:
        return asyncio.run(_qubes(connect(options.connect)))
    except (TransportError, Mgmt1Error, TimeoutError):
        return [DOM0]


async def _qubes(transport: Transport) -> list[str]:
    async with asyncio.timeout(PATIENCE):
        return [vm.name for vm in await Client(transport).send(calls.VM_LIST(DOM0))]
