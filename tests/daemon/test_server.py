# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket of a real daemon process: exact bytes, and callers of every kind."""

import contextlib
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from daemon_process import DaemonProcess, raw
from hypothesis import given
from hypothesis import strategies as st
from killing import killed_on_failure
from until import LIMIT

from qubesmanager.daemon.sockets import only_daemon_at

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    with DaemonProcess(tmp_path_factory.mktemp("d"), "--demo", "0") as daemon:
        yield daemon


def error(name: str) -> bytes:
    """A pattern of an error's bytes: its name, no traceback, a text, and the fields that the text names."""
    return rb"2\x00" + name.encode() + rb"\x00\x00[^\x00]+\x00(?:[^\x00]+\x00)*"


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (b"mgmt1.vm.property.Get+netvm sys-mgmt name work\x00", rb"0\x00default=yes sys-firewall"),
        (b"mgmt1.vm.property.Get+netvm dom0 name vault\x00", rb"0\x00default=no "),
        (b"mgmt1.vm.List+ dom0 name vault\x00", rb"0\x00vault class=AppVM state=Halted\n"),
        (b"mgmt1.vm.List+ dom0 keyword adminvm\x00", rb"0\x00dom0 class=AdminVM state=Running\n(.*\n)+"),
        (b"mgmt1.vm.tag.Get+nosuch dom0 name work\x00", rb"0\x000"),
        (b"mgmt1.vm.tag.Get+work dom0 name work\x00", rb"0\x001"),
        (b"mgmt1.vm.List+ dom0 name uuid:00000000-0000-0000-0000-000000000000\x00", rb"0\x00dom0 .*\n(.*\n)+"),
        (
            b"mgmt1.pool.volume.Info+default:work/private dom0 name dom0\x00",
            rb"0\x00pool=default\nvid=work/private\n.*",
        ),
        (b"mgmt1.pool.volume.Info+default-3Awork-2Fprivate dom0 name dom0\x00", rb"0\x00pool=default\n.*"),
        (b"mgmt1.pool.volume.ListSnapshots+default:work/private dom0 name dom0\x00", rb"0\x00"),
        (b"mgmt1.pool.volume.Info+default:no/where dom0 name dom0\x00", error("QubesVolumeNotFoundError")),
        (b"mgmt1.pool.volume.Info+default:../x dom0 name dom0\x00", error("ProtocolError")),
        (b"mgmt1.pool.volume.Info+default/x:y dom0 name dom0\x00", error("ProtocolError")),
        (b"mgmt1.pool.volume.Info+work/private dom0 name dom0\x00", error("ProtocolError")),
        (b"mgmt1.pool.volume.Info+default-3Awork/private dom0 name dom0\x00", error("ProtocolError")),
        (b"mgmt1.vm.tag.Get+a:b/c dom0 name work\x00", error("ProtocolError")),
        (b"mgmt1.vm.List+ dom0 keyword default\x00", error("ProtocolError")),
        (b"mgmt1.vm.List+ dom0 name ghost\x00", error("QubesVMNotFoundError")),
        (b"mgmt1.vm.List+ dom0 name uuid:c9024a97-9b15-46cc-8341-38d75d5d421b\x00", error("QubesVMNotFoundError")),
        (b"mgmt1.vm.Explode+ dom0 name work\x00", error("ProtocolError")),
        (b"mgmt1.pool.List+ dom0 name work\x00", error("ProtocolError")),
        (b"mgmt1.vm.Start+now dom0 name work\x00", error("ProtocolError")),
        (b"mgmt1.vm.property.Get+ dom0 name work\x00", error("ProtocolError")),
        (b"mgmt1.vm.Start+ dom0 name work\x00surplus", error("ProtocolError")),
        (b"mgmt1.vm.Create+AppVM dom0 name debian-13\x00", error("ProtocolError")),
        (b"mgmt1.vm.Create+AppVM dom0 name debian-13\x00name=x name=y label=red", error("ProtocolError")),
        (b"mgmt1.vm.property.Set+memory dom0 name work\x00\xff\xfe", error("ProtocolError")),
        (b"mgmt1.vm.property.Set+memory dom0 name work\x00lots", error("QubesPropertyValueError")),
        (b"mgmt1.vm.property.Set+memory dom0 name work\x00007", error("QubesPropertyValueError")),
        (b"mgmt1.vm.property.Set+qid dom0 name work\x0099", error("QubesPropertyValueError")),
        (b"mgmt1.vm.property.Get+nosuch dom0 name work\x00", error("QubesNoSuchPropertyError")),
        (b"mgmt1.vm.feature.Get+nosuch dom0 name work\x00", error("QubesFeatureNotFoundError")),
        (b"mgmt1.vm.tag.Set+created-by-x dom0 name work\x00", error("QubesInvalidTagError")),
        (b"mgmt1.vm.tag.Remove+nosuch dom0 name work\x00", error("QubesTagNotFoundError")),
        (b"mgmt1.label.Get+pink dom0 name dom0\x00", error("QubesLabelNotFoundError")),
        (b"mgmt1.vm.tag.Get+" + b"x" * 256 + b" dom0 name work\x00", error("ProtocolError")),
        (b"mgmt1.vm.List+ dom0 name\x00", error("ProtocolError")),
        (b"\xff\x00", error("ProtocolError")),
        (b"\x00", error("ProtocolError")),
        (b"x" * 10_000 + b"\x00", error("ProtocolError")),
        (b"never ended", error("ProtocolError")),
        (b"", error("ProtocolError")),
    ],
)
def test_the_bytes_of_an_answer(daemon: DaemonProcess, request_: bytes, answer: bytes) -> None:
    assert re.fullmatch(answer, raw(daemon.socket, request_), re.DOTALL)


