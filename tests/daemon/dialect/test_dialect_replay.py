# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchanges with the qubesd of Qubes 4.4.0, sent to the dialect: the same bytes, or a difference that is listed.

`exchanges.jsonl` has one exchange a line: section, method with argument, destination, payload and answer (each byte as
the character of its number), and the events that came meanwhile without those that clients ignore, words joined by `|`.
The answers come from the code of qubesd; hypervisor, disks and ids were made up there, so `MADE_UP` is masked on both
sides. A line whose method is no call says what happened to the machine (`HAPPENINGS`).
"""

import asyncio
import json
import re
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest
from dialect_differences import DIFFERENT, EVERYWHERE, SENT_OTHERWISE
from dialect_fixtures import Caller, dispatcher_of, one_piece
from fakes_hypervisor import FakeHypervisor
from until import until

from qubesmanager.daemon.local.drivers.devices.base import BlockDevice, DeviceInfo, Microphone, PciDevice, UsbDevice
from qubesmanager.daemon.local.drivers.devices.memory import MemoryDevices
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.wire.errors import QubesMemoryError
from qubesmanager.wire.event import EventDecoder
from qubesmanager.wire.values import DeviceClass, PowerState

pytestmark = pytest.mark.whole

FILE = Path(__file__).with_name("exchanges.jsonl")


class Exchange(NamedTuple):
    section: str
    method: str
    dest: str
    payload: str
    answer: str
    events: list[str]


EXCHANGES = [Exchange(*json.loads(line)) for line in FILE.read_text("ascii").splitlines()]
SECTIONS = list(dict.fromkeys(each.section for each in EXCHANGES))

MADE_UP = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"mem=[1-9]\d* mem_static_max=\d+ cputime=\d+", "mem=N mem_static_max=N cputime=N"),
    (r"(qid default=\w+ type=int )\d+", r"\1N"),
    (r"\bdisp\d+", "dispN"),
    (r"\bxvd[a-z]+", "xvdX"),
    (r"vid=(appvms|vm-templates)/", "vid="),
    (r"source=(appvms|vm-templates)/", "source="),
    (r"path=\S*", "path="),
    (r"(size|usage)=\d+", r"\1=N"),
    (r"(\|size\|)\d+", r"\1N"),
    (r"pool=(vm-pool|default)\b", "pool=P"),
    (r"revisions_to_keep=\d", "revisions_to_keep=N"),
    (r"driver=file\S*", "driver=D"),
    (r"00:16:3e:5e:[0-9a-f:]+", "MAC"),
    (r"\b[A-Za-z0-9]{32}\b", "TOKEN"),
    (r"/dev/pts/\d+", "/dev/pts/N"),
)


DOCUMENT = Path(__file__).parents[3] / "docs/admin.md"


def masked(text: str) -> str:
    for pattern, word in (*MADE_UP, *((pattern, "") for pattern in EVERYWHERE)):
        text = re.sub(pattern, word, text)
    return text


async def world(admin: Caller, system: System, folder: Path) -> None:
    """The qubes of the exchanges, as far as they are asked about; the numbers of the qubes are those there."""

    async def ask(method: str, dest: str = "dom0", payload: str = "") -> None:
        await admin.content(f"admin.{method}", dest, payload.encode())

    for pool in ("varlibqubes", "vm-pool"):
        await ask("pool.Add+file-qcow2", payload=f"name={pool}\ndir_path={folder / pool}\n")
    await ask("property.Set+default_pool", payload="vm-pool")
    await ask("property.Set+default_kernel", payload="6.1.0")
    await ask("pool.Remove+default")
    await ask("vm.Create.TemplateVM", payload="name=fedora-41 label=black")
    await ask("property.Set+default_template", payload="fedora-41")
    for name in ("sys-net", "sys-firewall"):
        await ask("vm.Create.AppVM", payload=f"name={name} label=red")
        await ask("vm.property.Set+provides_network", name, "True")
        await ask("vm.property.Set+netvm", name, "" if name == "sys-net" else "sys-net")
    await ask("property.Set+default_netvm", payload="sys-firewall")
    labels = ("red", "orange", "yellow", "green")
    for number in (*range(6), 11, 21, 7):
        name = f"app-{number:04}"
        await ask("vm.Create.AppVM", payload=f"name={name} label={labels[number % 4]}")
        if number in {1, 11, 21}:
            await ask("vm.Start", name)
    await ask("vm.property.Set+include_in_backups", "app-0000", "False")
    await ask("vm.feature.Set+menu-items", "app-0000", "firefox.desktop xterm.desktop")
    await ask("vm.feature.Set+service.cups", "app-0000", "1")
    await ask("vm.feature.Set+gui", "fedora-41", "1")
    for tag in ("audiovm-dom0", "guivm-dom0", "work"):
        await ask("vm.tag.Set+" + tag, "app-0000")
    rules = "action=accept proto=tcp dsthost=example.com dstports=443 comment=web\naction=accept specialtarget=dns\n"
    await ask("vm.firewall.Set", "app-0000", f"{rules}action=drop\n")
    for qube in system.runtime.state.qubes.values():
        qube.tags.discard("created-by-dom0")  # the qubes there were not made by calls


OUR_DRIVER = {"admin.pool.Add+file": "admin.pool.Add+file-qcow2"}
"""A driver of Qubes OS that is not here, and the one that is asked for instead."""


def block(ident: str, identity: str, *, read_only: bool = False, **details: str) -> DeviceInfo:
    host = BlockDevice(f"/dev/{ident}", 1 << 20, read_only)
    return DeviceInfo(DeviceClass.BLOCK, ident, ident, host, details, "", identity, ("b******",))


STICK = "0951:1666:60A44C3FACC9:u080650"
CAMERA = ("u0e0100", "u0e0200", "u010100", "u010200")


def offered(system: System) -> MemoryDevices:
    """The devices of the exchanges: of dom0, and the answer, of sys-net."""
    dom0 = MemoryDevices.of(
        (
            DeviceInfo(DeviceClass.BLOCK, "sda", "sda", BlockDevice("/dev/sda", 1 << 20, False)),
            DeviceInfo(
                DeviceClass.PCI,
                "00_00.0",
                "Ethernet",
                PciDevice(0, 0, 0, 0),
                identity="0x8086:0x153a::p020000",
                interfaces=("p020000",),
            ),
            DeviceInfo(
                DeviceClass.MIC, "mic", "mic", Microphone(), identity="dom0:mic::m000000", interfaces=("m000000",)
            ),
        )
    )
    usb = MemoryDevices.of(
        (
            block("sdb", f"{STICK}:1.0", parent="1-1"),
            block("sdb1", f"{STICK}:1.0:1", parent="sdb"),
            block("sr0", ":0", read_only=True),
            DeviceInfo(DeviceClass.USB, "1-1", "Stick", UsbDevice(1, 1, 0x951, 0x1666), {}, "", STICK, ("u080650",)),
            DeviceInfo(
                DeviceClass.USB,
                "1-2.1",
                "Camera",
                UsbDevice(1, 2, 0x46D, 0x825),
                {},
                "",
                f"046d:0825:A1B2C3D4:{''.join(CAMERA)}",
                CAMERA,
            ),
        )
    )
    state = system.runtime.state
    system.devices.offer(state.qube("dom0"), dom0)
    system.devices.offer(state.qube("sys-net"), usb)
    return usb


async def halted(system: System, name: str) -> None:
    qube = system.runtime.state.qubes.get(name)
    if qube is not None:
        await system.runtime.wait_for(qube, PowerState.HALTED)


class World(NamedTuple):
    """What happens to a machine happens here."""

    system: System
    hypervisor: FakeHypervisor
    usb: MemoryDevices
    """What sys-net offers."""

    def uuid(self, name: str) -> UUID:
        return self.system.runtime.state.qube(name).uuid


async def no_memory(world: World, name: str, _argument: str) -> None:
    world.hypervisor.start_errors[world.uuid(name)] = QubesMemoryError("There is not enough memory.")


async def memory(world: World, _name: str, _argument: str) -> None:
    world.hypervisor.start_errors.clear()


async def stops(world: World, name: str, _argument: str) -> None:
    world.hypervisor.crash(world.uuid(name))
    await halted(world.system, name)


async def unplug(world: World, _name: str, argument: str) -> None:
    kind, _, ident = argument.partition("+")
    world.usb.pull(DeviceClass(kind), ident)
    await until(
        lambda: (
            not any(
                device.ident == ident and device.attached
                for qube in world.system.runtime.state.qubes.values()
                for device in qube.devices
            )
        )
    )


async def plug(world: World, _name: str, argument: str) -> None:
    kind, _, ident = argument.partition("+")
    world.usb.plug(DeviceInfo(DeviceClass(kind), ident, "New stick", BlockDevice(f"/dev/{ident}", 1 << 20, False)))


HAPPENINGS = {"no-memory": no_memory, "memory": memory, "stops": stops, "unplug": unplug, "plug": plug}


PREPARED: dict[str, list[tuple[str, str, str]]] = {
    "usb and pci devices": [("vm.property.Set+maxmem", name, "0") for name in ("app-0000", "app-0001")],
    "devices of a start": [("vm.device.block.Attach+sys-net+sr0", "app-0001", "_devtype='cdrom'")],
    "preloaded disposables": [
        ("vm.property.Set+template_for_dispvms", "app-0002", "True"),
        ("vm.property.Set+template_for_dispvms", "app-0007", "True"),
    ],
}
"""Calls before the first exchange of a section: what was so there, or what only these qubes have here."""


class Replayed(NamedTuple):
    exchange: Exchange
    answer: str
    events: list[str]


async def replayed(tmp_path: Path, section: str) -> list[Replayed]:
    """Each exchange of a section with what the dialect answers and sends to a listener, in a fresh world."""
    kernel = tmp_path / "state/kernels/6.1.0/vmlinuz"
    kernel.parent.mkdir(parents=True)
    kernel.touch()
    profile = tmp_path / "state/backup/pbad.conf"
    profile.parent.mkdir()
    profile.write_text("include: [nosuch]\ndestination_path: /nowhere\n")
    hypervisor = FakeHypervisor()
    system = await open_system(tmp_path / "state", hypervisor)
    try:
        admin = Caller(dispatcher_of(system))
        await world(admin, system, tmp_path)
        machine = World(system, hypervisor, offered(system))
        for method, dest, payload in PREPARED.get(section, ()):
            await admin.content(f"admin.{method}", dest, payload.encode())
        listener = Listener(admin)
        await listener.connected()
        results, token = [], ""
        names: dict[str, str] = {}
        for each in EXCHANGES:
            if each.section != section:
                continue
            payload = token if ".CloneTo+" in each.method else each.payload
            what, _, argument = each.method.partition("+")
            if what in HAPPENINGS:
                await HAPPENINGS[what](machine, each.dest, argument)
                results.append(Replayed(each, "", await listener.events()))
                continue
            method = OUR_DRIVER.get(each.method, each.method)
            payload = payload.replace("/srv/p2", str(tmp_path / "p2"))
            answer = await admin.answer(method, names.get(each.dest, each.dest), payload.encode("latin-1"))
            token = answer[2:].decode("latin-1") if ".CloneFrom+" in each.method else token
            if ".Shutdown+" in each.method and answer == b"0\x00":
                await halted(system, each.dest)
            results.append(Replayed(each, answer.decode("latin-1"), await listener.events()))
            names.update(zip(added(each.events), added(results[-1].events), strict=False))
        await listener.close()
        return results
    finally:
        await system.runtime.close()


def added(events: list[str]) -> list[str]:
    """The qubes that came."""
    return [event.rpartition("|")[2] for event in events if event.startswith("|domain-add|")]


class Listener:
    """A listener to `admin.Events` that is asked for what came since it was asked last."""

    def __init__(self, admin: Caller) -> None:
        self._pieces = admin.dispatcher.answer("dom0", "admin.Events", "", "dom0", one_piece(b""))
        self._decoder = EventDecoder()
        self._came: list[str] = []
        self._connected = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        async for piece in self._pieces:
            for event in self._decoder.feed(piece):
                words = (word for pair in event.fields.items() for word in pair)
                self._came.append("|".join([event.subject, event.name, *words]))
                self._connected.set()

    async def connected(self) -> None:
        """The stream has begun."""
        await self._connected.wait()
        self._came.clear()

    async def events(self) -> list[str]:
        """What was sent since then: all that was emitted is in the listener's queue already."""
        for _ in range(50):
            await asyncio.sleep(0)
        events, self._came = self._came, []
        return events

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._pieces.aclose()


