# SPDX-License-Identifier: GPL-3.0-or-later
"""A source cannot distinguish a qube that it does not see from one that does not exist, by any call of the table."""

import contextvars
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from backup_daemon import WORDS
from qubes_backup import domain, of_one
from streams import pieces

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.core import properties, system_properties
from qubesmanager.daemon.local.core.sight import answer_for, spoken, spoken_one, spoken_way
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.properties import Changeable, Type
from qubesmanager.wire import calls
from qubesmanager.wire.backups import encode_run
from qubesmanager.wire.call import Call, Request
from qubesmanager.wire.codecs import CloneSpec, CreateInPoolSpec, CreateSpec, DeviceId, TokenContent, VolumeId
from qubesmanager.wire.framing import decode_error
from qubesmanager.wire.history import HistoryQuery
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import DeviceClass, VmClass

SOURCE = "sys-mgmt"
Make = Callable[[str], Request[Any]]


Ask = Callable[[Request[Any]], Awaitable[bytes]]


@pytest.fixture
def ask(system: System) -> Ask:
    """The bytes that answer a call from sys-mgmt, a qube that sees dom0 and work."""
    answer = Dispatcher(LocalBackend(system)).answer

    async def asked(request: Request[Any]) -> bytes:
        payload = pieces(*filter(None, [request.payload])) if isinstance(request.payload, bytes) else request.payload
        sent = answer(SOURCE, request.service, request.argument, request.dest, payload)
        return b"".join([piece async for piece in sent])

    return asked


@pytest.fixture(autouse=True)
async def _managed(client: Client) -> None:
    await client.send(calls.VM_TAG_SET("work", f"managed-by-{SOURCE}"))
    await client.send(calls.VM_KILL("work"))


def _volume(name: str) -> VolumeId:
    return VolumeId("default", f"{name}/private")


def _restore(options: str) -> Make:
    def make(name: str) -> Request[Any]:
        kept = of_one(domain("from-backup", properties={"netvm": name}) if not options else domain("from-backup"))
        head = f"passphrase={WORDS}\nverify-only=yes\n{options.format(name)}\n"
        return calls.BACKUP_RESTORE("dom0", None, pieces(head.encode(), kept))

    return make


def _profile(text: str) -> Make:
    return lambda name: calls.BACKUP_PROFILE_SET("dom0", "p", text.format(name))


def _policy(line: str) -> Make:
    return lambda name: calls.POLICY_REPLACE("dom0", "30-p", TokenContent("any", line.format(name)))


_SOME_SNAPSHOT = "1-1"


def _property(prop: str) -> Make:
    return lambda name: calls.VM_PROPERTY_SET("work", prop, name)


def _system_property(prop: str) -> Make:
    return lambda name: calls.PROPERTY_SET("dom0", prop, name)


def _device(call: Call[Any, Any, Any], *payload: Any) -> list[Make]:
    def of(kind: DeviceClass) -> Make:
        return lambda name: call.of(kind)("work", DeviceId(name, "x1"), *payload)

    return [of(kind) for kind in DeviceClass]


