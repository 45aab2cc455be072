# SPDX-License-Identifier: GPL-3.0-or-later
"""The sdist, and the wheel built from it, installed outside of the checkout: all is in it, and every command starts."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

import qubesmanager

pytestmark = pytest.mark.slow  # it builds and installs the package

ROOT = Path(__file__).resolve().parents[1]
VERSION = qubesmanager.__version__
NOT_PART = shutil.ignore_patterns(".*", "build", "__pycache__", "*.qm", "*.egg-info", "pictures")
COMMANDS = (
    "mgmt1",
    "qubes-backup",
    "qubes-restore",
    "qubes-mgmt1d",
    "qubes-mgmt1-gateway",
    "qubes-manager",
    "qubes-devices",
)


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    """Run a command that has to succeed, without anything of the checkout in its environment; what it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd, env={**environment, **more}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of a copy of the checkout."""
    folder = tmp_path_factory.mktemp("source")
    copied = shutil.copytree(ROOT, folder / "checkout", ignore=NOT_PART, symlinks=True)
    run(sys.executable, "setup.py", "-q", "sdist", "--formats=gztar", "--dist-dir", folder, cwd=copied)
    return folder / f"qubesmanager_mgmt1-{VERSION}.tar.gz"


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    """The wheel that pip builds from the sdist."""
    folder = source.parent
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check", "-q")
    run(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, source, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def prefix(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel installed; what it needs comes from this one's."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    options = ("--no-deps", "--no-index", "--disable-pip-version-check", "-q")
    python = folder / "bin/python"
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, cwd=folder.parent)
    # A path in a .pth file brings the packages, and not the checkout that another .pth file there leads to.
    needed = dict.fromkeys([sysconfig.get_path("purelib"), *(path for path in sys.path if path.endswith("-packages"))])
    (next(folder.glob("lib/python3*/site-packages")) / "needed.pth").write_text("\n".join(needed) + "\n")
    return folder


def names_in(source: Path) -> set[str]:
    with tarfile.open(source) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_the_sdist_has_all_that_builds_and_checks(source: Path) -> None:
    names = names_in(source)

    assert {
        "CHANGELOG.md",
        "README.md",
        "LICENSE",
        "i18n/qubesmanager_de.ts",
        "scripts/translations.py",
        "scripts/setup",
        "requirements-dev.txt",
        "rpc-handlers/install",
        "rpc-handlers/policy/include/mgmt1-local-ro",
        "rpc-handlers/systemd/qubes-mgmt1d.socket",
        "tests/test_package.py",
    } <= names


def test_the_sdist_has_each_file_of_the_repository(source: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files belong to the project is not known")
    listed = run("git", "-c", "safe.directory=*", "ls-files", "-z", cwd=ROOT).split("\0")
    files = {name for name in listed if name and (ROOT / name).is_file()}
    hidden = {name for name in files if any(part.startswith(".") for part in Path(name).parts)}
    pictures = {name for name in files if "pictures" in Path(name).parts}  # `NOT_PART`, to save time

    assert files - hidden - pictures - names_in(source) == set()


def test_the_wheel_has_all_that_is_installed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    data = f"qubesmanager_mgmt1-{VERSION}.data/data/share"

    assert "qubesmanager/i18n/qubesmanager_de.qm" in names
    assert "qubesmanager/html/guide/README.html" in names
    assert "qubesmanager/py.typed" in names
    for suffix in (".svg", ".sql"):
        here = {str(path.relative_to(ROOT)) for path in (ROOT / "qubesmanager").rglob(f"*{suffix}")}
        assert here <= set(names)
    handlers = {str(path.relative_to(ROOT)) for path in (ROOT / "rpc-handlers").rglob("*") if path.is_file()}
    pages = {f"man/man{path.suffix[1:]}/{path.name}" for path in (ROOT / "docs/man").iterdir()}
    entries = {f"applications/{path.name}" for path in (ROOT / "share/applications").iterdir()}
    assert {f"{data}/qubes-mgmt1/{name}" for name in handlers if "__pycache__" not in name} <= set(names)
    assert {f"{data}/{name}" for name in pages | entries} <= set(names)
    assert f"{data}/metainfo/qubes-manager.metainfo.xml" in names
    assert f"{data}/icons/hicolor/scalable/apps/qubes-manager.svg" in names
    assert f"{data}/doc/qubesmanager-mgmt1/CHANGELOG.md" in names


def test_without_translations_there_is_no_wheel(tmp_path: Path) -> None:
    copied = shutil.copytree(ROOT, tmp_path / "checkout", ignore=NOT_PART, symlinks=True)
    shutil.rmtree(copied / "i18n")

    done = subprocess.run(
        [sys.executable, "setup.py", "-q", "build"], cwd=copied, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "the translations, i18n/*.ts, are missing" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_installed_command_starts(prefix: Path, tmp_path: Path, command: str) -> None:
    assert run(prefix / "bin" / command, "--version", cwd=tmp_path) == f"{command} {VERSION}\n"
    assert run(prefix / "bin" / command, "--help", cwd=tmp_path).startswith(f"usage: {command} ")


def test_the_installed_programs_work_together_in_german(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    printed = run(
        prefix / "bin/qubes-manager", "--demo", "1", "--print-table",
        cwd=tmp_path, LC_ALL="C.UTF-8", LANGUAGE="de", LANG="de_DE.UTF-8",
        XDG_RUNTIME_DIR=str(tmp_path / "run"), XDG_STATE_HOME=str(tmp_path), QT_QPA_PLATFORM="offscreen",
    )  # fmt: skip

    assert "sys-firewall" in printed
    where = "import qubesmanager; print(qubesmanager.__file__)"
    assert run(prefix / "bin/python", "-c", where, cwd=tmp_path).startswith(str(prefix))
    assert list(prefix.glob("lib/python3*/site-packages/qubesmanager/i18n/qubesmanager_de.qm"))


def test_the_installed_handlers_put_the_units_in_place(prefix: Path, tmp_path: Path) -> None:
    handlers = prefix / "share/qubes-mgmt1/rpc-handlers"
    for program in ("install", "uninstall", "mgmt1-handler"):
        assert os.access(handlers / program, os.X_OK)

    run(handlers / "install", "--root", tmp_path, "--commands", prefix / "bin", cwd=tmp_path)

    unit = (tmp_path / "usr/lib/systemd/system/qubes-mgmt1d.service").read_text()
    assert f'ExecStart="{prefix}/bin/qubes-mgmt1d"\n' in unit
