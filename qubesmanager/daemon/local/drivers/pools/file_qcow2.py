# SPDX-License-Identifier: GPL-3.0-or-later
"""The default driver: qcow2 images on any file system.

Images and overlays are made, read, grown and merged by the module `qcow2`, without a program: a machine without
qemu-img has working pools, and no child outlives a killed daemon. See docs/storage.md.
"""

import logging
import os
from collections.abc import Generator
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

from qubesmanager.daemon.local.drivers.pools import qcow2
from qubesmanager.daemon.local.drivers.pools.base import DriverOption
from qubesmanager.daemon.local.drivers.pools.disk import fsync, staging
from qubesmanager.daemon.local.drivers.pools.folder import FolderPool
from qubesmanager.daemon.local.drivers.pools.manifest import Manifest
from qubesmanager.daemon.local.drivers.pools.sources import ImageSource
from qubesmanager.wire.reasons import refusal

log = logging.getLogger(__name__)

CHAIN = 4
"""More layers than this below the active one are merged at stop, where no snapshot needs the one in between."""


class FileQcow2(FolderPool):
    """Layers are qcow2 images, each over the one before; a snapshot is a layer that is written over."""

    driver: ClassVar[str] = "file-qcow2"
    format: ClassVar[str] = "qcow2"
    live_snapshot_by_hypervisor: ClassVar[bool] = True
    options: ClassVar[tuple[DriverOption, ...]] = (DriverOption("dir_path", "path", "The folder the volumes lie in."),)

    def check_place(self) -> None:
        """Any file system with hard links will do."""
        with staging(self.root) as probe:
            (probe / "a").touch()
            os.link(probe / "a", probe / "b")

    def new_layer(self, path: Path, size: int) -> None:
        qcow2.create(path, size)
        fsync(path.parent)

    def derive(self, folder: Path, layer: str, into: Path) -> str:
        name = self._layer_name()
        qcow2.create(into / name, qcow2.read_header(folder / layer).size, layer)
        fsync(into)
        return name

    def parent_of(self, folder: Path, layer: str) -> str:
        return qcow2.read_header(folder / layer).backing

    def is_unwritten(self, folder: Path, layer: str) -> bool:
        path = folder / layer
        header = qcow2.read_header(path)
        if not header.backing or header.size != qcow2.read_header(folder / header.backing).size:
            return False
        with qcow2.Chain([path]) as chain:
            return chain.is_empty()

    def layer_size(self, path: Path) -> int:
        return qcow2.read_header(path).size

    def check_layer(self, path: Path) -> None:
        header = qcow2.read_header(path)
        if path.stat().st_size < header.l1_offset + header.l1_entries * 8:
            raise refusal("file-cut-off", path)

    def grow_layer(self, path: Path, size: int) -> None:
        qcow2.grow(path, size)

    def open_writer(self, path: Path) -> qcow2.Writer:
        return qcow2.Writer(path)

    def open_runs(self, folder: Path, layer: str) -> Generator[tuple[int, bytes], None, None]:
        with qcow2.Chain([folder / name for name in self._chain(folder, layer)]) as chain:
            yield from chain.runs()

    def source_of(self, folder: Path, layer: str) -> ImageSource:
        return ImageSource([folder / name for name in self._chain(folder, layer)])

    def compact(self, folder: Path, manifest: Manifest) -> None:
        try:
            while pair := self._mergeable(folder, manifest):
                self._merge(folder, *pair)
        except OSError as error:
            # A long chain is slow and nothing worse; the next stop tries again.
            log.warning("Layers of %s were not merged: %s", folder, error)

    def _mergeable(self, folder: Path, manifest: Manifest) -> tuple[str, str] | None:
        """A layer and the only one over it: of a chain that is too long the pair with the least data; else None.

        The lower one is no snapshot's state, and no clone uses it. An unwritten active layer is no pair's upper one:
        its parent is what the volume's state is known by.
        """
        chain = list(self._chain(folder, manifest.active))
        if len(chain) <= CHAIN:
            return None
        unwritten = self._unwritten_parent(folder, manifest)
        parents = [self.parent_of(folder, path.name) for path in folder.glob(f"*.{self.format}")]
        pairs = [
            (below, above)
            for above, below in pairwise(chain)
            if below not in manifest.named() | {unwritten}
            and parents.count(below) == 1
            and (folder / below).stat().st_nlink == 1
        ]
        return min(pairs, key=lambda pair: sum((folder / name).stat().st_blocks for name in pair), default=None)

    def _merge(self, folder: Path, below: str, above: str) -> None:
        """One layer with the content of both, under the name of the upper one: its rename changes nothing one reads."""
        with staging(self.root) as stage:
            merged = stage / above
            with (
                qcow2.Chain([folder / above, folder / below]) as chain,
                qcow2.Writer(merged, self.parent_of(folder, below)) as writer,
            ):
                chain.merge_into(writer)
                writer.finish(chain.size)
            merged.rename(folder / above)
            fsync(folder)
        (folder / below).unlink()
