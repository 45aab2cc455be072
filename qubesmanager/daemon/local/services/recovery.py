# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-mgmt1d --recover`: qubes made again from volumes that no qube has and from what these say of their qube.

A pool may come from anywhere, so every setting passes the rules of a call, as those of a backup do. Nothing of a volume
is changed, and no qube that exists.
"""

import re
import time
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from qubesmanager.backup.archive.contents import Qube as KeptQube
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import State, added
from qubesmanager.daemon.local.core.volumes import KERNEL_POOL, KINDS
from qubesmanager.daemon.local.core.weight import lighten
from qubesmanager.daemon.local.drivers.pools.base import SESSION
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.descriptions import DISPOSABLES
from qubesmanager.daemon.local.services.pools import Pools
from qubesmanager.daemon.local.services.restored_settings import Choices, Incoming, take_settings
from qubesmanager.daemon.local.store import rows
from qubesmanager.rules.creation import DEFAULT_SOURCE, why_not_based_on
from qubesmanager.rules.properties import BASED
from qubesmanager.rules.texts import why_not_notes
from qubesmanager.wire.errors import Mgmt1Error, StoragePoolException
from qubesmanager.wire.firewall import Action, Rule, parse_rule
from qubesmanager.wire.limits import RULES
from qubesmanager.wire.names import DOM0, LABEL_NAME, shown, why_not_new_vm_name
from qubesmanager.wire.reasons import field_text, text
from qubesmanager.wire.records import VolumeRecord, flag_of
from qubesmanager.wire.values import VmClass

_COLOR = re.compile(r"0x[0-9A-F]{6}", re.ASCII)
_MOST_REVISIONS = 10_000
_MOST_DISPOSABLES = 256


@dataclass(slots=True)
class Found:
    """A qube as its volumes describe it. `volumes`: the pool of each that is there. `untrusted`: the description."""

    name: str
    kept: KeptQube
    uuid: UUID
    untrusted: dict[str, Any]
    volumes: dict[str, str] = field(default_factory=dict)
    """Empty for a disposable, which its template's volumes describe."""
    why_not: str = ""


@dataclass(slots=True)
class Recovery:
    """The result for volumes without a qube: the names of the qubes that were made again, and sentences."""

    made: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    left: int = 0
    """Qubes and volumes of which nothing could be made."""

    def leave(self, sentence: str) -> None:
        self.left += 1
        self.lines.append(sentence)

    def summary(self) -> str:
        """The last line of the report."""
        names = f": {', '.join(shown(name)[1:-1] for name in self.made)}" if self.made else ""
        return f"{len(self.made)} qubes made again{names}; {self.left} things left."


async def recover(runtime: Runtime, pools: Pools, recovery: Recovery) -> None:
    """Make qubes again from the open pools. Raises `StoreError`; then no qube was made."""
    for name, why in pools.missing.items():
        recovery.leave(f"The pool {name} is missing and was not looked at: {field_text(why)}")
    coming: list[Found] = []
    for candidate in (await _described(runtime.state, pools, recovery)).values():
        candidate.why_not = _why_not(runtime.state, candidate, coming)
        if candidate.why_not:
            recovery.leave(f"{candidate.name} was not made again: {candidate.why_not}")
        else:
            coming.append(candidate)
    async with runtime.changing:
        await _make(runtime, pools, coming, recovery)


def parse(untrusted: object) -> tuple[UUID, KeptQube] | None:
    """A description as a qube of a backup; None if it cannot be parsed. Its values are not checked here."""
    if not isinstance(untrusted, dict):
        return None
    texts = [untrusted.get(key) for key in ("uuid", "name", "class", "label")]
    properties_, features, tags = (untrusted.get(key, {}) for key in ("properties", "features", "tags"))
    if not all(isinstance(text, str) for text in texts) or untrusted["class"] not in set(VmClass) - {VmClass.ADMIN}:
        return None
    if not (_is_texts(properties_) and _is_texts(features) and isinstance(tags, list | dict)):
        return None
    if not all(isinstance(tag, str) for tag in tags):
        return None
    try:
        uuid = UUID(untrusted["uuid"])
    except ValueError:
        return None
    kept = KeptQube(untrusted["name"], untrusted["class"], untrusted["label"], properties_, features, frozenset(tags))
    return uuid, kept


def _is_texts(untrusted: object) -> bool:
    return isinstance(untrusted, dict) and all(isinstance(text, str) for pair in untrusted.items() for text in pair)


