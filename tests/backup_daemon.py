# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of backups through a daemon share: a qube with something of everything, and all of it as one value."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from streams import pieces

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.pools.base import PoolDriver
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec, DeviceId
from qubesmanager.wire.values import DeviceClass

MIB = 1 << 20
WORDS = "grün 钥匙 pass"
OWN = {"name", "qid", "uuid", "mac", "ip", "ip6", "visible_ip", "visible_ip6", "backup_timestamp"}
"""Properties that are another qube's own by their nature."""


class Everything(NamedTuple):
    """All that a backup keeps of a qube; of the volumes size and runs of data, zeros being holes."""

    klass: str
    properties: dict[str, Any]
    features: dict[str, str]
    tags: frozenset[str]
    notes: str
    devices: tuple[Any, ...]
    rules: tuple[str, ...]
    volumes: dict[str, tuple[int, dict[int, bytes]]]


async def file_stream(head: str, file: Path, size: int = 1 << 16) -> AsyncGenerator[bytes]:
    """Options, an empty line, and what the file holds."""
    yield f"{head}\n\n".encode()
    with file.open("rb") as stream:
        while piece := stream.read(size):
            yield piece


async def make_qube(client: Client, name: str, private: bytes, root: bytes, *, device: str = "") -> None:
    """A standalone qube with a setting of every kind; `device` is a disk of dom0 that is assigned to it."""
    await client.send(calls.VM_CREATE("dom0", "StandaloneVM", CreateSpec(name, "green")))
    await client.send(calls.VM_VOLUME_IMPORT(name, "private", pieces(private)))
    await client.send(calls.VM_VOLUME_IMPORT(name, "root", pieces(root)))
    for key, value in {"memory": "555", "netvm": "", "autostart": "yes", "default_dispvm": "", "vcpus": "3"}.items():
        await client.send(calls.VM_PROPERTY_SET(name, key, value))
    for key, value in {"service.cups": "1", "empty": "", "escaped": "key <&> 'x'"}.items():
        await client.send(calls.VM_FEATURE_SET(name, key, value))
    await client.send(calls.VM_TAG_SET(name, "mine"))
    await client.send(calls.VM_FIREWALL_FLUSH(name))
    await client.send(calls.VM_FIREWALL_INSERT_RULE(name, None, "action=accept dst4=192.0.2.0/24 comment=a <b>"))
    await client.send(calls.VM_FIREWALL_INSERT_RULE(name, None, "action=drop"))
    await client.send(calls.VM_NOTES_SET(name, payload="Zeile 1\n<b>zwei</b>\n"))
    if device:
        attach = calls.VM_DEVICE_ATTACH.of(DeviceClass.BLOCK)
        await client.send(attach(name, DeviceId("dom0", device), {"persistent": "yes"}))


async def everything(client: Client, pool: PoolDriver, name: str) -> Everything:
    record = await client.send(calls.VM_GET_ALL("dom0", name))
    rules = tuple(row.rule for row in await client.send(calls.VM_FIREWALL_GET(name)))
    volumes = {one.name: await data_of(pool, one.vid) for one in record.volumes if one.save_on_stop}
    properties = {key: value for key, value in record.properties.items() if key not in OWN}
    return Everything(
        record.klass,
        properties,
        dict(record.features),
        frozenset(record.tags),
        record.notes,
        tuple(record.devices),
        rules,
        volumes,
    )


async def data_of(pool: PoolDriver, vid: str) -> tuple[int, dict[int, bytes]]:
    """A volume's size, and what it holds in MiB by MiB; blocks of zeros are left out, whether they are holes or not."""
    blocks: dict[int, bytearray] = {}
    async with aclosing(pool.read(vid)) as runs:
        async for offset, data in runs:
            at = 0
            while at < len(data):
                number, start = divmod(offset + at, MIB)
                part = data[at : at + MIB - start]
                blocks.setdefault(number, bytearray(MIB))[start : start + len(part)] = part
                at += len(part)
    return await pool.size(vid), {number: bytes(block) for number, block in sorted(blocks.items()) if any(block)}


def names(folder: Path) -> set[str]:
    """The names of all that is in the folder."""
    return {path.name for path in folder.iterdir()}


async def sent(file: Path, *lines: str) -> AsyncIterator[bytes]:
    """The payload of a restore: the passphrase, the lines, the backup."""
    yield "\n".join([f"passphrase={WORDS}", *lines, "", ""]).encode()
    yield await asyncio.to_thread(file.read_bytes)


async def with_profile(client: Client, folder: Path, **keys: Any) -> None:
    """The profile `nightly`, which backs up the qube `lab` to the folder."""
    text = yaml.safe_dump({"include": ["lab"], "destination_path": str(folder), **keys})
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", text))


async def execute(client: Client) -> None:
    """Carry out the profile `nightly`. Raises what the run raises."""
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": WORDS}))