NOT_A_QUBE = (
    b"2\x00ProtocolError\x00\x00%.0s%s\x00"
    b'{"code": "not-valid", "fields": [{"code": "what-qube-name", "fields": []}, "\''
)
"""Before the name, which is quoted twice: in the reason, and in the text for readers that do not know it."""
EXACT = [
    (
        b"mgmt1.vm.List+ dom0 keyword default\x00",
        b"2\x00ProtocolError\x00\x00There is no such destination: %s\x00'default'\x00",
    ),
    (
        b"mgmt1.vm.List+ dom0 keyword dispvm\x00",
        b"2\x00ProtocolError\x00\x00There is no such destination: %s\x00'dispvm'\x00",
    ),
    (
        b"mgmt1.vm.List+ dom0 name @adminvm\x00",
        (
            b"2\x00ProtocolError\x00\x00"
            b"%.0s%s\x00"
            b'{"code": "not-valid", "fields": [{"code": "what-qube-name", "fields": []}, "\'@adminvm\'"]}\x00'
            b"Not a valid qube name: '@adminvm'\x00"
        ),
    ),
    (b"mgmt1.vm.List+ dom0 name ghost\x00", b"2\x00QubesVMNotFoundError\x00\x00There is no qube %s.\x00'ghost'\x00"),
    (b"mgmt1.vm.Echo+ dom0 name dom0\x00", b"2\x00ProtocolError\x00\x00Unknown call: %s\x00'mgmt1.vm.Echo'\x00"),
    (
        b"mgmt1.pool.List+ dom0 name work\x00",
        b"2\x00ProtocolError\x00\x00%s is sent to dom0, not to %s.\x00mgmt1.pool.List\x00work\x00",
    ),
    (
        b"mgmt1.vm.Start+now dom0 name work\x00",
        b"2\x00ProtocolError\x00\x00%s takes no argument: %s\x00mgmt1.vm.Start\x00'now'\x00",
    ),
    (
        b"mgmt1.vm.property.Get+ dom0 name work\x00",
        b"2\x00ProtocolError\x00\x00%s needs an argument: %s.\x00mgmt1.vm.property.Get\x00property name\x00",
    ),
    (
        b"mgmt1.vm.Start+ dom0 name work\x00surplus",
        b"2\x00ProtocolError\x00\x00%s takes no payload.\x00mgmt1.vm.Start\x00",
    ),
    (
        b"mgmt1.vm.Create+AppVM dom0 name debian-13\x00",
        b"2\x00ProtocolError\x00\x00%s needs a payload: %s.\x00mgmt1.vm.Create\x00name=<name> label=<label>\x00",
    ),
    (
        b"mgmt1.vm.List+ dom0 name uuid:c9024a97-9b15-46cc-8341-38d75d5d421b\x00",
        b"2\x00QubesVMNotFoundError\x00\x00There is no qube %s.\x00'uuid:c9024a97-9b15-46cc-8341-38d75d5d421b'\x00",
    ),
    (b"mgmt1.vm.List+ dom0 name uuid:\x00", b"2\x00QubesVMNotFoundError\x00\x00There is no qube %s.\x00'uuid:'\x00"),
    (
        b"mgmt1.vm.List+ dom0 other dom0\x00",
        b"2\x00ProtocolError\x00\x00The target of the request header is neither a name nor a keyword.\x00",
    ),
    (b"mgmt1.vm.List+ dom0 name\x00", b"2\x00ProtocolError\x00\x00The request header does not have four words.\x00"),
    (b"\xff\x00", b"2\x00ProtocolError\x00\x00The request header is not ASCII.\x00"),
    (b"\x00", b"2\x00ProtocolError\x00\x00The request header does not have four words.\x00"),
    (b"x" * 10000 + b"\x00", b"2\x00ProtocolError\x00\x00The request header is too long.\x00"),
    (b"never ended", b"2\x00ProtocolError\x00\x00The request header did not arrive.\x00"),
    (b"", b"2\x00ProtocolError\x00\x00The request header did not arrive.\x00"),
    (b"mgmt1.vm.List+ " + b"s" * 31 + b" name dom0\x00", b"0\x00dom0 class=AdminVM state=Running\n"),
    (
        b"mgmt1.vm.List+ " + b"s" * 32 + b" name dom0\x00",
        NOT_A_QUBE + b"s" * 32 + b"'\"]}\x00Not a valid qube name: '" + b"s" * 32 + b"'\x00",
    ),
    (b"mgmt1.vm.List+  name dom0\x00", b"2\x00ProtocolError\x00\x00The request header does not have four words.\x00"),
    (b"mgmt1.vm.List+ s name dom0\x00", b"0\x00dom0 class=AdminVM state=Running\n"),
    (b"mgmt1.vm.List+ dom0 name w\x00", b"2\x00QubesVMNotFoundError\x00\x00There is no qube %s.\x00'w'\x00"),
    (
        b"mgmt1.vm.List+ dom0 name " + b"w" * 31 + b"\x00",
        b"2\x00QubesVMNotFoundError\x00\x00There is no qube %s.\x00'" + b"w" * 31 + b"'\x00",
    ),
    (
        b"mgmt1.vm.List+ dom0 name " + b"w" * 32 + b"\x00",
        NOT_A_QUBE + b"w" * 32 + b"'\"]}\x00Not a valid qube name: '" + b"w" * 32 + b"'\x00",
    ),
    (b"mgmt1.vm.List+ dom0 name \x00", b"2\x00ProtocolError\x00\x00The request header does not have four words.\x00"),
    (b"mgmt1.vm.tag.Get+t dom0 name work\x00", b"0\x000"),
    (b"mgmt1.vm.tag.Get+" + b"t" * 128 + b" dom0 name work\x00", b"0\x000"),
    (
        b"mgmt1.vm.tag.Get+" + b"t" * 129 + b" dom0 name work\x00",
        b'2\x00ProtocolError\x00\x00%.0s%s\x00{"code": "not-valid", "fields": [{"code": "what-tag", "fields": []}, "\''
        + b"t" * 75
        + b"...'\"]}\x00Not a valid tag: '"
        + b"t" * 75
        + b"...'\x00",
    ),
    (
        b"mgmt1.vm.tag.Get+" + b"t" * 255 + b" dom0 name work\x00",
        b'2\x00ProtocolError\x00\x00%.0s%s\x00{"code": "not-valid", "fields": [{"code": "what-tag", "fields": []}, "\''
        + b"t" * 75
        + b"...'\"]}\x00Not a valid tag: '"
        + b"t" * 75
        + b"...'\x00",
    ),
    (
        b"mgmt1.vm.tag.Get+" + b"t" * 256 + b" dom0 name work\x00",
        b"2\x00ProtocolError\x00\x00The argument of %s is longer than %s bytes.\x00mgmt1.vm.tag.Get\x00255\x00",
    ),
    (
        b"mgmt1.vm.property.Set+memory dom0 name work\x00\xff\xfe",
        (
            b"2\x00ProtocolError\x00\x00"
            b"%.0s%s\x00"
            b'{"code": "text-not-utf8", "fields": [{"code": "what-text", "fields": []}]}\x00The text is not '
            b"UTF-8.\x00"
        ),
    ),
    (
        b"mgmt1.vm.property.Set+memory dom0 name work\x00007",
        b"2\x00QubesPropertyValueError\x00\x00%s is a whole number, not %s.\x00memory\x00'007'\x00",
    ),
    (
        b"mgmt1.vm.tag.Set+created-by-x dom0 name work\x00",
        (
            b"2\x00QubesInvalidTagError\x00\x00The tags created-by-* are set when a qube is created and "
            b"cannot be changed.\x00"
        ),
    ),
    (
        b"mgmt1.policy.Replace+30-a dom0 name dom0\x00any\na.B * work",
        b"2\x00PolicyAdminSyntaxException\x00\x00%s\x0030-a.policy:1: The line ends before its target.\x00",
    ),
    (
        b"mgmt1.policy.Replace+30-a dom0 name dom0\x00any\n* * * * deny\n",
        (
            b"2\x00QubesValueError\x00\x00"
            b"%s would deny dom0 its own management calls (%s to %s). Put a rule above it that allows "
            b"them.\x00policy.d/30-a.policy:1\x00*\x00*\x00"
        ),
    ),
    (
        b"mgmt1.policy.Get+30-none dom0 name dom0\x00",
        b"2\x00PolicyAdminFileNotFoundException\x00\x00There is no policy file %s.\x0030-none.policy\x00",
    ),
    (
        b"mgmt1.policy.Admit+ sys-usb name dom0\x00mgmt1.vm.List+ laptop name dom0",
        b"2\x00PermissionDenied\x00\x00Only dom0 asks whether the policy admits a call.\x00",
    ),
    (
        b"mgmt1.policy.Admit+ dom0 name dom0\x00mgmt1.vm.List+ laptop name dom0",
        (
            b"2\x00PermissionDenied\x00\x00The policy does not admit the call. %s\x00No rule fits the call, "
            b"so it is denied.\x00"
        ),
    ),
    (
        b"mgmt1.policy.Answer+ dom0 name dom0\x00question=0",
        b"2\x00QubesValueError\x00\x00The question %s is over.\x000\x00",
    ),
    (
        b"mgmt1.policy.Answer+ dom0 name dom0\x00question=01",
        b"2\x00ProtocolError\x00\x00An answer is question=NUMBER, and target=CHOICE to allow the call.\x00",
    ),
    (
        b"mgmt1.Echo+arg1 sys-mgmt name dom0\x00payload",
        b"2\x00ProtocolError\x00\x00Unknown call: %s\x00'mgmt1.Echo'\x00",
    ),
]
"""Requests and the whole answers: nothing else is in them, and a name of 0, 1, the most and one more characters."""


