# SPDX-License-Identifier: GPL-3.0-or-later
"""A qubesd in memory with any number of qubes: answers and events as recorded from Qubes 4.4, faults on demand.

`Release` says in what an older one differs. `Faulty` is a transport to it that crashes, answers zero bytes, cuts and
joins frames, and drops events; `serve` answers on a socket, one call at a time, each as slow as `Cost` says.
"""

import asyncio
import socket
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from calls_at_once import AtOnce

from qubesmanager.transport.base import Answer, Payload, TransportError, pieces
from qubesmanager.transport.base import RefusedError as PolicyError

GUEST = """autostart bool False
backup_timestamp int
debug bool False
default_user str user
devices_denied str
dns str 10.139.1.1 10.139.1.2
gateway str
gateway6 str
icon str appvm-red
include_in_backups bool True
installed_by_rpm bool False
ip str 10.137.0.4
ip6 str
kernel str 6.1.0
keyboard_layout str us++
klass str AppVM
label label red
mac str 00:16:3e:5e:6c:00
maxmem int 4000
memory int 400
name str app-0000
provides_network bool False
qid int 4
qrexec_timeout int 60
shutdown_timeout int 60
start_time str
stubdom_mem int
stubdom_uuid str
stubdom_xid int -1
updateable bool False
uuid str 180a1bd9-029e-4f7a-a1ce-e72afc5a7a90
vcpus int 2
virt_mode str pvh
visible_gateway str 10.137.0.3
visible_gateway6 str
visible_ip str 10.137.0.4
visible_ip6 str
visible_netmask str 255.255.255.255
xid int -1
audiovm vm dom0
bootmode str default
default_dispvm vm
guivm vm dom0
kernelopts str swiotlb=2048
management_dispvm vm
netvm vm sys-firewall"""
"""The properties of a guest in the order of Qubes OS, each with its type and a value."""

ONLY = {
    "AppVM": "template_for_dispvms bool False\ntemplate vm fedora-41",
    "DispVM": "auto_cleanup bool True\ndispid int 1\nis_preload bool False\ntemplate vm app-dvm",
    "TemplateVM": "appvm_default_bootmode str default",
    "StandaloneVM": "",
}
"""By class: what only its qubes have."""

DOM0 = """devices_denied str
icon str adminvm-black
include_in_backups bool True
keyboard_layout str us++
klass str AdminVM
label label black
maxmem int 4096
name str dom0
qid int 0
updateable bool True
uuid str 00000000-0000-0000-0000-000000000000
default_dispvm vm"""

REMOTE = """icon str remotevm-red
include_in_backups bool False
klass str RemoteVM
label label red
name str far
qid int 58
remote_name str
transport_rpc str
uuid str 6b070c76-420a-4550-a347-9f02ce09938a
relayvm vm"""

SYSTEM = """clockvm vm
default_audiovm vm dom0
default_dispvm vm
default_guivm vm dom0
default_kernel str 6.1.0
default_netvm vm sys-firewall
default_pool str vm-pool
default_qrexec_timeout int 60
default_shutdown_timeout int 60
default_template vm fedora-41
management_dispvm vm
maxmem int 16384
no_cpus int 4
stats_interval int 3
updatevm vm"""

LABELS = {"red": "0xcc0000", "orange": "0xf57900", "green": "0x73d216", "black": "0x333333"}


@dataclass(frozen=True)
class Release:
    """In what the releases of Qubes OS differ, as far as the bridge meets it."""

    has_uuid: bool = True
    has_notes: bool = True
    has_assignments: bool = True
    """Whether devices have the calls `Assigned` and `Attached`; before, one `List`."""
    answers_refusals: bool = True
    """Whether an unknown call is answered with an error; before, with zero bytes."""
    stats_keys: tuple[str, ...] = ("memory_kb", "memory_assigned_total", "cpu_time", "cpu_usage", "online_vcpus")


R4_1 = Release(
    has_uuid=False,
    has_notes=False,
    has_assignments=False,
    answers_refusals=False,
    stats_keys=("memory_kb", "cpu_time", "cpu_usage", "cpu_usage_raw"),
)
R4_2 = R4_1
"""The calls of 4.1 and 4.2 are the same 75."""
R4_3 = Release(answers_refusals=False, stats_keys=R4_1.stats_keys)
R4_4 = Release()
RELEASES = {"4.1": R4_1, "4.2": R4_2, "4.3": R4_3, "4.4": R4_4}


