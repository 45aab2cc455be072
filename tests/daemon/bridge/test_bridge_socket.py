# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line and the daemon over a qubesd's socket: a demonstration daemon answers there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from qubesmanager import entry
from qubesmanager.transport.child import ChildTransport

pytestmark = pytest.mark.whole

MANAGER = "from qubesmanager.entry import manager; raise SystemExit(manager())"


@pytest.fixture(scope="module")
def demo_socket() -> Iterator[Path]:
    """The socket of a demonstration daemon, whose `admin.*` calls answer as qubesd's."""
    with closing(ChildTransport("demo:0", "--demo", "0")) as daemon:
        yield daemon.wait()


def mgmt1(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["mgmt1", *arguments])
    return entry.mgmt1()


def test_the_command_line_lists_the_qubes_of_a_qubesd(
    demo_socket: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert mgmt1(monkeypatch, "--connect", f"qubesd:{demo_socket}", "mgmt1.vm.List", "dom0") == 0
    assert "\nvault class=AppVM state=Halted\n" in capfd.readouterr().out
    assert mgmt1(monkeypatch, "--connect", f"qubesd:{demo_socket}", "mgmt1.vm.GetAll", "dom0") == 0
    assert '"name":"vault"' in capfd.readouterr().out


def test_a_daemon_answers_from_a_qubesd(
    demo_socket: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with closing(ChildTransport("bridge", "--backend", f"qubesd:{demo_socket}")) as bridge:
        assert mgmt1(monkeypatch, "--connect", f"unix:{bridge.wait()}", "mgmt1.vm.tag.List", "work") == 0

    assert "work\n" in capfd.readouterr().out


def test_the_window_fills_its_table_from_a_qubesd(demo_socket: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    done = subprocess.run(
        [sys.executable, "-c", MANAGER, "--connect", f"qubesd:{demo_socket}", "--print-table"],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert re.search(r"^sys-firewall +Running +App qube +fedora-43 +sys-net ", done.stdout, re.MULTILINE)
    assert done.stderr == ""
