# SPDX-License-Identifier: GPL-3.0-or-later
"""The scrypt container, against itself, against damage and against the `scrypt` command."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from until import LIMIT

from qubesmanager.backup.archive.scrypt_container import (
    HEAD_SIZE,
    LEVELS,
    Opener,
    Params,
    Sealer,
    keys_of,
    mac_of,
    new_keys,
    open_container,
    params_of,
    seal,
)
from qubesmanager.backup.errors import BackupDamagedError, BackupError, BackupLimitError, BackupPassphraseError

TINY = Params(4)
WORDS = "grün 钥匙".encode()


@given(st.binary(max_size=300))
@settings(max_examples=50, deadline=None)
def test_a_sealed_container_is_opened(body: bytes) -> None:
    assert open_container(seal(new_keys(WORDS, TINY), body), WORDS) == body


def test_a_body_in_pieces_is_the_body_at_once() -> None:
    keys = new_keys(WORDS, TINY)
    sealer = Sealer(keys)
    pieces = [sealer.update(piece) for piece in (b"one", b"", b"two", bytes(100))]

    assert mac_of(keys, pieces) == sealer.finish()
    opener = Opener(keys_of(keys.head, WORDS))
    assert b"".join(map(opener.update, pieces)) == b"onetwo" + bytes(100)


def test_a_wrong_passphrase_is_distinguished_from_damage() -> None:
    container = seal(new_keys(WORDS, TINY), b"body")

    with pytest.raises(BackupPassphraseError):
        open_container(container, b"another")
    with pytest.raises(BackupDamagedError):
        open_container(container[:-1], WORDS)


def test_no_flipped_bit_is_accepted() -> None:
    container = seal(new_keys(WORDS, TINY), b"body")

    for at in range(len(container)):
        for bit in range(8):
            changed = bytearray(container)
            changed[at] ^= 1 << bit
            with pytest.raises(BackupError):
                open_container(bytes(changed), WORDS)


@pytest.mark.parametrize(("params", "says"), [(Params(30), "MiB of memory"), (Params(20, 8, 200), "longer")])
def test_a_derivation_beyond_the_caps_is_refused_before_it_begins(params: Params, says: str) -> None:
    with pytest.raises(BackupLimitError, match=says):
        new_keys(WORDS, params)


@given(st.binary(min_size=HEAD_SIZE, max_size=HEAD_SIZE) | st.binary(max_size=HEAD_SIZE + 1))
@settings(max_examples=100, deadline=None)
def test_any_bytes_as_a_head_are_refused_in_words(untrusted: bytes) -> None:
    with pytest.raises(BackupError):
        params_of(untrusted)


def test_the_levels_are_those_that_are_documented() -> None:
    assert {name: params.log_n for name, params in LEVELS.items()} == {"standard": 17, "strong": 20, "generated": 14}


def scrypt_command(way: str, source: Path, target: Path, passphrase: bytes, *options: str) -> None:
    """Run `scrypt enc` or `scrypt dec`, the passphrase on its input."""
    program = shutil.which("scrypt")
    if program is None:
        pytest.skip("the scrypt command is not installed")
    subprocess.run([program, way, "-P", *options, source, target], input=passphrase + b"\n", timeout=LIMIT, check=True)


def test_the_scrypt_command_opens_what_was_sealed_here(tmp_path: Path) -> None:
    body = os.urandom(100_000)
    (tmp_path / "sealed").write_bytes(seal(new_keys(WORDS, Params(10)), body))

    scrypt_command("dec", tmp_path / "sealed", tmp_path / "opened", WORDS)

    assert (tmp_path / "opened").read_bytes() == body


def test_a_container_of_the_scrypt_command_is_opened(tmp_path: Path) -> None:
    body = os.urandom(100_000)
    (tmp_path / "body").write_bytes(body)

    scrypt_command("enc", tmp_path / "body", tmp_path / "sealed", WORDS, "-t", "0.1")

    assert open_container((tmp_path / "sealed").read_bytes(), WORDS) == body
