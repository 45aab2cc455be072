# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of name at the lengths 0, 1, the most, and one more; and characters that qrexec replaces."""

import re

import pytest

from qubesmanager.daemon.admission import gate
from qubesmanager.wire import names
from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.names import NameRule, check, shown
from qubesmanager.wire.reasons import refusal

LENGTHS: dict[str, tuple[int, int]] = {
    "VM_NAME": (1, 31), "PROPERTY_NAME": (1, 64), "FEATURE_NAME": (1, 128), "QUBES_TAG": (1, 128),
    "TAG_NAME": (1, 128), "LABEL_NAME": (1, 32), "POOL_NAME": (1, 128), "PROFILE_ID": (1, 64),
    "VOLUME_NAME": (1, 32), "VOLUME_ID": (1, 200), "SNAPSHOT_ID": (1, 64), "RULE_ID": (1, 64),
    "DEVICE_IDENT": (1, 128), "DEVICE_INTERFACE": (7, 7), "DEVICE_IDENTITY": (1, 200), "LOG_NAME": (1, 64),
    "FILE_NAME": (1, 100), "CLASS_NAME": (1, 31), "ARGUMENT": (0, 255), "SERVICE_CALL": (1, 255),
}  # fmt: skip
"""The fewest and the most characters of each kind."""
FIRST = {"CLASS_NAME": "A", "DEVICE_INTERFACE": "b"}
RULES = {key: rule for key, rule in vars(names).items() if isinstance(rule, NameRule)}


def test_every_kind_has_its_lengths() -> None:
    assert LENGTHS.keys() == RULES.keys()


@pytest.mark.parametrize("kind", LENGTHS)
@pytest.mark.parametrize("length", [0, 1, 2, "most", "more"])
def test_a_name_is_taken_up_to_its_longest_and_refused_beyond_with_the_exact_error(
    kind: str, length: int | str
) -> None:
    rule, (fewest, most) = RULES[kind], LENGTHS[kind]
    size = {"most": most, "more": most + 1}.get(str(length), length)
    name = (FIRST.get(kind, "a") + "a" * 300)[: int(size)]
    if fewest <= len(name) <= most:
        assert check(rule, name) == name
        return

    with pytest.raises(ProtocolError) as caught:
        check(rule, name)

    expected = refusal("not-valid", rule.noun, shown(name))
    assert (str(caught.value), caught.value.reason) == (str(expected), expected.reason)


@pytest.mark.parametrize("kind", [kind for kind in LENGTHS if kind not in {"ARGUMENT", "VOLUME_ID"}])
@pytest.mark.parametrize("character", ["\x00", "\n", " ", "$", "/", "%", "\x7f", "ä", "\uff41", "\u0663", "`", ";"])
def test_no_name_has_a_character_that_qrexec_replaces(kind: str, character: str) -> None:
    rule, (fewest, most) = RULES[kind], LENGTHS[kind]
    name = (FIRST.get(kind, "a") + "a" * most)[:most]
    for at in range(1 if fewest < most else most):
        assert not rule.matches(name[: at + 1] + character if fewest < most else name[:at] + character)
    assert not rule.matches(f"{name}\n")


@pytest.mark.parametrize(
    ("pattern", "most"),
    [(gate._SERVICE, 255), (gate._ARGUMENT, 255), (gate._TARGET, 64)],
    ids=["service", "argument", "target"],
)
def test_the_words_of_a_call_from_elsewhere_have_these_lengths(pattern: re.Pattern[str], most: int) -> None:
    takes = [length for length in (0, 1, most, most + 1) if pattern.fullmatch("a" * length)]

    assert takes == ([0, 1, most] if pattern is gate._ARGUMENT else [1, most])
