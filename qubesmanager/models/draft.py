# SPDX-License-Identifier: GPL-3.0-or-later
"""The unsent edits of one qube over its current record; changes by other clients are merged in.

The values of edits are those of `plans/settings.py`, which makes the calls of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PyQt5.QtCore import QObject, pyqtSignal

from qubesmanager.plans.devices import key_device, text_options
from qubesmanager.plans.plan import DEVICE, FEATURE, PROPERTY, RULES, TAG, VOLUME, Key, Step
from qubesmanager.plans.properties import default_of
from qubesmanager.plans.settings import NOTES_KEY, RULES_KEY, edit_steps, present_value, rule_steps
from qubesmanager.rules.devices import PERSISTENT
from qubesmanager.rules.edits import DEVICES, Change, problems, warnings
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.properties import PROPERTIES, READ_ONLY, Type
from qubesmanager.wire.codecs import RuleRow
from qubesmanager.wire.firewall import read_rule
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import YES, DeviceRecord, PropertyValue, VmRecord


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
        self.durations: dict[int, int] = {}
        """Seconds that a new rule is to hold, by the expiry that it has in the edits; they count from the sending."""

    # -- reading ------------------------------------------------------------------------------------------------------

    def base(self, key: Key) -> str | None:
        """The value as the daemon has it; a property at its default counts as None."""
        return present_value(self.record, key)

    def value(self, key: Key) -> str | None:
        """The value as it would be after applying."""
        return self._edits[key] if key in self._edits else self.base(key)

    def default(self, facts: Facts, prop: str) -> str | None:
        """What a property would be at its default; None where only the daemon can compute it."""
        value = default_of(facts, self.record, prop)
        row = PROPERTIES.get(prop)
        return value if value or (row is not None and row.type is Type.VM) else None

    def before(self, prop: str) -> tuple[str, bool]:
        """A property without the edit: its text, and whether that is the default."""
        stored = self.record.properties.get(prop)
        return ("", False) if stored is None else (stored.value, stored.is_default)

    def shown(self, prop: str) -> str:
        """The text of a property: the edit, or what is now. A reset shows what is known of the default."""
        current = self.value((PROPERTY, prop))
        return self.record.value(prop) if current is None else current

    def is_edited(self, key: Key) -> bool:
        return self._rule_edits is not None if key[0] == RULES else key in self._edits

    def edited(self, kind: str) -> list[str]:
        """The names of that kind that are edited."""
        return [name for of, name in self._edits if of == kind]

    def edited_keys(self) -> list[Key]:
        """All that is edited but the rules, in the order of the edits."""
        return list(self._edits)

    def rule_texts(self) -> tuple[str, ...]:
        """The firewall rules in order, as they would be."""
        return tuple(row.rule for row in self.rules) if self._rule_edits is None else self._rule_edits

    @property
    def dirty(self) -> bool:
        return bool(self._edits) or self._rule_edits is not None

    # -- editing ------------------------------------------------------------------------------------------------------

    def edit(self, key: Key, value: str | None) -> None:
        """Edit a value. An edit to the value that is there already is removed; the default's value is another one."""
        if self.put(key, value):
            self.changed.emit()

    def put(self, key: Key, value: str | None) -> bool:
        """Edit a value without a signal. Whether the edits are different now."""
        before = self._edits.get(key, _MISSING)
        if value == self.base(key):
            self._edits.pop(key, None)
            self.conflicts.discard(key)
        else:
            self._edits[key] = value
            self.merged.pop(key, None)
        return self._edits.get(key, _MISSING) != before

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

    def expiry(self, seconds: int, now: float) -> int:
        """An expiry for a rule that is to hold for so many seconds from when it is sent, not from now."""
        expire = int(now) + seconds
        while self.durations.get(expire, seconds) != seconds:
            expire += 1
        self.durations[expire] = seconds
        return expire

    def start_clocks(self, steps: Sequence[Step], now: float) -> list[Step]:
        """The steps as they are sent: rules that hold for a while do so from now on. The edits say the same then."""
        times = {expire: int(now) + seconds for expire, seconds in self.durations.items()}
        if self._rule_edits is not None:
            self._rule_edits = tuple(_with_expiry(rule, times) for rule in self._rule_edits)
        self.durations = {times[expire]: seconds for expire, seconds in self.durations.items()}
        return [
            replace(
                step, request=replace(step.request, payload=_with_expiry(step.request.payload.decode(), times).encode())
            )
            if step.key == RULES_KEY and isinstance(step.request.payload, bytes) and step.request.payload
            else step
            for step in steps
        ]

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
        before = {key: self.base(key) for key in (*_differing(self.record, record), *self._edits)}
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
        """The shown text of the present value, without the edit."""
        return self.record.value(key[1]) if key[0] == PROPERTY else self.base(key) or ""

    def merge_rules(self, rules: Sequence[RuleRow]) -> None:
        current = tuple(rules)
        if self._rules_known and current != self.rules:
            if self._rule_edits == tuple(row.rule for row in current):
                self._rule_edits = None
                self.durations.clear()
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
        """The edits as a change. A property that is reset keeps its value: only the daemon knows the default."""
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
        return Change(self.record, self.record.updated(properties=after, devices=devices), frozenset(edited), facts)

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
        """The calls that apply the edits, in an order in which each is possible: firewall rules first."""
        edits = edit_steps(self.record, self._edits)
        if self._rule_edits is None:
            return edits
        return [*rule_steps(self.record.name, self.rules, self._rule_edits), *edits]


def _with_expiry(rule: str, times: Mapping[int, int]) -> str:
    """The text of a rule with another expiry, if `times` has one for its own."""
    parsed = read_rule(rule)
    expire = times.get(parsed.expire) if parsed.expire is not None else None
    return rule if expire is None else str(replace(parsed, expire=expire))


def _is_grown(key: Key, size: str | None, now: str | None) -> bool:
    """A pool may round a size up."""
    return key[0] == VOLUME and (now is None or (size is not None and int(now) >= int(size)))


def _differing(before: VmRecord, after: VmRecord) -> list[Key]:
    """What could be edited and is not the same, but for rules and devices, which come and go by themselves.

    Parts that are the same are not looked at: a window over a thousand qubes asks for each event.
    """
    keys: list[Key] = []
    for kind, old, new in (
        (PROPERTY, before.properties, after.properties),
        (FEATURE, before.features, after.features),
    ):
        if old != new:
            keys += [(kind, name) for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]
    keys += [(TAG, name) for name in sorted(before.tags ^ after.tags)]
    if before.volumes != after.volumes:
        volumes = (*before.volumes, *after.volumes)
        keys += [(VOLUME, name) for name in dict.fromkeys(each.name for each in volumes if each.save_on_stop)]
    if before.notes != after.notes:
        keys.append(NOTES_KEY)
    return [key for key in keys if key[0] != PROPERTY or key[1] not in READ_ONLY]


_MISSING = object()