@dataclass
class Value:
    """A property: its type, its text as qubesd writes it, and whether that is the default."""

    type: str
    text: str
    is_default: bool = True

    def __str__(self) -> str:
        return f"default={self.is_default} type={self.type} {self.text}"


def _values(table: str) -> dict[str, Value]:
    rows = (f"{line} ".split(" ", 2) for line in table.splitlines())
    return {name: Value(kind, text.removesuffix(" ")) for name, kind, text in rows}


def _volume(owner: str, name: str) -> dict[str, str]:
    return {
        "pool": "vm-pool",
        "vid": f"appvms/{owner}/{name}",
        "size": "2147483648",
        "usage": "0",
        "rw": "True",
        "source": "",
        "save_on_stop": str(name == "private"),
        "snap_on_start": str(name == "root"),
        "revisions_to_keep": "1",
        "ephemeral": "False",
        "is_outdated": "False",
    }


@dataclass
class Attachment:
    """A device of a qube in Qubes 4.2."""

    options: dict[str, str]
    persistent: bool
    attached: bool

    def row(self, name: str) -> str:
        words = {**self.options, "persistent": "yes" if self.persistent else "no"}
        return f"{name} {' '.join(f'{key}={text}' for key, text in words.items())}"


@dataclass
class Qube:
    """A qube of the model."""

    name: str
    klass: str
    state: str
    uuid: str
    properties: dict[str, Value]
    features: dict[str, str] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    volumes: dict[str, dict[str, str]] = field(default_factory=dict)
    devices: dict[str, list[str]] = field(default_factory=dict)
    """By the name of the list and the class (`Attached block`): its rows."""
    offers: dict[str, dict[str, str]] = field(default_factory=dict)
    """By the class: the ports with what Qubes 4.2 lists behind each."""
    has: dict[tuple[str, str], "Attachment"] = field(default_factory=dict)
    """By the class and `BACKEND+PORT`: the devices as Qubes 4.2 keeps them."""
    notes: str = ""
    firewall: list[str] = field(default_factory=lambda: ["action=accept"])

    def row(self, release: Release) -> str:
        return f"{self.name} class={self.klass} state={self.state}" + (f" uuid={self.uuid}" if release.has_uuid else "")


def _qube(number: int, name: str, klass: str, state: str = "Halted") -> Qube:
    table = {"AdminVM": DOM0, "RemoteVM": REMOTE}.get(klass) or "\n".join(filter(None, (GUEST, ONLY[klass])))
    uuid = f"00000000-0000-0000-0000-{number:012}"
    properties = _values(table)
    own = {"klass": klass, "name": name, "qid": str(number), "uuid": uuid}
    for key, text in own.items():
        properties[key].text = text
    for key in ("label", "name", "qid", "uuid", "template"):
        if key in properties:
            properties[key].is_default = False
    if klass == "TemplateVM":
        properties["netvm"].text = ""
    is_guest = klass not in {"AdminVM", "RemoteVM"}
    volumes = {each: _volume(name, each) for each in ("root", "private", "volatile", "kernel") if is_guest}
    return Qube(
        name,
        klass,
        state,
        uuid,
        properties,
        features={"menu-items": "firefox.desktop", "service.cups": ""} if klass == "AppVM" else {},
        tags={"guivm-dom0", "audiovm-dom0"} if is_guest else set(),
        volumes=volumes,
    )


class RefusedError(Exception):
    """An error that qubesd answers: its type and its text."""


class SilentError(Exception):
    """What qubesd fails at: zero bytes."""


def refused(kind: str, text: str) -> RefusedError:
    return RefusedError(kind, text)


