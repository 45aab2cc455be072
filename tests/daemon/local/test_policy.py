# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy calls: what is read, what a change is held against, and that a refused one changes nothing."""

import asyncio
import contextlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from demo_fixtures import client_of
from fakes_hypervisor import FakeHypervisor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qubesmanager.client.client import Client
from qubesmanager.daemon.admission import policy_files as policy_files_module
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.policy import installed, reading
from qubesmanager.policy.folder import problems
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import PolicyRow, TokenContent, json_object
from qubesmanager.wire.errors import (
    Mgmt1Error,
    PolicyAdminFileNotFoundException,
    PolicyAdminSyntaxException,
    PolicyAdminTokenException,
    ProtocolError,
    QubesValueError,
)
from qubesmanager.wire.policy_files import PolicyFile, token_of
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import Tier

RULE = "a.B * work vault deny\n"


def folder_of(system: System) -> Path:
    return system.runtime.places.policy


def policy_files(system: System) -> dict[str, str]:
    folder = folder_of(system)
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


async def write(client: Client, name: str, content: str, token: str = "new") -> None:
    await client.send(calls.POLICY_REPLACE("dom0", name, TokenContent(token, content)))


async def write_include(client: Client, name: str, content: str, token: str = "new") -> None:
    await client.send(calls.POLICY_INCLUDE_REPLACE("dom0", name, TokenContent(token, content)))


async def test_a_new_file_is_listed_and_read_as_it_was_written(client: Client, system: System) -> None:
    await write(client, "30-user", f"# Grüße\n{RULE}")

    assert await client.send(calls.POLICY_LIST("dom0")) == [PolicyRow("30-user", "")]
    assert (await client.send(calls.POLICY_GET("dom0", "30-user"))).content == f"# Grüße\n{RULE}"
    assert (folder_of(system) / "30-user.policy").stat().st_mode & 0o777 == 0o664


async def test_the_tokens_keep_two_editors_apart(client: Client, system: System) -> None:
    await write(client, "30-user", RULE)
    seen = (await client.send(calls.POLICY_GET("dom0", "30-user"))).token
    await write(client, "30-user", RULE * 2, seen)

    for token, words in ((seen, "changed in the meantime"), ("new", "already"), ("", "changed in the meantime")):
        with pytest.raises(PolicyAdminTokenException, match=words):
            await write(client, "30-user", "", token)
        with pytest.raises((PolicyAdminTokenException, PolicyAdminFileNotFoundException)):
            await client.send(calls.POLICY_REMOVE("dom0", "30-user", token))
    assert policy_files(system) == {"30-user.policy": RULE * 2}
    await write(client, "30-user", RULE, "any")
    with pytest.raises(PolicyAdminTokenException, match="removed in the meantime"):
        await write(client, "40-user", RULE, seen)
    assert policy_files(system) == {"30-user.policy": RULE}


async def test_of_two_editors_at_once_one_wins(client: Client, system: System) -> None:
    results = await asyncio.gather(
        *(write(client, "30-user", RULE * number) for number in range(1, 9)), return_exceptions=True
    )

    assert sum(result is None for result in results) == 1
    assert all(result is None or isinstance(result, PolicyAdminTokenException) for result in results)
    assert policy_files(system)["30-user.policy"] == RULE * (results.index(None) + 1)


async def test_content_that_does_not_parse_is_refused_whole_with_the_line(client: Client, system: System) -> None:
    await write(client, "30-user", RULE)

    with pytest.raises(PolicyAdminSyntaxException, match=r"^30-user\.policy:2: The action is"):
        await write(client, "30-user", f"{RULE}a.B * work vault perhaps\n", "any")
    with pytest.raises(PolicyAdminSyntaxException, match=r"^40-user\.policy:1: There is no file 'include/x'"):
        await write(client, "40-user", "!include include/x\n")

    assert policy_files(system) == {"30-user.policy": RULE}


async def test_an_include_stays_what_its_includers_need(client: Client, system: System) -> None:
    await write_include(client, "x", "work vault deny\n")
    await write(client, "30-user", "!include-service a.B * include/x\n")

    with pytest.raises(PolicyAdminSyntaxException, match=r"^include/x:1: "):
        await write_include(client, "x", RULE, "any")
    with pytest.raises(PolicyAdminSyntaxException, match=r"include/x is included by 30-user\.policy:1"):
        await client.send(calls.POLICY_INCLUDE_REMOVE("dom0", "x", "any"))

    await client.send(calls.POLICY_REMOVE("dom0", "30-user", "any"))
    await client.send(calls.POLICY_INCLUDE_REMOVE("dom0", "x", "any"))
    assert policy_files(system) == {}


