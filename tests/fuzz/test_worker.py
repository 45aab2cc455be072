# SPDX-License-Identifier: GPL-3.0-or-later
"""The fuzzer finds a fault, and keeps the input that shows it; with and without atheris."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz import worker
from fuzz.main import ROOT
from fuzz.targets import TARGETS, Target
from until import LIMIT


def broken(data: bytes) -> None:
    if b"fault" in data:
        raise IndexError


def test_without_atheris_the_input_that_breaks_a_parser_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr("fuzz.targets.TARGETS", {"broken": Target("broken", broken, (b"seed",), (b"fault",))})

    with pytest.raises(IndexError):
        worker.main(["broken", "--seconds", "30", "--corpus", str(tmp_path / "c"), "--found", str(tmp_path / "f")])

    (kept,) = (tmp_path / "f").iterdir()
    assert b"fault" in kept.read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_with_atheris_a_worker_ends_well_and_keeps_its_corpus(tmp_path: Path) -> None:
    arguments = ["schedule", "--seconds", "1", "--corpus", str(tmp_path / "c"), "--found", str(tmp_path / "f")]

    done = subprocess.run(
        [sys.executable, "-m", "fuzz.worker", *arguments],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": ""},
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()
    assert len(list((tmp_path / "c").iterdir())) >= len(TARGETS["schedule"].seeds)
