# SPDX-License-Identifier: GPL-3.0-or-later
"""Random calls, each to a daemon and over a bridge to a daemon like it: the same answers, and the same records."""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bridge_differences import ONE_SIDED, TABLE, Outcome, is_listed
from bridge_fixtures import bridged, client_of, over
from demo_fixtures import client_of as own_client_of
from demo_fixtures import open_copy
from fakes_hypervisor import FakeHypervisor
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from streams import pieces
from until import until, until_equal

from qubesmanager.admin.properties import NO_DEFAULT
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.qubes_os import INSTEAD
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateSpec, DeviceId
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reasons import text
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import DeviceClass, PowerState

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "qubes.md"
BLOCK = DeviceClass.BLOCK
STICK = DeviceId("sys-usb", "sda")
NAMES = ("vault", "untrusted", "default-dvm", "debian-13", "sys-firewall", "work", "new", "copy")
PROPERTIES = {
    "memory": ("400", "700"),
    "maxmem": ("4000", "300"),
    "netvm": ("", "sys-firewall", "nosuch"),
    "label": ("red", "blue", "nosuch"),
    "autostart": ("yes", "no"),
    "vcpus": ("1", "3", "0"),
    "virt_mode": ("pvh", "hvm", "bogus"),
    "default_user": ("user", "other"),
    "include_in_backups": ("yes", "no"),
    "provides_network": ("yes", "no"),
    "template": ("debian-13", "fedora-43", "vault"),
    "default_dispvm": ("", "default-dvm", "vault"),
}
SYSTEM = {
    "default_netvm": ("", "sys-firewall"),
    "default_dispvm": ("", "default-dvm"),
    "default_template": ("debian-13",),
}
RULES = ("action=drop dst4=10.0.0.0/8", "action=accept dsthost=example.org proto=tcp dstports=443-443 comment=web")


@dataclass(frozen=True)
class Nth:
    """A call about a row of a list: each side names its rows in its own way. The list itself, if it has no such row."""

    listing: Request[Any]
    number: int
    call: Callable[[Any], Request[Any]]

    async def of_both(self, *clients: Client) -> tuple[Request[Any], Request[Any]]:
        listings = [await outcome_of(client, self.listing) for client in clients]
        if any(isinstance(rows, Mgmt1Error) or self.number >= len(rows) for rows in listings):
            return self.listing, self.listing
        first, second = (self.call(rows[self.number]) for rows in listings)
        return first, second


Chosen = Request[Any] | Nth
SHUTDOWNS: tuple[dict[str, str], ...] = (
    {},
    {"force": "yes"},
    {"wait": "no"},
    {"force": "yes", "wait": "no"},
    {"x": "yes"},
)

names = st.sampled_from(NAMES)
halted = st.sampled_from(("vault", "untrusted", "debian-13", "new"))
properties = st.sampled_from(sorted(PROPERTIES))


def value_of(table: dict[str, tuple[str, ...]]) -> st.SearchStrategy[tuple[str, str]]:
    return st.sampled_from([(name, value) for name, values in table.items() for value in values])


def to_any(*rows: Any) -> st.SearchStrategy[Request[Any]]:
    """One of these calls, which have neither argument nor payload, to any qube."""
    return st.builds(lambda name, row: row(name), names, st.sampled_from(rows))


def _removed(name: str, number: int) -> Nth:
    return Nth(calls.VM_FIREWALL_GET(name), number, lambda row: calls.VM_FIREWALL_REMOVE_RULE(name, row.rule_id))


def _reverted(name: str, number: int) -> Nth:
    listing = calls.VM_VOLUME_LIST_SNAPSHOTS(name, "private")
    return Nth(listing, number, lambda snapshot: calls.VM_VOLUME_REVERT(name, "private", snapshot))


