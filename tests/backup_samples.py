# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of backups are made of: qubes, and small values of every kind."""

import io
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from until import LIMIT

from qubesmanager.backup.archive.contents import ADMIN_CLASS, Contents, Device, Label, Qube
from qubesmanager.backup.archive.scrypt_container import Params
from qubesmanager.backup.archive.writer import Options, QubeData, write
from qubesmanager.host.sparse_file import Extent
from qubesmanager.wire import restores
from qubesmanager.wire.firewall import parse_rule
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import text

LABELS = (Label(1, "red", "0xcc0000"), Label(8, "black", "0x000000"))
DOM0 = Qube("dom0", ADMIN_CLASS, "black")


def english(reason: Reason | None) -> str:
    """The sentence of a reason; empty for none."""
    return "" if reason is None else text(reason)


def in_english(rows: list[restores.Restored]) -> list[str]:
    """The rows of a restore as text, without the reasons as data."""
    return [restores.encode_restored(row).partition("\t")[0] for row in rows]


def contents(*qubes: Qube) -> Contents:
    return Contents(LABELS, {"default_netvm": "sys-firewall", "updatevm": ""}, (DOM0, *qubes))


def rich_qube(name: str = "work", path: str = "vm1/") -> Qube:
    """A qube that has something of everything, with characters that XML has to escape."""
    return Qube(
        name,
        "AppVM",
        "red",
        {"template": "debian-12", "netvm": "", "memory": "400", "kernelopts": 'a<b & "c"\r\n\tд'},
        {"service.cups": "1", "empty": "", "menu-items": "a.desktop b.desktop"},
        frozenset({"mine", "created-by-dom0"}),
        (
            Device("block", "sys-usb", "sda", required=False, options={"frontend-dev": "xvdi"}),
            Device("pci", "dom0", "00_1f.2", options={"no-strict-reset": "True"}),
        ),
        path,
        1 << 20,
    )


# -- backups in memory -------------------------------------------------------------------------------------------------

WORDS = "grün 钥匙 pass"
TINY = Params(4)
"""A key derivation that costs nothing, so that a thousand of them fit into a test."""
MADE = 1_700_000_000
RULES = (
    parse_rule("action=accept dsthost=www.example.com proto=tcp dstports=443-443"),
    parse_rule("action=drop comment=the <end>"),
)


class Memory:
    """A volume in memory, with what holes a table of runs leaves."""

    def __init__(self, size: int, runs: Mapping[int, bytes]) -> None:
        self.size = size
        self.runs = runs

    @classmethod
    def full(cls, data: bytes) -> "Memory":
        return cls(len(data), {0: data} if data else {})

    def extents(self) -> Iterator[Extent]:
        return (Extent(offset, len(data)) for offset, data in sorted(self.runs.items()))

    def read(self, offset: int, length: int) -> bytes:
        return self.whole()[offset : offset + length]

    def whole(self) -> bytes:
        content = bytearray(self.size)
        for offset, data in self.runs.items():
            content[offset : offset + len(data)] = data
        return bytes(content)


def settings_only(name: str) -> Qube:
    return replace(rich_qube(name), path="", size=0)


def sample_qubes() -> list[QubeData]:
    """Two qubes with volumes of every shape, small, and one that has nothing but settings."""
    return [
        QubeData(
            settings_only("work"),
            {
                "private": Memory(3_000_000, {4096: b"private " * 700, 2_000_000: random.Random(1).randbytes(20_000)}),
                "root": Memory.full(random.Random(2).randbytes(3000)),
            },
            RULES,
            "Notes: grün\r\n\tzwei\n",
        ),
        QubeData(settings_only("home"), {"private": Memory.full(b""), "scratch": Memory(1 << 20, {})}, (), ""),
        QubeData(settings_only("bare")),
    ]


def written(qubes: Sequence[QubeData] | None = None, options: Options | None = None, words: str = WORDS) -> bytes:
    """A backup of these qubes; pieces are so small that volumes have several chunks."""
    out = io.BytesIO()
    write(
        out,
        words,
        contents(),
        sample_qubes() if qubes is None else qubes,
        options or Options(TINY, piece=8000),
        created=MADE,
    )
    return out.getvalue()


def assert_no_thread_is_left() -> None:
    """Derivations that were under way come to their end; there is no other thread of the engine."""
    left = [thread for thread in threading.enumerate() if thread.name.startswith("backup")]
    assert not [thread for thread in left if not thread.name.startswith(("backup-keys", "backup-check"))]
    for thread in left:
        thread.join(LIMIT)
        assert not thread.is_alive()


class Restored:
    """Sinks in memory, and the result of each: `volumes[qube, volume]`."""

    def __init__(self) -> None:
        self.volumes: dict[tuple[str, str], RestoredVolume] = {}

    def __call__(self, qube: Qube, volume: str, size: int) -> "RestoredVolume":
        assert (qube.name, volume) not in self.volumes
        self.volumes[qube.name, volume] = RestoredVolume(size)
        return self.volumes[qube.name, volume]


class RestoredVolume:
    """A volume of zeros that is filled; writes over each other or outside fail the test."""

    def __init__(self, size: int) -> None:
        self.data = bytearray(size)
        self.written = 0
        self.end = 0
        self.finished = self.aborted = False

    def write(self, offset: int, data: memoryview) -> None:
        assert not self.finished
        assert not self.aborted
        assert self.end <= offset < offset + len(data) <= len(self.data)
        self.data[offset : offset + len(data)] = data
        self.end = offset + len(data)
        self.written += len(data)

    def finish(self) -> None:
        self.finished = True

    def abort(self) -> None:
        assert not self.aborted
        self.aborted = True
