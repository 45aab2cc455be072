# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a qube that a backup can keep: XML can hold them, and the restore tool of Qubes OS accepts them.

That tool ends a whole restore at a tag that breaks its own rule, and drops features that are not ASCII. Neither may
happen to a backup of this program, so such settings are left out of it, by name.
"""

from collections.abc import Mapping
from dataclasses import replace

from qubesmanager.backup.archive.contents import Device, Qube
from qubesmanager.wire.names import QUBES_TAG, shown
from qubesmanager.wire.reason import Reason

_NAMED = 20
"""The most names of one kind that a reason contains."""


def storable(qube: Qube) -> tuple[Qube, tuple[Reason, ...]]:
    """The qube without what no backup can keep, and for each kind of thing what is left out."""
    properties, bad_properties = _plain(qube.properties)
    features, bad_features = _plain(qube.features)
    tags = frozenset(tag for tag in qube.tags if QUBES_TAG.matches(tag))
    devices = tuple(device for device in qube.devices if _is_plain_device(device))
    bad_devices = [f"{device.backend}:{device.ident}" for device in qube.devices if device not in devices]
    kept = replace(qube, properties=properties, features=features, tags=tags, devices=devices)
    bad_tags = sorted(qube.tags - tags)
    left_out = (
        Reason("left-out-properties", qube.name, _listed(bad_properties)) if bad_properties else None,
        Reason("left-out-features", qube.name, _listed(bad_features)) if bad_features else None,
        Reason("left-out-tags", qube.name, _listed(bad_tags)) if bad_tags else None,
        Reason("left-out-devices", qube.name, _listed(bad_devices)) if bad_devices else None,
    )
    return kept, tuple(filter(None, left_out))


def storable_properties(system: Mapping[str, str]) -> tuple[dict[str, str], tuple[Reason, ...]]:
    """The system's properties that a backup can keep, and what is left out."""
    kept, bad = _plain(system)
    return kept, (Reason("left-out-system-properties", _listed(bad)),) if bad else ()


def _plain(values: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    kept = {name: value for name, value in values.items() if _is_plain(name) and _is_plain(value)}
    return kept, sorted(values.keys() - kept.keys())


def _is_plain(text: str) -> bool:
    return text.isascii() and (not text or text.isprintable())


def _is_plain_device(device: Device) -> bool:
    texts = (device.device_class, device.backend, device.ident, *device.options, *device.options.values())
    return all(map(_is_plain, texts))


def _listed(names: list[str]) -> str:
    return ", ".join(map(shown, names[:_NAMED])) + (", …" if len(names) > _NAMED else "")