PLACES: dict[str, list[Make]] = {
    "mgmt1.vm.List": [lambda name: calls.VM_LIST("dom0", name)],
    "mgmt1.History": [lambda name: calls.HISTORY("dom0", name, HistoryQuery())],
    "mgmt1.vm.GetAll": [lambda name: calls.VM_GET_ALL("dom0", name)],
    "mgmt1.vm.property.Set": [
        _property(row.name)
        for row in properties.BY_CLASS[VmClass.APP]
        if row.type is Type.VM and row.change is not Changeable.NEVER
    ],
    "mgmt1.property.Set": [
        _system_property(row.name) for row in system_properties.TABLE.values() if row.type is Type.VM
    ],
    "mgmt1.vm.device.<class>.Attach": _device(calls.VM_DEVICE_ATTACH, {"persistent": "yes"}),
    "mgmt1.vm.device.<class>.Detach": _device(calls.VM_DEVICE_DETACH),
    "mgmt1.vm.device.<class>.DetachOnly": _device(calls.VM_DEVICE_DETACH_ONLY),
    "mgmt1.vm.device.<class>.List": _device(calls.VM_DEVICE_LIST),
    "mgmt1.vm.device.<class>.Attached": _device(calls.VM_DEVICE_ATTACHED),
    "mgmt1.vm.device.<class>.Assigned": _device(calls.VM_DEVICE_ASSIGNED),
    "mgmt1.vm.device.<class>.Assign": _device(calls.VM_DEVICE_ASSIGN, {}),
    "mgmt1.vm.device.<class>.Unassign": _device(calls.VM_DEVICE_UNASSIGN, {}),
    "mgmt1.vm.device.<class>.SetAssignment": _device(calls.VM_DEVICE_SET_ASSIGNMENT, {"mode": "required"}),
    "mgmt1.vm.volume.Attach": [lambda name: calls.VM_VOLUME_ATTACH("work", _volume(name), {})],
    "mgmt1.vm.volume.Copy": [
        lambda name: calls.VM_VOLUME_COPY("untrusted", "private", {"from": name, "volume": "private"})
    ],
    "mgmt1.pool.volume.Info": [lambda name: calls.POOL_VOLUME_INFO("dom0", _volume(name))],
    "mgmt1.pool.volume.ListSnapshots": [lambda name: calls.POOL_VOLUME_LIST_SNAPSHOTS("dom0", _volume(name))],
    "mgmt1.pool.volume.Snapshot": [lambda name: calls.POOL_VOLUME_SNAPSHOT("dom0", _volume(name))],
    "mgmt1.pool.volume.Revert": [lambda name: calls.POOL_VOLUME_REVERT("dom0", _volume(name), _SOME_SNAPSHOT)],
    "mgmt1.pool.volume.Extend": [lambda name: calls.POOL_VOLUME_EXTEND("dom0", _volume(name), None)],
    "mgmt1.pool.volume.Remove": [lambda name: calls.POOL_VOLUME_REMOVE("dom0", _volume(name))],
    "mgmt1.vm.tag.Set": [
        lambda name: calls.VM_TAG_SET("work", f"created-by-{name}"),
        lambda name: calls.VM_TAG_SET("work", f"managed-by-{name}"),
    ],
    "mgmt1.vm.tag.Remove": [
        lambda name: calls.VM_TAG_REMOVE("work", f"created-by-{name}"),
        lambda name: calls.VM_TAG_REMOVE("work", f"other-{name}"),
    ],
    "mgmt1.vm.feature.Set": [lambda name: calls.VM_FEATURE_SET("work", "gui-of", name)],
    "mgmt1.backup.Execute": [
        lambda name: calls.BACKUP_EXECUTE("dom0", "p", {"passphrase": "x", "give-up": name}),
        lambda name: calls.BACKUP_EXECUTE("dom0", f"of-{name}", {"passphrase": "x"}),
    ],
    "mgmt1.backup.Info": [
        lambda name: calls.BACKUP_INFO("dom0", f"of-{name}", pieces()),
        lambda name: calls.BACKUP_INFO("dom0", None, pieces(f"passphrase={WORDS}\n\n".encode(), of_one(domain(name)))),
    ],
    "mgmt1.backup.Restore": [
        _restore(""),
        lambda name: calls.BACKUP_RESTORE(
            "dom0",
            None,
            pieces(
                f"passphrase={WORDS}\nmissing-netvm=skip\nmissing-template=skip\n\n".encode(),
                of_one(domain("from-backup", properties={"netvm": name, "template": name}, klass="AppVM")),
            ),
        ),
        _restore("include={}\n"),
        _restore("exclude={}\n"),
        _restore("rename={}:x\n"),
        _restore("netvm=from-backup:{}\n"),
        _restore("template=from-backup:{}\n"),
    ],
    "mgmt1.backup.profile.Set": [
        _profile("include: ['{0}']\nexclude: ['{0}']\ndestination_path: /nowhere/x/y\n"),
        _profile("include: [work]\ndestination_vm: '{0}'\ndestination_path: /b\n"),
        _profile("include: [work]\npassphrase_vm: '{0}'\ndestination_path: /nowhere/x/y\n"),
    ],
    "mgmt1.policy.Replace": [
        _policy("some.Service * {0} @anyvm deny\n"),
        _policy("some.Service * @tag:created-by-{0} {0} allow\n"),
    ],
    "mgmt1.policy.include.Replace": [
        lambda name: calls.POLICY_INCLUDE_REPLACE(
            "dom0", "p", TokenContent("any", f"some.Service * {name} @anyvm deny\n")
        )
    ],
    "mgmt1.vm.log.Get": [lambda name: calls.VM_LOG_GET("work", name)],
    "mgmt1.vm.property.Get": [lambda name: calls.VM_PROPERTY_GET("work", name)],
    "mgmt1.vm.notes.Set": [lambda name: calls.VM_NOTES_SET("work", payload=name)],
    "mgmt1.label.Create": [lambda name: calls.LABEL_CREATE("dom0", name, "0x123456")],
    "mgmt1.label.Remove": [lambda name: calls.LABEL_REMOVE("dom0", name)],
}
"""By call: requests with the name of a qube in each part of them that can hold one."""

