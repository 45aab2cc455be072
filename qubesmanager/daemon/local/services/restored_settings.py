# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of restored qubes: what a call would accept is taken over, the rest is left out and named.

A backup may come from anywhere, so each value passes the rule that a call for it has to pass, seen in a copy of the
state that already holds the other restored qubes.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from qubesmanager.backup.archive.contents import Device
from qubesmanager.backup.archive.contents import Qube as KeptQube
from qubesmanager.daemon.local.core import properties
from qubesmanager.daemon.local.core.property import Property
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import State
from qubesmanager.daemon.restoring.plan import (
    BY_BASE,
    DEFAULT_LABEL,
    OF_THE_MACHINE,
    assignment_mode,
    device_name,
    devices_not_asked,
)
from qubesmanager.rules.creation import why_not_based_on
from qubesmanager.rules.devices import (
    FRONTEND_DEV,
    IDENTITY,
    MODE,
    PERSISTENT,
    PLACE,
    checked_assignment,
    free_place,
    is_assigned_ident,
    why_not_balanced,
)
from qubesmanager.rules.features import copied_features
from qubesmanager.rules.network import netvm_chain, netvm_of
from qubesmanager.rules.properties import BASED, Changeable, Type
from qubesmanager.rules.sight import Sees
from qubesmanager.rules.texts import why_not_feature
from qubesmanager.wire.errors import Mgmt1Error, QubesValueError
from qubesmanager.wire.limits import DEVICES, RESTORED_FEATURE_BYTES
from qubesmanager.wire.names import CREATED_BY, FEATURE_NAME, MANAGED_BY, TAG_NAME, shown, tag_today
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import cause, error_for, refusal
from qubesmanager.wire.records import ANY_PORT, YES, DeviceRecord, flag_of
from qubesmanager.wire.values import DeviceClass, VmClass

_FIRST = ("provides_network", "template_for_dispvms")
"""Properties that the rules for other qubes look at; so they are set first."""
_ELSEWHERE = frozenset({"name", "label", "template", "netvm", "autostart", *_FIRST})
"""Properties that have a step of their own here."""


