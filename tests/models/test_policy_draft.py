# SPDX-License-Identifier: GPL-3.0-or-later
"""The edits of policy files: what is sent, what is undone, and what another client's change does to them."""

from qubesmanager.models.policy_draft import PolicyDraft
from qubesmanager.wire.policy_files import NEW, POLICY, RUNTIME, FileChange, PolicyFile, call_name


def row(path: str, text: str = "", token: str = "") -> PolicyFile:
    return PolicyFile(POLICY, path, token or f"sha256:{text}", text)


def draft_of(*rows: PolicyFile) -> PolicyDraft:
    draft = PolicyDraft()
    draft.load(rows)
    return draft


def test_an_edit_is_sent_with_the_token_of_the_version_it_began_with() -> None:
    draft = draft_of(row("30-user.policy", "a"), row("31-other.policy", "b"))

    draft.edit("30-user.policy", "A")
    draft.edit("40-new.policy", "n")

    assert draft.sendings() == [
        FileChange("30-user.policy", "sha256:a", "a", "A"),
        FileChange("40-new.policy", NEW, None, "n"),
    ]


def test_includes_are_written_first_and_removed_last() -> None:
    draft = draft_of(row("30-user.policy", "a"), row("include/x", "x"))

    draft.edit("include/x", None)
    draft.edit("30-user.policy", None)
    draft.edit("include/y", "y")
    draft.edit("20-new.policy", "n")

    assert [change.path for change in draft.sendings()] == ["include/y", "20-new.policy", "30-user.policy", "include/x"]


def test_a_text_that_is_as_before_is_no_edit() -> None:
    draft = draft_of(row("30-user.policy", "a"))

    draft.edit("30-user.policy", "A")
    draft.edit("30-user.policy", "a")

    assert draft.edited() == []


def test_edits_are_undone_one_by_one() -> None:
    draft = draft_of(row("30-user.policy", "a"))
    draft.edit("30-user.policy", "b")
    draft.edit("30-user.policy", "c")
    draft.edit("40-new.policy", "n")

    texts = []
    while draft.can_undo:
        draft.undo()
        texts.append((draft.text("30-user.policy"), draft.edited()))

    assert texts == [("c", ["30-user.policy"]), ("b", ["30-user.policy"]), ("a", [])]


def test_a_discarded_edit_can_be_undone() -> None:
    draft = draft_of(row("30-user.policy", "a"))
    draft.edit("30-user.policy", "b")
    draft.discard()
    assert draft.edited() == []

    draft.undo()

    assert draft.text("30-user.policy") == "b"


def test_an_edit_of_a_file_that_changed_elsewhere_is_a_conflict_and_stays() -> None:
    draft = draft_of(row("30-user.policy", "a"), row("31-other.policy", "b"))
    draft.edit("30-user.policy", "mine")

    draft.load([row("30-user.policy", "theirs"), row("31-other.policy", "B")])

    assert draft.conflicts == {"30-user.policy"}
    assert draft.text("30-user.policy") == "mine"
    assert draft.text("31-other.policy") == "B"


def test_a_conflict_ends_with_either_version() -> None:
    for choose, text in ((PolicyDraft.keep_mine, "mine"), (PolicyDraft.take_theirs, "theirs")):
        draft = draft_of(row("30-user.policy", "a"))
        draft.edit("30-user.policy", "mine")
        draft.load([row("30-user.policy", "theirs")])

        choose(draft, "30-user.policy")

        assert draft.conflicts == frozenset()
        assert draft.text("30-user.policy") == text
        assert [change.token for change in draft.sendings()] == (["sha256:theirs"] if text == "mine" else [])


def test_a_file_that_was_removed_or_made_elsewhere_is_a_conflict() -> None:
    draft = draft_of(row("30-user.policy", "a"))
    draft.edit("30-user.policy", "mine")
    draft.edit("40-new.policy", "mine")

    draft.load([row("40-new.policy", "theirs")])

    assert draft.conflicts == {"30-user.policy", "40-new.policy"}


def test_what_dom0_has_now_is_no_edit() -> None:
    draft = draft_of(row("30-user.policy", "a"))
    draft.edit("30-user.policy", "b")

    draft.load([row("30-user.policy", "b")])

    assert draft.edited() == []
    assert draft.conflicts == frozenset()


def test_a_namesake_in_the_other_folder_has_its_own_token() -> None:
    draft = draft_of(row("30-user.policy", "a"), PolicyFile(RUNTIME, "30-user.policy", "sha256:r", "r"))

    draft.edit("30-user.policy", "b")

    assert draft.sendings() == [FileChange("30-user.policy", "sha256:a", "a", "b")]


def test_only_files_that_a_call_can_name_have_a_name() -> None:
    assert call_name("30-user.policy") == "30-user"
    assert call_name("include/x") == "x"
    assert [call_name(path) for path in ("Notes.policy", "my own.policy", "more/x", "README", ".x.policy")] == [
        None
    ] * 5