requests: st.SearchStrategy[Chosen] = st.one_of(
    st.builds(lambda name, pair: calls.VM_PROPERTY_SET(name, *pair), names, value_of(PROPERTIES)),
    st.builds(calls.VM_PROPERTY_RESET, names, properties.filter(lambda name: name not in NO_DEFAULT)),
    st.builds(calls.VM_PROPERTY_GET, names, properties | st.sampled_from(("uuid", "nosuch", "klass"))),
    st.builds(calls.VM_PROPERTY_GET_DEFAULT, names, properties),
    st.builds(lambda pair: calls.PROPERTY_SET(DOM0, *pair), value_of(SYSTEM)),
    st.builds(lambda key: calls.PROPERTY_RESET(DOM0, key), st.sampled_from(sorted(SYSTEM))),
    st.builds(lambda name, value: calls.VM_FEATURE_SET(name, "f", value), names, st.sampled_from(("", "1"))),
    st.builds(
        lambda name, row: row(name, "f"), names, st.sampled_from((calls.VM_FEATURE_GET, calls.VM_FEATURE_REMOVE))
    ),
    st.builds(lambda name: calls.VM_FEATURE_CHECK_WITH_TEMPLATE(name, "f"), names),
    st.builds(
        lambda name, row, tag: row(name, tag),
        names,
        st.sampled_from((calls.VM_TAG_SET, calls.VM_TAG_REMOVE, calls.VM_TAG_GET)),
        st.sampled_from(("t", "work", "created-by-dom0")),
    ),
    st.builds(lambda name, text: calls.VM_NOTES_SET(name, payload=text), names, st.sampled_from(("ü", "a\nb", ""))),
    to_any(
        calls.VM_LIST,
        calls.VM_PROPERTY_LIST,
        calls.VM_PROPERTY_GET_ALL,
        calls.VM_FEATURE_LIST,
        calls.VM_TAG_LIST,
        calls.VM_NOTES_GET,
        calls.VM_FIREWALL_GET,
        calls.VM_FIREWALL_FLUSH,
        calls.VM_FIREWALL_RELOAD,
        calls.VM_VOLUME_LIST,
        calls.VM_DEVICE_DENIED_LIST,
        calls.VM_START,
        calls.VM_SHUTDOWN,
        calls.VM_PAUSE,
        calls.VM_UNPAUSE,
        calls.VM_KILL,
        calls.VM_REMOVE,
        calls.VM_DEVICE_LIST.of(BLOCK),
        calls.VM_DEVICE_ATTACHED.of(BLOCK),
        calls.VM_DEVICE_ASSIGNED.of(BLOCK),
    ),
    st.builds(calls.VM_FIREWALL_INSERT_RULE, names, st.sampled_from((None, 0, 1)), st.sampled_from(RULES)),
    st.builds(lambda name: calls.VM_FIREWALL_REPLACE(name, payload=list(RULES)), names),
    st.builds(_removed, names, st.sampled_from((0, 1))),
    st.builds(_reverted, names, st.sampled_from((0, 1))),
    st.builds(lambda name, vid: calls.VM_VOLUME_REVERT(name, "private", vid), names, st.sampled_from(("nosuch", "0"))),
    st.builds(lambda name, options: calls.VM_SHUTDOWN_WITH(name, payload=options), names, st.sampled_from(SHUTDOWNS)),
    st.builds(
        lambda target, options: calls.VM_VOLUME_COPY(target, "private", options),
        names,
        st.builds(lambda source, volume: {"from": source, "volume": volume}, names, st.sampled_from(("private", "x"))),
    ),
    st.builds(
        lambda name, row, options: row.of(BLOCK)(name, STICK, options),
        names,
        st.sampled_from((calls.VM_DEVICE_ATTACH, calls.VM_DEVICE_ASSIGN)),
        st.sampled_from(({}, {"read-only": "yes"}, {"bogus": "yes"})),
    ),
    st.builds(
        lambda name, row: row.of(BLOCK)(name, STICK),
        names,
        st.sampled_from((calls.VM_DEVICE_DETACH, calls.VM_DEVICE_DETACH_ONLY)),
    ),
    st.builds(lambda name: calls.VM_DEVICE_UNASSIGN.of(BLOCK)(name, STICK, {}), names),
    st.builds(calls.VM_VOLUME_EXTEND, halted, st.just("private"), st.sampled_from((None, 1, 3 << 30))),
    st.builds(
        lambda name, row: row(name, "private"),
        names,
        st.sampled_from((calls.VM_VOLUME_INFO, calls.VM_VOLUME_CLEAR, calls.VM_VOLUME_LIST_SNAPSHOTS)),
    ),
    st.builds(
        lambda name, options: calls.VM_VOLUME_CONFIGURE(name, "private", options),
        names,
        st.sampled_from(({"revisions_to_keep": "4"}, {"rw": "yes"}, {})),
    ),
    st.builds(lambda name: calls.VM_VOLUME_IMPORT(name, "private", pieces(bytes(4 << 20))), names),
    st.builds(lambda base: calls.VM_CREATE(base, "AppVM", CreateSpec("new", "red")), names),
    st.builds(lambda source: calls.VM_CLONE(source, payload=CloneSpec("copy")), names),
    st.builds(lambda old: calls.VM_PROPERTY_SET(old, "name", "new"), st.sampled_from(("vault", "untrusted", "copy"))),
    st.builds(lambda name: calls.VM_PROPERTY_SET(name, "label", "pink"), names),
    st.builds(lambda row: row(DOM0, "pink"), st.sampled_from((calls.LABEL_REMOVE, calls.LABEL_GET, calls.LABEL_LIST))),
    st.just(calls.LABEL_CREATE(DOM0, "pink", "0xff00aa")),
    st.just(calls.POOL_INFO(DOM0, "default")),
)


