# SPDX-License-Identifier: GPL-3.0-or-later
"""`admin.*` calls end to end, from the bytes of a request to those of the answer, on a daemon in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial
from pathlib import Path

import pytest
from dialect_fixtures import Caller, one_piece
from fakes_hypervisor import FakeHypervisor

from qubesmanager.client.client import Client
from qubesmanager.daemon.dialect.handlers.storage import NOT_ENCRYPTED
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.event import Event, EventDecoder
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import PowerState

# -- what a request must be -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "dest", "payload", "answer"),
    [
        ("admin.nosuch", "dom0", b"", b"2\x00ProtocolError\x00\x00no such method: 'admin.nosuch'\x00"),
        ("admin.vm.property.Get", "work", b"", b"2\x00ProtocolError\x00\x00expected an argument\x00"),
        ("admin.vm.Start+now", "work", b"", b"2\x00ProtocolError\x00\x00unexpected argument\x00"),
        ("admin.vm.Start", "work", b"x", b"2\x00ProtocolError\x00\x00unexpected payload\x00"),
        ("admin.vm.firewall.Set", "work", b"", b"2\x00ProtocolError\x00\x00expected payload\x00"),
        ("admin.label.List", "work", b"", b"2\x00ProtocolError\x00\x00expected destination to be AdminVM\x00"),
        (
            "admin.vm.notes.Get",
            "dom0",
            b"",
            b"2\x00ProtocolError\x00\x00expected destination to not be AdminVM\x00",
        ),
        ("admin.vm.List", "nosuch", b"", b"2\x00QubesVMNotFoundError\x00\x00No such domain: 'nosuch'\x00"),
        (
            "admin.vm.property.Get+nosuch",
            "work",
            b"",
            b"2\x00QubesNoSuchPropertyError\x00\x00Invalid property 'nosuch' of work\x00",
        ),
        (
            "admin.property.Get+nosuch",
            "dom0",
            b"",
            b"2\x00QubesNoSuchPropertyError\x00\x00Invalid property 'nosuch' of Qubes\x00",
        ),
        (
            "admin.vm.feature.Get+nosuch",
            "work",
            b"",
            b"2\x00QubesFeatureNotFoundError\x00\x00Feature not set for domain work: nosuch\x00",
        ),
        (
            "admin.vm.tag.Remove+t1",
            "work",
            b"",
            b"2\x00QubesTagNotFoundError\x00\x00Tag not set for domain work: t1\x00",
        ),
        (
            "admin.label.Get+nosuch",
            "dom0",
            b"",
            b"2\x00QubesLabelNotFoundError\x00\x00Label does not exist: nosuch\x00",
        ),
        ("admin.label.Remove+red", "dom0", b"", b"2\x00ProtocolError\x00\x00Can only remove custom labels\x00"),
        (
            "admin.vm.Create.AppVM",
            "dom0",
            b"name=work label=red",
            b"2\x00QubesVMAlreadyExistsError\x00\x00Qube already exists: work\x00",
        ),
        (
            "admin.vm.Shutdown+now",
            "work",
            b"",
            b"2\x00ProtocolError\x00\x00Argument must match: force, wait\x00",
        ),
        (
            "admin.vm.property.Set+memory",
            "work",
            b"abc",
            b"2\x00QubesValueError\x00\x00Failed to parse property value as int\x00",
        ),
        (
            "admin.vm.property.Set+autostart",
            "work",
            b"maybe",
            b"2\x00QubesValueError\x00\x00Invalid literal for boolean property: 'maybe'\x00",
        ),
        (
            "admin.vm.property.Set+kernelopts",
            "work",
            "é".encode(),
            b"2\x00QubesValueError\x00\x00Non-ASCII bytes in property value\x00",
        ),
        (
            "admin.vm.property.Set+dns",
            "work",
            b"x",
            b"2\x00QubesPropertyValueError\x00\x00property 'dns' on AppVM instance cannot be set\x00",
        ),
        (
            "admin.vm.feature.Set+f",
            "work",
            "é".encode(),
            b"2\x00ProtocolError\x00\x00Feature value contains non-ASCII characters\x00",
        ),
        (
            "admin.pool.Set.ephemeral_volatile+default",
            "dom0",
            b"True",
            b"2\x00QubesNotImplementedError\x00\x00%b\x00" % NOT_ENCRYPTED.encode(),
        ),
    ],
)
async def test_a_refusal_is_that_of_qubesd(
    admin: Caller, method: str, dest: str, payload: bytes, answer: bytes
) -> None:
    assert await admin.answer(method, dest, payload) == answer


# -- lists and properties ---------------------------------------------------------------------------------------------


async def test_a_list_has_the_class_state_and_uuid_of_each_qube(admin: Caller, system: System) -> None:
    rows = (await admin.content("admin.vm.List")).splitlines()

    assert rows[0] == "dom0 class=AdminVM state=Running uuid=00000000-0000-0000-0000-000000000000"
    assert [row.split()[0] for row in rows] == [qube.name for qube in system.runtime.state.in_order()]
    work = system.runtime.state.qube("work")
    assert await admin.content("admin.vm.List", "work") == f"work class=AppVM state=Running uuid={work.uuid}\n"


async def test_classes_and_labels_are_names_only(admin: Caller) -> None:
    assert (await admin.content("admin.vmclass.List")).split() == [
        "AdminVM",
        "AppVM",
        "DispVM",
        "RemoteVM",
        "StandaloneVM",
        "TemplateVM",
    ]
    assert await admin.content("admin.label.List") == "red\norange\nyellow\ngreen\ngray\nblue\npurple\nblack\n"
    assert await admin.content("admin.label.Get+red") == "0xcc0000"
    assert await admin.content("admin.label.Index+orange") == "2"
    assert set((await admin.content("admin.deviceclass.List")).split()) == {"mic", "usb", "block", "pci"}


async def test_a_property_has_its_type(admin: Caller) -> None:
    assert await admin.content("admin.vm.property.Get+netvm", "work") == "default=True type=vm sys-firewall"
    assert await admin.content("admin.vm.property.Get+netvm", "vault") == "default=False type=vm "
    assert await admin.content("admin.vm.property.Get+label", "work") == "default=False type=label blue"
    assert await admin.content("admin.vm.property.Get+autostart", "work") == "default=True type=bool False"
    assert await admin.content("admin.vm.property.Get+name", "work") == "default=False type=str work"
    assert await admin.content("admin.vm.property.Get+xid", "work") == "default=True type=int -1"
    assert await admin.content("admin.vm.property.Get+visible_netmask", "work") == (
        "default=True type=str 255.255.255.255"
    )


async def test_all_properties_are_those_of_the_class_in_the_order_of_qubes_os(admin: Caller) -> None:
    for qube in ("dom0", "work", "debian-13", "sys-usb"):
        rows = (await admin.content("admin.vm.property.GetAll", qube)).splitlines()

        assert [row.split()[0] for row in rows] == (await admin.content("admin.vm.property.List", qube)).split()
        for row in rows:
            name, _, answer = row.partition(" ")
            assert await admin.content(f"admin.vm.property.Get+{name}", qube) == answer


async def test_all_system_properties_are_listed(admin: Caller) -> None:
    rows = (await admin.content("admin.property.GetAll")).splitlines()

    assert [row.split()[0] for row in rows] == (await admin.content("admin.property.List")).split()
    assert "default_netvm default=False type=vm sys-firewall" in rows
    assert "default_pool_root default=True type=str default" in rows
    assert await admin.content("admin.property.Get+default_netvm") == "default=False type=vm sys-firewall"


async def test_a_default_is_answered_while_another_value_is_set(admin: Caller) -> None:
    await admin.content("admin.vm.property.Set+netvm", "work")

    assert await admin.content("admin.vm.property.Get+netvm", "work") == "default=False type=vm "
    assert await admin.content("admin.vm.property.GetDefault+netvm", "work") == "type=vm sys-firewall"
    assert await admin.content("admin.vm.property.GetDefault+label", "work") == ""
    assert await admin.content("admin.vm.property.GetDefault+bootmode", "work") == "type=str default"
    assert await admin.content("admin.property.GetDefault+stats_interval") == "type=int 3"
    assert await admin.content("admin.property.GetDefault+default_pool_kernel") == "type=str linux-kernel"


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("autostart", b"True", "yes"),
        ("autostart", b"on", "yes"),
        ("autostart", b"0", "no"),
        ("memory", b" 500", "500"),
        ("memory", b"0500", "500"),
        ("netvm", b"", ""),
        ("netvm", b"None", ""),
        ("netvm", b"sys-net", "sys-net"),
    ],
)
async def test_a_value_is_stored_in_the_form_of_mgmt1(
    admin: Caller, system: System, name: str, value: bytes, stored: str
) -> None:
    assert await admin.answer(f"admin.vm.property.Set+{name}", "untrusted", value) == b"0\x00"

    assert system.runtime.state.qube("untrusted").own[name] == stored
    await admin.content(f"admin.vm.property.Reset+{name}", "untrusted")
    assert name not in system.runtime.state.qube("untrusted").own


@pytest.mark.parametrize("name", ["name", "qid", "uuid", "visible_ip", "xid", "start_time"])
async def test_an_invalid_value_is_refused_and_nothing_changes(admin: Caller, system: System, name: str) -> None:
    before = dict(system.runtime.state.qube("untrusted").own)

    assert await admin.refused(f"admin.vm.property.Set+{name}", "untrusted", b"1") == "QubesPropertyValueError"

    assert system.runtime.state.qube("untrusted").own == before


async def test_help_is_one_line_of_plain_text(admin: Caller) -> None:
    for method, dest in (("admin.vm.property", "work"), ("admin.property", "dom0")):
        for name in (await admin.content(f"{method}.List", dest)).split():
            text = await admin.content(f"{method}.Help+{name}", dest)
            assert text
            assert "\n" not in text
            assert "`" not in text


# -- features, tags, notes --------------------------------------------------------------------------------------------


async def test_a_feature_is_looked_for_where_the_call_says(admin: Caller) -> None:
    await admin.content("admin.vm.feature.Set+a", "debian-13", b"of template")
    await admin.content("admin.vm.feature.Set+b", "sys-firewall", b"of netvm")
    await admin.content("admin.vm.feature.Set+c", "dom0", b"of dom0")
    await admin.content("admin.vm.feature.Set+d", "work", b"")

    assert await admin.content("admin.vm.feature.CheckWithTemplate+a", "work") == "of template"
    assert await admin.content("admin.vm.feature.CheckWithNetvm+b", "work") == "of netvm"
    assert await admin.content("admin.vm.feature.CheckWithAdminVM+c", "work") == "of dom0"
    assert await admin.content("admin.vm.feature.CheckWithTemplateAndAdminVM+a", "work") == "of template"
    assert await admin.content("admin.vm.feature.CheckWithTemplateAndAdminVM+c", "work") == "of dom0"
    for call in ("Template", "Netvm", "AdminVM", "TemplateAndAdminVM"):
        assert await admin.content(f"admin.vm.feature.CheckWith{call}+d", "work") == ""
        assert await admin.refused(f"admin.vm.feature.CheckWith{call}+z", "work") == "QubesFeatureNotFoundError"


async def test_settings_of_mgmt1_are_answered_in_the_form_of_qubes_os(admin: Caller, client: Client) -> None:
    await client.send(calls.VM_FEATURE_SET("work", "uni", "grün"))
    await client.send(calls.VM_TAG_SET("work", "managed-by-my.qube"))

    assert await admin.content("admin.vm.feature.Get+uni", "work") == "gr_n"
    assert "managed-by-my_qube" in (await admin.content("admin.vm.tag.List", "work")).split()
    assert await admin.content("admin.vm.tag.Get+managed-by-my_qube", "work") == "1"


async def test_a_tag_of_a_creator_that_is_there_can_be_set_again(admin: Caller) -> None:
    await admin.content("admin.vm.Create.AppVM", "dom0", b"name=w1 label=red")

    assert await admin.answer("admin.vm.tag.Set+created-by-dom0", "w1") == b"0\x00"
    assert await admin.refused("admin.vm.tag.Set+created-by-work", "w1") == "QubesInvalidTagError"
    assert await admin.content("admin.vm.tag.Get+created-by-work", "w1") == "0"


async def test_notes_lose_what_is_not_safe_to_show(admin: Caller) -> None:
    await admin.content("admin.vm.notes.Set", "work", "ünï\tx\n\x1b[31m".encode())

    assert await admin.content("admin.vm.notes.Get", "work") == "ünï\tx\n_[31m"


# -- firewall ---------------------------------------------------------------------------------------------------------

RULES = (
    b"action=accept proto=tcp dsthost=1.2.3.4 dstports=80\n"
    b"action=accept dst6=2001:db8::1 proto=udp dstports=53-54\n"
    b"action=accept specialtarget=dns\n"
    b"action=accept dsthost=10.0.0.0/8 comment=a b,c;d\n"
    b"action=drop\n"
)


async def test_a_firewall_is_set_as_a_whole(admin: Caller) -> None:
    await admin.content("admin.vm.firewall.Set", "work", RULES)

    assert await admin.content("admin.vm.firewall.Get", "work") == (
        "action=accept dst4=1.2.3.4/32 proto=tcp dstports=80-80\n"
        "action=accept dst6=2001:db8::1/128 proto=udp dstports=53-54\n"
        "action=accept specialtarget=dns\n"
        "action=accept dst4=10.0.0.0/8 comment=a b,c;d\n"
        "action=drop\n"
    )


async def test_one_bad_rule_changes_nothing(admin: Caller) -> None:
    before = await admin.content("admin.vm.firewall.Get", "work")

    for bad in (b"action=accept\naction=maybe\n", b"\n", b"action=accept  proto=tcp\n", b"action=accept\n\n"):
        assert (await admin.answer("admin.vm.firewall.Set", "work", bad))[:2] == b"2\x00"

    assert await admin.content("admin.vm.firewall.Get", "work") == before


async def test_a_rule_that_stays_keeps_its_id(admin: Caller, client: Client) -> None:
    before = {row.rule: row.rule_id for row in await client.send(calls.VM_FIREWALL_GET("work"))}

    await admin.content("admin.vm.firewall.Set", "work", b"action=accept proto=icmp\naction=drop\naction=drop\n")

    rows = await client.send(calls.VM_FIREWALL_GET("work"))
    assert [row.rule for row in rows] == ["action=accept proto=icmp", "action=drop", "action=drop"]
    assert len({row.rule_id for row in rows}) == 3
    assert before["action=drop"] in {row.rule_id for row in rows}


async def test_an_expired_rule_is_left_out_and_no_rules_are_a_drop(admin: Caller) -> None:
    await admin.content("admin.vm.firewall.Set", "work", b"action=accept expire=1000\n")

    assert await admin.content("admin.vm.firewall.Get", "work") == "action=drop\n"


# -- create and remove ------------------------------------------------------------------------------------------------


async def test_qubes_of_each_class_are_created_as_the_tools_do(admin: Caller, system: System) -> None:
    await admin.content("admin.vm.Create.AppVM+debian-13", "dom0", b"name=a label=red")
    await admin.content("admin.vm.Create.AppVM", "dom0", b"name=b label=red")
    await admin.content("admin.vm.Create.StandaloneVM", "dom0", b"name=c label=orange")
    await admin.content("admin.vm.Create.TemplateVM", "dom0", b"name=d label=blue")
    await admin.content("admin.vm.Create.DispVM+default-dvm", "dom0", b"name=e label=green")
    await admin.content("admin.vm.CreateInPool.AppVM+debian-13", "dom0", b"name=f label=red pool=default")

    qubes = system.runtime.state.qubes
    assert [str(qubes[name].klass) for name in "abcdef"] == [
        "AppVM", "AppVM", "StandaloneVM", "TemplateVM", "DispVM", "AppVM",
    ]  # fmt: skip
    assert qubes["a"].value("template") == "debian-13"
    assert qubes["b"].value("template") == system.runtime.state.system("default_template")
    assert (qubes["d"].value("label"), qubes["d"].volumes["root"].size) == ("blue", 10 << 30)
    assert qubes["e"].value("auto_cleanup") == "no"
    assert all("created-by-dom0" in qubes[name].tags for name in "abcdef")
    for name in "abcdef":
        await admin.content("admin.vm.Remove", name)
    assert not {*"abcdef"} & qubes.keys()


async def test_a_template_with_an_unknown_label_leaves_nothing(admin: Caller, system: System) -> None:
    assert (
        await admin.refused("admin.vm.Create.TemplateVM", "dom0", b"name=t label=nosuch") == "QubesLabelNotFoundError"
    )

    assert "t" not in system.runtime.state.qubes


@pytest.mark.parametrize("method", ["Create.TemplateVM+", "Create.DispVM+default-dvm"])
async def test_a_creation_that_fails_at_its_end_leaves_nothing(
    admin: Caller, system: System, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    before = set(system.runtime.state.qubes)
    volumes = await system.pools.driver("default").list_volumes()

    async def refused() -> int:
        raise refusal("internal-error")

    monkeypatch.setattr(system.runtime, "next_qid", refused)

    await admin.refused(f"admin.vm.{method}", "dom0", b"name=t label=red")

    assert set(system.runtime.state.qubes) == before
    assert await system.pools.driver("default").list_volumes() == volumes


async def test_a_template_is_created_in_the_pools_that_are_named(admin: Caller, tmp_path: Path) -> None:
    options = f"name=other\ndir_path={tmp_path / 'other'}\n".encode()
    await admin.content("admin.pool.Add+file-qcow2", "dom0", options)

    await admin.content("admin.vm.CreateInPool.TemplateVM", "dom0", b"name=t label=blue pool:root=other")

    pools = {
        volume: (await admin.content(f"admin.vm.volume.Info+{volume}", "t")).split("\n")[0]
        for volume in ("root", "private")
    }
    assert pools == {"root": "pool=other", "private": "pool=default"}
    assert await admin.content("admin.vm.property.Get+label", "t") == "default=False type=label blue"


async def test_a_disposable_gets_a_name_and_is_removed_when_it_halts(admin: Caller, system: System) -> None:
    name = await admin.content("admin.vm.CreateDisposable", "default-dvm")
    other = await admin.content("admin.vm.CreateDisposable", "dom0", b"uuid")

    disposable = system.runtime.state.qube(name)
    assert (disposable.value("template"), disposable.value("auto_cleanup")) == ("default-dvm", "yes")
    assert await admin.content("admin.vm.property.Get+klass", other) == "default=True type=str DispVM"
    assert await admin.refused("admin.vm.CreateDisposable", "work") == "QubesNoTemplateError"


def state_of(system: System, name: str) -> PowerState:
    return system.runtime.state.qube(name).state


# -- lifecycle --------------------------------------------------------------------------------------------------------


async def test_a_qube_is_started_paused_and_ended(admin: Caller, system: System, hypervisor: FakeHypervisor) -> None:
    vault = partial(state_of, system, "vault")
    await admin.content("admin.vm.Start", "vault")
    await admin.content("admin.vm.Start", "vault")
    assert vault() is PowerState.RUNNING

    await admin.content("admin.vm.Pause", "vault")
    await admin.content("admin.vm.Start", "vault")
    assert vault() is PowerState.PAUSED
    await admin.content("admin.vm.Unpause", "vault")
    assert await admin.refused("admin.vm.Unpause", "vault") == "QubesVMNotPausedError"

    await admin.content("admin.vm.Shutdown+wait", "vault")
    assert await admin.content("admin.vm.CurrentState", "vault") == (
        "mem=0 mem_static_max=0 cputime=0 power_state=Halted"
    )
    for method in ("admin.vm.Shutdown+wait", "admin.vm.Shutdown", "admin.vm.Kill"):
        assert await admin.refused(method, "vault") == "QubesVMNotStartedError"


async def test_the_console_of_a_running_qube_is_a_terminal(admin: Caller) -> None:
    assert (await admin.content("admin.vm.Console", "work")).startswith("/dev/pts/")
    await admin.content("admin.vm.Kill", "work")
    assert await admin.refused("admin.vm.Console", "work") == "QubesVMNotRunningError"


async def test_a_shutdown_without_wait_answers_at_once(admin: Caller, system: System) -> None:
    work = partial(state_of, system, "work")

    await admin.content("admin.vm.Shutdown", "work")

    assert work() is PowerState.HALTING
    await admin.content("admin.vm.Shutdown+wait", "work")
    assert work() is PowerState.HALTED


async def test_only_force_shuts_down_a_netvm_that_is_used(admin: Caller, system: System) -> None:
    answer = await admin.answer("admin.vm.Shutdown+wait", "sys-firewall")
    assert answer == (b"2\x00QubesVMInUseError\x00\x00There are other VMs connected to this VM: personal, work\x00")

    await admin.content("admin.vm.Shutdown+force+wait", "sys-firewall")

    assert system.runtime.state.qube("sys-firewall").state is PowerState.HALTED


# -- events -----------------------------------------------------------------------------------------------------------


async def decoded(pieces: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    decoder = EventDecoder()
    async for piece in pieces:
        for event in decoder.feed(piece):
            yield event


async def test_events_have_the_names_of_qubes_os(admin: Caller) -> None:
    listening = asyncio.Event()
    heard: list[str] = []

    async def listen() -> None:
        pieces = admin.dispatcher.answer("dom0", "admin.Events", "", "dom0", one_piece(b""))
        async with aclosing(pieces):
            async for event in decoded(pieces):
                listening.set()
                heard.append("|".join([event.subject, event.name, *(w for pair in event.fields.items() for w in pair)]))
                if event.name == "domain-delete":
                    return

    async with asyncio.TaskGroup() as group:
        group.create_task(listen())
        await listening.wait()
        await admin.content("admin.vm.Create.AppVM", "dom0", b"name=w1 label=red")
        await admin.content("admin.vm.property.Set+netvm", "w1")
        await admin.content("admin.vm.tag.Set+t1", "w1")
        await admin.content("admin.vm.Start", "w1")
        await admin.content("admin.vm.Shutdown+wait", "w1")
        await admin.content("admin.vm.Remove", "w1")

    assert heard[0] == "|connection-established"
    expected = [
        "|domain-add|vm|w1",
        "w1|domain-tag-add:created-by-dom0|tag|created-by-dom0",
        "w1|domain-create-on-disk",
        "w1|property-set:netvm|name|netvm|newvalue|None|oldvalue|sys-firewall",
        "w1|domain-tag-add:t1|tag|t1",
        "w1|domain-pre-start|start_guid|True|mem_required|None",
        "w1|domain-start|start_guid|True",
        "w1|domain-pre-shutdown|force|False",
        "w1|domain-stopped",
        "w1|domain-shutdown",
        "|domain-delete|vm|w1",
    ]
    assert [line for line in heard if line in expected] == expected


async def test_statistics_of_a_halted_qube_end_with_an_error_in_the_stream(admin: Caller) -> None:
    answer = await admin.answer("admin.vm.Stats", "vault")

    assert answer == (
        b"1\x00\x00connection-established\x00\x00"
        b"2\x00QubesVMNotRunningError\x00\x00Domain not running (either powered off or paused): 'vault'\x00"
    )


QUBESD_STATS = [
    "memory_kb",
    "memory_assigned_total",
    "memory_assigned_usable",
    "memory_with_swap_used",
    "cpu_time",
    "cpu_usage",
    "online_vcpus",
    "swap_used",
]


async def test_statistics_have_keys_of_qubesd_in_its_order(admin: Caller) -> None:
    pieces = admin.dispatcher.answer("dom0", "admin.vm.Stats", "", "work", one_piece(b""))
    async with aclosing(pieces) as stream:
        first, sample = [await anext(stream), await anext(stream)]

    assert first == b"1\x00\x00connection-established\x00\x00"
    head, subject, name, *fields, last, end = sample.split(b"\x00")
    assert (head, subject, name, last, end) == (b"1", b"work", b"vm-stats", b"", b"")
    keys = [key.decode() for key in fields[::2]]
    assert keys == [key for key in QUBESD_STATS if key in keys]
    assert {"memory_kb", "cpu_time", "cpu_usage"} <= set(keys)
    assert all(value.isdigit() for value in fields[1::2])
