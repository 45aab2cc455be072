# SPDX-License-Identifier: GPL-3.0-or-later
"""Who imports whom: no circle of modules, and the contracts are seen to break."""

import ast
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

pytestmark = [pytest.mark.whole, pytest.mark.unmeasured]

ROOT = Path(__file__).resolve().parents[1]

# One wrong module for each contract, by a word of the contract's name.
WRONG = {
    "Layers: each part": ("wire/wrong_layer.py", "import qubesmanager.rules"),
    "Layers of the daemon": ("daemon/registry.py", "import qubesmanager.daemon.local"),
    "Layers of the local backend": ("daemon/local/core/wrong.py", "import qubesmanager.daemon.local.store"),
    "Layers of the bridge": ("daemon/bridge/channel.py", "import qubesmanager.daemon.bridge.mirror"),
    "Handlers reach the services": (
        "daemon/local/handlers/vm.py",
        "import qubesmanager.daemon.local.services.lifecycle",
    ),
    "never load the daemon": ("models/wrong_daemon.py", "import qubesmanager.daemon"),
    "Windows do not import each other": ("ui/manager/main_window.py", "import qubesmanager.ui.settings"),
    "do no I/O": ("rules/wrong_io.py", "import os"),
    "knows no profile": ("backup/archive/wrong_profile.py", "import qubesmanager.backup.profile"),
    "Qt is loaded by": ("cli/wrong_qt.py", "from PyQt5.QtCore import QObject"),
    "touch the machine": ("daemon/wrong_process.py", "import subprocess"),
}


def lint(folder: Path) -> str:
    """What lint-imports says of the package in `folder`, as one line a contract."""
    lint_imports = Path(sys.executable).with_name("lint-imports")
    if not lint_imports.exists():
        pytest.skip("lint-imports is not installed beside this Python")
    done = subprocess.run(
        [str(lint_imports), "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture
def package(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "qubesmanager", tmp_path / "qubesmanager", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "qubesmanager"


def test_each_contract_breaks_on_a_wrong_import(package: Path) -> None:
    for place, line in WRONG.values():
        with (package / place).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")

    said = lint(package.parent)

    for name in WRONG:
        assert re.search(rf"{re.escape(name)}.* BROKEN", said), f"{name}: not seen\n{said}"


def test_a_new_package_without_a_layer_is_refused(package: Path) -> None:
    (package / "surplus.py").touch()

    assert "surplus" in lint(package.parent)


@cache
def imports_in(source: str) -> frozenset[tuple[str, str]]:
    """The imports of a module: what is imported, or from what, and the name that is imported from it."""
    names: set[tuple[str, str]] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {(str(node.module), alias.name) for alias in node.names}
    return frozenset(names)


def imports_of(folder: Path) -> dict[str, set[str]]:
    """By module of the package: the modules of the package that it imports anywhere.

    Imports in functions and below TYPE_CHECKING count. A name that is imported from a package is the module of that
    name if there is one.
    """
    files = {
        ".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in folder.rglob("*.py")
    }

    def imported(path: Path) -> set[str]:
        imports = imports_in(path.read_text("utf-8"))
        return {part if (part := f"{module}.{name}") in files else module for module, name in imports} & files.keys()

    return {name: imported(path) - {name} for name, path in files.items()}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """The modules of a circle in the order of their imports, the first one again at the end; empty if there is none."""
    done: set[str] = set()
    for start in sorted(graph):
        way, branches = [start], [iter(sorted(graph[start]))]
        while way:
            follower = next((name for name in branches[-1] if name not in done), None)
            if follower is None:
                done.add(way.pop())
                branches.pop()
            elif follower in way:
                return [*way[way.index(follower) :], follower]
            else:
                way.append(follower)
                branches.append(iter(sorted(graph[follower])))
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(imports_of(ROOT / "qubesmanager")) == []


LATE = "def late() -> None:\n    from qubesmanager.daemon.local import system\n"
TYPES = "if TYPE_CHECKING:\n    import qubesmanager.daemon.local.system\n"


@pytest.mark.parametrize("lines", [LATE, TYPES])
def test_a_circle_is_found_also_in_functions_and_type_hints(package: Path, lines: str) -> None:
    with (package / "daemon/local/runtime.py").open("a", encoding="utf-8") as file:
        file.write(f"\n\n{lines}")

    modules = circle(imports_of(package))

    assert {"qubesmanager.daemon.local.runtime", "qubesmanager.daemon.local.system"} <= set(modules)