NEW_NAMES: dict[str, list[Make]] = {
    "mgmt1.vm.Create": [lambda name: calls.VM_CREATE("debian-13", "AppVM", CreateSpec(name, "red"))],
    "mgmt1.vm.CreateInPool": [
        lambda name: calls.VM_CREATE_IN_POOL("debian-13", "AppVM", CreateInPoolSpec(name, "red", "default"))
    ],
    "mgmt1.vm.CreateTemplate": [lambda name: calls.VM_CREATE_TEMPLATE("dom0", name, pieces())],
    "mgmt1.vm.CreateEmptyTemplate": [
        lambda name: calls.VM_CREATE_EMPTY_TEMPLATE("dom0", payload=CreateInPoolSpec(name, "red"))
    ],
    "mgmt1.vm.CreateKeptDisposable": [
        lambda name: calls.VM_CREATE_KEPT_DISPOSABLE("default-dvm", payload=CreateSpec(name, "red"))
    ],
    "mgmt1.vm.Clone": [lambda name: calls.VM_CLONE("work", payload=CloneSpec(name))],
    "mgmt1.vm.property.Set": [lambda name: calls.VM_PROPERTY_SET("work", "name", name)],
}
"""Calls that give a qube a name: a hidden one is answered as one that something refers to."""

NAMELESS = {
    "mgmt1.vm.property.List", "mgmt1.vm.property.Help", "mgmt1.vm.property.Reset", "mgmt1.vm.property.GetAll",
    "mgmt1.vm.feature.List", "mgmt1.vm.feature.Get", "mgmt1.vm.feature.CheckWithTemplate", "mgmt1.vm.feature.Remove",
    "mgmt1.vm.tag.List", "mgmt1.vm.tag.Get",
    "mgmt1.vm.firewall.Get", "mgmt1.vm.firewall.InsertRule", "mgmt1.vm.firewall.RemoveRule", "mgmt1.vm.firewall.Flush",
    "mgmt1.vm.device.<class>.Available", "mgmt1.vm.microphone.Attach", "mgmt1.vm.microphone.Detach",
    "mgmt1.pool.List", "mgmt1.pool.Info", "mgmt1.pool.Add", "mgmt1.pool.Remove", "mgmt1.pool.volume.List",
    "mgmt1.pool.ListDrivers", "mgmt1.pool.Configure",
    "mgmt1.vm.volume.List", "mgmt1.vm.volume.Info", "mgmt1.vm.volume.ListSnapshots", "mgmt1.vm.volume.Snapshot",
    "mgmt1.vm.volume.Revert", "mgmt1.vm.volume.Extend", "mgmt1.vm.volume.Detach", "mgmt1.vm.volume.Import",
    "mgmt1.vm.volume.Clear",
    "mgmt1.vm.Start", "mgmt1.vm.Shutdown", "mgmt1.vm.Pause", "mgmt1.vm.Unpause", "mgmt1.vm.Kill",
    "mgmt1.vm.Suspend", "mgmt1.vm.Resume", "mgmt1.vm.CreateDisposable", "mgmt1.vm.Console",
    "mgmt1.vm.device.denied.List", "mgmt1.vm.device.denied.Add", "mgmt1.vm.device.denied.Remove",
    "mgmt1.vm.Remove", "mgmt1.vm.Mentions", "mgmt1.vm.notes.Get", "mgmt1.vm.log.List", "mgmt1.vm.CurrentState",
    "mgmt1.vm.Stats", "mgmt1.Events", "mgmt1.Refresh",
    "mgmt1.vmclass.List", "mgmt1.deviceclass.List", "mgmt1.host.Memory",
    "mgmt1.vm.property.GetDefault", "mgmt1.property.GetDefault", "mgmt1.vm.firewall.Replace",
    "mgmt1.vm.firewall.Reload",
    "mgmt1.vm.ShutdownWith", "mgmt1.vm.volume.Configure",
    "mgmt1.property.List", "mgmt1.property.Get", "mgmt1.property.GetAll", "mgmt1.property.Reset",
    "mgmt1.property.Help",
    "mgmt1.label.List", "mgmt1.label.Get",
    "mgmt1.backup.Cancel", "mgmt1.backup.Status", "mgmt1.backup.History",
    "mgmt1.backup.profile.List", "mgmt1.backup.profile.Get", "mgmt1.backup.profile.Remove",
    "mgmt1.policy.List", "mgmt1.policy.Get", "mgmt1.policy.GetAll", "mgmt1.policy.Remove",
    "mgmt1.policy.include.List", "mgmt1.policy.include.Get", "mgmt1.policy.include.Remove", "mgmt1.policy.Admit",
    "mgmt1.policy.Questions", "mgmt1.policy.Answer",
}  # fmt: skip
"""Calls that have no part for the name of a qube beside their destination, of which the policy decides."""


