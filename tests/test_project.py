# SPDX-License-Identifier: GPL-3.0-or-later
"""The project as a whole: versions, scripts, licence lines, links, dependencies."""

import ast
import itertools
import re
import runpy
import shutil
import subprocess
import sys
from configparser import ConfigParser
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import qubesmanager

pytestmark = pytest.mark.unmeasured

ROOT = Path(__file__).resolve().parents[1]
SPDX = "SPDX-License-Identifier: GPL-3.0-or-later"
# Imported by name where it is there.
AWAITED = {"isal", "zstandard", "zxcvbn"}
IMPORT_NAMES = {"pyyaml": "yaml", "libvirt-python": "libvirt", "pyqt5": "PyQt5"}


@cache
def files() -> list[Path]:
    """What the repository holds, and what is about to be added."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files belong to the project is not known")
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@cache
def project_data() -> dict[str, Any]:
    with patch("setuptools.setup") as setup, patch.object(sys, "argv", ["setup.py"]):
        runpy.run_path(str(ROOT / "setup.py"))
    return dict(setup.call_args.kwargs)


def shebang(file: Path) -> str:
    with file.open("rb") as opened:
        line = opened.readline(200)
    return line.decode("utf-8", "replace").strip() if line.startswith(b"#!") else ""


# What may take as long as a disk, a network or another process pleases.
WAITS = {
    "read_text",
    "write_text",
    "read_bytes",
    "write_bytes",
    "iterdir",
    "glob",
    "rglob",
    "unlink",
    "mkdir",
    "rmtree",
}
WAITS_OF_MODULES = {
    "subprocess.run",
    "subprocess.Popen",
    "subprocess.check_output",
    "os.system",
    "shutil.copy",
    "time.sleep",
}
WINDOWS_MAY_WAIT = {
    "ui/session/tasks.py": "the history: read before the first window, written in a thread",
    "ui/policy/versions.py": "the versions of policy files: read and written in a thread",
    "ui/session/diagnostics.py": "/proc/self, which never waits",
    "ui/shell/single_instance.py": "the socket in the runtime directory, which is in memory",
    "ui/icons/__init__.py": "the package's own icons",
}


def waits_in(file: Path) -> list[str]:
    """The calls in a module that wait for a file or a process."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    awaited = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Await)}
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or id(node) in awaited:
            continue
        name = ast.unparse(node.func)
        opens = name == "open" or (name.endswith(".open") and any(isinstance(at, ast.Constant) for at in node.args))
        if name.rpartition(".")[2] in WAITS or name in WAITS_OF_MODULES or opens:
            found.append(f"{file.name}:{node.lineno}: {name}")
    return found


