# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool of files: a folder a volume, layers in it, and one manifest that says which layer is what.

    <pool>/<vm>/<volume>/volume.json     the manifest; its replacement is the moment a change happens
    <pool>/<vm>/<volume>/<16 hex>.<fmt>  layers; each but the active one is never written again and keeps its name for
                                         good, so a name means a state
    <pool>/<vm>/<volume>/qube.json       what is to be known of the volume's qube if the store is lost
    <pool>/.tmp-<32 hex>                 a change under way
    <pool>/.mgmt1-pool                   the mark by which the location is recognized

Whatever a manifest does not reach is a leftover of a crash. Clones and running copies hold hard links to the layers
they stand on: their source may change or go without asking them.
"""

import dataclasses
import json
import logging
import os
import re
import secrets
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, suppress
from itertools import chain, pairwise, takewhile
from pathlib import Path
from typing import Any, ClassVar, Protocol

from qubesmanager.daemon.local.core.locks import Locks
from qubesmanager.daemon.local.drivers.pools.base import (
    GRAIN,
    SESSION,
    Disk,
    Leftover,
    LiveDisk,
    PoolDriver,
    PoolInfo,
    VolumeInfo,
    VolumeSpec,
)
from qubesmanager.daemon.local.drivers.pools.beneath import check_folders, is_folder, open_file, sub_folders
from qubesmanager.daemon.local.drivers.pools.disk import (
    Data,
    already_there,
    checked_size,
    checked_vid,
    disk_errors,
    fsync,
    in_the_way,
    in_thread,
    is_staging,
    is_vid,
    replace_json,
    rounded,
    staging,
)
from qubesmanager.daemon.local.drivers.pools.manifest import (
    MANIFEST,
    Manifest,
    is_layer,
    read_manifest,
    write_manifest,
)
from qubesmanager.daemon.local.drivers.pools.stream import copy_into, import_stream, write_runs
from qubesmanager.host.sparse_file import Source
from qubesmanager.wire.errors import (
    Mgmt1Error,
    QubesVolumeNotFoundError,
    StoragePoolException,
)
from qubesmanager.wire.limits import LAYERS
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Field
from qubesmanager.wire.reasons import cause, refusal

log = logging.getLogger(__name__)

QUBE = "qube.json"
MARK = ".mgmt1-pool"
MAX_DESCRIPTION = 2 << 20
"""Bytes of what is kept of a qube; its notes alone may have 256 KiB."""

_MARKS = re.compile(rb"[0-9a-f]{32}")


class LayerWriter(Protocol):
    """Takes the bytes of a new layer, ascending and in whole blocks; `finish` brings all of it to the disk."""

    def put(self, offset: int, data: Data) -> None: ...

    def finish(self, size: int) -> None: ...


class ClosableSource(Source, Protocol):
    """Of files that are opened when they are needed."""

    def close(self) -> None: ...


class _Reporting:
    """A writer whose disk errors are answers."""

    def __init__(self, writer: LayerWriter, pool: str) -> None:
        self._writer = writer
        self._pool = pool

    def put(self, offset: int, data: Data) -> None:
        with disk_errors(self._pool):
            self._writer.put(offset, data)

    def finish(self, size: int) -> None:
        with disk_errors(self._pool):
            self._writer.finish(size)


class FolderPool(ABC):
    """The common part of pools of files, a `PoolDriver`; each driver adds its kind of layer."""

    driver: ClassVar[str]
    format: ClassVar[str]

    def __init__(self, pool: str, root: Path) -> None:
        self.pool = pool
        self.root = root
        self._locks = Locks()

    # A driver's kind of layer. All of it is blocking and runs in a thread.

    @abstractmethod
    def check_place(self) -> None:
        """Refuse a file system that this kind of layer cannot be stored on."""

    @abstractmethod
    def new_layer(self, path: Path, size: int) -> None:
        """A layer of zeros."""

    @abstractmethod
    def derive(self, folder: Path, layer: str, into: Path) -> str:
        """A writable layer in `into` with the content of `folder`'s layer, which from now on is never written."""

    @abstractmethod
    def parent_of(self, folder: Path, layer: str) -> str:
        """The layer in the same folder whose content this one needs, or "".

        Raises `StoragePoolException` if the layer is no regular file of the pool, `FileNotFoundError` if it is missing.
        """

    @abstractmethod
    def is_unwritten(self, folder: Path, layer: str) -> bool:
        """The layer still has the content of the layer it was derived from."""

    @abstractmethod
    def layer_size(self, path: Path) -> int:
        """The guest's size in bytes."""

    @abstractmethod
    def check_layer(self, path: Path) -> None:
        """Raises `StoragePoolException` for a layer that is cut off or is none."""

    @abstractmethod
    def grow_layer(self, path: Path, size: int) -> None: ...

    @abstractmethod
    def open_writer(self, path: Path) -> AbstractContextManager[LayerWriter]: ...

    @abstractmethod
    def open_runs(self, folder: Path, layer: str) -> Iterator[tuple[int, bytes]]:
        """Offset and bytes of the layer's runs of data."""

    @abstractmethod
    def source_of(self, folder: Path, layer: str) -> ClosableSource:
        """The layer's content, to be read in another thread."""

    live_snapshot_by_hypervisor: ClassVar[bool]

    @abstractmethod
    def compact(self, folder: Path, manifest: Manifest) -> None:
        """Keep the number of layers small; names that the manifest knows stay. A full disk is no error here."""

    # The location

    async def setup(self) -> None:
        await in_thread(self._setup)

    def _setup(self) -> None:
        with disk_errors(self.pool):
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.check_place()
            with staging(self.root) as probe:
                layer = self._layer_name()
                self.new_layer(probe / layer, GRAIN)
                self.derive(probe, layer, probe)
                write_manifest(probe, Manifest(layer))

    async def place(self) -> str:
        return await in_thread(self._marked)

    def _marked(self) -> str:
        with disk_errors(self.pool):
            if not self.root.is_dir():
                raise refusal("pool-folder-missing", self.root)
            try:
                with os.fdopen(open_file(self.root / MARK), "rb") as file:
                    untrusted = file.read(64)
            except FileNotFoundError:
                return ""
        return untrusted.decode() if _MARKS.fullmatch(untrusted) else ""

    async def mark(self, mark: str) -> None:
        await in_thread(self._mark, mark)

    def _mark(self, mark: str) -> None:
        with disk_errors(self.pool), staging(self.root) as stage:
            (stage / MARK).write_text(mark)
            fsync(stage / MARK)
            (stage / MARK).rename(self.root / MARK)
            fsync(self.root)

    async def usage(self) -> PoolInfo:
        return await in_thread(self._usage)

    def _usage(self) -> PoolInfo:
        with disk_errors(self.pool):
            place = os.statvfs(self.root)
        return PoolInfo(place.f_blocks * place.f_frsize, (place.f_blocks - place.f_bfree) * place.f_frsize)

    async def list_volumes(self) -> list[str]:
        return await in_thread(self._list)

    def _list(self) -> list[str]:
        with disk_errors(self.pool):
            return [vid for vid, folder in self._folders() if (folder / MANIFEST).is_file()]

    async def strays(self) -> list[str]:
        return await in_thread(self._strays)

    def _strays(self) -> list[str]:
        strays: list[str] = []
        with disk_errors(self.pool):
            for vm in sorted(self.root.glob("[!.]*")):
                below = [vm]
                if is_folder(vm):
                    with suppress(FileNotFoundError):
                        below = sorted(vm.iterdir())
                strays += [
                    f"{_printable(path)} is not a volume."
                    for path in below
                    if not is_folder(path) or not is_vid(f"{vm.name}/{path.name}") or not (path / MANIFEST).is_file()
                    if os.path.lexists(path)  # not removed meanwhile
                ]
        return strays

    async def damage(self, vid: str) -> Field:
        async with self._locks.hold(vid):
            return await in_thread(self._damage, vid)

    def _damage(self, vid: str) -> Field:
        try:
            with disk_errors(self.pool):
                folder, manifest = self._load(vid)
                checked: set[str] = set()
                for name in manifest.named():
                    for layer in takewhile(lambda layer: layer not in checked, self._chain(folder, name)):
                        self.check_layer(folder / layer)
                        checked.add(layer)
        except QubesVolumeNotFoundError:
            raise
        except StoragePoolException as error:
            return cause(error)
        return ""

    async def describe(self, vid: str, about: Mapping[str, Any]) -> None:
        async with self._locks.hold(vid):
            await in_thread(self._describe, vid, about)

    def _describe(self, vid: str, about: Mapping[str, Any]) -> None:
        if len(json.dumps(about, indent=1)) > MAX_DESCRIPTION:
            raise refusal("description-too-long", vid)
        folder, _ = self._load(vid)
        with disk_errors(self.pool):
            replace_json(folder / QUBE, about)

    async def description(self, vid: str) -> object:
        async with self._locks.hold(vid):
            return await in_thread(self._description, vid)

    def _description(self, vid: str) -> object:
        folder = self._folder(vid)
        with disk_errors(self.pool):
            try:
                with os.fdopen(open_file(folder / QUBE), "rb") as file:
                    return json.loads(file.read(MAX_DESCRIPTION + 1))
            except (FileNotFoundError, ValueError, RecursionError):
                return None

    def _folders(self) -> Iterator[tuple[str, Path]]:
        """Vid and folder of all that may be a volume, sorted. Links, and names that no volume has, are left out.

        A folder of a qube can be removed or renamed while the others are listed.
        """
        for vm in sub_folders(self.root):
            if not vm.startswith("."):
                folder = self.root / vm
                names: list[str] = []
                with suppress(FileNotFoundError):
                    names = sub_folders(folder)
                for name in names:
                    if is_vid(vid := f"{vm}/{name}"):
                        yield vid, folder / name

    async def recover(self, live: Mapping[str, Path]) -> list[Leftover]:
        return await in_thread(self._recover, dict(live))

    def _recover(self, live: dict[str, Path]) -> list[Leftover]:
        done: list[Leftover] = []
        not_empty: set[str] = set()
        with disk_errors(self.pool):
            for path in sorted(self.root.glob(".tmp-*")):
                if is_staging(path.name) and is_folder(path):
                    shutil.rmtree(path)
                    done.append(Leftover(path.name, "removed"))
            for vid, folder in self._folders():
                not_empty.add(folder.parent.name)
                try:
                    done += self._recover_volume(vid, folder, live.get(vid))
                except StoragePoolException as error:
                    log.warning("The volume %s of the pool %s is left alone: %s", vid, self.pool, error)
                    done.append(Leftover(vid, "kept"))
            done += self._remove_empty_folders(not_empty)
        return done

    def _remove_empty_folders(self, not_empty: set[str]) -> Iterator[Leftover]:
        """Folders of qubes that a crash left without a volume: as the first one was placed, or the last one removed.

        A folder that was there before the pool belongs to another program. `not_empty` are known to have volumes.
        """
        mark = self.root / MARK
        since = mark.lstat().st_mtime_ns if mark.exists() else 0
        for name in sub_folders(self.root):
            vm = self.root / name
            if name not in not_empty and is_vid(f"{name}/x") and vm.lstat().st_mtime_ns > since:
                with suppress(OSError):  # it has files of others
                    vm.rmdir()
                    yield Leftover(name, "removed")

    def _recover_volume(self, vid: str, folder: Path, live: Path | None) -> Iterator[Leftover]:
        if not os.path.exists(f"{folder}/{MANIFEST}"):  # noqa: PTH110 - once for each volume, ten times as fast
            yield Leftover(vid, "kept")  # not ours: nothing of ours is there without a manifest
            return
        check_folders(self.root, *vid.split("/"))
        manifest = self._manifest(folder)
        if manifest.pending:
            yield Leftover(f"{vid}/{manifest.pending}", self._settle(folder, manifest, live))
            manifest = self._manifest(folder)
        for name in self._collect(folder, manifest):
            yield Leftover(f"{vid}/{name}", "removed")

    def _settle(self, folder: Path, manifest: Manifest, live: Path | None) -> str:
        """A live snapshot was under way: it happened if the hypervisor writes, or has written, to the new layer."""
        switched = dataclasses.replace(manifest, active=manifest.pending, pending="", pending_id="")
        happened = live.name == manifest.pending if live else not self.is_unwritten(folder, switched.active)
        if happened:
            write_manifest(
                folder,
                dataclasses.replace(
                    switched,
                    parent=manifest.active if manifest.parent else "",
                    snapshots=manifest.snapshots | {manifest.pending_id: manifest.active},
                ),
            )
            return "finished"
        write_manifest(folder, dataclasses.replace(manifest, pending="", pending_id=""))
        return "undone"

    # Volumes

    def _layer_name(self) -> str:
        return f"{secrets.token_hex(8)}.{self.format}"

    def _folder(self, vid: str) -> Path:
        """The volume's folder, which is a real one if it exists; see `check_folders`."""
        with disk_errors(self.pool):
            check_folders(self.root, *checked_vid(vid).split("/"))
        return self.root / vid

    def _manifest(self, folder: Path) -> Manifest:
        return read_manifest(folder, self.format)

    def _load(self, vid: str) -> tuple[Path, Manifest]:
        folder = self._folder(vid)
        try:
            return folder, self._manifest(folder)
        except FileNotFoundError:
            raise refusal("pool-without-volume", self.pool, vid) from None

    def _absent(self, vid: str) -> Path:
        if (stray := self._stray(vid)) is not None:
            raise in_the_way(stray)
        folder = self._folder(vid)
        if folder.exists():
            raise already_there(self.pool, vid)
        return folder

    def _stray(self, vid: str) -> Path | None:
        """A file, a link or a folder without a manifest that has the path of the volume; None if there is none."""
        folder = self.root / checked_vid(vid)
        if os.path.lexists(folder.parent) and not is_folder(folder.parent):
            return folder.parent
        if os.path.lexists(folder) and not (is_folder(folder) and (folder / MANIFEST).is_file()):
            return folder
        return None

    def _place(self, stage: Path, manifest: Manifest, folder: Path) -> None:
        """The staged folder becomes the volume."""
        write_manifest(stage, manifest)
        if not folder.parent.exists():
            folder.parent.mkdir(mode=0o700, exist_ok=True)
            fsync(self.root)
        stage.rename(folder)
        fsync(folder.parent)

    async def create(self, vid: str, size: int, identity: str = "") -> None:
        async with self._locks.hold(vid):
            await in_thread(self._create, vid, checked_size(size), identity)

    def _create(self, vid: str, size: int, identity: str) -> None:
        folder = self._absent(vid)
        with disk_errors(self.pool), staging(self.root) as stage:
            layer = self._layer_name()
            self.new_layer(stage / layer, size)
            self._place(stage, Manifest(layer, identity=identity), folder)

    async def identity(self, vid: str) -> str:
        async with self._locks.hold(vid):
            return await in_thread(self._identity, vid)

    def _identity(self, vid: str) -> str:
        folder, manifest = self._load(vid)
        if manifest.is_session:
            return SESSION
        if not manifest.identity:
            with disk_errors(self.pool):
                manifest = write_manifest(folder, dataclasses.replace(manifest, identity=secrets.token_hex(16)))
        return manifest.identity

    async def remove(self, vid: str, identity: str | None = None) -> None:
        async with self._locks.hold(vid):
            await in_thread(self._remove, vid, identity)

    def _remove(self, vid: str, identity: str | None) -> None:
        if self._stray(vid) is not None:
            raise refusal("pool-without-volume", self.pool, vid)
        folder = self._folder(vid)
        if identity is not None or not (folder / MANIFEST).exists():  # a damaged one can be removed, by its name alone
            _, manifest = self._load(vid)
            if identity not in {None, SESSION if manifest.is_session else manifest.identity}:
                raise refusal("volume-replaced", vid, self.pool)
        self._discard(folder)

    def _discard(self, folder: Path) -> None:
        with disk_errors(self.pool), staging(self.root) as bin_:
            folder.rename(bin_ / "volume")
            fsync(folder.parent)
            fsync(bin_)
        with suppress(OSError):  # other volumes of the qube are there
            folder.parent.rmdir()

    async def rename_vm(self, old: str, new: str) -> None:
        await in_thread(self._rename_vm, old, new)

    def _rename_vm(self, old: str, new: str) -> None:
        checked_vid(f"{old}/x")
        checked_vid(f"{new}/x")
        with disk_errors(self.pool):
            check_folders(self.root, old)
            check_folders(self.root, new)
            for vid, folder in self._folders():
                if vid.startswith(f"{old}/") and (folder / MANIFEST).exists() and self._manifest(folder).started:
                    raise refusal("volumes-in-use", old)
            with suppress(OSError):  # a crash may have left an empty one
                (self.root / new).rmdir()
            if (self.root / new).exists():
                raise refusal("pool-has-volumes", self.pool, new)
            if (self.root / old).exists():
                (self.root / old).rename(self.root / new)
                fsync(self.root)

    async def size(self, vid: str, snapshot: str | None = None) -> int:
        async with self._locks.hold(vid):
            return await in_thread(self._size, vid, snapshot)

    def _size(self, vid: str, snapshot: str | None) -> int:
        folder, manifest = self._load(vid)
        with disk_errors(self.pool):
            return self.layer_size(folder / self._snapshot_layer(manifest, snapshot))

    def _snapshot_layer(self, manifest: Manifest, snapshot: str | None) -> str:
        if snapshot is None:
            return manifest.base or manifest.active
        try:
            return manifest.snapshots[snapshot]
        except KeyError:
            raise refusal("no-such-snapshot", snapshot) from None

    async def info(self, spec: VolumeSpec) -> VolumeInfo:
        async with self._locks.hold(spec.vid, spec.source or spec.vid):
            return await in_thread(self._info, spec)

    def _info(self, spec: VolumeSpec) -> VolumeInfo:
        size, usage = self._measure(spec)
        return VolumeInfo(
            spec.pool, spec.vid, size, usage, spec.rw, spec.source, spec.save_on_stop, spec.snap_on_start,
            spec.revisions_to_keep, self._is_outdated(spec),
        )  # fmt: skip

    def _measure(self, spec: VolumeSpec) -> tuple[int, int]:
        try:
            folder, manifest = self._load(spec.vid)
        except QubesVolumeNotFoundError:
            if spec.save_on_stop:
                raise
            return spec.size, 0
        with disk_errors(self.pool):
            usage = sum(path.lstat().st_blocks * 512 for path in folder.iterdir())
            return self.layer_size(folder / manifest.active), usage

    # Content

    def _commit(self, vid: str) -> tuple[Path, Manifest, str]:
        """The folder and the layer of the committed state, which stays as it is from now on."""
        folder, manifest = self._load(vid)
        if manifest.started:
            if not manifest.base:
                raise refusal("volume-only-running", vid)
            return folder, manifest, manifest.base
        if parent := self._unwritten_parent(folder, manifest):
            return folder, manifest, parent
        return folder, *self._freeze(folder, manifest)

    def _freeze(self, folder: Path, manifest: Manifest) -> tuple[Manifest, str]:
        """A new active layer over the present one, which is answered beside the manifest."""
        layer = manifest.active
        _check_only_name(folder / layer)
        active = self.derive(folder, layer, folder)
        frozen = write_manifest(folder, dataclasses.replace(manifest, active=active, parent=self._recorded(layer)))
        if manifest.parent:
            self._collect(folder)  # the layers that it was made of are no snapshot's state now
        return frozen, layer

    def _recorded(self, layer: str) -> str:
        """The parent as the manifest keeps it: only a format that does not say it itself needs that."""
        return layer if self.format == "raw" else ""

    def _unwritten_parent(self, folder: Path, manifest: Manifest) -> str:
        """The layer whose content the active one still has, found through all that were never written; else ""."""
        unwritten = ""
        below = self._chain(folder, manifest.parent or self.parent_of(folder, manifest.active))
        for layer, parent in pairwise(chain([manifest.active], below)):
            if not self.is_unwritten(folder, layer):
                break
            unwritten = parent
        return unwritten

    def _chain(self, folder: Path, layer: str) -> Iterator[str]:
        """The layer and all below it. Each is a regular file of the folder with the name of a layer."""
        passed: set[str] = set()
        while layer:
            if not is_layer(layer, self.format) or layer in passed or len(passed) == LAYERS:
                raise refusal("volume-wrong-layer", folder, shown(layer))
            try:
                parent = self.parent_of(folder, layer)
            except FileNotFoundError:
                raise refusal("volume-layer-missing", folder, layer) from None
            passed.add(layer)
            yield layer
            layer = parent

    def _disk(self, folder: Path, active: str, *, read_only: bool = False) -> Disk:
        """The disk for the hypervisor. Its whole chain is checked, and no other path leads to the active file."""
        paths = [folder / name for name in self._chain(folder, active)]
        _check_only_name(paths[0])
        return Disk(paths[0], self.format, read_only, tuple(paths[1:]))

    def _link(self, folder: Path, layer: str, into: Path) -> None:
        for name in self._chain(folder, layer):
            if not (into / name).exists():
                os.link(folder / name, into / name, follow_symlinks=False)

    def _collect(self, folder: Path, manifest: Manifest | None = None) -> list[str]:
        """Remove what the manifest, which is read unless given, does not reach; answers the names."""
        named = (manifest or self._manifest(folder)).named()
        with os.scandir(folder) as entries:
            files = {entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)}
        reached = {MANIFEST, QUBE, *named}
        if named <= files <= reached:
            return []  # usual, and no header has to be read to see it
        for name in named:
            reached.update(self._chain(folder, name))
        gone = sorted(files - reached)
        for name in gone:
            (folder / name).unlink()
        return gone

    async def read(self, vid: str, snapshot: str | None = None) -> AsyncGenerator[tuple[int, bytes], None]:
        async with self._locks.hold(vid):
            stack, runs = await in_thread(self._open, vid, snapshot)
        try:
            while (run := await in_thread(next, runs, None)) is not None:
                yield run
        finally:
            await in_thread(stack.close)

    @asynccontextmanager
    async def open_source(self, vid: str, snapshot: str | None = None) -> AsyncIterator[Source]:
        async with self._locks.hold(vid):
            stack, source = await in_thread(self._open_source, vid, snapshot)
        try:
            yield source
        finally:
            await in_thread(stack.close)

    def _open_source(self, vid: str, snapshot: str | None) -> tuple[ExitStack, Source]:
        with disk_errors(self.pool), ExitStack() as stack:
            source = self.source_of(*self._kept(stack, vid, snapshot))
            stack.callback(source.close)
            return stack.pop_all(), source

    def _open(self, vid: str, snapshot: str | None) -> tuple[ExitStack, Iterator[tuple[int, bytes]]]:
        with disk_errors(self.pool), ExitStack() as stack:
            runs = self._reported(self.open_runs(*self._kept(stack, vid, snapshot)))
            stack.callback(runs.close)
            return stack.pop_all(), runs

    def _kept(self, stack: ExitStack, vid: str, snapshot: str | None) -> tuple[Path, str]:
        """A folder and the layer of the state in it, which stay until the stack ends."""
        if snapshot is None:
            folder, _, layer = self._commit(vid)
        else:
            folder, manifest = self._load(vid)
            layer = self._snapshot_layer(manifest, snapshot)
        # Links of our own: whatever is pruned or merged meanwhile, these layers stay as they are.
        stage = stack.enter_context(staging(self.root))
        self._link(folder, layer, stage)
        return stage, layer

    def _reported(self, runs: Iterator[tuple[int, bytes]]) -> Generator[tuple[int, bytes], None, None]:
        with disk_errors(self.pool):
            yield from runs

    async def clone(self, vid: str, source: PoolDriver, source_vid: str, identity: str = "") -> None:
        if source is self:
            async with self._locks.hold(vid, source_vid):
                await in_thread(self._clone, vid, source_vid, identity)
            return
        async with self._locks.hold(vid):
            await in_thread(self._absent, vid)
            async with self._writing() as (stage, writer):
                await copy_into(writer, source, source_vid)
                await in_thread(self._adopt, vid, stage, identity)

    def _clone(self, vid: str, source_vid: str, identity: str) -> None:
        absent = self._absent(vid)
        with disk_errors(self.pool), staging(self.root) as stage:
            folder, _, layer = self._commit(source_vid)
            self._link(folder, layer, stage)
            active = self.derive(stage, layer, stage)
            self._place(stage, Manifest(active, parent=self._recorded(layer), identity=identity), absent)

    async def import_data(
        self, vid: str, data: AsyncIterator[bytes], size: int | None = None, identity: str = ""
    ) -> int:
        async with self._locks.hold(vid):
            await in_thread(self._check_import, vid, identity)
            async with self._writing() as (stage, writer):
                total = await import_stream(writer, data, size)
                await in_thread(self._adopt, vid, stage, identity)
            return total

    async def import_runs(self, vid: str, size: int, runs: AsyncIterator[tuple[int, bytes]], identity: str = "") -> int:
        async with self._locks.hold(vid):
            await in_thread(self._check_import, vid, identity)
            async with self._writing() as (stage, writer):
                await write_runs(writer, rounded(size), runs)
                await in_thread(self._adopt, vid, stage, identity)
        return rounded(size)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[tuple[Path, LayerWriter]]:
        """A staging folder and the writer of the one layer in it; both end with the block, off the loop.

        Only the disk's own errors become answers here: a broken stream is the caller's to tell.
        """
        stack, stage, writer = await in_thread(self._open_writing)
        try:
            yield stage, writer
        finally:
            await in_thread(stack.close)

    def _open_writing(self) -> tuple[ExitStack, Path, LayerWriter]:
        with disk_errors(self.pool), ExitStack() as stack:
            stage = stack.enter_context(staging(self.root))
            writer = stack.enter_context(self.open_writer(stage / self._layer_name()))
            return stack.pop_all(), stage, _Reporting(writer, self.pool)

    def _check_import(self, vid: str, identity: str) -> None:
        folder = self._absent(vid) if identity else self._folder(vid)
        if folder.exists() and self._manifest(folder).started:
            raise refusal("volume-in-use", vid)

    def _adopt(self, vid: str, stage: Path, identity: str) -> None:
        """Make the one staged layer the volume's content; with an identity, that of a new volume."""
        (layer,) = (path.name for path in stage.iterdir())
        folder = self._absent(vid) if identity else self._folder(vid)
        with disk_errors(self.pool):
            if not folder.exists():
                self._place(stage, Manifest(layer, identity=identity), folder)
                return
            (stage / layer).rename(folder / layer)
            self._activate(folder, layer)

    def _activate(self, folder: Path, layer: str) -> None:
        write_manifest(folder, dataclasses.replace(self._manifest(folder), active=layer, parent=""))
        self._collect(folder)

    async def clear(self, vid: str) -> None:
        async with self._locks.hold(vid):
            await in_thread(self._clear, vid)

    def _clear(self, vid: str) -> None:
        folder, manifest = self._load(vid)
        self._refuse_started(vid, manifest)
        with disk_errors(self.pool):
            layer = self._layer_name()
            self.new_layer(folder / layer, self.layer_size(folder / manifest.active))
            self._activate(folder, layer)

    def _refuse_started(self, vid: str, manifest: Manifest) -> None:
        if manifest.started:
            raise refusal("volume-in-use", vid)

    async def resize(self, vid: str, size: int, live: LiveDisk | None = None) -> int:
        checked_size(size)
        async with self._locks.hold(vid):
            grows = await in_thread(self._grows, vid, size)
            if grows and live:
                await live.resize(size)
            elif grows:
                await in_thread(self._grow, vid, size)
            return size

    def _grows(self, vid: str, size: int) -> bool:
        folder, manifest = self._load(vid)
        with disk_errors(self.pool):
            present = self.layer_size(folder / manifest.active)
        if size < present:
            raise refusal("volume-has-more", vid, present)
        return size > present

    def _grow(self, vid: str, size: int) -> None:
        folder, manifest = self._load(vid)
        with disk_errors(self.pool):
            self.grow_layer(folder / manifest.active, size)

    # Snapshots

    @staticmethod
    def _next_id(manifest: Manifest) -> str:
        """Sorts behind all there are, also when the clock was set back."""
        now = int(time.time())
        taken = [tuple(map(int, name.split("-"))) for name in manifest.snapshots]
        last, number = max(taken, default=(0, 0))
        return f"{now}-0" if now > last else f"{last}-{number + 1}"

    async def list_snapshots(self, vid: str) -> list[str]:
        _, manifest = await in_thread(self._load, vid)
        return _sorted(manifest)

    async def snapshot(self, vid: str, live: LiveDisk | None = None) -> str:
        async with self._locks.hold(vid):
            if live is None or not self.live_snapshot_by_hypervisor:
                return await in_thread(self._snapshot, vid, live is not None)
            pending = await in_thread(self._prepare, vid)
            try:
                await live.switch_to(await in_thread(self._pending_disk, vid, pending))
            except Mgmt1Error:
                # Only a refusal is sure: of anything else, a cancelled call too, it is unknown which file the guest
                # writes to, so both stay until that can be seen (`_settle`).
                await in_thread(self._abandon, vid, pending)
                raise
            return await in_thread(self._switched, vid, pending)

    def _snapshot(self, vid: str, in_use: bool) -> str:  # noqa: FBT001 - run_in_executor takes no keywords
        folder, manifest = self._load(vid)
        snapshot = self._next_id(manifest)
        with disk_errors(self.pool):
            if in_use:
                # The guest goes on writing to the file it has open: the copy is the snapshot.
                layer = self.derive(folder, manifest.active, folder)
            elif not (layer := self._unwritten_parent(folder, manifest)):
                manifest, layer = self._freeze(folder, manifest)
            write_manifest(folder, dataclasses.replace(manifest, snapshots=manifest.snapshots | {snapshot: layer}))
        return snapshot

    async def drop_snapshot(self, vid: str, snapshot: str) -> None:
        async with self._locks.hold(vid):
            await in_thread(self._drop_snapshot, vid, snapshot)

    def _drop_snapshot(self, vid: str, snapshot: str) -> None:
        folder, manifest = self._load(vid)
        self._snapshot_layer(manifest, snapshot)
        left = {name: layer for name, layer in manifest.snapshots.items() if name != snapshot}
        with disk_errors(self.pool):
            write_manifest(folder, dataclasses.replace(manifest, snapshots=left))
            self._collect(folder)

    def _prepare(self, vid: str) -> Manifest:
        folder, manifest = self._load(vid)
        if manifest.pending:
            raise refusal("snapshot-cut-short", vid)
        with disk_errors(self.pool):
            layer = self.derive(folder, manifest.active, folder)
            return write_manifest(
                folder, dataclasses.replace(manifest, pending=layer, pending_id=self._next_id(manifest))
            )

    def _pending_disk(self, vid: str, pending: Manifest) -> Disk:
        with disk_errors(self.pool):
            return self._disk(self._folder(vid), pending.pending)

    def _abandon(self, vid: str, pending: Manifest) -> None:
        folder = self._folder(vid)
        with disk_errors(self.pool):
            write_manifest(folder, dataclasses.replace(pending, pending="", pending_id=""))
            self._collect(folder)

    def _switched(self, vid: str, pending: Manifest) -> str:
        snapshots = pending.snapshots | {pending.pending_id: pending.active}
        with disk_errors(self.pool):
            write_manifest(
                self._folder(vid),
                dataclasses.replace(pending, active=pending.pending, snapshots=snapshots, pending="", pending_id=""),
            )
        return pending.pending_id

    async def revert(self, vid: str, snapshot: str) -> str:
        async with self._locks.hold(vid):
            return await in_thread(self._revert, vid, snapshot)

    def _revert(self, vid: str, snapshot: str) -> str:
        folder, manifest = self._load(vid)
        layer = self._snapshot_layer(manifest, snapshot)
        self._refuse_started(vid, manifest)
        kept = self._next_id(manifest)
        with disk_errors(self.pool):
            before = self._unwritten_parent(folder, manifest) or manifest.active
            active = self.derive(folder, layer, folder)
            snapshots = manifest.snapshots | {kept: before}
            parent = self._recorded(layer)
            write_manifest(folder, dataclasses.replace(manifest, active=active, parent=parent, snapshots=snapshots))
            self._collect(folder)
        return kept

    # A qube's session

    async def start(self, spec: VolumeSpec) -> Disk:
        if spec.save_on_stop and spec.snap_on_start:
            raise refusal("volume-layer-and-kept")
        async with self._locks.hold(spec.vid, spec.source or spec.vid):
            return await in_thread(self._start, spec)

    def _start(self, spec: VolumeSpec) -> Disk:
        with disk_errors(self.pool):
            folder = self._folder(spec.vid)
            if folder.exists():
                manifest = self._manifest(folder)
                if not spec.save_on_stop and not manifest.is_session:
                    raise already_there(self.pool, spec.vid)
                if spec.save_on_stop and manifest.is_session:
                    raise refusal("volume-only-running", spec.vid)
                if manifest.started:
                    return self._disk(folder, manifest.active, read_only=not spec.rw)
            manifest = self._start_kept(spec.vid) if spec.save_on_stop else self._start_fresh(spec, folder)
            return self._disk(folder, manifest.active, read_only=not spec.rw)

    def _start_kept(self, vid: str) -> Manifest:
        folder, manifest, base = self._commit(vid)
        return write_manifest(folder, dataclasses.replace(manifest, base=base, started=True))

    def _start_fresh(self, spec: VolumeSpec, folder: Path) -> Manifest:
        with staging(self.root) as stage:
            if spec.snap_on_start:
                source, _, layer = self._commit(spec.source)
                self._link(source, layer, stage)
                active = self.derive(stage, layer, stage)
                manifest = Manifest(active, source=layer, started=True, parent=self._recorded(layer))
            else:
                active = self._layer_name()
                self.new_layer(stage / active, checked_size(spec.size))
                manifest = Manifest(active, started=True)
            self._place(stage, manifest, folder)
            return manifest

    async def stop(self, spec: VolumeSpec) -> None:
        async with self._locks.hold(spec.vid):
            await in_thread(self._stop, spec)

    def _stop(self, spec: VolumeSpec) -> None:
        folder = self._folder(spec.vid)
        if not folder.exists() or not (manifest := self._manifest(folder)).started:
            return
        if manifest.is_session == spec.save_on_stop:  # another qube's, or one that no qube has
            return
        with disk_errors(self.pool):
            if not spec.save_on_stop:
                self._discard(folder)
                return
            if manifest.pending:
                self._settle(folder, manifest, None)
                manifest = self._manifest(folder)
            snapshots = dict(manifest.snapshots)
            changed = (unwritten := self._unwritten_parent(folder, manifest)) != manifest.base
            if changed and manifest.base not in snapshots.values():
                snapshots[self._next_id(manifest)] = manifest.base
            if spec.revisions_to_keep >= 0:
                kept = sorted(snapshots, key=_order)[max(0, len(snapshots) - spec.revisions_to_keep) :]
                snapshots = {name: snapshots[name] for name in kept}
            manifest = write_manifest(
                folder,
                dataclasses.replace(
                    manifest,
                    base="",
                    started=False,
                    snapshots=snapshots,
                    parent=manifest.parent if unwritten else "",
                ),
            )
            self._collect(folder)
            self.compact(folder, manifest)

    async def is_outdated(self, spec: VolumeSpec) -> bool:
        async with self._locks.hold(spec.vid, spec.source or spec.vid):
            return await in_thread(self._is_outdated, spec)

    def _is_outdated(self, spec: VolumeSpec) -> bool:
        if not spec.snap_on_start:
            return False
        try:
            _, manifest = self._load(spec.vid)
            folder, source = self._load(spec.source)
        except QubesVolumeNotFoundError:
            return False
        with disk_errors(self.pool):
            committed = source.base or self._unwritten_parent(folder, source) or source.active
        return manifest.source != committed


def _order(snapshot: str) -> tuple[int, ...]:
    return tuple(map(int, snapshot.split("-")))


def _sorted(manifest: Manifest) -> list[str]:
    return sorted(manifest.snapshots, key=_order)


def _printable(path: Path) -> str:
    """The path as one line of text; its name is untrusted."""
    return str(path) if str(path).isprintable() else repr(str(path))


def _check_only_name(path: Path) -> None:
    """A layer that is written to is no other volume's; the layers below it are shared with clones."""
    if path.lstat().st_nlink != 1:
        raise refusal("file-second-name", path)
