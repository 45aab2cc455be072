# SPDX-License-Identifier: GPL-3.0-or-later
"""What `--real` fills a system with, and which libvirt it chooses; no machine is started."""

from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor

from qubesmanager.daemon.local.drivers.kernels import INITRAMFS, KERNEL
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.systems import real


async def test_the_real_system_boots_its_kernel_and_stays_as_its_owner_made_it(tmp_path: Path) -> None:
    folder = tmp_path / "kernels" / real.KERNEL
    folder.mkdir(parents=True)
    (folder / KERNEL).write_bytes(b"kernel")
    (folder / INITRAMFS).write_bytes(b"initramfs")
    hypervisor = FakeHypervisor()
    first = await open_system(tmp_path, hypervisor)
    await real.populate(first)
    await first.lifecycle.start("work")
    (domain,) = hypervisor.host.domains.values()
    assert domain.spec.kernel == folder / KERNEL
    assert domain.spec.initrd == folder / INITRAMFS
    assert "console=ttyS0" in domain.spec.kernelopts
    await first.lifecycle.kill("work")
    await first.creation.remove(first.runtime.state.qube("work"))
    await first.runtime.close()

    second = await open_system(tmp_path, FakeHypervisor())
    await real.populate(second)
    assert set(second.runtime.state.qubes) == {"dom0", "tiny", "personal"}
    await second.runtime.close()


@pytest.mark.parametrize(
    ("uid", "host_libvirt", "uri", "wrapped"),
    [(1000, False, "qemu:///session", False), (0, True, "qemu:///system", False), (0, False, "qemu:///session", True)],
)
def test_the_user_of_the_daemon_decides_which_libvirt_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, uid: int, host_libvirt: bool, uri: str, wrapped: bool
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: uid)
    monkeypatch.setattr(real, "_SYSTEM_SOCKETS", (tmp_path if host_libvirt else tmp_path / "nowhere",))

    wrapper, arguments = real.launch()

    assert arguments[-1] == uri
    assert bool(wrapper) == wrapped