def test_every_call_of_the_table_is_looked_at() -> None:
    families = {row.name for row in calls.TABLE}

    assert families == {*PLACES, *NEW_NAMES, *NAMELESS}
    assert not NAMELESS & {*PLACES, *NEW_NAMES}


CASES = [(name, at, make) for name, makes in PLACES.items() for at, make in enumerate(makes)]


@pytest.mark.parametrize(("name", "at", "make"), CASES, ids=[f"{name}-{at}" for name, at, _make in CASES])
async def test_a_hidden_qube_and_none_are_one_answer(client: Client, ask: Ask, name: str, at: int, make: Make) -> None:
    answers = []
    for qube in ("vault", "ghost"):
        text = f"include: [work, {qube}]\ndestination_path: /nowhere/x/y\n"
        await client.send(calls.BACKUP_PROFILE_SET("dom0", f"of-{qube}", text))
        answers.append((await ask(make(qube))).replace(qube.encode(), b"NAME"))

    assert answers[0] == answers[1]


@pytest.mark.parametrize("make", [make for makes in NEW_NAMES.values() for make in makes])
async def test_a_hidden_name_a_coming_name_and_one_that_is_referred_to_are_one_answer(
    client: Client, ask: Ask, system: System, make: Make
) -> None:
    await client.send(calls.VM_TAG_SET("personal", "managed-by-ghost"))
    system.runtime.reserved.add("coming")

    answers = [(await ask(make(name))).replace(name.encode(), b"NAME") for name in ("vault", "ghost", "coming")]

    assert b"PermissionDenied" in answers[0]
    assert len(set(answers)) == 1


async def test_the_volumes_of_a_qube_that_is_just_made_are_hidden_too(client: Client, ask: Ask, system: System) -> None:
    await system.pools.driver("default").create("coming/private", 1 << 20)
    system.runtime.reserved.add("coming")

    listed = await ask(calls.POOL_VOLUME_LIST("dom0", "default"))
    info = [await ask(calls.POOL_VOLUME_INFO("dom0", _volume(name))) for name in ("coming", "ghost")]

    assert b"work/private" in listed
    assert b"coming" not in listed
    assert info[0].replace(b"coming", b"ghost") == info[1]


