# SPDX-License-Identifier: GPL-3.0-or-later
"""Names are rights: tags, policy and backup profiles refer to qubes by name, so not every name is free for all."""

import asyncio

from qubesmanager.backup.profile import owner_of
from qubesmanager.daemon.admission.policy_files import Policies
from qubesmanager.daemon.local.core import sight
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.backups import Backups
from qubesmanager.policy.mentions import lines_naming
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0, TAGS_OF_QUBES, shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, refusal


class Naming:
    """Which names new qubes may get."""

    def __init__(self, runtime: Runtime, policies: Policies, backups: Backups) -> None:
        self._runtime = runtime
        self._policies = policies
        self._backups = backups

    async def check_new_name(self, source: str, name: str) -> None:
        """Raises `PermissionDenied` where the source may not give a qube this name."""
        if reason := await self.why_not_new_name(source, name):
            raise error_for(reason)

    def check_free(self, name: str) -> None:
        """Raises `QubesVMAlreadyExistsError` for a name that a qube has or is just getting.

        For a qube that the source of the call does not see, raises what `check_new_name` does.
        """
        if name in self._runtime.state.qubes or name in self._runtime.reserved:
            if not sight.sees(name):
                raise error_for(_refusal(name))
            raise refusal("name-taken", name)

    async def why_not_new_name(self, source: str, name: str) -> Reason | None:
        """Why the source may not give a qube this name; None if it may. dom0 may give any.

        For another source, a name is refused that would bring rights with it: a qube has a tag created-by-* or
        managed-by-* of it, a policy line names it, or a profile sends backups to it, asks it for a passphrase or was
        set by it. The name of a qube that the source does not see, or that is just being made, is refused in the same
        words. A taken name that the source sees is not looked at.
        """
        if source == DOM0 or sight.knows(self._runtime.state.qubes, name):
            return None
        taken = name in self._runtime.state.qubes or name in self._runtime.reserved
        if taken or self._is_tagged(name) or await self._is_referred_to(name):
            return _refusal(name)
        return None

    def _is_tagged(self, name: str) -> bool:
        tags = {f"{prefix}{name}" for prefix in TAGS_OF_QUBES}
        return any(not qube.tags.isdisjoint(tags) for qube in self._runtime.state.qubes.values())

    async def _is_referred_to(self, name: str) -> bool:
        if await asyncio.to_thread(lines_naming, await self._policies.contents(), name):
            return True
        for profile_name in await self._backups.profiles.names():
            try:
                profile, file = await self._backups.profile(profile_name)
            except Mgmt1Error:
                continue  # it does not parse, so it is not carried out either
            if name in {profile.destination_vm, profile.passphrase_vm, owner_of(file.text)}:
                return True
        return False


def _refusal(name: str) -> Reason:
    return Reason("name-for-dom0", shown(name))
