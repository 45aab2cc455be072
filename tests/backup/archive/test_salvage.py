# SPDX-License-Identifier: GPL-3.0-or-later
"""What is whole comes back out of a damaged backup, nothing else does, and looking and restoring say the same."""

import io
import random

import pytest
from backup_damage import DAMAGE, PRIVATE, SECOND, Members, chunk, members, packed, sample, small
from backup_samples import TINY, WORDS, Memory, Restored, english, settings_only, written

from qubesmanager.backup.archive import tar
from qubesmanager.backup.archive.backup_tar import is_known
from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.backup.archive.report import Report
from qubesmanager.backup.archive.scrypt_container import HEAD_SIZE
from qubesmanager.backup.archive.writer import Options, QubeData
from qubesmanager.backup.errors import BackupDamagedError, BackupError, BackupPassphraseError

VOLUMES = {name: random.Random(number).randbytes(30_000) for name, number in (("work", 1), ("home", 2))}
"""What the sample's volumes hold."""


def whole(report: Report) -> set[str]:
    return {result.qube.name for result in report.results if result.ok}


def salvaged(stream: bytes) -> tuple[Report, Restored]:
    """Restored from a damaged backup. Whatever the damage, no volume that is kept differs from the one written."""
    sinks = Restored()
    report = open_backup(io.BytesIO(stream), WORDS, salvage=True).restore(sinks)
    for (name, _), volume in sinks.volumes.items():
        assert volume.aborted == (name not in whole(report))
    return report, sinks


def assert_right(report: Report, sinks: Restored) -> None:
    for name in whole(report):
        assert bytes(sinks.volumes[name, "private"].data) == VOLUMES[name]


BOTH = frozenset({"work", "home"})
SALVAGED: dict[str, frozenset[str]] = {
    "chunks swapped": frozenset({"home"}),
    "chunk renamed to another file": frozenset({"home"}),
    "notes missing": frozenset({"home"}),
    "qubes reordered": BOTH,
    "chunk doubled at once": BOTH,
    "chunk doubled later": BOTH,
    "chunk one too many": BOTH,
    "member outside": BOTH,
    "chunk after the manifest": BOTH,
    "manifest missing": BOTH,
    "manifest cut": BOTH,
}
"""The qubes that salvage brings back, where they are others than those that are restored without it."""


@pytest.mark.parametrize("kind", DAMAGE)
def test_salvage_restores_what_is_whole_by_its_chunks(kind: str) -> None:
    change, failed = DAMAGE[kind]

    report, sinks = salvaged(packed(change(members())))

    assert whole(report) == SALVAGED.get(kind, BOTH - failed)
    assert_right(report, sinks)
    # Each volume is where it was written in the order of its own chunks: nothing is lost by another order of qubes.
    assert report.ok == (kind == "qubes reordered")


@pytest.mark.parametrize("salvage", [False, True])
@pytest.mark.parametrize("kind", DAMAGE)
def test_verify_and_restore_agree_on_every_damage(kind: str, salvage: bool) -> None:
    stream = packed(DAMAGE[kind][0](members()))

    verified = open_backup(io.BytesIO(stream), WORDS, salvage=salvage).verify()
    restored = open_backup(io.BytesIO(stream), WORDS, salvage=salvage).restore(Restored())

    assert verified == restored


def test_without_a_manifest_it_says_what_cannot_be_known() -> None:
    report, _ = salvaged(packed(DAMAGE["manifest missing"][0](members())))

    assert "a missing file could go unnoticed" in english(report.results[0].doubt)
    assert "private.img, firewall.xml, notes.txt" in english(report.results[0].doubt)
    assert any("manifest" in problem for problem in map(english, report.problems))


def test_with_a_whole_manifest_no_qube_is_reported_as_uncertain() -> None:
    parts = members()
    stream = bytearray(packed(parts))
    stream[_offset(parts, chunk(1)) + 100] ^= 1

    report, sinks = salvaged(bytes(stream))

    assert whole(report) == {"work", "home"}
    assert not any(result.doubt for result in report.results)
    assert tuple(map(english, report.problems)) == (f"The header of {chunk(1)} was damaged; its content is whole.",)
    assert_right(report, sinks)


def _offset(parts: Members, name: str) -> int:
    """Where the header of that member begins in the archive of these."""
    at = next(number for number, (found, _) in enumerate(parts) if found == name)
    return len(packed(parts[:at])) - len(tar.END)


NAMES = [name for name, _ in members()]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("at", [0, 3, 12, 15, 30, 99, 130, 135, 140, 150, 156, 157, 260, 300, 345, 500])
def test_a_flipped_byte_in_any_header_loses_no_data(name: str, at: int) -> None:
    parts = members()
    stream = bytearray(packed(parts))
    stream[_offset(parts, name) + at] ^= 5

    report, sinks = salvaged(bytes(stream))

    assert whole(report) == {"work", "home"}
    assert_right(report, sinks)
    assert report.problems


@pytest.mark.parametrize("at", [100, 1100, 1200])
def test_a_flipped_byte_in_the_plain_or_the_sealed_header_loses_no_data(at: int) -> None:
    stream = bytearray(sample())
    stream[512 + at % 512 if at < 1000 else at + 512] ^= 1

    report, sinks = salvaged(bytes(stream))

    assert whole(report) == {"work", "home"}
    assert_right(report, sinks)


