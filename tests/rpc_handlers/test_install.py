# SPDX-License-Identifier: GPL-3.0-or-later
"""What is put into dom0 beside Python: installed into a scratch root, run as a child process."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import tty
from pathlib import Path

import pytest
from killing import killed_on_failure

from qubesmanager.admin import calls as admin
from qubesmanager.wire import calls
from qubesmanager.wire.values import Tier

pytestmark = pytest.mark.whole

HANDLERS = Path(__file__).parent.parent.parent / "rpc-handlers"
POLICY = "etc/qubes/policy.d/90-mgmt1-default.policy"


def _run(program: str, root: Path, *words: str) -> str:
    command = [sys.executable, str(HANDLERS / program), "--root", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): str(path.readlink()) if path.is_symlink() else path.read_text("utf-8")
        for path in root.rglob("*")
        if not path.is_dir() or path.is_symlink()
    }


def test_each_service_leads_to_the_daemons_socket(tmp_path: Path) -> None:
    _run("install", tmp_path)

    links = sorted((tmp_path / "etc/qubes-rpc").iterdir())
    assert [path.name for path in links] == sorted(calls.BY_SERVICE)
    assert {str(path.readlink()) for path in links} == {"../../run/qubes-mgmt1/mgmt1.sock"}
    assert os.path.normpath(links[0].parent / links[0].readlink()) == str(tmp_path / "run/qubes-mgmt1/mgmt1.sock")


def test_the_policy_includes_only_files_that_are_there(tmp_path: Path) -> None:
    _run("install", tmp_path)

    for tier in Tier:
        assert (tmp_path / "etc/qubes/policy.d/include" / tier).is_file()
    assert (tmp_path / POLICY).read_bytes() == (HANDLERS / "policy" / Path(POLICY).name).read_bytes()


def test_installing_again_changes_nothing(tmp_path: Path) -> None:
    _run("install", tmp_path)
    before = _tree(tmp_path)

    assert _run("install", tmp_path) == ""

    assert _tree(tmp_path) == before
    assert not [name for name in before if "installing" in name]


def test_rules_of_the_user_are_never_overwritten(tmp_path: Path) -> None:
    _run("install", tmp_path)
    include = tmp_path / "etc/qubes/policy.d/include/mgmt1-local-ro"
    include.write_text("sys-mgmt @adminvm allow target=dom0\n")
    (tmp_path / POLICY).write_text("# mine\n")

    _run("install", tmp_path)

    assert include.read_text() == "sys-mgmt @adminvm allow target=dom0\n"
    assert (tmp_path / POLICY).read_text() == "# mine\n"
    assert (tmp_path / f"{POLICY}.new").is_file()


def test_uninstalling_leaves_nothing_of_ours_and_everything_else(tmp_path: Path) -> None:
    other = tmp_path / "etc/qubes-rpc/admin.vm.List"
    other.parent.mkdir(parents=True)
    other.symlink_to("../../var/run/qubesd.sock")
    _run("install", tmp_path)

    _run("uninstall", tmp_path)

    assert _tree(tmp_path) == {"etc/qubes-rpc/admin.vm.List": "../../var/run/qubesd.sock"}


def test_uninstalling_keeps_rules_and_a_service_that_leads_elsewhere(tmp_path: Path) -> None:
    _run("install", tmp_path)
    (tmp_path / "etc/qubes/policy.d/include/mgmt1-global-rwx").write_text("mine\n")
    service = tmp_path / "etc/qubes-rpc/mgmt1.vm.List"
    service.unlink()
    service.symlink_to("/elsewhere")

    said = _run("uninstall", tmp_path)

    assert sorted(_tree(tmp_path)) == ["etc/qubes-rpc/mgmt1.vm.List", "etc/qubes/policy.d/include/mgmt1-global-rwx"]
    assert said.count("kept: ") == 2


def test_a_changed_policy_keeps_the_files_it_includes(tmp_path: Path) -> None:
    _run("install", tmp_path)
    with (tmp_path / POLICY).open("a") as file:
        file.write("# mine\n")

    _run("uninstall", tmp_path)

    assert len(list((tmp_path / "etc/qubes/policy.d/include").iterdir())) == len(Tier)


def test_the_services_of_qubes_os_are_installed_on_request_only(tmp_path: Path) -> None:
    _run("install", tmp_path)
    assert not [name for name in _tree(tmp_path) if "admin" in name]

    _run("install", tmp_path, "--admin")

    links = {path.name: str(path.readlink()) for path in (tmp_path / "etc/qubes-rpc").glob("admin.*")}
    assert links.keys() == admin.BY_SERVICE.keys()
    started = {name for name, target in links.items() if target.endswith("mgmt1-handler")}
    assert started == {"admin.vm.Console", "admin.vm.volume.Import", "admin.vm.volume.ImportWithSize"}
    assert links["admin.vm.List"] == "../../run/qubes-mgmt1/mgmt1.sock"
    for tier in Tier:
        assert (tmp_path / "etc/qubes/policy.d/include" / tier.replace("mgmt1", "admin")).is_file()
    assert (tmp_path / "etc/qubes/policy.d/90-mgmt1-admin.policy").is_file()
    assert "L /run/qubesd.sock " in (tmp_path / "usr/lib/tmpfiles.d/qubes-mgmt1-admin.conf").read_text()


def test_installing_the_services_of_qubes_os_again_changes_nothing(tmp_path: Path) -> None:
    _run("install", tmp_path, "--admin")
    before = _tree(tmp_path)

    assert _run("install", tmp_path, "--admin") == ""
    assert _tree(tmp_path) == before
    _run("uninstall", tmp_path)
    assert _tree(tmp_path) == {}


def test_a_damaged_policy_of_qubes_os_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    copy = shutil.copytree(HANDLERS, tmp_path / "handlers")
    (copy / "admin/policy/90-mgmt1-admin.policy").write_text("not a rule\n")
    command = [sys.executable, str(copy / "install"), "--root", str(tmp_path / "root"), "--admin"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "not a line of ours" in done.stderr
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize(
    "sign", ["usr/bin/qubesd", "etc/qubes-release", "run/qubesd.sock", "etc/qubes-rpc/admin.vm.List"]
)
def test_they_are_refused_where_a_qubesd_is_and_nothing_is_written(tmp_path: Path, sign: str) -> None:
    (tmp_path / sign).parent.mkdir(parents=True)
    (tmp_path / sign).write_text("")
    command = [sys.executable, str(HANDLERS / "install"), "--root", str(tmp_path), "--admin"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert f"/{sign}" in done.stderr
    assert list(_tree(tmp_path)) == [sign]


@pytest.mark.parametrize("folder", ["system", "user"])
def test_systemd_accepts_the_units(tmp_path: Path, folder: str) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    _run("install", tmp_path)
    units = tmp_path / "usr/lib/systemd" / folder
    service = units / "qubes-mgmt1d.service"
    service.write_text(service.read_text().replace("/usr/bin/qubes-mgmt1d", "/bin/true"))

    words = [analyze, f"--{folder}", "--man=no", "verify", *map(str, sorted(units.iterdir()))]
    found = subprocess.run(words, capture_output=True, text=True, check=False)

    complaints = [line for line in found.stderr.splitlines() if "qubes-mgmt1d" in line]
    assert complaints == []


def test_units_start_the_commands_where_they_are(tmp_path: Path) -> None:
    _run("install", tmp_path, "--commands", "/opt/100% mine/bin")

    systemd = tmp_path / "usr/lib/systemd"
    starts = {
        line
        for unit in systemd.rglob("*.service")
        for line in unit.read_text().splitlines()
        if line.startswith("ExecStart=")
    }
    assert starts == {
        'ExecStart="/opt/100%% mine/bin/qubes-mgmt1d"',
        'ExecStart="/opt/100%% mine/bin/qubes-backup" --connect unix:/run/qubes-mgmt1/mgmt1.sock --profile %i --run',
    }


def test_without_the_commands_nothing_is_installed(tmp_path: Path) -> None:
    copied = shutil.copytree(HANDLERS, tmp_path / "share/qubes-mgmt1/rpc-handlers")
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, str(copied / "install")], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "the commands qubes-mgmt1d and qubes-backup are not installed" in done.stderr


def test_systemd_makes_the_group_of_the_socket(tmp_path: Path) -> None:
    sysusers = shutil.which("systemd-sysusers")
    if sysusers is None:
        pytest.skip("systemd-sysusers is not installed")
    _run("install", tmp_path)
    (tmp_path / "etc/passwd").touch()

    subprocess.run([sysusers, f"--root={tmp_path}"], capture_output=True, check=True)

    socket_unit = (tmp_path / "usr/lib/systemd/system/qubes-mgmt1d.socket").read_text()
    assert "SocketGroup=qubes\n" in socket_unit
    assert [line.split(":")[0] for line in (tmp_path / "etc/group").read_text().splitlines()] == ["qubes"]


@pytest.mark.parametrize(("unit", "below"), [("qubes-mgmt1d.service", 4.0), ("qubes-mgmt1-backup@.service", 5.0)])
def test_the_units_leave_little_open(unit: str, below: float) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed; docs/install.md has the figures")

    words = [analyze, "security", "--offline=true", "--no-pager", str(HANDLERS / "systemd" / unit)]
    found = subprocess.run(words, capture_output=True, text=True, check=False)

    if "Unknown" in found.stderr or "unrecognized option" in found.stderr:
        pytest.skip("this systemd-analyze reads no unit offline; docs/install.md has the figures")
    figure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", found.stdout)
    assert figure is not None, found.stderr
    assert float(figure[1]) < below


class _Daemon:
    """A socket that reads one call to its end and answers it."""

    def __init__(self, path: Path, answer: bytes, *, early: bool = False) -> None:
        self.received = b""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._answer, self._early = answer, early
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, self._listener:
            while piece := connection.recv(1 << 16):
                self.received += piece
                if self._early:
                    break
            connection.sendall(self._answer)

    def join(self) -> None:
        self._thread.join()


ENVIRONMENT = {
    "QREXEC_SERVICE_FULL_NAME": "mgmt1.vm.feature.Set+gui",
    "QREXEC_SERVICE_ARGUMENT": "gui",
    "QREXEC_REMOTE_DOMAIN": "sys-mgmt",
    "QREXEC_REQUESTED_TARGET_TYPE": "name",
    "QREXEC_REQUESTED_TARGET": "work",
}


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """The handler under a service's name, its socket and interpreter those of this test."""
    text = (HANDLERS / "mgmt1-handler").read_text()
    text = text.replace("/run/qubes-mgmt1/mgmt1.sock", str(tmp_path / "s"))
    handler = tmp_path / "mgmt1-handler"
    handler.write_text(text.replace("/usr/bin/python3", sys.executable, 1))
    handler.chmod(0o755)
    link = tmp_path / "mgmt1.vm.feature.Set"
    link.symlink_to("mgmt1-handler")
    return link


