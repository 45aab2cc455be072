# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an action on a qube is not possible now: one function an action, which gives a `Reason`, or None if it is.

The window greys an action by it and shows the reason; the daemon asks the same function before it begins, and refuses
with the reason. What only the daemon knows (a call that is under way, whether a device is plugged in) it checks later.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from qubesmanager.rules.devices import DeviceKey, why_not_balanced
from qubesmanager.rules.facts import HALTED, Facts, QubeFacts
from qubesmanager.rules.features import SKIP_UPDATE, why_start_prohibited
from qubesmanager.rules.network import dependents, netvms_to_start, running_clients
from qubesmanager.rules.qubes_os import is_of_qubes_os
from qubesmanager.rules.references import referrers
from qubesmanager.rules.sight import seen_name, seen_names
from qubesmanager.rules.stepwise import Steps, Stepwise, all_at_once
from qubesmanager.rules.volumes import extra_volume
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import DeviceRecord
from qubesmanager.wire.values import DeviceClass, DeviceMode, PowerState, VmClass

WhyNot = Callable[[Facts, QubeFacts], Reason | None]
Reasons = Iterator[tuple[str, Reason | None] | None]
"""Qubes by name, each with why the action is not possible; None for a short step that has no result yet."""
WhyNotAll = Callable[[Facts, Iterable[str]], Reasons]
"""The same for several qubes, one after the other; a name of no qube is left out. The facts must not change."""

ENDING = frozenset({PowerState.HALTING, PowerState.DYING})

HOT = frozenset({PowerState.RUNNING, PowerState.PAUSED})
"""The states in which a device is attached at once."""

DONE_ALREADY = frozenset({"qube-already-running", "qube-shutting-down"})
"""Reasons to grey an action whose result is there or on its way. The daemon does not refuse for them: it answers OK."""

_DOM0 = Reason("dom0-always-runs")


def _why_not_here(qube: QubeFacts) -> Reason | None:
    """Why a qube has no power state that could be changed here."""
    if qube.klass is VmClass.REMOTE:
        return Reason("qube-is-remote", qube.name)
    return _DOM0 if qube.klass is VmClass.ADMIN else None


def why_not_firewall(_facts: Facts, qube: QubeFacts) -> Reason | None:
    """Why a qube has no firewall rules."""
    if qube.klass is VmClass.REMOTE:
        return Reason("qube-is-remote", qube.name)
    return Reason("dom0-no-network") if qube.klass is VmClass.ADMIN else None


def why_not_managed(_facts: Facts, qube: QubeFacts) -> Reason | None:
    """Why no qube can be the manager of this one."""
    return why_not_manage(qube)


def why_not_manage(qube: QubeFacts, manager: str = "") -> Reason | None:
    """Why `manager`, or any qube if it is empty, cannot be the manager of this qube."""
    if qube.name == manager:
        return Reason("manages-itself", qube.name)
    return Reason("dom0-not-managed") if qube.klass is VmClass.ADMIN else None


# -- start ------------------------------------------------------------------------------------------------------------


def why_not_start(facts: Facts, qube: QubeFacts) -> Reason | None:
    if reason := _why_not_here(qube):
        return reason
    if qube.state in {PowerState.RUNNING, PowerState.TRANSIENT}:
        return Reason("qube-already-running", qube.name)
    return why_not_boot(facts, qube) or why_not_with_netvms(facts, qube)


def why_not_with_netvms(facts: Facts, qube: QubeFacts) -> Reason | None:
    """Why the netvms of a qube that starts cannot be started before it."""
    netvms = netvms_to_start(facts, qube)
    if isinstance(netvms, Reason):
        return netvms
    starting = (netvm for netvm in reversed(netvms) if netvm.state is not PowerState.TRANSIENT)
    return next(filter(None, (why_not_boot(facts, netvm) for netvm in starting)), None)


