# SPDX-License-Identifier: GPL-3.0-or-later
"""The name, template and netvm of each qube of a backup on this machine, decided before anything is created."""

from collections.abc import Callable, Sequence
from typing import Protocol

from qubesmanager.backup.archive.contents import Device
from qubesmanager.daemon.restoring.entries import Entry
from qubesmanager.rules.properties import BASED
from qubesmanager.wire.errors import QubesValueError
from qubesmanager.wire.names import shown, why_not_new_vm_name
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, joined, listed, refusal
from qubesmanager.wire.records import flag_of
from qubesmanager.wire.restores import RestorePlan
from qubesmanager.wire.values import ASSIGNED_MODES, DeviceClass, DeviceMode, VmClass, usual_mode

_TRIES = 1000
"""Numbers that are tried at the end of a name that is taken."""
_NAME = 26
"""Characters of a name that stay when a number is added."""


BY_BASE = (VmClass.REMOTE, VmClass.TEMPLATE, VmClass.STANDALONE, VmClass.APP, VmClass.DISP)
"""Each class after those that it can be based on."""
DEFAULT_LABEL = "red"
"""For a qube whose label does not exist here."""
OF_THE_MACHINE = frozenset({"dispid", "is_preload", "stubdom_uuid", "stubdom_xid", "xid"})
"""Properties of Qubes OS that mean nothing on another machine."""
_NAMED = 10
"""Devices that a sentence names."""


class World(Protocol):
    """The qubes that exist already, as the caller may see them."""

    async def why_not_new_name(self, name: str) -> Reason | None:
        """Why the caller may not give a qube this name."""

    def is_taken(self, name: str) -> bool: ...

    def default_source(self, klass: VmClass) -> str:
        """The default template of a new qube of the class."""

    def is_base(self, klass: VmClass, name: str) -> bool | None:
        """Whether a qube of the class can be based on the one of that name; None if there is none."""

    def provides_network(self, name: str) -> bool | None:
        """None if there is no such qube."""


