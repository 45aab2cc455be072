# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path

import pytest
from fakes_hypervisor import FakeHypervisor

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.drivers.hypervisor.base import Capabilities
from qubesmanager.daemon.local.drivers.logs import MOST
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.errors import QubesValueError


async def test_the_end_of_a_long_console_is_shown(client: Client, system: System) -> None:
    assert await client.send(calls.VM_LOG_LIST("vault")) == []
    with pytest.raises(QubesValueError, match="console"):
        await client.send(calls.VM_LOG_GET("vault", "console"))

    system.runtime.places.console(system.runtime.state.qube("vault").uuid).write_bytes(
        b"first\n" + b"x" * MOST + b"\xff last\n"
    )

    assert await client.send(calls.VM_LOG_LIST("vault")) == ["console"]
    text = await client.send(calls.VM_LOG_GET("vault", "console"))
    assert "first" not in text
    assert text.endswith("last\n")


async def test_a_log_that_is_a_link_is_not_followed(client: Client, system: System, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    system.runtime.places.console(system.runtime.state.qube("vault").uuid).symlink_to(tmp_path / "secret")

    with pytest.raises(QubesValueError):
        await client.send(calls.VM_LOG_GET("vault", "console"))


async def test_the_emulators_words_are_a_log_where_libvirt_keeps_them(
    client: Client, hypervisor: FakeHypervisor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def session() -> Capabilities:
        return Capabilities("qemu:///session", "tcg", hot_plug=True)

    monkeypatch.setattr(hypervisor, "capabilities", session)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "libvirt/qemu/log").mkdir(parents=True)
    (tmp_path / "libvirt/qemu/log/vault.log").write_text("qemu-system-x86_64: terminating on signal 15")

    assert await client.send(calls.VM_LOG_LIST("vault")) == ["hypervisor"]
    assert "signal 15" in await client.send(calls.VM_LOG_GET("vault", "hypervisor"))
