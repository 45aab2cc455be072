# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands without what they need, and their versions."""

import subprocess
import sys

import pytest

import qubesmanager

pytestmark = pytest.mark.whole

COMMANDS = {
    "mgmt1": "mgmt1",
    "qubes-backup": "backup",
    "qubes-restore": "restore",
    "qubes-mgmt1d": "mgmt1d",
    "qubes-manager": "manager",
    "qubes-devices": "devices",
}


@pytest.mark.parametrize(("name", "function"), COMMANDS.items())
def test_each_command_prints_its_version(name: str, function: str) -> None:
    start = f"from qubesmanager.entry import {function}; raise SystemExit({function}())"
    done = subprocess.run([sys.executable, "-c", start, "--version"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{name} {qubesmanager.__version__}\n", "")


@pytest.mark.parametrize("function", ["manager", "devices"])
@pytest.mark.parametrize("module", ["PyQt5.QtSvg", "qasync"])
def test_a_window_without_qt_says_in_one_sentence_what_is_missing(function: str, module: str) -> None:
    start = f"import sys; sys.modules['{module}'] = None; from qubesmanager.entry import {function}; exit({function}())"
    done = subprocess.run([sys.executable, "-c", start, "--demo"], capture_output=True, text=True, check=False)

    assert done.returncode == 3
    assert f"The Python module {module} is missing" in done.stderr
    assert "python3-pyqt5.qtsvg" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("module", ["libvirt", "pyudev"])
def test_a_daemon_without_the_local_extra_says_in_one_sentence_what_is_missing(module: str) -> None:
    start = (
        f"import sys; sys.modules['{module}'] = None; from qubesmanager.entry import mgmt1d; raise SystemExit(mgmt1d())"
    )
    done = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith(f"qubes-mgmt1d: The Python module {module} is missing")
    assert "qubesmanager-mgmt1[local] (pip)" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_daemon_that_serves_loads_no_compression_no_demonstration_and_no_checks() -> None:
    names = ("isal", "zstandard", "cryptography", "qubesmanager.systems", "qubesmanager.daemon.local.checking")
    script = f"""
import sys
from qubesmanager.daemon import main
from qubesmanager.entry import mgmt1d
async def run(options, prepare):
    print([name for name in {names} if name in sys.modules])
main.run = run
raise SystemExit(mgmt1d())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
