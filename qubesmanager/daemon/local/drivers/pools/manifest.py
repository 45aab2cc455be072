# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume's manifest, `volume.json`: which layer is what. It is checked, because a pool folder comes from anywhere."""

import dataclasses
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_origin

from qubesmanager.daemon.local.drivers.pools.beneath import open_file
from qubesmanager.daemon.local.drivers.pools.disk import replace_json
from qubesmanager.wire.limits import MANIFEST_BYTES
from qubesmanager.wire.reasons import refusal

MANIFEST = "volume.json"
_LAYER = re.compile(r"[0-9a-f]{16}\.[a-z0-9]{1,8}", re.ASCII)
_IDENTITY = re.compile(r"[A-Za-z0-9_.-]{0,128}", re.ASCII)
_SNAPSHOT = re.compile(r"[0-9]{1,12}-[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which layer is what; "" where there is none.

    `active`: the one written to. `base`: the committed state while the volume is started. `parent`: what `active` was
    made of, where the format itself does not say. `pending`: the layer a running qube was about to be switched to,
    for the snapshot `pending_id`. `source`: the layer of the source that a running copy stands on. `identity`: what the
    volume is known by.
    """

    active: str
    base: str = ""
    parent: str = ""
    started: bool = False
    pending: str = ""
    pending_id: str = ""
    source: str = ""
    snapshots: dict[str, str] = field(default_factory=dict)
    identity: str = ""

    @property
    def is_session(self) -> bool:
        """It exists only while its qube runs: a kept volume that is started has a committed state."""
        return self.started and not self.base

    def named(self) -> set[str]:
        """The layers that hold a state which a caller may ask for."""
        return {self.active, self.base, self.pending, self.parent, *self.snapshots.values()} - {""}


def is_layer(name: str, kind: str) -> bool:
    """Whether it is the name of a layer of that format: 16 hexadecimal digits and the format as suffix."""
    return _LAYER.fullmatch(name) is not None and name.endswith(f".{kind}")


def read_manifest(folder: Path, kind: str) -> Manifest:
    """The manifest of a volume whose layers have the format `kind`.

    Raises `FileNotFoundError` if there is none, `StoragePoolException` if it is damaged or names anything but layers.
    """
    path = folder / MANIFEST
    fd = open_file(path)
    try:
        # A buffer for the largest manifest would cost more than reading a usual one.
        untrusted = os.read(fd, min(os.fstat(fd).st_size, MANIFEST_BYTES) + 1)
    finally:
        os.close(fd)
    manifest = _decode(untrusted)
    if manifest is None or not all(is_layer(name, kind) for name in manifest.named() | {manifest.source} - {""}):
        raise refusal("manifest-damaged", path)
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Replace the manifest; this is the moment a change happens. Raises `OSError`."""
    replace_json(folder / MANIFEST, dataclasses.asdict(manifest))
    return manifest


def _decode(untrusted: bytes) -> Manifest | None:
    """None for anything but the fields of a manifest with values of their types."""
    if len(untrusted) > MANIFEST_BYTES:
        return None
    try:
        values = json.loads(untrusted)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or "active" not in values or not values["active"]:
        return None
    for name, value in values.items():
        kind = _TYPES.get(name)
        if kind is None or type(value) is not kind:
            return None
    snapshots: dict[str, object] = values.get("snapshots", {})
    if not all(isinstance(layer, str) and layer for layer in snapshots.values()):
        return None
    manifest = Manifest(**values)
    ids = {*manifest.snapshots, manifest.pending_id} - {""}
    if not _IDENTITY.fullmatch(manifest.identity) or not all(map(_SNAPSHOT.fullmatch, ids)):
        return None
    return manifest if bool(manifest.pending) == bool(manifest.pending_id) else None


_TYPES = {each.name: get_origin(each.type) or each.type for each in dataclasses.fields(Manifest)}
