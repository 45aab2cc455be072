# SPDX-License-Identifier: GPL-3.0-or-later
"""The accelerator is found by booting, and what was found is kept for as long as the host runs."""

import shutil
from pathlib import Path

import pytest
from until import LIMIT

from qubesmanager.daemon.local.drivers.hypervisor import accel
from qubesmanager.wire.errors import QubesValueError

needs_qemu = pytest.mark.skipif(shutil.which(accel.QEMU) is None, reason="QEMU is not installed")


@needs_qemu
@pytest.mark.qemu
async def test_the_probe_reads_the_output_of_its_boot_sector() -> None:
    assert await accel.boots("tcg", limit=LIMIT)


@needs_qemu
@pytest.mark.qemu
async def test_an_accelerator_that_does_not_exist_boots_nothing() -> None:
    assert not await accel.boots("warp")


@pytest.mark.parametrize("wish", ["kvm", "tcg"])
async def test_an_explicit_wish_is_not_questioned(wish: str) -> None:
    assert await accel.choose(wish) == accel.Found(wish)


async def test_another_wish_is_refused() -> None:
    with pytest.raises(QubesValueError):
        await accel.choose("fast")


@pytest.mark.parametrize(("answer", "expected"), [("yes", "kvm"), ("no", "tcg")])
async def test_the_result_of_the_probe_is_kept_until_the_next_boot(
    answer: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = tmp_path / "kvm"
    device.touch()
    monkeypatch.setattr(accel, "_KVM_DEVICE", device)
    boot_id = accel._BOOT_ID.read_text(encoding="ascii").strip()
    (tmp_path / "kvm-probe").write_text(f"{boot_id} {answer}\n", encoding="ascii")

    found = await accel.choose("auto", tmp_path)

    assert found.accel == expected
    assert bool(found.notes) == (expected == "tcg")


async def test_without_the_device_qubes_are_emulated_and_the_notes_name_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accel, "_KVM_DEVICE", tmp_path / "none")

    found = await accel.choose("auto", tmp_path)

    assert found.accel == "tcg"
    assert "KVM" in found.notes[0]


@needs_qemu
@pytest.mark.qemu
async def test_the_result_of_the_probe_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "kvm"
    device.touch()
    monkeypatch.setattr(accel, "_KVM_DEVICE", device)

    first = await accel.choose("auto", tmp_path)

    assert (tmp_path / "kvm-probe").exists()
    assert await accel.choose("auto", tmp_path) == first
