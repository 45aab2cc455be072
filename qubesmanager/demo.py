# SPDX-License-Identifier: GPL-3.0-or-later
"""A demonstration system: what a person's machine might look like, as values first, then put into an empty store.

It is written in one transaction, and started through the same lifecycle as everything else.
"""

import time
from dataclasses import dataclass, field
from itertools import cycle, islice

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.volumes import KINDS
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import Statement
from qubesmanager.daemon.local.system import lifecycle
from qubesmanager.daemon.local.system.creation import FIRST_RULE
from qubesmanager.daemon.local.system.system import System, new_uuid
from qubesmanager.wire.values import VmClass

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Sample:
    """One qube of the demonstration. `age` is how many days ago it was backed up; None for never."""

    name: str
    klass: VmClass
    label: str
    own: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    features: dict[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ("action=accept",)
    running: bool = False
    age: int | None = None
    notes: str = ""


_LIMITED = (
    "action=accept specialtarget=dns",
    "action=accept dsthost=mail.example.org proto=tcp dstports=993-993 comment=IMAP",
    "action=accept dsthost=mail.example.org proto=tcp dstports=465-465 comment=submission",
    "action=drop",
)

_BASE = (
    Sample("debian-13", VmClass.TEMPLATE, "black", age=21),
    Sample("fedora-43", VmClass.TEMPLATE, "black", age=21),
    Sample(
        "default-dvm", VmClass.APP, "red",
        {"template": "fedora-43", "template_for_dispvms": "yes"}, features={"appmenus-dispvm": "1"}, age=21,
    ),
    Sample(
        "sys-net", VmClass.APP, "red",
        {"template": "fedora-43", "provides_network": "yes", "netvm": "", "memory": "400", "maxmem": "0",
         "virt_mode": "hvm", "autostart": "yes"},
        tags=("net",), features={"servicevm": "1", "service.network-manager": "1"}, running=True, age=1,
    ),
    Sample(
        "sys-firewall", VmClass.APP, "green",
        {"template": "fedora-43", "provides_network": "yes", "netvm": "sys-net", "memory": "500", "autostart": "yes"},
        tags=("net",), features={"servicevm": "1"}, running=True, age=1,
    ),
    Sample(
        "sys-usb", VmClass.DISP, "red",
        {"template": "default-dvm", "netvm": "", "auto_cleanup": "no", "virt_mode": "hvm", "maxmem": "0",
         "autostart": "yes"},
        features={"servicevm": "1"}, running=True,
    ),
    Sample(
        "work", VmClass.APP, "blue", {"template": "debian-13", "memory": "800", "maxmem": "6000", "vcpus": "4"},
        tags=("work",), features={"menu-favorite": "1"}, rules=_LIMITED, running=True, age=2,
        notes="Mail and calendar of the office.\nAsk IT before changing the firewall.",
    ),
    Sample("personal", VmClass.APP, "yellow", {"template": "fedora-43"}, tags=("home",), running=True, age=2),
    Sample("untrusted", VmClass.APP, "red", {"template": "fedora-43", "include_in_backups": "no"}),
    Sample(
        "vault", VmClass.APP, "black", {"template": "debian-13", "netvm": "", "guivm": "dom0"},
        tags=("keys",), age=60, notes="Never gets a netvm.",
    ),
)  # fmt: skip

_WORDS = ("mail", "banking", "shopping", "dev", "media", "social", "taxes", "travel", "photos", "lab", "music", "news")
_COLORS = ("blue", "green", "orange", "purple", "gray", "yellow")
_TAGS = (("work",), ("home",), (), ("work", "clients"), ("home", "family"))

SYSTEM = {
    "default_template": "fedora-43",
    "default_netvm": "sys-firewall",
    "default_dispvm": "default-dvm",
    "management_dispvm": "default-dvm",
    "clockvm": "sys-net",
    "updatevm": "sys-firewall",
}


def samples(extra: int) -> list[Sample]:
    """The base system and `extra` app qubes; a third of those run."""
    more = [
        Sample(
            word if number < len(_WORDS) else f"{word}-{number // len(_WORDS) + 1}",
            VmClass.APP,
            color,
            {
                "template": "debian-13" if number % 2 else "fedora-43",
                **({"memory": str(400 + 100 * (number % 8))} if number % 3 == 0 else {}),
                **({"netvm": ""} if number % 11 == 10 else {}),  # noqa: PLR2004 - one in eleven is offline
            },
            tags=tags,
            running=number % 3 == 0,
            age=None if number % 5 == 4 else number % 40,  # noqa: PLR2004 - one in five was never backed up
        )
        for number, word, color, tags in zip(
            range(extra), islice(cycle(_WORDS), extra), cycle(_COLORS), cycle(_TAGS), strict=False
        )
    ]
    return [*_BASE, *more]


async def populate(system: System, extra: int) -> None:
    """Fill a system that has nothing but dom0, and start what should run. One that is filled is only started."""
    wanted = samples(extra)
    if len(system.state.qubes) == 1:
        await write(system, wanted)
        await _set_system(system)
    for sample in wanted:
        if sample.running and sample.name in system.state.qubes:
            await lifecycle.start(system, sample.name)


async def _set_system(system: System) -> None:
    async with system.changing:
        await system.commit([rows.set_system_property(name, value) for name, value in SYSTEM.items()])
        system.state.system_own.update(SYSTEM)
        for name in SYSTEM:
            system.emit(system.state.system_changed(name))


async def write(system: System, wanted: list[Sample]) -> None:
    """New qubes, with their volumes, in one transaction."""
    now = int(time.time())
    pool = system.state.system("default_pool")
    statements: list[Statement] = []
    qubes: list[Qube] = []
    first = await system.next_qid()
    for qid, sample in enumerate(wanted, first):
        qube = Qube(qid, new_uuid(), sample.name, sample.klass, own={"label": sample.label, **sample.own})
        if sample.age is not None:
            qube.own["backup_timestamp"] = str(now - sample.age * DAY - 3600)
        qube.tags = {*sample.tags, "created-by-dom0"}
        qube.features = dict(sample.features)
        qube.rules = [(f"r{number}", rule) for number, rule in enumerate(sample.rules, 1)]
        if sample.rules == (FIRST_RULE[1],):
            qube.rules = [FIRST_RULE]
        qube.notes = sample.notes
        qube.volumes = {kind.name: kind.record(qube.name, pool) for kind in KINDS[qube.klass]}
        qubes.append(qube)
        statements += rows.insert_qube(qube)
    for qube in qubes:
        for volume in qube.volumes.values():
            if volume.save_on_stop:
                await system.volumes.driver(pool).create(volume.vid, volume.size)
    async with system.changing:
        await system.commit(statements)
        system.state.load(qubes)
    system.spawn("measure the volumes", system.volumes.measure_all())
