# SPDX-License-Identifier: GPL-3.0-or-later
"""Our qcow2 images are what QEMU takes them for, and what QEMU wrote is read back."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.daemon.local.drivers.pools import qcow2
from qubesmanager.daemon.local.drivers.pools.disk import data_runs
from qubesmanager.wire.errors import QubesValueError, StoragePoolException

MIB = 1 << 20
needs_qemu_img = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed")


def qemu(*arguments: str) -> str:
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def check(path: Path) -> None:
    """No leaks, no corruption; `check=True` fails on either."""
    report = json.loads(qemu("qemu-img", "check", "--output=json", "-f", "qcow2", str(path)))
    assert report["check-errors"] == 0
    assert "leaks" not in report
    assert "corruptions" not in report


def read(*paths: Path) -> bytes:
    with qcow2.Chain(paths) as chain:
        result = bytearray(chain.size)
        for offset, data in chain.runs():
            result[offset : offset + len(data)] = data
    return bytes(result)


def blocks(runs: Iterator[tuple[int, bytes]]) -> dict[int, bytes]:
    """What is not zeros, by its offset."""
    return {
        offset + at: block
        for offset, data in runs
        for at in range(0, len(data), qcow2.CLUSTER)
        if any(block := data[at : at + qcow2.CLUSTER])
    }


def raw(path: Path) -> bytes:
    target = path.with_suffix(".raw")
    qemu("qemu-img", "convert", "-f", "qcow2", "-O", "raw", str(path), str(target))
    return target.read_bytes()


@needs_qemu_img
def test_qemu_finds_nothing_wrong_in_an_image_written_here(tmp_path: Path) -> None:
    path = tmp_path / "a.qcow2"
    with qcow2.Writer(path) as writer:
        writer.put(0, b"A" * qcow2.CLUSTER * 3)
        writer.put(5 * MIB, b"B" * MIB)
        writer.put(qcow2.SPAN + MIB, b"C" * qcow2.CLUSTER)
        writer.finish(qcow2.SPAN + 4 * MIB)

    check(path)
    info = json.loads(qemu("qemu-img", "info", "--output=json", str(path)))
    assert (info["virtual-size"], info["format"]) == (qcow2.SPAN + 4 * MIB, "qcow2")
    target = path.with_suffix(".raw")
    qemu("qemu-img", "convert", "-f", "qcow2", "-O", "raw", str(path), str(target))
    with qcow2.Chain([path]) as chain, target.open("rb") as file:
        assert blocks(chain.runs()) == blocks(data_runs(file.fileno(), chain.size))


@needs_qemu_img
def test_qemu_finds_nothing_wrong_where_one_refcount_block_does_not_do(tmp_path: Path) -> None:
    path = tmp_path / "big.qcow2"
    count = 32768 + 40
    with qcow2.Writer(path) as writer:
        # Only the places matter: the clusters themselves stay holes in the file.
        for index in range(count):
            table = writer._table(index * qcow2.CLUSTER)
            table[index % qcow2.ENTRIES] = writer._next * qcow2.CLUSTER | qcow2._COPIED
            writer._next += 1
        writer.finish(count * qcow2.CLUSTER)

    check(path)


@needs_qemu_img
def test_data_of_qemu_in_an_overlay_are_read_together_with_the_layers_below(tmp_path: Path) -> None:
    base, top = tmp_path / "base.qcow2", tmp_path / "top.qcow2"
    with qcow2.Writer(base) as writer:
        writer.put(0, b"A" * MIB)
        writer.finish(4 * MIB)
    qcow2.create(top, 8 * MIB, "base.qcow2")
    qemu("qemu-io", "-f", "qcow2", "-c", "write -P 0x42 64k 100k", "-c", "write -z 512k 128k", "-c", "write -P 1 6M 1k",
         str(top))  # fmt: skip

    expected = bytearray(b"A" * MIB + bytes(7 * MIB))
    expected[65536 : 65536 + 102400] = b"B" * 102400
    expected[524288 : 524288 + 131072] = bytes(131072)
    expected[6 * MIB : 6 * MIB + 1024] = b"\1" * 1024
    assert read(top, base) == bytes(expected) == raw(top)
    check(top)


@needs_qemu_img
def test_a_grown_image_is_sound_and_qemu_may_grow_it_further(tmp_path: Path) -> None:
    path = tmp_path / "a.qcow2"
    qcow2.create(path, 4 * MIB)

    qcow2.grow(path, 3 << 40)

    check(path)
    qemu("qemu-img", "resize", "-f", "qcow2", str(path), str(5 << 40))
    check(path)
    assert qcow2.read_header(path).size == 5 << 40


def test_an_image_does_not_grow_beyond_its_table(tmp_path: Path) -> None:
    path = tmp_path / "a.qcow2"
    qcow2.create(path, 4 * MIB)

    with pytest.raises(QubesValueError, match=str(1 << 42)):
        qcow2.grow(path, (1 << 42) + 512)


@needs_qemu_img
def test_compressed_and_odd_images_are_refused_and_not_misread(tmp_path: Path) -> None:
    source, packed, odd = (tmp_path / name for name in ("a.qcow2", "packed.qcow2", "odd.qcow2"))
    with qcow2.Writer(source) as writer:
        writer.put(0, b"A" * MIB)
        writer.finish(4 * MIB)
    qemu("qemu-img", "convert", "-c", "-O", "qcow2", str(source), str(packed))
    qemu("qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=4k", str(odd), "4M")

    with pytest.raises(StoragePoolException, match="compressed"):
        read(packed)
    with pytest.raises(StoragePoolException, match="variant"):
        read(odd)


@given(st.binary(max_size=200))
def test_any_other_file_is_no_image(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "x"
    path.write_bytes(data)

    with pytest.raises(StoragePoolException):
        qcow2.read_header(path)


OPERATIONS = st.lists(st.tuples(st.integers(0, 63), st.integers(0, 3)), max_size=20)


@given(st.lists(OPERATIONS, min_size=2, max_size=4))
def test_merging_two_layers_changes_nothing_one_reads(
    tmp_path_factory: pytest.TempPathFactory, layers: list[list[tuple[int, int]]]
) -> None:
    folder = tmp_path_factory.mktemp("chain")
    backing = ""
    for number, writes in enumerate(layers):
        clusters = {place: bytes([value]) * qcow2.CLUSTER for place, value in writes}
        with qcow2.Writer(folder / f"{number}", backing) as writer:
            for place, data in sorted(clusters.items()):
                writer.put(place * qcow2.CLUSTER, data)
            writer.finish(4 * MIB)
        backing = f"{number}"
    chain = [folder / f"{number}" for number in reversed(range(len(layers)))]
    before = read(*chain)

    with (
        qcow2.Chain(chain[:2]) as pair,
        qcow2.Writer(folder / "merged", qcow2.read_header(chain[1]).backing) as writer,
    ):
        pair.merge_into(writer)
        writer.finish(pair.size)

    assert read(folder / "merged", *chain[2:]) == before
