# SPDX-License-Identifier: GPL-3.0-or-later
"""dom0's own configuration in a backup: a sealed file `dom0-config` behind qubes.xml, which readers of Qubes ignore.

JSON: `{"version": 1, "policy": {"30-user.policy": text, "include/x": text}, "profiles": {id: YAML},
"pools": {name: {"driver": ..., option: value}}, "home": {"files": number as text}, "files": {name: text}}`, `home`
empty without one. The labels and the system's properties are in qubes.xml.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from qubesmanager.wire import limits
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reasons import refusal

CONFIG = "dom0-config"
CONFIG_LIMIT = limits.BACKUP_CONFIG_BYTES
"""The most bytes of it that are written and read."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Dom0Config:
    """Texts by name. Of what was read neither names nor texts are checked: they pass the same checks as a call's."""

    policy: Mapping[str, str] = field(default_factory=dict)
    profiles: Mapping[str, str] = field(default_factory=dict, repr=False)
    pools: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    home: Mapping[str, str] = field(default_factory=dict)
    """About dom0's home, if the backup has it: `files` is the number of its files."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Other files of the configuration."""


def to_json(config: Dom0Config) -> bytes:
    """Raises `BackupError` if it is longer than `CONFIG_LIMIT`."""
    text = json.dumps({"version": _VERSION, **asdict(config)}, ensure_ascii=True, separators=(",", ":")).encode()
    if len(text) > CONFIG_LIMIT:
        raise refusal("config-too-large", CONFIG_LIMIT >> 20)
    return text


def from_json(untrusted: bytes) -> Dom0Config:
    """Raises `BackupDamagedError` for anything else, `BackupError` for a later version."""
    try:
        value = json.loads(untrusted)
    except (ValueError, RecursionError) as error:
        raise _broken() from error
    version = value.get("version") if isinstance(value, dict) else None
    if type(version) is not int:
        raise _broken()
    if version != _VERSION:
        raise refusal("config-version", version)
    pools = value.get("pools", {})
    if not isinstance(pools, dict):
        raise _broken()
    return Dom0Config(
        _texts(value.get("policy", {})),
        _texts(value.get("profiles", {})),
        {name: _texts(options) for name, options in pools.items()},
        _texts(value.get("home", {})),
        _texts(value.get("files", {})),
    )


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise _broken()
    return value


def _broken() -> Mgmt1Error:
    return refusal("config-broken")