async def test_leftovers_of_a_hidden_qube_after_a_lost_store_are_shown_to_dom0_only(
    client: Client, ask: Ask, system: System
) -> None:
    """The volume that no qube has may be the only copy of another qube's data."""
    driver = system.pools.driver("default")
    for vid in ("gone/private", "work/data"):
        await driver.create(vid, 1 << 20)

    listed = await ask(calls.POOL_VOLUME_LIST("dom0", "default"))
    attached = await ask(calls.VM_VOLUME_ATTACH("work", VolumeId("default", "gone/private"), {}))
    removed = await ask(calls.POOL_VOLUME_REMOVE("dom0", VolumeId("default", "gone/private")))
    own = await ask(calls.VM_VOLUME_ATTACH("work", VolumeId("default", "work/data"), {}))

    assert b"gone" not in listed
    assert b"work/data" in listed
    for refused in (attached, removed):
        assert decode_error(refused[2:]).reason == Reason("no-such-volume", "default:gone/private")
    assert own == b"0\x00extra-1"
    assert "gone/private" in await driver.list_volumes()
    assert await client.send(calls.VM_VOLUME_ATTACH("work", VolumeId("default", "gone/private"), {})) == "extra-2"


# -- texts that name other qubes --------------------------------------------------------------------------------------


async def _label(client: Client) -> None:
    await client.send(calls.LABEL_CREATE("dom0", "teal", "0x008080"))
    await client.send(calls.VM_PROPERTY_SET("vault", "label", "teal"))


async def _netvm(client: Client) -> None:
    await client.send(calls.VM_PROPERTY_SET("work", "provides_network", "yes"))
    await client.send(calls.VM_KILL("personal"))
    await client.send(calls.VM_PROPERTY_SET("personal", "netvm", "work"))


async def _running_netvm(client: Client) -> None:
    await _netvm(client)
    await client.send(calls.VM_START("work"))
    await client.send(calls.VM_START("personal"))


async def _disposables(client: Client) -> None:
    await client.send(calls.VM_PROPERTY_SET("work", "template_for_dispvms", "yes"))
    await client.send(calls.VM_PROPERTY_SET("personal", "default_dispvm", "work"))


async def _address(client: Client) -> None:
    await client.send(calls.VM_KILL("personal"))
    await client.send(calls.VM_PROPERTY_SET("personal", "ip", "10.137.9.9"))


async def _nothing(_client: Client) -> None:
    pass


Arrange = Callable[[Client], Awaitable[None]]

USES: list[tuple[Arrange, Request[Any], bytes]] = [
    (_label, calls.LABEL_REMOVE("dom0", "teal"), b"is used by another qube."),
    (_netvm, calls.VM_REMOVE("work"), b"work is used by another qube."),
    (_netvm, calls.VM_PROPERTY_SET("work", "provides_network", "no"), b"is the netvm of another qube."),
    (_netvm, calls.VM_PROPERTY_SET("work", "netvm", "work"), "loop of netvms: work → work.".encode()),
    (_running_netvm, calls.VM_SHUTDOWN("work"), b"is the netvm of running qubes: another qube."),
    (_disposables, calls.VM_PROPERTY_SET("work", "template_for_dispvms", "no"), b"template of another qube."),
    (_address, calls.VM_PROPERTY_SET("work", "ip", "10.137.9.9"), b"is the address of another qube."),
    (
        _nothing,
        calls.POOL_REMOVE("dom0", "default"),
        b"is used by work, another qube, the system property default_pool.",
    ),
]


