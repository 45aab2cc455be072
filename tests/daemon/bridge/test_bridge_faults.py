# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirror over a qubesd that crashes, says nothing, cuts frames, loses events, and is of an older release."""

import asyncio
from dataclasses import replace

import pytest
from bridge_fixtures import client_of, over
from mirror_listener import Listener, followed
from qubesd_model import RELEASES, Faulty, Model, Value
from until import error_of, until

from qubesmanager.daemon.bridge.channel import AT_ONCE, Channel
from qubesmanager.daemon.bridge.following import FROM_SYSTEM
from qubesmanager.daemon.bridge.mirror import Mirror
from qubesmanager.transport.base import Answer, Payload, TransportError
from qubesmanager.wire import calls, events
from qubesmanager.wire.errors import NoAnswerError
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.values import PowerState


async def test_a_listener_gets_rows_with_properties_and_the_rest_as_events() -> None:
    qubesd = Faulty(Model(40), size=5)
    async with followed(qubesd) as (mirror, listener):
        listed_after = len(qubesd.calls)
        await mirror.settled()

        assert listed_after < len(qubesd.calls) / 4
        await until(lambda: listener.copy == mirror.records)
        assert [volume.name for volume in listener.copy["app-0000"].volumes] == ["root", "private", "volatile"]
        assert listener.copy["app-0000"].features == {"menu-items": "firefox.desktop", "service.cups": ""}
        assert qubesd.at_once.most <= AT_ONCE
        assert not any(events.DOMAIN_ADD.matches(event) for event in listener.heard)


async def test_without_a_listener_each_row_is_complete() -> None:
    async with over(Faulty(Model(10))) as backend:
        records = [record async for record in backend.bridge.mirror.rows()]

    assert len(records) == 10
    assert all(record.volumes for record in records if record.name != DOM0)


async def test_a_qube_that_a_caller_waits_for_is_read_before_the_others() -> None:
    qubesd = Faulty(Model(60))
    async with over(qubesd) as backend:
        record = await backend.bridge.mirror.record("app-0050")

        assert record.volumes
        assert sum(call.startswith("admin.vm.volume.List") for call in qubesd.calls) < 5


async def test_an_exception_in_a_stream_that_stays_open_ends_it_and_qubesd_is_followed_again() -> None:
    qubesd = Faulty(Model(8), size=5)
    async with followed(qubesd) as (mirror, listener):
        await mirror.settled()
        qubesd._send(b"2\x00QubesException\x00\x00internal error\x00")
        await until(lambda: qubesd.calls.count("admin.Events+ dom0") == 2 and qubesd.listeners == 1)
        qubesd.model.set_property("app-0001", "memory", "999")

        await until(lambda: listener.copy["app-0001"].value("memory") == "999")


async def test_a_restart_in_the_middle_heals() -> None:
    qubesd = Faulty(Model(40))
    mirror = Mirror(Channel(qubesd), first_pause=0.01)
    mirror.start()
    await until(lambda: mirror.records)
    qubesd.crash()
    await until(lambda: not qubesd.listeners)
    qubesd.model.set_property("app-0001", "memory", "999")
    qubesd.restart()

    await until(lambda: qubesd.listeners)
    await until(lambda: len(mirror.records) == 40)
    await mirror.settled()

    assert all(record.properties and record.tags for record in mirror.records.values() if record.name != DOM0)
    assert mirror.records["app-0001"].value("memory") == "999"
    await mirror.close()


async def test_zero_bytes_for_some_calls_cost_no_qube() -> None:
    qubesd = Faulty(Model(12))
    turns = iter(range(1_000_000))
    qubesd.silent = lambda request: not request.startswith("admin.vm.List") and next(turns) % 7 == 0
    async with over(qubesd) as backend:
        await error_of(backend.bridge.mirror.settled())

        assert len(backend.bridge.mirror.records) == 12


async def test_the_next_list_has_what_lost_events_were_about() -> None:
    qubesd = Faulty(Model(8))
    async with followed(qubesd, relist=0.02) as (mirror, listener):
        await mirror.settled()
        qubesd.drops = lambda _frame: True
        qubesd.model.set_state("app-0001", "Running", "domain-start")
        qubesd.model.set_state("sys-net", "Suspended")
        del qubesd.model.qubes["app-0002"]
        qubesd.model.add("new", "AppVM")
        qubesd.model.labels["pink"] = "0xff00aa"

        await until(lambda: "new" in mirror.records and "app-0002" not in mirror.records)
        await until(lambda: mirror.records["app-0001"].state is PowerState.RUNNING)
        await until(lambda: mirror.records["sys-net"].state is PowerState.SUSPENDED)
        await until(lambda: events.LABEL_ADD("pink", "0xff00aa") in listener.heard)
        del qubesd.model.labels["pink"]
        await until(lambda: events.LABEL_DELETE("pink") in listener.heard)
        await mirror.settled()
        await until(lambda: listener.copy == mirror.records)