def why_not_boot(facts: Facts, qube: QubeFacts) -> Reason | None:
    """Why a qube cannot be started, whatever its netvm is."""
    if qube.state is PowerState.PAUSED:
        return Reason("qube-paused", qube.name)
    if qube.state is PowerState.SUSPENDED:
        return Reason("qube-suspended", qube.name)
    if qube.state not in HALTED:
        return Reason("qube-not-halted", qube.name, qube.state)
    return why_start_prohibited(qube) or why_not_lent(facts, qube) or why_not_with_devices(facts, qube)


def why_not_lent(facts: Facts, qube: QubeFacts) -> Reason | None:
    """Why a qube's own volumes are not at its disposal: one that another qube has as a disk now."""
    extra = {volume.name for volume in qube.volume_records if volume.extra}
    if not extra:
        return None
    for holder in facts.qubes.values():
        for device in holder.devices:
            if device.attached and _is_volume(device, qube, extra):
                return Reason("own-volume-attached", device.ident, qube.name, seen_name(facts.sees, holder.name))
    return None


def why_not_with_devices(facts: Facts, qube: QubeFacts, halting: Collection[str] = ()) -> Reason | None:
    """Why a qube cannot get its assigned devices at its start: another one has them now.

    `halting` are qubes that will have given their devices back.
    """
    for device in qube.devices:
        backend = facts.qubes.get(device.backend)
        if device.mode in {DeviceMode.MANUAL, DeviceMode.ASK} or device.any_port or backend is None:
            continue
        holder = device_holder(facts, device)
        if holder is not None and holder.name != qube.name and holder.name not in halting:
            return Reason("device-attached", device.backend, device.ident, seen_name(facts.sees, holder.name))
        extra = {volume.name for volume in backend.volume_records if volume.extra}
        if backend.running and _is_volume(device, backend, extra):
            return Reason("device-own-disk", backend.name, device.ident)
    return None


def device_holder(facts: Facts, device: DeviceRecord | DeviceKey) -> QubeFacts | None:
    """The qube that a device is attached to now."""
    for holder in facts.qubes.values():
        for other in holder.devices:
            if other.attached and other[:3] == device[:3]:
                return holder
    return None


def _is_volume(device: DeviceRecord, backend: QubeFacts, extra: Collection[str]) -> bool:
    """Whether the device is one of these extra volumes of the qube."""
    return device.device_class is DeviceClass.BLOCK and device.backend == backend.name and device.ident in extra


# -- running qubes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Users:
    """The users of each running qube: `clients` by netvm, and by backend the devices that others have (qube, ident)."""

    clients: Mapping[str, Sequence[str]]
    devices: Mapping[str, Sequence[tuple[str, str]]]

    @classmethod
    def of(cls, facts: Facts) -> Steps[Self]:
        devices: dict[str, list[tuple[str, str]]] = {}
        for qube in facts.qubes.values():
            for device in qube.devices:
                if device.attached:
                    devices.setdefault(device.backend, []).append((qube.name, device.ident))
            yield
        clients = yield from running_clients.steps(facts.qubes)
        return cls(clients, devices)

    def why_not_shutdown(self, facts: Facts, qube: QubeFacts, before: Collection[str] = ()) -> Reason | None:
        """`before` are qubes that will have halted when this one shuts down."""
        if clients := [name for name in self.clients.get(qube.name, ()) if name not in before]:
            return Reason("netvm-of-running", qube.name, ", ".join(seen_names(facts.sees, clients)))
        users = sorted(
            f"{ident} ({seen_name(facts.sees, user)})"
            for user, ident in self.devices.get(qube.name, ())
            if user not in before
        )
        return Reason("devices-in-use", qube.name, ", ".join(users)) if users else None


def why_not_shutdown(facts: Facts, qube: QubeFacts) -> Reason | None:
    return why_not_ended(qube) or all_at_once(_Users.of(facts)).why_not_shutdown(facts, qube)