@pytest.mark.parametrize(("arrange", "request_", "text"), USES)
async def test_an_error_names_only_users_that_the_source_sees(
    client: Client, ask: Ask, system: System, arrange: Arrange, request_: Request[Any], text: bytes
) -> None:
    await arrange(client)

    answer = await ask(request_)

    assert text.decode() in str(decode_error(answer[2:]))
    assert not [name for name in system.runtime.state.qubes if name not in {"dom0", "work"} and name.encode() in answer]


def test_names_that_are_not_seen_are_not_counted() -> None:
    def sees(name: str) -> bool:
        return name < "c"

    assert spoken(["a", "c", "b", "d"]) == ["a", "c", "b", "d"]
    contextvars.copy_context().run(_check_reduced, sees)
    assert spoken_one("d") == "d"


def _check_reduced(sees: Callable[[str], bool]) -> None:
    answer_for(sees)
    assert spoken(["a", "c", "b", "d"]) == ["a", "b", "another qube"]
    assert (spoken_one("a"), spoken_one("d")) == ("a", "another qube")
    assert spoken_way(["a", "c", "d", "b", "d", "a"]) == ["a", "another qube", "b", "another qube", "a"]


async def test_the_history_of_backups_names_only_qubes_that_the_source_sees(
    client: Client, ask: Ask, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    text = f"include: [work, vault]\ndestination_path: {folder}\nkeep: {{last: 1}}\nverify: true\n"
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "p", text))
    await client.send(calls.BACKUP_EXECUTE("dom0", "p", {"passphrase": WORDS}))

    history = await ask(calls.BACKUP_HISTORY("dom0", None))
    status = await ask(calls.BACKUP_STATUS("dom0"))

    assert b'"name": "work"' in history
    assert b"vault" not in history + status
    kept = await client.send(calls.BACKUP_HISTORY("dom0"))
    assert "vault" in encode_run(kept[0])


async def test_a_failed_run_of_a_profile_with_hidden_qubes_keeps_its_reason_for_dom0(client: Client, ask: Ask) -> None:
    text = "include: [work, vault]\ndestination_path: /nowhere/x/y\n"
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "p", text))

    answer = await ask(calls.BACKUP_EXECUTE("dom0", "p", {"passphrase": WORDS}))
    history = await ask(calls.BACKUP_HISTORY("dom0", None))

    assert b"dom0 alone sees the reason" in answer
    assert b"/nowhere" not in history.partition(b'"reason"')[2].partition(b'", "')[0]
    kept = await client.send(calls.BACKUP_HISTORY("dom0"))
    assert "/nowhere" in kept[0].reason


async def test_a_profile_that_a_qube_sets_backs_up_only_what_that_qube_sees(
    client: Client, ask: Ask, system: System, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    system.runtime.places.profiles.mkdir(parents=True, exist_ok=True)
    (system.runtime.places.profiles / "destinations").write_text(f"{folder}\n")
    text = f"include: [work, vault, '$type:AppVM']\ndestination_path: {folder}\n"

    assert b"Permission" not in await ask(calls.BACKUP_PROFILE_SET("dom0", "p", text))
    await ask(calls.BACKUP_EXECUTE("dom0", "p", {"passphrase": WORDS}))

    (run,) = await client.send(calls.BACKUP_HISTORY("dom0"))
    assert [qube.name for qube in run.qubes or ()] == ["work"]


async def test_the_passphrase_of_dom0s_profile_opens_no_backup_for_a_qube(client: Client, ask: Ask) -> None:
    text = f"include: [work]\ndestination_path: /b\npassphrase_text: {WORDS}\n"
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "p", text))

    answer = await ask(calls.BACKUP_RESTORE("dom0", "p", pieces(b"\n", of_one(domain("x")))))

    assert b"PermissionDenied" in answer


async def test_a_restore_picks_no_name_that_brings_rights(client: Client, ask: Ask) -> None:
    await client.send(calls.VM_TAG_SET("vault", "managed-by-work-1"))
    head = f"passphrase={WORDS}\nconflict=rename\n\n".encode()

    answer = await ask(calls.BACKUP_RESTORE("dom0", None, pieces(head, of_one(domain("work")))))

    assert b"work restored-as=work-2 result=ok" in answer
