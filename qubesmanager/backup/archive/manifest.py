# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest: what a backup holds, written after its last chunk and sealed like one, so that nothing can go missing.

JSON: `{"version": 1, "backup": id, "created": unix seconds, "profile": id or "", "previous": id or "", "qubes":
[{"name", "folder": "vm1", "result": "ok" or a sentence, "files": [{"name": "private.img", "size": bytes with holes,
"stored": bytes without, "chunks": number, "sha256": of the inner archive, in hex}]}]}`.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from qubesmanager.wire.reasons import refusal

MANIFEST = "manifest"
MANIFEST_LIMIT = 64 << 20
"""The most bytes of a manifest that are read."""
OK = "ok"

_VERSION = 1
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a qube. `sha256` is of the inner archive before compression."""

    name: str
    size: int
    stored: int
    chunks: int
    sha256: str


@dataclass(frozen=True, slots=True)
class QubeEntry:
    """One qube. `result` is `OK`, or the sentence why its data are not whole."""

    name: str
    folder: str
    result: str
    files: tuple[FileEntry, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """`created` in unix seconds; `previous` is the id of the profile's backup before this one."""

    backup_id: str
    created: int
    profile: str
    previous: str
    qubes: tuple[QubeEntry, ...]


def to_json(manifest: Manifest) -> bytes:
    value = {
        "version": _VERSION,
        "backup": manifest.backup_id,
        "created": manifest.created,
        "profile": manifest.profile,
        "previous": manifest.previous,
        "qubes": [
            {
                "name": qube.name,
                "folder": qube.folder,
                "result": qube.result,
                "files": [{name: getattr(file, name) for name in FileEntry.__slots__} for file in qube.files],
            }
            for qube in manifest.qubes
        ],
    }
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()


def from_json(untrusted: bytes) -> Manifest:
    """The parsed manifest. Raises `BackupDamagedError` for anything else, `BackupError` for a later version."""
    try:
        value = json.loads(untrusted)
    except (ValueError, RecursionError) as error:
        raise refusal("backup-manifest-broken") from error
    version = _field(value, "version", int)
    if version != _VERSION:
        raise refusal("backup-manifest-version", version)
    return Manifest(
        _field(value, "backup", str),
        _field(value, "created", int),
        _field(value, "profile", str),
        _field(value, "previous", str),
        tuple(_qube(qube) for qube in _field(value, "qubes", list)),
    )


def _qube(value: Any) -> QubeEntry:
    return QubeEntry(
        _field(value, "name", str),
        _field(value, "folder", str),
        _field(value, "result", str),
        tuple(_file(file) for file in _field(value, "files", list)),
    )


def _file(value: Any) -> FileEntry:
    sha256 = _field(value, "sha256", str)
    if not _SHA256.fullmatch(sha256):
        raise refusal("backup-manifest-broken")
    size, stored, chunks = (_field(value, name, int) for name in ("size", "stored", "chunks"))
    return FileEntry(_field(value, "name", str), size, stored, chunks, sha256)


def _field(value: Any, name: str, kind: type) -> Any:
    entries: Any = value.get(name) if isinstance(value, dict) else None
    if type(entries) is not kind or (isinstance(entries, int) and entries < 0):
        raise refusal("backup-manifest-broken")
    return entries
