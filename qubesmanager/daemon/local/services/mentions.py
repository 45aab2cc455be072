# SPDX-License-Identifier: GPL-3.0-or-later
"""What names a qube outside of the store: lines of qrexec's policy, and backup profiles."""

import asyncio
from collections.abc import Mapping

from qubesmanager.backup.profile_names import keys_naming
from qubesmanager.daemon.local.system import System
from qubesmanager.policy.mentions import lines_naming
from qubesmanager.wire.codecs import Mention
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.limits import MENTION_LINES


async def mentions(system: System, name: str) -> list[Mention]:
    """The first `MENTION_LINES` policy lines by file, then profiles. Files that cannot be read are left out."""
    return [*await _lines(system, name), *await _profiles(system, name)]


async def _lines(system: System, name: str) -> list[Mention]:
    try:
        files = await system.policies.contents()
    except Mgmt1Error:
        return []
    return await asyncio.to_thread(_in_policy, files, name)


def _in_policy(files: Mapping[str, str], name: str) -> list[Mention]:
    lines = {path: text.splitlines() for path, text in files.items()}
    found = []
    for place in lines_naming(files, name)[:MENTION_LINES]:
        path, _, number = place.rpartition(":")
        found.append(Mention("policy", place, lines[path][int(number) - 1].strip()))
    return found


async def _profiles(system: System, name: str) -> list[Mention]:
    found = []
    for profile_name in await system.backups.profiles.names():
        try:
            profile, _file = await system.backups.profile(profile_name)
        except Mgmt1Error:
            continue  # it is not carried out either
        if keys := keys_naming(profile, name):
            found.append(Mention("profile", profile_name, " ".join(keys)))
    return found