def why_not_ended(qube: QubeFacts) -> Reason | None:
    """Why a qube cannot be shut down, whether or not others use it."""
    if reason := _why_not_here(qube):
        return reason
    if qube.state in HALTED:
        return Reason("qube-not-running", qube.name)
    if qube.state is PowerState.PAUSED:
        return Reason("qube-paused-shutdown", qube.name)
    if qube.state is PowerState.SUSPENDED:
        return Reason("qube-suspended-shutdown", qube.name)
    return Reason("qube-shutting-down", qube.name) if qube.state in ENDING else None


def why_not_shutdown_all(facts: Facts, names: Iterable[str]) -> dict[str, Reason | None]:
    """As `why_not_shutdown`, where the running qubes behind a netvm are shut down before it."""
    return dict(filter(None, shutdown_reasons(facts, names)))


def shutdown_reasons(facts: Facts, names: Iterable[str]) -> Reasons:
    """`why_not_shutdown_all`, one qube after the other."""
    users = yield from _Users.of(facts)

    def why_not(qube: QubeFacts) -> Steps[Reason | None]:
        if reason := why_not_ended(qube) or users.why_not_shutdown(facts, qube):
            before: set[str] = set()
            for name in (yield from dependents.steps(facts.qubes, qube.name, users.clients)):
                other = facts.qubes[name]
                if other.state in ENDING or not (why_not_ended(other) or users.why_not_shutdown(facts, other, before)):
                    before.add(name)
                yield
            if why_not_ended(qube) or users.why_not_shutdown(facts, qube, before):
                return reason
        return None

    for name in names:
        if name in facts.qubes:
            reason = yield from why_not(facts.qubes[name])
            yield name, reason


@Stepwise
def why_not_shutdown_in_order(facts: Facts, order: Sequence[str]) -> Steps[dict[str, Reason | None]]:
    """Why each of the qubes cannot be shut down once those before it that can be have halted.

    A qube that is shutting down already has no reason: it halts, and can be waited for.
    """
    users = yield from _Users.of(facts)
    before: set[str] = set()
    reasons: dict[str, Reason | None] = {}
    for name in order:
        qube = facts.qubes[name]
        reason = users.why_not_shutdown(facts, qube, before)
        if qube.state not in ENDING:
            reason = why_not_ended(qube) or reason
        reasons[name] = reason
        if reason is None:
            before.add(name)
        yield
    return reasons


def why_not_restart(facts: Facts, names: Iterable[str]) -> dict[str, Reason | None]:
    """Shutdown with the qubes behind, and then start again."""
    return dict(filter(None, restart_reasons(facts, names)))


def restart_reasons(facts: Facts, names: Iterable[str]) -> Reasons:
    """`why_not_restart`, one qube after the other."""
    for step in shutdown_reasons(facts, names):
        if step is None:
            yield None
            continue
        name, reason = step
        qube = facts.qubes[name]
        if qube.flag("auto_cleanup"):
            yield name, Reason("disposable-no-restart", name)
        else:
            yield name, reason or why_not_start_again(facts, qube)


def why_not_start_again(facts: Facts, qube: QubeFacts, halting: Collection[str] = ()) -> Reason | None:
    """Why a running qube could not be started once it has halted.

    `halting` are the qubes that halt with it; the start of a netvm among them has its own reason.
    """
    return (
        why_start_prohibited(qube)
        or (None if qube.value("netvm") in halting else why_not_with_netvms(facts, qube))
        or why_not_with_devices(facts, qube, halting)
    )


def why_not_pause(_facts: Facts, qube: QubeFacts) -> Reason | None:
    if reason := _why_not_here(qube):
        return reason
    if qube.state is PowerState.PAUSED:
        return Reason("qube-already-paused", qube.name)
    if qube.state is PowerState.TRANSIENT:
        return Reason("qube-still-starting", qube.name)
    return None if qube.state is PowerState.RUNNING else Reason("qube-other-not-running", qube.name, qube.state)


def why_not_unpause(_facts: Facts, qube: QubeFacts) -> Reason | None:
    if reason := _why_not_here(qube):
        return reason
    return None if qube.state is PowerState.PAUSED else Reason("qube-not-paused", qube.name)


