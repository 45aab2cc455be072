# SPDX-License-Identifier: GPL-3.0-or-later
"""backup-header, and the passphrases that each part of a backup is sealed under.

The header is lines of `key=value`, version first. Our own lines, `mgmt1-manifest=1` and `mgmt1-dom0-config=1`, say
that a manifest follows the last chunk, and dom0's configuration qubes.xml; readers of Qubes leave them aside. Source:
backup format v4 of Qubes OS.
"""

import re
from dataclasses import dataclass

from qubesmanager.backup.archive.compression import FILTERS, require
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

HEAD_LIMIT = 64 << 10
"""The most bytes of a header that are read."""

_BACKUP_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_MANIFEST_KEY = "mgmt1-manifest"
_CONFIG_KEY = "mgmt1-dom0-config"


@dataclass(frozen=True, slots=True)
class Head:
    """`compression` is the name of a filter, or None. `has_manifest`: it was written by this program.

    `has_config`: dom0's configuration follows qubes.xml.
    """

    backup_id: str
    compression: str | None
    has_manifest: bool
    has_config: bool = False


def to_text(head: Head) -> bytes:
    lines = ["version=4", "encrypted=True", f"compressed={head.compression is not None}"]
    if head.compression is not None:
        lines.append(f"compression-filter={head.compression}")
    lines += ["hmac-algorithm=scrypt", f"backup-id={head.backup_id}"]
    if head.has_manifest:
        lines.append(f"{_MANIFEST_KEY}=1")
    if head.has_config:
        lines.append(f"{_CONFIG_KEY}=1")
    return "".join(f"{line}\n" for line in lines).encode()


def from_text(untrusted: bytes) -> Head:
    """The parsed header. Raises `BackupDamagedError` for no header, `BackupError` for a backup of another kind."""
    try:
        lines = untrusted.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise refusal("header-broken") from None
    values: dict[str, str] = {}
    for line in lines:
        key, equals, value = line.partition("=")
        if not equals or key in values:
            raise refusal("header-broken")
        values[key] = value
    version = values.get("version", "")
    if version != "4":
        raise refusal("header-version", shown(version))
    if values.get("encrypted") != "True" or values.get("hmac-algorithm") != "scrypt":
        raise refusal("header-not-sealed")
    backup_id = values.get("backup-id", "")
    if not _BACKUP_ID.fullmatch(backup_id) or values.get("compressed") not in {"True", "False"}:
        raise refusal("header-broken")
    name = values.get("compression-filter", "gzip") if values["compressed"] == "True" else None
    if name is not None and name not in FILTERS:
        raise refusal("header-compression", shown(name))
    require(name)
    return Head(backup_id, name, values.get(_MANIFEST_KEY) == "1", values.get(_CONFIG_KEY) == "1")


def head_secret(passphrase: str) -> bytes:
    """The passphrase of backup-header.hmac."""
    return _secret("backup-header", passphrase)


def chunk_secret(backup_id: str, name: object, passphrase: str) -> bytes:
    """The passphrase of a chunk, which so is valid at one position of one backup; `name` ends in `.enc`."""
    return _secret(f"{backup_id}!{str(name).removesuffix('.enc')}", passphrase)


def _secret(before: str, passphrase: str) -> bytes:
    if not passphrase or "\n" in passphrase or "\0" in passphrase:
        raise refusal("backup-passphrase-line")
    return f"{before}!{passphrase}".encode()
