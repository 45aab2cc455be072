# SPDX-License-Identifier: GPL-3.0-or-later
"""The outer archive: what is written is plain tar; what is read may be any bytes, and nothing unknown gets through."""

import io
import tarfile

import pytest
from backup_samples import english
from hypothesis import given, settings
from hypothesis import strategies as st

from qubesmanager.backup.archive import tar
from qubesmanager.backup.archive.backup_tar import Damage, Member, Reader, Writer, chunk_name

MEMBERS = {
    "backup-header": b"version=4\n",
    "qubes.xml.000.enc": b"x" * 512,
    "vm1/private.img.000.enc": b"",
    "manifest.000.enc": b"m",
}


def archive(members: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()

    def put(data: bytes) -> None:
        out.write(data)

    writer = Writer(put, 1_700_000_000)
    for name, body in (members or MEMBERS).items():
        writer.begin(name)
        writer.append(body[:3])
        writer.append(body[3:])
        writer.finish()
    writer.end()
    return out.getvalue()


def read(stream: bytes) -> tuple[dict[str, bytes], list[str]]:
    """The members with their bodies, and the messages about the rest."""
    members, said = {}, []
    reader = Reader(io.BytesIO(stream))
    for found in reader:
        if isinstance(found, Damage):
            said.append(english(found.reason))
        else:
            members[found.name] = b"".join(reader.body())
    return members, said


def test_written_members_are_read_back() -> None:
    reader = Reader(io.BytesIO(archive()))

    assert all(isinstance(found, Member) and found.is_ours for found in reader)
    assert reader.zero_blocks == 2
    assert read(archive()) == (MEMBERS, [])


def test_a_written_backup_is_a_plain_tar() -> None:
    with tarfile.open(fileobj=io.BytesIO(archive())) as found:
        assert {info.name: found.extractfile(info).read() for info in found} == MEMBERS  # type: ignore[union-attr]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_concatenated_archives_are_one(form: int) -> None:
    stream = b""
    for name, body in MEMBERS.items():
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as part:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            info.mtime = 1_700_000_000.5  # makes a pax header
            part.addfile(info, io.BytesIO(body))
        stream += out.getvalue()

    assert read(stream) == (MEMBERS, [])


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_a_member_that_is_no_file_is_named_and_passed_over(kind: bytes) -> None:
    members, said = read(tar.header("vm1/private.img.000.enc", 3, 0, kind) + archive())

    assert members == MEMBERS
    assert [text for text in said if "vm1/private.img.000.enc" in text] == said != []


@pytest.mark.parametrize(
    "name",
    [
        "vm1/../../x.enc", "/etc/passwd", "vm1/private.img.0.enc", "vm1/private.img.0001.enc", "private.img.000.enc",
        "vm1/qubes.xml.000.enc", "vm1/a/b.0.enc", "vm1/private.img.000.enc/", "vm1/.000.enc", "evil", "vm1//x.000.enc",
    ],
)  # fmt: skip
def test_a_name_that_is_not_of_a_backup_is_named_and_passed_over(name: str) -> None:
    assert chunk_name(name) is None

    members, said = read(archive({name: b"evil"} | MEMBERS))

    assert members == MEMBERS
    assert len(said) == 1


def test_numbers_go_on_past_999() -> None:
    found = chunk_name("vm12/root.img.1234.enc")

    assert found is not None
    assert (found.folder, found.path, found.index) == ("vm12", "vm12/root.img", 1234)


def test_after_a_broken_header_the_next_good_one_is_found() -> None:
    stream = bytearray(archive())
    stream[1024] ^= 1  # the header of qubes.xml.000.enc

    members, said = read(bytes(stream))

    assert [name for name in MEMBERS if name not in members] == ["qubes.xml.000.enc"]
    assert len(said) == 1


def test_a_pax_header_cannot_rename_a_member() -> None:
    body = MEMBERS["qubes.xml.000.enc"]
    renamed = tar.pax([("path", "vm1/private.img.000.enc")]) + tar.header("backup-header", len(body), 0) + body

    members, said = read(renamed + archive())

    assert members["backup-header"] == MEMBERS["backup-header"]
    assert any("another name" in text for text in said)


def test_every_flipped_bit_of_the_tar_headers_is_detected() -> None:
    members = {"backup-header": b"abc", "vm1/private.img.000.enc": b"de"}
    stream = archive(members)
    bodies = {512, 513, 514, 1536, 1537}

    for at in set(range(len(stream))) - bodies:
        for bit in (0, 4, 5):
            changed = bytearray(stream)
            changed[at] ^= 1 << bit
            reader = Reader(io.BytesIO(bytes(changed)))
            found = [(part, b"".join(reader.body())) for part in reader]
            as_written = [(part.name, body) for part, body in found if isinstance(part, Member) and part.is_ours]
            assert as_written != list(members.items()) or len(found) != 2 or reader.zero_blocks != 2, at


@pytest.mark.parametrize("size", [1, 511, 513, 600, 1025])
def test_a_cut_stream_is_reported_as_cut(size: int) -> None:
    _, said = read(archive()[:size])

    assert said[-1].endswith("it was cut off.")


@given(st.binary(max_size=2000), st.integers(0, 3000))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_read_to_their_end(untrusted: bytes, at: int) -> None:
    whole = archive()

    members, _ = read(whole[:at] + untrusted + whole[at:])

    assert set(members) <= set(MEMBERS)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="=", codec="utf-8"), min_size=1),
        st.text(max_size=120).filter(lambda text: text.isprintable()),
    )
)
@settings(max_examples=50, deadline=None)
def test_pax_records_come_back(records: dict[str, str]) -> None:
    written = tar.pax(records.items())

    assert tar.pax_records(written[512 : 512 + tar.parse(written[:512]).size]) == records