@dataclass(slots=True)
class Incoming:
    """A qube of a backup: as the backup has it, as it becomes here, and the name of its template here, if any.

    `netvm` is the netvm that the caller chose, or None for the one in the backup. `notes` say what is
    left out or different; `failed` is why the qube cannot be restored at all.
    """

    kept: KeptQube
    qube: Qube
    template: str = ""
    netvm: str | None = None
    notes: list[Field] = field(default_factory=list)
    failed: Field = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of a restore: `source` is the caller; `sees` says which existing qubes a setting may name.

    `names`: what each restored qube is called here, by its name in the backup.
    `keep_default`: a netvm that cannot be is replaced by the default, else by none. `devices`: whether the devices that
    a qube had are assigned to it again.
    """

    names: Mapping[str, str]
    source: str
    sees: Sees
    keep_default: bool = True
    devices: bool = False


async def take_settings(state: State, incoming: Iterable[Incoming], choices: Choices) -> None:
    """Fill in everything but volumes, firewall and notes; the qubes already have number, name and class.

    `state` is only read; nothing else may change it meanwhile.
    """
    settling = _Settling(state, choices)
    # Each class after those that it can be based on.
    coming = sorted(incoming, key=lambda incoming: BY_BASE.index(incoming.qube.klass))
    for step in (settling.begin, settling.properties, settling.netvm, settling.rest):
        for each in coming:
            if not each.failed:
                step(each)
            await asyncio.sleep(0)
    for each in coming:
        # They are computed again from the real state.
        each.qube.changed()
        each.qube.view.clear()


class _Settling:
    """`_state` is a copy: the qubes that exist, and those of the backup as far as they are known."""

    def __init__(self, state: State, choices: Choices) -> None:
        self._choices = choices
        self._restored = frozenset(choices.names.values())
        self._state = State(
            qubes=dict(state.qubes),
            labels=state.labels,
            pools=state.pools,
            system_own=state.system_own,
            kernels=state.kernels,
            host_memory=state.host_memory,
            firewall_note=state.firewall_note,
            by_uuid=dict(state.by_uuid),
        )

    def begin(self, incoming: Incoming) -> None:
        """Label, template, and what the rules for other qubes look at."""
        qube, kept = incoming.qube, incoming.kept
        qube.own["label"] = kept.label if kept.label in self._state.labels else DEFAULT_LABEL
        if qube.own["label"] != kept.label:
            incoming.notes.append(Reason("restore-other-label", shown(kept.label), qube.own["label"]))
        if qube.klass in BASED:
            template = self._state.qubes.get(incoming.template)
            reason = None if template is None else why_not_based_on(qube.klass, template)
            if template is None or reason:
                missing = incoming.template or kept.properties.get("template", "")
                incoming.failed = reason or Reason("restore-no-template", shown(missing))
                return
            qube.own["template"] = incoming.template
            if incoming.template != self._renamed(kept.properties.get("template", "")):
                incoming.notes.append(Reason("restore-other-template", incoming.template))
        self._state.add(qube)
        for name in _FIRST:
            self._take(incoming, name)

    def properties(self, incoming: Incoming) -> None:
        """After the features, which say what boot modes there are."""
        self._take_features(incoming)
        for name in properties.TABLE:
            if name not in _ELSEWHERE:
                self._take(incoming, name)
        self._take_autostart(incoming)
        for name, value in incoming.kept.properties.items():
            if value and name not in OF_THE_MACHINE and not self._has(incoming.qube, name):
                incoming.notes.append(Reason("restore-no-property", incoming.qube.klass, shown(name), shown(value)))

    def netvm(self, incoming: Incoming) -> None:
        """After the other properties of all qubes, so that a chain of new netvms is seen whole."""
        value = incoming.kept.properties.get("netvm")
        has_network = incoming.qube.klass in properties.TABLE["netvm"].classes
        if not has_network or (incoming.netvm is None and value is None):
            return
        name = incoming.netvm if incoming.netvm is not None else self._renamed(value or "")
        reason = self._refused(incoming, "netvm", name)
        if reason is None:
            return
        if self._choices.keep_default and not self._loops(incoming.qube):
            incoming.notes.append(Reason("restore-default-netvm", shown(name), reason))
            return
        self._set(incoming.qube, "netvm", "")
        incoming.notes.append(Reason("restore-without-netvm", reason))

    def rest(self, incoming: Incoming) -> None:
        self._take_tags(incoming)
        self._take_devices(incoming)

    # -- properties ---------------------------------------------------------------------------------------------------

    def _has(self, qube: Qube, name: str) -> bool:
        row = properties.TABLE.get(name)
        return row is not None and (qube.klass in row.classes or row.change is Changeable.NEVER)

    def _take(self, incoming: Incoming, name: str) -> None:
        value = incoming.kept.properties.get(name)
        row = properties.TABLE[name]
        if value is None or incoming.qube.klass not in row.classes or row.change is Changeable.NEVER:
            return
        if row.type is Type.VM:
            value = self._renamed(value)
        if reason := self._refused(incoming, name, value):
            incoming.notes.append(Reason("restore-default-property", name, reason))

    def _refused(self, incoming: Incoming, name: str, untrusted: str) -> Field | None:
        """Set the property, or say why a call could not set it."""
        row: Property = properties.TABLE[name]
        try:
            self._set(incoming.qube, name, row.accept(self._state, incoming.qube, untrusted, self._sees))
        except Mgmt1Error as error:
            return cause(error)
        return None

    def _set(self, qube: Qube, name: str, value: str) -> None:
        qube.own[name] = value
        self._state.property_changed(qube, name)

    def _take_autostart(self, incoming: Incoming) -> None:
        """A qube that gets PCI devices of another machine may bring this one down at each boot."""
        value = incoming.kept.properties.get("autostart")
        if value is None:
            return
        pci = any(device.device_class == DeviceClass.PCI for device in incoming.kept.devices)
        if pci and flag_of(value):
            incoming.notes.append(Reason("restore-no-autostart"))
            return
        self._take(incoming, "autostart")

    def _loops(self, qube: Qube) -> bool:
        return qube.name in netvm_chain(qube.name, netvm_of(self._state.qubes))

    def _sees(self, name: str) -> bool:
        return name in self._restored or self._choices.sees(name)

    def _renamed(self, name: str) -> str:
        """What a qube of the backup is called here: as it is restored, or as one that exists."""
        return self._choices.names.get(name, name)

    # -- features, tags, devices --------------------------------------------------------------------------------------

    def _take_features(self, incoming: Incoming) -> None:
        for name, value in copied_features(incoming.kept.features).items():
            reason = why_not_feature(value, RESTORED_FEATURE_BYTES)
            if not FEATURE_NAME.matches(name):
                reason = Reason("restore-bad-name")
            if reason:
                incoming.notes.append(Reason("restore-no-feature", shown(name), reason))
                continue
            incoming.qube.features[name] = value
            self._state.feature_changed(incoming.qube, name)

    def _take_tags(self, incoming: Incoming) -> None:
        for tag in sorted(incoming.kept.tags):
            if tag.startswith(CREATED_BY):
                continue
            name = self._tag_here(tag)
            if not TAG_NAME.matches(name):
                incoming.notes.append(Reason("restore-no-tag", shown(tag)))
                continue
            if name != tag:
                incoming.notes.append(Reason("restore-other-tag", shown(tag), name))
            incoming.qube.tags.add(name)
        incoming.qube.tags.add(f"{CREATED_BY}{self._choices.source}")

    def _tag_here(self, tag: str) -> str:
        if tag.startswith(MANAGED_BY):
            return MANAGED_BY + self._renamed(tag.removeprefix(MANAGED_BY))
        return tag_today(tag)

    def _take_devices(self, incoming: Incoming) -> None:
        devices = incoming.kept.devices
        if devices and not self._choices.devices:
            incoming.notes.append(devices_not_asked(devices))
            return
        if len(devices) > DEVICES:
            incoming.notes.append(Reason("restore-device-limit", len(devices) - DEVICES, DEVICES))
        for device in devices[:DEVICES]:
            try:
                if incoming.qube.klass is VmClass.REMOTE:
                    raise refusal("qube-is-remote", incoming.qube.name)
                incoming.qube.devices.append(self._device(incoming, device))
            except Mgmt1Error as error:
                incoming.notes.append(Reason("restore-no-device", device_name(device), cause(error)))

    def _device(self, incoming: Incoming, device: Device) -> DeviceRecord:
        """The assignment, if a call could have made it and it is no stronger than it was; raises why not."""
        qube, backend = incoming.qube, self._renamed(device.backend)
        if device.device_class not in set(DeviceClass):
            raise refusal("restore-device-class")
        klass = DeviceClass(device.device_class)
        any_port = device.ident == ANY_PORT
        ident = f"{ANY_PORT}{device.identity}" if any_port else device.ident
        if not is_assigned_ident(ident):
            raise refusal("restore-bad-name")
        if backend not in self._state.qubes or backend == qube.name or not self._sees(backend):
            raise refusal("restore-device-backend", shown(device.backend))
        mode = assignment_mode(klass, device)
        if any(other[:3] == (klass, backend, ident) for other in qube.devices):
            raise refusal("restore-device-twice")
        taken = [other.options[FRONTEND_DEV] for other in qube.devices if FRONTEND_DEV in other.options]
        identity = {} if any_port or not device.identity else {IDENTITY: device.identity}
        kept = {**device.options, MODE: mode, **identity}
        options = options_here(klass, kept, taken, any_port=any_port)
        if klass is DeviceClass.PCI and (reason := why_not_balanced(int(qube.value("maxmem") or 0), 1)):
            raise error_for(reason, QubesValueError)
        return DeviceRecord(klass, backend, ident, False, options)


def options_here(
    klass: DeviceClass, untrusted: Mapping[str, str], taken: Collection[str], *, any_port: bool = False
) -> dict[str, str]:
    """The options of a persistent assignment as a call stores them; raises where a call would.

    Those of Qubes OS are `True` and `False`. A disk is where it was, if that is valid and not among `taken`; one at
    any port has no disk name yet.
    """
    options = {name: _flag(value) for name, value in untrusted.items() if name != PERSISTENT}
    asked = options.pop(FRONTEND_DEV, "")
    checked = checked_assignment(klass, options)
    if klass is DeviceClass.BLOCK and not any_port:
        place = asked if PLACE.fullmatch(asked) and asked not in taken else free_place(taken)
        if place is None:
            raise refusal("restore-device-place")
        checked[FRONTEND_DEV] = place
    return checked


def _flag(value: str) -> str:
    """A yes or no of Qubes OS, which writes `True` and `False`, as it is written here; any other value as it is."""
    return {True: YES, False: "no", None: value}[flag_of(value)]
