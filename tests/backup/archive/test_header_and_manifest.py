# SPDX-License-Identifier: GPL-3.0-or-later
"""backup-header and the manifest: what is written is read; anything else is refused in words."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qubesmanager.backup.archive.header import Head, chunk_secret, from_text, head_secret, to_text
from qubesmanager.backup.archive.manifest import FileEntry, Manifest, QubeEntry, from_json, to_json
from qubesmanager.backup.errors import BackupDamagedError, BackupError
from qubesmanager.backup.passphrases import generated

OURS = Head("20251123T080000-1234", "gzip", has_manifest=True)
NUMBERS = st.integers(0, 1 << 50)
FILES = st.builds(
    FileEntry, st.text(max_size=20), NUMBERS, NUMBERS, NUMBERS, st.text("0123456789abcdef", min_size=64, max_size=64)
)
QUBES = st.builds(
    QubeEntry, st.text(max_size=20), st.text(max_size=5), st.text(max_size=20), st.tuples(FILES) | st.just(())
)
MANIFESTS = st.builds(
    Manifest, st.text(max_size=20), NUMBERS, st.text(max_size=20), st.text(max_size=20), st.tuples(QUBES) | st.just(())
)


@pytest.mark.parametrize("method", ["gzip", "zstd", "bzip2", "xz", None])
@pytest.mark.parametrize("ours", [True, False])
def test_a_header_comes_back(method: str | None, ours: bool) -> None:
    head = Head("20251123T080000-1", method, ours)

    assert from_text(to_text(head)) == head
    assert to_text(head).startswith(b"version=4\n")


def test_a_header_of_qubes_own_tool_is_read_with_keys_that_are_not_known() -> None:
    text = (
        b"version=4\nhmac-algorithm=scrypt\nencrypted=True\ncompressed=True\ncompression-filter=gzip\n"
        b"backup-id=20240101T000000-99\nsome-new-key=what=ever\n"
    )

    assert from_text(text) == Head("20240101T000000-99", "gzip", has_manifest=False)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"version=4", b"version=3", "version '3'"),
        (b"encrypted=True", b"encrypted=False", "not sealed"),
        (b"filter=gzip", b"filter=lzop", "'lzop'"),
        (b"algorithm=scrypt", b"algorithm=SHA512", "not sealed"),
        (b"backup-id=", b"backup-id=../", "broken"),
        (b"compressed=True", b"compressed=Maybe", "broken"),
        (b"version=4\n", b"version=4\nversion=4\n", "broken"),
        (b"version=4\n", b"version=4\n\xff=1\n", "broken"),
    ],
)
def test_a_header_that_cannot_be_read_says_why(old: bytes, new: bytes, says: str) -> None:
    with pytest.raises(BackupError, match=says):
        from_text(to_text(OURS).replace(old, new))


def test_secrets_are_those_of_the_format() -> None:
    assert head_secret("grün") == "backup-header!grün".encode()
    assert chunk_secret("ID", "vm1/private.img.000.enc", "a!b") == b"ID!vm1/private.img.000!a!b"


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=100, deadline=None)
def test_any_bytes_as_a_header_are_refused_in_words(untrusted: bytes) -> None:
    with pytest.raises(BackupError):
        from_text(untrusted)


@given(MANIFESTS)
@settings(max_examples=50, deadline=None)
def test_a_manifest_comes_back(manifest: Manifest) -> None:
    assert from_json(to_json(manifest)) == manifest


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["version", "qubes", "files", "name"]), inner)
    ),
    max_leaves=8,
)


@given(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=100, deadline=None)
def test_any_bytes_as_a_manifest_are_refused_in_words(untrusted: bytes) -> None:
    with pytest.raises(BackupError):
        from_json(untrusted)


@given(MANIFESTS, st.sampled_from(["version", "backup", "created", "profile", "previous", "qubes"]), JSON)
@settings(max_examples=100, deadline=None)
def test_a_manifest_with_another_field_is_read_or_refused_in_words(manifest: Manifest, field: str, value: Any) -> None:
    text = json.loads(to_json(manifest)) | {field: value}

    with contextlib.suppress(BackupError):
        from_json(json.dumps(text).encode())


def test_a_manifest_of_a_later_version_is_distinguished_from_a_broken_one() -> None:
    text = to_json(Manifest("id", 1, "", "", ()))

    with pytest.raises(BackupError, match="version 2") as found:
        from_json(text.replace(b'"version":1', b'"version":2'))
    assert not isinstance(found.value, BackupDamagedError)
    with pytest.raises(BackupDamagedError):
        from_json(b"[" * 100_000)


def test_a_generated_passphrase_has_more_than_128_bits_and_is_easy_to_copy() -> None:
    words = {generated() for _ in range(50)}

    assert len(words) == 50
    for word in words:
        letters = word.replace("-", "")
        assert len(letters) * 5 >= 128
        assert set(letters) <= set("abcdefghijklmnopqrstuvwxyz234567")
        assert head_secret(word)
