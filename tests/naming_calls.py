# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of the table by where they can hold the name of a qube."""

from collections.abc import Callable
from typing import Any

from backup_daemon import WORDS
from qubes_backup import domain, of_one
from streams import pieces

from qubesmanager.daemon.local.core import properties, system_properties
from qubesmanager.rules.properties import Changeable, Type
from qubesmanager.wire import calls
from qubesmanager.wire.call import Call, Request
from qubesmanager.wire.codecs import CloneSpec, CreateInPoolSpec, CreateSpec, DeviceId, TokenContent, VolumeId
from qubesmanager.wire.history import HistoryQuery
from qubesmanager.wire.values import DeviceClass, VmClass

Make = Callable[[str], Request[Any]]
"""A request with the name of a qube in it."""


def volume_of(name: str) -> VolumeId:
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
    "mgmt1.vm.volume.Attach": [lambda name: calls.VM_VOLUME_ATTACH("work", volume_of(name), {})],
    "mgmt1.vm.volume.Copy": [
        lambda name: calls.VM_VOLUME_COPY("untrusted", "private", {"from": name, "volume": "private"})
    ],
    "mgmt1.pool.volume.Info": [lambda name: calls.POOL_VOLUME_INFO("dom0", volume_of(name))],
    "mgmt1.pool.volume.ListSnapshots": [lambda name: calls.POOL_VOLUME_LIST_SNAPSHOTS("dom0", volume_of(name))],
    "mgmt1.pool.volume.Snapshot": [lambda name: calls.POOL_VOLUME_SNAPSHOT("dom0", volume_of(name))],
    "mgmt1.pool.volume.Revert": [lambda name: calls.POOL_VOLUME_REVERT("dom0", volume_of(name), _SOME_SNAPSHOT)],
    "mgmt1.pool.volume.Extend": [lambda name: calls.POOL_VOLUME_EXTEND("dom0", volume_of(name), None)],
    "mgmt1.pool.volume.Remove": [lambda name: calls.POOL_VOLUME_REMOVE("dom0", volume_of(name))],
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
    "mgmt1.vm.RunService", "mgmt1.policy.Questions", "mgmt1.policy.Answer",
}  # fmt: skip
"""Calls that have no part for the name of a qube beside their destination, of which the policy decides."""
