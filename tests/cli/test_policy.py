# SPDX-License-Identifier: GPL-3.0-or-later
"""`mgmt1 policy`: what each command prints about a small policy, and how it ends."""

import io
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import ClassVar

import pytest

from qubesmanager.cli.main import Streams, main
from qubesmanager.transport.base import Payload, Transport
from qubesmanager.wire import framing
from qubesmanager.wire.errors import QubesValueError
from qubesmanager.wire.policy_files import POLICY, RUNTIME, PolicyFile, encode_file
from qubesmanager.wire.records import PropertyValue, VmRecord, encode_record
from qubesmanager.wire.values import PowerState, VmClass

USER = "# Keys\nqubes.Gpg * @tag:work vault ask\nqubes.Gpg * @anyvm vault deny\nqubes.Gpg * mail vault allow\n"


def record(name: str, klass: VmClass = VmClass.APP, *tags: str) -> VmRecord:
    values = {"uuid": PropertyValue("", is_default=False)}
    return VmRecord(name, klass, PowerState.RUNNING, values, tags=frozenset(tags))


class _Dom0:
    """Answers the two calls that the commands read with; others change something, and are refused if in `refused`."""

    url = "memory:"
    refused: ClassVar[set[str]] = set()
    changes: ClassVar[list[str]] = []

    def __init__(self, files: list[PolicyFile]) -> None:
        self.changes.clear()
        records = [record("dom0", VmClass.ADMIN), record("work", VmClass.APP, "work"), record("mail"), record("vault")]
        self._answers = {
            "mgmt1.policy.GetAll": "".join(f"{encode_file(file)}\n" for file in files).encode(),
            "mgmt1.vm.GetAll": b"".join(encode_record(each) + b"\n" for each in records),
        }

    async def exchange(self, service: str, arg: str, dest: str, _payload: Payload) -> AsyncGenerator[bytes, None]:
        if service in self._answers:
            yield framing.OK + self._answers[service]
        elif service in self.refused:
            yield framing.encode_error(QubesValueError("Not now."))
        else:
            self.changes.append(f"{service.removeprefix('mgmt1.')} {dest} {arg}")
            yield framing.OK


def run(*argv: str, files: dict[str, str] | None = None, runtime: dict[str, str] | None = None) -> tuple[int, str]:
    rows = [PolicyFile(POLICY, path, "sha256:1", text) for path, text in (files or {"30-user.policy": USER}).items()]
    rows += [PolicyFile(RUNTIME, path, "sha256:1", text) for path, text in (runtime or {}).items()]
    stdout, stderr = io.BytesIO(), io.StringIO()

    def connect(_url: str | None) -> Transport:
        return _Dom0(rows)

    status = main(("policy", *argv), connect, Streams(io.BytesIO(), stdout, stderr))
    return status, stdout.getvalue().decode() + stderr.getvalue()


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    file = tmp_path / "new"
    file.write_text(USER.replace("qubes.Gpg * @anyvm", "qubes.Gpg * mail vault allow\nqubes.Gpg * @anyvm"))
    return file


def test_files_are_listed_with_what_hides_them() -> None:
    status, out = run("list", files={"30-user.policy": USER, "Notes.policy": ""}, runtime={"30-user.policy": ""})

    assert status == 0
    assert [" ".join(line.split()[:3]) for line in out.splitlines()] == [
        "read 30-user.policy (/run)",
        "hidden 30-user.policy",
        "bad name Notes.policy",
    ]


def test_a_file_is_printed_by_its_name() -> None:
    assert run("get", "30-user") == run("get", "30-user.policy") == (0, USER)
    assert run("get", "include/x", files={"include/x": "a\nb"}) == (0, "a\nb\n")
    assert run("get", "none") == (1, "mgmt1: ProtocolError: There is no policy file 'none.policy'.\n")


def test_check_names_hidden_lines_and_qubes_that_are_gone() -> None:
    files = {"30-user.policy": f"{USER}qubes.OpenURL * old-mail @dispvm allow\n"}

    status, out = run("check", files=files)

    assert status == 0
    assert out.splitlines() == [
        "policy.d/30-user.policy:4: It decides nothing: hidden by policy.d/30-user.policy:3.",
        "policy.d/30-user.policy:5: It decides nothing: no qube matches it.",
        "policy.d/30-user.policy:5: There is no qube old-mail.",
    ]


def test_check_fails_for_what_makes_qrexec_deny_every_call() -> None:
    status, out = run("check", files={"30-user.policy": "a.B * work vault perhaps\n"})

    assert (status, out) == (
        1,
        "30-user.policy: 30-user.policy:1: The action is allow, deny or ask, not 'perhaps'.\n",
    )


