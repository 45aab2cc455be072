# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol of storage pool drivers, and the records of their answers.

A volume is named in its pool by its vid, `<vm>/<volume>`. The daemon's store holds what a volume is meant to be
(`VolumeSpec`); the driver holds the bytes and the snapshots, and can tell both from the disk alone after a crash.

Three kinds of volumes follow from two flags of the spec:

| save_on_stop | snap_on_start | at start | at stop |
|---|---|---|---|
| yes | no | the volume itself | the state before the session becomes a snapshot (`revisions_to_keep`) |
| no | yes | a copy-on-write layer on the committed state of `source` | thrown away |
| no | no | fresh and empty, `size` bytes | thrown away |

`source` is a vid of the same pool: a snap_on_start volume lives where its source lives.

A volume has an identity, chosen by its maker, which stays with it: a name may be another volume's later,
an identity never is. What is undone after a failure or a crash is removed by its identity, so nothing else can go.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from qubesmanager.host.sparse_file import Source
from qubesmanager.wire.reason import Field

SESSION = "session"
"""The identity of every volume that exists only while its qube runs."""

GRAIN = 4 << 20
"""An imported volume's size is rounded up to a multiple of this many bytes."""


@dataclass(frozen=True, slots=True)
class VolumeSpec:
    """A volume as the store has it. `size` in bytes; `revisions_to_keep` -1 keeps every snapshot."""

    pool: str
    vid: str
    size: int
    rw: bool = True
    source: str = ""
    save_on_stop: bool = False
    snap_on_start: bool = False
    revisions_to_keep: int = 1


@dataclass(frozen=True, slots=True)
class VolumeInfo:
    """A volume as `pool.volume.Info` shows it. `size` and `usage` in bytes; a layer shared by clones counts in each."""

    pool: str
    vid: str
    size: int
    usage: int
    rw: bool
    source: str
    save_on_stop: bool
    snap_on_start: bool
    revisions_to_keep: int
    is_outdated: bool


@dataclass(frozen=True, slots=True)
class PoolInfo:
    """Bytes of the disk that has the pool: `size` in all, `usage` taken, also by other programs.

    `metadata_size` and `metadata_usage` are those of what keeps account of the pool's blocks, if it has its own limit:
    a pool whose metadata is full takes no more writes. None for a pool without such a limit.
    """

    size: int
    usage: int
    metadata_size: int | None = None
    metadata_usage: int | None = None


@dataclass(frozen=True, slots=True)
class DriverOption:
    """One option of a driver, as `pool.Add` takes it. `type`: `path`, `int`, `str`. No default: it must be given."""

    name: str
    type: str
    help: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Disk:
    """A volume for the hypervisor: a file or block device and its format, `qcow2` or `raw`.

    `backing`: the files that it is an overlay on, of the same format, the next one first; checked, and complete.
    """

    path: Path
    format: str
    read_only: bool = False
    backing: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Leftover:
    """What an interrupted change left, and what was done with it: `removed`, `finished`, `undone` or `kept`."""

    path: str
    outcome: str


class LiveDisk(Protocol):
    """The running qube's view of one of its disks: the driver asks the hypervisor through it.

    Without one (`None`) the driver takes it that nothing writes to the volume: the qube is halted, or its hypervisor
    runs no guest.
    """

    async def switch_to(self, disk: Disk) -> None:
        """Let the guest write to `disk` from now on: an external snapshot onto a file that exists.

        A `Mgmt1Error` says that it was not done; after any other exception the driver takes it that it may have been.
        """
        ...

    async def resize(self, size: int) -> None:
        """Grow the image and the guest's disk to `size` bytes."""
        ...