def why_not_console(qube: QubeFacts) -> Reason | None:
    """Why the qube has no console now."""
    if reason := _why_not_here(qube):
        return reason
    return None if qube.state in HOT else Reason("qube-not-running", qube.name)


def why_not_suspend(_facts: Facts, qube: QubeFacts) -> Reason | None:
    if reason := _why_not_here(qube):
        return reason
    if qube.state is PowerState.SUSPENDED:
        return Reason("qube-already-suspended", qube.name)
    if qube.state is PowerState.PAUSED:
        return Reason("qube-paused", qube.name)
    if qube.state is PowerState.TRANSIENT:
        return Reason("qube-still-starting", qube.name)
    return None if qube.state is PowerState.RUNNING else Reason("qube-other-not-running", qube.name, qube.state)


def why_not_resume(_facts: Facts, qube: QubeFacts) -> Reason | None:
    if reason := _why_not_here(qube):
        return reason
    return None if qube.state is PowerState.SUSPENDED else Reason("qube-not-suspended", qube.name)


def why_not_kill(_facts: Facts, qube: QubeFacts) -> Reason | None:
    if reason := _why_not_here(qube):
        return reason
    return None if qube.running else Reason("qube-not-running", qube.name)


# -- remove, clone, rename --------------------------------------------------------------------------------------------


def why_not_remove(facts: Facts, qube: QubeFacts) -> Reason | None:
    if reason := why_not_removable(qube):
        return reason
    users = referrers(facts, qube.name)
    return Reason("qube-used", qube.name, ", ".join(users)) if users else None


def why_not_plan_removal(_facts: Facts, qube: QubeFacts) -> Reason | None:
    """Why a qube cannot be removed even when what refers to it is moved to another one first."""
    return why_not_removable(qube)


def why_not_removable(qube: QubeFacts) -> Reason | None:
    """Why a qube cannot be removed, whatever refers to it."""
    if qube.klass is VmClass.ADMIN:
        return Reason("dom0-not-removed")
    if qube.running and qube.klass is not VmClass.REMOTE:
        return Reason("remove-needs-halted", qube.name)
    return Reason("qube-from-package", qube.name) if qube.flag("installed_by_rpm") else None


def why_not_clone(facts: Facts, qube: QubeFacts) -> Reason | None:
    """A qube that runs can be cloned only if nothing that it writes is copied: a disposable."""
    if qube.klass is VmClass.ADMIN:
        return Reason("dom0-not-cloned")
    if qube.running and any(volume.save_on_stop for volume in qube.volume_records):
        return Reason("clone-needs-halted", qube.name)
    return why_not_lent(facts, qube)


def why_not_rename(facts: Facts, qube: QubeFacts) -> Reason | None:
    if qube.klass is VmClass.ADMIN:
        return Reason("dom0-keeps-name")
    if qube.running and qube.klass is not VmClass.REMOTE:
        return Reason("rename-needs-halted", qube.name)
    return why_not_lent(facts, qube)


# -- programs and devices ---------------------------------------------------------------------------------------------


def why_not_run(facts: Facts, qube: QubeFacts) -> Reason | None:
    """A command or a terminal: a halted qube is started for it."""
    if qube.klass is VmClass.ADMIN:
        return Reason("dom0-no-programs")
    if qube.klass is VmClass.REMOTE:
        return Reason("qube-is-remote", qube.name)
    return _why_not_in_use(facts, qube)


def why_not_inside(qube: QubeFacts, missing: str) -> Reason | None:
    """Why nothing can be started in a qube where these programs, which do that in Qubes OS, are not installed.

    The daemon does it by the channel of the qube. A halted qube is started, and may have an agent then.
    """
    if is_of_qubes_os(qube):
        return Reason("not-installed", missing)
    return Reason("no-agent", qube.name) if qube.running and not qube.flag("has_agent") else None


