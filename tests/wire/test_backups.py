# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of backups as JSON: what is written is read again, old rows are read, and anything else is refused."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.wire import calls
from qubesmanager.wire.backups import (
    FAILED,
    INCOMPLETE,
    OK,
    RUNNING,
    SCHEDULE,
    VERIFYING,
    WRITING,
    BackupRun,
    Confirmed,
    KeptBackup,
    PartialFile,
    PlannedQube,
    Preview,
    Progress,
    QubeOfRun,
    decode_execute,
    decode_info,
    decode_preview,
    decode_run,
    encode_execute,
    encode_info,
    encode_preview,
    encode_run,
    event_fields,
    run_from_event,
)
from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.events import BACKUP_FINISHED
from qubesmanager.wire.reason import Reason

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NUMBERS = st.integers(0, (1 << 63) - 1)
REASONS = st.sampled_from(
    [Reason("no-such-qube", "lost"), Reason("both-reasons", Reason("run-cut-off"), Reason("internal-error")), "Full."]
)
RUNS = st.builds(
    BackupRun,
    profile=TEXTS,
    start=NUMBERS,
    result=st.sampled_from([OK, INCOMPLETE, FAILED, RUNNING]),
    file=TEXTS,
    by=TEXTS,
    attempt=st.none() | NUMBERS,
    owner=TEXTS,
    names=st.none() | st.lists(TEXTS, max_size=3).map(tuple),
    run=st.none() | NUMBERS,
    left_out=st.lists(TEXTS, max_size=3).map(tuple),
    home=st.none() | st.booleans(),
    part=st.none() | st.builds(PartialFile, TEXTS, TEXTS),
    backup=TEXTS,
    verified=st.none() | st.booleans(),
    qubes=st.none() | st.lists(st.builds(QubeOfRun, TEXTS, TEXTS, TEXTS), max_size=3).map(tuple),
    size=st.none() | NUMBERS,
    kept=st.none()
    | st.lists(st.builds(KeptBackup, TEXTS, st.lists(TEXTS, max_size=2).map(tuple)), max_size=3).map(tuple),
    end=st.none() | NUMBERS,
    progress=st.none()
    | st.builds(Progress, phase=st.sampled_from([WRITING, VERIFYING]), qube=TEXTS, done=NUMBERS, total=NUMBERS),
    next_attempt=st.none() | NUMBERS,
)
KEYS = [*json.loads(encode_run(BackupRun("a", 1, OK))), "end", "size", "names", "qubes", "kept", "part", "run", "total"]


@given(RUNS, st.lists(REASONS, max_size=2))
def test_a_run_is_read_as_it_was_written(run: BackupRun, reasons: list[Reason | str]) -> None:
    run = run.because(*reasons)
    line = encode_run(run)

    assert "\n" not in line
    assert decode_run(line) == run


def test_a_complete_run_is_this_line() -> None:
    """The bytes are those that earlier versions stored and answered."""
    run = BackupRun(
        profile="nightly",
        start=10,
        result=INCOMPLETE,
        file="/backups/é",
        by="dom0",
        attempt=1,
        owner="dom0",
        names=("work", "lost"),
        run=3,
        home=False,
        backup="b-1",
        verified=True,
        qubes=(QubeOfRun("work", "u", OK),),
        size=7,
        kept=(KeptBackup("/backups/old", ("mail",)),),
        end=12,
    ).because(Reason("no-such-qube", "lost"))

    assert encode_run(run) == (
        '{"profile": "nightly", "start": 10, "result": "incomplete", "file": "/backups/é", "by": "dom0", "attempt": 1,'
        ' "owner": "dom0", "names": ["work", "lost"], "run": 3, "home": false, "backup": "b-1", "verified": true,'
        ' "qubes": [{"name": "work", "uuid": "u", "result": "ok"}], "size": 7, "reason": "There is no qube lost.",'
        ' "why": {"code": "no-such-qube", "fields": ["lost"]},'
        ' "kept": [{"file": "/backups/old", "qubes": ["mail"]}], "end": 12}'
    )


def test_a_run_in_progress_is_this_line() -> None:
    run = BackupRun("nightly", 10, RUNNING, by=SCHEDULE, attempt=1, progress=Progress(WRITING, "work", 4, 8))

    assert encode_run(run) == (
        '{"profile": "nightly", "start": 10, "result": "running", "file": "", "by": "schedule", "attempt": 1,'
        ' "phase": "writing", "qube": "work", "done": 4, "total": 8}'
    )


def test_a_row_of_an_earlier_version_is_read() -> None:
    row = {"profile": "nightly", "start": 5, "end": 6, "result": "failed", "file": "", "reason": "The disk is full."}
    qubes = [{"name": "work", "result": "ok"}]

    run = decode_run(json.dumps(row | {"qubes": qubes, "size": 3, "verified": True}))

    assert (run.run, run.by, run.names, run.why, run.reason) == (None, "", None, None, "The disk is full.")
    assert run.qubes == (QubeOfRun("work", "", OK),)
    assert (run.is_troubled, run.is_retried, run.has_backup) == (True, False, False)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "[]",
        "[" * 100_000,
        "1" * 10_000,
        '{"profile": "a", "result": "ok"}',
        '{"profile": "a", "start": 1}',
        *(
            json.dumps({"profile": "a", "start": 1, "result": "ok", **row})
            for row in (
                {"start": -1},
                {"start": True},
                {"start": 1 << 63},
                {"end": 1.5},
                {"by": 1},
                {"names": "work"},
                {"names": [1]},
                {"home": 1},
                {"part": "file"},
                {"part": {"path": 1}},
                {"qubes": [{"name": "work"}]},
                {"qubes": {"name": "work", "result": "ok"}},
                {"kept": [{"file": "a", "qubes": [1]}]},
                {"total": "many"},
            )
        ),
    ],
)
def test_another_text_is_refused(wrong: str) -> None:
    with pytest.raises(ProtocolError):
        decode_run(wrong)