class Model:
    """What a qubesd knows, and what it answers. `frames` gets each event of a change."""

    def __init__(self, count: int = 4, release: Release = R4_4) -> None:
        """`count` qubes: dom0, a template, two that provide network, the others AppVMs of it."""
        self.release = release
        self.system = _values(SYSTEM)
        self.labels = dict(LABELS)
        self.frames: Callable[[bytes], None] = lambda _frame: None
        self.qubes: dict[str, Qube] = {}
        self._next = 0
        self.add("dom0", "AdminVM", "Running")
        self.add("fedora-41", "TemplateVM")
        for name in ("sys-net", "sys-firewall"):
            self.add(name, "AppVM", "Running").properties["provides_network"] = Value("bool", "True", is_default=False)
        for number in range(count - len(self.qubes)):
            self.add(f"app-{number:04}", "AppVM")

    def add(self, name: str, klass: str, state: str = "Halted") -> Qube:
        """A new qube, without an event."""
        qube = self.qubes[name] = _qube(self._next, name, klass, state)
        self._next += 1
        return qube

    def event(self, subject: str, name: str, *words: str) -> None:
        """Send an event: keys and values in turns."""
        self.frames(b"1\x00" + b"".join(f"{word}\x00".encode() for word in (subject, name, *words)) + b"\x00")

    def set_property(self, name: str, key: str, text: str, *, is_default: bool = False) -> None:
        """Give a property a value, with the events of qubesd."""
        value = self.qubes[name].properties[key]
        words = ("name", key, "newvalue", text or "None", "oldvalue", value.text or "None")
        self.event(name, f"property-pre-set:{key}", *words)
        self.qubes[name].properties[key] = Value(value.type, text, is_default)
        self.event(name, f"property-set:{key}", *words)

    def set_default_netvm(self, netvm: str) -> None:
        """Set the system's default, with the flood of events of qubesd: three for each qube on the default."""
        self.system["default_netvm"].text = netvm
        self.event("", "property-set:default_netvm", "name", "default_netvm", "newvalue", netvm, "oldvalue", "None")
        for qube in self.qubes.values():
            value = qube.properties.get("netvm")
            if value is not None and value.is_default:
                old = value.text
                value.text = netvm
                words = ("name", "netvm", "newvalue", netvm, "oldvalue", old)
                self.event(qube.name, "property-pre-set:netvm", *words)
                self.event(qube.name, "property-set:netvm", *words)
                self.event(qube.name, "property-reset:netvm", "name", "netvm", "oldvalue", old)

    def set_state(self, name: str, state: str, *names: str) -> None:
        """The state that the list shows from now on, with events of these names."""
        self.qubes[name].state = state
        for each in names:
            self.event(name, each)

    # -- answers ------------------------------------------------------------------------------------------------------

    def answer(self, service: str, argument: str, dest: str, payload: bytes = b"") -> bytes:
        """The answer's bytes; none where qubesd fails."""
        try:
            return b"0\x00" + self._answer(service, argument, dest, payload.decode()).encode()
        except RefusedError as error:
            kind, text = error.args
            if kind in {"ProtocolError", "PermissionDenied"} and not self.release.answers_refusals:
                return b""
            return b"2\x00" + f"{kind}\x00\x00{text}\x00".encode()
        except SilentError:
            return b""

    def _answer(self, service: str, argument: str, dest: str, payload: str) -> str:
        qube = self.qubes.get(dest)
        if qube is None:
            raise refused("QubesVMNotFoundError", f"No such domain: {dest!r}")
        if service.startswith("admin.vm.device."):
            return self._devices(service, qube, argument, payload)
        action = _CALLS.get(service)
        if action is None or (service.startswith("admin.vm.notes.") and not self.release.has_notes):
            raise refused("ProtocolError", f"no such method: {service!r}")
        return action(self, qube, argument, payload)

    def _devices(self, service: str, qube: Qube, argument: str, payload: str) -> str:
        _admin, _vm, _device, kind, method = service.split(".", 4)
        if self.release.has_assignments:
            if method not in {"Assigned", "Attached"}:
                raise refused("ProtocolError", f"no such method: {service!r}")
            return lines(qube.devices.get(f"{method} {kind}", []))
        action = _DEVICES_4_2.get(method)
        if action is None:
            raise refused("ProtocolError", f"no such method: {service!r}")
        return action(self, qube, kind, argument, payload)

    def offer(self, backend: str, kind: str, ports: dict[str, str]) -> None:
        """What a qube of Qubes 4.2 offers from now on, with its only event about it."""
        self.qubes[backend].offers[kind] = ports
        self.event(backend, f"device-list-change:{kind}")


def _available_4_2(_model: Model, qube: Qube, kind: str, _argument: str, _payload: str) -> str:
    return lines([f"{port} {details}" for port, details in sorted(qube.offers.get(kind, {}).items())])


def _list_4_2(_model: Model, qube: Qube, kind: str, _argument: str, _payload: str) -> str:
    listed = [record.row(device) for (of, device), record in sorted(qube.has.items()) if of == kind]
    return lines([*qube.devices.get(f"List {kind}", []), *listed])