PER_SYSTEM = frozenset({"uuid", "qid", "mac", "ip", "ip6", "start_time", "backup_timestamp", "netmask"})
"""Properties that two systems, or a clone and a renamed qube, have different values of."""


def compared(record: VmRecord) -> tuple[VmRecord, dict[str, PropertyValue]]:
    """A record without what differs from system to system."""
    volumes = tuple(volume._replace(usage=0) for volume in record.volumes)
    shared = {name: value for name, value in record.properties.items() if name not in ONE_SIDED | PER_SYSTEM}
    notes = record.notes.strip()
    features = {name: value for name, value in record.features.items() if not name.startswith("last-update")}
    return replace(record, properties={}, features=features, volumes=volumes, notes=notes), {
        name: PropertyValue(*value[:2]) for name, value in shared.items() if not name.startswith("visible_")
    }


async def records_of(client: Client) -> dict[str, Any]:
    records = [record async for batch in client.batches(calls.VM_GET_ALL(DOM0)) for record in batch]
    return {record.name: compared(record) for record in records if record.name != DOM0}


async def outcome_of(client: Client, request: Request[Any]) -> Outcome:
    try:
        return await client.send(request)
    except Mgmt1Error as error:
        return error


async def opened(stack: AsyncExitStack) -> System:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    system = await open_copy(Path(folder), FakeHypervisor())
    stack.push_async_callback(system.runtime.close)
    return system


def fresh(request: Request[Any]) -> Request[Any]:
    """A request whose stream has not been read."""
    return replace(request, payload=pieces(bytes(4 << 20))) if request.call.streams_in else request


async def has_halted(system: System, name: str) -> None:
    """After a shutdown that is not waited for."""
    qubes = system.runtime.state.qubes
    await until(lambda: name not in qubes or qubes[name].record().state is not PowerState.HALTING)


async def carried_out(chosen: list[Chosen]) -> None:
    async with AsyncExitStack() as stack:
        own, qubesd = await opened(stack), await opened(stack)
        client = own_client_of(own)
        backend = await stack.enter_async_context(over(bridged(qubesd)))
        await backend.bridge.mirror.settled()
        other = client_of(backend)
        for each in chosen:
            request, its_own = await each.of_both(client, other) if isinstance(each, Nth) else (each, each)
            first = await outcome_of(client, fresh(request))
            second = await outcome_of(other, fresh(its_own))
            same = first == second and not isinstance(first, Mgmt1Error)
            assert same or is_listed(request, first, second), (request, first, second)
            if request.call is calls.VM_SHUTDOWN_WITH:
                await has_halted(own, request.dest)
                await has_halted(qubesd, request.dest)
            await backend.bridge.mirror.settled()
        expected = await records_of(client)
        await until_equal(lambda: records_of(other), expected, 20)


@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.generate), derandomize=True)
@given(st.lists(requests, min_size=4, max_size=16))
def test_random_calls_are_answered_as_by_the_daemon(chosen: list[Chosen]) -> None:
    asyncio.run(carried_out(chosen))


def test_the_guide_lists_each_difference() -> None:
    guide = " ".join(GUIDE.read_text("utf-8").split())

    for row in TABLE:
        assert f"| {row.what} | {row.why} |" in guide, row.what


def test_the_guide_names_an_alternative_to_each_call_that_is_not_available() -> None:
    lines = GUIDE.read_text("utf-8").splitlines()

    for call, reason in INSTEAD.items():
        assert any(f"`{call}`" in line and f"| {text(reason)} |" in line for line in lines), call
