# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the order of answers and events, the mirror and a client of it have in the end what qubesd has.

Each call waits for a random number of turns of the loop before qubesd answers it, and so does its answer before it
arrives. Events arrive in their order, each also after a random number of turns.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import aclosing

import pytest
from mirror_listener import Listener, truth
from qubesd_model import Faulty, Model, Value
from until import error_of, until

from qubesmanager.daemon.bridge.channel import AT_ONCE, Channel
from qubesmanager.daemon.bridge.mirror import Mirror
from qubesmanager.transport.base import Answer, Payload
from qubesmanager.wire.records import VmRecord

pytestmark = pytest.mark.whole

LONGEST = 6
"""Turns of the loop that an answer or an event may take."""


class Slow:
    """A transport to a qubesd whose answers and events take a random time on the way.

    `silent`: the share of the answers that are lost, so that there are no bytes.
    """

    url = "slow:"

    def __init__(self, qubesd: Faulty, chosen: random.Random, silent: float) -> None:
        self._qubesd = qubesd
        self._random = chosen
        self.silent = silent

    async def pause(self, longest: int = LONGEST) -> None:
        for _ in range(self._random.randrange(longest + 1)):
            await asyncio.sleep(0)

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        await self.pause()
        pieces = []
        async with aclosing(self._qubesd.exchange(service, argument, dest, payload)) as answer:
            if service != "admin.Events":
                pieces = [piece async for piece in answer]
                await self.pause()
                if self._random.random() < self.silent:
                    return
            else:
                async for piece in answer:
                    await self.pause()
                    yield piece
        for piece in pieces:
            yield piece


# -- what happens at qubesd -------------------------------------------------------------------------------------------

NAMES = ("app-0000", "app-0000", "sys-net", "fedora-41", "new", "disp1")
Change = Callable[[Model, str, int], None]


def _set_property(model: Model, name: str, number: int) -> None:
    model.set_property(name, "memory", str(number))


def _reset_property(model: Model, name: str, number: int) -> None:
    """Of a template, this changes those based on it without an event of theirs."""
    affected = [name]
    for each in model.qubes.values():
        template, memory = each.properties.get("template"), each.properties.get("memory")
        if template is not None and template.text == name and memory is not None and memory.is_default:
            affected.append(each.name)
    for each_name in affected:
        model.qubes[each_name].properties["memory"] = Value("int", str(number))
    model.event(name, "property-reset:memory", "name", "memory", "oldvalue", "1")


def _default_netvm(model: Model, _name: str, number: int) -> None:
    model.set_default_netvm("sys-net" if number % 2 else "sys-firewall")


def _timeout_of_system(model: Model, _name: str, number: int) -> None:
    """Only the event of the system."""
    for qube in model.qubes.values():
        if (value := qube.properties.get("qrexec_timeout")) is not None and value.is_default:
            value.text = str(number)
    model.event("", "property-set:default_qrexec_timeout", "name", "default_qrexec_timeout", "newvalue", str(number))


def _set_feature(model: Model, name: str, number: int) -> None:
    feature = f"f{number % 2}"
    model.qubes[name].features[feature] = str(number)
    model.event(name, f"domain-feature-set:{feature}", "feature", feature, "value", str(number))


def _delete_feature(model: Model, name: str, number: int) -> None:
    feature = f"f{number % 2}"
    if model.qubes[name].features.pop(feature, None) is not None:
        model.event(name, f"domain-feature-delete:{feature}", "feature", feature)


def _add_tag(model: Model, name: str, number: int) -> None:
    tag = f"t{number % 2}"
    if tag not in model.qubes[name].tags:
        model.qubes[name].tags.add(tag)
        model.event(name, f"domain-tag-add:{tag}", "tag", tag)


def _delete_tag(model: Model, name: str, number: int) -> None:
    tag = f"t{number % 2}"
    if tag in model.qubes[name].tags:
        model.qubes[name].tags.remove(tag)
        model.event(name, f"domain-tag-delete:{tag}", "tag", tag)


def _assign(model: Model, name: str, number: int) -> None:
    row = "device_id='*' port_id='sdb1' devclass='block' backend_domain='sys-net' mode='auto-attach'"
    model.qubes[name].devices["Assigned block"] = [f"sys-net+sdb1:* {row}"] * (number % 2)
    word = "assign" if number % 2 else "unassign"
    model.event(name, f"device-{word}:block", "device", "sys-net:sdb1:*")


def _start(model: Model, name: str, _number: int) -> None:
    model.set_state(name, "Running", "domain-pre-start", "domain-start")


def _stop(model: Model, name: str, _number: int) -> None:
    """Of a template, this makes those based on it outdated."""
    for each in model.qubes.values():
        template = each.properties.get("template")
        if template is not None and template.text == name and "root" in each.volumes:
            each.volumes["root"]["is_outdated"] = "True"
    model.set_state(name, "Halted", "domain-stopped", "domain-shutdown")


def _add(model: Model, name: str, number: int) -> None:
    """A qube that comes back under its name may be of another class, and is another qube."""
    if name in model.qubes:
        _remove(model, name, number)
    klass = ("AppVM", "StandaloneVM", "TemplateVM")[number % 3]
    model.add(name, klass).features["f0"] = str(number)
    model.event("", "domain-add", "vm", name)
    model.event(name, "domain-create-on-disk")


