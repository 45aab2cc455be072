# SPDX-License-Identifier: GPL-3.0-or-later
"""One header of a tar archive: read from its 512 bytes, and written: plain files of ours, and entries of any kind.

Source: POSIX.1-2017, pax interchange format; numbers that do not fit in octal are base-256, as GNU tar writes them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from qubesmanager.backup.errors import BackupDamagedError
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal

BLOCK = 512
ZERO_BLOCK = bytes(BLOCK)
END = bytes(2 * BLOCK)
"""What ends an archive."""

PAX_LIMIT = 1 << 20
"""The most bytes of a pax header that are read."""
REGULAR = b"0"
PAX = b"x"
PAX_GLOBAL = b"g"
OLD_SPARSE = b"S"
HARD_LINK = b"1"
LINK = b"2"
FOLDER = b"5"
LONG_NAME = b"L"
LONG_LINK = b"K"
"""GNU tar's members that hold the name, or the link's target, of the next one."""
KINDS = {
    b"1": Reason("tar-hard-link"),
    b"2": Reason("tar-link"),
    b"3": Reason("tar-device"),
    b"4": Reason("tar-device"),
    b"5": Reason("tar-folder"),
    b"6": Reason("tar-pipe"),
}
"""The names of the types of members that are not files."""

_OCTAL_SIZE = 8 << 30
_OCTAL = re.compile(rb" *([0-7]+)[ \0]*")
_NAME_SIZE = 100
_LATEST = 8**11 - 1
"""The last second that a header can hold."""
_CHECKSUM = slice(148, 156)


@dataclass(frozen=True, slots=True)
class Header:
    """`size` is of what follows in the archive. `block` are the header's own 512 bytes."""

    name: str
    size: int
    kind: bytes
    block: bytes

    @property
    def is_ours(self) -> bool:
        """The bytes are those that `header` writes, so that not one of them was changed."""
        try:
            mtime = number(self.block[136:148])
        except BackupDamagedError:
            return False
        return self.size < _OCTAL_SIZE and self.block == header(self.name, self.size, mtime)


def header(name: str, size: int, mtime: int, kind: bytes = REGULAR) -> bytes:
    """The 512 bytes before a file of `size` bytes, below 8 GiB; `name` is ASCII of at most 100 characters."""
    encoded = name.encode("ascii")
    if len(encoded) > _NAME_SIZE or not 0 <= size < _OCTAL_SIZE:
        raise ValueError(name, size)
    return _block(encoded, size, mtime, kind, 0o600, b"")


def entry(
    name: bytes,
    kind: bytes,
    *,
    size: int,
    mode: int,
    mtime: int,
    link: bytes = b"",
    more: Iterable[tuple[str, str]] = (),
) -> bytes:
    """The headers before an entry of any kind; a pax header holds what does not fit, and the records in `more`.

    `link` is the target of a link. A time of change that a header cannot hold becomes the nearest one that it can.
    """
    records = list(more)
    for key, text in (("path", name), ("linkpath", link)):
        if len(text) > _NAME_SIZE or not text.isascii():
            records.append((key, text.decode("utf-8", "surrogateescape")))
    if size >= _OCTAL_SIZE:
        records.append(("size", str(size)))
    plain = (name if name.isascii() else b"name")[:_NAME_SIZE]
    target = (link if link.isascii() else b"link")[:_NAME_SIZE]
    stored = size if size < _OCTAL_SIZE else 0
    block = _block(plain, stored, min(max(mtime, 0), _LATEST), kind, mode & 0o7777, target)
    return (pax(records) if records else b"") + block


def _block(name: bytes, size: int, mtime: int, kind: bytes, mode: int, link: bytes) -> bytes:
    block = bytearray(BLOCK)
    block[: len(name)] = name
    fields = ((100, b"%07o\0" % mode), (108, b"%07o\0" % 0), (116, b"%07o\0" % 0), (124, b"%011o\0" % size))
    for at, text in (
        *fields,
        (136, b"%011o\0" % mtime),
        (156, kind),
        (157, link),
        (257, b"ustar\x0000"),
        (265, b"root"),
        (297, b"root"),
    ):
        block[at : at + len(text)] = text
    block[_CHECKSUM] = b"%06o\0 " % _checksum(block)
    return bytes(block)


