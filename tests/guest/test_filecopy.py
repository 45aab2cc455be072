# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that come from another qube: whole ones are written, and nothing else is touched."""

import errno
import io
import os
import stat
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.guest import filecopy
from qubesmanager.guest.filecopy import HEADER, CopyError, Receiver, check_link, header_of, incoming, path_of

END = bytes(HEADER.size)
FILE, FOLDER, LINK = 0o100644, 0o40755, 0o120777


def entry(name: str, mode: int = FILE, content: bytes = b"", mtime: int = 1_700_000_000) -> bytes:
    encoded = name.encode() + b"\0"
    return HEADER.pack(len(encoded), mode, len(content), 1, 2, mtime, 3) + encoded + content


def received(folder: Path, data: bytes) -> tuple[int, Receiver]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        receiver = Receiver(io.BytesIO(data), descriptor)
        return receiver.receive(), receiver
    finally:
        os.close(descriptor)


def test_a_tree_arrives_with_its_modes_and_times(tmp_path: Path) -> None:
    data = (
        entry("docs", FOLDER)
        + entry("docs/a.txt", 0o100640, b"content")
        + entry("docs/run", 0o104755, b"")
        + entry("docs/link", LINK, b"a.txt")
        + entry("docs", 0o40500)
        + entry("single", FILE, b"x" * 200_000)
        + END
    )

    code, receiver = received(tmp_path, data)

    assert code == 0
    assert (tmp_path / "docs/a.txt").read_bytes() == b"content"
    assert (tmp_path / "single").stat().st_size == 200_000
    assert (tmp_path / "docs/link").readlink() == Path("a.txt")
    assert stat.S_IMODE((tmp_path / "docs/a.txt").stat().st_mode) == 0o640
    # Without set-user-id, and a folder stays usable for its owner.
    assert stat.S_IMODE((tmp_path / "docs/run").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "docs").stat().st_mode) == 0o700
    assert (tmp_path / "docs").stat().st_mtime_ns == 1_700_000_000_000_000_003
    result = receiver.result(code)
    assert result == filecopy.RESULT.pack(0, 0, zlib.crc32(data)) + (6).to_bytes(4, "little") + b"single"


@pytest.mark.parametrize("mode", [FILE, FOLDER])
def test_nothing_is_overwritten(tmp_path: Path, mode: int) -> None:
    (tmp_path / "kept").write_text("mine")

    code, receiver = received(tmp_path, entry("kept", mode, b"other") + END)

    assert code == errno.EEXIST
    assert receiver.last == b"kept"
    assert (tmp_path / "kept").read_text() == "mine"


def test_a_link_comes_once(tmp_path: Path) -> None:
    data = entry("d", FOLDER) + entry("d/l", LINK, b"one") + entry("d/l", LINK, b"two") + END

    assert received(tmp_path, data)[0] == errno.EEXIST
    assert (tmp_path / "d/l").readlink() == Path("one")


def test_a_folder_that_was_there_before_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()

    assert received(tmp_path, entry("docs", FOLDER) + entry("docs/x") + END)[0] == errno.EEXIST
    assert list((tmp_path / "docs").iterdir()) == []


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/away").symlink_to(tmp_path / "outside")

    code, _receiver = received(tmp_path / "in", entry("away/x", FILE, b"evil") + END)

    assert code in {errno.ENOTDIR, errno.ELOOP}
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".", "..", "", "a\nb", "a\x1b[31m", "a\u202eb", "x" * 256],
)
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").mkdir()

    code, _receiver = received(tmp_path, entry(name) + END)

    assert code in {errno.EILSEQ, errno.ENAMETOOLONG}
    assert [path.name for path in tmp_path.rglob("*")] == ["a"]


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("l", "x"),
        ("a/l", "../x"),
        ("a/l", "/etc"),
        ("a/b/l", "../../x"),
        ("a/l", ""),
        ("a/b/l", "../c/../../x"),
        ("a/l", ".."),
    ],
)
def test_a_link_that_leads_out_is_refused(path: str, target: str) -> None:
    with pytest.raises(CopyError):
        check_link(tuple(path.split("/")), target.encode())


@pytest.mark.parametrize(
    ("path", "target"), [("a/l", "x"), ("a/b/l", "../x/y"), ("a/l", "./x"), ("a/b/c/l", "../../x")]
)
def test_a_link_within_what_is_copied_is_made(path: str, target: str) -> None:
    assert check_link(tuple(path.split("/")), target.encode()) == target


@pytest.mark.parametrize("mode", [0o20644, 0o60644, 0o10644, 0o140644, 0o644])
def test_devices_pipes_and_sockets_are_refused(tmp_path: Path, mode: int) -> None:
    assert received(tmp_path, entry("x", mode) + END)[0] == errno.EINVAL
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kept", [0, 10, HEADER.size, HEADER.size + 3, HEADER.size + 20])
def test_a_stream_that_breaks_off_leaves_no_part_of_a_file(tmp_path: Path, kept: int) -> None:
    assert received(tmp_path, entry("file", FILE, b"x" * 100)[:kept])[0] == errno.EREMOTEIO
    assert list(tmp_path.iterdir()) == []


def test_too_many_folders_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filecopy, "FOLDERS", 2)

    assert received(tmp_path, b"".join(entry(name, FOLDER) for name in "abc") + END)[0] == errno.EDQUOT


@given(st.binary(min_size=HEADER.size, max_size=HEADER.size))
def test_any_header_is_understood_or_refused(data: bytes) -> None:
    try:
        header = header_of(data)
    except CopyError:
        return
    assert header.name_length <= filecopy.NAME_BYTES


@given(st.binary(max_size=40) | st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass") + b"\0"))
def test_any_name_is_a_path_below_the_folder_or_refused(data: bytes) -> None:
    try:
        path = path_of(data)
    except CopyError:
        return
    assert path
    assert not {"", ".", ".."} & set(path)
    assert "/".join(path).encode() + b"\0" == data


@given(st.lists(st.sampled_from(["..", ".", "x", ""]), max_size=8), st.integers(0, 4))
def test_no_link_leads_out_by_any_path(components: list[str], depth: int) -> None:
    path = (*(["d"] * depth), "link")
    target = "/".join(components)
    try:
        check_link(path, target.encode())
    except CopyError:
        return
    assert os.path.normpath("/".join([*path[:-1], target])).startswith("d")


@given(st.binary(max_size=200))
def test_any_stream_ends_with_a_result(data: bytes) -> None:
    class Nowhere(Receiver):
        """Opens nothing."""

        def _opened(self, _path: tuple[str, ...]) -> int:
            raise OSError(errno.EIO, "not in this test")

    receiver = Nowhere(io.BytesIO(data), -1)

    assert receiver.receive() in range(200) or data[:4] == b"\0\0\0\0"
    assert len(receiver.result(0)) >= filecopy.RESULT.size


def test_the_folder_of_a_qube_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    os.close(incoming(str(tmp_path), "work"))
    os.close(incoming(str(tmp_path), "work"))

    assert stat.S_IMODE((tmp_path / "QubesIncoming/work").stat().st_mode) == 0o700


@pytest.mark.parametrize("qube", ["", "..", "a/b", "@adminvm", "-x", "x" * 64])
def test_other_names_of_qubes_get_no_folder(tmp_path: Path, qube: str) -> None:
    with pytest.raises(CopyError):
        incoming(str(tmp_path), qube)
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "QubesIncoming").symlink_to("/tmp")

    with pytest.raises(OSError, match="Not a directory"):
        incoming(str(tmp_path), "work")
