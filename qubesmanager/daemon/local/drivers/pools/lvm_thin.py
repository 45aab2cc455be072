# SPDX-License-Identifier: GPL-3.0-or-later
"""Thin volumes of LVM. Needs root and a kernel with the device mapper's thin target; `setup` reports a missing one.

A volume `<vm>/<volume>` is the logical volume `q+<vm>+<volume>`, a snapshot of it `q+<vm>+<volume>+<id>`: no name of a
qube holds a `+`, so the parts can be distinguished. Changes are made beside the volume and put in its place by renames:

| name | what | after a crash |
|---|---|---|
| `…+part` | being written | removed |
| `…+new` | complete, about to be the volume | becomes it where the volume is missing, else removed |
| `…+old` | replaced | becomes the volume where neither it nor `…+new` is there, else removed |
| `…+base` | the committed state while the volume is started | kept: it says that the volume is started |
| `…+read<hex>` | a state being read | removed |
| `…+<id>` | a snapshot | kept, but removed where its volume was being removed |

A volume's identity is the tag `id+<identity>`; one that is fresh at each start has the tag `started` instead. What is
kept of its qube is packed JSON in tags `qube+<number>+<text>`; the mark of the location is a tag of the thin pool.
What a running copy was made of is a tag `src+<uuid>+<generation>` on it; each stop of the source, and everything that
replaces it, gives the source another generation or uuid. Whether a session wrote anything LVM cannot tell cheaply, so
each session counts as a change. Sizes are rounded up to 4 MiB, LVM's extent.
"""

import asyncio
import base64
import json
import os
import re
import time
import uuid
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from qubesmanager.daemon.local.core.locks import Locks
from qubesmanager.daemon.local.drivers.pools.base import (
    GRAIN,
    SESSION,
    Disk,
    DriverOption,
    Leftover,
    LiveDisk,
    PoolDriver,
    PoolInfo,
    VolumeInfo,
    VolumeSpec,
)
from qubesmanager.daemon.local.drivers.pools.disk import (
    BLOCK,
    Data,
    already_there,
    checked_size,
    checked_vid,
    disk_errors,
    in_thread,
    is_vid,
    is_zero,
    pwrite_all,
    rounded,
)
from qubesmanager.daemon.local.drivers.pools.sources import RawSource
from qubesmanager.daemon.local.drivers.pools.stream import copy_into, import_stream, write_runs
from qubesmanager.host import process
from qubesmanager.host.sparse_file import Source
from qubesmanager.host.workers import to_its_end
from qubesmanager.wire.errors import (
    StoragePoolException,
)
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import cause, refusal

_SNAPSHOT = re.compile(r"\d+-\d+")
_QUBE = "qube+"
_MARK = "mgmt1+"
MAX_DESCRIPTION = 2 << 20
"""Bytes of a description that is unpacked."""

_TAG = 900
"""Letters of a packed description in one tag; LVM takes 1,024."""

MOST_TAGS = 24
"""Tags of a description: LVM's metadata of a whole volume group have one MiB."""

_COLUMNS = "lv_name,lv_size,data_percent,lv_uuid,lv_tags,pool_lv"
_USAGE = "lv_size,data_percent,lv_metadata_size,metadata_percent"
_LVM_NAME = re.compile(r"[A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,126}", re.ASCII)
"""A group or pool by its plain name: LVM takes paths, too, which would be a second spelling."""


class Runner(Protocol):
    """Runs a program with arguments and answers its output; its failure is a `StoragePoolException` with its words."""

    async def __call__(self, *arguments: str) -> bytes: ...


async def run(*arguments: str) -> bytes:
    """The output of a program, started without a shell and with fixed messages.

    A cancelled caller still waits until it has ended: what comes next must not find it at work on the volumes.
    """
    environment = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), "LC_ALL": "C"}
    running = asyncio.get_running_loop().create_task(process.run(*arguments, env=environment))
    try:
        ended = await to_its_end(running)
    except FileNotFoundError:
        raise refusal("lvm-missing", arguments[0]) from None
    if ended.status:
        raise refusal("program-failed", arguments[0], ended.errors.decode(errors="replace").strip())
    return ended.output