@pytest.mark.parametrize("at", [-1, -600, -1500, -2000, -5000, 55_000])
def test_of_a_cut_backup_the_whole_files_come_back(at: int) -> None:
    report, sinks = salvaged(sample()[:at])

    assert "work" in whole(report)
    assert_right(report, sinks)
    assert not report.ok


def test_two_damaged_headers_in_a_row_cost_nothing_while_their_sizes_are_there() -> None:
    parts = members()
    stream = bytearray(packed(parts))
    for name in (chunk(1), chunk(2), chunk(3)):
        stream[_offset(parts, name) + 300] ^= 1

    report, sinks = salvaged(bytes(stream))

    assert whole(report) == {"work", "home"}
    assert_right(report, sinks)


def test_a_wrong_passphrase_opens_nothing() -> None:
    with pytest.raises(BackupPassphraseError):
        open_backup(io.BytesIO(sample()), "another", salvage=True)


def test_a_damaged_qubes_xml_is_refused_by_salvage_with_a_reason() -> None:
    parts = [(name, body[:-1] + b"x" if name == "qubes.xml.000.enc" else body) for name, body in members()]

    with pytest.raises(BackupDamagedError):
        open_backup(io.BytesIO(packed(parts)), WORDS, salvage=True)


def test_a_header_of_an_exbibyte_swallows_nothing() -> None:
    parts = members()
    at = _offset(parts, chunk(2))
    huge = bytearray(tar.header(chunk(2), 0, 0))
    huge[124:136] = b"\x80" + (1 << 60).to_bytes(11, "big")
    huge[148:156] = b" " * 8
    huge[148:156] = b"%06o\0 " % sum(huge)
    stream = packed(parts)

    report, sinks = salvaged(stream[:at] + bytes(huge) + stream[at:])

    assert whole(report) == {"work", "home"}
    assert_right(report, sinks)


def test_a_chunk_that_was_changed_is_never_written() -> None:
    parts = members()
    for offset in (0, 20, 70, HEAD_SIZE, 5000, -1):
        for path in (PRIVATE, SECOND):
            changed = [(name, _flipped(body, offset) if name == chunk(1, path) else body) for name, body in parts]

            report, sinks = salvaged(packed(changed))

            assert whole(report) == ({"home"} if path == PRIVATE else {"work"})
            assert_right(report, sinks)


def _flipped(body: bytes, at: int) -> bytes:
    changed = bytearray(body)
    changed[at] ^= 4
    return bytes(changed)


def test_a_forged_header_without_its_seal_changes_no_byte() -> None:
    """Both headers are the attacker's: what the chunks hold decides, and it is sealed."""
    parts = dict(members())
    parts["backup-header"] = parts["backup-header"].replace(b"compressed=True", b"compressed=False")
    parts["backup-header.hmac"] = _flipped(parts["backup-header.hmac"], -1)

    report, sinks = salvaged(packed(list(parts.items())))

    assert whole(report) == {"work", "home"}
    assert_right(report, sinks)


def test_a_container_that_ends_in_zeros_keeps_them() -> None:
    """Its length is unknown, and zeros follow it: the MAC says where it ends."""
    stream, at = next(filter(None, map(_ending_in_zero, range(5000))))
    changed = bytearray(stream)
    changed[at + 130] ^= 1

    report, _ = salvaged(bytes(changed))

    assert whole(report) == {"work"}


def _ending_in_zero(number: int) -> tuple[bytes, int] | None:
    """A backup in which the container of a volume ends in a zero, and where its header is; salts are new each time."""
    stream = written([QubeData(settings_only("work"), {"private": Memory.full(b"%d" % number)})], Options(TINY))
    at = stream.index(b"vm1/private.img.000.enc")
    size = tar.parse(stream[at : at + 512]).size
    return None if stream[at + 511 + size] else (stream, at)


@pytest.mark.slow
@pytest.mark.unmeasured
@pytest.mark.parametrize("part", range(4))
def test_whatever_byte_is_flipped_the_containers_that_are_whole_come_back(part: int) -> None:
    stream = small()
    sealed = _sealed(stream)
    for at in range(part, len(stream), 4):
        changed = bytearray(stream)
        changed[at] ^= 1 << at % 8
        try:
            sinks = Restored()
            report = open_backup(io.BytesIO(changed), WORDS, salvage=True).restore(sinks)
        except BackupError:
            assert at in sealed["qubes.xml.000.enc"], at
            continue
        for name in whole(report) & {"work"}:
            assert bytes(sinks.volumes[name, "private"].data) == random.Random(4).randbytes(700)
        lost = {"work", "home"} - whole(report)
        assert all(
            any(at in places for member, places in sealed.items() if member.startswith(folder))
            for folder in (("vm1/", "vm2/")[name == "home"] for name in lost)
        ), (at, report)
        assert not report.ok


def _sealed(stream: bytes) -> dict[str, range]:
    """Where the content of each member lies."""
    found, at = {}, 0
    while stream[at : at + 512] != tar.ZERO_BLOCK:
        header = tar.parse(stream[at : at + 512])
        assert is_known(header.name)
        found[header.name] = range(at + 512, at + 512 + header.size)
        at += 512 + header.size + tar.padding(header.size)
    return found