def _call(service: Path, payload: bytes = b"", /, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    variables = {**ENVIRONMENT, **environment}
    return subprocess.run([str(service), "gui"], input=payload, env=variables, capture_output=True, check=False)


def test_the_handler_sends_caller_and_call_and_copies_both_ways(service: Path) -> None:
    daemon = _Daemon(service.with_name("s"), b"0\x00" + bytes(range(256)) * 2000)

    found = _call(service, b"\x00\xff" * 100_000)

    daemon.join()
    assert daemon.received == b"mgmt1.vm.feature.Set+gui sys-mgmt name work\x00" + b"\x00\xff" * 100_000
    assert (found.returncode, found.stdout) == (0, b"0\x00" + bytes(range(256)) * 2000)


def test_a_tool_of_qubes_os_starts_the_handler_with_the_argument_as_a_word(service: Path) -> None:
    daemon = _Daemon(service.with_name("s"), b"0\x00")
    program = service.with_name("admin.vm.volume.ImportWithSize")
    program.symlink_to("mgmt1-handler")
    environment = {"QREXEC_REMOTE_DOMAIN": "dom0", "QREXEC_REQUESTED_TARGET": "work"}

    words = [str(program), "private"]
    done = subprocess.run(words, input=b"5\nhello", env=environment, capture_output=True, check=False)

    daemon.join()
    assert daemon.received == b"admin.vm.volume.ImportWithSize+private dom0 name work\x005\nhello"
    assert (done.returncode, done.stdout) == (0, b"0\x00")


def _console(service: Path, answer: bytes) -> "tuple[_Daemon, subprocess.Popen[bytes]]":
    """A call of `admin.vm.Console` through the handler, which gets this answer."""
    service.with_name("s").unlink(missing_ok=True)
    daemon = _Daemon(service.with_name("s"), answer)
    program = service.with_name("admin.vm.Console")
    if not program.is_symlink():
        program.symlink_to("mgmt1-handler")
    environment = {**ENVIRONMENT, "QREXEC_SERVICE_FULL_NAME": "admin.vm.Console"}
    pipe = subprocess.PIPE
    return daemon, subprocess.Popen([str(program)], stdin=pipe, stdout=pipe, stderr=pipe, env=environment)


def test_a_console_is_copied_in_both_directions_to_one_caller_at_a_time(service: Path) -> None:
    guest, terminal = os.openpty()
    tty.setraw(terminal)
    path = os.ttyname(terminal)

    daemon, process = _console(service, b"0\0" + path.encode())

    with killed_on_failure(process):
        assert process.stdin is not None
        assert process.stdout is not None
        os.write(guest, b"login: ")
        assert process.stdout.read(7) == b"login: "
        process.stdin.write(b"root\n")
        process.stdin.flush()
        assert os.read(guest, 100) == b"root\n"
        daemon.join()
        assert daemon.received == b"admin.vm.Console+ sys-mgmt name work\x00"
        _daemon, other = _console(service, b"0\0" + path.encode())
        assert b"another caller has the console" in other.communicate()[1]
        assert other.returncode == 125
        process.stdin.close()
        assert process.wait() == 0
        process.stdout.close()
    os.close(guest)
    os.close(terminal)


def test_a_console_that_is_refused_is_answered_with_the_error(service: Path) -> None:
    answer = b"2\0QubesVMNotRunningError\0\0work is not running.\0"

    _daemon, process = _console(service, answer)

    assert process.communicate()[0] == answer
    assert process.returncode == 0


def test_a_keyword_is_passed_on_as_qrexec_does(service: Path) -> None:
    daemon = _Daemon(service.with_name("s"), b"0\x00")
    target = {"QREXEC_REQUESTED_TARGET_TYPE": "keyword", "QREXEC_REQUESTED_TARGET_KEYWORD": "adminvm"}

    _call(service, QREXEC_SERVICE_FULL_NAME="mgmt1.vm.feature.Set+", **target)

    daemon.join()
    assert daemon.received == b"mgmt1.vm.feature.Set+ sys-mgmt keyword adminvm\x00"


def test_a_daemon_that_answers_early_ends_the_call_while_the_caller_still_sends(service: Path) -> None:
    daemon = _Daemon(service.with_name("s"), b"2\x00no\x00\x00\x00", early=True)
    process = subprocess.Popen([str(service)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT)
    with killed_on_failure(process):
        assert process.stdout is not None
        assert process.stdout.read() == b"2\x00no\x00\x00\x00"
        assert process.wait() == 0
    daemon.join()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("QREXEC_SERVICE_FULL_NAME", "mgmt1.vm.Kill+gui"),
        ("QREXEC_SERVICE_FULL_NAME", "mgmt1.vm.feature.Set+a b"),
        ("QREXEC_SERVICE_FULL_NAME", "mgmt1.vm.feature.Set+" + "a" * 256),
        ("QREXEC_REMOTE_DOMAIN", "dom0 name dom0"),
        ("QREXEC_REMOTE_DOMAIN", ""),
        ("QREXEC_REMOTE_DOMAIN", "work\n"),
        ("QREXEC_REQUESTED_TARGET_TYPE", "other"),
        ("QREXEC_REQUESTED_TARGET_TYPE", "keyword"),
        ("QREXEC_REQUESTED_TARGET", "wörk"),
        ("QREXEC_REQUESTED_TARGET", "$(reboot)"),
    ],
)
def test_an_environment_that_qrexec_does_not_make_is_refused(service: Path, variable: str, value: str) -> None:
    found = _call(service, **{variable: value})

    assert (found.returncode, found.stdout) == (127, b"")


def test_without_a_daemon_the_connection_is_broken(service: Path) -> None:
    found = _call(service)

    assert (found.returncode, found.stdout) == (125, b"")


def test_a_daemon_that_disconnects_without_an_answer_is_an_error(service: Path) -> None:
    daemon = _Daemon(service.with_name("s"), b"")

    found = _call(service)

    daemon.join()
    assert (found.returncode, found.stdout) == (125, b"")
