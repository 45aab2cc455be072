# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package for guests: the same each time, and whole."""

import importlib
import io
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from qubesmanager.guest import agent, client, local
from qubesmanager.guest.services import OWN, ROOT_SERVICES
from scripts import guest_package

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "share/guest/qubes-mgmt1-client.1").read_text("utf-8").replace("\\-", "-")


def members(package: bytes) -> dict[str, bytes]:
    """The members of an ar archive."""
    assert package.startswith(b"!<arch>\n")
    found: dict[str, bytes] = {}
    at = 8
    while at < len(package):
        name, size = package[at : at + 16].decode().strip(), int(package[at + 48 : at + 58])
        found[name] = package[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    return found


def opened(name: str) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(members(guest_package.package())[name]))


def content(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def test_the_same_files_give_the_same_package(monkeypatch: pytest.MonkeyPatch) -> None:
    first = guest_package.package()

    assert guest_package.package() == first
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert guest_package.package() != first


def test_all_files_are_roots_and_only_programs_can_be_run() -> None:
    with opened("data.tar.gz") as archive:
        for info in archive:
            assert (info.uid, info.gid, info.uname, info.mtime) == (0, 0, "root", 1_577_836_800), info.name
            if info.isfile():
                is_program = content(archive, info.name).startswith(b"#!")
                assert info.mode == (0o755 if is_program else 0o644), info.name


def test_it_has_the_files_of_the_guest_as_they_are() -> None:
    with opened("data.tar.gz") as archive:
        names = set(archive.getnames())
        for path in (ROOT / "qubesmanager/guest").glob("*.py"):
            assert content(archive, f"./usr/lib/qubes-mgmt1/qubesmanager/guest/{path.name}") == path.read_bytes()

    assert "./lib/systemd/system/qubes-mgmt1-agent.service" in names
    assert {f".{OWN}/{name}" for name in ROOT_SERVICES} <= names
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.parametrize(("path", "entry"), guest_package.PROGRAMS.items())
def test_each_program_runs_a_function_that_is_there(path: str, entry: str) -> None:
    module, _dot, function = entry.partition(".")
    with opened("data.tar.gz") as archive:
        text = content(archive, f"./{path}").decode()

    compile(text, path, "exec")
    assert f"from qubesmanager.guest.{module} import {function}" in text
    assert callable(getattr(importlib.import_module(f"qubesmanager.guest.{module}"), function))


def test_the_client_is_qrexec_client_vm_too() -> None:
    with opened("data.tar.gz") as archive:
        assert archive.getmember("./usr/bin/qrexec-client-vm").linkname == "qubes-mgmt1-client"


def test_the_unit_starts_the_agent_where_it_makes_its_socket() -> None:
    with opened("data.tar.gz") as archive:
        unit = content(archive, "./lib/systemd/system/qubes-mgmt1-agent.service").decode()

    assert "ExecStart=/usr/sbin/qubes-mgmt1-agent $OPTIONS\n" in unit
    assert f"RuntimeDirectory={Path(local.SOCKET).parent.name}\n" in unit
    assert Path(local.SOCKET).parent.parent == Path("/run")


def test_the_scripts_of_the_package_are_shell() -> None:
    with opened("control.tar.gz") as archive:
        for name in ("./postinst", "./prerm"):
            assert archive.getmember(name).mode == 0o755
            subprocess.run(["sh", "-n"], input=content(archive, name), check=True)


def test_debians_tools_read_it(tmp_path: Path) -> None:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed")
    path = guest_package.build(tmp_path)

    shown = subprocess.run(["dpkg-deb", "--info", path], capture_output=True, text=True, check=True).stdout
    subprocess.run(["dpkg-deb", "-x", path, tmp_path / "tree"], check=True)

    assert path.name == f"qubes-mgmt1-client_{guest_package.version()}_all.deb"
    assert " Depends: python3 (>= 3.9)\n" in shown
    assert os.access(tmp_path / "tree/usr/sbin/qubes-mgmt1-agent", os.X_OK)


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def test_the_manual_page_has_the_options_of_the_client_and_its_exit_statuses() -> None:
    assert options_in(MANUAL) == options_in(client.USAGE)
    statuses = set(re.findall(r"^\.TP\n\.B (\d+)$", MANUAL, flags=re.MULTILINE))
    assert statuses == {"2", "125", "126", "127", "141"}


def test_the_guide_has_the_options_of_the_agent(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        agent.main(["--help"])

    guide = (ROOT / "docs/guide/guests.md").read_text("utf-8")
    assert options_in(capsys.readouterr().out) - {"--help"} <= options_in(guide)
