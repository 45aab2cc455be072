# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent of a guest, as a process: services for the host, calls of programs, and what breaks the rules of either."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from guest_agent import Host
from until import LIMIT

from qubesmanager.guest import agent, local
from qubesmanager.guest import client as client_program
from qubesmanager.guest.frames import (
    Call,
    Data,
    Ended,
    Err,
    Established,
    Event,
    Lost,
    Opened,
    Session,
    WasReset,
)

NOBODY = 65534


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with Host(tmp_path_factory.mktemp("agent")) as host:
        yield host


@pytest.fixture
def host(running: Host) -> Host:
    """A session with the one agent of these tests, which has nothing of the tests before."""
    running.begin_again()
    return running


# -- services ----------------------------------------------------------------------------------------------------------


def test_a_service_gets_its_input_and_its_output_errors_and_exit_code_come_back(host: Host) -> None:
    host.service("qubes.VMShell", "exec /bin/sh")

    assert host.run("qubes.VMShell", b"echo out; echo errors >&2; exit 3\n") == (3, b"out\n", b"errors\n")


def test_a_service_reads_its_caller_and_its_argument_from_its_environment(host: Host) -> None:
    host.service("show", 'echo "$1/$QREXEC_REMOTE_DOMAIN/$QREXEC_SERVICE_FULL_NAME/$QREXEC_SERVICE_ARGUMENT"; env')

    _code, output, _errors = host.run("show", argument="+a+b", name="work")

    lines = output.decode().splitlines()
    assert lines[0] == "a+b/work/show+a+b/a+b"
    names = {line.partition("=")[0] for line in lines[1:]}
    assert names >= {"HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG"}
    assert "HYPOTHESIS_PROFILE" not in names
    assert not {name for name in names if name.startswith("PYTEST")}


def test_a_program_with_the_argument_in_its_name_comes_first(host: Host) -> None:
    host.service("pick", "echo any")
    host.service("pick+one", "echo one")

    assert host.run("pick", argument="+one")[1] == b"one\n"
    assert host.run("pick", argument="+two")[1] == b"any\n"


@pytest.mark.parametrize("name", ["none", ".", "..", "x" * 255, "folder"])
def test_a_service_that_is_not_there_is_refused_with_127(host: Host, name: str) -> None:
    (host.services / "folder").symlink_to("/")

    assert host.run(name, argument="+" + "y" * 255)[0] == 1127


def test_a_program_that_other_users_can_change_is_refused(host: Host) -> None:
    path = host.service("open", "echo never")
    path.chmod(0o777)

    assert host.run("open")[0] == 1126
    path.chmod(0o755)
    host.services.chmod(0o777)
    assert host.run("open")[0] == 1126


def test_a_program_that_cannot_be_run_is_refused(host: Host) -> None:
    host.service("plain", "echo never").chmod(0o644)
    (host.services / "broken").write_text("#!/bin/no-such-shell\n")
    (host.services / "broken").chmod(0o755)

    assert host.run("plain")[0] == 1126
    assert host.run("broken")[0] == 1126
    assert host.log.read_text().count("cannot be run: No such file or directory.") == 1


def test_an_unknown_user_is_refused(host: Host) -> None:
    host.service("id", "id -un")

    assert host.run("id", user="no-such-user")[0] == 1126


