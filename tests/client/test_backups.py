# SPDX-License-Identifier: GPL-3.0-or-later
"""What a daemon says of backups is taken as it is meant, or refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.backup.errors import BackupError, BackupIncompleteError
from qubesmanager.client.backups import whole
from qubesmanager.wire.backups import VERIFYING, PlannedQube, Progress, decode_preview, decode_run, follow
from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.event import Event

HEAD = (
    "profile=nightly\nsize=300\nfree=\nwritable=yes\npassphrase=vm\nlast-run=7\nlast-result=ok\nnext-run=\n"
    "missing=a b\nwould-remove="
)


def progress(**fields: str) -> Event:
    names = {key.replace("_", "-"): value for key, value in fields.items()}
    return Event("", "backup-progress", {"profile": "nightly", **names})


def test_a_preview_says_what_is_known_and_what_is_not() -> None:
    found = decode_preview(f"{HEAD}\n\nwork class=AppVM label=red size=300 running=yes last=5 changed=no\nnew size=0\n")

    assert (found.size, found.free, found.writable, found.last_run, found.next_run) == (300, None, True, 7, None)
    assert (found.missing, found.would_remove, found.given_by) == (("a", "b"), (), "vm")
    assert found.qubes == (
        PlannedQube("work", 300, running=True, last=5, changed=False, klass="AppVM", label="red"),
        PlannedQube("new", 0, running=False, last=None, changed=None),
    )


@given(st.text(), st.text())
def test_any_answer_is_a_preview_or_refused(head: str, rows: str) -> None:
    with suppress(ProtocolError):
        decode_preview(f"{head}\n\n{rows}")


@pytest.mark.parametrize("wrong", ["", "size=1", "size\n\n", "size=x\n\n", "size=1\nsize=2\n\n", "size=1\n\nwork size"])
def test_a_cut_answer_is_refused(wrong: str) -> None:
    with pytest.raises(ProtocolError):
        decode_preview(wrong)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.dictionaries(
            st.sampled_from(["profile", "start", "end", "result", "file", "size", "verified", "reason"]), inner
        ),
    )
)
def test_any_row_of_the_history_is_a_run_or_refused(row: object) -> None:
    with suppress(ProtocolError):
        run = decode_run(json.dumps(row))
        assert run.start >= 0
        assert isinstance(run.file, str)


@given(st.text())
def test_any_text_is_a_run_or_refused(untrusted: str) -> None:
    with suppress(ProtocolError):
        decode_run(untrusted)


def test_progress_is_shown_for_each_qube_and_restarts_with_the_next_phase() -> None:
    now = Progress()
    for event in (
        progress(qube="work", phase="writing", done="10", total="40", qube_done="10", qube_total="10"),
        progress(qube="mail", phase="writing", done="25", total="40", qube_done="15", qube_total="30"),
        Event("", "backup-progress", {"profile": "other", "done": "1", "total": "1"}),
        Event("", "tag-add:x", {}),
        progress(qube="mail", done="-3"),
    ):
        now = follow(now, "nightly", event)
    assert (now.qube, now.percent, dict(now.qubes)) == ("mail", 62, {"work": (10, 10), "mail": (15, 30)})

    now = follow(
        now, "nightly", progress(qube="work", phase=VERIFYING, done="4", total="40", qube_done="4", qube_total="10")
    )
    assert (now.phase, now.percent, dict(now.qubes)) == (VERIFYING, 10, {"work": (4, 10)})


@pytest.mark.parametrize(("result", "error"), [("failed", BackupError), ("incomplete", BackupIncompleteError)])
def test_a_run_that_fails_is_an_error_for_each_client_that_follows_it(result: str, error: type[BackupError]) -> None:
    run = decode_run(
        json.dumps({"profile": "nightly", "start": 1, "result": result, "reason": "There is no qube lost."})
    )

    with pytest.raises(error, match="lost"):
        whole(run)
