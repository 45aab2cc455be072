# SPDX-License-Identifier: GPL-3.0-or-later
"""Create and clone that fail at any step leave nothing; and listeners' copies are always what GetAll says."""

import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from demo_fixtures import open_copy
from fakes_hypervisor import FakeHypervisor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateSpec
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import apply_event
from qubesmanager.wire.records import VmRecord

pytestmark = pytest.mark.whole

CREATE = calls.VM_CREATE("debian-13", "StandaloneVM", CreateSpec("new", "red"))
CLONE = calls.VM_CLONE("vault", payload=CloneSpec("new"))


def _without_usage(record: VmRecord) -> VmRecord:
    """The record without the bytes that its volumes take, which are measured in the background."""
    return replace(record, volumes=tuple(volume._replace(usage=0) for volume in record.volumes))


async def everything(system: System) -> tuple[Any, ...]:
    return (
        {name: _without_usage(qube.record()) for name, qube in system.runtime.state.qubes.items()},
        await system.pools.driver("default").list_volumes(),
        await system.runtime.store.read("SELECT * FROM pending_volume"),
        await system.runtime.store.read("SELECT qid, name FROM qube ORDER BY qid"),
        set(system.runtime.reserved),
    )


def failing_at(step: int, function: Callable[..., Coroutine[Any, Any, Any]], counter: list[int]) -> Any:
    async def call(*arguments: Any, **named: Any) -> Any:
        counter[0] += 1
        if counter[0] == step:
            raise Mgmt1Error("injected")
        return await function(*arguments, **named)

    return call


@pytest.mark.parametrize("request_", [CREATE, CLONE])
@pytest.mark.parametrize("step", range(1, 9))
async def test_a_creation_that_fails_at_a_step_leaves_nothing(
    client: Client, system: System, monkeypatch: pytest.MonkeyPatch, request_: Request[None], step: int
) -> None:
    before = await everything(system)
    counter = [0]
    driver = system.pools.driver("default")
    with monkeypatch.context() as patch:
        for owner, name in ((system.runtime.store, "commit"), (driver, "create"), (driver, "clone")):
            patch.setattr(owner, name, failing_at(step, getattr(owner, name), counter))
        try:
            await client.send(request_)
            failed = False
        except Mgmt1Error:
            failed = True

    if failed:
        assert await everything(system) == before
        await client.send(request_)
    assert "new" in system.runtime.state.qubes


SETTINGS = [
    ("memory", "500"), ("label", "green"), ("netvm", ""), ("netvm", "sys-firewall"), ("vcpus", "3"), ("debug", "yes"),
]  # fmt: skip
CHOICES: dict[str, tuple[list[str], list[Any]]] = {
    "set": (["work", "vault", "debian-13"], SETTINGS),
    "reset": (["work", "vault", "debian-13"], ["memory", "netvm", "vcpus"]),
    "system": (["default_netvm", "default_kernel"], ["", "sys-net"]),
    "feature": (["work", "sys-firewall"], ["ipv6", "servicevm", "x"]),
    "tag": (["work", "vault"], ["a", "b"]),
    "rename": (["vault", "untrusted", "fresh"], ["vault", "fresh"]),
    "create": (["n1", "n2"], [""]),
    "clone": (["vault", "n1"], ["c1", "n2"]),
    "remove": (["n1", "n2", "c1", "vault"], [""]),
    "start": (["vault", "n1", "work"], [""]),
    "kill": (["vault", "n1", "work"], [""]),
    "notes": (["work", "vault"], ["text"]),
}
OPERATIONS = st.lists(
    st.one_of(
        *(
            st.tuples(st.just(kind), st.sampled_from(names), st.sampled_from(values))
            for kind, (names, values) in CHOICES.items()
        )
    ),
    max_size=15,
)

REQUESTS: dict[str, Callable[[str, Any], Request[Any]]] = {
    "set": lambda name, value: calls.VM_PROPERTY_SET(name, *value),
    "reset": calls.VM_PROPERTY_RESET,
    "system": lambda name, value: calls.PROPERTY_SET("dom0", name, value),
    "feature": lambda name, value: calls.VM_FEATURE_SET(name, value, "1"),
    "tag": calls.VM_TAG_SET,
    "rename": lambda name, value: calls.VM_PROPERTY_SET(name, "name", value),
    "create": lambda name, _value: calls.VM_CREATE("debian-13", "AppVM", CreateSpec(name, "red")),
    "clone": lambda name, value: calls.VM_CLONE(name, payload=CloneSpec(value)),
    "remove": lambda name, _value: calls.VM_REMOVE(name),
    "start": lambda name, _value: calls.VM_START(name),
    "kill": lambda name, _value: calls.VM_KILL(name),
    "notes": lambda name, value: calls.VM_NOTES_SET(name, payload=value),
}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=OPERATIONS)
async def test_folding_the_events_gives_what_get_all_says(
    operations: list[tuple[str, str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("fold")
    system = await open_copy(folder, FakeHypervisor())
    client = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer))
    copy: dict[str, VmRecord] = {name: qube.record() for name, qube in system.runtime.state.qubes.items()}
    events: list[Event] = []
    system.runtime.hub.emit, emit = (lambda event: (events.append(event), emit(event))[0]), system.runtime.hub.emit  # type: ignore[method-assign, func-returns-value]
    try:
        for kind, name, value in operations:
            with contextlib.suppress(Mgmt1Error):
                await client.send(REQUESTS[kind](name, value))
        await system.runtime.close()

        for event in events:
            after = apply_event(copy.get(event.subject), event)
            if after is None:
                copy.pop(event.subject, None)
            else:
                copy[event.subject] = after
        listed = {name: qube.record() for name, qube in system.runtime.state.qubes.items()}
        assert copy == listed
    finally:
        await system.runtime.close()
