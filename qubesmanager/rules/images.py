# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognizes formats of images. A volume holds raw bytes, so a file of another format would never boot.

Sources of the signatures: the formats' specifications, as collected in file(1)'s magic.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal


@dataclass(frozen=True, slots=True)
class Signature:
    """Bytes at an offset, and what a file with them is. `is_disk`: the file is still a raw disk."""

    offset: int
    magic: bytes
    name: str
    advice: Reason
    is_disk: bool = False


_CONVERT = Reason("image-convert")
_UNPACK = Reason("image-unpack")

SIGNATURES = (
    Signature(0, b"QFI\xfb", "a qcow2 image", _CONVERT),
    Signature(0, b"KDMV", "a VMDK image", _CONVERT),
    Signature(0, b"COWD", "a VMDK image", _CONVERT),
    Signature(0, b"# Disk DescriptorFile", "the description of a VMDK image", _CONVERT),
    Signature(0, b"vhdxfile", "a VHDX image", _CONVERT),
    Signature(0, b"conectix", "a VHD image", _CONVERT),
    Signature(64, b"\x7f\x10\xda\xbe", "a VDI image", _CONVERT),
    Signature(0, b"QED\0", "a QED image", _CONVERT),
    Signature(0, b"\x1f\x8b", "compressed by gzip", _UNPACK),
    Signature(0, b"\xfd7zXZ\0", "compressed by xz", _UNPACK),
    Signature(0, b"\x28\xb5\x2f\xfd", "compressed by zstd", _UNPACK),
    Signature(0, b"BZh", "compressed by bzip2", _UNPACK),
    Signature(0, b"PK\x03\x04", "a zip archive", _UNPACK),
    Signature(257, b"ustar", "a tar archive (or an OVA)", _UNPACK),
    Signature(0, b"\xed\xab\xee\xdb", "an RPM package", _UNPACK),
    Signature(32769, b"CD001", "the image of an optical disk (ISO 9660)", Reason("image-install"), is_disk=True),
)
"""Known formats, the first that fits decides."""

HEAD = max(signature.offset + len(signature.magic) for signature in SIGNATURES)
"""Bytes that are needed to tell."""


def signature_of(head: bytes) -> Signature | None:
    """The format of an image with these first bytes; None if it may be a raw disk."""
    fits = (each for each in SIGNATURES if head[each.offset : each.offset + len(each.magic)] == each.magic)
    return next(fits, None)


async def raw_image(image: AsyncIterator[bytes], *, optical: bool) -> AsyncIterator[bytes]:
    """The image's bytes as they come. `optical`: an image of an optical disk will do.

    Raises `QubesValueError` that says what the image looks like, before any byte, if it is not a raw disk.
    """
    pieces: list[bytes] = []
    async for piece in image:
        pieces.append(piece)
        if sum(map(len, pieces)) >= HEAD:
            break
    signature = signature_of(b"".join(pieces)[:HEAD])
    if signature is not None and not (optical and signature.is_disk):
        raise refusal("not-a-raw-image", signature.name, signature.advice)
    for piece in pieces:
        yield piece
    async for piece in image:
        yield piece
