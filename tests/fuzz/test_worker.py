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


# A separate program: the process that workers are forked from ends with it.
PROGRAM = """
import sys
from pathlib import Path
import fuzz.main
fuzz.main.FORKED.set_forkserver_preload(["preload_broken"])
fuzz.main.CORPUS, fuzz.main.FOUND = Path(sys.argv[1], "corpus"), Path(sys.argv[1], "found")
result = fuzz.main.fuzz(sys.argv[2], 1)
print(result.output)
raise SystemExit(result.status)
"""
PRELOAD = """
import fuzz.preload
from fuzz.targets import TARGETS, Target
def check(data):
    if b"fault" in data:
        raise IndexError("broken")
TARGETS["broken"] = Target("broken", check, (b"a fault",), ())
"""


def run(folder: Path, name: str) -> tuple[int, str]:
    """Status and output of a second of a target; `broken` is one that breaks."""
    (folder / "preload_broken.py").write_text(PRELOAD, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), name],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}:{folder}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.unmeasured
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_with_atheris_a_worker_ends_well_and_keeps_its_corpus(tmp_path: Path) -> None:
    status, output = run(tmp_path, "schedule")

    assert status == 0, output
    assert len(list((tmp_path / "corpus/schedule").iterdir())) >= len(TARGETS["schedule"].seeds)
    assert not (tmp_path / "found/schedule").exists()


@pytest.mark.slow
@pytest.mark.unmeasured
def test_the_input_and_the_output_of_a_worker_that_fails_are_kept(tmp_path: Path) -> None:
    status, output = run(tmp_path, "broken")

    assert status != 0
    assert "IndexError: broken" in output
    (found,) = (tmp_path / "found/broken").iterdir()
    assert b"fault" in found.read_bytes()
