# SPDX-License-Identifier: GPL-3.0-or-later
"""Which volumes a qube of each class has, and how they behave at start and stop.

| class | root | private | volatile |
|---|---|---|---|
| TemplateVM, StandaloneVM | its own, kept | kept | fresh at each start |
| AppVM | a copy-on-write layer on its template's | kept | fresh |
| RemoteVM | none | none | none |
| DispVM | a layer on its template's template's | a layer on its template's | fresh |
"""

from dataclasses import dataclass

from qubesmanager.rules.volumes import KERNEL_DRIVER, ROOT_SIZE
from qubesmanager.wire.records import VolumeRecord
from qubesmanager.wire.values import VmClass

GIB = 1 << 30

KERNEL_POOL = KERNEL_DRIVER
"""The pool of dom0's kernels is named as its driver, as in Qubes OS."""

PRIVATE_SIZE = 2 * GIB
VOLATILE_SIZE = 10 * GIB

REVISIONS = 3
"""Snapshots that stay when a session ends, the one it makes included: with one, those taken by hand would all go."""


@dataclass(frozen=True, slots=True)
class VolumeKind:
    """One volume of a class. `layer` is the volume of the template that a layer is made on at each start."""

    name: str
    size: int
    save_on_stop: bool = False
    layer: str = ""

    def record(self, vm: str, pool: str, size: int | None = None, revisions: int = REVISIONS) -> VolumeRecord:
        """The volume of the qube `vm` in a pool whose new volumes keep that many snapshots."""
        return VolumeRecord(
            name=self.name,
            pool=pool,
            vid=f"{vm}/{self.name}",
            size=self.size if size is None else size,
            usage=0,
            rw=True,
            save_on_stop=self.save_on_stop,
            snap_on_start=bool(self.layer),
            revisions_to_keep=revisions if self.save_on_stop else 0,
        )


_ROOT = VolumeKind("root", ROOT_SIZE, save_on_stop=True)
_ROOT_LAYER = VolumeKind("root", ROOT_SIZE, layer="root")
_PRIVATE = VolumeKind("private", PRIVATE_SIZE, save_on_stop=True)
_PRIVATE_LAYER = VolumeKind("private", PRIVATE_SIZE, layer="private")
_VOLATILE = VolumeKind("volatile", VOLATILE_SIZE)

KINDS: dict[VmClass, tuple[VolumeKind, ...]] = {
    VmClass.ADMIN: (),
    VmClass.REMOTE: (),
    VmClass.TEMPLATE: (_ROOT, _PRIVATE, _VOLATILE),
    VmClass.STANDALONE: (_ROOT, _PRIVATE, _VOLATILE),
    VmClass.APP: (_ROOT_LAYER, _PRIVATE, _VOLATILE),
    VmClass.DISP: (_ROOT_LAYER, _PRIVATE_LAYER, _VOLATILE),
}
