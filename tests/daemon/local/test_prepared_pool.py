# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder that an attacker prepared is added as a pool: no guest ever gets a file of the host, nor another qube's."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.hypervisor.base import DiskSpec
from qubesmanager.daemon.local.drivers.pools import qcow2
from qubesmanager.daemon.local.drivers.pools.folder import MARK
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import VolumeId
from qubesmanager.wire.errors import Mgmt1Error

MIB = 1 << 20
TOP, BELOW = "0123456789abcdef.qcow2", "fedcba9876543210.qcow2"
EVIL = VolumeId("usb", "evil/data")


def volume(folder: Path, backing: str = "", **manifest: object) -> None:
    folder.mkdir(parents=True, mode=0o700)
    folder.parent.chmod(0o700)
    folder.chmod(0o700)
    qcow2.create(folder / TOP, 64 * MIB, backing)
    (folder / "volume.json").write_text(json.dumps({"active": TOP} | manifest))


def backing_of_the_host(folder: Path, secret: Path, _other: Path) -> None:
    volume(folder, str(secret))


def started_over_the_host(folder: Path, secret: Path, _other: Path) -> None:
    volume(folder, str(secret), started=True, base=TOP)


def backing_by_link(folder: Path, secret: Path, _other: Path) -> None:
    volume(folder, BELOW)
    (folder / BELOW).symlink_to(secret)


def started_layer_of_another_qube(folder: Path, _secret: Path, other: Path) -> None:
    volume(folder, started=True, base=TOP)
    (folder / TOP).unlink()
    (folder / TOP).symlink_to(next(other.glob("*.qcow2")))


def volume_is_another_qubes(folder: Path, _secret: Path, other: Path) -> None:
    folder.parent.mkdir(mode=0o700, parents=True)
    folder.symlink_to(other)


def qube_is_another_qube(folder: Path, _secret: Path, other: Path) -> None:
    folder.parents[1].mkdir(mode=0o700)
    folder.parent.symlink_to(other.parent)


def manifest_names_the_host(folder: Path, secret: Path, _other: Path) -> None:
    volume(folder, started=True, base=TOP, active=str(secret))


ATTACKS = (
    backing_of_the_host,
    started_over_the_host,
    backing_by_link,
    started_layer_of_another_qube,
    volume_is_another_qubes,
    qube_is_another_qube,
    manifest_names_the_host,
)


def paths_of(disks: tuple[DiskSpec, ...]) -> set[str]:
    return {str(path.resolve()) for disk in disks for path in (disk.path, *disk.backing)}


def prepare(attack: Callable[[Path, Path, Path], None], place: Path, other: Path) -> Path:
    secret = place / "secret"
    secret.write_bytes(bytes(MIB))
    attack(place / "usb" / "evil" / "data", secret, other)
    (place / "usb" / MARK).write_text(32 * "f")
    return secret


@pytest.mark.parametrize("halted", [True, False])
@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_guest_gets_a_file_from_outside_of_its_volumes(
    client: Client,
    system: System,
    hypervisor: FakeHypervisor,
    tmp_path: Path,
    attack: Callable[[Path, Path, Path], None],
    halted: bool,
) -> None:
    others = Path(system.runtime.state.pool_options["default"]["dir_path"]) / "vault" / "private"
    secret = prepare(attack, tmp_path, others)
    if halted:
        await client.send(calls.VM_KILL("work"))
    await client.send(calls.POOL_ADD("dom0", "usb", {"driver": "file-qcow2", "dir_path": str(tmp_path / "usb")}))

    with contextlib.suppress(Mgmt1Error):
        await client.send(calls.VM_VOLUME_ATTACH("work", EVIL, {}))
    with contextlib.suppress(Mgmt1Error):
        await client.send(calls.VM_START("work"))

    domain = hypervisor.host.domains.get(system.runtime.state.qube("work").uuid)
    if domain is not None:
        paths = paths_of(domain.spec.disks)
        assert str(secret) not in paths
        assert not [path for path in paths if path.startswith(str(others)) or "evil" in path]
    assert secret.read_bytes() == bytes(MIB)


async def test_an_honest_volume_of_an_added_pool_is_attached_with_its_chain(
    client: Client, system: System, hypervisor: FakeHypervisor, tmp_path: Path
) -> None:
    folder = tmp_path / "usb" / "evil" / "data"
    volume(folder, BELOW, snapshots={"1-0": BELOW})
    qcow2.create(folder / BELOW, 64 * MIB)
    await client.send(calls.VM_KILL("work"))
    await client.send(calls.POOL_ADD("dom0", "usb", {"driver": "file-qcow2", "dir_path": str(tmp_path / "usb")}))

    await client.send(calls.VM_VOLUME_ATTACH("work", EVIL, {}))
    await client.send(calls.VM_START("work"))

    disks = {disk.serial: disk for disk in hypervisor.host.domains[system.runtime.state.qube("work").uuid].spec.disks}
    assert disks["extra-1"].path.parent == folder
    assert folder / BELOW in disks["extra-1"].backing