@pytest.mark.parametrize(("request_", "answer"), EXACT)
def test_an_answer_has_exactly_these_bytes(daemon: DaemonProcess, request_: bytes, answer: bytes) -> None:
    assert raw(daemon.socket, request_) == answer


def test_the_socket_is_for_its_group_only(daemon: DaemonProcess) -> None:
    assert stat.S_IMODE(daemon.socket.stat().st_mode) == 0o660


@given(st.binary(max_size=200))
def test_random_bytes_get_an_answer_or_a_closed_connection(daemon: DaemonProcess, request_: bytes) -> None:
    answer = raw(daemon.socket, request_)

    assert answer[:2] in {b"", b"0\x00", b"2\x00"}


def test_a_caller_that_is_refused_early_may_finish_its_payload(daemon: DaemonProcess) -> None:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(LIMIT)
        caller.connect(str(daemon.socket))
        caller.sendall(b"mgmt1.vm.property.Set+memory dom0 name ghost\x00")
        answer = b""
        while piece := caller.recv(4096):
            answer += piece
        caller.sendall(b"400")
        caller.shutdown(socket.SHUT_WR)
        end = caller.recv(4096)

    assert re.fullmatch(error("QubesVMNotFoundError"), answer)
    assert end == b""


def test_a_gigabyte_of_payload_is_refused_and_not_kept(daemon: DaemonProcess) -> None:
    before = daemon.memory_kib()
    piece = bytes(1 << 20)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(daemon.socket))
        caller.sendall(b"mgmt1.vm.property.Set+memory dom0 name work\x00")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(1024):
                caller.sendall(piece)

    assert daemon.memory_kib() < before + (32 << 10)
    assert raw(daemon.socket, b"mgmt1.vm.tag.Get+work dom0 name work\x00") == b"0\x001"


