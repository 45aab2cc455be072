# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the damage table: what was damaged is named, what was not is restored, nothing hangs."""

import hashlib
import io
import json
import random
import tarfile
from dataclasses import replace

import pytest
from backup_damage import DAMAGE, PRIVATE, SECOND, Members, chunk, index, members, packed, sample, small
from backup_samples import TINY, WORDS, Memory, Restored, contents, english, sample_qubes, settings_only, written

from qubesmanager.backup.archive import tar
from qubesmanager.backup.archive.compression import Compression, compress
from qubesmanager.backup.archive.contents import to_xml
from qubesmanager.backup.archive.header import Head, chunk_secret, from_text, head_secret, to_text
from qubesmanager.backup.archive.manifest import to_json
from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.backup.archive.report import Report
from qubesmanager.backup.archive.scrypt_container import Keys, Params, new_keys, seal
from qubesmanager.backup.archive.volume_tar import archive_bytes
from qubesmanager.backup.archive.writer import Options, QubeData
from qubesmanager.backup.errors import BackupDamagedError, BackupError, BackupLimitError
from qubesmanager.wire.reason import Reason


def read(stream: bytes) -> tuple[Report, Restored]:
    """Restore, with any result: no volume of a failed qube is left, and none of a whole one is removed."""
    sinks = Restored()
    report = open_backup(io.BytesIO(stream), WORDS).restore(sinks)
    reasons = {result.qube.name: english(result.reason) for result in report.results}
    for (name, _), volume in sinks.volumes.items():
        assert volume.aborted == bool(reasons[name])
        assert volume.finished or volume.aborted
    return report, sinks


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_parts_are_named_and_the_rest_is_restored(kind: str) -> None:
    change, failed = DAMAGE[kind]

    report, _ = read(packed(change(members())))

    assert not report.ok
    assert {result.qube.name for result in report.results if not result.ok} == failed
    for result in report.results:
        assert result.ok or result.qube.name in english(result.reason) or result.qube.path in english(result.reason)
    assert failed or report.problems
    assert "other-text" not in {code for reason in report.wrong for code in codes(reason)}


def codes(reason: Reason) -> list[str]:
    """The code of a reason, and those of the reasons inside of it."""
    inner = [field for field in reason.fields if isinstance(field, Reason)]
    return [reason.code, *(code for each in inner for code in codes(each))]


def test_the_sample_itself_is_whole() -> None:
    assert packed(members()) == sample()
    assert read(sample())[0].ok


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_a_link_or_device_instead_of_a_chunk_fails_its_qube(kind: bytes) -> None:
    parts = members()
    at = index(parts, chunk(1))
    link = tar.header(chunk(1), 0, 0, kind)

    for stream in (
        packed(parts[:at])[:-1024] + link + packed(parts[at:]),
        packed(parts[:at])[:-1024] + link + packed(parts[at + 1 :]),
    ):
        report, _ = read(stream)
        assert [result.ok for result in report.results] == [False, True]
        assert not report.ok


@pytest.mark.parametrize("at", [10, 600, 1100, 5000, 20_000, 50_000, -2000, -600])
def test_a_backup_that_is_cut_is_not_whole(at: int) -> None:
    try:
        report, _ = read(sample()[:at])
    except BackupDamagedError:
        assert at < 5000
        return

    assert not report.ok
    assert any("cut off" in problem or "end of the backup" in problem for problem in map(english, report.problems))


def test_the_zeros_at_the_end_are_part_of_it() -> None:
    report, _ = read(sample()[:-1024])

    assert tuple(map(english, report.problems)) == ("The end of the backup is missing.",)


@pytest.mark.slow
@pytest.mark.unmeasured
@pytest.mark.parametrize("part", range(4))
def test_no_flipped_byte_of_ten_thousand_is_accepted(part: int) -> None:
    stream = small()
    chance = random.Random(part)
    places = [*range(part, len(stream), 4)]
    places += [chance.randrange(len(stream)) for _ in range(2500 - len(places))]
    flips = [(at, chance.choice([1 << chance.randrange(8), chance.randrange(1, 256)])) for at in places]

    accepted = [(at, change) for at, change in flips if _is_accepted(stream, at, change)]

    assert len(flips) >= 2500
    assert not accepted


