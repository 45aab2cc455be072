# SPDX-License-Identifier: GPL-3.0-or-later
"""A small backup, and every way to damage it: a table that the tests of reading share."""

import functools
import io
import random
import tarfile
from collections.abc import Callable

from backup_samples import TINY, Memory, settings_only, written

from qubesmanager.backup.archive import tar
from qubesmanager.backup.archive.writer import Options, QubeData

Members = list[tuple[str, bytes]]
PRIVATE = "vm1/private.img"
SECOND = "vm2/private.img"


@functools.cache
def small() -> bytes:
    qubes = [
        QubeData(settings_only("work"), {"private": Memory.full(random.Random(4).randbytes(700))}),
        QubeData(settings_only("home"), {}, None, "notes"),
    ]
    return written(qubes, Options(TINY))


@functools.cache
def sample() -> bytes:
    """Two qubes, each with a volume of four chunks and small files."""
    volumes = (random.Random(number).randbytes(30_000) for number in (1, 2))
    qubes = [
        QubeData(settings_only(name), {"private": Memory.full(data)}, (), "notes")
        for name, data in zip(("work", "home"), volumes, strict=True)
    ]
    return written(qubes, Options(TINY, piece=8000))


def members() -> Members:
    with tarfile.open(fileobj=io.BytesIO(sample())) as found:
        return [(info.name, (found.extractfile(info) or io.BytesIO()).read()) for info in found]


def packed(parts: Members) -> bytes:
    """An archive of these members, as the writer makes it."""
    return (
        b"".join(
            tar.header(name, len(body), 1_700_000_000) + body + bytes(tar.padding(len(body))) for name, body in parts
        )
        + tar.END
    )


def index(parts: Members, name: str) -> int:
    return next(at for at, (found, _) in enumerate(parts) if found == name)


def chunk(number: int, path: str = PRIVATE) -> str:
    return f"{path}.{number:03}.enc"


def without(name: str) -> Callable[[Members], Members]:
    return lambda parts: [part for part in parts if part[0] != name]


def swapped(one: str, other: str, *, bodies: bool) -> Callable[[Members], Members]:
    def change(parts: Members) -> Members:
        first, second = index(parts, one), index(parts, other)
        parts[first], parts[second] = parts[second], parts[first]
        if bodies:
            (a, body), (b, second_body) = parts[first], parts[second]
            parts[first], parts[second] = (b, body), (a, second_body)
        return parts

    return change


def renamed(old: str, new: str) -> Callable[[Members], Members]:
    return lambda parts: [(new if name == old else name, body) for name, body in parts]


def doubled(name: str, after: str) -> Callable[[Members], Members]:
    def change(parts: Members) -> Members:
        body = dict(parts)[name]
        parts.insert(index(parts, after) + 1, (name, body))
        return parts

    return change


def added(name: str, after: str) -> Callable[[Members], Members]:
    def change(parts: Members) -> Members:
        parts.insert(index(parts, after) + 1, (name, bytes(200)))
        return parts

    return change


def shortened(name: str, by: int) -> Callable[[Members], Members]:
    return lambda parts: [(found, body[:-by] if found == name else body) for found, body in parts]


def without_folder(folder: str) -> Callable[[Members], Members]:
    return lambda parts: [part for part in parts if not part[0].startswith(folder)]


def first_after_second(parts: Members) -> Members:
    first = [part for part in parts if part[0].startswith("vm1/")]
    parts = [part for part in parts if not part[0].startswith("vm1/")]
    return [*parts[:-1], *first, parts[-1]]


DAMAGE: dict[str, tuple[Callable[[Members], Members], set[str]]] = {
    "first chunk missing": (without(chunk(0)), {"work"}),
    "middle chunk missing": (without(chunk(1)), {"work"}),
    "last chunk missing": (without(chunk(3)), {"work"}),
    "notes missing": (without("vm1/notes.txt.000.enc"), {"work"}),
    "a qube without data": (without_folder("vm1/"), {"work"}),
    "the last qube without data": (without_folder("vm2/"), {"home"}),
    "chunks reordered": (swapped(chunk(1), chunk(2), bodies=False), {"work"}),
    "chunks swapped": (swapped(chunk(1), chunk(2), bodies=True), {"work"}),
    "chunks of two qubes swapped": (swapped(chunk(0), chunk(0, SECOND), bodies=True), {"work", "home"}),
    "chunks of two qubes exchanged with their names": (
        swapped(chunk(3), chunk(3, SECOND), bodies=False),
        {"work", "home"},
    ),
    "qubes reordered": (first_after_second, {"work"}),
    "chunk renamed to the end": (renamed(chunk(1), chunk(9)), {"work"}),
    "chunk renamed to another file": (renamed(chunk(0), "vm1/root.img.000.enc"), {"work"}),
    "chunk doubled at once": (doubled(chunk(1), chunk(1)), {"work"}),
    "chunk doubled later": (doubled(chunk(1), chunk(2, SECOND)), {"work"}),
    "chunk one too many": (doubled(chunk(0), chunk(3)), {"work"}),
    "chunk of another, one too many": (added(chunk(4), chunk(3)), {"work"}),
    "chunk cut": (shortened(chunk(1), 1), {"work"}),
    "chunk cut to nothing": (shortened(chunk(1), 8120), {"work"}),
    "member outside": (added("vm1/../../x.enc", chunk(1)), {"work"}),
    "member outside, of no qube": (added("/etc/passwd", chunk(1)), set()),
    "member of no qube": (added("vm7/private.img.000.enc", chunk(1)), set()),
    "member of no qube at the end": (added("vm7/private.img.000.enc", "manifest.000.enc"), set()),
    "chunk after the manifest": (doubled(chunk(0), "manifest.000.enc"), {"work"}),
    "a second head": (doubled("backup-header", chunk(1)), set()),
    "a second qubes.xml": (doubled("qubes.xml.000.enc", chunk(1)), set()),
    "manifest missing": (without("manifest.000.enc"), {"work", "home"}),
    "manifest cut": (shortened("manifest.000.enc", 1), {"work", "home"}),
}