def test_check_of_a_change_says_that_dom0_would_be_locked_out(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("* * * * deny\n")

    status, out = run("check", "10-all", str(tmp_path / "new"))

    assert status == 1
    assert out.startswith("policy.d/10-all.policy:1: dom0 would lose its own management calls.\n")


def test_nothing_is_wrong_with_an_empty_policy() -> None:
    assert run("check", files={"30-user.policy": ""}) == (0, "Nothing is wrong.\n")


def test_ask_prints_the_decision_its_line_and_what_else_matches() -> None:
    status, out = run("ask", "work", "qubes.Gpg", "vault")

    assert status == 0
    assert out.splitlines() == [
        "ask: vault",
        "policy.d/30-user.policy:2 asks.",
        "  30-user.policy:3  qubes.Gpg * @anyvm vault deny  fits too, and comes later",
    ]


def test_ask_prints_what_differs_in_rules_that_nearly_decide() -> None:
    _status, out = run("ask", "mail", "qubes.Gpg+x", "vault")

    assert out.splitlines()[:3] == [
        "deny",
        "Denied by policy.d/30-user.policy:3.",
        "  30-user.policy:2  qubes.Gpg * @tag:work vault ask  other source: @tag:work, not mail",
    ]


def test_ask_about_a_source_that_is_no_qube_answers_as_the_gate_does() -> None:
    files = {"30-user.policy": "mgmt1.vm.Start * * work allow target=dom0\nmgmt1.vm.Start * laptop mail allow\n"}

    assert run("ask", "laptop", "mgmt1.vm.Start", "work", files=files)[1].splitlines()[:2] == [
        "deny",
        "policy.d/30-user.policy:1 does not name 'laptop', which is no qube.",
    ]
    assert run("ask", "laptop", "mgmt1.vm.Start", "mail", files=files)[1].splitlines()[:2] == [
        "deny",
        "The policy sends the call to 'mail'; only dom0 answers here.",
    ]
    assert run("ask", "vault", "mgmt1.vm.Start", "work", files=files)[1].startswith("allow: to dom0\n")


TIERS = {"10-a.policy": "!include-service mgmt1.vm.Start * include/mgmt1-local-rwx\n", "include/mgmt1-local-rwx": ""}
GIVEN = [
    "work: + managed-by-vault",
    "include/mgmt1-local-rwx: + vault @tag:managed-by-vault allow target=dom0",
    "include/mgmt1-global-ro: + vault @tag:managed-by-vault allow target=dom0",
    "include/mgmt1-global-ro: + vault @adminvm allow target=dom0",
]


def test_what_makes_a_manager_is_printed_and_done_only_on_demand() -> None:
    status, out = run("manager", "vault", "work", files=TIERS)

    assert status == 0
    assert sorted(out.splitlines()) == sorted([*GIVEN, "Nothing is changed without --apply."])
    assert _Dom0.changes == []

    assert run("manager", "vault", "work", "--apply", files=TIERS)[1].endswith("Done.\n")
    assert _Dom0.changes == [
        "policy.include.Replace dom0 mgmt1-local-rwx",
        "policy.include.Replace dom0 mgmt1-global-ro",
        "vm.tag.Set work managed-by-vault",
    ]


def test_a_manager_is_made_as_a_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Dom0, "refused", {"mgmt1.vm.tag.Set"})

    status, out = run("manager", "vault", "work", "--apply", files=TIERS)

    assert (status, out.splitlines()[-1]) == (1, "Not done: Not now.")
    assert _Dom0.changes[2:] == [
        "policy.include.Remove dom0 mgmt1-global-ro",
        "policy.include.Replace dom0 mgmt1-local-rwx",
    ]

    monkeypatch.setattr(_Dom0, "refused", {"mgmt1.vm.tag.Set", "mgmt1.policy.include.Remove"})
    status, out = run("manager", "vault", "work", "--apply", files=TIERS)
    assert out.splitlines()[-1].startswith("It could not be taken back: policy.include.Replace dom0 mgmt1-global-ro")


def test_a_manager_of_itself_is_refused_and_a_qube_that_is_gone_named() -> None:
    assert run("manager", "work", "work", "--apply", files=TIERS) == (1, "work: work cannot be its own manager.\n")
    assert "There is no qube 'gone'" in run("manager", "work", "gone", files=TIERS)[1]
    assert run("manager", "work", "vault", "--end", files=TIERS)[1] == "Nothing would change.\n"


def test_a_difference_is_printed(changed: Path) -> None:
    status, out = run("diff", "30-user", str(changed))

    assert status == 0
    assert out.splitlines() == [
        " # Keys",
        " qubes.Gpg * @tag:work vault ask",
        "+qubes.Gpg * mail vault allow",
        " qubes.Gpg * @anyvm vault deny",
        " qubes.Gpg * mail vault allow",
    ]


def test_the_calls_that_a_change_alters_are_printed(changed: Path) -> None:
    assert run("impact", "30-user", str(changed)) == (
        0,
        "qubes.Gpg  mail → vault: deny → allow: to vault\n1 of 48 calls are decided otherwise.\n",
    )


def test_a_change_that_cannot_be_read_is_an_error_with_what_it_denies(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("qubes.Gpg\n")

    status, out = run("impact", "10-x", str(tmp_path / "new"))

    assert status == 1
    assert out.splitlines()[0] == "qubes.Gpg  work → vault: ask: vault → deny"
    assert "10-x.policy:1: The line ends before its argument." in out


def test_the_rights_of_a_qube_are_printed() -> None:
    assert run("rights", "work") == (
        0,
        "work may call:\n  qubes.Gpg  to vault: ask, by policy.d/30-user.policy:2\nwork may be called:\n",
    )
    assert run("rights", "vault")[1].splitlines()[-1] == "  qubes.Gpg  by work: ask, by policy.d/30-user.policy:2"
    assert run("rights", "none") == (1, "mgmt1: ProtocolError: There is no qube 'none'.\n")


@pytest.mark.parametrize("argv", [(), ("ask",), ("ask", "work"), ("check", "30-user"), ("diff", "x"), ("perhaps",)])
def test_a_command_that_lacks_something_is_used_wrongly(
    argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*argv)[0] == 2
    assert "usage: mgmt1 policy" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    status, out = run("diff", "30-user", str(tmp_path / "none"))

    assert status == 1
    assert out.endswith("cannot be read: No such file or directory.\n")
