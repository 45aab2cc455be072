# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/setup on machines that are not Debian."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("bash", "cat", "dirname", "flock", "grep", "id", "sed", "sha256sum", "python3", "env")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder of programs as the only PATH: no package manager that setup knows, and no compiler."""
    for name in TOOLS:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"needs {name}")
        (tmp_path / name).symlink_to(found)
    return tmp_path


def setup(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "scripts" / "setup"), *words],
        env={"PATH": str(path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_apt_it_names_what_is_missing_and_changes_nothing(tools: Path) -> None:
    done = setup(tools)

    assert done.returncode == 1
    assert "please install with this system's package manager" in done.stderr
    assert "gcc (in Debian: gcc)" in done.stderr


def test_an_unknown_word_is_answered_with_the_usage(tools: Path) -> None:
    done = setup(tools, "--everything")

    assert done.returncode == 2
    assert "usage: scripts/setup" in done.stderr