def test_a_thousand_connections_at_once_are_all_answered(daemon: DaemonProcess) -> None:
    callers = [socket.socket(socket.AF_UNIX) for _ in range(1000)]
    try:
        for caller in callers:
            caller.settimeout(LIMIT)
            caller.connect(str(daemon.socket))
        for caller in callers:
            caller.sendall(b"mgmt1.vm.tag.Get+work dom0 name work\x00")
            caller.shutdown(socket.SHUT_WR)

        assert [caller.recv(100) for caller in callers] == [b"0\x001"] * 1000
    finally:
        for caller in callers:
            caller.close()


def test_events_of_a_change_reach_a_listener(daemon: DaemonProcess) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(LIMIT)
        listener.connect(str(daemon.socket))
        listener.sendall(b"mgmt1.Events+ dom0 name dom0\x00")
        listener.shutdown(socket.SHUT_WR)
        first, expected = (
            b"1\x00\x00connection-established\x00\x00",
            b"1\x00vault\x00tag-add:fresh\x00tag\x00fresh\x00\x00",
        )
        assert listener.recv(len(first), socket.MSG_WAITALL) == first

        assert raw(daemon.socket, b"mgmt1.vm.tag.Set+fresh dom0 name vault\x00") == b"0\x00"

        # Sizes of volumes that the daemon measures in the background may come before it.
        received = b""
        while expected not in received:
            piece = listener.recv(1 << 16)
            assert piece, received
            received += piece