class Plan:
    """Sets names, and why qubes are left out, in `entries`, those that are to be restored as qubes."""

    def __init__(self, options: RestorePlan, entries: Sequence[Entry], world: World) -> None:
        self._options = options
        self._entries = entries
        self._world = world
        self._by_kept = {entry.kept.name: entry for entry in entries}

    @property
    def going(self) -> list[Entry]:
        """The entries that are neither left out nor failed."""
        return [entry for entry in self._entries if entry.is_going]

    async def name(self, reserve: Callable[[str], None]) -> None:
        """Give each a unique name, and reserve it; conflicts are handled as the options ask."""
        refused = {
            entry.name: await self._world.why_not_new_name(entry.name) for entry in self._entries if not entry.skipped
        }
        nameable = self.going
        for entry in nameable:
            if reason := why_not_new_vm_name(entry.name):
                entry.failed = reason
            elif why := refused[entry.name]:
                entry.failed = why
            elif self._world.is_taken(entry.name) and not await self._resolved(entry):
                entry.failed = entry.failed or Reason("name-taken", entry.name)
            if not entry.failed and not entry.skipped:
                reserve(entry.name)
        if self._options.conflict == "fail" and any(entry.failed for entry in nameable):
            why = joined([entry.failed for entry in nameable])
            raise error_for(why, QubesValueError) if why else QubesValueError

    async def _resolved(self, entry: Entry) -> bool:
        """Apply the option `conflict` to a name that is taken; False if the qube cannot be restored."""
        match self._options.conflict:
            case "skip":
                entry.skipped = Reason("name-taken", entry.name)
                return True
            case "rename":
                for number in range(1, _TRIES):
                    name = f"{entry.name[:_NAME]}-{number}"
                    refused = await self._world.why_not_new_name(name)
                    # Only now: another call may have taken it while this one waited.
                    if not refused and not self._world.is_taken(name):
                        entry.name = name
                        return True
        return False

    def renamed(self, name: str) -> str:
        """The name here of a qube of the backup: the one it is restored under, or its own."""
        entry = self._by_kept.get(name)
        return entry.name if entry is not None and entry.is_going else name

    def pool(self, entry: Entry) -> str:
        """The pool of its volumes; empty for the default one."""
        return self._options.pools.get(entry.kept.name, self._options.pool)

    def place(self) -> None:
        """Resolve templates and netvms until nothing changes: skipping one qube can orphan another."""
        left = -1
        while left != len(self.going):
            left = len(self.going)
            for entry in self.going:
                self._based(entry)

    def _based(self, entry: Entry) -> None:
        if entry.kept.klass in BASED and self.template(entry) is None:
            entry.skipped = Reason("restore-no-template", shown(entry.kept.properties.get("template", "")))
        if self._options.missing_netvm != "skip":
            return
        netvm = self._options.netvm.get(entry.kept.name, self.renamed(entry.kept.properties.get("netvm", "")))
        if netvm and not self._provides_network(netvm):
            entry.skipped = entry.skipped or Reason("restore-no-netvm", shown(netvm))

    def template(self, entry: Entry) -> str | None:
        """The template's name here; None if the class has none, or there is no suitable one."""
        if entry.kept.klass not in BASED:
            return None
        asked = self._options.template.get(entry.kept.name)
        name = asked if asked is not None else self.renamed(entry.kept.properties.get("template", ""))
        if self._is_template(entry.kept.klass, name):
            return name
        if asked is not None or self._options.missing_template == "skip":
            return None
        default = self._world.default_source(VmClass(entry.kept.klass))
        return default if self._is_template(entry.kept.klass, default) else None

    def _is_template(self, klass: str, name: str) -> bool:
        existing = self._world.is_base(VmClass(klass), name)
        if existing is not None:
            return existing
        restored = self._restored(name)
        if restored is None:
            return False
        if klass == VmClass.APP:
            return restored.kept.klass == VmClass.TEMPLATE
        return flag_of(restored.kept.properties.get("template_for_dispvms", "")) is True

    def _provides_network(self, name: str) -> bool:
        existing = self._world.provides_network(name)
        if existing is not None:
            return existing
        restored = self._restored(name)
        return restored is not None and flag_of(restored.kept.properties.get("provides_network", "")) is True

    def _restored(self, name: str) -> Entry | None:
        """The qube that is restored under that name."""
        return next((entry for entry in self._entries if entry.name == name and entry.is_going), None)


def sizes_by(pool_of: Callable[[Entry], str], entries: Sequence[Entry]) -> dict[str, int]:
    """By pool: the bytes that these qubes may need in it."""
    sizes: dict[str, int] = {}
    for entry in entries:
        pool = pool_of(entry)
        sizes[pool] = sizes.get(pool, 0) + entry.kept.size
    return sizes


# -- devices ----------------------------------------------------------------------------------------------------------


def devices_not_asked(devices: Sequence[Device]) -> Reason:
    """The note on a qube whose devices are not assigned again."""
    names = [device_name(device) for device in devices[:_NAMED]]
    return Reason("restore-devices-not-asked", listed(names, max(0, len(devices) - _NAMED)))


def device_name(device: Device) -> str:
    """Class, backend and port for a sentence."""
    return f"{shown(device.device_class)[1:-1]} {shown(device.backend)[1:-1]}:{shown(device.ident)[1:-1]}"


def assignment_mode(klass: DeviceClass, device: Device) -> str:
    """The mode of the assignment. Raises `QubesValueError` for one that would be a stronger one here."""
    stored = DeviceMode.REQUIRED if device.required else DeviceMode.AUTO
    mode = device.mode or (usual_mode(klass) if device.unsaid else stored)
    if mode not in ASSIGNED_MODES:
        raise refusal("restore-device-mode", shown(mode))
    return mode
