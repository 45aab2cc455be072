# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a qube's settings goes into a backup: what XML can hold and the restore tool of Qubes OS accepts.

That tool ends a whole restore at a tag that breaks its own rule, and drops features that are not ASCII. Neither may
happen to a backup of ours, so such settings are left out of it, by name.
"""

from collections.abc import Mapping
from dataclasses import replace

from qubesmanager.backup.archive.contents import Device, Qube
from qubesmanager.wire.names import QUBES_TAG, shown

_NAMED = 20
"""Things of one kind that a sentence names."""


def storable(qube: Qube) -> tuple[Qube, tuple[str, ...]]:
    """The qube without what no backup can keep, and a sentence for each kind of thing that is left out."""
    properties, bad_properties = _plain(qube.properties)
    features, bad_features = _plain(qube.features)
    tags = frozenset(tag for tag in qube.tags if QUBES_TAG.matches(tag))
    devices = tuple(device for device in qube.devices if _is_plain_device(device))
    bad_devices = [f"{device.backend}:{device.ident}" for device in qube.devices if device not in devices]
    kept = replace(qube, properties=properties, features=features, tags=tags, devices=devices)
    left_out = (
        _sentence(qube.name, "properties", bad_properties),
        _sentence(qube.name, "features", bad_features),
        _sentence(qube.name, "tags", sorted(qube.tags - tags)),
        _sentence(qube.name, "devices", bad_devices),
    )
    return kept, tuple(filter(None, left_out))


def plain_values(values: Mapping[str, str], of: str) -> tuple[dict[str, str], str]:
    """The system's properties that a backup can keep, and a sentence for those that are left out; else empty."""
    kept, bad = _plain(values)
    return kept, _sentence(of, "properties", bad)


def _plain(values: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    kept = {name: value for name, value in values.items() if _is_plain(name) and _is_plain(value)}
    return kept, sorted(values.keys() - kept.keys())


def _is_plain(text: str) -> bool:
    return text.isascii() and (not text or text.isprintable())


def _is_plain_device(device: Device) -> bool:
    texts = (device.device_class, device.backend, device.ident, *device.options, *device.options.values())
    return all(map(_is_plain, texts))


def _sentence(name: str, kind: str, left_out: list[str]) -> str:
    if not left_out:
        return ""
    names = ", ".join(map(shown, left_out[:_NAMED])) + (", …" if len(left_out) > _NAMED else "")
    why = "the restore tool of Qubes OS takes no such name" if kind == "tags" else "not printable ASCII"
    return f"Left out of {name} in the backup are {kind} ({why}): {names}."