def _attach_4_2(model: Model, qube: Qube, kind: str, device: str, payload: str) -> str:
    """Attach, also for always. What is not `key=value` with these letters gets zero bytes, as every ProtocolError."""
    options = dict(word.split("=", 1) for word in payload.split())
    if any(set(text) - _LETTERS_4_2 for pair in options.items() for text in pair):
        raise SilentError
    persistent = options.pop("persistent", "no") in {"yes", "True"}
    backend, _, _port = device.partition("+")
    if backend not in model.qubes:
        raise SilentError
    if not persistent and qube.state == "Halted":
        text = "VM not running, can only attach device with persistent flag"
        raise refused("QubesVMNotRunningError", text)
    if (kind, device) in qube.has:
        raise refused("DeviceAlreadyAttached", f"'device {device} of class {kind} already attached to {qube.name}'")
    qube.has[kind, device] = Attachment(options, persistent, qube.state != "Halted")
    model.event(qube.name, f"device-attach:{kind}", "device", device.replace("+", ":"), "options", str(options))
    return ""


def _detach_4_2(model: Model, qube: Qube, kind: str, device: str, _payload: str) -> str:
    record = qube.has.get((kind, device))
    if record is not None and record.persistent and qube.state != "Halted":
        raise refused("QubesVMNotHaltedError", "Can not remove a persistent attachment from a non halted vm")
    if record is None:
        raise refused("DeviceNotAttached", f"'device {device} of class {kind} not attached to {qube.name}'")
    del qube.has[kind, device]
    model.event(qube.name, f"device-detach:{kind}", "device", device.replace("+", ":"))
    return ""


def _set_persistent_4_2(_model: Model, qube: Qube, kind: str, device: str, payload: str) -> str:
    """No event. Of a device that is not attached: zero bytes."""
    record = qube.has.get((kind, device))
    if payload not in {"True", "False"} or record is None or not record.attached:
        raise SilentError
    record.persistent = payload == "True"
    return ""


_LETTERS_4_2 = frozenset(string.ascii_letters + string.digits + "-_.,+:")

_DEVICES_4_2: dict[str, Callable[[Model, Qube, str, str, str], str]] = {
    "Available": _available_4_2,
    "List": _list_4_2,
    "Attach": _attach_4_2,
    "Detach": _detach_4_2,
    "Set.persistent": _set_persistent_4_2,
}


def lines(rows: "list[str] | set[str]") -> str:
    return "".join(f"{row}\n" for row in (rows if isinstance(rows, list) else sorted(rows)))


def _list(model: Model, qube: Qube, _argument: str, _payload: str) -> str:
    qubes = list(model.qubes.values()) if qube.name == "dom0" else [qube]
    return lines([each.row(model.release) for each in qubes])


def _get_all(_model: Model, qube: Qube, _argument: str, _payload: str) -> str:
    escaped = ((name, str(value).replace("\\", "\\\\").replace("\n", "\\n")) for name, value in qube.properties.items())
    return lines([f"{name} {text}" for name, text in escaped])


def _get(_model: Model, qube: Qube, name: str, _payload: str) -> str:
    if name not in qube.properties:
        raise refused("QubesNoSuchPropertyError", f"Invalid property {name!r} of {qube.name}")
    return str(qube.properties[name])


def _set(model: Model, qube: Qube, name: str, payload: str) -> str:
    if name in {"name", "qid"}:
        raise SilentError
    model.set_property(qube.name, name, payload)
    return ""


def _feature(_model: Model, qube: Qube, name: str, _payload: str) -> str:
    if name not in qube.features:
        raise refused("QubesFeatureNotFoundError", f"Feature not set for domain {qube.name}: {name}")
    return qube.features[name]


def _tag_set(model: Model, qube: Qube, tag: str, _payload: str) -> str:
    if tag not in qube.tags:
        qube.tags.add(tag)
        model.event(qube.name, f"domain-tag-add:{tag}", "tag", tag)
    return ""


def _notes_set(_model: Model, qube: Qube, _argument: str, payload: str) -> str:
    qube.notes = payload
    return ""


def _firewall_set(model: Model, qube: Qube, _argument: str, payload: str) -> str:
    if not payload.strip():
        raise SilentError
    qube.firewall = payload.removesuffix("\n").split("\n")
    model.event(qube.name, "firewall-changed")
    return ""


