# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of qubes in the text of a profile."""

from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.backup.profile import parse_profile
from qubesmanager.backup.profile_names import keys_naming, renamed, without

FLOW = """# nightly, by hand
include: ["vault", '$tag:created-by-vault', work] # the important ones
exclude: [vault]
destination_vm: vault
destination_path: /vault
passphrase_vm: "vault"
"""
BLOCK = """include:
- vault  # first
- "$tag:managed-by-vault"
- $type:AppVM
exclude:
    - work
    - vault

# where to
destination_path: /vault
"""
ONE = "include: [vault]\ndestination_path: /a\n"


def test_a_rename_changes_every_key_and_keeps_comments() -> None:
    assert renamed(FLOW, "vault", "safe") == (
        '# nightly, by hand\ninclude: ["safe", "$tag:created-by-safe", work] # the important ones\nexclude: ["safe"]\n'
        'destination_vm: "safe"\ndestination_path: /vault\npassphrase_vm: "safe"\n'
    )
    assert renamed(BLOCK, "vault", "on") == BLOCK.replace("- vault", '- "on"').replace(
        "managed-by-vault", "managed-by-on"
    )


def test_a_removed_qube_is_taken_out_of_the_lists_and_nothing_else_changes() -> None:
    profile = parse_profile(without(BLOCK, "vault"))

    assert profile.include == ("$tag:managed-by-vault", "$type:AppVM")
    assert profile.exclude == ("work",)
    assert "# where to" in without(BLOCK, "vault")
    assert parse_profile(without(FLOW, "vault")).include == ("$tag:created-by-vault", "work")


def test_the_last_qube_of_a_profile_stays_named() -> None:
    """Without any, the profile would take all qubes."""
    assert without(ONE, "vault") == ONE


def test_the_keys_that_name_a_qube_are_known() -> None:
    assert keys_naming(parse_profile(FLOW), "vault") == ["include", "exclude", "destination_vm", "passphrase_vm"]
    assert keys_naming(parse_profile(FLOW), "work") == ["include"]
    assert keys_naming(parse_profile(FLOW), "other") == []


@pytest.mark.parametrize("text", [FLOW, BLOCK, ONE, FLOW.replace("\n", "\r\n"), "\ufeff" + BLOCK])
def test_another_name_changes_nothing(text: str) -> None:
    assert renamed(text, "other", "new") == text
    assert without(text, "other") == text


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,6}", fullmatch=True)
PATTERNS = st.lists(
    NAMES | NAMES.map("$tag:created-by-{}".format) | NAMES.map("$tag:{}".format), min_size=1, max_size=4
)


@given(PATTERNS, PATTERNS, st.booleans(), st.data())
def test_any_profile_means_the_same_but_for_the_name(
    include: list[str], exclude: list[str], flow: bool, data: st.DataObject
) -> None:
    values = {"include": include, "destination_path": "/a", "exclude": exclude}
    text = yaml.safe_dump(values, default_flow_style=flow, sort_keys=False)
    old = data.draw(st.sampled_from([*include, *exclude]).map(lambda pattern: pattern.split("-by-")[-1].split(":")[-1]))
    before = parse_profile(text)

    after = parse_profile(renamed(text, old, "NEW"))
    left = parse_profile(without(text, old))

    def changed(patterns: tuple[str, ...]) -> tuple[str, ...]:
        known = {old: "NEW", f"$tag:created-by-{old}": "$tag:created-by-NEW"}
        return tuple(known.get(pattern, pattern) for pattern in patterns)

    assert after == replace(before, include=changed(before.include), exclude=changed(before.exclude))
    assert left.exclude == tuple(pattern for pattern in before.exclude if pattern != old)
    assert left.include == (tuple(pattern for pattern in before.include if pattern != old) or before.include)