class PoolDriver(Protocol):
    """One pool. Methods raise `StoragePoolException` and its children; `QubesVolumeNotFoundError` for an unknown vid.

    A method returns when its change is on the disk for good; one that raises or is killed leaves the state before.
    Calls on one volume are put in order by the driver itself.
    """

    @property
    def pool(self) -> str:
        """The pool's name."""
        ...

    @property
    def driver(self) -> str:
        """The driver's name in the table of drivers."""
        ...

    async def setup(self) -> None:
        """Prepare the location and prove it by creating and removing a volume there."""
        ...

    async def recover(self, live: Mapping[str, Path]) -> list[Leftover]:
        """Clear up what a crash left; `live` maps each running qube's vid to the path its hypervisor writes to.

        Before any other call. `stop` is then called for what was started and whose qube no longer runs.
        """
        ...

    async def place(self) -> str:
        """The mark of the pool's location; empty if it was never marked.

        Raises `StoragePoolException` if the location is not there, as when its disk is not mounted. Changes nothing.
        """
        ...

    async def mark(self, mark: str) -> None:
        """Mark the location with 32 hexadecimal digits, by which it is recognized later."""
        ...

    async def usage(self) -> PoolInfo: ...

    async def list_volumes(self) -> list[str]:
        """The vids found on the disk, sorted; what the store does not know of is an orphan."""
        ...

    async def strays(self) -> list[str]:
        """Sentences about files and volumes in the pool's location that do not belong to it."""
        ...

    async def damage(self, vid: str) -> Field:
        """The damage of the volume, in one sentence; empty if none is found. Changes nothing.

        `QubesVolumeNotFoundError` for an unknown vid.
        """
        ...

    async def describe(self, vid: str, about: Mapping[str, Any]) -> None:
        """Keep with the volume what is to be known of its qube, as JSON. `StoragePoolException` if it is too long."""
        ...

    async def description(self, vid: str) -> object:
        """The description by `describe`, decoded and not checked: a pool may come from anywhere. None if none."""
        ...

    async def info(self, spec: VolumeSpec) -> VolumeInfo:
        """The volume as it is; one that only exists while its qube runs has the spec's size and no usage."""
        ...

    async def create(self, vid: str, size: int, identity: str = "") -> None:
        """A new volume of zeros. It exists already: `StoragePoolException`, and it stays as it is."""
        ...

    async def identity(self, vid: str) -> str:
        """The identity of the volume; a volume without one gets one.

        `SESSION` for a volume that is fresh at each start.
        """
        ...

    async def remove(self, vid: str, identity: str | None = None) -> None:
        """Remove the volume and its snapshots; clones and running copies of it live on.

        With an `identity` only the volume that has it: `QubesVolumeNotFoundError` if another one has the name.
        """
        ...

    async def rename_vm(self, old: str, new: str) -> None:
        """All volumes of the halted qube `old` belong to `new`."""
        ...

    async def clone(self, vid: str, source: "PoolDriver", source_vid: str, identity: str = "") -> None:
        """A new volume with the committed state of another, of this or another pool, without its snapshots."""
        ...

    def read(self, vid: str, snapshot: str | None = None) -> AsyncGenerator[tuple[int, bytes], None]:
        """Offset and bytes of each run of data of the committed state or a snapshot, ascending; between them zeros.

        The state is the one at the first step, whatever happens to the volume meanwhile. Close the iterator
        (`contextlib.aclosing`).
        """
        ...

    def open_source(self, vid: str, snapshot: str | None = None) -> AbstractAsyncContextManager[Source]:
        """The committed state or a snapshot for a thread to read, the same until the context ends."""
        ...

    async def size(self, vid: str, snapshot: str | None = None) -> int:
        """The volume's or the snapshot's size in bytes."""
        ...

    async def import_data(
        self, vid: str, data: AsyncIterator[bytes], size: int | None = None, identity: str = ""
    ) -> int:
        """The volume, new or there already, holds the streamed bytes; answers its size, rounded up to `GRAIN`.

        With an `identity` it is a new volume, as in `create`.
        `size` is the announced number of bytes: more or fewer are a `QubesValueError`. Snapshots stay. Whatever breaks
        the stream, the volume is as before. A running qube's volume must not be imported into.
        """
        ...

    async def import_runs(self, vid: str, size: int, runs: AsyncIterator[tuple[int, bytes]], identity: str = "") -> int:
        """The volume, new or there already, holds these runs of data, ascending, and zeros between them.

        With an `identity` it is a new volume, as in `create`.
        It has `size` bytes, rounded up to `GRAIN`, which is answered. Whatever breaks the stream, it is as before.
        """
        ...

    async def clear(self, vid: str) -> None:
        """The volume holds zeros; its size and snapshots stay."""
        ...

    async def resize(self, vid: str, size: int, live: LiveDisk | None = None) -> int:
        """The volume has `size` bytes, which is answered. `QubesValueError` to shrink it."""
        ...

    async def snapshot(self, vid: str, live: LiveDisk | None = None) -> str:
        """The present state is kept; answers its id, `<unix seconds>-<n>`. Crash-consistent while the qube runs."""
        ...

    async def drop_snapshot(self, vid: str, snapshot: str) -> None:
        """Forget a snapshot. Also while the qube runs."""
        ...

    async def list_snapshots(self, vid: str) -> list[str]:
        """Oldest first."""
        ...

    async def revert(self, vid: str, snapshot: str) -> str:
        """The volume is as at `snapshot`, its size too; answers the id under which the state before is kept.

        `QubesVolumeRevisionNotFoundError` for an unknown snapshot, `QubesVMNotHaltedError` between start and stop.
        """
        ...

    async def start(self, spec: VolumeSpec) -> Disk:
        """The disk for a qube that starts. Started twice: the session goes on with the same disk.

        `StoragePoolException` where a kept volume has the name of one that is fresh at each start, or the reverse.
        """
        ...

    async def stop(self, spec: VolumeSpec) -> None:
        """The qube has halted: keep or throw away by the spec. Not started: nothing happens."""
        ...

    async def is_outdated(self, spec: VolumeSpec) -> bool:
        """The source of a running snap_on_start volume has a newer committed state than the one it runs on."""
        ...
