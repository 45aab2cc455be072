# SPDX-License-Identifier: GPL-3.0-or-later
"""What qubesd gives zero bytes for is asked for again, until it is answered or refused, or the qube is gone."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

import pytest
from bridge_fixtures import client_of
from mirror_listener import Listener, followed, truth
from qubesd_model import R4_2, R4_4, Faulty, Model, Release, Value
from until import error_of, until

from qubesmanager.daemon.bridge.backend import BridgeBackend
from qubesmanager.daemon.bridge.channel import AT_ONCE, Channel
from qubesmanager.daemon.bridge.context import Bridge
from qubesmanager.daemon.bridge.mirror import Mirror
from qubesmanager.daemon.bridge.unanswered import Unanswered
from qubesmanager.transport.base import Answer, Payload
from qubesmanager.wire import calls, events
from qubesmanager.wire.errors import NoAnswerError
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.values import DeviceChange, DeviceClass, PowerState

TIMES = 3
"""How often a call gets no bytes before it is answered."""


def fails_at_first(request: str, times: int = TIMES) -> Callable[[str], bool]:
    """Each call that begins so gets no bytes the first times."""
    left: dict[str, int] = {}

    def is_silent(asked: str) -> bool:
        if not asked.startswith(request) or left.setdefault(asked, times) == 0:
            return False
        left[asked] -= 1
        return True

    return is_silent


PARTS = (
    "admin.vm.property.GetAll",
    "admin.vm.feature.List",
    "admin.vm.feature.Get",
    "admin.vm.tag.List",
    "admin.vm.volume.List",
    "admin.vm.volume.Info",
    "admin.vm.device.block.Assigned",
    "admin.vm.device.usb.Attached",
    "admin.vm.notes.Get",
    "admin.property.GetAll",
    "admin.label.List",
    "admin.vm.List",
    "admin.",
)


@pytest.mark.parametrize("call", PARTS)
async def test_what_gets_no_answer_while_the_table_fills_is_asked_again(call: str) -> None:
    model = Model(8)
    model.qubes["app-0000"].notes = "a note"
    model.qubes["app-0001"].state = "Running"
    row = "device_id='*' port_id='sdb1' devclass='block' backend_domain='sys-net' mode='auto-attach'"
    model.qubes["app-0000"].devices = {"Assigned block": [f"sys-net+sdb1:* {row}"]}
    expected = await truth(model)
    qubesd = Faulty(model)
    qubesd.silent = fails_at_first(call)
    async with followed(qubesd) as (mirror, listener):
        await until(lambda: listener.copy == expected)

        await until(lambda: mirror.system.keys() == model.system.keys())
        await until(lambda: not mirror._unanswered.names)
        assert qubesd.at_once.most <= AT_ONCE


@dataclass(frozen=True)
class Later:
    """A call that fails after a change; `is_read` says whether a listener got the change."""

    call: str
    change: Callable[[Model], None]
    is_read: Callable[[Listener, Mirror], object]
    release: Release = R4_4


def _add(model: Model) -> None:
    model.add("new", "AppVM")
    model.event("", "domain-add", "vm", "new")


def _reset(model: Model) -> None:
    model.qubes["app-0000"].properties["memory"] = Value("int", "777")
    model.event("app-0000", "property-reset:memory", "name", "memory", "oldvalue", "1")


def _set_feature(model: Model) -> None:
    model.qubes["app-0000"].features["new"] = "1"
    model.event("app-0000", "domain-feature-set:new", "feature", "new")


def _attach(model: Model) -> None:
    row = "device_id='*' port_id='sdb1' devclass='block' backend_domain='sys-net' mode='auto-attach'"
    model.qubes["app-0000"].devices = {"Assigned block": [f"sys-net+sdb1:* {row}"]}
    model.event("app-0000", "device-assign:block", "device", "sys-net:sdb1:*", "options", "{}")


def _import(model: Model) -> None:
    model.qubes["app-0000"].volumes["private"]["size"] = "4096"
    model.event("app-0000", "domain-volume-import-end", "volume", "private", "success", "True")


def _set_system(model: Model) -> None:
    model.system["updatevm"].text = "sys-net"
    model.event("", "property-set:updatevm", "name", "updatevm", "newvalue", "sys-net", "oldvalue", "None")


LATER = {
    "list of all": Later(
        "admin.vm.List+ dom0",
        lambda model: model.set_state("sys-net", "Suspended"),
        lambda listener, _mirror: listener.copy["sys-net"].state is PowerState.SUSPENDED,
    ),
    "list of a new qube": Later(
        "admin.vm.List+ new", _add, lambda listener, _mirror: "new" in listener.copy and listener.copy["new"].volumes
    ),
    "state": Later(
        "admin.vm.List+ app-0000",
        lambda model: model.set_state("app-0000", "Running", "domain-unpaused"),
        lambda listener, _mirror: listener.copy["app-0000"].running,
    ),
    "a property": Later(
        "admin.vm.property.Get+memory",
        _reset,
        lambda listener, _mirror: listener.copy["app-0000"].value("memory") == "777",
    ),
    "properties": Later(
        "admin.vm.property.GetAll",
        lambda model: model.set_default_netvm("sys-net"),
        lambda listener, _mirror: listener.copy["app-0000"].value("netvm") == "sys-net",
    ),
    "features": Later(
        "admin.vm.feature.List", _set_feature, lambda listener, _mirror: "new" in listener.copy["app-0000"].features
    ),
    "a feature": Later(
        "admin.vm.feature.Get+new", _set_feature, lambda listener, _mirror: "new" in listener.copy["app-0000"].features
    ),
    "devices": Later(
        "admin.vm.device.block.Assigned", _attach, lambda listener, _mirror: listener.copy["app-0000"].devices
    ),
    "volumes": Later(
        "admin.vm.volume.Info+private",
        _import,
        lambda listener, _mirror: "4096" in str(listener.copy["app-0000"].volumes),
    ),
    "system": Later(
        "admin.property.GetAll", _set_system, lambda _listener, mirror: mirror.system["updatevm"].value == "sys-net"
    ),
    "labels": Later(
        "admin.label.List",
        lambda model: model.labels.update(pink="0xff00aa"),
        lambda listener, _mirror: events.LABEL_ADD("pink", "0xff00aa") in listener.heard,
    ),
    "a label": Later(
        "admin.label.Get",
        lambda model: model.labels.update(pink="0xff00aa"),
        lambda listener, _mirror: events.LABEL_ADD("pink", "0xff00aa") in listener.heard,
    ),
    "offers": Later(
        "admin.vm.device.block.Available",
        lambda model: model.offer("sys-net", "block", {"sdb": ""}),
        lambda listener, _mirror: (
            events.DEVICE_LIST_CHANGE("sys-net", DeviceClass.BLOCK, "sdb", DeviceChange.ADDED) in listener.heard
        ),
        R4_2,
    ),
}


@pytest.mark.parametrize("name", LATER)
async def test_what_gets_no_answer_after_a_change_is_asked_again(name: str) -> None:
    row = LATER[name]
    qubesd = Faulty(Model(6, row.release))
    async with followed(qubesd, relist=0.5 if "list of all" in name or "label" in name else 60.0) as (mirror, listener):
        mirror.offered["sys-net", DeviceClass.BLOCK] = frozenset()
        await mirror.settled()
        qubesd.silent = fails_at_first(row.call)
        row.change(qubesd.model)

        await until(lambda: row.is_read(listener, mirror))


async def test_other_parts_are_there_while_one_is_not_answered() -> None:
    qubesd = Faulty(Model(6))
    qubesd.silent = lambda request: (
        request.startswith(("admin.vm.property.GetAll+ app-0000", "admin.vm.feature.Get+menu-items"))
        or request == "admin.vm.device.usb.Assigned+ app-0000"
    )
    async with followed(qubesd) as (mirror, listener):
        await mirror.settled()

        await until(lambda: listener.copy["app-0000"].volumes)
        await until(lambda: listener.copy["app-0001"].features == {"service.cups": ""})
        assert not listener.copy["app-0000"].properties


async def test_what_the_policy_refuses_is_not_asked_again() -> None:
    qubesd = Faulty(Model(6))
    qubesd.refuses = lambda request: request.startswith("admin.vm.tag.List")
    qubesd.silent = lambda request: request == "admin.vm.notes.Get+ app-0001"
    async with followed(qubesd, pauses=(0.001, 0.001)) as (_mirror, _listener):
        await until(lambda: qubesd.calls.count("admin.vm.notes.Get+ app-0001") > 20)

        assert qubesd.calls.count("admin.vm.tag.List+ app-0001") == 1


async def test_a_qube_that_is_gone_is_not_asked_about_again() -> None:
    qubesd = Faulty(Model(6))
    qubesd.silent = lambda request: request.endswith(" app-0001")
    async with followed(qubesd, pauses=(0.001, 0.001)) as (mirror, _listener):
        await until(lambda: qubesd.calls.count("admin.vm.notes.Get+ app-0001") > 3)
        del qubesd.model.qubes["app-0001"]
        qubesd.model.event("", "domain-delete", "vm", "app-0001")
        await until(lambda: "app-0001" not in mirror.records)

        await until(lambda: not mirror._unanswered.names)
        assert mirror.remembered == len(qubesd.model.qubes)


async def test_what_a_caller_needs_is_asked_for_at_once() -> None:
    qubesd = Faulty(Model(6))
    qubesd.silent = fails_at_first("admin.vm.property.GetAll+ app-0001", 1)
    async with followed(qubesd, pauses=(3600.0, 3600.0)) as (mirror, _listener):
        await mirror.settled()
        assert not mirror.records["app-0001"].properties

        assert (await mirror.record("app-0001")).value("memory") == "400"


async def test_a_call_that_seemed_lacking_is_asked_for_again() -> None:
    """Zero bytes for some qubes look as if this release did not have the call."""
    model = Model(20)
    for qube in model.qubes.values():
        qube.notes = f"of {qube.name}"
    qubesd = Faulty(model)
    qubesd.silent = lambda request: request.startswith("admin.vm.notes.Get")
    async with followed(qubesd) as (mirror, listener):
        await mirror.settled()
        assert sum(call.startswith("admin.vm.notes.Get") for call in qubesd.calls) < 10
        qubesd.silent = lambda _request: False

        await until(lambda: all(record.notes for record in listener.copy.values() if record.name != DOM0))


async def test_an_answer_that_is_cut_is_asked_for_again() -> None:
    qubesd = Faulty(Model(6))
    answer, cut = qubesd.model.answer, {"admin.vm.property.GetAll app-0000": 50, "admin.vm.tag.List app-0001": 1}

    def cutting(service: str, argument: str, dest: str, payload: bytes = b"") -> bytes:
        return answer(service, argument, dest, payload)[: cut.pop(f"{service} {dest}", None)]

    qubesd.model.answer = cutting  # type: ignore[method-assign]
    async with followed(qubesd) as (_mirror, listener):
        await until(lambda: listener.copy["app-0000"].value("memory") == "400")
        await until(lambda: listener.copy["app-0001"].tags)


async def test_the_pauses_grow_up_to_the_longest() -> None:
    unanswered = Unanswered(lambda _name, _part: None)
    pauses = []
    for _ in range(12):
        unanswered.failed("work", "notes")
        pauses.append(unanswered._tries["work"]["notes"].pause)
    unanswered.failed("work", "tags")

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert unanswered._tries["work"]["tags"].pause == 1
    unanswered.answered("work", "notes")
    unanswered.failed("work", "notes")
    assert unanswered._tries["work"]["notes"].pause == 1
    unanswered.clear()
    assert not unanswered.names


async def test_a_listener_that_is_slow_gets_each_row() -> None:
    """The last qube becomes known while the listener takes the rows before it."""
    qubesd = Faulty(Model(6))
    mirror = Mirror(Channel(qubesd))
    stream = mirror.hub.listen(lambda event: (event,))
    await anext(stream)
    names: list[str] = []
    async for record in mirror.rows():
        if not names:
            await until(lambda: len(mirror.records) == 6)
        names.append(record.name)
    await stream.aclose()
    await mirror.close()

    assert sorted(names) == sorted(qubesd.model.qubes)


@pytest.mark.parametrize("call", ["revert", "clear", "copy"])
@pytest.mark.parametrize("is_answered", [True, False])
async def test_what_is_based_on_a_qube_is_outdated_once_its_volume_has_other_data(
    call: str, *, is_answered: bool
) -> None:
    """Without an event of qubesd, which has none for a revert."""
    request = {
        "revert": calls.VM_VOLUME_REVERT("fedora-41", "root", "1"),
        "clear": calls.VM_VOLUME_CLEAR("fedora-41", "root"),
        "copy": calls.VM_VOLUME_COPY("fedora-41", "root", {"from": "sys-net", "volume": "root"}),
    }[call]
    qubesd = Faulty(Model(6))
    async with followed(qubesd) as (mirror, listener):
        await mirror.settled()
        backend = BridgeBackend(qubesd)
        backend.bridge = Bridge(mirror._channel, mirror)
        answer = qubesd.model.answer

        def unheard(service: str, argument: str, dest: str, payload: bytes = b"") -> bytes:
            content = answer(service, argument, dest, payload)
            return content if is_answered or not service.endswith((".Revert", ".Clear", ".CloneTo")) else b""

        qubesd.model.answer = unheard  # type: ignore[method-assign]
        error = await error_of(client_of(backend).send(request))

        assert error is None if is_answered else isinstance(error, NoAnswerError)
        await until(lambda: any(volume.is_outdated for volume in listener.copy["app-0000"].volumes))


class RemovedMeanwhile(Faulty):
    """A qube is removed, and its listeners learn of that, while the answer to `last` is on its way."""

    last = ""

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        async with aclosing(super().exchange(service, argument, dest, payload)) as answer:
            if f"{service}+{argument} {dest}" != self.last:
                async for piece in answer:
                    yield piece
                return
            whole = b"".join([piece async for piece in answer])
        del self.model.qubes[dest]
        self.model.event("", "domain-delete", "vm", dest)
        await asyncio.sleep(0.01)
        yield whole


async def test_a_qube_that_is_removed_while_its_last_part_is_read_does_not_come_back() -> None:
    qubesd = RemovedMeanwhile(Model(6))
    async with followed(qubesd) as (mirror, listener):
        await mirror.settled()
        known = [call.removesuffix(" app-0001") for call in qubesd.calls if call.endswith(" app-0001")]
        qubesd.last = f"{known[-1]} late"
        qubesd.silent = fails_at_first("admin.vm.List+ late", 1)
        qubesd.model.add("late", "AppVM")
        qubesd.model.event("", "domain-add", "vm", "late")

        await until(lambda: "late" not in qubesd.model.qubes and qubesd.last in qubesd.calls)
        await mirror.settled()

        assert "late" not in mirror.records
        assert "late" not in listener.copy