async def test_the_installed_policy_can_be_written_read_and_widened(client: Client) -> None:
    for tier in (Tier.LOCAL_RWX, Tier.LOCAL_RO, Tier.GLOBAL_RWX, Tier.GLOBAL_RO):
        await write_include(client, str(tier), installed.include(tier))
    await write(client, "90-mgmt1-default", installed.policy())
    include = await client.send(calls.POLICY_INCLUDE_GET("dom0", "mgmt1-local-rwx"))

    wider = f"{include.content}sys-mgmt @tag:created-by-sys-mgmt allow target=dom0\n"
    await write_include(client, "mgmt1-local-rwx", wider, include.token)

    assert (await client.send(calls.POLICY_INCLUDE_GET("dom0", "mgmt1-local-rwx"))).content == wider
    assert await client.send(calls.POLICY_INCLUDE_LIST("dom0")) == [PolicyRow(str(tier), "") for tier in sorted(Tier)]


async def test_a_line_that_includes_a_missing_folder_is_refused(client: Client, system: System) -> None:
    with pytest.raises(PolicyAdminSyntaxException, match=r"30-user\.policy:1: There is no folder 'more'"):
        await write(client, "30-user", "!include-dir more\n")
    assert policy_files(system) == {}

    (folder_of(system) / "more").mkdir(parents=True)
    await write(client, "30-user", "!include-dir more\n")


async def test_a_link_to_a_folder_is_no_folder_to_include(client: Client, system: System, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "30-deny.policy").write_text(RULE)
    folder_of(system).mkdir(parents=True)
    (folder_of(system) / "more").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(PolicyAdminSyntaxException, match=r"30-user\.policy:1: There is no folder 'more'"):
        await write(client, "30-user", "!include-dir more\n")


@pytest.mark.parametrize(
    ("path", "content", "row"),
    [
        ("30-My.policy", b"", PolicyRow("30-My", "'30-My.policy': The name of a policy file holds only")),
        ("my file.policy", b"", PolicyRow("my_file", "'my file.policy': The name of a policy file holds only")),
        (
            "bytes.policy",
            b"# \xff\n",
            PolicyRow("bytes", "bytes.policy:1: The line holds a control character, or"),
        ),
        ("folder.policy", b"!include-dir more\n", PolicyRow("folder", "folder.policy:1: There is no folder 'more'")),
        ("file.policy", b"!include more\n", PolicyRow("file", "file.policy:1: There is no file 'more'")),
        ("rule.policy", b"a.B * work vault allow # why\n", PolicyRow("rule", "rule.policy:1: An option is key=value")),
    ],
)
async def test_errors_that_make_qrexec_deny_every_call_are_listed_with_their_file(
    client: Client, system: System, path: str, content: bytes, row: PolicyRow
) -> None:
    await write(client, "20-good", RULE)
    (folder_of(system) / path).write_bytes(content)

    good, bad = await client.send(calls.POLICY_LIST("dom0"))

    assert good == PolicyRow("20-good", "")
    assert (bad.name, bad.problem[: len(row.problem)]) == row
    await write(client, "20-good", RULE * 2, "any")


async def test_a_broken_include_is_listed_with_the_file_that_includes_it(client: Client, system: System) -> None:
    await write_include(client, "x", RULE)
    await write(client, "30-user", "!include include/x\n")
    (folder_of(system) / "include" / "x").write_text("?")

    (policy,) = await client.send(calls.POLICY_LIST("dom0"))
    (include,) = await client.send(calls.POLICY_INCLUDE_LIST("dom0"))

    assert policy.problem == include.problem
    assert policy.problem.startswith("include/x:1: ")


async def test_a_change_that_denies_dom0_its_own_management_is_refused(client: Client, system: System) -> None:
    await write(client, "30-user", RULE)

    with pytest.raises(
        QubesValueError, match=r"^policy\.d/40-user\.policy:2 would deny dom0 its own management"
    ) as error:
        await write(client, "40-user", f"{RULE}* * * * deny\n")

    assert error.value.reason == Reason("policy-locks-out", "policy.d/40-user.policy:2", "*", "*")
    assert policy_files(system) == {"30-user.policy": RULE}
    await write(client, "40-user", "mgmt1.vm.Start * dom0 * allow target=dom0\nmgmt1.vm.Start * * * deny\n")
    with pytest.raises(QubesValueError, match="would deny dom0"):
        await write(client, "40-user", "mgmt1.vm.Start * * * deny\n", "any")


