# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client sends for a restore, and how it reads the answers; the daemon's own parser is the other side."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from restore_samples import PLANS, QUBES

from qubesmanager.backup.errors import BackupError
from qubesmanager.client.client import Client
from qubesmanager.client.restores import Progress, contents, options_head
from qubesmanager.daemon.restoring.entries import parse_options
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire.errors import ProtocolError, QubesValueError
from qubesmanager.wire.restores import (
    Contents,
    Restored,
    RestorePlan,
    StoredDetails,
    StoredQube,
    decode_contents,
    decode_restored,
)

PASSPHRASES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\n\0\r\ufeff"), min_size=1, max_size=30
)


@given(PLANS, PASSPHRASES)
def test_the_daemon_reads_the_plan_that_the_client_wrote(plan: RestorePlan, passphrase: str) -> None:
    head = options_head(plan, passphrase)

    assert head.endswith(b"\n\n")
    read = parse_options(head.removesuffix(b"\n\n"))
    assert (read.passphrase, read.plan) == (passphrase, plan)
    assert parse_options(options_head(plan, passphrase, "a1-b2")).run == "a1-b2"


@pytest.mark.parametrize("passphrase", ["", "two\nlines", "nul\0", "\udcff"])
def test_a_passphrase_that_no_line_can_say_is_not_sent(passphrase: str) -> None:
    with pytest.raises(BackupError):
        options_head(None, passphrase)


@pytest.mark.parametrize(
    "plan",
    [
        RestorePlan(include=("a\nverify-only=yes",)),
        RestorePlan(exclude=("a b",)),
        RestorePlan(rename={"a": "b c:d"}),
        RestorePlan(template={"a:b": "c"}),
        RestorePlan(netvm={"": "c"}),
        RestorePlan(pool="a\n\n"),
    ],
)
def test_a_name_that_would_be_another_option_is_not_sent(plan: RestorePlan) -> None:
    with pytest.raises(QubesValueError):
        options_head(plan, "words")


PLAIN_QUBES = QUBES.map(lambda qube: replace(qube, details=StoredDetails()))


@given(st.lists(PLAIN_QUBES, max_size=5, unique_by=lambda qube: qube.name), st.booleans())
def test_contents_are_read_as_the_daemon_sent_them(qubes: list[StoredQube], ours: bool) -> None:
    rows = [
        f"{each.name} class={each.klass} label={each.label} size={each.size} template={each.template}"
        f" netvm={each.netvm} exists={'yes' if each.exists else 'no'}\n"
        for each in qubes
    ]
    text = f"backup-id=x-1\ncompression=gzip\nours={'yes' if ours else 'no'}\n\n{''.join(rows)}"

    assert decode_contents(text) == Contents("x-1", "gzip", ours, tuple(qubes))


@given(st.text())
def test_any_other_text_is_read_or_refused(untrusted: str) -> None:
    for parse in (decode_contents, decode_restored):
        try:
            parse(untrusted)
        except ProtocolError:
            continue


@pytest.mark.parametrize(
    ("row", "restored"),
    [
        ("a restored-as=b result=ok", Restored("a", "b", "ok", "")),
        ("a restored-as=- result=skipped It was not asked for.", Restored("a", "", "skipped", "It was not asked for.")),
    ],
)
def test_a_row_of_the_result_says_what_became_of_a_qube(row: str, restored: Restored) -> None:
    assert decode_restored(row) == restored


@pytest.mark.parametrize("row", ["", "a", "a restored-as= result=ok", "a restored-as=b result=fine", "a b result=ok"])
def test_a_row_that_says_nothing_of_a_qube_is_refused(row: str) -> None:
    with pytest.raises(ProtocolError):
        decode_restored(row)


def test_the_share_of_an_empty_file_is_nothing() -> None:
    assert [Progress(0, 0).percent, Progress(5, 10).percent, Progress(11, 10).percent] == [0, 50, 100]


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
async def test_a_path_that_is_not_a_file_is_refused_without_waiting(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "backup"
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)

    async def answer(*_call: object) -> None:
        raise AssertionError

    with pytest.raises(BackupError, match="cannot be read"):
        await contents(Client(MemoryTransport(answer)), path, "words")  # type: ignore[arg-type] # never called
