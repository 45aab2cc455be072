# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs of a qube: what its guest wrote to its first serial port."""

from qubesmanager.daemon.local.drivers.logs import read_end
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.errors import QubesValueError

CONSOLE = "console"


@answers(calls.VM_LOG_LIST)
async def list_logs(context: Context, _arg: None, _payload: None) -> list[str]:
    path = context.system.places.console(context.qube.uuid)
    return [CONSOLE] if await read_end(path, 1) is not None else []


@answers(calls.VM_LOG_GET)
async def get(context: Context, name: str, _payload: None) -> str:
    held = await read_end(context.system.places.console(context.qube.uuid)) if name == CONSOLE else None
    if held is None:
        raise QubesValueError(f"{context.dest} has no log {name}.")
    return held.decode("utf-8", "replace")