async def test_nothing_is_refreshed_while_no_listener_is_there() -> None:
    qubesd = Faulty(Model(4))
    mirror = Mirror(Channel(qubesd), refresh=0.001, relist=0.001)
    await mirror.settled()
    calls = len(qubesd.calls)
    await asyncio.sleep(0.05)

    assert len(qubesd.calls) == calls
    await mirror.close()


async def test_a_qube_that_was_looked_at_is_read_again_sooner() -> None:
    qubesd = Faulty(Model(60))
    async with followed(qubesd, refresh=0.005) as (mirror, _listener):
        await mirror.settled()
        mirror.looked_at("sys-net")
        qubesd.calls.clear()
        qubesd.model.qubes["sys-net"].volumes["private"]["usage"] = "4096"
        qubesd.model.qubes["sys-net"].notes = "of another client"

        await until(lambda: mirror.records["sys-net"].notes == "of another client")

        assert mirror.records["sys-net"].disk_usage == 4096
        assert sum(call.startswith("admin.vm.notes.Get") for call in qubesd.calls) < 10


async def test_a_flood_of_events_reads_each_qube_once_more() -> None:
    qubesd = Faulty(Model(300), size=1000)
    async with followed(qubesd) as (mirror, listener):
        await mirror.settled()
        qubesd.calls.clear()
        for netvm in ("sys-net", "", "sys-net", "sys-firewall", "sys-net"):
            qubesd.model.set_default_netvm(netvm)

        await until(lambda: listener.copy.get("app-0295") and listener.copy["app-0295"].value("netvm") == "sys-net")
        await mirror.settled()

        assert all(
            record.value("netvm") == "sys-net" for record in mirror.records.values() if record.name.startswith("app-")
        )
        assert sum(call.startswith("admin.vm.property.GetAll") for call in qubesd.calls) <= 2 * 300
        assert len(qubesd.calls) < 3 * 300


async def test_qubes_that_come_and_go_leave_nothing_behind() -> None:
    qubesd = Faulty(Model(6))
    async with followed(qubesd) as (mirror, listener):
        await mirror.settled()
        for number in range(200):
            name = f"disp{number}"
            qubesd.model.add(name, "DispVM", "Running")
            qubesd.model.event("", "domain-add", "vm", name)
            qubesd.model.event(name, "domain-start")
            del qubesd.model.qubes[name]
            qubesd.model.event("", "domain-delete", "vm", name)
            qubesd.model.event(name, "domain-shutdown")
        qubesd.model.event("sys-net", "domain-tag-add:end", "tag", "end")
        await until(lambda: "end" in listener.copy["sys-net"].tags)
        await mirror.settled()

        assert mirror.records.keys() == qubesd.model.qubes.keys()
        assert mirror.remembered <= len(qubesd.model.qubes)


@pytest.mark.parametrize("release", RELEASES)
async def test_each_release_is_read(release: str) -> None:
    model = Model(6, RELEASES[release])
    model.add("far", "RemoteVM", "Running")
    model.qubes["sys-net"].notes = "of the network"
    row = "device_id='*' port_id='sdb1' devclass='block' backend_domain='sys-net' mode='auto-attach'"
    model.qubes["app-0000"].devices = {
        "Assigned block": [f"sys-net+sdb1:* {row}"],
        "List block": ["sys-net+sdb1 read-only=yes persistent=yes"],
    }
    async with over(Faulty(model)) as backend:
        records = await backend.bridge.mirror.listed()

        assert records.keys() == model.qubes.keys()
        assert records["sys-net"].notes == ("of the network" if model.release.has_notes else "")
        (device,) = records["app-0000"].devices
        assert (device.backend, device.ident, device.persistent, device.attached) == ("sys-net", "sdb1", True, False)
        assert replace(records["app-0000"], devices=(), features={}).tags == {"guivm-dom0", "audiovm-dom0"}


@pytest.mark.parametrize(("system", "own"), sorted(FROM_SYSTEM.items()))
async def test_a_default_of_the_system_is_read_again_for_those_on_it(system: str, own: str) -> None:
    qubesd = Faulty(Model(6))
    async with over(qubesd) as backend:
        mirror = backend.bridge.mirror
        await mirror.settled()
        for name in ("app-0000", "app-0001"):
            qubesd.model.qubes[name].properties[own] = Value("str", "before", is_default=name == "app-0000")
            mirror.reread(name, "properties")
        await mirror.settled()
        for name in ("app-0000", "app-0001"):
            qubesd.model.qubes[name].properties[own].text = "another"
        qubesd.model.event("", f"property-set:{system}", "name", system, "newvalue", "another", "oldvalue", "None")

        await until(lambda: mirror.records["app-0000"].value(own) == "another")
        await mirror.settled()

        assert mirror.records["app-0001"].value(own) == "before"


@pytest.mark.parametrize(
    "name", ["memory", "maxmem", "vcpus", "kernel", "kernelopts", "qrexec_timeout", "default_user"]
)
async def test_a_reset_of_a_template_is_read_again_for_those_based_on_it(name: str) -> None:
    qubesd = Faulty(Model(6))
    async with over(qubesd) as backend:
        mirror = backend.bridge.mirror
        await mirror.settled()
        qubesd.model.qubes["app-0000"].properties[name].text = "77"
        qubesd.model.event("fedora-41", f"property-reset:{name}", "name", name, "oldvalue", "1")

        await until(lambda: mirror.records["app-0000"].value(name) == "77")