@given(
    st.dictionaries(
        st.sampled_from(KEYS),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
        ),
    )
)
def test_any_object_is_a_run_or_refused(values: dict[str, Any]) -> None:
    with suppress(ProtocolError):
        run = decode_run(json.dumps({"start": 1, "result": OK, **values}))
        assert decode_run(encode_run(run)).profile == run.profile


@given(RUNS, st.lists(REASONS, max_size=2))
def test_an_event_carries_what_a_client_shows_of_the_run(run: BackupRun, reasons: list[Reason | str]) -> None:
    run = replace(run, profile=run.profile or "nightly", run=run.run or 1).because(*reasons)

    event = run_from_event(BACKUP_FINISHED.event("", event_fields(run)))

    assert event == BackupRun(
        profile=run.profile,
        start=run.start,
        result=run.result,
        file=run.file,
        by=run.by,
        attempt=run.attempt,
        run=run.run,
        size=run.size,
        reason=run.reason,
        why=run.why,
    )


LINES = st.text(st.characters(categories=["L", "N", "P"]), max_size=8)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True).filter(lambda name: name != "dom0")
FILES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=8)
TIMES = st.none() | st.integers(0, 10**18)
PLANNED = st.builds(
    PlannedQube,
    name=NAMES | st.just("dom0"),
    size=st.integers(0, 10**18),
    running=st.booleans(),
    last=TIMES,
    changed=st.none() | st.booleans(),
    klass=NAMES,
    label=NAMES,
)
PREVIEWS = st.builds(
    Preview,
    size=st.integers(0, 10**18),
    free=TIMES,
    writable=st.none() | st.booleans(),
    connected=st.booleans(),
    largest_file=TIMES,
    given_by=st.sampled_from(["", "text", "file", "vm"]),
    last_run=TIMES,
    last_result=st.sampled_from(["", OK, FAILED]),
    next_run=TIMES,
    missing=st.lists(NAMES, max_size=3).map(tuple),
    left_out=st.lists(NAMES, max_size=3).map(tuple),
    would_remove=st.lists(FILES, max_size=3).map(tuple),
    would_keep=st.dictionaries(FILES, st.lists(NAMES, min_size=1, max_size=2).map(tuple), max_size=3),
    qubes=st.lists(PLANNED, max_size=3).map(tuple),
    without_home=st.booleans(),
    profile=NAMES,
    destination=LINES,
    destination_vm=NAMES,
    compression=LINES,
    kdf=LINES,
    verify=st.booleans(),
    schedule=LINES,
    files=st.none() | st.dictionaries(FILES, st.lists(NAMES, max_size=2).map(tuple), max_size=3),
    changed=TIMES,
)


@given(PREVIEWS)
def test_a_preview_is_read_as_it_was_written(preview: Preview) -> None:
    assert decode_preview(encode_preview(preview)) == preview
    assert decode_info(encode_info(preview)) == preview
    assert calls.BACKUP_INFO.result.encode(preview) == encode_preview(preview).encode()


def test_a_preview_is_these_lines() -> None:
    """The bytes are those that earlier versions answered."""
    preview = Preview(
        size=30,
        free=None,
        writable=None,
        connected=True,
        largest_file=None,
        given_by="",
        last_run=7,
        last_result=OK,
        next_run=None,
        missing=("lost",),
        left_out=("work",),
        would_remove=("old one",),
        would_keep={"a:b": ("mail", "vault")},
        qubes=(PlannedQube("mail", 30, True, None, None, "AppVM", "red"),),
        without_home=True,
        profile="nightly",
        destination="/backups",
        destination_vm="dom0",
        compression="zstd",
        kdf="standard",
        schedule="daily 03:00",
        changed=5,
    )

    assert encode_preview(preview) == (
        "profile=nightly\ndestination=/backups\ndestination-vm=dom0\ncompression=zstd\nkdf=standard\nverify=no\n"
        "size=30\nfree=\nwritable=\nconnected=yes\nlargest-file=\npassphrase=none\nschedule=daily 03:00\nlast-run=7\n"
        "last-result=ok\nnext-run=\nmissing=lost\nleft-out=dom0 work\nwould-remove=old%20one\n"
        "would-keep=a%3Ab:mail,vault\nchanged=5\n"
        "\n"
        "mail class=AppVM label=red size=30 running=yes last= changed=unknown\n"
    )


@given(st.none() | LINES, st.lists(NAMES, max_size=3).map(tuple), st.booleans())
def test_the_confirmation_of_the_user_is_read_as_it_was_written(
    passphrase: str | None, given_up: tuple[str, ...], new_disk: bool
) -> None:
    confirmed = Confirmed(given_up, new_disk=new_disk)

    assert decode_execute(encode_execute(passphrase, confirmed)) == (passphrase, confirmed)


@pytest.mark.parametrize("options", [{"new-disk": "no"}, {"new-disk": ""}, {"passphrase": "x", "other": "y"}])
def test_a_run_takes_no_other_options(options: dict[str, str]) -> None:
    with pytest.raises(ProtocolError, match="payload may have"):
        decode_execute(options)
