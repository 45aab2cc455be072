# SPDX-License-Identifier: GPL-3.0-or-later
"""A later Qubes OS: unknown properties, classes, features and events are shown or left alone, and end nothing."""

import asyncio

from bridge_fixtures import client_of, over
from hypothesis import example, given, settings
from hypothesis import strategies as st
from qubesd_model import Faulty, Model, Value
from until import error_of, until

from qubesmanager.daemon.bridge.following import _FOLLOW
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CloneSpec
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.values import PowerState, VmClass

words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
names = st.one_of(st.sampled_from(sorted(_FOLLOW)), words)
details = st.one_of(st.just(""), st.builds(":{}".format, words))
subjects = st.sampled_from(("", "app-0000", "sys-net", "nosuch", "fedora-41", "not a name", DOM0))
keys = st.sampled_from(("name", "newvalue", "oldvalue", "vm", "feature", "value", "tag", "pool", "device", "port", "x"))
fields = st.lists(st.tuples(keys, st.one_of(subjects, words)), max_size=4)
frames = st.tuples(subjects, st.builds(str.__add__, names, details), fields)


async def followed(chosen: list[tuple[str, str, list[tuple[str, str]]]]) -> None:
    qubesd = Faulty(Model(5))
    async with over(qubesd) as backend:
        mirror = backend.bridge.mirror
        await mirror.settled()
        for subject, name, pairs in chosen:
            qubesd.model.event(subject, name, *(word for pair in pairs for word in pair))
        qubesd.model.qubes["sys-net"].tags.add("end")
        qubesd.model.event("sys-net", "domain-tag-add:end", "tag", "end")

        await until(lambda: "sys-net" in mirror.records and "end" in mirror.records["sys-net"].tags)
        await mirror.settled()

        assert mirror.records.keys() <= qubesd.model.qubes.keys()
        assert qubesd.calls.count("admin.Events+ dom0") == 1


@settings(max_examples=30, deadline=None)
@given(st.lists(frames, max_size=8))
@example([("app-0000", "property-set:", [("newvalue", "")]), ("", "domain-add", [("vm", "")])])
@example([("app-0000", "device-added:block", [("device", ":")]), ("app-0000", "device-attach:later", [])])
def test_any_event_is_followed_or_left_alone(chosen: list[tuple[str, str, list[tuple[str, str]]]]) -> None:
    asyncio.run(followed(chosen))


async def test_what_is_not_known_is_shown_as_it_is() -> None:
    model = Model(4)
    odd = model.add("odd", "AppVM", "Dreaming")
    odd.klass = odd.properties["klass"].text = "LaterVM"
    model.qubes["sys-net"].properties["later"] = Value("shape", "round\nand\\or")
    model.qubes["sys-net"].features["a.later-Feature_1"] = "x=1 y"
    model.system["later_default"] = Value("shape", "square")
    async with over(Faulty(model)) as backend:
        record = await backend.bridge.mirror.record("sys-net")
        system = await client_of(backend).send(calls.PROPERTY_GET_ALL(DOM0))
        row = await client_of(backend).send(calls.VM_PROPERTY_GET_ALL("sys-net"))

        assert record.value("later") == "round\nand\\or"
        assert record.features["a.later-Feature_1"] == "x=1 y"
        assert ("later_default", "square") in [(each.name, each.value) for each in system]
        assert ("later", "shape") in [(each.name, each.type) for each in row]
        later = await backend.bridge.mirror.record("odd")
        assert (later.klass, later.state, later.value("klass")) == (VmClass.STANDALONE, PowerState.NA, "LaterVM")
        refused = await error_of(client_of(backend).send(calls.VM_CLONE("odd", payload=CloneSpec("copy"))))
        assert "LaterVM" in str(refused)


async def test_disposables_that_are_kept_ready_are_counted_and_shown_once_they_are_used() -> None:
    model = Model(4)
    model.add("disp1", "DispVM", "Paused").properties["is_preload"] = Value("bool", "True", is_default=False)
    async with over(Faulty(model)) as backend:
        mirror = backend.bridge.mirror
        await mirror.settled()
        assert "disp1" not in mirror.records
        assert mirror.hidden.keys() == {"disp1"}

        model.set_property("disp1", "is_preload", "False")
        await until(lambda: "disp1" in mirror.records)
        assert not mirror.hidden

        model.set_property("disp1", "is_preload", "True")
        await until(lambda: "disp1" not in mirror.records)
        assert mirror.hidden.keys() == {"disp1"}
