# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs of a qube: what its guest wrote to its first serial port, and what its emulator says."""

from pathlib import Path

from qubesmanager.daemon.local.drivers.logs import hypervisor_log, read_end
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.reasons import refusal


async def _logs(context: Context) -> dict[str, Path]:
    """By name: where each log of the qube would be."""
    uri = (await context.system.runtime.hypervisor.capabilities()).uri
    words = hypervisor_log(uri, context.qube.name)
    return {
        "console": context.system.runtime.places.console(context.qube.uuid),
        **({"hypervisor": words} if words else {}),
    }


@answers(calls.VM_LOG_LIST)
async def list_logs(context: Context, _arg: None, _payload: None) -> list[str]:
    return [name for name, path in (await _logs(context)).items() if await read_end(path, 1) is not None]


@answers(calls.VM_LOG_GET)
async def get(context: Context, name: str, _payload: None) -> str:
    path = (await _logs(context)).get(name)
    content = await read_end(path) if path else None
    if content is None:
        raise refusal("no-such-log", context.dest, name)
    return content.decode("utf-8", "replace")