def _volume_info(_model: Model, qube: Qube, name: str, _payload: str) -> str:
    if name not in qube.volumes:
        raise refused("PermissionDenied", f"Argument not in '{qube.name} volumes'")
    return lines([f"{key}={value}" for key, value in qube.volumes[name].items()])


def _content_changed(model: Model, qube: Qube, name: str, _payload: str) -> str:
    """The volume has other data: what is based on the qube is outdated. No event, as to a caller with few rights."""
    for each in model.qubes.values():
        template = each.properties.get("template")
        if template is not None and template.text == qube.name:
            each.volumes[name]["is_outdated"] = "True"
    return ""


def _label(model: Model, _qube: Qube, name: str, _payload: str) -> str:
    if name not in model.labels:
        raise refused("QubesLabelNotFoundError", f"Label does not exist: {name}")
    return model.labels[name]


_CALLS: dict[str, Callable[[Model, Qube, str, str], str]] = {
    "admin.vm.List": _list,
    "admin.vm.property.GetAll": _get_all,
    "admin.vm.property.Get": _get,
    "admin.vm.property.Set": _set,
    "admin.property.GetAll": lambda model, _qube, _argument, _payload: lines(
        [f"{name} {value}" for name, value in model.system.items()]
    ),
    "admin.vm.feature.List": lambda _model, qube, _argument, _payload: lines(list(qube.features)),
    "admin.vm.feature.Get": _feature,
    "admin.vm.tag.List": lambda _model, qube, _argument, _payload: lines(qube.tags),
    "admin.vm.tag.Set": _tag_set,
    "admin.vm.notes.Get": lambda _model, qube, _argument, _payload: qube.notes,
    "admin.vm.notes.Set": _notes_set,
    "admin.vm.firewall.Get": lambda _model, qube, _argument, _payload: lines(qube.firewall),
    "admin.vm.firewall.Set": _firewall_set,
    "admin.vm.volume.List": lambda _model, qube, _argument, _payload: lines(list(qube.volumes)),
    "admin.vm.volume.Info": _volume_info,
    "admin.vm.volume.ListSnapshots": lambda _model, _qube, _argument, _payload: "1\n",
    "admin.vm.volume.Revert": _content_changed,
    "admin.vm.volume.CloneFrom": lambda _model, _qube, _argument, _payload: "t" * 32,
    "admin.vm.volume.CloneTo": _content_changed,
    "admin.vm.volume.Clear": _content_changed,
    "admin.vm.volume.ImportWithSize": _content_changed,
    "admin.label.List": lambda model, _qube, _argument, _payload: lines(list(model.labels)),
    "admin.label.Get": _label,
}


# -- a transport with faults ------------------------------------------------------------------------------------------

_ESTABLISHED = b"1\x00\x00connection-established\x00\x00"