def test_a_qube_lists_only_qubes_that_it_may_see(daemon: DaemonProcess) -> None:
    assert raw(daemon.socket, b"mgmt1.vm.tag.Set+managed-by-sys-mgmt dom0 name personal\x00") == b"0\x00"

    listed = raw(daemon.socket, b"mgmt1.vm.List+ sys-mgmt name dom0\x00")

    assert re.fullmatch(rb"0\x00dom0 [^\n]*\npersonal [^\n]*\n", listed)


def test_sigterm_ends_the_daemon_and_its_socket(tmp_path: Path) -> None:
    daemon = DaemonProcess(tmp_path, "--demo", "0")
    daemon.start()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.connect(str(daemon.socket))
        listener.sendall(b"mgmt1.Events+ dom0 name dom0\x00")

        assert daemon.stop(signal.SIGTERM) == 0

    assert not daemon.socket.exists()


def test_a_second_daemon_on_the_same_socket_is_refused_with_the_reason(daemon: DaemonProcess, tmp_path: Path) -> None:
    second = DaemonProcess(tmp_path, "--demo", "0", "--socket", str(daemon.socket))

    with pytest.raises(AssertionError, match="already answers"):
        second.start()


def test_the_daemon_tells_systemd_when_it_listens(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(LIMIT)
        with DaemonProcess(tmp_path, "--demo", "0", environment={"NOTIFY_SOCKET": str(tmp_path / "notify")}):
            assert systemd.recv(100) == b"READY=1"
        assert systemd.recv(100) == b"STOPPING=1"


ACTIVATED = """
import os, sys
passed = int(sys.argv[1])
if passed != 3:
    os.dup2(passed, 3)
    os.close(passed)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
from qubesmanager.entry import mgmt1d
raise SystemExit(mgmt1d(sys.argv[2:]))
"""


def test_a_socket_that_systemd_listens_on_is_used_and_stays(tmp_path: Path) -> None:
    place = tmp_path / "s"
    write_profile(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen(16)
        arguments = ["--socket", str(place), "--state", str(tmp_path / "state"), "--demo", "0"]
        process = subprocess.Popen(
            [sys.executable, "-c", ACTIVATED, str(listening.fileno()), *arguments],
            pass_fds=[listening.fileno()],
            stderr=subprocess.DEVNULL,
        )
        with killed_on_failure(process) as daemon:
            # The call comes before the daemon is ready: it waits in the socket.
            assert raw(place, b"mgmt1.vm.tag.Get+work dom0 name work\x00") == b"0\x001"
            inherited = inheritable(daemon.pid)
            answer = raw(place, b"mgmt1.backup.Execute+fds dom0 name dom0\x00")
            daemon.terminate()
            assert daemon.wait(timeout=LIMIT) == 0

    assert place.exists()
    assert inherited == {}
    assert answer.startswith(b"0\x00"), answer
    assert (tmp_path / "descriptors").read_text() == ""
    assert "LISTEN_" not in (tmp_path / "environment").read_text()


RECEIVER = """\
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
folder.joinpath("descriptors").write_text(" ".join(each for each in os.listdir("/proc/self/fd") if int(each) > 2
    and os.path.exists("/proc/self/fd/" + each)))
folder.joinpath("environment").write_text(" ".join(os.environ))
sys.stdin.buffer.read()
"""


def inheritable(pid: int) -> dict[str, str]:
    """The open files of a process that programs which it starts would get, but for standard input and output."""
    kept = {}
    for path in Path(f"/proc/{pid}/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
            flags = re.search(r"^flags:\s*(\d+)", path.read_text(), re.MULTILINE)
            assert flags is not None
            if int(path.name) > 2 and not int(flags[1], 8) & os.O_CLOEXEC:
                kept[path.name] = str(Path(f"/proc/{pid}/fd", path.name).readlink())
    return kept


def write_profile(folder: Path) -> None:
    """A profile whose backups go to a program that writes what it has from the daemon: descriptors, environment."""
    program = folder / "receiver.py"
    program.write_text(RECEIVER)
    command = [sys.executable, str(program), str(folder)]
    profile = {"include": ["vault"], "destination_command": command, "passphrase_text": "words"}
    path = folder / "state/backup/fds.conf"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(profile))
    path.chmod(0o600)


def test_a_user_outside_the_group_is_refused(daemon: DaemonProcess, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can call as another user")
    daemon.socket.parent.chmod(0o755)
    daemon.socket.chmod(0o666)
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        try:
            answer = raw(daemon.socket, b"mgmt1.vm.List+ dom0 name dom0\x00")
        except OSError:
            os._exit(2)
        os._exit(0 if answer.startswith(b"2\x00PermissionDenied\x00") else 1)
    _pid, status = os.waitpid(pid, 0)
    daemon.socket.chmod(0o660)
    if os.waitstatus_to_exitcode(status) == 2:
        pytest.skip("the folder of the test is closed to other users")
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_second_daemon_never_takes_the_path_of_one_that_is_starting(tmp_path: Path) -> None:
    second = DaemonProcess(tmp_path, "--demo", "0")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(second.socket))
    before = second.socket.stat().st_ino

    with only_daemon_at(second.socket), pytest.raises(AssertionError, match="already answers"):
        second.start()

    assert second.socket.stat().st_ino == before
    with DaemonProcess(tmp_path, "--demo", "0") as third:
        assert raw(third.socket, b"mgmt1.vm.tag.Get+work dom0 name work\x00") == b"0\x001"


def test_store_and_logs_are_read_by_their_owner_only(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "logs").mkdir(parents=True, mode=0o755)
    (state / "logs" / "old.console").write_text("x")
    (state / "logs" / "old.console").chmod(0o644)

    with DaemonProcess(tmp_path, "--demo", "0") as daemon:
        raw(daemon.socket, b"mgmt1.vm.tag.Set+fresh dom0 name vault\x00")
        files = [*state.glob("store.sqlite*"), *(state / "logs").iterdir(), state / "lock"]
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in files}
        folders = {stat.S_IMODE(folder.stat().st_mode) for folder in (state, state / "logs")}

    assert {"store.sqlite", "store.sqlite-wal", "old.console"} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert folders == {0o700}


def test_bytes_instead_of_a_header_are_quoted_neither_in_the_answer_nor_in_the_log(daemon: DaemonProcess) -> None:
    for request in (b"passphrase=hunter2\x00", b"passphrase=a hunter2 hunter2 hunter2\x00"):
        assert b"hunter2" not in raw(daemon.socket, request)

    assert "hunter2" not in daemon.log.read_text()
