# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs the tar headers around the sealed containers of a damaged backup before it is read.

The outer archive is not sealed, so one changed byte of a member's header hides a container that is whole. A container
proves by itself what it is: its passphrase holds the backup's id, the file's name and the chunk's number, and its last
bytes are the MAC of everything before. So names and lengths that the header no longer gives are tried until
the container confirms them. Nothing is guessed beyond that: what no container confirms is left out and noted.
"""

import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from qubesmanager.backup.archive import header, scrypt_container, tar
from qubesmanager.backup.archive.backup_tar import (
    CHUNK_LIMIT,
    HEADER,
    HEADER_MAC,
    STEP,
    ChunkName,
    Input,
    chunk_name,
    is_known,
)
from qubesmanager.backup.archive.dom0_config import CONFIG
from qubesmanager.backup.archive.home import HOME
from qubesmanager.backup.archive.manifest import MANIFEST
from qubesmanager.backup.archive.qube_files import FIREWALL, NOTES
from qubesmanager.backup.archive.scrypt_container import HEAD_SIZE, MAC_SIZE, OVERHEAD, Keys
from qubesmanager.backup.errors import BackupDamagedError, BackupError, BackupPassphraseError
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason

XML = "qubes.xml.000.enc"
_HEAD = (HEADER, HEADER_MAC, XML)
"""The members that every backup begins with, in this order."""
_FILES = (FIREWALL, NOTES, "private.img", "root.img")
"""The files that a qube usually has."""
_NAME_FIELD = 100


class Mended:
    """An `Input`: the same archive with repaired headers. At most `CHUNK_LIMIT` bytes are kept at a time.

    `folders`, the qubes' folders in their order, and `home`, the file of dom0's home in its folder, are set once
    qubes.xml was read. `notes` are what was put right or left out, in the order of the file; `odd` names members whose
    headers this program would not write.
    """

    def __init__(self, source: Input, passphrase: str) -> None:
        self.folders: Sequence[str] = ()
        self.home = ""
        self.notes: list[Reason] = []
        self.odd: list[str] = []
        self._source = source
        self._passphrase = passphrase
        self._small: dict[str, bytes] = {}
        self._backup_id = ""
        self._names: list[str] = []
        self._pushed = memoryview(b"")
        self._pieces = self._mended()
        self._left = memoryview(b"")

    def read(self, size: int) -> bytes:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = memoryview(piece)
        data, self._left = self._left[:size], self._left[size:]
        return bytes(data)

    def _mended(self) -> Iterator[bytes]:
        while True:
            block = self._exactly(tar.BLOCK)
            if len(block) < tar.BLOCK:
                yield block
                return
            if block == tar.ZERO_BLOCK:
                yield block
                continue
            header = _header(block)
            if header is None or header.size > CHUNK_LIMIT:
                yield from self._recovered(block)
            elif header.kind in {tar.PAX, tar.PAX_GLOBAL}:
                yield block
                yield from self._body(header.size, keep=None)
            elif header.kind != tar.REGULAR or not is_known(header.name):
                self.notes.append(Reason("backup-foreign", shown(header.name)))
                for _ in self._body(0 if header.kind in tar.KINDS else header.size, keep=None):
                    pass
            else:
                if not header.is_ours:
                    self.odd.append(header.name)
                yield block
                yield from self._body(header.size, keep=header.name)

    def _body(self, size: int, keep: str | None) -> Iterator[bytes]:
        """The member's bytes with its padding, which is made zeros again; a head member named `keep` is remembered."""
        remembered = []
        left = size
        while left and (piece := self._exactly(min(STEP, left))):
            if keep in {HEADER, HEADER_MAC} and size <= header.HEAD_LIMIT:
                remembered.append(piece)
            left -= len(piece)
            yield piece
        if keep is not None:
            self._names.append(keep)
            self._small.setdefault(keep, b"".join(remembered))
        if left:
            return
        padding = self._exactly(tar.padding(size))
        if padding.strip(b"\0"):
            self.notes.append(Reason("padding-changed", keep) if keep else Reason("padding-of-unknown-changed"))
        yield bytes(len(padding))

    def _recovered(self, broken: bytes) -> Iterator[bytes]:
        """The member behind a broken header, if a container confirms what it is; then what follows it."""
        body = bytearray()
        following = ""
        while len(block := self._exactly(tar.BLOCK)) == tar.BLOCK:
            header = _header(block)
            if header is not None and header.kind == tar.REGULAR and is_known(header.name):
                following = header.name
                break
            if len(body) <= CHUNK_LIMIT + tar.BLOCK:
                body += block
        chunk = self._identified(broken, body, following)
        if chunk is None:
            self.notes.append(self._lost())
            self._pushed = memoryview(block + self._pushed)
            return
        name, size = chunk
        self.notes.append(Reason("member-mended", name))
        if name in {HEADER, HEADER_MAC}:
            self._small.setdefault(name, bytes(body[:size]))
        self._names.append(name)
        yield tar.header(name, size, 0)
        yield bytes(body[:size])
        yield bytes(tar.padding(size))
        self._pushed = memoryview(bytes(body[size + tar.padding(size) :]) + block + self._pushed)

    def _identified(self, broken: bytes, body: bytearray, following: str) -> tuple[str, int] | None:
        """The member's name and size."""
        if not self._names:
            length = len(body.rstrip(b"\0"))
            return (HEADER, length) if body.startswith(b"version=") and length <= header.HEAD_LIMIT else None
        if len(body) < OVERHEAD:
            return None
        first = bytes(body[:HEAD_SIZE])
        for name in self._candidates(broken, following):
            with suppress(BackupPassphraseError):
                try:
                    keys = scrypt_container.keys_of(first, self._secret(name))
                except BackupPassphraseError:
                    raise
                except BackupError:
                    return None  # whatever its name, these bytes begin no container that may be opened
                size = _size_of(broken, body, keys)
                return None if size is None else (name, size)
        return None

    def _candidates(self, broken: bytes, following: str) -> list[str]:
        """The names that the member may have, the likeliest first."""
        if len(self._names) < len(_HEAD):
            return [_HEAD[len(self._names)]]
        before, behind = chunk_name(self._names[-1]), chunk_name(following)
        candidates: list[ChunkName | None] = [chunk_name(_raw_name(broken).decode("ascii", "replace"))]
        if before is not None:
            candidates.append(ChunkName(before.folder, before.file, before.index + 1))
        if behind is not None and behind.index:
            candidates.append(ChunkName(behind.folder, behind.file, behind.index - 1))
        candidates += [
            ChunkName(folder, file, 0) for folder in self._near(before, behind) for file in self._files(folder)
        ]
        candidates += [ChunkName("", CONFIG, 0), ChunkName("", MANIFEST, 0)]
        names = dict.fromkeys(text for name in candidates if name is not None and is_known(text := str(name)))
        return sorted((name for name in names if name not in self._names), key=lambda name: _distance(broken, name))

    def _files(self, folder: str) -> Sequence[str]:
        """The files that the folder usually holds."""
        return (self.home,) if folder == HOME else _FILES

    def _near(self, before: ChunkName | None, behind: ChunkName | None) -> list[str]:
        """The folders that the member may belong to: the one before, the next one, the one that follows."""
        own = before.folder if before is not None else ""
        at = self.folders.index(own) if own in self.folders else -1
        return [folder for folder in (own, *self.folders[at + 1 : at + 2], behind.folder if behind else "") if folder]

    def _secret(self, name: str) -> bytes:
        if name == HEADER_MAC:
            return header.head_secret(self._passphrase)
        if not self._backup_id:
            self._backup_id = self._id()
        return header.chunk_secret(self._backup_id, name, self._passphrase)

    def _id(self) -> str:
        """The backup's id, from its sealed header; from the plain one where the sealed one does not open."""
        sealed, plain = self._small.get(HEADER_MAC, b""), self._small.get(HEADER, b"")
        return head_of(plain, lambda: scrypt_container.open_container(sealed, header.head_secret(self._passphrase)))[
            0
        ].backup_id

    def _lost(self) -> Reason:
        """A member is lost with its header; the chunk before it, if there is one."""
        return Reason("member-lost", self._names[-1]) if self._names else Reason("first-member-lost")

    def _exactly(self, size: int) -> bytes:
        """So many bytes, fewer only at the end of the stream."""
        data = bytes(self._pushed[:size])
        self._pushed = self._pushed[size:]
        while len(data) < size and (more := self._source.read(size - len(data))):
            data += more
        return data