async def _described(state: State, pools: Pools, recovery: Recovery) -> dict[str, Found]:
    """By name: the qubes that the volumes without a qube describe. The name is that in the volume's path."""
    volumes = {(volume.pool, volume.vid) for qube in state.qubes.values() for volume in qube.volumes.values()}
    described: dict[str, Found] = {}
    unknown: list[tuple[str, str]] = []
    sessions: dict[str, str] = {}
    for pool, driver in sorted(pools.drivers.items()):
        if pool == KERNEL_POOL:
            continue
        for vid in await driver.list_volumes():
            name, _, volume = vid.partition("/")
            if (pool, vid) in volumes:
                continue
            if await _is_session(pools, pool, vid):
                sessions[name] = pool
                continue
            untrusted = await driver.description(vid)
            parsed = parse(untrusted)
            if parsed is None or not isinstance(untrusted, dict):
                unknown.append((pool, vid))
                continue
            candidate = described.setdefault(name, Found(name, parsed[1], parsed[0], untrusted))
            kinds = {kind.name for kind in KINDS[VmClass(candidate.kept.klass)] if kind.save_on_stop}
            if candidate.uuid != parsed[0] or volume not in kinds or volume in candidate.volumes:
                recovery.leave(f"{pool}:{vid} stays as it is: it is not a volume that {name} has.")
            else:
                candidate.volumes[volume] = pool
    for pool, vid in unknown:
        name, _, volume = vid.partition("/")
        if name in described and volume in _kept(described[name]) and volume not in described[name].volumes:
            described[name].volumes[volume] = pool
        else:
            recovery.leave(f"{pool}:{vid} stays as it is: it does not say what qube it was of.")
    described = {name: candidate for name, candidate in described.items() if candidate.volumes}
    for template in [*(await held_templates(state, pools)), *described.values()]:
        for disposable in disposables_of(template):
            if disposable.uuid not in state.by_uuid:
                described.setdefault(disposable.name, disposable)
    for name in sorted(sessions.keys() - described.keys() - state.qubes.keys()):
        recovery.leave(
            f"{name} was not made again: it was a disposable that goes when it halts, or its template does not describe"
            f" it. What its last session left stays in the pool {sessions[name]}."
        )
    return described


async def held_templates(state: State, pools: Pools) -> list[Found]:
    """The disposables that are described with the volumes of their templates, for templates that the store has."""
    templates = []
    for qube in state.in_order():
        for volume in qube.volumes.values():
            if not volume.save_on_stop or volume.extra or not qube.flag("template_for_dispvms"):
                continue
            if volume.pool not in pools.drivers:
                continue
            try:
                untrusted = await pools.drivers[volume.pool].description(volume.vid)
            except StoragePoolException:
                continue  # damaged: it describes nothing
            parsed = parse(untrusted)
            if parsed is not None and parsed[0] == qube.uuid and isinstance(untrusted, dict):
                templates.append(Found(qube.name, parsed[1], parsed[0], untrusted))
    return templates


def disposables_of(template: Found) -> list[Found]:
    """The disposables that the volumes of their template describe; what makes no sense is left out."""
    untrusted_list = template.untrusted.get(DISPOSABLES)
    if not isinstance(untrusted_list, list):
        return []
    disposables = []
    for untrusted in untrusted_list[:_MOST_DISPOSABLES]:
        parsed = parse(untrusted)
        if parsed is not None and parsed[1].klass == VmClass.DISP:
            # The description may be older than the name of the template.
            kept = replace(parsed[1], properties={**parsed[1].properties, "template": template.name})
            disposables.append(Found(kept.name, kept, parsed[0], untrusted))
    return disposables


def _kept(candidate: Found) -> set[str]:
    return {kind.name for kind in KINDS[VmClass(candidate.kept.klass)] if kind.save_on_stop}


async def _is_session(pools: Pools, pool: str, vid: str) -> bool:
    try:
        return await pools.driver(pool).identity(vid) == SESSION
    except StoragePoolException:
        return False  # damaged: its qube is made again, with this problem


def _why_not(state: State, candidate: Found, coming: list[Found]) -> str:
    if reason := why_not_new_vm_name(candidate.name):
        return text(reason)
    if candidate.name in state.qubes:
        return "There is a qube of that name; rename that first, or attach the volumes to a qube."
    if (same := state.by_uuid.get(candidate.uuid)) is not None:
        return f"It is the qube {same.name}, which the store has; remove that first if its volumes are gone."
    if any(candidate.uuid == other.uuid for other in coming):
        return "It is a copy of another one of these qubes."
    return ""


