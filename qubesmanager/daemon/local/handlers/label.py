# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels."""

from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import LabelRow


@answers(calls.LABEL_LIST)
async def list_labels(context: Context, only: str | None, _payload: None) -> list[LabelRow]:
    return [
        LabelRow(name, color) for name, color in context.system.runtime.state.labels.items() if only in {None, name}
    ]


@answers(calls.LABEL_GET)
async def get(context: Context, name: str, _payload: None) -> str:
    return context.system.settings.label(name)


@answers(calls.LABEL_CREATE)
async def create(context: Context, name: str, color: str) -> None:
    await context.system.settings.create_label(name, color)


@answers(calls.LABEL_REMOVE)
async def remove(context: Context, name: str, _payload: None) -> None:
    await context.system.settings.remove_label(name)
