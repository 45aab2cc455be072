# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of guests to dom0 and to each other, and services in guests, with guests in the test's process."""

import asyncio
from uuid import UUID

import pytest
from fake_guest import Answered, FakeGuest, FakeGuests, guests, hypervisor_with_guests
from fakes_hypervisor import FakeHypervisor
from until import until

from qubesmanager.daemon.dialect.backend import Dialect
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.guest_channel import Pipe
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.guest.frames import Accepted, Call, Data, Ended, Exited
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied, QubesValueError, QubesVMNotRunningError
from qubesmanager.wire.guest_services import ServiceResult
from qubesmanager.wire.limits import SERVICE_OUTPUT_BYTES
from qubesmanager.wire.values import PowerState

__all__ = ["guests", "hypervisor"]

RULES = """\
mgmt1.vm.List * work @adminvm allow target=dom0
mgmt1.vm.List * work @tag:home allow target=dom0
mgmt1.vm.tag.Set * work personal allow target=dom0
mgmt1.Events * work @adminvm allow target=dom0
mgmt1.vm.List * personal @adminvm allow target=dom0
admin.vm.List * personal @adminvm allow target=dom0
mgmt1.vm.List * personal vault allow target=dom0
test.Reverse * work personal allow user=joe
test.Reverse * work vault allow
test.Reverse * work @default allow target=personal
test.Reverse * work sys-net allow autostart=no
test.Reverse * work @dispvm:default-dvm allow
test.Reverse * work untrusted ask
test.Missing * work personal allow
qubes.VMShell * personal work allow
"""


def reverse(_call: Call, stdin: bytes) -> tuple[int, bytes, bytes]:
    return 7, stdin[::-1], b"for the host's log"


hypervisor = hypervisor_with_guests


@pytest.fixture(autouse=True)
def served(system: System) -> None:
    folder = system.runtime.places.policy
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "30-test.policy").write_text(RULES)
    backend = LocalBackend(system)
    system.guest_channels.answer = Dispatcher(backend, Dialect(backend)).answer


async def guest_of(system: System, guests: FakeGuests, name: str) -> FakeGuest:
    """The guest of a qube that runs, once the daemon knows that it is there."""
    qube = system.runtime.state.qube(name)
    await until(lambda: qube.has_agent)
    return guests.by_uuid[qube.uuid]


async def test_the_source_of_a_call_is_the_qube_of_the_channel(system: System, guests: FakeGuests) -> None:
    work, personal = await guest_of(system, guests, "work"), await guest_of(system, guests, "personal")

    of_work = await work.call("mgmt1.vm.List")
    of_personal = await personal.call("mgmt1.vm.List")

    # Each sees what the policy lets it make this call to.
    assert of_work.code == of_personal.code == 0
    assert b"personal class=AppVM" in of_work.output
    assert b"vault" not in of_work.output
    assert b"vault class=AppVM" in of_personal.output


async def test_a_call_that_the_policy_does_not_admit_is_refused(system: System, guests: FakeGuests) -> None:
    work = await guest_of(system, guests, "work")

    for service, target in (
        ("mgmt1.vm.Start", "vault"),
        ("mgmt1.vm.List", "vault"),
        ("mgmt1.vm.List", "no-such-qube"),
        ("test.Reverse", "work"),
        ("qubes.VMShell", "dom0"),
        ("qubes.VMShell", ""),
    ):
        assert await work.call(service, target) == Answered(126, b"")

    assert system.runtime.state.qube("vault").state is PowerState.HALTED


async def test_the_calls_of_qubes_os_are_answered_too(system: System, guests: FakeGuests) -> None:
    personal = await guest_of(system, guests, "personal")

    answered = await personal.call("admin.vm.List")

    assert answered.code == 0
    assert answered.output.startswith(b"0\0")
    assert b"dom0 class=AdminVM" in answered.output


