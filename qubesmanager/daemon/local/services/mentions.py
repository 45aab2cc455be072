# SPDX-License-Identifier: GPL-3.0-or-later
"""Mentions of a qube outside of the store: in lines of qrexec's policy, and in backup profiles."""

import asyncio
from collections.abc import Mapping

from qubesmanager.backup.profile_names import keys_naming
from qubesmanager.daemon.admission.policy_files import Policies
from qubesmanager.daemon.local.services.backups import Backups
from qubesmanager.policy.mentions import lines_naming
from qubesmanager.wire.codecs import Mention
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.limits import MENTION_LINES


class Mentions:
    """Finds mentions of a qube outside of the store."""

    def __init__(self, policies: Policies, backups: Backups) -> None:
        self._policies = policies
        self._backups = backups

    async def of(self, name: str) -> list[Mention]:
        """The first `MENTION_LINES` policy lines by file, then profiles. Files that cannot be read are left out."""
        return [*await self._lines(name), *await self._profiles(name)]

    async def _lines(self, name: str) -> list[Mention]:
        try:
            files = await self._policies.contents()
        except Mgmt1Error:
            return []
        return await asyncio.to_thread(_in_policy, files, name)

    async def _profiles(self, name: str) -> list[Mention]:
        lines = []
        for profile_name in await self._backups.profiles.names():
            try:
                profile, _file = await self._backups.profile(profile_name)
            except Mgmt1Error:
                continue  # it is not carried out either
            if keys := keys_naming(profile, name):
                lines.append(Mention("profile", profile_name, " ".join(keys)))
        return lines


def _in_policy(files: Mapping[str, str], name: str) -> list[Mention]:
    lines = {path: text.splitlines() for path, text in files.items()}
    profiles = []
    for place in lines_naming(files, name)[:MENTION_LINES]:
        path, _, number = place.rpartition(":")
        profiles.append(Mention("policy", place, lines[path][int(number) - 1].strip()))
    return profiles