def _is_accepted(stream: bytes, at: int, change: int) -> bool:
    changed = bytearray(stream)
    changed[at] ^= change
    try:
        return open_backup(io.BytesIO(changed), WORDS).verify().ok
    except BackupError:
        return False


def test_a_flip_in_a_chunk_fails_its_qube_alone() -> None:
    parts = members()
    at = index(parts, chunk(2))
    for offset in (0, 7, 20, 50, 70, 100, 5000, -1):
        changed = bytearray(parts[at][1])
        changed[offset] ^= 4

        report, _ = read(packed([*parts[:at], (chunk(2), bytes(changed)), *parts[at + 1 :]]))

        assert [result.ok for result in report.results] == [False, True]
        assert chunk(2) in english(report.results[0].reason)


def test_an_edited_header_is_refused() -> None:
    parts = members()
    for old, new in (
        (b"compressed=True", b"compressed=False"), (b"filter=gzip", b"filter=zstd"), (b"mgmt1-manifest=1\n", b""),
        (b"version=4", b"version=3"), (b"encrypted=True", b"encrypted=False"),
    ):  # fmt: skip
        edited = parts[0][1].replace(old, new)
        assert edited != parts[0][1]
        with pytest.raises(BackupError):
            read(packed([(parts[0][0], edited), *parts[1:]]))


def test_a_chunk_of_another_backup_with_the_same_passphrase_fails_its_qube() -> None:
    parts = members()
    other = dict(
        _members_of(written([QubeData(settings_only("work"), {"private": Memory.full(b"other")})], Options(TINY)))
    )

    report, _ = read(packed([(name, other[chunk(0)] if name == chunk(0) else body) for name, body in parts]))

    assert [result.ok for result in report.results] == [False, True]
    assert "was changed, or does not belong there" in english(report.results[0].reason)


def _members_of(stream: bytes) -> Members:
    with tarfile.open(fileobj=io.BytesIO(stream)) as found:
        return [(info.name, (found.extractfile(info) or io.BytesIO()).read()) for info in found]


# -- what asks for too much --------------------------------------------------------------------------------------------


def forged(name: str, body: bytes, *, has_manifest: bool = False) -> bytes:
    """A backup with a qube `work` of 1000 bytes, in which one member holds what its owner would not write."""
    head = Head("20250102T030405-1", "gzip", has_manifest)
    work = replace(settings_only("work"), path="vm1/", size=1000)
    plain = {
        "qubes.xml.000.enc": compress(
            Compression.GZIP, b"".join(archive_bytes("qubes.xml", to_xml(contents(work)), 0))
        ),
        chunk(0): compress(Compression.GZIP, b"".join(archive_bytes(PRIVATE, b"x" * 1000, 0))),
    } | {name: body}
    parts = [
        ("backup-header", to_text(head)),
        ("backup-header.hmac", seal(new_keys(head_secret(WORDS), TINY), to_text(head))),
    ]
    parts += [
        (part, seal(new_keys(chunk_secret(head.backup_id, part, WORDS), TINY), content))
        for part, content in plain.items()
    ]
    return packed(parts)


def bomb(path: str, size: int) -> bytes:
    """A file of `size` zeros, written as data and compressed."""
    block = compress(Compression.GZIP, bytes(1 << 20))
    record = tar.pax([("size", str(size))]) + tar.header(path, 0, 0)
    return compress(Compression.GZIP, record) + block * min(size >> 20, 200)


def test_the_helper_that_forges_a_chunk_makes_an_otherwise_valid_backup() -> None:
    assert read(
        forged("vm1/notes.txt.000.enc", compress(Compression.GZIP, b"".join(archive_bytes("vm1/notes.txt", b"n", 0))))
    )[0].ok


