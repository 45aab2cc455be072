# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of scripts/test, with fake tools that write down what they are called with."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("ruff", "mypy", "lint-imports", "vulture", "python", "coverage")
SCRIPTS = ("setup", "translate", "bench")
STATIC = {
    "ruff format --check .",
    "ruff check .",
    "mypy",
    "lint-imports",
    "python scripts/derive.py --check",
    "python scripts/words.py",
    "vulture",
    "translate --check",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with scripts/test and fake tools. A tool fails if a file `NAME.fails` exists."""
    for folder, names in ((".venv/bin", TOOLS), ("scripts", SCRIPTS)):
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            tool = tmp_path / folder / name
            tool.write_text(f'#!/bin/sh\necho "{name} $*" >>calls\necho "output of {name}"\n[ ! -e {name}.fails ]\n')
            tool.chmod(0o755)
    shutil.copy(ROOT / "scripts/test", tmp_path / "scripts/test")
    return tmp_path


def run(checkout: Path, *options: str, **variables: str) -> tuple[int, str, set[str]]:
    """Status, output, and the tools called except scripts/setup."""
    (checkout / "calls").write_text("")
    env = {"PATH": os.environ["PATH"], "TEST_WORKERS": "3", **variables}
    done = subprocess.run(
        ["scripts/test", *options], cwd=checkout, env=env, capture_output=True, text=True, check=False
    )
    text = re.sub(r"--failed-to \S+", "--failed-to FILE", (checkout / "calls").read_text())
    calls = {line.rstrip() for line in text.splitlines()}
    return done.returncode, done.stdout + done.stderr, calls - {"setup --test"}


def test_static_runs_no_test(checkout: Path) -> None:
    status, output, calls = run(checkout, "--static")

    assert (status, calls) == (0, STATIC)
    assert "All 8 checks passed" in output


def test_quick_runs_the_static_checks_and_the_unit_tests(checkout: Path) -> None:
    status, output, calls = run(checkout, "--quick", "tests/wire", "-k", "events")

    (tests,) = calls - STATIC
    assert status == 0
    assert tests.startswith("python -m pytest -q -n 3 ")
    assert tests.endswith("not slow tests/wire -k events")
    assert "All 9 checks passed" in output


@pytest.mark.parametrize(("words", "are_left_out"), [((), True), (("-k", "a"), True), (("tests/wire",), False)])
def test_quick_runs_tests_on_a_whole_system_where_their_folder_is_named(
    checkout: Path, words: tuple[str, ...], are_left_out: bool
) -> None:
    (checkout / "tests/wire").mkdir(parents=True)

    _, _, calls = run(checkout, "--quick", *words)

    (tests,) = calls - STATIC
    assert ("not whole" in tests) == are_left_out


def test_quick_leaves_out_marks_that_exist(checkout: Path) -> None:
    """A misspelt mark would leave nothing out."""
    script = (ROOT / "scripts/test").read_text()
    (expression,) = re.findall(r'^QUICK="(.*)"$', script, flags=re.MULTILINE)
    markers = re.findall(r'^    "(\w+): ', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)

    left_out = {term.removeprefix("not ") for term in expression.split(" and ")}
    assert left_out == set(markers) - {"unmeasured"}, "that mark is about coverage"


def test_without_an_option_everything_runs(checkout: Path) -> None:
    status, output, calls = run(checkout, "-x")

    assert status == 0
    assert calls > STATIC
    assert {
        "coverage run -m pytest -q -n 3 --dist worksteal --failed-to FILE -x",
        "python -m fuzz.main --seconds 10",
        "bench --smoke",
    } < calls
    assert "All 12 checks passed" in output


RUNS = {"--quick": "python", "": "coverage"}
"""What runs the tests of a speed."""
# Its first run writes the file `failing`, as the tests that failed; other runs end as without it.
PYTEST = """\
file=$(echo "$*" | sed -n 's/.*--failed-to \\([^ ]*\\).*/\\1/p')
if [ "$file" ] && [ -e failing ]; then
    cp failing "$file"
    [ ! -e crashed ] || echo "worker 'gw1' crashed while running 'tests/a.py::test_a'"
    exit 1
fi
if [ -e skipped ]; then echo "1 skipped in 0.1s"; elif [ -e failing ]; then echo "$(wc -l <failing) passed in 0.1s"; fi
"""


@pytest.fixture(params=RUNS)
def speed(request: pytest.FixtureRequest, checkout: Path) -> list[str]:
    """The options of a speed in which tests run; those of the file `failing` fail in the run of all tests."""
    tool = checkout / ".venv/bin" / RUNS[request.param]
    first, rest = tool.read_text().split("\n", 1)
    *lines, last = rest.splitlines()
    tool.write_text("\n".join([first, *lines, PYTEST, last]) + "\n")
    return [request.param] if request.param else []


def runs_of_tests(calls: set[str]) -> list[str]:
    """The calls that run tests without others at the same time."""
    return [call for call in calls if " pytest " in call and "--failed-to" not in call]


def test_a_test_that_fails_only_beside_others_is_named(checkout: Path, speed: list[str]) -> None:
    (checkout / "failing").write_text("tests/a.py::test_a[x - y]\ntests/b.py::test_b\n")

    status, output, calls = run(checkout, *speed)

    (again,) = runs_of_tests(calls)
    assert status == 0
    assert again.endswith(" tests/a.py::test_a[x - y] tests/b.py::test_b")
    assert "failed beside others, passed alone: tests/a.py::test_a[x - y]\n" in output
    assert "failed beside others, passed alone: tests/b.py::test_b\nAll" in output


def test_a_test_that_fails_again_fails_the_check(checkout: Path, speed: list[str]) -> None:
    (checkout / "failing").write_text("tests/a.py::test_a\n")
    (checkout / f"{RUNS[''.join(speed)]}.fails").touch()

    status, output, calls = run(checkout, *speed)

    assert (status, len(runs_of_tests(calls))) == (1, 1)
    assert "passed alone" not in output


@pytest.mark.parametrize("what", ["crashed", "skipped"])
def test_a_crash_and_a_test_that_skips_itself_alone_are_no_race(checkout: Path, speed: list[str], what: str) -> None:
    (checkout / "failing").write_text("tests/a.py::test_a\n")
    (checkout / what).touch()

    status, output, _calls = run(checkout, *speed)

    assert status == 1
    assert "passed alone" not in output


def test_failed_tests_run_again_with_the_same_options(checkout: Path, speed: list[str]) -> None:
    (checkout / "failing").write_text("tests/a.py::test_a\n")
    (checkout / "tests").mkdir()

    status, _output, calls = run(checkout, *speed, "--bridge", "tests")

    (again,) = runs_of_tests(calls)
    assert (status, again.endswith(" --bridge tests/a.py::test_a")) == (0, True)


@pytest.mark.parametrize("number", [0, 6])
def test_more_than_five_failures_and_none_fail_the_check_at_once(checkout: Path, speed: list[str], number: int) -> None:
    (checkout / "failing").write_text("".join(f"tests/a.py::test_{at}\n" for at in range(number)))

    status, output, calls = run(checkout, *speed)

    assert (status, runs_of_tests(calls)) == (1, [])
    assert "FAILED: " in output


def test_a_failed_check_is_named_and_the_others_run(checkout: Path) -> None:
    (checkout / "mypy.fails").touch()
    (checkout / "vulture.fails").touch()

    status, output, calls = run(checkout, "--static")

    assert (status, calls) == (1, STATIC)
    assert "FAILED: mypy" in output
    assert re.search(r"FAILED after \d+ s: types, dead code\. 6 other checks passed\.", output)


def test_the_output_of_checks_that_run_at_once_stays_apart(checkout: Path) -> None:
    _, output, _ = run(checkout, "--static")

    parts = re.findall(r"── (.*)\noutput of (\S+)\n   passed", output)
    assert [name for name, _ in parts] == [
        "format",
        "lint",
        "types",
        "layers",
        "derived files",
        "words",
        "dead code",
        "translations",
    ]
    assert parts[2] == ("types", "mypy")


def test_types_are_not_checked_with_the_packages_of_the_distribution(checkout: Path) -> None:
    _, _, calls = run(checkout, "--static", SYSTEM_PACKAGES="yes")

    assert calls == STATIC - {"mypy"}


@pytest.mark.parametrize("options", [("--static", "tests"), ("--quick", "--static"), ("-x", "--quick")])
def test_options_that_do_not_go_together_are_refused(checkout: Path, options: tuple[str, ...]) -> None:
    status, output, calls = run(checkout, *options)

    assert (status, calls) == (2, set())
    assert options[1] in output
    assert "usage: scripts/test" in output


def test_the_help_names_each_speed(checkout: Path) -> None:
    status, output, calls = run(checkout, "--help")

    assert (status, calls) == (0, set())
    assert all(f"scripts/test{option}" in output for option in ("  ", " --quick", " --static"))
