# SPDX-License-Identifier: GPL-3.0-or-later
"""Where libvirt keeps what it does not say itself."""

from pathlib import Path

import pytest

from qubesmanager.daemon.local.drivers.hypervisor import needs
from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor
from qubesmanager.daemon.local.drivers.hypervisor.libvirt_errors import log_of, with_log
from qubesmanager.wire.errors import Mgmt1Error


@pytest.mark.parametrize(
    ("uri", "log"),
    [
        ("qemu:///system", Path("/var/log/libvirt/qemu/work.log")),
        ("xen:///system", Path("/var/log/libvirt/libxl/work.log")),
        ("qemu:///session", Path("/cache/libvirt/qemu/log/work.log")),
        ("test:///default", None),
    ],
)
def test_each_hypervisor_has_its_log(monkeypatch: pytest.MonkeyPatch, uri: str, log: Path | None) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")

    assert log_of(uri, "work") == log


async def test_a_hypervisor_that_is_not_installed_names_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "missing_programs", lambda: "Install these.")
    hypervisor = LibvirtHypervisor("qemu:///none", owner="test")

    with pytest.raises(Mgmt1Error, match=r"qemu:///none cannot be reached: .*\. Install these\.$"):
        await hypervisor.open()
    await hypervisor.close()


def test_an_unknown_error_names_the_log() -> None:
    text = "internal error: process exited: unknown error."

    assert with_log(text, "qemu:///system", "work") == f"{text} See /var/log/libvirt/qemu/work.log."


@pytest.mark.parametrize("text", ["unknown OS type hvm.", "cannot allocate memory."])
def test_an_error_that_says_what_happened_is_left_as_it_is(text: str) -> None:
    assert with_log(text, "qemu:///system", "work") == text