async def test_a_socket_that_cannot_be_reached_is_tried_again(
    system: System,
    guests: FakeGuests,
    hypervisor: FakeHypervisor,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qubesmanager.daemon.local.services.guest_channels._FIRST_PAUSE", 0.01)
    connect, failures = guests.connect, ["denied", "denied"]

    def fail_first(uuid: UUID) -> Pipe:
        if failures:
            raise PermissionError(failures.pop())
        return connect(uuid)

    hypervisor.host.channel = fail_first
    await system.lifecycle.start("vault")

    vault = await guest_of(system, guests, "vault")
    assert (await vault.call("mgmt1.vm.List")).code == 126
    assert caplog.text.count("There is no connection to the channel of vault") == 1


async def test_a_call_changes_what_it_may_and_an_error_is_an_answer(system: System, guests: FakeGuests) -> None:
    work = await guest_of(system, guests, "work")

    assert await work.call("mgmt1.vm.tag.Set", "personal", "mine") == Answered(0, b"0\0")
    answered = await work.call("mgmt1.vm.tag.Set", "personal", "created-by-work")

    assert answered.code == 0
    assert answered.output.startswith(b"2\0")
    assert "mine" in system.runtime.state.qube("personal").tags


async def test_events_come_until_the_guest_gives_up(system: System, guests: FakeGuests) -> None:
    work = await guest_of(system, guests, "work")
    stream = await work.opened("mgmt1.Events")
    assert isinstance(await stream.next(), Accepted)
    stream.end()
    first = await stream.next()
    assert isinstance(first, Data)
    assert b"connection-established" in first.data
    assert system.runtime.hub.listeners

    stream.reset()

    await until(lambda: not system.runtime.hub.listeners)


async def test_a_call_goes_to_another_qube_with_its_source_and_user(system: System, guests: FakeGuests) -> None:
    work, personal = await guest_of(system, guests, "work"), await guest_of(system, guests, "personal")
    guests.services["test.Reverse"] = reverse
    text = bytes(range(256)) * 2000

    assert await work.call("test.Reverse", "personal", "some.thing", text) == Answered(7, text[::-1])
    # A target that does not exist is @default, which a line sends elsewhere.
    assert await work.call("test.Reverse", "nowhere", payload=b"ab") == Answered(7, b"ba")

    assert personal.calls == [
        Call("test.Reverse", "+some.thing", "work", "joe"),
        Call("test.Reverse", "+", "work", ""),
    ]


async def test_a_service_that_is_missing_is_not_found(system: System, guests: FakeGuests) -> None:
    work = await guest_of(system, guests, "work")
    await guest_of(system, guests, "personal")

    assert await work.call("test.Missing", "personal") == Answered(127, b"")


async def test_the_target_of_a_call_is_started(system: System, guests: FakeGuests) -> None:
    work, vault = await guest_of(system, guests, "work"), system.runtime.state.qube("vault")
    guests.services["test.Reverse"] = reverse

    assert await work.call("test.Reverse", "vault", payload=b"abc") == Answered(7, b"cba")
    assert vault.state is PowerState.RUNNING


async def test_a_target_that_is_not_to_be_started_is_not(system: System, guests: FakeGuests) -> None:
    work = await guest_of(system, guests, "work")
    await system.lifecycle.shutdown("sys-net", force=True)

    assert await work.call("test.Reverse", "sys-net") == Answered(126, b"")

    assert system.runtime.state.qube("sys-net").state is PowerState.HALTED


async def test_a_call_to_a_new_disposable_removes_it_afterwards(system: System, guests: FakeGuests) -> None:
    work = await guest_of(system, guests, "work")
    guests.services["test.Reverse"] = reverse
    before = set(guests.by_uuid)

    assert await work.call("test.Reverse", "@dispvm:default-dvm", payload=b"abc") == Answered(7, b"cba")

    (uuid,) = set(guests.by_uuid) - before
    await until(lambda: uuid not in system.runtime.state.by_uuid)
    assert uuid not in system.runtime.hypervisor.host.domains  # type: ignore[attr-defined]


async def test_a_line_that_asks_denies_without_a_user(system: System, guests: FakeGuests) -> None:
    work = await guest_of(system, guests, "work")

    assert await work.call("test.Reverse", "untrusted") == Answered(126, b"")


async def test_a_caller_that_gives_up_ends_the_service(system: System, guests: FakeGuests) -> None:
    work, personal = await guest_of(system, guests, "work"), await guest_of(system, guests, "personal")
    ended = asyncio.Event()
    begun = asyncio.Event()

    async def endless(stream: object, call: Call) -> None:
        begun.set()
        stream.accept()  # type: ignore[attr-defined]
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    personal.channel._answer = endless
    stream = await work.opened("test.Reverse", "personal")
    assert isinstance(await stream.next(), Accepted)
    await begun.wait()

    stream.reset()

    await ended.wait()


async def test_dom0_runs_a_service_and_gets_what_it_writes(system: System, guests: FakeGuests) -> None:
    work = await guest_of(system, guests, "work")
    guests.services["test.Reverse"] = reverse

    result = await system.guest_channels.run("dom0", system.runtime.state.qube("work"), "test.Reverse+x", b"abc")

    assert result == ServiceResult(7, b"cba", b"for the host's log")
    assert work.calls == [Call("test.Reverse", "+x", "dom0", "")]


async def test_a_service_that_cannot_run_is_a_typed_refusal(system: System, guests: FakeGuests) -> None:
    await guest_of(system, guests, "work")
    qube = system.runtime.state.qube("work")
    guests.services["test.Endless"] = lambda _call, _stdin: (0, b"x" * (SERVICE_OUTPUT_BYTES + 1), b"")

    for call, error, text in (
        ("test.Missing", QubesValueError, "has no service"),
        ("test.Endless", Mgmt1Error, "wrote more than"),
    ):
        with pytest.raises(error, match=text):
            await system.guest_channels.run("dom0", qube, call, b"")


async def test_a_source_that_is_a_qube_needs_a_line_of_the_policy(system: System, guests: FakeGuests) -> None:
    work, qube = await guest_of(system, guests, "work"), system.runtime.state.qube("work")
    guests.services["qubes.VMShell"] = reverse

    assert (await system.guest_channels.run("personal", qube, "qubes.VMShell", b"ab")).untrusted_stdout == b"ba"
    with pytest.raises(PermissionDenied):
        await system.guest_channels.run("personal", qube, "test.Reverse", b"ab")
    with pytest.raises(PermissionDenied):
        await system.guest_channels.run("vault", qube, "qubes.VMShell", b"ab")

    assert [call.name for call in work.calls] == ["personal"]


async def test_a_qube_without_an_agent_is_named(
    system: System, hypervisor: FakeHypervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hypervisor.host.channel = None
    monkeypatch.setattr("qubesmanager.daemon.local.services.guest_channels._LEAST_WAIT", 0.01)
    await system.settings.set_property("untrusted", "qrexec_timeout", "1")
    await system.lifecycle.start("untrusted")

    with pytest.raises(QubesVMNotRunningError, match="qubes-mgmt1-client must be installed"):
        await system.guest_channels.run("dom0", system.runtime.state.qube("untrusted"), "qubes.VMShell", b"")


async def test_the_agent_comes_and_goes_with_the_qube(system: System, guests: FakeGuests) -> None:
    qube = system.runtime.state.qube("work")
    first = await guest_of(system, guests, "work")

    await first.close()
    await until(lambda: not qube.has_agent)
    await system.lifecycle.kill("work")
    await system.lifecycle.start("work")

    assert await guest_of(system, guests, "work") is not first
    assert qube.value("has_agent") == "yes"
    await system.lifecycle.kill("work")
    assert qube.value("has_agent") == "no"


async def test_a_channel_that_breaks_is_connected_again(
    system: System, guests: FakeGuests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qubesmanager.daemon.local.services.guest_channels._FIRST_PAUSE", 0.01)
    qube = system.runtime.state.qube("work")
    first = await guest_of(system, guests, "work")

    await first.close()
    await until(lambda: guests.by_uuid[qube.uuid] is not first)

    assert (await (await guest_of(system, guests, "work")).call("mgmt1.vm.List")).code == 0


async def test_a_daemon_that_starts_again_attaches_to_what_runs(
    system: System, guests: FakeGuests, hypervisor: FakeHypervisor
) -> None:
    await guest_of(system, guests, "work")
    state = system.runtime.places.logs.parent
    await system.runtime.close()

    again = await open_system(state, FakeHypervisor(hypervisor.host))
    try:
        again.guest_channels.answer = Dispatcher(LocalBackend(again)).answer
        work = await guest_of(again, guests, "work")
        assert (await work.call("mgmt1.vm.List")).code == 0
    finally:
        await again.runtime.close()


async def test_a_guest_that_stops_reading_makes_only_itself_wait(system: System, guests: FakeGuests) -> None:
    work, personal = await guest_of(system, guests, "work"), await guest_of(system, guests, "personal")
    guests.services["test.Reverse"] = lambda _call, stdin: (0, stdin * 20, b"")
    stream = await work.opened("test.Reverse", "personal")
    assert isinstance(await stream.next(), Accepted)
    await stream.write(b"x" * 60_000)
    stream.end()

    # It takes nothing of the 1.2 MB: other calls of both guests go on.
    assert (await work.call("mgmt1.vm.List")).code == 0
    assert (await personal.call("mgmt1.vm.List")).code == 0

    size = 0
    while not isinstance(item := await stream.next(), Exited):
        if isinstance(item, Data):
            size += len(item.data)
        else:
            assert isinstance(item, Ended)
    assert size == 1_200_000


async def test_nothing_runs_in_dom0_or_in_a_paused_qube(system: System, guests: FakeGuests) -> None:
    work = await guest_of(system, guests, "work")
    guests.services["test.Reverse"] = reverse
    await guest_of(system, guests, "personal")
    await system.lifecycle.pause("personal")

    for name in ("dom0", "personal"):
        with pytest.raises(Mgmt1Error, match=r"dom0|paused"):
            await system.guest_channels.run("dom0", system.runtime.state.qube(name), "test.Reverse", b"")

    assert await work.call("test.Reverse", "personal") == Answered(126, b"")


async def test_a_guest_whose_calls_are_refused_fills_no_log(
    system: System, guests: FakeGuests, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qubesmanager.daemon.local.services.guest_channels.REFUSED_SECONDS", 1000.0)
    work, personal = await guest_of(system, guests, "work"), await guest_of(system, guests, "personal")
    assert await work.call("qubes.VMShell") == Answered(126, b"")
    caplog.clear()

    for _ in range(100):
        (await work.opened("qubes.VMShell")).reset()

    assert (await personal.call("mgmt1.vm.List")).code == 0
    assert "work" not in caplog.text