async def test_a_policy_that_could_not_be_read_as_a_whole_is_refused(
    client: Client, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_RULES", 2)
    await write(client, "30-user", RULE)

    with pytest.raises(PolicyAdminSyntaxException, match="more than 2 rules"):
        await write(client, "40-user", f"* * * * deny\n{RULE}")

    assert policy_files(system) == {"30-user.policy": RULE}


async def test_no_file_is_made_for_which_all_could_not_be_read_again(
    client: Client, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_files_module, "MAX_FILES", 3)
    await write(client, "30-user", RULE)
    await write(client, "40-user", RULE)

    with pytest.raises(Mgmt1Error, match="more than 3 files"):
        await write(client, "50-user", RULE)

    await write(client, "30-user", "", "any")
    await client.send(calls.POLICY_REMOVE("dom0", "30-user", "any"))
    assert set(policy_files(system)) == {"40-user.policy"}


async def test_removing_what_allows_dom0_its_management_is_refused(client: Client, system: System) -> None:
    await write(client, "30-user", "mgmt1.vm.Start * dom0 * allow target=dom0\n")
    await write(client, "40-user", "mgmt1.vm.Start * * * deny\n")

    with pytest.raises(QubesValueError, match="would deny dom0"):
        await client.send(calls.POLICY_REMOVE("dom0", "30-user", "any"))

    assert set(policy_files(system)) == {"30-user.policy", "40-user.policy"}


async def test_all_files_are_read_at_once_whatever_their_names(tmp_path: Path, hypervisor: FakeHypervisor) -> None:
    folder, hiding = tmp_path / "policy.d", tmp_path / "run"
    (folder / "include").mkdir(parents=True)
    (folder / "empty").mkdir()
    hiding.mkdir()
    (folder / "30-user.policy").write_text("?")
    (folder / "My file.policy").write_bytes(b"# \xff\n")
    (folder / "include" / "x").write_text("work vault deny\n")
    (hiding / "30-user.policy").write_text(RULE)
    system = await open_system(tmp_path / "state", hypervisor, policy=folder, policy_hiding=hiding)

    files = await client_of(system).send(calls.POLICY_GET_ALL("dom0"))
    await system.runtime.close()

    by_path = {(file.folder, file.path): file for file in files}
    assert set(by_path) == {
        ("policy", "30-user.policy"),
        ("policy", "My file.policy"),
        ("policy", "include/x"),
        ("policy", "empty"),
        ("runtime", "30-user.policy"),
    }
    assert by_path["policy", "empty"].is_folder
    assert by_path["policy", "30-user.policy"].problem == f"It has no effect: {hiding}/30-user.policy hides it."
    assert by_path["policy", "My file.policy"].problem.startswith("'My file.policy': The name of a policy file")
    assert by_path["policy", "My file.policy"].content.encode("utf-8", "surrogateescape") == b"# \xff\n"
    assert by_path["policy", "include/x"] == PolicyFile(
        "policy", "include/x", token_of(b"work vault deny\n"), "work vault deny\n"
    )
    assert by_path["runtime", "30-user.policy"].content == RULE


async def test_a_path_that_is_not_a_regular_file_is_not_opened(client: Client, system: System) -> None:
    folder_of(system).mkdir()
    os.mkfifo(folder_of(system) / "pipe.policy")
    (folder_of(system) / "folder.policy").mkdir()
    (folder_of(system) / "gone.policy").symlink_to("nowhere")

    assert await client.send(calls.POLICY_LIST("dom0")) == []
    with pytest.raises(PolicyAdminFileNotFoundException):
        await client.send(calls.POLICY_GET("dom0", "pipe"))


async def test_a_hidden_file_and_a_broken_one_that_hides_are_listed(tmp_path: Path, hypervisor: FakeHypervisor) -> None:
    folder, hiding = tmp_path / "policy.d", tmp_path / "run"
    folder.mkdir()
    hiding.mkdir()
    (folder / "30-user.policy").write_text("?")
    (hiding / "30-user.policy").write_text(RULE)
    (hiding / "Other.policy").write_text(RULE)

    system = await open_system(tmp_path / "state", hypervisor, policy=folder, policy_hiding=hiding)
    rows = await system.policies.rows("")
    await system.runtime.close()

    assert rows[0] == PolicyRow("30-user", f"It has no effect: {hiding}/30-user.policy hides it.")
    assert rows[1].name == "Other.policy"
    assert rows[1].problem.startswith(f"{hiding}: 'Other.policy': The name of a policy file")


async def test_a_missing_folder_that_qrexec_needs_is_listed(tmp_path: Path, hypervisor: FakeHypervisor) -> None:
    hiding = tmp_path / "run" / "policy.d"
    system = await open_system(tmp_path / "state", hypervisor, policy_hiding=hiding)
    assert await system.policies.rows("") == []
    hiding.parent.mkdir()

    rows = await system.policies.rows("")
    await system.runtime.close()

    assert rows == [PolicyRow("policy.d", f"There is no folder {hiding}; qrexec denies every call without it.")]


async def test_a_file_that_is_not_there_is_named(client: Client) -> None:
    for get in (calls.POLICY_GET, calls.POLICY_INCLUDE_GET):
        with pytest.raises(PolicyAdminFileNotFoundException, match="30-user"):
            await client.send(get("dom0", "30-user"))
    for remove, token in ((calls.POLICY_REMOVE, "any"), (calls.POLICY_INCLUDE_REMOVE, "new")):
        with pytest.raises(PolicyAdminFileNotFoundException, match="30-user"):
            await client.send(remove("dom0", "30-user", token))


@pytest.mark.parametrize("name", ["../x", ".x", "x/y", "X", "", "x" * 101])
async def test_a_name_never_leaves_the_folder(client: Client, system: System, name: str) -> None:
    with pytest.raises(ProtocolError):
        await write(client, name, RULE)
    assert policy_files(system) == {}


async def test_a_policy_name_with_its_suffix_is_refused(client: Client) -> None:
    with pytest.raises(QubesValueError, match="Use 30-user"):
        await write(client, "30-user.policy", RULE)


async def test_all_files_are_encoded_and_decoded_off_the_loop(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: dict[str, set[int]] = {"encode": set(), "decode": set()}

    def noting(what: str, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            threads[what].add(threading.get_ident())
            return call(value)

        return run

    await write(client, "30-user", RULE)
    module = "qubesmanager.wire.policy_files"
    monkeypatch.setattr(f"{module}.json", SimpleNamespace(dumps=noting("encode", json.dumps)))
    monkeypatch.setattr(f"{module}.json_object", noting("decode", json_object))

    assert [file.content for file in await client.send(calls.POLICY_GET_ALL("dom0"))] == [RULE]

    assert all(threads.values())
    assert threading.get_ident() not in set().union(*threads.values())


async def test_files_that_are_too_long_as_json_are_refused_at_once(
    client: Client, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_of(system).mkdir()
    (folder_of(system) / "bytes.policy").write_bytes(b"\xff" * 1000)
    monkeypatch.setattr(policy_files_module, "POLICY_ALL", 6 * 1000)

    with pytest.raises(Mgmt1Error, match="together"):
        await client.send(calls.POLICY_GET_ALL("dom0"))


async def test_a_policy_file_that_is_not_text_or_too_large_is_reported_and_blocks_no_other_file(
    client: Client, system: System
) -> None:
    folder_of(system).mkdir()
    (folder_of(system) / "bytes.policy").write_bytes(b"\xff\xfe")

    with pytest.raises(Mgmt1Error, match="not UTF-8"):
        await client.send(calls.POLICY_GET("dom0", "bytes"))
    await write(client, "30-user", RULE)

    (folder_of(system) / "large.policy").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(Mgmt1Error, match="larger than 1 MiB"):
        await client.send(calls.POLICY_GET("dom0", "large"))


async def test_a_failed_write_leaves_the_old_file_and_no_other(
    client: Client, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(client, "30-user", RULE)

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qubesmanager.host.atomic_file.os.fsync", full)
    with pytest.raises(Mgmt1Error, match="No space left on device"):
        await write(client, "30-user", RULE * 2, "any")

    assert policy_files(system) == {"30-user.policy": RULE}


async def test_leftovers_of_a_crash_are_removed_and_never_read(tmp_path: Path, hypervisor: FakeHypervisor) -> None:
    folder = tmp_path / "policy.d"
    (folder / "include").mkdir(parents=True)
    (folder / "30-user.policy").write_text(RULE)
    (folder / ".30-user.policy.part").write_text("a.B * wo")
    (folder / "include" / ".x.part").write_text("?")

    system = await open_system(tmp_path / "state", hypervisor, policy=folder)
    await system.runtime.close()

    assert policy_files(system) == {"30-user.policy": RULE}


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text(max_size=200), token=st.text(max_size=20))
async def test_whatever_is_sent_the_folder_parses_afterwards(
    client: Client, system: System, content: str, token: str
) -> None:
    with contextlib.suppress(Mgmt1Error):
        await write(client, "30-user", content, token)

    assert problems(policy_files(system)) == []