def why_not_applications(facts: Facts, qube: QubeFacts) -> Reason | None:
    """Why the applications of a qube cannot be listed: they are read through its channel."""
    if why := why_not_run(facts, qube):
        return why
    if not qube.running:
        return Reason("no-agent-halted", qube.name)
    return None if qube.flag("has_agent") else Reason("no-agent", qube.name)


def why_not_update(facts: Facts, qube: QubeFacts) -> Reason | None:
    if qube.klass is VmClass.ADMIN:
        return Reason("dom0-own-updates")
    if qube.klass is VmClass.REMOTE:
        return Reason("qube-is-remote", qube.name)
    if qube.klass in {VmClass.APP, VmClass.DISP}:
        return Reason("updated-with-template", qube.name)
    if qube.features.get(SKIP_UPDATE):
        return Reason("update-skipped", qube.name)
    return _why_not_in_use(facts, qube)


def _why_not_in_use(facts: Facts, qube: QubeFacts) -> Reason | None:
    """Why no program can be run in a qube, which is started if it is halted."""
    if qube.state in ENDING:
        return Reason("qube-shutting-down", qube.name)
    if qube.state is PowerState.PAUSED:
        return Reason("qube-paused", qube.name)
    if qube.state is PowerState.SUSPENDED:
        return Reason("qube-suspended", qube.name)
    return why_not_start(facts, qube) if qube.state in HALTED else None


def why_not_attach(_facts: Facts, qube: QubeFacts) -> Reason | None:
    """Why a qube gets no devices at all."""
    if qube.klass is VmClass.ADMIN:
        return Reason("dom0-own-devices")
    if qube.klass is VmClass.REMOTE:
        return Reason("qube-is-remote", qube.name)
    return Reason("template-no-devices") if qube.klass is VmClass.TEMPLATE else None


def offers_devices(backend: QubeFacts) -> bool:
    """Whether the devices of a qube can be attached: always those of dom0, those of another qube while it runs."""
    return backend.klass is VmClass.ADMIN or backend.state in HOT


def why_not_offered(backend: QubeFacts, device: DeviceKey) -> Reason | None:
    """Why a device of this backend cannot be attached now, whichever qube it is for."""
    if offers_devices(backend) or extra_volume(backend, device.device_class, device.ident):
        return None
    return Reason("device-backend-off", backend.name, backend.state)


def why_not_attach_device(
    facts: Facts, qube: QubeFacts, device: DeviceKey, *, persistent: bool, starts: bool = False
) -> Reason | None:
    """Why a qube cannot get this device: now, or with `persistent` at each start. `starts`: it is started for it."""
    if reason := why_not_attach(facts, qube):
        return reason
    if device.backend == qube.name:
        return Reason("device-own", qube.name, device.ident)
    own = next((each for each in qube.devices if each[:3] == device), None)
    has_it = own is not None and own.attached
    if own is not None and has_it and (own.persistent or not persistent):
        return Reason("device-attached-here", device.backend, device.ident, qube.name)
    runs = starts or qube.state in HOT
    if not runs and not persistent:
        return Reason("device-needs-running", qube.name, qube.state)
    maxmem = qube.value("maxmem")
    if device.device_class is DeviceClass.PCI and (reason := why_not_balanced(int(maxmem or 0), 1)):
        return reason
    if not runs or has_it:
        return None
    if (holder := device_holder(facts, device)) is not None:
        return Reason("device-attached", device.backend, device.ident, seen_name(facts.sees, holder.name))
    backend = facts.qubes.get(device.backend)
    return None if backend is None else why_not_offered(backend, device)


# -- several qubes ----------------------------------------------------------------------------------------------------


def always(_facts: Facts, _qube: QubeFacts) -> Reason | None:
    """Of an action that is always possible."""
    return None


def each(why_not: WhyNot) -> WhyNotAll:
    """The rule of an action that is possible for each of several qubes without the others."""

    def why_not_all(facts: Facts, names: Iterable[str]) -> Reasons:
        return ((name, why_not(facts, facts.qubes[name])) for name in names if name in facts.qubes)

    return why_not_all