def test_a_tebibyte_of_zeros_is_refused_by_its_cap() -> None:
    report, _ = read(forged(chunk(0), bomb(PRIVATE, 1 << 40)))

    assert "vm1/private.img holds more bytes than were announced" in english(report.results[0].reason)
    assert "work" in english(report.results[0].reason)


def test_a_tebibyte_of_zeros_as_notes_is_refused_by_its_cap() -> None:
    report, _ = read(forged("vm1/notes.txt.000.enc", bomb("vm1/notes.txt", 1 << 40)))

    assert "vm1/notes.txt holds more bytes" in english(report.results[0].reason)


def test_a_tebibyte_of_qubes_xml_is_refused_by_its_cap() -> None:
    with pytest.raises(BackupLimitError, match="xml holds more bytes"):
        read(forged("qubes.xml.000.enc", bomb("qubes.xml", 1 << 40)))


def test_an_entity_bomb_in_qubes_xml_is_refused_by_name() -> None:
    text = b'<!DOCTYPE q [<!ENTITY a "b">]><qubes>&a;</qubes>'

    with pytest.raises(BackupLimitError, match="entities"):
        read(forged("qubes.xml.000.enc", compress(Compression.GZIP, b"".join(archive_bytes("qubes.xml", text, 0)))))


def _with_cost(container: bytes, log_n: int) -> bytes:
    """The container's head, naming another cost, and the sum that belongs to it."""
    start = container[:7] + bytes([log_n]) + container[8:48]
    return start + hashlib.sha256(start).digest()[:16] + container[64:]


def test_a_derivation_of_a_tebibyte_is_refused_by_its_cap() -> None:
    parts = [(name, _with_cost(body, 30) if name == "backup-header.hmac" else body) for name, body in members()]

    with pytest.raises(BackupLimitError, match="MiB of memory"):
        read(packed(parts))


def test_a_chunk_that_asks_for_more_than_the_others_fails_its_qube() -> None:
    parts = [
        (name, _with_cost(body, 30 if name == chunk(0) else 5) if name in {chunk(0), chunk(0, SECOND)} else body)
        for name, body in members()
    ]

    report, _ = read(packed(parts))

    assert "MiB of memory" in english(report.results[0].reason)
    assert "is not sealed like the others" in english(report.results[1].reason)


def test_a_member_of_an_exbibyte_is_passed_over() -> None:
    parts = members()
    at = index(parts, chunk(1))
    huge = bytearray(tar.header(chunk(1), 0, 0))
    huge[124:136] = b"\x80" + (1 << 60).to_bytes(11, "big")
    huge[148:156] = b" " * 8
    huge[148:156] = b"%06o\0 " % sum(huge)

    report, _ = read(packed(parts[:at])[:-1024] + bytes(huge) + packed(parts[at:]))

    assert not report.ok
    assert not any(result.ok for result in report.results)


def test_a_manifest_that_admits_a_failure_is_believed() -> None:
    class Broken(Memory):
        def read(self, offset: int, length: int) -> bytes:
            raise OSError(5, "Input/output error")

    qubes = sample_qubes()
    qubes[1] = QubeData(settings_only("home"), {"private": Broken.full(b"x")})

    report, _ = read(written(qubes))

    assert [result.ok for result in report.results] == [True, False, True]
    assert "could not be read" in english(report.results[1].reason)


def test_sizes_and_sums_of_the_manifest_are_checked() -> None:
    stream = sample()
    backup_id = from_text(members()[0][1]).backup_id
    manifest = read(stream)[0].manifest
    assert manifest is not None

    value = json.loads(to_json(manifest))
    value["qubes"][0]["files"][0]["sha256"] = "0" * 64
    value["qubes"][1]["files"].pop()
    text = json.dumps(value).encode()
    name = "manifest.000.enc"
    body = compress(Compression.GZIP, b"".join(archive_bytes("manifest", text, 0)))
    keys: Keys = new_keys(chunk_secret(backup_id, name, WORDS), Params(4))
    report, _ = read(packed([*members()[:-1], (name, seal(keys, body))]))

    assert "not the one that was written" in english(report.results[0].reason)
    assert "not those that were written" in english(report.results[1].reason)