def head_of(plain: bytes, sealed: Callable[[], bytes]) -> tuple[header.Head, bool]:
    """The parsed header, and whether it was sealed: the sealed text if it can be opened, else the plain one.

    Raises as `head.from_text` does, and `BackupLimitError`.
    """
    with suppress(BackupDamagedError, BackupPassphraseError):
        return header.from_text(sealed()), True
    return header.from_text(plain), False


_FILTERS = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"))


def filter_of(plain: bytes) -> str | None:
    """The name of the filter that bytes from a sealed container are compressed with; None for no filter."""
    return next((name for magic, name in _FILTERS if plain.startswith(magic)), None)


def _header(block: bytes) -> tar.Header | None:
    if not tar.is_header(block):
        return None
    with suppress(BackupDamagedError):
        return tar.parse(block)
    return None


def _raw_name(broken: bytes) -> bytes:
    return broken[:_NAME_FIELD].split(b"\0", 1)[0]


def _distance(broken: bytes, name: str) -> int:
    """In how many bytes the name field differs from that name."""
    expected = name.encode().ljust(_NAME_FIELD, b"\0")
    return sum(ours != theirs for ours, theirs in zip(expected, broken[:_NAME_FIELD], strict=True))


def _size_of(broken: bytes, body: bytearray, keys: Keys) -> int | None:
    """The size of the container that `body` begins with, by its MAC; None if there is no end that it confirms."""
    with suppress(Mgmt1Error):
        size = tar.number(broken[124:136])
        if OVERHEAD <= size <= len(body):
            mac = scrypt_container.mac_of(keys, (bytes(body[HEAD_SIZE : size - MAC_SIZE]),))
            if hmac.compare_digest(mac, body[size - MAC_SIZE : size]):
                return size
    # What follows the container is zeros, and so may its last bytes be.
    shortest = max(OVERHEAD, len(body.rstrip(b"\0")))
    mac_so_far = hmac.new(keys.mac, keys.head, "sha256")
    mac_so_far.update(memoryview(body)[HEAD_SIZE : shortest - MAC_SIZE])
    for size in range(shortest, min(shortest + MAC_SIZE, len(body)) + 1):
        if hmac.compare_digest(mac_so_far.copy().digest(), body[size - MAC_SIZE : size]):
            return size
        mac_so_far.update(body[size - MAC_SIZE : size - MAC_SIZE + 1])
    return None