@pytest.mark.root
def test_a_service_runs_as_the_user_that_the_caller_names(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root's agent can run services as another user")

    # That user cannot read the folder of the test.
    with Host(tmp_path, "--services", "/usr/bin") as host:
        assert host.run("id", user="nobody")[1].decode().split()[:2] == [
            f"uid={NOBODY}(nobody)",
            f"gid={NOBODY}(nogroup)",
        ]
        assert b"root" not in host.run("id", user="nobody")[1]


def test_more_data_than_the_credit_passes_both_ways(host: Host) -> None:
    host.service("echo", "exec cat")
    data = os.urandom(1 << 20)

    assert host.run("echo", data) == (0, data, b"")


def test_a_host_that_reads_nothing_of_a_stream_stops_that_service_only(host: Host) -> None:
    host.service("flood", "exec cat /dev/zero")
    host.service("echo", "exec cat")
    host.grants = False
    flood = host.open("flood")
    host.until(lambda: len(host.output(flood)) == 64 << 10)

    host.grants = True
    assert host.run("echo", b"goes on") == (0, b"goes on", b"")

    assert len(host.output(flood)) == 64 << 10
    host.session.reset(flood)


def test_a_service_that_reads_nothing_ends_as_it_would(host: Host) -> None:
    host.service("deaf", "exec 0<&-; echo done; exit 4")

    stream = host.open("deaf")
    host.until(lambda: host.output(stream) == b"done\n")
    host.until(lambda: host._end(stream) == 4)


def test_a_service_that_a_signal_ends_exits_as_in_a_shell(host: Host) -> None:
    host.service("killed", "kill -TERM $$; sleep 1000")

    assert host.run("killed")[0] == 128 + signal.SIGTERM


def test_a_child_in_the_background_does_not_keep_the_stream_open(host: Host, tmp_path: Path) -> None:
    host.service("leave", f"echo before; (while [ ! -e {tmp_path}/go ]; do sleep 0.1; done) & exit 0")

    assert host.run("leave") == (0, b"before\n", b"")
    (tmp_path / "go").touch()


def test_a_service_whose_stream_is_given_up_gets_sighup(host: Host, tmp_path: Path) -> None:
    mark = tmp_path / "hung-up"
    host.service(
        "wait", f"exec 2>/dev/null; trap 'touch {mark}; exit' HUP; echo ready; for i in $(seq 600); do sleep 0.1; done"
    )
    stream = host.open("wait")
    host.until(lambda: host.output(stream) == b"ready\n")

    host.session.reset(stream)

    host.until(mark.exists)


def test_services_that_outlive_their_streams_are_limited(tmp_path: Path) -> None:
    with Host(tmp_path, change="agent.PROCESSES = 1") as host:
        host.service(
            "stay", f"exec 2>/dev/null; trap '' HUP; echo ready; while [ ! -e {tmp_path}/go ]; do sleep 0.1; done"
        )
        stream = host.open("stay")
        host.until(lambda: host.output(stream) == b"ready\n")
        host.session.reset(stream)

        assert host.run("stay")[0] == 1126
        (tmp_path / "go").touch()
        host.until(lambda: host.run("stay")[0] == 0)


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_bytes_that_are_no_frame_end_the_session_and_another_one_begins(host: Host) -> None:
    host.service("echo", "exec cat")
    stream = host.open("echo")
    host.until(lambda: host._is_begun(stream))

    host.write(b"\0" * 64)

    host.event(Lost)
    host.event(Established)
    assert host.run("echo", b"again") == (0, b"again", b"")


def test_a_host_that_begins_again_ends_the_calls_and_services_of_before(host: Host, tmp_path: Path) -> None:
    mark = tmp_path / "hung-up"
    host.service(
        "wait", f"exec 2>/dev/null; trap 'touch {mark}; exit' HUP; echo ready; for i in $(seq 600); do sleep 0.1; done"
    )
    stream = host.open("wait")
    host.until(lambda: host.output(stream) == b"ready\n")
    client = host.client("dom0", "mgmt1.vm.List")
    host.event(Opened)

    host.session = Session(is_host=True)
    host.until(lambda: host.session.is_established)

    host.until(mark.exists)
    assert host.ended(client) == (125, b"", b"qubes-mgmt1-client: The connection to dom0 broke.\n")


class Deaf(Session):
    """A host that answers nothing."""

    def output(self) -> bytes:
        return b""

    def receive(self, untrusted: bytes = b"") -> list[Event]:
        return []


def test_without_a_host_a_call_fails_after_a_time(tmp_path: Path) -> None:
    with Host(tmp_path, change="agent.SESSION_SECONDS = agent.CHECK_SECONDS = 0.01") as host:
        host.session = Deaf(is_host=True)
        host.write(b"\0" * 64)
        client = host.client("dom0", "mgmt1.vm.List")
        assert host.ended(client) == (125, b"", b"qubes-mgmt1-client: There is no connection to dom0.\n")


# -- calls of programs -------------------------------------------------------------------------------------------------


def test_a_call_passes_its_input_and_output(host: Host) -> None:
    client = host.client("@default", "mgmt1.vm.List+x+y")
    opened = host.event(Opened)
    assert opened.call == Call("mgmt1.vm.List", "+x+y", "@default")
    assert client.stdin is not None
    client.stdin.write(b"given")
    client.stdin.close()

    host.session.accept(opened.stream)
    host.event(Ended)
    assert host.output(opened.stream) == b"given"
    host.send(opened.stream, b"an\0swer")
    host.session.exit(opened.stream, 7)

    assert host.ended(client) == (7, b"an\0swer", b"")


def test_a_long_answer_waits_for_a_program_that_reads_slowly(host: Host) -> None:
    client = host.client("dom0", "long")
    opened = host.event(Opened)
    host.session.accept(opened.stream)
    data = os.urandom(1 << 20)
    sent = 0

    def all_are_full() -> bool:
        nonlocal sent
        taken = host.session.send(opened.stream, data[sent:])
        sent += taken
        return sent > 64 << 10 and not taken and host.session.credit(opened.stream) == 0

    host.until(all_are_full)
    assert sent < 512 << 10
    assert client.stdout is not None
    got = b""
    os.set_blocking(client.stdout.fileno(), False)

    def is_whole() -> bool:
        nonlocal got, sent
        sent += host.session.send(opened.stream, data[sent:])
        got += client.stdout.read(1 << 16) or b""  # type: ignore[union-attr]
        return len(got) == len(data)

    host.until(is_whole)
    host.session.exit(opened.stream, 0)
    assert host.ended(client) == (0, b"", b"")
    assert got == data


@pytest.mark.parametrize("code", [126, 127])
def test_a_refusal_is_the_exit_status_and_its_text_an_error(host: Host, code: int) -> None:
    client = host.client("work", "qubes.VMShell")

    host.session.refuse(host.event(Opened).stream, code, "The policy says no.")

    assert host.ended(client) == (code, b"", b"qubes-mgmt1-client: The policy says no.\n")


def test_a_call_that_the_host_gives_up_exits_with_125(host: Host) -> None:
    client = host.client("work", "qubes.VMShell")
    opened = host.event(Opened)
    host.session.accept(opened.stream)
    host.pump()

    host.session.reset(opened.stream)

    assert host.ended(client)[0] == 125


@pytest.mark.parametrize("accepts", [False, True])
def test_a_program_that_is_killed_gives_its_stream_up(host: Host, *, accepts: bool) -> None:
    client = host.client("dom0", "mgmt1.Events")
    opened = host.event(Opened)
    assert client.stdin is not None
    client.stdin.close()
    if accepts:
        host.session.accept(opened.stream)
        host.event(Ended)

    client.kill()
    host.ended(client)

    assert host.event(WasReset).stream == opened.stream


def test_a_program_that_is_killed_while_nothing_is_read_from_it_gives_its_stream_up(tmp_path: Path) -> None:
    with Host(tmp_path, change="agent.CHECK_SECONDS = 0.01") as host:
        client = host.client("dom0", "mgmt1.Events")
        opened = host.event(Opened)
        assert client.stdin is not None
        # More than the agent reads before the call is accepted.
        client.stdin.write(b"x" * (32 << 10))
        client.stdin.flush()

        client.kill()
        host.ended(client)

        assert host.event(WasReset).stream == opened.stream


def test_an_answer_that_no_program_reads_ends_the_call(host: Host) -> None:
    client = host.client("dom0", "mgmt1.Events")
    opened = host.event(Opened)
    host.session.accept(opened.stream)
    host.pump()
    assert client.stdout is not None

    client.stdout.close()

    host.event(WasReset)
    assert host.ended(client)[0] == 128 + signal.SIGPIPE


def test_a_program_can_be_run_at_the_callers_end(host: Host) -> None:
    client = host.client("work", "echo", "sh", "-c", "read line; echo got $line; echo shown >&$SAVED_FD_1")
    opened = host.event(Opened)
    host.session.accept(opened.stream)

    host.send(opened.stream, b"hello\n")
    host.event(Ended)
    assert host.output(opened.stream) == b"got hello\n"
    host.session.exit(opened.stream, 0)

    assert host.ended(client) == (0, b"shown\n", b"")


def test_a_program_of_both_directions_does_not_lock_up(host: Host) -> None:
    """It reads nothing before all of its output is taken."""
    client = host.client("work", "echo", "sh", "-c", "head -c 300000 /dev/zero; head -c 300000 | wc -c >&$SAVED_FD_1")
    opened = host.event(Opened)
    host.session.accept(opened.stream)

    host.send(opened.stream, b"y" * 300_000)
    host.until(lambda: len(host.output(opened.stream)) == 300_000)
    host.event(Ended)
    host.session.exit(opened.stream, 0)

    assert host.ended(client) == (0, b"300000\n", b"")


def test_without_an_agent_a_call_exits_with_125(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    status = client_program.main([f"--agent-socket={tmp_path}/nothing", "dom0", "mgmt1.vm.List"])

    assert status == 125
    assert "The agent of this qube does not run" in capsys.readouterr().err


# -- hostile programs --------------------------------------------------------------------------------------------------


def connected(host: Host) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(host.socket))
    connection.settimeout(LIMIT)
    return connection


def frames_until_the_end(host: Host, connection: socket.socket) -> list[local.Frame]:
    connection.setblocking(False)
    reader = local.Reader()
    answers: list[local.Frame] = []
    ended = False

    def is_over() -> bool:
        nonlocal ended
        try:
            data = connection.recv(1 << 16)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        answers.extend(reader.feed(data))
        ended = not data
        return ended

    host.until(is_over)
    return answers


CALL = local.encode(local.CALL, b"dom0\0mgmt1.vm.List\0+")


@pytest.mark.parametrize(
    "untrusted",
    [
        b"\xff" * 100,
        local.encode(local.DATA, b"before the call"),
        local.encode(local.END),
        local.encode(local.EXIT, b"\0"),
        local.encode(local.CALL, b""),
        local.encode(local.CALL, b"dom0\0mgmt1.vm.List"),
        local.encode(local.CALL, b"dom0\0mgmt1.vm.List\0+\0root"),
        local.encode(local.CALL, b"dom0\0../../bin/sh\0+"),
        local.encode(local.CALL, b"dom0\0a b\0+"),
        local.encode(local.CALL, b"dom0\0\xff\0+"),
        local.encode(local.CALL, b"x" * 65 + b"\0mgmt1.vm.List\0+"),
        local.encode(local.CALL, b"dom0\0mgmt1.vm.List\0+" + b"x" * 256),
        local.encode(local.CALL, b"dom0\0mgmt1.vm.List\0no-plus"),
    ],
)
def test_what_is_no_call_is_answered_with_125_and_never_reaches_the_host(host: Host, untrusted: bytes) -> None:
    with connected(host) as connection:
        connection.sendall(untrusted)
        answers = frames_until_the_end(host, connection)

    assert answers == [local.Frame(local.FAILED, b"\x7dThe agent was sent something that is no call.")]
    assert not [event for event in host.events if isinstance(event, Opened)]


@pytest.mark.parametrize("second", [CALL, local.encode(local.DATA, b"after the end"), b"\0\0\0"])
def test_a_frame_in_another_order_ends_the_call(host: Host, second: bytes) -> None:
    with connected(host) as connection:
        connection.sendall(CALL + local.encode(local.END))
        host.event(Opened)
        connection.sendall(second)
        answers = frames_until_the_end(host, connection)

    assert answers == [local.Frame(local.FAILED, b"\x7dThe agent was sent something that is no call.")]
    host.event(WasReset)


def test_a_program_that_names_no_call_is_cut_off(tmp_path: Path) -> None:
    with (
        Host(tmp_path, change="agent.CALL_SECONDS = agent.CHECK_SECONDS = 0.01") as host,
        connected(host) as connection,
    ):
        answers = frames_until_the_end(host, connection)

    assert answers == [local.Frame(local.FAILED, b"\x7dNo call was named in time.")]


def test_a_user_gets_no_more_than_a_part_of_the_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may be in the way of all; an ordinary user may not."""
    monkeypatch.chdir(tmp_path)
    with Host(tmp_path) as host, ExitStack() as opened:
        check_the_limit_of_a_user(host, tmp_path, opened)


def check_the_limit_of_a_user(host: Host, tmp_path: Path, opened: ExitStack) -> None:
    tmp_path.chmod(0o755)
    is_root = os.geteuid() == 0
    connections = [opened.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(agent.CALLS_OF_USER + 1)]
    for connection in connections:
        if is_root:
            os.seteuid(NOBODY)
        try:
            connection.connect("s")
        finally:
            if is_root:
                os.seteuid(0)
        with suppress(BrokenPipeError):  # the last one is refused before it says what it calls
            connection.sendall(CALL)

    answers = frames_until_the_end(host, connections[-1])
    assert answers == [local.Frame(local.FAILED, b"\x7eToo many calls are under way in this qube.")]
    host.event(Opened, agent.PENDING_OF_USER - 1)
    if is_root:
        # The next is another user's.
        root = host.client("dom0", "mgmt1.of-root")
        assert host.event(Opened, agent.PENDING_OF_USER).call.service == "mgmt1.of-root"
        root.kill()
        host.ended(root)
    # Each that is answered lets the next one in.
    first = host.event(Opened).stream
    host.session.refuse(first, 126, "no")
    host.event(Opened, agent.PENDING_OF_USER + is_root)


def test_standard_error_of_another_qubes_service_is_dropped(host: Host) -> None:
    client = host.client("work", "noisy")
    opened = host.event(Opened)
    host.session.accept(opened.stream)
    host.send(opened.stream, b"answer")
    host.session.exit(opened.stream, 0)

    assert host.ended(client) == (0, b"answer", b"")
    assert not [event for event in host.events if isinstance(event, Err)]
    assert not [event for event in host.events if isinstance(event, Data)]
