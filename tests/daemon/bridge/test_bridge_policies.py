# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy over the bridge: programs that answer as `qubes-policy-admin` of Qubes OS does, without frames."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from bridge_fixtures import client_of, over
from until import error_of

from qubesmanager.client.client import Client
from qubesmanager.transport.admin_qrexec import AdminQrexecTransport
from qubesmanager.transport.base import Transport
from qubesmanager.transport.qubesd import QubesdTransport
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import TokenContent
from qubesmanager.wire.errors import (
    PermissionDenied,
    PolicyAdminFileNotFoundException,
    PolicyAdminTokenException,
    QubesNotImplementedError,
    QubesValueError,
)
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.policy_files import POLICY

PROGRAM = """#!/bin/sh
name=${QREXEC_SERVICE_FULL_NAME:-$2}
service=${name%%+*}
argument=
case $name in *+*) argument=${name#*+} ;; esac
folder='@FOLDER@'
[ ! -e "$folder/refused" ] || exit 126
suffix=.policy
case $service in *.include.*) folder=$folder/include suffix= ;; esac
path=$folder/$argument$suffix

end() {
    printf '%s %s' "$1" "$2" >&2
    exit 1
}

token() {
    set -- $(sha256sum <"$path")
    printf 'sha256:%s\n' "$1"
}

check() {
    case $1 in
        any) ;;
        new) [ ! -e "$path" ] || end PolicyAdminTokenException "File exists but token is 'new'" ;;
        *) [ -e "$path" ] && [ "$1" = "$(token)" ] || end PolicyAdminTokenException 'Token mismatch' ;;
    esac
}

if [ "${service##*.}" = List ]; then
    for path in "$folder"/*"$suffix"; do
        path=${path##*/}
        [ ! -f "$folder/$path" ] || printf '%s\n' "${path%"$suffix"}"
    done
    exit
fi
case $argument in
    '' | *[!A-Za-z0-9_-]*)
        end PolicyAdminInvalidFileNameException "Invalid policy file name: $argument
Names must be shorter" ;;
esac
case ${service##*.} in
    Get)
        [ -f "$path" ] || end PolicyAdminFileNotFoundException "Not found: $path"
        token
        cat "$path" ;;
    Replace)
        read -r given
        check "$given"
        cat >"$path" ;;
    Remove)
        read -r given || :
        check "$given"
        rm "$path" ;;
esac
"""
"""A shell starts in a hundredth of the time of Python, so that a busy machine answers within the limit of a call."""
NAMES = ("List", "Get", "Replace", "Remove")
USER = "* * @anyvm @anyvm deny\n"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The folder of the policy."""
    folder = tmp_path / "policy.d"
    (folder / "include").mkdir(parents=True)
    (folder / "30-user.policy").write_text(USER, "utf-8")
    (folder / "90-a.b.policy").write_text("", "utf-8")
    (folder / "include" / "admin").write_text("", "utf-8")
    return folder


def program(path: Path, policy: Path) -> None:
    path.write_text(PROGRAM.replace("@FOLDER@", str(policy)), "utf-8")
    path.chmod(0o755)


@pytest.fixture(params=["dom0", "qube"])
async def client(
    request: pytest.FixtureRequest, tmp_path: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    """A client of a bridge in dom0, where the programs are run, or in a management qube, over qrexec."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    transport: Transport
    if request.param == "dom0":
        programs = tmp_path / "qubes-rpc"
        programs.mkdir()
        for name in NAMES:
            for prefix in ("policy.", "policy.include."):
                program(programs / f"{prefix}{name}", policy)
        transport = QubesdTransport(tmp_path / "nosuch", programs)
    else:
        program(tmp_path / "qrexec-client-vm", policy)
        transport = AdminQrexecTransport(str(tmp_path / "qrexec-client-vm"))
    async with over(transport) as backend:
        yield client_of(backend)


async def test_the_files_are_listed_and_read(client: Client) -> None:
    rows = await client.send(calls.POLICY_LIST(DOM0))
    file = await client.send(calls.POLICY_GET(DOM0, "30-user"))
    files = await client.send(calls.POLICY_GET_ALL(DOM0))

    assert [row.name for row in rows] == ["30-user", "90-a.b"]
    assert (rows[0].problem, "Names must be shorter" in rows[1].problem) == ("", True)
    assert file.content == USER
    assert [(each.folder, each.path, each.content) for each in files] == [
        (POLICY, "30-user.policy", USER),
        (POLICY, "include/admin", ""),
    ]
    assert [row.name for row in await client.send(calls.POLICY_INCLUDE_LIST(DOM0))] == ["admin"]


async def test_a_file_is_replaced_and_removed_while_its_token_holds(client: Client, policy: Path) -> None:
    await client.send(calls.POLICY_REPLACE(DOM0, "40-mine", TokenContent("new", "# 100%\n")))
    assert (policy / "40-mine.policy").read_text("utf-8") == "# 100%\n"
    again = await error_of(client.send(calls.POLICY_REPLACE(DOM0, "40-mine", TokenContent("new", ""))))
    assert isinstance(again, PolicyAdminTokenException)

    file = await client.send(calls.POLICY_GET(DOM0, "40-mine"))
    await client.send(calls.POLICY_REMOVE(DOM0, "40-mine", file.token))
    assert not (policy / "40-mine.policy").exists()
    gone = await error_of(client.send(calls.POLICY_GET(DOM0, "40-mine")))
    assert isinstance(gone, PolicyAdminFileNotFoundException)

    await client.send(calls.POLICY_INCLUDE_REPLACE(DOM0, "mine", TokenContent("new", "")))
    await client.send(calls.POLICY_INCLUDE_REMOVE(DOM0, "mine", "any"))
    assert [each.name for each in (policy / "include").iterdir()] == ["admin"]


async def test_what_denies_dom0_its_own_calls_is_refused_before(client: Client, policy: Path) -> None:
    change = TokenContent("any", "* * dom0 @adminvm deny\n* * dom0 @anyvm deny\n")

    error = await error_of(client.send(calls.POLICY_REPLACE(DOM0, "30-user", change)))

    assert isinstance(error, QubesValueError)
    assert (policy / "30-user.policy").read_text("utf-8") == USER


async def test_without_the_programs_the_error_names_the_folder(tmp_path: Path) -> None:
    async with over(QubesdTransport(tmp_path / "nosuch", tmp_path)) as backend:
        for request in (calls.POLICY_LIST(DOM0), calls.POLICY_GET(DOM0, "x")):
            error = await error_of(client_of(backend).send(request))
            assert isinstance(error, QubesNotImplementedError)
            assert "/etc/qubes/policy.d" in str(error)


async def test_a_qube_that_may_not_read_it_gets_the_refusal_of_the_policy(tmp_path: Path, policy: Path) -> None:
    program(tmp_path / "qrexec-client-vm", policy)
    (policy / "refused").write_text("", "utf-8")
    async with over(AdminQrexecTransport(str(tmp_path / "qrexec-client-vm"))) as backend:
        error = await error_of(client_of(backend).send(calls.POLICY_GET_ALL(DOM0)))

    assert isinstance(error, PermissionDenied)
