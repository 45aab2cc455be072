# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup profiles: set, removed, kept up with the names of qubes, and what each means on this system."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.backup.engine import at_destination, in_engine, off_loop
from qubesmanager.backup.errors import BackupNotConnectedError
from qubesmanager.backup.passphrases import GIVEN, passphrase_text
from qubesmanager.backup.profile import REMOVED, Profile, marked, matches, owner_of, parse_profile, without_passphrase
from qubesmanager.backup.profile_names import keys_naming, qubes_named, renamed, without
from qubesmanager.daemon.admission.policy_sight import PolicySight
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.drivers.backups import targets
from qubesmanager.daemon.local.drivers.backups.destinations import check_destination
from qubesmanager.daemon.local.drivers.backups.profiles import ProfileFile, Profiles
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.backup_destinations import BackupDestinations
from qubesmanager.daemon.local.store import rows
from qubesmanager.rules.sight import Sees, sees_all
from qubesmanager.wire import events
from qubesmanager.wire.errors import Mgmt1Error, QubesBackupProfileNotFoundError
from qubesmanager.wire.names import DOM0, PROFILE_ID, check
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import VmClass

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Planned:
    """The qubes that a profile selects, in order, the names in it that no qube has, and whether it names dom0.

    `lost`: the missing names that the backup should hold; one that is only excluded does not matter. `hidden`: names of
    qubes that the profile includes and its owner does not see, so that they are left out.
    """

    qubes: tuple[Qube, ...]
    missing: tuple[str, ...]
    lost: tuple[str, ...]
    dom0: bool
    hidden: tuple[str, ...] = ()

    def lacking(self, *, has_home: bool) -> list[Field]:
        """The items of the profile that the backup does not have. `has_home`: dom0's home is in it."""
        missing = [Reason("no-such-qube", ", ".join(self.missing))] if self.missing else []
        return [*missing, *([Reason("home-not-backed-up")] if self.dom0 and not has_home else [])]


