# SPDX-License-Identifier: GPL-3.0-or-later
"""Features of a qube."""

from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls


@answers(calls.VM_FEATURE_LIST)
async def list_features(context: Context, _arg: None, _payload: None) -> list[str]:
    return sorted(context.qube.features)


@answers(calls.VM_FEATURE_GET)
async def get(context: Context, name: str, _payload: None) -> str:
    return context.system.settings.feature(context.dest, name)


@answers(calls.VM_FEATURE_CHECK_WITH_TEMPLATE)
async def check_with_template(context: Context, name: str, _payload: None) -> str:
    return context.system.settings.feature_with_template(context.dest, name)


@answers(calls.VM_FEATURE_SET)
async def set_feature(context: Context, name: str, value: str) -> None:
    await context.system.settings.set_feature(context.dest, name, value)


@answers(calls.VM_FEATURE_REMOVE)
async def remove(context: Context, name: str, _payload: None) -> None:
    await context.system.settings.remove_feature(context.dest, name)
