# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport to qubesd: calls by its socket, and those that are programs of dom0."""

import os
from pathlib import Path

import pytest
from dialect_fixtures import one_piece

from qubesmanager.transport import qubesd
from qubesmanager.transport.base import TransportError
from qubesmanager.transport.qubesd import QubesdTransport

IMPORT = "admin.vm.volume.ImportWithSize"


def program(folder: Path, text: str) -> Path:
    """A program of the call that imports."""
    path = folder / IMPORT
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return folder


async def answer(transport: QubesdTransport) -> bytes:
    pieces = transport.exchange(IMPORT, "private", "vault", one_piece(b"3\nabc"))
    return b"".join([piece async for piece in pieces])


@pytest.fixture(autouse=True)
def as_this_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


async def test_an_import_runs_the_program_as_qrexec_does(tmp_path: Path) -> None:
    folder = program(tmp_path, 'printf "0\\000%s" "$QREXEC_REMOTE_DOMAIN $QREXEC_REQUESTED_TARGET $1 $(cat)"')

    assert await answer(QubesdTransport(tmp_path / "nosuch", folder)) == b"0\x00dom0 vault private 3\nabc"


async def test_a_program_that_fails_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="status 3"):
        await answer(QubesdTransport(tmp_path / "nosuch", program(tmp_path, "cat > /dev/null; exit 3")))


async def test_without_the_program_the_socket_is_asked(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="Cannot connect to"):
        await answer(QubesdTransport(tmp_path / "nosuch", tmp_path))


def test_the_program_runs_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert qubesd.as_root() == ("sudo", "-n")
