# SPDX-License-Identifier: GPL-3.0-or-later
"""Names are rights: tags, policy and backup profiles refer to qubes by name, so not every name is free for all."""

import asyncio

from qubesmanager.backup.archive.contents import DOM0
from qubesmanager.backup.profile import owner_of
from qubesmanager.daemon.local.core import sight
from qubesmanager.daemon.local.system import System
from qubesmanager.policy.mentions import lines_naming
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied, QubesVMAlreadyExistsError
from qubesmanager.wire.names import shown

_TAGS = ("created-by-", "managed-by-")


async def check_new_name(system: System, source: str, name: str) -> None:
    """Raises `PermissionDenied` where the source may not give a qube this name."""
    if reason := await why_not_new_name(system, source, name):
        raise PermissionDenied(reason)


def check_free(system: System, name: str) -> None:
    """Raises `QubesVMAlreadyExistsError` for a name that a qube has or is just getting.

    For a qube that the source of the call does not see, raises what `check_new_name` does.
    """
    if name in system.state.qubes or name in system.reserved:
        if not sight.sees(name):
            raise PermissionDenied(_refusal(name))
        raise QubesVMAlreadyExistsError(f"There is already a qube {name}.")


async def why_not_new_name(system: System, source: str, name: str) -> str | None:
    """Why the source may not give a qube this name, as a sentence; None if it may. dom0 may give any.

    For others a name is refused that would bring rights with it: a qube has a tag created-by-* or managed-by-* of it, a
    policy line names it, or a profile sends backups to it, asks it for a passphrase or was set by it. A name that a
    qube has which the source does not see, or is just getting, is refused in the same words. A taken name that the
    source sees is not looked at.
    """
    if source == DOM0 or system.state.has_visible(source, name):
        return None
    taken = name in system.state.qubes or name in system.reserved
    if taken or _is_tagged(system, name) or await _is_referred_to(system, name):
        return _refusal(name)
    return None


def _refusal(name: str) -> str:
    return f"Only dom0 may give a qube the name {shown(name)}: it is taken, or something refers to it."


def _is_tagged(system: System, name: str) -> bool:
    tags = {f"{prefix}{name}" for prefix in _TAGS}
    return any(not qube.tags.isdisjoint(tags) for qube in system.state.qubes.values())


async def _is_referred_to(system: System, name: str) -> bool:
    if await asyncio.to_thread(lines_naming, await system.policies.contents(), name):
        return True
    for profile_name in await system.backups.profiles.names():
        try:
            profile, file = await system.backups.profile(profile_name)
        except Mgmt1Error:
            continue  # it does not parse, so it is not carried out either
        if name in {profile.destination_vm, profile.passphrase_vm, owner_of(file.text)}:
            return True
    return False
