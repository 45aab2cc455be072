# SPDX-License-Identifier: GPL-3.0-or-later
"""Two pools never share a location, however its path is written."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pool_tools import CannotMountError, mounted, mounted_at

from qubesmanager.daemon.local.drivers.pools.location import Location, _layers, location


async def folder(path: Path | str) -> Location:
    return await location("pool", {"dir_path": str(path)})


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[Path]:
    """Another path of `tmp_path / "pool"`, by a bind mount."""
    try:
        with mounted("tmpfs", tmp_path, 1):
            pass
    except CannotMountError as error:
        pytest.skip(str(error))
    (tmp_path / "pool" / "below").mkdir(parents=True)
    place = tmp_path / "bound"
    place.mkdir()
    subprocess.run(["mount", "--bind", str(tmp_path / "pool"), str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def overlay(tmp_path: Path) -> Iterator[Path]:
    """An overlay with two lower layers, and names that its options escape; the layers lie beside it."""
    with ExitStack() as undo:
        try:
            disk = undo.enter_context(mounted("tmpfs", tmp_path, 4))
            for name in ("lower,1/pool", "lower:2/other", "upper", "work", "merged", "beside"):
                (disk / name).mkdir(parents=True)
            layers = f"lowerdir={disk}/lower\\,1:{disk}/lower\\:2,upperdir={disk}/upper,workdir={disk}/work"
            place = undo.enter_context(mounted_at(disk / "merged", "-t", "overlay", "overlay", "-o", layers))
        except CannotMountError as error:
            pytest.skip(str(error))
        yield place


async def test_an_overlay_overlaps_its_layers_and_what_is_nested_in_them(overlay: Path) -> None:
    disk = overlay.parent
    pairs = (("lower,1", ""), ("lower,1/pool", "pool"), ("lower,1/pool", "pool/new"), ("lower:2/other", "other"),
             ("upper", ""), ("upper/pool", "pool"), ("upper/new", "new/below"), ("lower,1/pool", "."))  # fmt: skip
    for layer, inside in pairs:
        pool, other = await folder(disk / layer), await folder(overlay / inside)
        assert pool.overlaps(other), (layer, inside)
        assert other.overlaps(pool), (layer, inside)
    for name in ("pool", "other", "new"):
        assert not (await folder(overlay / name)).overlaps(await folder(disk / "beside"))
    assert not (await folder(overlay / "a")).overlaps(await folder(overlay / "b"))
    assert not (await folder(overlay / "other")).overlaps(await folder(disk / "lower,1" / "pool"))


async def test_an_overlay_that_is_mounted_over_a_pool_or_bound_elsewhere_overlaps_it(overlay: Path) -> None:
    disk = overlay.parent
    layers = f"lowerdir={overlay}/pool,upperdir={disk}/upper2,workdir={disk}/work2"
    for name in ("upper2", "work2", "again", "bound"):
        (disk / name).mkdir()
    with ExitStack() as undo:
        undo.enter_context(mounted_at(disk / "again", "-t", "overlay", "overlay", "-o", layers))
        undo.enter_context(mounted_at(disk / "bound", "--bind", str(disk / "again")))

        pool = await folder(disk / "lower,1" / "pool")

        for path in (disk / "again", disk / "bound", disk / "bound" / "new"):
            assert pool.overlaps(await folder(path))
            assert (await folder(path)).overlaps(pool)
            assert not (await folder(path)).overlaps(await folder(disk / "beside"))


async def test_an_overlay_over_its_own_layer_is_looked_at_once(overlay: Path) -> None:
    disk = overlay.parent
    pool = disk / "lower,1" / "pool"
    layers = f"lowerdir={disk}/lower\\,1/pool:{disk}/lower\\:2"
    with mounted_at(pool, "-t", "overlay", "overlay", "-o", layers):
        assert (await folder(pool)).overlaps(await folder(pool / "new"))
        assert (await folder(pool)).overlaps(await folder(disk / "lower:2" / "other"))


@pytest.mark.parametrize(
    "spelling", ["pool", "pool/", "./pool", "pool/.", "other/../pool", "link", "link/below", "pool/below/deeper", "."]
)
async def test_the_same_or_a_nested_folder_overlaps(tmp_path: Path, spelling: str) -> None:
    (tmp_path / "pool" / "below").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to("pool")

    one, other = await folder(tmp_path / "pool"), await folder(f"{tmp_path}/{spelling}")

    assert one.overlaps(other)
    assert other.overlaps(one)


async def test_folders_beside_each_other_do_not_overlap(tmp_path: Path) -> None:
    for name in ("pool", "pool-2", "poo"):
        (tmp_path / name).mkdir()
        assert name == "pool" or not (await folder(tmp_path / name)).overlaps(await folder(tmp_path / "pool"))
    assert not (await folder(tmp_path / "pool" / "a")).overlaps(await folder(tmp_path / "pool" / "b"))


async def test_a_bind_mount_overlaps_also_what_is_nested_in_it(tmp_path: Path, bound: Path) -> None:
    pool = await folder(tmp_path / "pool")

    for path in (bound, bound / "below", bound / "new"):
        assert pool.overlaps(await folder(path))
        assert (await folder(path)).overlaps(pool)
    assert not (await folder(bound / "below")).overlaps(await folder(tmp_path / "pool" / "beside"))


async def test_a_thin_pool_overlaps_itself_alone(tmp_path: Path) -> None:
    def lvm(group: str, thin_pool: str) -> dict[str, str]:
        return {"volume_group": group, "thin_pool": thin_pool}

    one = await location("pool", lvm("vg", "tp"))

    assert one.overlaps(await location("pool", lvm("vg", "tp")))
    assert not one.overlaps(await location("pool", lvm("vg", "other")))
    assert not one.overlaps(await folder(tmp_path))


@pytest.mark.parametrize(
    ("options", "folders"),
    [
        # util-linux 2.38 (Debian 12), which hands over all options as one text.
        (
            r"rw,lowerdir=/o/lower\134\0541:/o/lower\134:2,upperdir=/o/upper,workdir=/o/work,uuid=on",
            {"/o/lower,1", "/o/lower:2", "/o/upper"},
        ),
        # util-linux 2.41 (Debian 13), which hands over each option alone.
        (r"rw,lowerdir=/o/lower\0541:/o/lower\134:2,upperdir=/o/up\054per", {"/o/lower,1", "/o/lower:2", "/o/up,per"}),
        (r"rw,lowerdir+=/o/lower:2,lowerdir+=/o/a\040b,upperdir=/o/upper", {"/o/lower:2", "/o/a b", "/o/upper"}),
        (r"rw,lowerdir+=/o/l,datadir+=/o/back\134slash", {"/o/l", "/o/back\\slash"}),
        (r"ro,lowerdir=/o/l::/o/data,redirect_dir=on", {"/o/l", "/o/data"}),
    ],
)
def test_the_layers_of_an_overlay_are_found_whichever_program_mounted_it(options: str, folders: set[str]) -> None:
    assert set(_layers(options)) >= folders
