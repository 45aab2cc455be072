# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles: those of Qubes 4.x are read, and any text is read or refused in words."""

from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.backup import profile as profiles
from qubesmanager.backup.archive.compression import Compression
from qubesmanager.backup.profile import Profile, parse_profile, profile_text, without_passphrase
from qubesmanager.backup.retention import Keep
from qubesmanager.wire.errors import ProtocolError, QubesValueError

OF_QUBES = """# as the backup tool of Qubes 4.2 writes it
compression: true
destination_path: /mnt/backups
destination_vm: sys-usb
include:
- $type:AppVM
- $tag:work
- personal
exclude: [untrusted]
passphrase_text: correct horse
"""


def test_a_profile_of_qubes_is_read() -> None:
    assert parse_profile(OF_QUBES) == Profile(
        include=("$type:AppVM", "$tag:work", "personal"),
        exclude=("untrusted",),
        destination_vm="sys-usb",
        destination_path="/mnt/backups",
        compression=Compression.GZIP,
        passphrase_text="correct horse",
    )


def parsed(text: str) -> Profile | None:
    """The profile, or None where it was refused in a sentence."""
    try:
        return parse_profile(text)
    except (ProtocolError, QubesValueError) as error:
        refusal = str(error)
    assert refusal.endswith(".")
    return None


SCALARS: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-5, 20_000)
    | st.floats()
    | st.dates()
    | st.binary(max_size=5)
    | st.text(max_size=10)
    | st.sampled_from(["/a", "/a/../b", "$type:AppVM", "$tag:x", "$x:y", "work", "gzip", "strong", "daily 03:00"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["last", "daily", "weekly", "monthly"]) | st.text(max_size=3), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(profiles._KEYS)) | st.text(max_size=5), VALUES, max_size=6))
def test_any_keys_and_values_are_a_profile_that_can_be_or_refused_in_words(values: dict[str, Any]) -> None:
    text = yaml.safe_dump(values, allow_unicode=True)
    profile = parsed(text)
    if profile is None:
        return

    assert bool(profile.destination_path) != bool(profile.destination_command)
    assert profile.keep is None or profile.verify
    assert not profile.verify or profile.destination_vm == "dom0"
    assert isinstance(profile.keep, Keep | None)
    assert set(values) <= set(profiles._KEYS)
    assert not parse_profile(without_passphrase(text)).passphrase_text
    assert parse_profile(profile_text(profile)) == profile


@given(st.text(max_size=200) | st.text("{}[]&*!|>'\"%@`:-,? \n\tab#1.", max_size=60))
def test_any_text_is_read_or_refused_in_words(untrusted: str) -> None:
    parsed(untrusted)
    with suppress(ProtocolError, QubesValueError):
        without_passphrase(untrusted)


WORDS = st.text(min_size=1, max_size=20).filter(lambda text: not set(text) & set("\n\0\r\ufeff"))


@given(WORDS)
def test_a_passphrase_in_a_profile_is_read_as_it_is_and_never_shown(words: str) -> None:
    text = yaml.safe_dump({"destination_path": "/a", "passphrase_text": words})

    profile = parse_profile(text)

    assert profile.passphrase_text == words
    assert repr(words) not in repr(profile)
    assert "passphrase_text" not in without_passphrase(text)


@pytest.mark.parametrize(
    "untrusted",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "[" * 60_000,
        "- " * 30_000,
        "{a: " * 15_000,
        "? " * 30_000,
        "include: " + "[" * 900 + "]" * 900,
        "destination_path: " + "x" * (64 << 10),
        "!!python/object/apply:os.system ['true']",
        "include: [" + "a," * 20_000 + "]\ndestination_path: /a\n",
        "".join(f"k{number}: 1\n" for number in range(7000)),
        "? {a: b}\n: c\n",
        "1: 2\n",
        "destination_path: /a\ndestination_path: /b\n",
        "\ud800",
    ],
)
def test_a_profile_that_costs_or_does_more_than_reading_is_refused(untrusted: str) -> None:
    with pytest.raises((ProtocolError, QubesValueError)):
        parse_profile(untrusted)


def test_the_parsed_form_of_a_text_is_kept() -> None:
    assert parse_profile(OF_QUBES) is parse_profile(OF_QUBES)


@pytest.mark.parametrize("key", ["passphrase_file", "passphrase_vm", "passphrase_text"])
@pytest.mark.parametrize("value", ["hunter2 is it", "[hunter2]", "{hunter2: x}", '"hunter2\\n"'])
def test_a_passphrase_in_the_wrong_place_is_not_quoted(key: str, value: str) -> None:
    message = ""
    try:
        parse_profile(f"destination_path: /b\n{key}: {value}\n")
    except (ProtocolError, QubesValueError) as error:
        message = str(error)

    assert "hunter2" not in message
    assert message or key == "passphrase_text"