@dataclass(frozen=True, slots=True)
class _Lv:
    """A logical volume: bytes in all, bytes taken, and what knows it again."""

    size: int
    usage: int
    uuid: str
    tags: frozenset[str]

    @property
    def generation(self) -> str:
        return next((tag for tag in self.tags if tag.startswith("gen+")), "gen+0")

    @property
    def state(self) -> str:
        return f"{self.uuid}+{self.generation}"

    @property
    def is_session(self) -> bool:
        """It exists only while its qube runs."""
        return "started" in self.tags

    @property
    def identity(self) -> str:
        return SESSION if self.is_session else next((tag[3:] for tag in self.tags if tag.startswith("id+")), "")

    @property
    def kept_tags(self) -> list[str]:
        """The tags that the volume keeps when its content is replaced."""
        return sorted(tag for tag in self.tags if tag.startswith(("id+", _QUBE)))


class _DeviceWriter:
    """Writes the runs of data into a thin volume that is all zeros and grows with them. Its methods run in threads."""

    def __init__(self, pool: "LvmThin", name: str, capacity: int) -> None:
        self._pool = pool
        self._name = name
        self._capacity = capacity
        self._loop = asyncio.get_running_loop()

    def put(self, offset: int, data: Data) -> None:
        if offset + len(data) > self._capacity:
            self._give(rounded(max(offset + len(data), 2 * self._capacity)))
        with disk_errors(self._pool.pool), self._pool.device(self._name).open("r+b", buffering=0) as file:
            for start in range(0, len(data), BLOCK):
                block = data[start : start + BLOCK]
                if not is_zero(block):
                    pwrite_all(file.fileno(), block, offset + start)

    def finish(self, size: int) -> None:
        if size != self._capacity:
            self._give(size)
        with disk_errors(self._pool.pool), self._pool.device(self._name).open("r+b", buffering=0) as file:
            os.fsync(file.fileno())

    def _give(self, size: int) -> None:
        verb = "lvextend" if size > self._capacity else "lvreduce"
        change = self._pool.set_size(verb, self._name, size)
        asyncio.run_coroutine_threadsafe(change, self._loop).result()
        self._capacity = size


