# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two drivers with a folder for each volume share."""

import shutil
from pathlib import Path

import pytest

from qubesmanager.daemon.local.drivers.pools import beneath, folder
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2


@pytest.mark.parametrize("listing", ["list_volumes", "strays", "recover", "rename"])
async def test_a_qube_that_is_removed_while_folders_are_listed_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listing: str
) -> None:
    pool = FileQcow2("pool", tmp_path)
    await pool.setup()
    for vid in ("gone/private", "work/private"):
        await pool.create(vid, 1 << 20)
    listed, is_folder = beneath.sub_folders, beneath.is_folder

    def removed_after(path: Path) -> list[str]:
        names = listed(path)
        shutil.rmtree(tmp_path / "gone", ignore_errors=True)
        return names

    def removed_after_look(path: Path) -> bool:
        answer = is_folder(path)
        shutil.rmtree(tmp_path / "gone", ignore_errors=True)
        return answer

    monkeypatch.setattr(folder, "sub_folders", removed_after)
    monkeypatch.setattr(folder, "is_folder", removed_after_look)
    match listing:
        case "list_volumes":
            assert await pool.list_volumes() == ["work/private"]
        case "strays":
            assert await pool.strays() == []
        case "recover":
            assert await pool.recover({}) == []
        case "rename":
            await pool.rename_vm("work", "play")
            assert await pool.list_volumes() == ["play/private"]
