# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/setup with stand-ins for sudo and the package managers as the only programs on the PATH."""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from killing import killed_on_failure

ROOT = Path(__file__).resolve().parents[2]
TOOLS = (
    "bash",
    "awk",
    "basename",
    "cat",
    "dirname",
    "env",
    "flock",
    "grep",
    "mkdir",
    "readlink",
    "rm",
    "sed",
    "sha256sum",
    "tr",
    "true",
)
PASSWORD = "open sesame"

# As long as the file "lists" is missing, apt knows no package, as on a fresh machine.
STAND_INS = {
    "id": 'echo "${TEST_UID:-1000}"',
    "python3": """
        case "$*" in
            *version_info*) [ -z "${TEST_OLD_PYTHON:-}" ] ;;
            *base_prefix*) echo /usr ;;
            *venv.py*) echo "$*" >>HERE/calls; mkdir -p .venv/bin ;;
            --version) echo Python 3.9.2 ;;
            *) exit 1 ;;
        esac""",
    "sudo": f"""
        echo "sudo $*" >>HERE/calls
        if [ "$1" = -n ]; then
            [ -e HERE/no-password ] || {{ echo "sudo: a password is required" >&2; exit 1; }}
            shift
        elif [ ! -e HERE/ticket ]; then
            printf 'password: ' >/dev/tty
            read -rs word </dev/tty
            [ "$word" = "{PASSWORD}" ] || exit 1
            echo >HERE/ticket
        fi
        exec "$@" """,
    "dpkg-query": "sed 's/^/installed /' HERE/installed",
    "apt-cache": """
        [ -e HERE/lists ] || exit 0
        grep -qxF -- "$2" HERE/unknown && exit 0
        echo "  Candidate: 1.0" """,
    "apt-get": """
        case "$*" in
            *assume-no*)
                echo '0 upgraded, 7 newly installed, 0 to remove and 0 not upgraded.'
                echo 'Need to get 2345 kB of archives.'
                echo 'After this operation, 6789 kB of additional disk space will be used.'
                exit 1 ;;
            *update*) echo "apt-get update" >>HERE/calls; echo >HERE/lists ;;
            *)
                echo "apt-get install" >>HERE/calls
                [ ! -e HERE/broken ] || { echo "E: no space left" >&2; exit 100; }
                for word in "$@"; do echo "$word" >>HERE/installed; done ;;
        esac""",
    "rpm": 'grep -qxF -- "$3" HERE/installed',
    "dnf": 'echo "dnf $*" >>HERE/calls; [ ! -e HERE/broken ]',
    "zypper": 'echo "zypper $*" >>HERE/calls; [ ! -e HERE/broken ]',
    "pacman": """
        if [ "$1" = -T ]; then grep -qxF -- "$2" HERE/installed; exit; fi
        echo "pacman $*" >>HERE/calls
        [ ! -e HERE/broken ]""",
}


