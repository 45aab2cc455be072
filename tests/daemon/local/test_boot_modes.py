# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot modes, the pools of new volumes, and other properties that Qubes OS 4.3 brought."""

import pytest
from fakes_hypervisor import FakeHypervisor

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.errors import QubesPoolInUseError, QubesPropertyValueError


async def value(client: Client, name: str, prop: str) -> str:
    return (await client.send(calls.VM_PROPERTY_GET(name, prop))).value


async def test_a_qube_boots_in_the_mode_of_its_template(
    client: Client, system: System, hypervisor: FakeHypervisor
) -> None:
    await client.send(calls.VM_FEATURE_SET("debian-13", "boot-mode.kernelopts.sysmaint", "systemd.unit=sysmaint"))

    await client.send(calls.VM_PROPERTY_SET("debian-13", "appvm_default_bootmode", "sysmaint"))
    await client.send(calls.VM_START("vault"))

    assert await value(client, "vault", "bootmode") == "sysmaint"
    assert await value(client, "debian-13", "bootmode") == "default"
    spec = hypervisor.host.domains[system.runtime.state.qube("vault").uuid].spec
    assert "systemd.unit=sysmaint" in spec.kernelopts.split()


async def test_a_boot_mode_that_no_template_offers_is_refused(client: Client) -> None:
    await client.send(calls.VM_FEATURE_SET("debian-13", "boot-mode.kernelopts.sysmaint", "single"))

    with pytest.raises(QubesPropertyValueError, match="no boot mode other; there are: default, sysmaint"):
        await client.send(calls.VM_PROPERTY_SET("vault", "bootmode", "other"))


async def test_a_feature_says_the_default_boot_mode(client: Client) -> None:
    await client.send(calls.VM_FEATURE_SET("debian-13", "boot-mode.active", "a"))
    await client.send(calls.VM_FEATURE_SET("debian-13", "boot-mode.appvm-default", "b"))

    assert await value(client, "debian-13", "bootmode") == "a"
    assert await value(client, "vault", "bootmode") == "b"


async def test_a_qube_sees_its_own_addresses(client: Client) -> None:
    for name, seen in (("ip", "visible_ip"), ("gateway", "visible_gateway"), ("netmask", "visible_netmask")):
        assert await value(client, "work", seen) == await value(client, "work", name) != ""


async def test_the_pools_of_new_volumes_follow_the_default_pool(client: Client, system: System) -> None:
    private = await client.send(calls.PROPERTY_GET("dom0", "default_pool_private"))
    assert private.is_default
    assert private.value == (await client.send(calls.PROPERTY_GET("dom0", "default_pool"))).value
    folder = system.runtime.places.kernels.parent / "second"
    folder.mkdir()
    await client.send(calls.POOL_ADD("dom0", "second", {"driver": "file-qcow2", "dir_path": str(folder)}))

    await client.send(calls.PROPERTY_SET("dom0", "default_pool_private", "second"))
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("new", "red")))

    volumes = system.runtime.state.qube("new").volumes
    assert volumes["private"].pool == "second"
    assert volumes["volatile"].pool == private.value
    with pytest.raises(QubesPoolInUseError, match="new, the system property default_pool_private"):
        await client.send(calls.POOL_REMOVE("dom0", "second"))


async def test_the_pool_of_kernels_is_the_one_that_has_them(client: Client) -> None:
    with pytest.raises(QubesPropertyValueError, match="contains no kernels"):
        await client.send(calls.PROPERTY_SET("dom0", "default_pool_kernel", "default"))
    with pytest.raises(QubesPropertyValueError, match="contains dom0's kernels"):
        await client.send(calls.PROPERTY_SET("dom0", "default_pool_root", "linux-kernel"))
