# SPDX-License-Identifier: GPL-3.0-or-later
"""What all services share: one way for events, and an end in order."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.runtime import Places, Runtime
from qubesmanager.daemon.local.store.store import Store
from qubesmanager.wire import events
from qubesmanager.wire.event import Event
from qubesmanager.wire.records import PropertyValue
from qubesmanager.wire.values import PowerState


class LoggingHypervisor(FakeHypervisor):
    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self._order = order

    async def close(self) -> None:
        self._order.append("hypervisor")
        await super().close()


@pytest.fixture
def order() -> list[str]:
    """What was closed, in order."""
    return []


@pytest.fixture
async def runtime(tmp_path: Path, order: list[str]) -> AsyncIterator[Runtime]:
    places = Places(tmp_path / "kernels", tmp_path / "logs", tmp_path / "profiles", tmp_path / "policy")
    runtime = Runtime(Store(tmp_path / "store.sqlite"), LoggingHypervisor(order), places)
    await runtime.open()
    yield runtime
    await runtime.close()


def dom0(runtime: Runtime) -> Qube:
    return runtime.state.qube("dom0")


async def test_subscribers_get_every_event_in_order_changes_of_state_included(runtime: Runtime) -> None:
    seen: list[tuple[str, Event]] = []
    runtime.subscribe(lambda event: seen.append(("first", event)))
    runtime.subscribe(lambda event: seen.append(("second", event)))
    added = events.LABEL_ADD("pink", "0xFF00FF")

    runtime.emit([added])
    runtime.set_state(dom0(runtime), PowerState.HALTING)

    assert [name for name, _event in seen] == ["first", "second", "first", "second"]
    assert seen[0][1] is added
    assert seen[2][1] == events.DOMAIN_STATE("dom0", PowerState.HALTING)


async def test_a_subscriber_gets_the_kinds_and_properties_that_it_names(runtime: Runtime) -> None:
    seen: list[Event] = []
    runtime.emit([events.LABEL_ADD("pink", "0xFF00FF")])
    runtime.subscribe(seen.append, rows={events.LABEL_ADD}, properties={"netvm"})
    label = events.LABEL_ADD("rose", "0xFF00EE")
    netvm = events.property_event("work", "netvm", PropertyValue("", is_default=True), "sys-net")

    runtime.emit([label, events.LABEL_DELETE("pink"), netvm])
    runtime.emit([events.property_event("work", "memory", PropertyValue("500", is_default=False), "400")])

    assert seen == [label, netvm]


async def test_a_subscriber_gets_the_features_that_it_names(runtime: Runtime) -> None:
    seen: list[Event] = []
    runtime.subscribe(seen.append, features={"mine"})
    mine = [events.FEATURE_SET("work", "mine", "1", ""), events.FEATURE_DELETE("work", "mine")]

    runtime.emit([*mine, events.FEATURE_SET("work", "other", "1", ""), events.TAG_ADD("work", "mine")])

    assert seen == mine


async def test_a_state_that_the_qube_has_already_is_not_emitted(runtime: Runtime) -> None:
    seen: list[Event] = []
    runtime.subscribe(seen.append)

    runtime.set_state(dom0(runtime), dom0(runtime).state)

    assert seen == []


async def test_closers_run_once_nothing_is_in_the_background_and_before_the_hypervisor(
    runtime: Runtime, order: list[str]
) -> None:
    async def run_until_cancelled() -> None:
        try:
            await runtime.wait_for(dom0(runtime), PowerState.HALTED)
        finally:
            order.append("background")

    async def close() -> None:
        order.append("closer")

    async def never() -> None:
        order.append("late")

    task = runtime.spawn("wait", run_until_cancelled())
    assert task is not None
    runtime.at_close(close)
    runtime.spawn("end", never())
    await runtime.to_the_end("give way", _nothing())

    await runtime.close()

    assert order == ["late", "background", "closer", "hypervisor"]
    assert runtime.spawn("too late", never()) is None


async def _nothing() -> None:
    return
