# SPDX-License-Identifier: GPL-3.0-or-later
"""Passphrases: what is read from a file, a qube, a call or a field is the same passphrase, or refused, never cut."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.backup.errors import BackupError
from qubesmanager.backup.passphrases import LIMIT, passphrase_line, passphrase_text, read_passphrase

WORDS = "grün 钥匙 pass"
ENDS = ["", "\n", "\r\n", "\r", "\n\n", "\r\nmore lines\r\n"]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ENDS)
def test_line_ends_and_a_byte_order_mark_are_not_part_of_it(mark: str, end: str) -> None:
    untrusted = f"{mark}{WORDS}{end}".encode()

    assert passphrase_line(untrusted, "It") == WORDS
    assert read_passphrase(io.BytesIO(untrusted), "It") == WORDS


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\0\r\ufeff"), min_size=1, max_size=40))
def test_any_other_character_is_kept(words: str) -> None:
    assert passphrase_text(words, "It") == words
    assert passphrase_text(f"{words}\r\n", "It") == words
    assert read_passphrase(io.BytesIO(f"{words}\r\n".encode()), "It") == words


@pytest.mark.parametrize("words", ["x" * LIMIT, "\ufeff" + "x" * LIMIT + "\r\n"])
def test_the_longest_is_taken_whole(words: str) -> None:
    assert len(read_passphrase(io.BytesIO(words.encode()), "It")) == LIMIT


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_longer_one_is_refused_and_not_cut(end: str) -> None:
    words = "x" * (LIMIT + 1) + end

    with pytest.raises(BackupError, match="more than 4096 bytes"):
        passphrase_text(words, "It")
    with pytest.raises(BackupError, match="more than 4096 bytes"):
        read_passphrase(io.BytesIO(words.encode()), "It")


@pytest.mark.parametrize("words", ["", "\r\n", "\ufeff", "two\nlines", "nul\0", "\udcff"])
def test_a_passphrase_that_is_not_one_line_of_text_is_refused(words: str) -> None:
    with pytest.raises(BackupError, match=r"^The field is not a passphrase"):
        passphrase_text(words, "The field")


def test_utf16_as_a_windows_editor_writes_it_is_refused() -> None:
    with pytest.raises(BackupError, match="UTF-8"):
        passphrase_line(WORDS.encode("utf-16"), "The file")