def requirement_name(requirement: str) -> str:
    return re.split(r"[<>=;\[ ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def run_requirements(data: dict[str, Any]) -> list[str]:
    return [*data["install_requires"], *data["extras_require"]["local"], *data["extras_require"]["full"]]


@cache
def modules_imported(folder: Path) -> frozenset[str]:
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return frozenset(found)


def test_the_package_and_setup_agree_on_the_version() -> None:
    assert project_data()["version"] == qubesmanager.__version__


def test_windows_and_models_wait_for_no_file_or_process() -> None:
    package = ROOT / "qubesmanager"
    modules = [file for folder in ("ui", "models") for file in (package / folder).rglob("*.py")]
    waiting = {str(file.relative_to(package)): found for file in modules if (found := waits_in(file))}

    assert {name: found for name, found in waiting.items() if name not in WINDOWS_MAY_WAIT} == {}
    assert waiting.keys() == WINDOWS_MAY_WAIT.keys(), "what no longer waits needs no reason"


def test_every_script_runs_and_is_well_formed() -> None:
    for file in files():
        first = shebang(file)
        if first:
            assert file.stat().st_mode & 0o111, f"{file} has a first line for the kernel, and may not be executed"
        if "bash" in first or first.endswith("/sh"):
            checked = subprocess.run(["bash", "-n", str(file)], capture_output=True, text=True, check=False)
            assert not checked.returncode, checked.stderr


def test_every_source_says_its_licence_first() -> None:
    for file in files():
        if file.suffix in {".py", ".sh", ".service", ".socket", ".sql"} or shebang(file):
            start = file.read_text(encoding="utf-8").splitlines()[:2]
            assert any(SPDX in line for line in start), file


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_no_link_in_the_documents_is_dead() -> None:
    for file in files():
        if file.suffix == ".md":
            text = re.sub(r"```.*?```|`[^`\n]*`", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
            for link in re.findall(r"\]\(([^)\s]+)\)", text):
                target = link.partition("#")[0]
                if target and "://" not in target and not target.startswith("mailto:"):
                    assert (file.parent / target).exists(), f"{file.relative_to(ROOT)} links to {link}"


def test_the_paths_in_the_architecture_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    paths = re.findall(r"`([a-z_0-9/]+(?:/|\.py))`", text)
    below = ("", "ui", "daemon/local", "daemon/bridge")
    roots = (ROOT, *(ROOT / "qubesmanager" / folder for folder in below))

    assert len(paths) > 50
    assert [path for path in paths if not any((root / path).exists() for root in roots)] == []


def test_every_page_of_a_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")

    assert not [page.name for page in folder.glob("[0-9]*.md") if f"]({page.name})" not in listed]


def test_files_installed_next_to_the_python_package_exist() -> None:
    for _, names in project_data()["data_files"]:
        for name in names:
            assert (ROOT / name).is_file()


def test_the_desktop_entry_starts_a_command_of_ours() -> None:
    commands = {line.partition("=")[0] for lines in project_data()["entry_points"].values() for line in lines}

    for file in (ROOT / "share" / "applications").glob("*.desktop"):
        entry = ConfigParser(interpolation=None, strict=True)
        entry.read(file, encoding="utf-8")
        assert entry["Desktop Entry"]["Exec"].split()[0] in commands
        assert (ROOT / "share" / "icons" / f"{entry['Desktop Entry']['Icon']}.svg").exists()


def test_each_manual_page_is_of_a_command_of_ours() -> None:
    commands = {line.partition("=")[0] for lines in project_data()["entry_points"].values() for line in lines}

    for page in (ROOT / "docs" / "man").glob("*.[18]"):
        assert page.stem in commands
        assert f".TH {page.stem.upper()} {page.suffix[1:]} " in page.read_text(encoding="utf-8")


def help_of(entry: str) -> str:
    """What a command prints for --help."""
    module, function = entry.split(":")
    start = f"from {module} import {function}; raise SystemExit({function}())"
    return subprocess.run([sys.executable, "-c", start, "--help"], capture_output=True, text=True, check=True).stdout


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


@pytest.mark.parametrize("page", sorted((ROOT / "docs/man").iterdir()), ids=lambda page: page.stem)
def test_each_manual_page_has_the_options_of_its_command_and_no_others(page: Path) -> None:
    entries = dict(line.split("=") for lines in project_data()["entry_points"].values() for line in lines)

    text = page.read_text(encoding="utf-8").replace("\\-", "-")
    assert options_in(text) == options_in(help_of(entries[page.stem]))
    statuses = re.findall(r"^\.TP\n\.B (\d+)$", text, flags=re.MULTILINE)
    assert statuses == sorted(set(statuses), key=int)


def test_the_locked_requirements_cover_what_setup_asks_for() -> None:
    locked = {
        requirement_name(line)
        for line in (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
        if re.match(r"[A-Za-z0-9]", line)
    }
    data = project_data()

    asked = data["install_requires"] + data["extras_require"]["local"] + data["extras_require"]["dev"]

    assert {requirement_name(requirement) for requirement in asked} <= locked


def test_the_locked_requirements_name_no_place() -> None:
    text = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")

    assert not re.findall(r"://|--index|--extra-index|--find-links|(?<= )/\w+", text)


def test_a_dependency_that_is_used_is_declared() -> None:
    data = project_data()
    declared = {requirement_name(each) for each in run_requirements(data)}
    allowed = {IMPORT_NAMES.get(name, name) for name in declared} | {"libvirtaio", "qubesmanager"}

    assert modules_imported(ROOT / "qubesmanager") <= allowed | set(sys.stdlib_module_names)


def test_a_dependency_that_is_declared_is_used() -> None:
    data = project_data()
    declared = {requirement_name(each) for each in run_requirements(data)}

    used = modules_imported(ROOT / "qubesmanager")

    assert {IMPORT_NAMES.get(name, name) for name in declared} <= used | AWAITED


def validated(program: str, *words: str | Path) -> str:
    """What a validator prints about files that it accepts."""
    command = shutil.which(program)
    if command is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([command, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_desktop_entries_are_valid() -> None:
    assert validated("desktop-file-validate", *(ROOT / "share/applications").glob("*.desktop")) == ""


def test_the_metainfo_is_valid_and_of_this_version() -> None:
    metainfo = ROOT / "share/metainfo/qubes-manager.metainfo.xml"

    assert "Validation was successful" in validated("appstreamcli", "validate", "--no-net", metainfo)
    assert f'<release version="{qubesmanager.__version__}"' in metainfo.read_text(encoding="utf-8")


WIDTH = 100
GENERATED = {"docs/api.md", "docs/api-admin.md"}


def long_lines(text: str) -> list[int]:
    """The numbers of the lines over `WIDTH` characters that could be wrapped: no code, no table, no single word."""
    numbers = []
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        fenced ^= line.lstrip().startswith("```")
        if fenced or line.startswith("    ") or line.lstrip().startswith("|"):
            continue
        if len(line) > WIDTH and " " in line.strip().lstrip("-*> ")[: WIDTH - 2]:
            numbers.append(number)
    return numbers


def test_documents_wrap_at_100_characters() -> None:
    documents = {file for file in files() if file.suffix == ".md"}
    long = {
        name: numbers
        for file in documents
        if (name := str(file.relative_to(ROOT))) not in GENERATED
        and (numbers := long_lines(file.read_text(encoding="utf-8")))
    }

    assert long == {}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a short line", []),
        ("word " * 30, [1]),
        ("- " + "word " * 30, [1]),
        ("| " + "cell | " * 30, []),
        ("    " + "code " * 30, []),
        ("```\n" + "code " * 30 + "\n```\n" + "word " * 30, [4]),
        ("- " + "x" * 120, []),
    ],
)
def test_a_line_that_is_too_long_is_found_outside_of_tables_and_code(text: str, numbers: list[int]) -> None:
    assert long_lines(text) == numbers


# -- runs of lines that are written twice -----------------------------------------------------------------------------

RUN = 6
"""Lines from which on a run of equal lines in two files is shared instead."""
WRITTEN_TWICE: dict[frozenset[str], str] = {}
"""By the paths of two files: why a run may be in both."""


IMPORTS = re.compile(r"^ *(?:from [\w.]+ import (?:\([^)]*\)|[^(\n]+)|import [\w., ]+?(?:  #.*)?)$", re.MULTILINE)


def lines_of_code(file: Path) -> list[tuple[int, str]]:
    """The lines of a module with their numbers, without blanks, comments, imports and ends of signatures."""
    # Without a parser, which takes two seconds for all files.
    source = IMPORTS.sub(lambda match: "\n" * match[0].count("\n"), file.read_text(encoding="utf-8"))
    lines = [(number, line.strip()) for number, line in enumerate(source.split("\n"), 1)]
    return [(number, line) for number, line in lines if line.strip('()[]{},:"') and line[0] not in "#)"]


def runs_in_two_files(modules: list[Path], shortest: int = RUN) -> set[tuple[str, str]]:
    """The places of each pair of equal runs in two files, `FILE:LINE`; of a longer run every start."""
    places: dict[tuple[str, ...], list[tuple[Path, int]]] = {}
    for file in modules:
        lines = lines_of_code(file)
        for at in range(len(lines) - shortest + 1):
            key = tuple(line for _, line in lines[at : at + shortest])
            places.setdefault(key, []).append((file, lines[at][0]))
    return {
        (f"{one.relative_to(ROOT)}:{line}", f"{other.relative_to(ROOT)}:{second}")
        for listed in places.values()
        for (one, line), (other, second) in itertools.combinations(listed, 2)
        if one != other and frozenset({str(one.relative_to(ROOT)), str(other.relative_to(ROOT))}) not in WRITTEN_TWICE
    }


def test_no_six_lines_are_the_same_in_two_files() -> None:
    assert runs_in_two_files([file for file in files() if file.suffix == ".py"]) == set()


def test_a_run_that_is_written_twice_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    body = "\n".join(f"a{number} = {number}" for number in range(RUN))
    (tmp_path / "one.py").write_text(f"import os\n\n# first\n{body}\n")
    (tmp_path / "two.py").write_text(f"b = 1\n{body}\n\nc = 2\n")

    assert runs_in_two_files([tmp_path / "one.py", tmp_path / "two.py"]) == {("one.py:4", "two.py:2")}