def _checksum(block: bytes | bytearray) -> int:
    return sum(block) - sum(block[_CHECKSUM]) + 8 * ord(" ")


def is_header(untrusted: bytes) -> bool:
    """Whether the checksum of the 512 bytes is that of a header."""
    match = _OCTAL.fullmatch(untrusted[_CHECKSUM])
    return match is not None and int(match[1], 8) == _checksum(untrusted)


def parse(untrusted: bytes) -> Header:
    """The header in 512 bytes. Raises `BackupDamagedError` if they are not a header."""
    if len(untrusted) != BLOCK or not is_header(untrusted):
        raise refusal("tar-no-header")
    kind = untrusted[156:157]
    return Header(
        raw_name(untrusted).decode("utf-8", "backslashreplace"),
        number(untrusted[124:136]),
        REGULAR if kind == b"\0" else kind,
        untrusted,
    )


def raw_name(untrusted: bytes) -> bytes:
    """The name in a header, with its prefix if it has one."""
    prefix = untrusted[345:500].split(b"\0", 1)[0] if untrusted[257:263] == b"ustar\0" else b""
    name = untrusted[:_NAME_SIZE].split(b"\0", 1)[0]
    return prefix + b"/" + name if prefix else name


def raw_link(untrusted: bytes) -> bytes:
    """The target of a link in a header."""
    return untrusted[157:257].split(b"\0", 1)[0]


def number(field: bytes) -> int:
    """A number field: octal, or base-256 if its first bit is set. Raises `BackupDamagedError`."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    match = _OCTAL.fullmatch(field)
    if match is None:
        raise refusal("tar-no-number")
    return int(match[1], 8)


def padding(size: int) -> int:
    """Bytes of zeros that follow a file of `size` bytes."""
    return -size % BLOCK


def pax(records: Iterable[tuple[str, str]]) -> bytes:
    """The body of a pax header, padded to whole blocks, and its own header before it."""
    body = b"".join(_record(f"{key}={value}\n".encode("utf-8", "surrogateescape")) for key, value in records)
    return header("PaxHeader", len(body), 0, PAX) + body + bytes(padding(len(body)))


def _record(text: bytes) -> bytes:
    size = len(text) + 1
    while len(str(size)) + 1 + len(text) != size:
        size = len(str(size)) + 1 + len(text)
    return b"%d " % size + text


def pax_records(untrusted: bytes, errors: str = "backslashreplace") -> dict[str, str]:
    """The records of a pax header; a key that occurs twice is refused. Raises `BackupDamagedError`.

    `errors`: how bytes in a value that are not UTF-8 are decoded, as for `bytes.decode`.
    """
    records: dict[str, str] = {}
    at = 0
    while at < len(untrusted):
        length, space, _ = untrusted[at : at + 20].partition(b" ")
        if not space or not length.isdigit() or not len(length) + 3 <= int(length) <= len(untrusted) - at:
            raise refusal("tar-no-pax-record")
        key, equals, value = untrusted[at + len(length) + 1 : at + int(length)].partition(b"=")
        if not equals or not value.endswith(b"\n") or key.decode("utf-8", "backslashreplace") in records:
            raise refusal("tar-no-pax-record")
        records[key.decode("utf-8", "backslashreplace")] = value[:-1].decode("utf-8", errors)
        at += int(length)
    return records


def pax_number(records: dict[str, str], key: str, default: int) -> int:
    """A record that is a number; `default` without one. Raises `BackupDamagedError`."""
    text = records.get(key)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004 - below 2^63
        raise refusal("tar-pax-number", key)
    return int(text)
