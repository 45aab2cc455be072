# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of a qube."""

from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0, MANAGED_BY
from qubesmanager.wire.reasons import refusal


@answers(calls.VM_TAG_LIST)
async def list_tags(context: Context, only: str | None, _payload: None) -> list[str]:
    return sorted(tag for tag in context.qube.tags if only in {None, tag})


@answers(calls.VM_TAG_GET)
async def get(context: Context, name: str, _payload: None) -> bool:
    return name in context.qube.tags


@answers(calls.VM_TAG_SET)
async def set_tag(context: Context, name: str, _payload: None) -> None:
    _check_rights(context, name)
    await context.system.settings.set_tag(context.dest, name)


@answers(calls.VM_TAG_REMOVE)
async def remove(context: Context, name: str, _payload: None) -> None:
    _check_rights(context, name)
    await context.system.settings.remove_tag(context.dest, name)


def _check_rights(context: Context, tag: str) -> None:
    """Raises `PermissionDenied` where a source would change its own rights, or those of others, by a tag.

    Who manages a qube is changed by dom0 and by a source that created or manages it.
    """
    if context.source == DOM0:
        return
    is_managed = context.system.runtime.state.visible(context.source, context.dest)
    if (tag.startswith(MANAGED_BY) and not is_managed) or context.system.policy_sight.is_about_tag(tag):
        raise refusal("tag-of-policy", tag)
