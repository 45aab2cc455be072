# SPDX-License-Identifier: GPL-3.0-or-later
"""Two pools never share a place, however its path is written."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pool_tools import CannotMountError, mounted

from qubesmanager.daemon.local.drivers.pools.location import Location, location


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
