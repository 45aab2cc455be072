# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirror over a qubesd that splits frames, gives no bytes, breaks off, and knows more than we do."""

import asyncio

import pytest
from bridge_fixtures import FakeQubesd, client_of, over
from until import error_of, until

from qubesmanager.daemon.bridge.channel import AT_ONCE, Channel
from qubesmanager.daemon.bridge.mirror import Mirror
from qubesmanager.wire import calls, events
from qubesmanager.wire.errors import DeviceNotAssigned, NoAnswerError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import apply_event
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import PowerState, VmClass

LIST = "dom0 class=AdminVM state=Running uuid=0\nwork class=AppVM state=Halted uuid=1\n"


def qubesd(size: int = 1 << 16) -> FakeQubesd:
    """dom0 and one qube; what is not here gets no bytes."""
    return FakeQubesd(
        {
            "admin.vm.List+ dom0": b"0\x00" + LIST.encode() + b"far class=not-a-word state=Running uuid=2\n",
            "admin.vm.List+ work": b"0\x00work class=AppVM state=Halted uuid=1\n",
            "admin.vm.property.GetAll+ work": b"0\x00memory default=True type=int 400\nnetvm default=True type=vm \n"
            b"new default=True type=weird a\\nb\n",
            "admin.vm.property.Get+netvm work": b"0\x00default=True type=vm sys-net",
            "admin.vm.tag.List+ work": b"0\x00mine\n",
            "admin.vm.feature.List+ work": b"0\x00",
        },
        size=size,
    )


async def test_frames_may_be_split_and_what_is_unknown_is_left_out() -> None:
    fake = qubesd(size=1)
    async with over(fake) as backend:
        records = {record.name: record async for record in backend.bridge.mirror.rows()}

        assert records.keys() == {DOM0, "work"}
        assert records["work"].properties["new"] == PropertyValue("a\nb", is_default=True)
        assert records["work"].tags == {"mine"}
        fake.send("work", "domain-start", "start_guid", "True")
        await until(lambda: backend.bridge.mirror.records["work"].state is PowerState.RUNNING)
        assert fake.calls[0] == "admin.Events+ dom0"
        assert fake.at_once.most <= AT_ONCE


async def test_an_event_that_cannot_be_read_ends_nothing() -> None:
    fake = qubesd()
    async with over(fake) as backend:
        mirror = backend.bridge.mirror
        await mirror.settled()

        fake.send("work", "property-set:memory", "name", "memory", "newvalue", "\u00b2", "oldvalue", "400")
        fake.send("work", "domain-tag-add:t", "tag", "t")

        await until(lambda: "t" in mirror.records["work"].tags)
        assert mirror.records["work"].value("memory") == "\u00b2"


async def test_after_a_failure_of_its_own_the_mirror_follows_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = qubesd()
    async with over(fake) as backend:
        mirror = backend.bridge.mirror
        await mirror.settled()

        def fail(_name: str) -> None:
            raise ValueError("A mistake.")

        fake.answers["admin.vm.tag.List+ work"] = b"0\x00other\n"

        with monkeypatch.context() as patched:
            patched.setattr(mirror, "gone", fail)
            fake.send("", "domain-delete", "vm", "nosuch")
            await until(lambda: fake.calls.count("admin.Events+ dom0") > 1)

        await until(lambda: mirror.records["work"].tags == {"other"})


async def test_events_change_the_record() -> None:
    fake = qubesd()
    async with over(fake) as backend:
        mirror = backend.bridge.mirror
        await mirror.settled()
        fake.answers["admin.vm.property.GetAll+ work"] = b"0\x00memory default=False type=int 500\n"

        for words in (
            ("work", "property-pre-set:memory", "name", "memory", "newvalue", "1", "oldvalue", "400"),
            ("work", "property-set:memory", "name", "memory", "newvalue", "500", "oldvalue", "400"),
            ("work", "property-del:memory", "name", "memory"),
            ("work", "domain-feature-set:f", "feature", "f", "value", "1"),
            ("work", "domain-tag-add:t", "tag", "t"),
            ("work", "domain-tag-delete:mine", "tag", "mine"),
            ("work", "a-later-event:x", "y", "z"),
            ("work", "property-reset:netvm", "name", "netvm"),
            ("", "domain-pre-delete", "vm", "work"),
        ):
            fake.send(*words)

        await until(lambda: mirror.records["work"].tags == {"t"})
        assert mirror.records["work"].properties["memory"] == PropertyValue("500", is_default=False)
        assert mirror.records["work"].features == {"f": "1"}
        fake.send("", "domain-delete", "vm", "work")
        await until(lambda: "work" not in mirror.records)