class Faulty:
    """A transport to the model. `size` cuts answers and joined frames into pieces; `drops` names frames to lose."""

    url = "model:"

    def __init__(self, model: Model, *, size: int = 1 << 16, costs: "Costs | None" = None) -> None:
        """`costs`: one call at a time, each as slow as these say of the number of qubes; None for no wait."""
        self.model = model
        self.size = size
        self._costs = costs
        self._thread = asyncio.Lock()
        self.is_up = True
        self.silent: Callable[[str], bool] = lambda _request: False
        """Which requests get zero bytes."""
        self.refuses: Callable[[str], bool] = lambda _request: False
        """Which requests the policy refuses."""
        self.crashes: Callable[[str], bool] = lambda _request: False
        """At which requests it crashes."""
        self.drops: Callable[[bytes], bool] = lambda _frame: False
        """Which events are lost."""
        self.calls: list[str] = []
        self.at_once = AtOnce()
        self._streams: list[asyncio.Queue[bytes | None]] = []
        model.frames = self._send

    @property
    def listeners(self) -> int:
        return len(self._streams)

    def crash(self) -> None:
        """End all streams; every call is refused until `restart`."""
        self.is_up = False
        for stream in self._streams:
            stream.put_nowait(None)

    def restart(self) -> None:
        self.is_up = True

    def _send(self, frame: bytes) -> None:
        if not self.drops(frame):
            for stream in self._streams:
                stream.put_nowait(frame)

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        request = f"{service}+{argument} {dest}"
        self.calls.append(request)
        sent = b"".join([piece async for piece in pieces(payload)])
        if self.crashes(request):
            self.crashes = lambda _request: False
            self.crash()
        if not self.is_up:
            raise TransportError("Connection refused")
        if self.refuses(request):
            raise PolicyError(f"The policy refuses {request}.")
        if service == "admin.Events":
            async for piece in self._events():
                yield piece
            return
        if service == "admin.vm.Stats":
            async for piece in self._stats():
                yield piece
            return
        with self.at_once.call():
            await self._work(service, dest)
            answer = b"" if self.silent(request) or not self.is_up else self.model.answer(service, argument, dest, sent)
            for at in range(0, len(answer), self.size):
                yield answer[at : at + self.size]
                await asyncio.sleep(0)

    async def _work(self, service: str, dest: str) -> None:
        """Take the time of the call, as the only thread."""
        if self._costs is None:
            await asyncio.sleep(0)
            return
        async with self._thread:
            await asyncio.sleep(self._costs.of(service, dest).at(len(self.model.qubes)))

    async def _stats(self) -> Answer:
        """One round of statistics, and no other one."""
        yield _ESTABLISHED
        for qube in [each for each in self.model.qubes.values() if each.state == "Running"]:
            words = [qube.name, "vm-stats"]
            for key in self.model.release.stats_keys:
                words += [key, "409600" if key.startswith("memory") else "1"]
            yield b"1\x00" + b"".join(f"{word}\x00".encode() for word in words) + b"\x00"
        await asyncio.Event().wait()

    async def _events(self) -> Answer:
        """Frames as they are sent; those that wait are joined, and cut wherever a piece ends."""
        stream: asyncio.Queue[bytes | None] = asyncio.Queue()
        stream.put_nowait(_ESTABLISHED)
        self._streams.append(stream)
        try:
            while (frame := await stream.get()) is not None:
                joined = bytearray(frame)
                while not stream.empty() and (more := stream.get_nowait()) is not None:
                    joined += more
                for at in range(0, len(joined), self.size):
                    yield bytes(joined[at : at + self.size])
                if not self.is_up:
                    return
        finally:
            self._streams.remove(stream)


# -- a server with the cost of a real one -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time that a call takes with 50 and with 1,000 qubes; straight in between and beyond."""

    small: float
    large: float

    def at(self, count: int) -> float:
        return self.small + (self.large - self.small) * (count - 50) / 950


@dataclass(frozen=True)
class Costs:
    list: Cost
    get_all: Cost
    other: Cost

    def of(self, service: str, dest: str) -> Cost:
        if service == "admin.vm.List" and dest == "dom0":
            return self.list
        return self.get_all if service == "admin.vm.property.GetAll" else self.other


COSTS = {
    "1.3": Costs(Cost(0.001, 0.015), Cost(0.00063, 0.0037), Cost(0.00024, 0.0013)),
    "2.9": Costs(Cost(0.0029, 0.044), Cost(0.0009, 0.0082), Cost(0.00034, 0.0029)),
}
"""By the milliseconds of one `property.Get` with 1,000 qubes: two machines that were measured."""


def serve(path: Path, count: int, costs: Costs) -> None:
    """Answer on the socket until the process ends: one call at a time, busy for as long as a call takes."""
    asyncio.run(_serve(path, Model(count), costs))


async def _serve(path: Path, model: Model, costs: Costs) -> None:
    streams: set[asyncio.StreamWriter] = set()

    def send(frame: bytes) -> None:
        for writer in streams:
            writer.write(frame)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        header, _, payload = (await reader.read()).partition(b"\x00")
        if not header:  # a client that gave up
            writer.close()
            return
        call, _source, _kind, dest = header.decode("ascii").split(" ")
        service, _, argument = call.partition("+")
        if service == "admin.Events":
            streams.add(writer)
            writer.write(_ESTABLISHED)
            return
        end = time.perf_counter() + costs.of(service, dest).at(len(model.qubes))
        if service == "model.Flood":  # what another program changes: the argument is the new default netvm
            model.set_default_netvm(argument)
            writer.write(b"0\x00")
        else:
            writer.write(model.answer(service, argument, dest, payload))
        while time.perf_counter() < end:
            pass
        writer.close()

    model.frames = send
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    server = await asyncio.start_unix_server(answer, sock=listening, backlog=128)
    await server.serve_forever()