class Machine:
    """A checkout, and a PATH with stand-ins. `touch("broken")` makes the package manager fail."""

    def __init__(self, folder: Path, *stand_ins: str) -> None:
        self._folder = folder
        self._bin = folder / "bin"
        self.checkout = folder / "checkout"
        self._bin.mkdir()
        for name in TOOLS:
            program = shutil.which(name)
            if program is None:
                pytest.skip(f"needs {name}")
            (self._bin / name).symlink_to(program)
        for name in ("id", "python3", *stand_ins):
            stand_in = self._bin / name
            stand_in.write_text(f"#!{self._bin}/bash\n{STAND_INS[name].replace('HERE', str(folder))}\n")
            stand_in.chmod(0o755)
        self.touch("calls", "installed", "unknown")
        shutil.copytree(ROOT / "scripts", self.checkout / "scripts")
        for name in ("setup.py", "requirements-dev.txt"):
            shutil.copy(ROOT / name, self.checkout)

    def touch(self, *names: str) -> None:
        for name in names:
            (self._folder / name).touch()

    def remove(self, name: str) -> None:
        (self._bin / name).unlink()

    @property
    def calls(self) -> list[str]:
        return (self._folder / "calls").read_text().splitlines()

    @property
    def installed(self) -> list[str]:
        return (self._folder / "installed").read_text().splitlines()

    def environment(self, **more: str) -> dict[str, str]:
        return {"PATH": str(self._bin), "PYTHON": str(self._bin / "python3"), **more}

    def setup(self, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run it without a terminal."""
        return subprocess.run(
            [str(self.checkout / "scripts/setup"), *words],
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def setup_on_terminal(self, password: str) -> tuple[int, str]:
        """Run it on a terminal where a user answers the question for the password; status and all that was shown."""
        ours, theirs = pty.openpty()
        start = (
            "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
        )
        started = subprocess.Popen(
            [sys.executable, "-c", start, str(self.checkout / "scripts/setup")],
            env=self.environment(),
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        with killed_on_failure(started) as process:
            os.close(theirs)
            shown = b""
            while piece := _read(ours):
                shown += piece
                if shown.endswith(b"password: "):
                    os.write(ours, password.encode() + b"\n")
            os.close(ours)
        return process.returncode, shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the last program that had it open has ended
        return b""


def names_command(text: str, command: str) -> bool:
    """Whether the text ends with a command of the package manager that names packages."""
    return any(line.startswith(f"    {command} ") and "qt" in line.lower() for line in text.splitlines())


@pytest.fixture
def debian(tmp_path: Path) -> Machine:
    return Machine(tmp_path, "apt-get", "apt-cache", "dpkg-query", "sudo")


def test_root_installs_with_apt_and_sees_each_step_with_its_size(debian: Machine) -> None:
    done = debian.setup(TEST_UID="0")

    assert done.returncode == 0, done.stderr
    assert debian.calls[:2] == ["apt-get update", "apt-get install"]
    assert debian.calls[-1] == "scripts/venv.py --system"
    assert "7 packages, 2345 kB to download, 6789 kB on disk" in done.stderr
    assert {"python3-pyqt5", "python3-libvirt"} <= set(debian.installed)
    assert not {"gcc", "libvirt-dev", "python3-dev", "xvfb"} & set(debian.installed), "running needs no compiler"


def test_with_package_lists_the_steps_are_shown_too(debian: Machine) -> None:
    debian.touch("lists")

    done = debian.setup(TEST_UID="0")

    assert debian.calls[0] == "apt-get install"
    assert "7 packages, 2345 kB to download" in done.stderr


def test_a_second_start_calls_nothing(debian: Machine) -> None:
    debian.setup(TEST_UID="0")
    before = debian.calls

    again = debian.setup()

    assert (again.returncode, again.stderr) == (0, "")
    assert debian.calls == before


def test_the_first_name_that_apt_knows_is_taken_of_several(debian: Machine) -> None:
    (debian.checkout.parent / "unknown").write_text("python3-qasync\nlibglib2.0-0t64\n")

    debian.setup("--test", TEST_UID="0")

    assert {"libglib2.0-0", "python3-venv"} <= set(debian.installed)
    assert not {"libglib2.0-0t64", "python3-qasync"} & set(debian.installed)


def test_a_library_with_the_new_name_is_not_installed_again(debian: Machine) -> None:
    debian.setup("--test", TEST_UID="0")
    assert "libglib2.0-0t64" in debian.installed
    before = debian.calls

    debian.setup("--test")

    assert debian.calls == before


def test_sudo_asks_for_its_password_on_a_terminal(debian: Machine) -> None:
    status, shown = debian.setup_on_terminal(PASSWORD)

    assert status == 0, shown
    assert "sudo may ask for your password" in shown
    assert "python3-pyqt5" in debian.installed
    assert not [call for call in debian.calls if call.startswith("sudo -n")]


def test_a_wrong_password_ends_with_the_command(debian: Machine) -> None:
    status, shown = debian.setup_on_terminal("wrong")

    assert status == 1
    assert names_command(shown.replace("\r", ""), "apt-get install")
    assert "apt-get install" not in debian.calls


def test_without_a_terminal_a_password_ends_with_the_command(debian: Machine) -> None:
    done = debian.setup()

    assert done.returncode == 1
    assert "no terminal" in done.stderr
    assert names_command(done.stderr, "apt-get install")
    assert debian.calls == ["sudo -n true"]


def test_without_a_terminal_sudo_that_needs_no_password_is_used(debian: Machine) -> None:
    debian.touch("no-password")

    done = debian.setup()

    assert done.returncode == 0, done.stderr
    assert "python3-pyqt5" in debian.installed


def test_without_sudo_it_ends_with_the_command(debian: Machine) -> None:
    debian.remove("sudo")

    done = debian.setup()

    assert done.returncode == 1
    assert "there is no sudo" in done.stderr
    assert names_command(done.stderr, "apt-get install")
    assert debian.calls == []


def test_when_apt_fails_its_error_and_the_command_are_shown(debian: Machine) -> None:
    debian.touch("broken")

    done = debian.setup(TEST_UID="0")

    assert done.returncode == 1
    assert "E: no space left" in done.stderr
    assert names_command(done.stderr, "apt-get install")


@pytest.mark.parametrize(
    ("manager", "query", "command"),
    [
        ("dnf", "rpm", "dnf install"),
        ("zypper", "rpm", "zypper install --no-recommends"),
        ("pacman", "pacman", "pacman -S --needed"),
    ],
)
class TestOtherManagers:
    def test_they_install_what_is_missing(self, tmp_path: Path, manager: str, query: str, command: str) -> None:
        machine = Machine(tmp_path, *{manager, query})
        (tmp_path / "installed").write_text("python3-pyudev\npython-pyudev\n")

        done = machine.setup(TEST_UID="0")

        assert done.returncode == 0, done.stderr
        assert len(machine.calls) == 2
        assert machine.calls[0].startswith(manager)
        assert "qt" in machine.calls[0]
        assert "pyudev" not in machine.calls[0], "it is there already"

    def test_their_failure_names_packages_and_command(
        self, tmp_path: Path, manager: str, query: str, command: str
    ) -> None:
        machine = Machine(tmp_path, *{manager, query})
        machine.touch("broken")

        done = machine.setup(TEST_UID="0")

        assert done.returncode == 1
        assert f"setup: {manager} failed." in done.stderr
        assert names_command(done.stderr, command)

    @pytest.mark.parametrize("sudo", [True, False])
    def test_a_user_without_rights_is_shown_the_command(
        self, tmp_path: Path, manager: str, query: str, command: str, sudo: bool
    ) -> None:
        machine = Machine(tmp_path, *{manager, query}, *(["sudo"] if sudo else []))

        done = machine.setup()

        assert done.returncode == 1
        assert names_command(done.stderr, command)
        assert machine.calls == (["sudo -n true"] if sudo else [])


def test_without_a_known_package_manager_the_things_are_named(tmp_path: Path) -> None:
    machine = Machine(tmp_path)

    done = machine.setup()

    assert done.returncode == 1
    assert "Install them with this system's package manager" in done.stderr
    assert "gcc (in Debian: gcc)" in done.stderr


def test_an_old_python_is_refused_before_anything_is_installed(debian: Machine) -> None:
    done = debian.setup(TEST_UID="0", TEST_OLD_PYTHON="yes")

    assert done.returncode == 1
    assert "Python 3.11 or later is needed; set PYTHON to one (Python 3.9.2)" in done.stderr
    assert debian.calls == []


def test_a_later_setup_without_tests_changes_nothing(debian: Machine) -> None:
    debian.setup("--test", TEST_UID="0")
    before = debian.calls

    done = debian.setup()

    assert (done.returncode, done.stderr) == (0, "")
    assert debian.calls == before
    assert before[-1] == "scripts/venv.py --checks"


def test_an_unknown_word_is_answered_with_the_usage(debian: Machine) -> None:
    done = debian.setup("--everything")

    assert done.returncode == 2
    assert "usage: scripts/setup" in done.stderr