def key(each: Exchange) -> str:
    """What a difference is listed by."""
    return f"{each.method} {each.dest} {each.payload[:50]}".rstrip()


def type_of(answer: str) -> str:
    """The type of an error; empty for another answer."""
    return answer.split("\x00")[1] if answer.startswith("2\x00") else ""


def is_better_said(each: Exchange, answer: str) -> bool:
    """Whether qubesd answered with no bytes, or with an error of the same type and another text."""
    return not each.answer or (bool(type_of(answer)) and type_of(answer) == type_of(each.answer))


@pytest.mark.parametrize("section", SECTIONS)
async def test_each_answer_has_the_same_bytes_or_a_listed_difference(tmp_path: Path, section: str) -> None:
    other = {
        key(each)
        for each, answer, _events in await replayed(tmp_path, section)
        if masked(each.answer) != masked(answer) and not is_better_said(each, answer)
    }

    assert other == DIFFERENT.get(section, {}).keys()


def test_each_listed_difference_is_explained_in_the_documentation() -> None:
    rows = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("| ")]
    reasons = {row.split(" | ")[2].rstrip(" |") for row in rows if row.count(" | ") == 2}

    listed = [EVERYWHERE, *DIFFERENT.values(), *SENT_OTHERWISE.values()]
    assert {reason for differences in listed for reason in differences.values()} <= reasons


