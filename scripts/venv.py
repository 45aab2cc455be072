# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes .venv of the Python that runs this: the commands of the checkout, and the packages that they need.

    venv.py [--system] [--checks]

With `--system` a package of the distribution is taken where its version suffices. Everything else comes from PyPI, in
the versions and with the hashes of requirements-dev.txt. `--checks`: also what checks the program.

Standard library only.
"""

import argparse
import ast
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
LOCKED = ROOT / "requirements-dev.txt"

LAUNCHER = """\
#!/bin/sh
'''exec' {python} -s "$0" "$@"
' '''
# Written by scripts/venv.py
import sys

from {module} import {function}

sys.exit({function}())
"""
"""A command: sh starts Python, so that the path may be long and have spaces; to Python those lines are a string."""


def setup_arguments(source: str) -> dict[str, Any]:
    """The keyword arguments of the call of `setup` in setup.py that consist of constants, without running it."""
    known: dict[str, Any] = {}
    arguments: dict[str, Any] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            known |= _constant(node.targets[0].id, node.value, known)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            for keyword in node.value.keywords:
                arguments |= _constant(str(keyword.arg), keyword.value, known)
    return arguments


def _constant(name: str, node: ast.expr, known: dict[str, Any]) -> dict[str, Any]:
    try:
        return {name: eval(compile(ast.Expression(node), "setup.py", "eval"), {"__builtins__": {}}, dict(known))}
    except (NameError, TypeError, AttributeError):
        return {}


def name_of(requirement: str) -> str:
    """The normalized name of a requirement or of a line of the lock."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0]).lower()


def version_of(text: str) -> tuple[int, ...]:
    """The leading numbers of a version."""
    match = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, match.group().split("."))) if match else ()


def suffices(requirement: str) -> bool:
    """Whether this Python has the package already, in the version asked for at least."""
    floor = re.search(r"[>=]=\s*([\w.]+)", requirement)
    try:
        version = metadata.version(name_of(requirement))
    except metadata.PackageNotFoundError:
        return False
    return floor is None or version_of(version) >= version_of(floor.group(1))


def locked(text: str) -> dict[str, tuple[str, frozenset[str]]]:
    """The lock's entries by name: their lines, and the names of the packages that need them."""
    entries: dict[str, tuple[str, frozenset[str]]] = {}
    for entry in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]:
        lines = [line for line in entry.splitlines(keepends=True) if not line.lstrip().startswith("#")]
        comments = re.findall(r"^ +# +(?:via +)?([\w.-]+)(?: \(setup\.py\))?$", entry, flags=re.MULTILINE)
        entries[name_of(entry)] = "".join(lines), frozenset(map(name_of, comments))
    return entries


def closure(names: Iterable[str], entries: dict[str, tuple[str, frozenset[str]]]) -> set[str]:
    """The names, and everything that they need."""
    chosen, todo = set[str](), list(names)
    while todo:
        name = todo.pop()
        if name not in chosen:
            chosen.add(name)
            todo += [other for other, (_, needed_by) in entries.items() if name in needed_by]
    return chosen


def launchers(entry_points: dict[str, list[str]], python: Path) -> Iterator[tuple[str, str]]:
    """The commands of the checkout: name and text."""
    for entry in chain.from_iterable(entry_points.values()):
        name, module, function = re.split("[=:]", entry)
        yield name, LAUNCHER.format(python=shlex.quote(str(python)), module=module, function=function)


def say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr, flush=True)


def run(*command: str) -> None:
    """Run a command that reports on standard error, and end with a sentence if it fails."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if result.returncode:
        raise SystemExit(f"setup: this failed: {shlex.join(command)}")


def make_venv(*, system: bool, with_pip: bool) -> None:
    """An environment of this Python. One that is of this Python and kind is kept: a program may be running in it."""
    configuration = VENV / "pyvenv.cfg"
    expected = {"home": os.path.dirname(sys._base_executable), "include-system-site-packages": str(system).lower(),  # type: ignore[attr-defined] # noqa: PTH120, SLF001
                "version": sys.version.split()[0]}  # fmt: skip
    if configuration.is_file() and (VENV / "bin/python").exists():
        lines = dict(
            re.split(r"\s*=\s*", line, maxsplit=1)
            for line in configuration.read_text("utf-8").splitlines()
            if "=" in line
        )
        moved = not lines.get("command", "").endswith(f" {VENV}")
        if (
            expected.items() <= lines.items()
            and not moved
            and (not with_pip or list(VENV.glob("lib/*/site-packages/pip")))
        ):
            return
    say(f"making .venv with Python {sys.version.split()[0]}")
    options = [*(["--system-site-packages"] if system else []), *([] if with_pip else ["--without-pip"])]
    run(sys.executable, "-m", "venv", "--clear", *options, str(VENV))


def install(text: str) -> None:
    """Install the locked requirements in `text`, with a line for each download."""
    names = re.findall(r"^([A-Za-z0-9][\w.-]*)==(\S+)", text, flags=re.MULTILINE)
    say(f"installing from PyPI into .venv: {', '.join(' '.join(name) for name in names)}")
    chosen = VENV / "requirements.txt"
    chosen.write_text(text, encoding="utf-8")
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--no-deps", "--require-hashes"]
    command = [str(VENV / "bin/python"), "-s", "-m", "pip", "install", *options, "-r", str(chosen)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            if size := re.match(r"\s*(?:Downloading|Using cached) (?:\S*/)?(\S+) \((.*)\)", line):
                say(f"  {size[1]} ({size[2]})")
            elif "Building wheel" in line and line.rstrip().endswith("started"):
                say(f"  building {line.split()[3]}")
    if pip.returncode:
        raise SystemExit("setup: pip could not install the packages; its error is above.")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="venv.py")
    parser.add_argument("--system", action="store_true")
    parser.add_argument("--checks", action="store_true")
    options = parser.parse_args(argv)
    start = time.monotonic()
    data = setup_arguments((ROOT / "setup.py").read_text(encoding="utf-8"))
    extras = data["extras_require"]
    required, optional = [*data["install_requires"], *extras["local"]], extras["full"]
    entries = locked(LOCKED.read_text(encoding="utf-8"))
    if options.system:
        needed = {name_of(requirement) for requirement in required if not suffices(requirement)}
        served = [
            f"{name_of(text)} {metadata.version(name_of(text))}" for text in [*required, *optional] if suffices(text)
        ]
        say(f"taking from the distribution: {', '.join(served) or 'nothing'}")
    else:
        needed = set(map(name_of, [*required, *optional]))
    if options.checks:
        runs = set(map(name_of, [*required, *optional]))
        needed |= {name for name in map(name_of, extras["dev"]) if name not in runs}
    chosen = sorted(closure(needed, entries) & entries.keys())
    make_venv(system=options.system, with_pip=bool(chosen))
    if chosen:
        install("".join(entries[name][0] for name in chosen))
    site = next(VENV.glob("lib/python3*/site-packages"))
    (site / "qubesmanager-checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    for name, text in launchers(data["entry_points"], VENV / "bin/python"):
        command = VENV / "bin" / name
        command.write_text(text, encoding="utf-8")
        command.chmod(0o755)
    size = sum(path.lstat().st_size for path in VENV.rglob("*")) / 1_000_000
    say(f"  .venv is ready: {size:.0f} MB, after {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