class LvmThin:
    """Of the `PoolDriver` protocol. `run` and `devices` are where the programs and /dev come from."""

    driver: ClassVar[str] = "lvm-thin"
    options: ClassVar[tuple[DriverOption, ...]] = (
        DriverOption("volume_group", "str", "The LVM volume group."),
        DriverOption("thin_pool", "str", "The thin pool in it."),
    )

    def __init__(
        self, pool: str, volume_group: str, thin_pool: str, runner: Runner = run, devices: Path = Path("/dev")
    ) -> None:
        for name in (volume_group, thin_pool):
            if not _LVM_NAME.fullmatch(name) or name in {".", ".."}:
                raise refusal("not-an-lvm-name", shown(name))
        self.pool = pool
        self._vg = volume_group
        self._thin_pool = thin_pool
        self._run = runner
        self._devices = devices
        self._locks = Locks()

    def device(self, name: str) -> Path:
        return self._devices / self._vg / name

    # Command lines

    async def _lvs(self) -> dict[str, _Lv]:
        output = await self._run(
            "lvs", "--reportformat", "json", "--units", "b", "--nosuffix", "-o", _COLUMNS, self._vg
        )
        rows: list[dict[str, Any]] = json.loads(output)["report"][0]["lv"]
        return {
            row["lv_name"]: _Lv(
                int(row["lv_size"]),
                int(int(row["lv_size"]) * float(row["data_percent"] or 0) / 100),
                row["lv_uuid"],
                frozenset(filter(None, row["lv_tags"].split(","))),
            )
            for row in rows
            # A volume group may have other thin pools, with volumes of other pools of ours.
            if row["lv_name"].startswith("q+") and row["pool_lv"] == self._thin_pool
        }

    async def _make(self, name: str, size: int, *tags: str) -> None:
        tagged = [part for tag in tags for part in ("--addtag", tag)]
        thin_pool = f"{self._vg}/{self._thin_pool}"
        await self._run("lvcreate", "-y", "-q", *tagged, "-V", f"{rounded(size)}b", "-T", thin_pool, "-n", name)

    async def _copy(self, source: str, name: str, *tags: str) -> None:
        """A thin snapshot, active at once; LVM makes it crash-consistent also of a device in use."""
        tagged = [part for tag in tags for part in ("--addtag", tag)]
        await self._run("lvcreate", "-y", "-q", "-kn", "-ay", *tagged, "-s", "-n", name, f"{self._vg}/{source}")

    async def _drop(self, *names: str) -> None:
        if names:
            await self._run("lvremove", "-f", "-y", "-q", *(f"{self._vg}/{name}" for name in names))

    async def _move(self, old: str, new: str) -> None:
        await self._run("lvrename", "-q", self._vg, old, new)

    async def set_size(self, verb: str, name: str, size: int) -> None:
        """`lvextend` or `lvreduce`."""
        force = ["-f"] if verb == "lvreduce" else []
        await self._run(verb, "-y", "-q", *force, "-L", f"{size}b", f"{self._vg}/{name}")

    # Names

    @staticmethod
    def _name(vid: str) -> str:
        return "q+" + checked_vid(vid).replace("/", "+")

    async def _find(self, vid: str) -> tuple[str, dict[str, _Lv]]:
        name, lvs = self._name(vid), await self._lvs()
        if name not in lvs:
            raise refusal("pool-without-volume", self.pool, vid)
        return name, lvs

    @staticmethod
    def _snapshots(name: str, lvs: Mapping[str, _Lv]) -> list[str]:
        ids = [lv.removeprefix(f"{name}+") for lv in lvs if lv.startswith(f"{name}+")]
        return sorted(filter(_SNAPSHOT.fullmatch, ids), key=_order)

    def _next_id(self, name: str, lvs: Mapping[str, _Lv]) -> str:
        now = int(time.time())
        last, number = max((_order(snapshot) for snapshot in self._snapshots(name, lvs)), default=(0, 0))
        return f"{now}-0" if now > last else f"{last}-{number + 1}"

    def _refuse_started(self, vid: str, lvs: Mapping[str, _Lv]) -> None:
        if f"{self._name(vid)}+base" in lvs:
            raise refusal("volume-in-use", vid)

    def _state(self, vid: str, lvs: Mapping[str, _Lv], snapshot: str | None = None) -> str:
        """The logical volume that holds the committed state or the snapshot."""
        name = self._name(vid)
        if snapshot is None:
            return f"{name}+base" if f"{name}+base" in lvs else name
        if snapshot not in self._snapshots(name, lvs):
            raise refusal("no-such-snapshot", snapshot)
        return f"{name}+{snapshot}"

    async def _replace(self, name: str, *, before: str = "+old") -> None:
        """`…+new` becomes the volume; the one before, if any, is kept as `before`, or dropped if that is `+old`."""
        lvs = await self._lvs()
        if name in lvs:
            await self._move(name, f"{name}{before}")
        await self._move(f"{name}+new", name)
        if name in lvs and before == "+old":
            await self._drop(f"{name}+old")

    # The location

    async def setup(self) -> None:
        try:
            await self._make("q+probe+probe+part", GRAIN)
            await self._drop("q+probe+probe+part")
        except StoragePoolException as error:
            raise refusal("no-thin-volume", self._vg, self._thin_pool, cause(error)) from error

    async def recover(self, live: Mapping[str, Path]) -> list[Leftover]:  # noqa: ARG002 - the protocol's, see below
        """`live` is not asked: a device is the same before and after each change to a running qube's volume."""
        done: list[Leftover] = []
        lvs = await self._lvs()
        # What may become the volume is looked at before what hangs on it.
        for name in sorted(lvs, key=lambda name: (not name.endswith("+new"), not name.endswith("+old"), name)):
            volume = "+".join(name.split("+")[:3])
            kind = name.removeprefix(volume).removeprefix("+")
            if kind in {"new", "old"} and volume not in lvs:
                await self._move(name, volume)
                lvs[volume] = lvs[name]
                done.append(Leftover(name, "finished" if kind == "new" else "undone"))
            elif kind in {"part", "new", "old"} or kind.startswith("read") or (kind and volume not in lvs):
                await self._drop(name)
                done.append(Leftover(name, "removed"))
        return done

    async def place(self) -> str:
        thin_pool = f"{self._vg}/{self._thin_pool}"
        output = await self._run(
            "lvs", "--reportformat", "json", "--units", "b", "--nosuffix", "-o", "lv_tags", thin_pool
        )
        (row,) = json.loads(output)["report"][0]["lv"]
        return next((tag.removeprefix(_MARK) for tag in row["lv_tags"].split(",") if tag.startswith(_MARK)), "")

    async def mark(self, mark: str) -> None:
        present = await self.place()
        old = ["--deltag", f"{_MARK}{present}"] if present else []
        await self._run("lvchange", "-q", *old, "--addtag", f"{_MARK}{mark}", f"{self._vg}/{self._thin_pool}")

    async def strays(self) -> list[str]:
        """An empty list: other volumes of the group belong to its administrator."""
        return []

    async def damage(self, vid: str) -> Field:
        """LVM itself does not activate a volume that it finds damaged."""
        name, _ = await self._find(vid)
        return "" if self.device(name).exists() else Reason("volume-not-active", self._vg, name)

    async def describe(self, vid: str, about: Mapping[str, Any]) -> None:
        packed = base64.urlsafe_b64encode(zlib.compress(json.dumps(about).encode(), 9)).decode().rstrip("=")
        parts = [packed[at : at + _TAG] for at in range(0, len(packed), _TAG)]
        if len(parts) > MOST_TAGS:
            raise refusal("description-too-long-lvm", vid)
        async with self._locks.hold(vid):
            name, lvs = await self._find(vid)
            after = {f"{_QUBE}{number}+{part}" for number, part in enumerate(parts)}
            before = {tag for tag in lvs[name].tags if tag.startswith(_QUBE)}
            changes = [*(f"--deltag={tag}" for tag in before - after), *(f"--addtag={tag}" for tag in after - before)]
            if changes:
                await self._run("lvchange", "-q", *changes, f"{self._vg}/{name}")

    async def description(self, vid: str) -> object:
        name, lvs = await self._find(vid)
        parts = [tag.split("+", 2) for tag in lvs[name].tags if tag.startswith(_QUBE)]
        try:
            packed = "".join(text for _, _, text in sorted(parts, key=lambda part: int(part[1])))
            unpacking = zlib.decompressobj()
            text = unpacking.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), MAX_DESCRIPTION)
            return json.loads(text) if packed else None
        except (ValueError, RecursionError, zlib.error):
            return None

    async def usage(self) -> PoolInfo:
        output = await self._run(
            "lvs", "--reportformat", "json", "--units", "b", "--nosuffix", "-o", _USAGE, f"{self._vg}/{self._thin_pool}"
        )
        (row,) = json.loads(output)["report"][0]["lv"]
        size = int(row["lv_size"])
        usage = int(size * float(row["data_percent"] or 0) / 100)
        if not row["lv_metadata_size"] or not row["metadata_percent"]:  # LVM leaves them empty for an inactive pool
            return PoolInfo(size, usage)
        metadata = int(row["lv_metadata_size"])
        return PoolInfo(size, usage, metadata, int(metadata * float(row["metadata_percent"]) / 100))

    async def list_volumes(self) -> list[str]:
        vids = ("/".join(name.split("+")[1:]) for name in await self._lvs())
        return sorted(filter(is_vid, vids))

    async def info(self, spec: VolumeSpec) -> VolumeInfo:
        lvs = await self._lvs()
        name = self._name(spec.vid)
        if name not in lvs and spec.save_on_stop:
            raise refusal("pool-without-volume", self.pool, spec.vid)
        size, usage = (lvs[name].size, lvs[name].usage) if name in lvs else (spec.size, 0)
        return VolumeInfo(
            spec.pool, spec.vid, size, usage, spec.rw, spec.source, spec.save_on_stop, spec.snap_on_start,
            spec.revisions_to_keep, await self.is_outdated(spec),
        )  # fmt: skip

    # Volumes

    async def _absent(self, vid: str) -> str:
        name = self._name(vid)
        if name in await self._lvs():
            raise already_there(self.pool, vid)
        return name

    async def create(self, vid: str, size: int, identity: str = "") -> None:
        checked_size(size)
        async with self._locks.hold(vid):
            await self._make(await self._absent(vid), size, *_tags(identity))

    async def identity(self, vid: str) -> str:
        async with self._locks.hold(vid):
            name, lvs = await self._find(vid)
            if lvs[name].identity:
                return lvs[name].identity
            identity = uuid.uuid4().hex
            await self._run("lvchange", "-q", "--addtag", f"id+{identity}", f"{self._vg}/{name}")
            return identity

    async def remove(self, vid: str, identity: str | None = None) -> None:
        async with self._locks.hold(vid):
            name, lvs = await self._find(vid)
            if identity not in {None, lvs[name].identity}:
                raise refusal("volume-replaced", vid, self.pool)
            # The volume goes first: without it there is none, whatever is still to go.
            await self._drop(name, *(lv for lv in lvs if lv.startswith(f"{name}+")))

    async def rename_vm(self, old: str, new: str) -> None:
        """Volume by volume. Interrupted, it is asked for again and goes on where it was."""
        checked_vid(f"{old}/x")
        checked_vid(f"{new}/x")
        lvs = await self._lvs()
        moves = {lv: f"q+{new}+" + lv.removeprefix(f"q+{old}+") for lv in lvs if lv.startswith(f"q+{old}+")}
        if any(lv.endswith("+base") for lv in moves):
            raise refusal("volumes-in-use", old)
        if any(target in lvs for target in moves.values()):
            raise refusal("pool-has-volumes", self.pool, new)
        for source, target in sorted(moves.items()):
            await self._move(source, target)

    async def size(self, vid: str, snapshot: str | None = None) -> int:
        _, lvs = await self._find(vid)
        return lvs[self._state(vid, lvs, snapshot)].size

    # Content

    async def read(self, vid: str, snapshot: str | None = None) -> AsyncGenerator[tuple[int, bytes], None]:
        async with self._copied(vid, snapshot) as (copy, size):
            for offset in range(0, size, 1 << 20):
                data = await in_thread(self._read_at, copy, offset, 1 << 20)
                if not is_zero(data):
                    yield offset, data

    @asynccontextmanager
    async def open_source(self, vid: str, snapshot: str | None = None) -> AsyncIterator[Source]:
        async with self._copied(vid, snapshot) as (copy, _):
            source = await in_thread(RawSource, self.device(copy))
            try:
                yield source
            finally:
                source.close()

    @asynccontextmanager
    async def _copied(self, vid: str, snapshot: str | None) -> AsyncIterator[tuple[str, int]]:
        """A new logical volume with the state, and the state's size."""
        async with self._locks.hold(vid):
            name, lvs = await self._find(vid)
            source = self._state(vid, lvs, snapshot)
            copy = f"{name}+read{uuid.uuid4().hex[:8]}"
            await self._copy(source, copy)
        try:
            yield copy, lvs[source].size
        finally:
            await self._drop(copy)

    def _read_at(self, name: str, offset: int, length: int) -> bytes:
        with disk_errors(self.pool), self.device(name).open("rb", buffering=0) as file:
            return os.pread(file.fileno(), length, offset)

    async def clone(self, vid: str, source: PoolDriver, source_vid: str, identity: str = "") -> None:
        async with self._locks.hold(vid, source_vid if source is self else vid):
            name = await self._absent(vid)
            if source is self:
                _, lvs = await self._find(source_vid)
                await self._copy(self._state(source_vid, lvs), name, *_tags(identity))
                return
            async with self._writing(name, GRAIN, _tags(identity)) as writer:
                await copy_into(writer, source, source_vid)
            await self._replace(name)

    async def import_data(
        self, vid: str, data: AsyncIterator[bytes], size: int | None = None, identity: str = ""
    ) -> int:
        async with self._locks.hold(vid):
            name, tags = await self._importable(vid, identity)
            async with self._writing(name, rounded(size or 0), tags) as writer:
                total = await import_stream(writer, data, size)
            await self._replace(name)
            return total

    async def import_runs(self, vid: str, size: int, runs: AsyncIterator[tuple[int, bytes]], identity: str = "") -> int:
        async with self._locks.hold(vid):
            name, tags = await self._importable(vid, identity)
            async with self._writing(name, rounded(size), tags) as writer:
                await write_runs(writer, rounded(size), runs)
            await self._replace(name)
        return rounded(size)

    async def drop_snapshot(self, vid: str, snapshot: str) -> None:
        async with self._locks.hold(vid):
            _, lvs = await self._find(vid)
            await self._drop(self._state(vid, lvs, snapshot))

    async def _importable(self, vid: str, identity: str) -> tuple[str, list[str]]:
        """The name of the volume to import into, and the tags it then has."""
        lvs = await self._lvs()
        self._refuse_started(vid, lvs)
        name = self._name(vid)
        if identity and name in lvs:
            raise already_there(self.pool, vid)
        return name, lvs[name].kept_tags if name in lvs else _tags(identity)

    @asynccontextmanager
    async def _writing(self, name: str, capacity: int, tags: list[str]) -> AsyncIterator[_DeviceWriter]:
        """A new logical volume that is `…+new` at the end of the block, and gone if the block fails."""
        await self._make(f"{name}+part", capacity, *tags)
        try:
            yield _DeviceWriter(self, f"{name}+part", capacity)
            await self._move(f"{name}+part", f"{name}+new")
        except BaseException:
            await self._drop(f"{name}+part")
            raise

    async def clear(self, vid: str) -> None:
        async with self._locks.hold(vid):
            name, lvs = await self._find(vid)
            self._refuse_started(vid, lvs)
            await self._make(f"{name}+new", lvs[name].size, *lvs[name].kept_tags)
            await self._replace(name)

    async def resize(self, vid: str, size: int, live: LiveDisk | None = None) -> int:
        checked_size(size)
        async with self._locks.hold(vid):
            name, lvs = await self._find(vid)
            if size < lvs[name].size:
                raise refusal("volume-has-more", vid, lvs[name].size)
            if rounded(size) > lvs[name].size:
                await self.set_size("lvextend", name, rounded(size))
                if live:
                    await live.resize(rounded(size))
            return rounded(size)

    # Snapshots

    async def snapshot(self, vid: str, live: LiveDisk | None = None) -> str:  # noqa: ARG002 - LVM needs no hypervisor for it
        async with self._locks.hold(vid):
            name, lvs = await self._find(vid)
            snapshot = self._next_id(name, lvs)
            await self._copy(name, f"{name}+{snapshot}")
            return snapshot

    async def list_snapshots(self, vid: str) -> list[str]:
        return self._snapshots(*await self._find(vid))

    async def revert(self, vid: str, snapshot: str) -> str:
        async with self._locks.hold(vid):
            name, lvs = await self._find(vid)
            source = self._state(vid, lvs, snapshot)
            self._refuse_started(vid, lvs)
            kept = self._next_id(name, lvs)
            await self._copy(source, f"{name}+new", *lvs[name].kept_tags)
            await self._replace(name, before=f"+{kept}")
            return kept

    # A qube's session

    async def start(self, spec: VolumeSpec) -> Disk:
        if spec.save_on_stop and spec.snap_on_start:
            raise refusal("volume-layer-and-kept")
        async with self._locks.hold(spec.vid, spec.source or spec.vid):
            name, lvs = self._name(spec.vid), await self._lvs()
            if name in lvs and not spec.save_on_stop and not lvs[name].is_session:
                raise already_there(self.pool, spec.vid)
            if spec.save_on_stop:
                await self._find(spec.vid)
                if lvs[name].is_session:
                    raise refusal("volume-only-running", spec.vid)
                if f"{name}+base" not in lvs:
                    await self._copy(name, f"{name}+base")
            elif name not in lvs:
                if spec.snap_on_start:
                    source, lvs = await self._find(spec.source)
                    await self._copy(
                        self._state(spec.source, lvs), name, "started", f"src+{self._committed(source, lvs)}"
                    )
                else:
                    await self._make(name, checked_size(spec.size), "started")
            return Disk(self.device(name), "raw", not spec.rw)

    def _committed(self, source: str, lvs: Mapping[str, _Lv]) -> str:
        """The identity of the committed state of a volume; a stop and a replacement change it."""
        return lvs[source].state

    async def stop(self, spec: VolumeSpec) -> None:
        async with self._locks.hold(spec.vid):
            name, lvs = self._name(spec.vid), await self._lvs()
            if not spec.save_on_stop:
                if name in lvs and lvs[name].is_session:
                    await self._drop(name)
                return
            if f"{name}+base" not in lvs:
                return
            present = lvs[name].generation
            following = f"gen+{int(present.removeprefix('gen+')) + 1}"
            old_tag = ["--deltag", present] if present in lvs[name].tags else []
            await self._run("lvchange", "-q", *old_tag, "--addtag", following, f"{self._vg}/{name}")
            newest = self._next_id(name, lvs)
            await self._move(f"{name}+base", f"{name}+{newest}")
            if spec.revisions_to_keep >= 0:
                snapshots = [*self._snapshots(name, lvs), newest]
                surplus = snapshots[: max(0, len(snapshots) - spec.revisions_to_keep)]
                await self._drop(*(f"{name}+{snapshot}" for snapshot in surplus))

    async def is_outdated(self, spec: VolumeSpec) -> bool:
        lvs = await self._lvs()
        name = self._name(spec.vid)
        if not spec.snap_on_start or name not in lvs or (source := self._name(spec.source)) not in lvs:
            return False
        return f"src+{self._committed(source, lvs)}" not in lvs[name].tags


def _order(snapshot: str) -> tuple[int, ...]:
    return tuple(map(int, snapshot.split("-")))


def _tags(identity: str) -> list[str]:
    return [f"id+{identity}"] if identity else []