CHANGED = re.compile(r"admin\.(?:vm\.)?property\.(Set|Reset)\+(\w+)")


OF_QUBESD = ("guivm-", "audiovm-", "disp-created-by-", "servicevm", "service.clocksync")
"""What qubesd keeps by itself when a property changes."""


def is_chief(each: Exchange, name: str) -> bool:
    """Whether an event says what the call was for: not a computed value, nor a tag that qubesd keeps by itself."""
    kind, _, detail = name.partition(":")
    if kind in {"property-set", "property-reset"}:
        changed = CHANGED.match(each.method)
        return changed is not None and changed[2] == detail and kind == f"property-{changed[1].lower()}"
    return kind not in {"device-list-change", "device-detach"} and not detail.startswith(OF_QUBESD)


def chief(each: Exchange, events: list[str]) -> list[str]:
    """The chief events without old values; those of a new qube in any order."""
    kept = [
        re.sub(r"(?<=\|)oldvalue\|.*", "oldvalue", event, flags=re.DOTALL).replace("force|True", "force|False")
        for event in map(masked, events)
        if is_chief(each, event.split("|")[1])
    ]
    return sorted(kept) if any("domain-create-on-disk" in event for event in kept) else kept


@pytest.mark.parametrize("section", SECTIONS)
async def test_each_change_sends_the_same_chief_events_or_a_listed_difference(tmp_path: Path, section: str) -> None:
    other = {
        key(each)
        for each, answer, events in await replayed(tmp_path, section)
        if masked(each.answer) == masked(answer) and chief(each, each.events) != chief(each, events)
    }

    assert other == SENT_OTHERWISE.get(section, {}).keys()