async def _make(runtime: Runtime, pools: Pools, coming: list[Found], recovery: Recovery) -> None:
    """Make all of the qubes in one transaction. Under `changing`."""
    colors = {
        candidate.kept.label: str(candidate.untrusted.get("color"))
        for candidate in coming
        if LABEL_NAME.matches(candidate.kept.label)
        and candidate.kept.label not in runtime.state.labels
        and _COLOR.fullmatch(str(candidate.untrusted.get("color")))
    }
    runtime.state.labels.update(colors)
    first = await runtime.next_qid()
    names = {candidate.name: candidate for candidate in coming}
    incoming = {
        candidate.name: Incoming(
            candidate.kept,
            Qube(first + at, candidate.uuid, candidate.name, VmClass(candidate.kept.klass)),
            _template(runtime.state, names, candidate),
        )
        for at, candidate in enumerate(coming)
    }
    choices = Choices({name: name for name in names}, DOM0, sees=lambda _name: True)
    await take_settings(runtime.state, incoming.values(), choices)
    made = [candidate for candidate in coming if not incoming[candidate.name].failed]
    for candidate in coming:
        if failed := incoming[candidate.name].failed:
            recovery.leave(f"{candidate.name} was not made again: {field_text(failed)}")
    for candidate in made:
        coming_in = incoming[candidate.name]
        coming_in.notes += _rules_and_notes(candidate, coming_in.qube)
        coming_in.notes += lighten(coming_in.qube)
        await _volumes(runtime.state, pools, candidate, coming_in)
    qubes = [incoming[candidate.name].qube for candidate in made]
    for qube in qubes:
        _layers(runtime.state, qube, {other.name: other for other in qubes})
    try:
        await runtime.commit(
            [
                *(rows.set_label(name, color) for name, color in colors.items()),
                *(statement for qube in qubes for statement in rows.insert_qube(qube)),
                # It may run, or may have left a session's volumes: the next start of the daemon sees to that.
                *(rows.set_times(qube.qid, int(time.time()), None) for qube in qubes),
            ]
        )
    except Mgmt1Error:
        for name in colors:
            del runtime.state.labels[name]
        raise
    runtime.state.load(qubes)
    runtime.emit([added(qube) for qube in qubes])
    recovery.made += [qube.name for qube in qubes]
    recovery.lines += [
        " ".join([f"{candidate.name} is a qube again.", *map(field_text, incoming[candidate.name].notes)])
        for candidate in made
    ]


def _template(state: State, names: dict[str, Found], candidate: Found) -> str:
    """The described template, if it is there or coming; else the system's default; empty if the class has none."""
    klass = VmClass(candidate.kept.klass)
    if klass not in BASED:
        return ""
    name = candidate.kept.properties.get("template", "")
    present = state.qubes.get(name)
    if present is not None and why_not_based_on(klass, present) is None:
        return name
    other = names.get(name)
    if other is not None and (
        other.kept.klass == VmClass.TEMPLATE
        if klass is VmClass.APP
        else flag_of(other.kept.properties.get("template_for_dispvms", "")) is True
    ):
        return name
    return state.system(DEFAULT_SOURCE[klass]) or name


def _rules_and_notes(candidate: Found, qube: Qube) -> list[str]:
    """Take over what a call may set; a list of rules that cannot be read whole lets nothing pass."""
    said = []
    untrusted_rules = candidate.untrusted.get("rules", [])
    try:
        rules = [parse_rule(text) for text in untrusted_rules[: RULES + 1]]
        if len(rules) > RULES:
            rules = [*rules[: RULES - 1], Rule(Action.DROP)]
            said.append(f"Its firewall has more than {RULES} rules; all after these is dropped.")
    except (Mgmt1Error, TypeError, AttributeError):
        rules = [Rule(Action.DROP)]
        said.append("Its firewall rules cannot be read, so nothing passes.")
    qube.rules = [(f"r{at}", str(rule)) for at, rule in enumerate(rules, 1)]
    notes = candidate.untrusted.get("notes", "")
    if not isinstance(notes, str):
        said.append("Its notes are left out: they are not text.")
    elif reason := why_not_notes(notes):
        said.append(f"Its notes are left out: {text(reason)}")
    else:
        qube.notes = notes
    return said


async def _volumes(state: State, pools: Pools, candidate: Found, coming: Incoming) -> None:
    """The records of its volumes. A missing one becomes a problem of the qube."""
    revisions = candidate.untrusted.get("revisions")
    for kind in KINDS[coming.qube.klass]:
        otherwise = next(iter(candidate.volumes.values()), state.system("default_pool"))
        pool = candidate.volumes.get(kind.name, otherwise)
        volume = kind.record(candidate.name, pool)
        if kind.save_on_stop and kind.name in candidate.volumes:
            volume = await measured(pools, volume)
        elif kind.save_on_stop:
            coming.notes.append(f"Its volume {kind.name} is not there.")
        number = revisions.get(kind.name) if isinstance(revisions, dict) else None
        if kind.save_on_stop and type(number) is int and -1 <= number <= _MOST_REVISIONS:
            volume = volume._replace(revisions_to_keep=number)
        coming.qube.volumes[kind.name] = volume


async def measured(pools: Pools, volume: VolumeRecord) -> VolumeRecord:
    try:
        return volume._replace(size=await pools.driver(volume.pool).size(volume.vid))
    except StoragePoolException:
        return volume


def _layers(state: State, qube: Qube, coming: dict[str, Qube]) -> None:
    """A layer lies in the pool of what it is made on, and has its size."""
    for kind in KINDS[qube.klass]:
        below: Qube | None = qube
        while kind.layer and below is not None and below.klass in BASED:
            name = below.own.get("template", "")
            below = coming.get(name) or state.qubes.get(name)
            source = below.volumes.get(kind.layer) if below is not None else None
            if source is not None and source.save_on_stop:
                qube.volumes[kind.name] = qube.volumes[kind.name]._replace(pool=source.pool, size=source.size)
                break
