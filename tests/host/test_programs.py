# SPDX-License-Identifier: GPL-3.0-or-later
"""Installed programs, with real processes."""

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from until import until

from qubesmanager.host import programs
from qubesmanager.host.errors import HostError
from qubesmanager.wire.errors import PermissionDenied

Install = Callable[[str, str], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a script of that name in the only folder of programs there is; it gives the folder."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(name: str, script: str) -> Path:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return tmp_path

    return put


async def test_a_command_is_one_argument_whatever_is_in_it(install: Install) -> None:
    folder = install("qvm-run", 'printf "%s|" "$@" > "${0%/*}/said"')

    await programs.run(programs.RUN, "work", "echo $HOME; rm 'a b' {qube}")

    assert (folder / "said").read_text() == "--quiet|--|work|echo $HOME; rm 'a b' {qube}|"


async def test_a_management_qube_gives_the_command_to_the_shell_of_the_qube(install: Install) -> None:
    folder = install(
        "qrexec-client-vm", 'printf "%s|" "$@" > "${0%/*}/said"; read -r line; echo "$line" >> "${0%/*}/said"'
    )

    await programs.run(programs.RUN, "work", "xterm -e top")

    assert (folder / "said").read_text() == "work|qubes.VMShell|xterm -e top\n"


async def test_missing_programs_are_named_in_the_error(install: Install) -> None:
    assert programs.missing(programs.RUN) == "qvm-run or qrexec-client-vm"
    with pytest.raises(HostError, match="Not installed here: qubes-vm-update"):
        await programs.run(programs.UPDATE, "debian-13")


async def test_the_output_of_a_failed_program_is_reported_shortened_and_printable(install: Install) -> None:
    install(
        "qubes-vm-update",
        "i=0; while [ $i -lt 2000 ]; do echo filling; i=$((i+1)); done; printf 'no \\033[31mnetwork' >&2; exit 3",
    )

    with pytest.raises(HostError) as raised:
        await programs.run(programs.UPDATE, "debian-13")

    assert str(raised.value).endswith("no  [31mnetwork")
    assert len(str(raised.value)) <= programs.KEPT


async def test_a_denial_by_policy_is_a_refusal(install: Install) -> None:
    install("qrexec-client-vm", "exit 126")

    with pytest.raises(PermissionDenied, match="work"):
        await programs.run(programs.OPEN_TERMINAL, "work")


async def test_a_cancel_ends_the_program(install: Install) -> None:
    folder = install("qubes-vm-update", 'echo $$ > "${0%/*}/pid"; exec /bin/sleep 1000')
    async with asyncio.TaskGroup() as group:
        task = group.create_task(programs.run(programs.UPDATE, "debian-13"))
        await until(lambda: (folder / "pid").exists() and (folder / "pid").read_text())
        task.cancel()

    with pytest.raises(ProcessLookupError):
        os.kill(int((folder / "pid").read_text()), 0)


async def test_a_program_that_is_installed_or_removed_later_is_noticed(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "FRESH", 0.01)
    assert programs.missing(programs.UPDATE) == "qubes-vm-update"

    folder = install("qubes-vm-update", "exit 0")
    await until(lambda: not programs.missing(programs.UPDATE))

    (folder / "qubes-vm-update").unlink()
    await until(lambda: programs.missing(programs.UPDATE))


async def test_the_disk_is_asked_once_for_many_looks(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("qvm-run", "exit 0")
    asked: list[str] = []
    which = shutil.which

    def counted(program: str, path: str | None = None) -> str | None:
        asked.append(program)
        return which(program, path=path)

    monkeypatch.setattr(programs, "FRESH", 3600.0)
    monkeypatch.setattr(shutil, "which", counted)
    for _ in range(100):
        assert programs.missing(programs.RUN) == ""

    assert asked == ["qvm-run"]
