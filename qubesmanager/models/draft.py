# SPDX-License-Identifier: GPL-3.0-or-later
"""The unsent edits of one qube over its current record; changes by other clients are merged in.

A value of None means: back to the default (property), not there (feature, tag), not given at each start (device). The
value of a volume is its size, that of a device the options it is given with (`read-only=yes no-strict-reset=yes`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

from PyQt5.QtCore import QObject, pyqtSignal

from qubesmanager.plans.plan import Key, Step
from qubesmanager.plans.properties import property_request
from qubesmanager.rules.devices import AT_ANY_PORT, FRONTEND_DEV, IDENTITY, MODE, PERSISTENT
from qubesmanager.rules.edits import DEVICES, Change, problems, warnings
from qubesmanager.rules.facts import Facts, whole_number
from qubesmanager.rules.properties import READ_ONLY
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import DeviceId, RuleRow
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import YES, DeviceRecord, PropertyValue, VmRecord
from qubesmanager.wire.values import DeviceClass, usual_mode

PROPERTY, FEATURE, TAG, RULES, NOTES, VOLUME, DEVICE = (
    "property", "feature", "tag", "rules", "notes", "volume", "device",
)  # fmt: skip
RULES_KEY: Key = (RULES, "")
NOTES_KEY: Key = (NOTES, "")


def device_key(device_class: DeviceClass, backend: str, ident: str) -> Key:
    """The key of an assignment; `key_device` takes it apart."""
    return DEVICE, f"{device_class} {backend}+{ident}"


def key_device(key: Key) -> tuple[DeviceClass, str, str]:
    """Class, backend and ident of a key of an assignment."""
    device_class, _, place = key[1].partition(" ")
    backend, _, ident = place.partition("+")
    return DeviceClass(device_class), backend, ident


def options_text(options: Mapping[str, str]) -> str:
    """What a person chooses of a device's options, in one order; its place in the guest is the daemon's to choose."""
    return " ".join(
        f"{name}={value}" for name, value in sorted(options.items()) if name not in {PERSISTENT, FRONTEND_DEV}
    )


def text_options(text: str) -> dict[str, str]:
    """The options of a text as `options_text` gives it."""
    return {name: value for word in text.split() for name, _, value in [word.partition("=")]}


def _without_mode(options: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in options.items() if name != MODE}


class Draft(QObject):
    """Signals: `changed()` after an edit, after a merge, after a discard."""

    changed = pyqtSignal()

    def __init__(self, record: VmRecord, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.record = record
        self.rules: tuple[RuleRow, ...] = ()
        self.conflicts: set[Key] = set()
        """Keys edited here and changed by another client meanwhile: the user must choose."""
        self.merged: dict[Key, str] = {}
        """What other clients changed since the draft was opened, with the value shown before."""
        self.sending = False
        """While the edits are sent, what changes is what was sent."""
        self._edits: dict[Key, str | None] = {}
        self._rule_edits: tuple[str, ...] | None = None
        self._rules_known = False

    # -- reading ------------------------------------------------------------------------------------------------------

    def base(self, key: Key) -> str | None:
        """The value as the daemon has it; a default property counts as None."""
        kind, name = key
        if kind == PROPERTY:
            stored = self.record.properties.get(name)
            return None if stored is None or stored.is_default else stored.value
        if kind == FEATURE:
            return self.record.features.get(name)
        if kind == TAG:
            return "" if name in self.record.tags else None
        if kind == VOLUME:
            return next((str(volume.size) for volume in self.record.volumes if volume.name == name), None)
        if kind == DEVICE:
            device = self.device(key)
            return options_text(device.options) if device is not None and device.persistent else None
        return self.record.notes

    def device(self, key: Key) -> DeviceRecord | None:
        """What the qube has, or gets at each start, of a device now."""
        device = key_device(key)
        return next((assignment for assignment in self.record.devices if assignment[:3] == device), None)

    def value(self, key: Key) -> str | None:
        """The value as it would be after applying."""
        return self._edits[key] if key in self._edits else self.base(key)

    def _default(self, key: Key) -> str | None:
        """What a property that is at its default is now."""
        stored = self.record.properties.get(key[1])
        return stored.value if stored and stored.is_default else None

    def shown(self, prop: str) -> str:
        """The text of a property: the edit, or what is now. A reset shows what is known of the default."""
        current = self.value((PROPERTY, prop))
        return self.record.value(prop) if current is None else current

    def is_edited(self, key: Key) -> bool:
        return self._rule_edits is not None if key[0] == RULES else key in self._edits

    def edited(self, kind: str) -> list[str]:
        """The names of that kind that are edited."""
        return [name for of, name in self._edits if of == kind]

    def rule_texts(self) -> tuple[str, ...]:
        """The firewall rules in order, as they would be."""
        return tuple(row.rule for row in self.rules) if self._rule_edits is None else self._rule_edits

    @property
    def dirty(self) -> bool:
        return bool(self._edits) or self._rule_edits is not None

    # -- editing ------------------------------------------------------------------------------------------------------

    def edit(self, key: Key, value: str | None) -> None:
        """An edit that says what is there already is none."""
        before = self._edits.get(key, _MISSING)
        if value == self.base(key) or (self.base(key) is None and key[0] == PROPERTY and value == self._default(key)):
            self._edits.pop(key, None)
            self.conflicts.discard(key)
        else:
            self._edits[key] = value
            self.merged.pop(key, None)
        if self._edits.get(key, _MISSING) != before:
            self.changed.emit()

    def revert(self, key: Key) -> None:
        """Take an edit back; the field is as the daemon has it."""
        if key in self._edits:
            del self._edits[key]
            self.conflicts.discard(key)
            self.changed.emit()

    def edit_rules(self, rules: Sequence[str]) -> None:
        new_rules = tuple(rules)
        self._rule_edits = None if new_rules == tuple(row.rule for row in self.rules) else new_rules
        self.changed.emit()

    def discard(self) -> None:
        self._edits.clear()
        self._rule_edits = None
        self.conflicts.clear()
        self.changed.emit()

    def keep_mine(self) -> None:
        """Keep the edits made here over the changes of other clients."""
        self.conflicts.clear()
        self.changed.emit()

    def take_theirs(self) -> None:
        """Take the changes of other clients over the edits made here."""
        for key in self.conflicts:
            self._edits.pop(key, None)
            if key[0] == RULES:
                self._rule_edits = None
        self.conflicts.clear()
        self.changed.emit()

    def seen(self) -> None:
        """Remove the marks of merged changes."""
        if self.merged:
            self.merged.clear()
            self.changed.emit()

    # -- updates ------------------------------------------------------------------------------------------------------

    def merge(self, record: VmRecord) -> None:
        """Take the qube's new record. An edit that equals it is dropped; an edit of a changed value is a conflict."""
        before = {key: self.base(key) for key in (*_keys(self.record), *_keys(record), *self._edits)}
        texts = {key: self.theirs(key) for key in before}
        self.record = record
        for key, was in before.items():
            now = self.base(key)
            if key in self._edits and (now == self._edits[key] or _is_grown(key, self._edits[key], now)):
                del self._edits[key]
                self.conflicts.discard(key)
            elif now != was and not self.sending:
                if key in self._edits:
                    self.conflicts.add(key)
                elif key[0] != VOLUME or (was and now):
                    self.merged.setdefault(key, texts[key])
        self.changed.emit()

    def theirs(self, key: Key) -> str:
        """What is there now without the edit, as it is shown."""
        return self.record.value(key[1]) if key[0] == PROPERTY else self.base(key) or ""

    def merge_rules(self, rules: Sequence[RuleRow]) -> None:
        current = tuple(rules)
        if self._rules_known and current != self.rules:
            if self._rule_edits == tuple(row.rule for row in current):
                self._rule_edits = None
                self.conflicts.discard(RULES_KEY)
            elif self._rule_edits is not None and not self.sending:
                self.conflicts.add(RULES_KEY)
            elif self._rule_edits is None:
                self.merged.setdefault(RULES_KEY, "")
        self.rules = current
        self._rules_known = True
        self.changed.emit()

    # -- checking -----------------------------------------------------------------------------------------------------

    def problems(self, facts: Facts) -> dict[str, Reason]:
        """What the daemon would refuse of the edited properties, by their names."""
        return problems(self._change(facts))

    def warnings(self, facts: Facts) -> dict[str, Reason]:
        """Warnings about the edits, which do not keep them from being sent."""
        return warnings(self._change(facts))

    def _change(self, facts: Facts) -> Change:
        """A property that goes back to its default is as it is now: what that would be is the daemon's to say."""
        after = dict(self.record.properties)
        edited = set()
        for (kind, name), value in self._edits.items():
            if kind == PROPERTY and name in after:
                after[name] = PropertyValue(after[name].value if value is None else value, value is None)
                if value is not None:
                    edited.add(name)
        devices = self._devices_after()
        if devices != self.record.devices:
            edited.add(DEVICES)
        return Change(self.record, replace(self.record, properties=after, devices=devices), frozenset(edited), facts)

    def _devices_after(self) -> tuple[DeviceRecord, ...]:
        edits = {key_device(key): value for key, value in self._edits.items() if key[0] == DEVICE}
        devices = [device for device in self.record.devices if device[:3] not in edits]
        return (
            *devices,
            *(
                DeviceRecord(*place, attached=False, options={PERSISTENT: YES, **text_options(value)})
                for place, value in edits.items()
                if value is not None
            ),
        )

    # -- sending ------------------------------------------------------------------------------------------------------

    def steps(self) -> list[Step]:
        """The calls that make the edits true, in an order in which each is possible.

        The new name comes last: what comes before still speaks of the old one. A maximum that grows makes room for the
        memory; one that shrinks comes after it.
        """
        name = self.record.name
        steps = [
            step
            for key in sorted(self._edits, key=self._place)
            for step in (
                self._device_steps(name, key, self._edits[key])
                if key[0] == DEVICE
                else [self._step(name, key, self._edits[key])]
            )
        ]
        return [*self._rule_steps(name), *steps]

    def _place(self, key: Key) -> int:
        if key == (PROPERTY, "maxmem"):
            texts = self._edits[key] or "", self.base(key) or ""
            new_size, present = (whole_number(text) for text in texts)
            return 0 if not new_size or (present and new_size > present) else 2
        return 3 if key == (PROPERTY, "name") else 1

    def _step(self, name: str, key: Key, value: str | None) -> Step:
        if key[0] == VOLUME:
            return Step(key, calls.VM_VOLUME_EXTEND(name, key[1], int(value or 0)))
        opposite = None if key == (PROPERTY, "name") else _request(name, key, self.base(key))
        return Step(key, _request(name, key, value), opposite)

    def _device_steps(self, name: str, key: Key, value: str | None) -> list[Step]:
        """Options can be added while the qube does not have the device; otherwise it is taken away and given again."""
        device_class, backend, ident = key_device(key)
        place, assignment = DeviceId(backend, ident), self.device(key)
        identity = {IDENTITY: assignment.identity} if assignment is not None and assignment.any_port else {}
        if identity:
            place = DeviceId(backend, AT_ANY_PORT)
        unassign = Step(key, calls.VM_DEVICE_UNASSIGN.of(device_class)(name, place, identity))
        detach = Step(key, calls.VM_DEVICE_DETACH.of(device_class)(name, place))
        if value is None:
            return [unassign if identity else detach]
        before = text_options(options_text(assignment.options)) if assignment and assignment.persistent else None
        after = text_options(value)
        if before is not None and _without_mode(before) == _without_mode(after):
            mode = {MODE: after.get(MODE, usual_mode(device_class)), **identity}
            return [Step(key, calls.VM_DEVICE_SET_ASSIGNMENT.of(device_class)(name, place, mode))]
        if {MODE, IDENTITY} & {*after, *(before or {})}:
            seat = assignment.options.get(FRONTEND_DEV) if assignment is not None and not identity else None
            options = {**after, **({FRONTEND_DEV: seat} if seat else {})}
            assign = Step(key, calls.VM_DEVICE_ASSIGN.of(device_class)(name, place, options))
            return [assign] if before is None else [unassign, assign]
        options = {PERSISTENT: YES, **after}
        if assignment is not None and FRONTEND_DEV in assignment.options:
            options[FRONTEND_DEV] = assignment.options[FRONTEND_DEV]
        attach = Step(key, calls.VM_DEVICE_ATTACH.of(device_class)(name, place, options))
        if assignment is None or not assignment.persistent:
            return [attach]
        return (
            [attach] if not assignment.attached and assignment.options.items() <= options.items() else [detach, attach]
        )

    def _rule_steps(self, name: str) -> list[Step]:
        """From the end of the list to its begin, so that positions hold; what is new comes before what goes."""
        if self._rule_edits is None:
            return []
        before, after = [row.rule for row in self.rules], list(self._rule_edits)
        back = calls.VM_FIREWALL_REPLACE(name, payload=before)
        steps: list[Step] = []
        for tag, start, end, first, last in reversed(SequenceMatcher(None, before, after, False).get_opcodes()):
            if tag == "equal":
                continue
            steps += [
                Step(RULES_KEY, calls.VM_FIREWALL_INSERT_RULE(name, end, rule), back)
                for rule in reversed(after[first:last])
            ]
            steps += [
                Step(RULES_KEY, calls.VM_FIREWALL_REMOVE_RULE(name, row.rule_id), back) for row in self.rules[start:end]
            ]
        return steps


def _request(name: str, key: Key, value: str | None) -> Request[Any]:
    """The call that gives a property, feature, tag or the notes a value; None: the default, or none."""
    kind, what = key
    if kind == PROPERTY:
        return property_request(name, what, value)
    if kind == FEATURE:
        return calls.VM_FEATURE_REMOVE(name, what) if value is None else calls.VM_FEATURE_SET(name, what, value)
    if kind == TAG:
        return calls.VM_TAG_REMOVE(name, what) if value is None else calls.VM_TAG_SET(name, what)
    return calls.VM_NOTES_SET(name, payload=value or "")


def _is_grown(key: Key, size: str | None, now: str | None) -> bool:
    """A pool may round a size up."""
    return key[0] == VOLUME and (now is None or (size is not None and int(now) >= int(size)))


def _keys(record: VmRecord) -> list[Key]:
    """All that could be edited of a qube, but for its rules and its devices, which come and go by themselves."""
    return [
        *((PROPERTY, name) for name in record.properties if name not in READ_ONLY),
        *((FEATURE, name) for name in record.features),
        *((TAG, name) for name in record.tags),
        *((VOLUME, volume.name) for volume in record.volumes if volume.save_on_stop),
        NOTES_KEY,
    ]


_MISSING = object()