async def test_after_a_break_the_differences_are_sent() -> None:
    fake = qubesd()
    async with over(fake) as backend:
        mirror = backend.bridge.mirror
        await mirror.settled()
        seen: list[Event] = []

        async def listen() -> None:
            async for event in mirror.hub.listen(lambda event: (event,)):
                seen.append(event)  # noqa: PERF401 - it never ends

        def folded() -> dict[str, VmRecord | None]:
            """The records before the break, with the events since."""
            known: dict[str, VmRecord | None] = {**before}
            for event in seen:
                known[event.subject] = apply_event(known.get(event.subject), event)
            known.pop("", None)
            return known

        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(listen())
            await until(lambda: seen)
            before = dict(mirror.records)
            fake.hang_up()
            await until(lambda: not fake.listeners)
            fake.answers["admin.vm.List+ dom0"] = (
                b"0\x00" + LIST.replace("Halted", "Running").encode() + (b"new class=AppVM state=Halted uuid=3\n")
            )
            fake.answers["admin.vm.tag.List+ work"] = b"0\x00other\n"
            await until(lambda: "new" in mirror.records and mirror.records["work"].tags == {"other"})
            await until(lambda: folded() == mirror.records)
            listening.cancel()

        assert events.DOMAIN_STATE("work", PowerState.RUNNING) in seen


async def test_what_no_event_tells_is_read_again() -> None:
    fake = qubesd()
    fake.answers["admin.vm.List+ dom0"] += b"tpl class=TemplateVM state=Halted uuid=5\n"
    fake.answers["admin.vm.property.GetAll+ work"] = (
        b"0\x00template default=False type=vm tpl\nmemory default=True type=int 400\n"
        b"qrexec_timeout default=True type=int 60\n"
    )
    fake.answers["admin.vm.notes.Get+ work"] = b"0\x00"
    channel = Channel(fake)
    mirror = Mirror(channel, refresh=0.01)
    await mirror.settled()
    listening = asyncio.get_running_loop().create_task(_listen(mirror, []))

    fake.answers["admin.vm.property.Get+memory work"] = b"0\x00default=True type=int 700"
    fake.send("tpl", "property-reset:memory", "name", "memory", "oldvalue", "400")
    await until(lambda: mirror.records["work"].value("memory") == "700")
    fake.answers["admin.vm.property.Get+qrexec_timeout work"] = b"0\x00default=True type=int 90"
    fake.send("", "property-set:default_qrexec_timeout", "name", "default_qrexec_timeout", "newvalue", "90")
    await until(lambda: mirror.records["work"].value("qrexec_timeout") == "90")
    fake.answers["admin.vm.notes.Get+ work"] = b"0\x00of another client"
    await until(lambda: mirror.records["work"].notes == "of another client")
    await mirror.close()
    await listening


async def _listen(mirror: Mirror, heard: list[Event]) -> None:
    """Keep the mirror's events until it is closed."""
    async for event in mirror.hub.listen(lambda event: (event,)):
        heard.append(event)  # noqa: PERF401 - the test looks at it meanwhile


async def test_a_qubesd_that_stays_away_ends_the_streams_until_it_is_back() -> None:
    fake = qubesd()
    async with over(fake) as backend:
        mirror = backend.bridge.mirror
        await mirror.settled()
        answers = fake.answers
        hub = mirror.hub
        fake.answers, fake.refuses = {}, True
        fake.hang_up()

        assert [event.name async for event in hub.listen(lambda event: (event,))] == ["connection-established"]
        assert isinstance(await error_of(mirror.record("work")), NoAnswerError)
        fake.answers, fake.refuses = answers, False

        async def is_back() -> bool:
            return await error_of(mirror.settled()) is None

        await until(is_back)
        assert (await mirror.record("work")).tags == {"mine"}


async def test_no_bytes_are_no_success_and_the_truth_is_asked_again() -> None:
    fake = qubesd()
    async with over(fake) as backend:
        await backend.bridge.mirror.settled()
        fake.answers["admin.vm.tag.List+ work"] = b"0\x00changed\n"

        error = await error_of(client_of(backend).send(calls.VM_PROPERTY_SET("work", "memory", "500")))

        assert error is not None
        assert "no answer from qubesd" in str(error)
        await until(lambda: backend.bridge.mirror.records["work"].tags == {"changed"})


async def test_a_qubesd_that_is_not_there_is_an_error_and_not_a_wait() -> None:
    async with over(FakeQubesd({})) as backend:
        error = await error_of(backend.bridge.mirror.settled())

    assert isinstance(error, NoAnswerError)


async def test_quotes_of_python_are_taken_off() -> None:
    fake = qubesd()
    fake.answers["admin.vm.Kill+ work"] = b"2\x00DeviceNotAssigned\x00\x00'block device sdb1 not attached to work'\x00"
    async with over(fake) as backend:
        error = await error_of(client_of(backend).send(calls.VM_KILL("work")))

    assert isinstance(error, DeviceNotAssigned)
    assert str(error) == "block device sdb1 not attached to work"


async def test_a_disposable_that_qubesd_keeps_ready_is_not_shown() -> None:
    fake = qubesd()
    fake.answers["admin.vm.List+ dom0"] += b"disp1 class=DispVM state=Paused uuid=4\n"
    fake.answers["admin.vm.property.GetAll+ disp1"] = b"0\x00is_preload default=False type=bool True\n"
    async with over(fake) as backend:
        await backend.bridge.mirror.settled()

        assert backend.bridge.mirror.records.keys() == {DOM0, "work"}
        assert backend.bridge.mirror.records["work"].klass is VmClass.APP
