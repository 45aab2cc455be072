# SPDX-License-Identifier: GPL-3.0-or-later
"""`mgmt1 policy ask --batch`: questions and answers as JSON lines."""

import io
import json
from typing import Any

import pytest

from qubesmanager.cli.main import Streams, main
from qubesmanager.transport.base import Transport

SYSTEM = {
    "domains": {
        "dom0": {"type": "AdminVM", "tags": [], "uuid": "00000000-0000-0000-0000-000000000000"},
        "work": {"type": "AppVM", "tags": ["mine"], "power_state": "Running", "default_dispvm": "dvm"},
        "vault": {"type": "AppVM", "tags": [], "power_state": "Halted"},
        "dvm": {"type": "AppVM", "tags": [], "template_for_dispvms": True},
    }
}


def question(policy: str, target: str, **more: Any) -> dict[str, Any]:
    base = {"id": 7, "files": {"30-a.policy": policy}, "system_info": SYSTEM, "source": "work", "service": "svc"}
    return {**base, "argument": "+", "target": target, **more}


def ask(*lines: str) -> list[dict[str, Any]]:
    def never(_url: str | None) -> Transport:
        raise AssertionError("no daemon is asked")

    out = io.BytesIO()
    streams = Streams(io.BytesIO("".join(f"{line}\n" for line in lines).encode()), out, io.StringIO())
    assert main(["policy", "ask", "--batch"], never, streams) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_an_allowed_call() -> None:
    asked = question("svc * work vault allow user=root notify=yes autostart=yes", "vault")

    (answer,) = ask(json.dumps(asked))

    assert answer == {
        "id": 7, "result": "allow", "target": "vault", "rule": "policy.d/30-a.policy:1", "notify": True,
        "autostart": True, "user": "root", "reason": "Allowed by policy.d/30-a.policy:1.",
    }  # fmt: skip


def test_a_call_that_asks() -> None:
    runtime = {"10-b.policy": "svc * work @default ask default_target=vault\nsvc * work @anyvm allow"}

    (answer,) = ask(json.dumps(question("", "", runtime=runtime)))

    assert answer == {
        "id": 7, "result": "ask", "targets": ["@dispvm:dvm", "dvm", "vault"], "default_target": "vault",
        "rule": "runtime.d/10-b.policy:1", "notify": False, "autostart": True,
        "reason": "runtime.d/10-b.policy:1 asks.",
    }  # fmt: skip


def test_a_denied_call_and_a_policy_that_cannot_be_read() -> None:
    denied, broken = ask(json.dumps(question("", "vault")), json.dumps(question("svc", "vault", id="x")))

    assert denied == {
        "id": 7, "result": "deny", "notify": True, "reason": "No rule fits the call, so it is denied.",
    }  # fmt: skip
    assert (broken["id"], broken["result"]) == ("x", "error")
    assert broken["reason"].startswith("policy.d/30-a.policy:1: ")


@pytest.mark.parametrize(
    ("line", "ident"),
    [
        ("not json", None),
        ("[]", None),
        ("[" * 100_000, None),
        (json.dumps({"id": 3}), 3),
        (json.dumps(question("", "vault", system_info={"domains": []})), 7),
        (json.dumps(question("", "vault", system_info={"domains": {"a": {"tags": "x"}}})), 7),
        (json.dumps(question("", "vault", files={"a": 1})), 7),
        (json.dumps(question("", "vault", argument="x")), 7),
        (json.dumps(question("", 5)), 7),  # type: ignore[arg-type]
    ],
)
def test_a_question_that_cannot_be_read_is_an_error_and_the_next_is_answered(line: str, ident: object) -> None:
    bad, good = ask(line, json.dumps(question("svc * work vault allow", "vault")))

    assert (bad["id"], bad["result"]) == (ident, "error")
    assert good["result"] == "allow"


def test_a_wrong_command_line_ends_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    streams = Streams(io.BytesIO(), io.BytesIO(), io.StringIO())

    assert main(["policy", "ask"], lambda _url: pytest.fail("no daemon is asked"), streams) == 2
    assert "--batch" in capsys.readouterr().err
