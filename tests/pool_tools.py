# SPDX-License-Identifier: GPL-3.0-or-later
"""What several tests of pools need: loop mounts, the bytes of a volume, and a guest that writes to its disk."""

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from qubesmanager.daemon.local.drivers.pools import qcow2
from qubesmanager.daemon.local.drivers.pools.base import Disk, PoolDriver, VolumeSpec

MIB = 1 << 20


class CannotMountError(Exception):
    """This machine or user cannot make the mount; the text says why."""


@contextlib.contextmanager
def mounted(kind: str, folder: Path, mib: int) -> Iterator[Path]:
    """A fresh file system of `mib` MiB: tmpfs, or in a file, through a loop device, ext4, ext2, xfs, btrfs or vfat."""
    if os.geteuid() != 0:
        raise CannotMountError("mounting needs root")
    place = folder / f"{kind}-mount"
    place.mkdir()
    if kind == "tmpfs":
        mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(place)]
    else:
        if shutil.which(f"mkfs.{kind}") is None:
            raise CannotMountError(f"mkfs.{kind} is not installed")
        image = folder / f"{kind}.img"
        with image.open("wb") as file:
            file.truncate(mib * MIB)
        _run(f"mkfs.{kind}", *(() if kind == "vfat" else ("-q",)), str(image))
        mount = ["mount", "-o", "loop", str(image), str(place)]
    _run(*mount)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, capture_output=True)


@contextlib.contextmanager
def mounted_at(place: Path, *arguments: str) -> Iterator[Path]:
    """Something mounted at a folder, by the arguments of mount(8) before it."""
    if os.geteuid() != 0:
        raise CannotMountError("mounting needs root")
    _run("mount", *arguments, str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, capture_output=True)


def _run(*arguments: str) -> None:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMountError(f"{arguments[0]}: {done.stderr.strip()}")


def kept(vid: str = "work/private", *, revisions: int = 1) -> VolumeSpec:
    """A volume as private is."""
    return VolumeSpec("pool", vid, 8 * MIB, save_on_stop=True, revisions_to_keep=revisions)


async def content(pool: PoolDriver, vid: str, snapshot: str | None = None) -> bytes:
    """All bytes of the volume."""
    result = bytearray(await pool.size(vid, snapshot))
    async with contextlib.aclosing(pool.read(vid, snapshot)) as runs:
        async for offset, data in runs:
            result[offset : offset + len(data)] = data
    return bytes(result)


def guest_write(disk: Disk, offset: int, data: bytes) -> None:
    """What a guest does to the disk it was given: aligned writes of whole clusters."""
    if disk.format == "raw":
        with disk.path.open("r+b") as file:
            file.seek(offset)
            file.write(data)
        return
    image_write(disk.path, offset, data)


def image_write(path: Path, offset: int, data: bytes) -> None:
    """Write whole clusters into a qcow2 image, by writing it again with those it has: no program is needed."""
    header = qcow2.read_header(path)
    assert not offset % qcow2.CLUSTER
    clusters: dict[int, bytes] = {}
    with qcow2.Chain([path]) as chain:
        for at, fd, place in chain.entries():
            clusters[at] = bytes(qcow2.CLUSTER) if fd < 0 else os.pread(fd, qcow2.CLUSTER, place)
    for at in range(0, len(data), qcow2.CLUSTER):
        clusters[offset + at] = data[at : at + qcow2.CLUSTER]
    part = path.with_suffix(".part")
    with qcow2.Writer(part, header.backing) as writer:
        for at, run in sorted(clusters.items()):
            writer.put(at, run)
        writer.finish(header.size)
    part.rename(path)


async def session(pool: PoolDriver, spec: VolumeSpec, *writes: tuple[int, bytes]) -> None:
    """The qube starts, writes, and halts."""
    disk = await pool.start(spec)
    for offset, data in writes:
        await asyncio.to_thread(guest_write, disk, offset, data)
    await pool.stop(spec)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    try:
        with mounted("tmpfs", place, 16) as mount:
            yield mount
    except CannotMountError as error:
        pytest.skip(str(error))