class Internal:
    """The second socket of a qubesd: the tags of all qubes in one answer."""

    url = "internal:"

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.calls: list[str] = []

    async def exchange(self, service: str, argument: str, dest: str, _payload: Payload) -> Answer:
        self.calls.append(f"{service}+{argument} {dest}")
        if not self.answer:
            raise TransportError("Permission denied")
        yield self.answer


@pytest.mark.parametrize("answer", ["", "0\x00[]", '0\x00{"domains": {"sys-net": {"tags": ["mine", "a\\nb", 1]}}}'])
async def test_the_tags_of_all_qubes_are_read_at_once_where_the_second_socket_answers(answer: str) -> None:
    qubesd, internal = Faulty(Model(5)), Internal(answer.encode())
    mirror = Mirror(Channel(qubesd), internal=internal)

    records = await mirror.listed()

    assert internal.calls == ["internal.GetSystemInfo+ dom0"]
    is_known = "domains" in answer
    assert records["sys-net"].tags == ({"mine"} if is_known else {"audiovm-dom0", "guivm-dom0"})
    assert ("admin.vm.tag.List+ sys-net" in qubesd.calls) != is_known
    await mirror.close()


async def test_reading_everything_again_shows_what_lost_events_were_about() -> None:
    qubesd = Faulty(Model(8))
    async with followed(qubesd) as (mirror, listener):
        await mirror.settled()  # the labels are known then: only later ones are events
        qubesd.drops = lambda _frame: True
        qubesd.model.set_property("app-0001", "memory", "777")
        qubesd.model.qubes["app-0001"].features["quiet"] = "1"
        qubesd.model.set_state("app-0002", "Running", "domain-start")
        qubesd.model.labels["pink"] = "0xff00aa"
        del qubesd.model.qubes["app-0003"]
        await mirror.read_everything_again()
        await until(lambda: "app-0003" not in listener.copy)

        await until(lambda: listener.copy["app-0001"].value("memory") == "777")
        await until(lambda: "quiet" in listener.copy["app-0001"].features)
        await until(lambda: listener.copy["app-0002"].state is PowerState.RUNNING)
        await until(lambda: any(event.name == "label-add" for event in listener.heard))


async def test_reading_everything_again_says_that_qubesd_is_gone() -> None:
    qubesd = Faulty(Model(4))
    async with followed(qubesd) as (mirror, _listener):
        qubesd.silent = lambda request: request.startswith("admin.vm.List")
        assert isinstance(await error_of(mirror.read_everything_again()), NoAnswerError)


async def test_the_computers_memory_is_known_where_qubesd_has_it() -> None:
    qubesd = Faulty(Model(4))
    async with over(qubesd) as backend:
        client = client_of(backend)
        assert await client.send(calls.HOST_MEMORY(DOM0)) == {"total": str(16384 << 10), "cpus": "4"}
        for name in ("maxmem", "no_cpus"):  # as in 4.2
            del qubesd.model.system[name]
        assert "xl info" in str(await error_of(client.send(calls.HOST_MEMORY(DOM0))))


async def test_volumes_are_outdated_after_an_import_into_a_template_of_a_template_of_disposables() -> None:
    qubesd = Faulty(Model(6))
    model = qubesd.model
    model.qubes["app-0000"].properties["template_for_dispvms"] = Value("bool", "True", is_default=False)
    model.add("disp1", "DispVM", "Running").properties["template"] = Value("vm", "app-0000", is_default=False)
    async with followed(qubesd) as (mirror, listener):
        await mirror.settled()
        for name in ("sys-net", "disp1"):
            model.qubes[name].volumes["root"]["is_outdated"] = "True"
        model.event("fedora-41", "domain-volume-import-end", "volume", "root", "success", "True")

        def are_outdated() -> bool:
            copies = (listener.copy[name] for name in ("sys-net", "disp1"))
            return all(any(volume.is_outdated for volume in record.volumes) for record in copies)

        await until(are_outdated)


@pytest.mark.parametrize("number", [0, 3, 20, 35])
async def test_a_restart_while_the_table_fills_leaves_no_qube_out(number: int) -> None:
    """qubesd is back before the second try to connect: the listener's stream goes on."""
    qubesd = Faulty(Model(40), size=64)
    qubesd.crashes = lambda request: request == f"admin.vm.property.GetAll+ app-{number:04}"
    mirror = Mirror(Channel(qubesd), first_pause=0.01, longest_pause=0.05)
    listener = Listener()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(listener.follow(mirror))
        await until(lambda: not qubesd.is_up)
        qubesd.restart()
        await until(lambda: mirror.records.keys() == qubesd.model.qubes.keys())
        await mirror.settled()

        await until(lambda: listener.copy.keys() == qubesd.model.qubes.keys())
        await until(lambda: all(record.value("label") for record in listener.copy.values()))
        await mirror.close()
        task.cancel()