def _remove(model: Model, name: str, _number: int) -> None:
    model.event("", "domain-pre-delete", "vm", name)
    del model.qubes[name]
    model.event("", "domain-delete", "vm", name)


def _rename(model: Model, name: str, number: int) -> None:
    """As Qubes Manager does it: a copy, and the old one is removed."""
    _add(model, f"{name}-{number % 2}", number)
    _remove(model, name, number)


def _keep_ready(model: Model, name: str, number: int) -> None:
    if "is_preload" not in model.qubes[name].properties:
        if name in {"disp1", "new"}:
            _remove(model, name, number)
            model.add(name, "DispVM").properties["is_preload"] = Value("bool", "True", is_default=False)
            model.event("", "domain-add", "vm", name)
        return
    model.set_property(name, "is_preload", "True" if number % 2 else "False")


CHANGES: tuple[Change, ...] = (
    _set_property,
    _reset_property,
    _default_netvm,
    _timeout_of_system,
    _set_feature,
    _delete_feature,
    _add_tag,
    _delete_tag,
    _assign,
    _start,
    _stop,
    _add,
    _remove,
    _rename,
    _keep_ready,
)
OF_UNUSED = (_add, _remove, _rename, _keep_ready)
"""Changes that are not made to qubes that others use."""
BREAKING = 0.3
"""The share of runs in which the connection breaks: all is read again then, which would hide what is missed."""
LOST = 0.3
"""The share of events that are lost, where some are."""
USED = ("sys-net", "fedora-41")


def _flat(record: VmRecord) -> dict[str, object]:
    """Each thing of a record by its name."""
    parts = (record.properties, record.features, {volume.name: volume for volume in record.volumes})
    rest: dict[str, object] = {
        "class": record.klass,
        "state": record.state,
        "tags": record.tags,
        "devices": record.devices,
        "notes": record.notes,
    }
    return rest | {key: value for part in parts for key, value in part.items()}


def _differences(records: Mapping[str, VmRecord], expected: Mapping[str, VmRecord]) -> list[str]:
    """What is not as expected."""
    differences = [f"{name} is there: {name in records}" for name in records.keys() ^ expected.keys()]
    for name in records.keys() & expected.keys():
        own, right = _flat(records[name]), _flat(expected[name])
        differing = [key for key in own.keys() | right.keys() if own.get(key) != right.get(key)]
        differences += [f"{name} {key}: {own.get(key)} is not {right.get(key)}" for key in differing]
    return differences


def _happens(chosen: random.Random) -> list[tuple[Change | None, str, int, int]]:
    """What happens, to which qube, with which number, after how many turns of the loop. None: the connection breaks."""
    changes = (*CHANGES, None) if chosen.random() < BREAKING else CHANGES
    return [
        (chosen.choice(changes), chosen.choice(NAMES), chosen.randrange(6), chosen.randrange(41))
        for _ in range(chosen.randrange(4, 40))
    ]


async def converges(seed: int, *, loses: bool = False) -> None:
    """`loses`: a part of the events is lost, and everything is read again in the end, as by F5."""
    chosen = random.Random(seed)
    model = Model(7)
    disposable = model.add("disp1", "DispVM", "Paused")
    disposable.properties["is_preload"] = Value("bool", "True", is_default=False)
    for qube in model.qubes.values():
        qube.tags |= {"t0", "t1"}
        qube.features.update(f0="0", f1="0")
    qubesd = Faulty(model)
    if loses:
        qubesd.drops = lambda _frame: chosen.random() < LOST
    wire = Slow(qubesd, chosen, silent=chosen.choice((0.0, 0.0, 0.2)))
    mirror = Mirror(Channel(wire), first_pause=0, longest_pause=0, pauses=(0, 0), relist=3600, refresh=3600)
    listener = Listener(wire.pause)
    expected: dict[str, VmRecord] = {}

    async def is_read_again() -> bool:
        """It is refused while the mirror is about to connect again."""
        return await error_of(mirror.read_everything_again()) is None

    following = asyncio.get_running_loop().create_task(listener.follow(mirror))
    try:
        for change, name, number, turns in _happens(chosen):
            await wire.pause(turns)
            if change is None:
                qubesd.crash()
                await wire.pause(turns)
                qubesd.restart()
            elif (change is _add or name in model.qubes) and not (name in USED and change in OF_UNUSED):
                change(model, name, number)
        wire.silent = 0
        if loses:
            await until(is_read_again)
        expected = await truth(model)
        await until(lambda: mirror.records == expected and listener.copy == expected)
        await mirror.settled()
        assert {name: row.value for name, row in mirror.system.items()} == {
            name: value.text for name, value in model.system.items()
        }
        assert mirror.remembered == len(model.qubes)
        assert qubesd.at_once.most <= AT_ONCE
    except TimeoutError:
        for records in (mirror.records, listener.copy):
            assert not _differences(records, expected), f"With the seed {seed}: {_differences(records, expected)}"
        raise
    finally:
        following.cancel()
        await mirror.close()


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_in_the_end_the_mirror_and_its_client_have_what_qubesd_has(first: int) -> None:
    for seed in range(first, first + 20):
        asyncio.run(converges(seed))


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_reading_everything_again_finds_what_lost_events_were_about(first: int) -> None:
    for seed in range(first, first + 20):
        asyncio.run(converges(seed, loses=True))