class Backups:
    """The profiles: what each says, who may change it, and which qubes it names. `profiles` is their folder.

    `sight`: what their owners see by the policy.
    """

    def __init__(
        self, runtime: Runtime, profiles: Profiles, destinations: BackupDestinations, sight: PolicySight
    ) -> None:
        self._runtime = runtime
        self._sight = sight
        self._destinations = destinations
        self.profiles = profiles
        self._editing = asyncio.Lock()
        """Held while the text of a profile is changed."""

    async def profile(self, name: str) -> tuple[Profile, ProfileFile]:
        """The profile and its file. Raises `QubesBackupProfileNotFoundError`, and `Mgmt1Error` for a wrong file."""
        file = await self.profiles.get(name)
        profile = await off_loop(parse_profile, file.text)
        if profile.destination_command and not file.by_root:
            raise refusal("profile-command-not-root", name)
        return profile, file

    async def shown_text(self, name: str, source: str, sees: Sees) -> str:
        """The profile's text without its passphrase.

        Raises `QubesBackupProfileNotFoundError`, and `PermissionDenied` if another source set the profile and `source`
        does not see each qube that it names.
        """
        file = await self.profiles.get(name)
        if source not in {DOM0, owner_of(file.text)}:
            profile = await off_loop(parse_profile, file.text)
            if not all(map(sees, qubes_named(profile))):
                raise refusal("profile-names-hidden", name, source)
        return await off_loop(without_passphrase, file.text)

    async def passphrase(self, name: str, profile: Profile, given: str | None) -> str:
        if given is not None:
            return passphrase_text(given, GIVEN)
        if profile.passphrase_text:
            return profile.passphrase_text
        if profile.passphrase_file:
            path = Path(profile.passphrase_file)
            return await in_engine(lambda: targets.passphrase_of_file(path))
        if profile.passphrase_vm:
            return await in_engine(lambda: targets.passphrase_of_qube(profile.passphrase_vm, name))
        raise refusal("profile-no-passphrase", name)

    # -- setting and removing -----------------------------------------------------------------------------------------

    async def set_profile(self, source: str, name: str, untrusted: str, *, learn: bool = True) -> None:
        """Store the profile if it is valid. `learn`: remember the disk that is at its destination now.

        A command is never taken from a call, nor a file's content as passphrase from a caller other than dom0: both
        would let any user who may back up do what only root may. A qube's profile goes where dom0 allows it and names
        only qubes that it sees, which is checked again in each run. A qube replaces only a profile that it set itself.
        """
        check(PROFILE_ID, name)
        text = marked(untrusted, source)
        profile = await off_loop(parse_profile, text)
        if profile.destination_command:
            raise refusal("profile-command-by-root", str(self.profiles.folder))
        if profile.passphrase_file and source != DOM0:
            raise refusal("profile-file-by-dom0")
        await self.check_allowed(source, profile)
        # A rename or removal still due for an earlier qube must not change a profile about a new one of its name.
        await self.follow_names()
        async with self._editing:
            await self._check_owner(source, name)
            await self.profiles.put(name, text)
        async with self._runtime.changing:
            await self._runtime.commit([rows.delete_destinations(name)])
        self._runtime.emit([events.BACKUP_PROFILE(name)])
        with suppress(BackupNotConnectedError):
            if learn and not await self._destinations.is_unmounted(profile):
                await self._destinations.learn(name, profile, by_call=True)

    async def remove_profile(self, source: str, name: str) -> None:
        """Remove the profile; its backups stay.

        Raises `QubesBackupProfileNotFoundError`, and `PermissionDenied` for a qube that did not set it.
        """
        async with self._editing:
            await self._check_owner(source, name)
            await self.profiles.remove(name)
        async with self._runtime.changing:
            await self._runtime.commit([rows.delete_destinations(name)])
        self._runtime.emit([events.BACKUP_PROFILE(name)])

    async def _check_owner(self, source: str, name: str) -> None:
        """Raises `PermissionDenied` where `source` may not replace the profile: a qube only what it set itself."""
        if source == DOM0:
            return
        with suppress(QubesBackupProfileNotFoundError):
            if owner_of((await self.profiles.get(name)).text) != source:
                raise refusal("profile-of-other", name, source)

    async def check_allowed(self, owner: str, profile: Profile) -> None:
        """Raises `Mgmt1Error` if a profile of this owner may not have these values."""
        if owner == DOM0:
            return
        if owner.endswith(REMOVED):
            raise refusal("profile-owner-removed", owner.removesuffix(REMOVED))
        await at_destination(check_destination, self.profiles.folder, profile)
        if profile.passphrase_vm and not self.owner_sees(owner, profile.passphrase_vm):
            raise refusal("no-such-qube", profile.passphrase_vm)

    # -- renamed and removed qubes ------------------------------------------------------------------------------------

    async def follow_soon(self) -> None:
        """As `follow_names`: now, and in the background until it is done if that fails or the caller is cancelled."""
        name = "let backup profiles follow renamed and removed qubes"
        await self._runtime.to_the_end(name, self._runtime.ensure(name, self.follow_names))

    async def follow_names(self) -> None:
        """Carry stored renames and removals of qubes into the profiles that name them.

        What a crash interrupted is done after the next start.
        """
        async with self._editing:
            changes = await self._runtime.store.read("SELECT change, old, new FROM pending_name ORDER BY change")
            for change, old, new in changes:
                for name in await self.profiles.names():
                    await self._follow(name, old, new)
                async with self._runtime.changing:
                    await self._runtime.commit([rows.delete_pending_name(change)])

    async def _follow(self, name: str, old: str, new: str) -> None:
        """Carry one change into one profile; a profile that cannot be read or edited stays as it is."""
        try:
            profile, file = await self.profile(name)
            text = await off_loop(renamed, file.text, old, new) if new else await off_loop(without, file.text, old)
        except Mgmt1Error as error:
            # The text may quote a line of the profile that holds the passphrase.
            log.warning("The backup profile %s does not follow %s: %s", name, old, type(error).__name__)
            return
        if text != file.text:
            await self.profiles.put(name, text)
            log.info("The backup profile %s follows %s, now %s", name, old, new or "removed")
        if left := keys_naming(profile, old) if text == file.text else []:
            log.warning("The backup profile %s still names %s in %s", name, old, ", ".join(left))

    # -- the qubes of a profile ---------------------------------------------------------------------------------------

    async def refresh_sight(self) -> None:
        """Go by the policy as it is now."""
        await self._sight.refresh()

    def owner_sees(self, owner: str, name: str) -> bool:
        """Whether there is a qube of that name and the owner of a profile sees it: by the policy, else by tags."""
        if owner in {DOM0, name} or name == DOM0 or (lists := self._sight.lists(owner, name)) is None:
            return self._runtime.state.has_visible(owner, name)
        return lists and name in self._runtime.state.qubes

    def planned(self, name: str, profile: Profile, owner: str, caller: Sees = sees_all) -> Planned:
        """The qubes that a profile of the owner includes, dom0 left out, by name.

        A profile that a qube set includes only what this qube sees. `caller`: whether the caller sees a qube; it is as
        if there were no others.
        """
        include, exclude = frozenset(profile.include), frozenset(profile.exclude)
        sees, state = self.owner_sees, self._runtime.state
        names = {pattern for pattern in (*include, *exclude) if not pattern.startswith("$")}
        missing = tuple(sorted(name for name in names if not (sees(owner, name) and caller(name))))
        chosen, hidden, dom0 = [], [], False
        for qube in state.in_order():
            included = matches(include, qube.name, qube.klass, qube.tags) or f"backup-{name}" in qube.tags
            if not include and qube.klass not in {VmClass.DISP, VmClass.ADMIN}:
                included = included or qube.flag("include_in_backups")
            if not included or matches(exclude, qube.name, qube.klass, qube.tags):
                continue
            if qube.flag("is_preload") or not caller(qube.name):
                continue
            if not sees(owner, qube.name):
                hidden.append(qube.name)
            elif qube.klass is VmClass.ADMIN:
                dom0 = True
            else:
                chosen.append(qube)
        lost = tuple(name for name in missing if name in include)
        return Planned(tuple(chosen), missing, lost, dom0, tuple(hidden))
