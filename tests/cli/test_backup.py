# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-backup` against a daemon in a separate process."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from cheap_keys import PROGRAM, Gate
from daemon_process import DaemonProcess
from killing import killed_on_failure
from until import LIMIT, until

from qubesmanager.cli.backup import main, runs_text
from qubesmanager.cli.terminal import Terminal
from qubesmanager.client.backups import execute, history
from qubesmanager.client.client import Client
from qubesmanager.transport.base import Payload, Transport, TransportError
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls
from qubesmanager.wire.backups import BackupRun
from qubesmanager.wire.call import Request

pytestmark = pytest.mark.whole

R = TypeVar("R")
WORDS = "grün 钥匙 pass"


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


class Place:
    """A demonstration's daemon and a folder for backups. Runs with strong keys wait for `gate`."""

    def __init__(self, socket: Path, folder: Path, gate: Gate) -> None:
        self.socket = socket
        self.folder = folder
        self.gate = gate

    def send(self, request: Request[R]) -> R:
        async def sent() -> R:
            return await Client(UnixTransport(self.socket)).send(request)

        return asyncio.run(sent())

    def profile(self, name: str, **keys: Any) -> None:
        text = {"include": ["vault"], "destination_path": str(self.folder), "kdf": "generated", "verify": True, **keys}
        self.send(calls.BACKUP_PROFILE_SET("dom0", name, yaml.safe_dump(text)))

    def run(
        self,
        *argv: str,
        words: tuple[str, ...] = (WORDS, WORDS),
        transport: Transport | None = None,
        tty: Tty | None = None,
    ) -> tuple[int, str, str]:
        """Status, output and error output; `words` are typed at the prompts."""
        typed = iter(words)
        terminal = Terminal(io.StringIO(), tty or Tty(), lambda _prompt: next(typed))
        status = main([*argv], lambda _url: transport or UnixTransport(self.socket), lambda _url: 77, terminal)
        assert isinstance(terminal.stdout, io.StringIO)
        assert isinstance(terminal.stderr, io.StringIO)
        return status, terminal.stdout.getvalue(), terminal.stderr.getvalue()

    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir())


@pytest.fixture(scope="module")
def one_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("place")
    gate = Gate(folder / "gate")
    with DaemonProcess(folder, "--demo", "0", environment=gate.environment, program=PROGRAM) as daemon:
        place = Place(daemon.socket, folder / "backups", gate)

        async def data() -> AsyncIterator[bytes]:
            for _ in range(8):
                yield os.urandom(1 << 20)

        place.send(calls.VM_VOLUME_IMPORT("vault", "private", data()))
        yield place


@pytest.fixture
def place(one_place: Place) -> Iterator[Place]:
    one_place.folder.mkdir()
    one_place.gate.close()
    yield one_place
    one_place.gate.open()
    for name in one_place.send(calls.BACKUP_PROFILE_LIST("dom0")):
        one_place.send(calls.BACKUP_PROFILE_REMOVE("dom0", name))
    for file in one_place.files():
        file.unlink()
    one_place.folder.rmdir()


def test_a_profile_is_carried_out_and_the_file_verified(place: Place) -> None:
    place.profile("nightly")

    status, out, err = place.run("--profile", "nightly", "--run")

    (file,) = place.files()
    assert (status, out.split()[0], out.split()[-1]) == (0, str(file), "verified"), err
    assert "vault  intact" in place.run("--verify", str(file))[1]
    assert "nightly" in place.run("--history")[1]


def test_a_dry_run_prints_the_plan_and_does_nothing(place: Place) -> None:
    place.profile("nightly", include=["vault", "gone"])

    status, out, _ = place.run("--profile", "nightly")

    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[:2]] == ["QUBE", "vault"]
    assert "No such qube: gone" in out
    assert "free at the target" in out
    assert place.files() == []


def test_profiles_are_listed_with_their_next_run(place: Place) -> None:
    place.profile("listed", schedule="daily 03:00", passphrase_text="words")

    status, out, _ = place.run("--list")

    assert status == 0
    (row,) = out.splitlines()[1:]
    assert row.startswith("listed   -")
    assert row.endswith("03:00  1 qubes")


def test_two_passphrases_that_differ_and_none_at_all_are_refused(place: Place) -> None:
    place.profile("nightly")

    for words, said in ((("a", "b"), "differ"), (("", ""), "not a passphrase")):
        status, _, err = place.run("--profile", "nightly", "--run", words=words)
        assert (status, said in err) == (2, True)
    assert place.files() == []


def test_a_passphrase_of_the_profile_is_not_asked_for(place: Place) -> None:
    place.profile("nightly", passphrase_text="words")

    assert place.run("--profile", "nightly", "--run", words=())[0] == 0


def test_a_passphrase_comes_from_a_file(place: Place, tmp_path: Path) -> None:
    place.profile("nightly")
    (tmp_path / "words").write_text("the words\n")

    status, out, err = place.run(
        "--profile", "nightly", "--run", "--passphrase-file", str(tmp_path / "words"), words=()
    )

    assert status == 0, err
    verified = place.run("--verify", out.split()[0], words=("the words",))
    assert verified[0] == 0


def test_a_file_of_windows_gives_the_same_passphrase_to_the_daemon_and_the_command(
    place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "words"
    file.write_bytes(b"\xef\xbb\xbfthe words\r\nand more\r\n")
    place.profile("nightly", passphrase_file=str(file))

    status, out, err = place.run("--profile", "nightly", "--run", words=())

    assert status == 0, err
    written = out.split()[0]
    assert place.run("--verify", written, words=("the words",))[0] == 0
    assert place.run("--verify", written, "--passphrase-file", str(file), words=())[0] == 0


@pytest.mark.parametrize("program", ["backup", "restore", "mgmt1", "mgmt1d", "manager", "devices"])
def test_output_that_cannot_be_written_is_an_error_and_no_traceback(program: str) -> None:
    command = [sys.executable, "-c", f"from qubesmanager.entry import {program} as p; raise SystemExit(p())", "--help"]

    # argparse ignores what a write answers, so the error shows when the buffer is written.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=LIMIT, env=environment
        )

    assert done.returncode == 1, done.stderr
    assert "The output could not be written: No space left on device." in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_check_whose_findings_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    code = "from qubesmanager.entry import mgmt1d as p; raise SystemExit(p())"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "--check", "--state", str(tmp_path)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=LIMIT,
        )

    assert done.returncode == 1, done.stderr
    assert done.stderr == "qubes-mgmt1d: The output could not be written: No space left on device.\n"


def test_a_run_without_a_qube_that_is_named_has_its_own_status(place: Place) -> None:
    place.profile("nightly", include=["vault", "lost"])

    status, out, err = place.run("--profile", "nightly", "--run")

    (file,) = place.files()
    assert (status, out.split()[0]) == (5, str(file))
    assert "There is no qube lost." in err
    assert "incomplete" in place.run("--history", "--profile", "nightly")[1]


@pytest.mark.parametrize("program", ["backup", "restore", "mgmt1"])
def test_closed_standard_output_is_an_error_and_no_traceback(program: str) -> None:
    command = [sys.executable, "-c", f"from qubesmanager.entry import {program} as p; raise SystemExit(p())", "--help"]

    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *command],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=LIMIT,
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("Standard output is closed.")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("argv", "status", "said"),
    [
        (("--profile", "none", "--run"), 1, "none"),
        (("--profile", "../x"), 2, "profile id"),
        (("--run",), 2, "--profile ID is needed"),
        (("--nonsense",), 2, "unrecognized"),
        (("--profile", "x", "--verify", "f"), 2, "no profile"),
    ],
)
def test_each_error_is_printed_and_has_its_exit_status(
    place: Place, argv: tuple[str, ...], status: int, said: str
) -> None:
    found, _, err = place.run(*argv)

    assert found == status
    assert said in err


def test_no_daemon_is_an_error_and_without_options_the_window_opens(tmp_path: Path) -> None:
    def connect(_url: str | None) -> UnixTransport:
        raise TransportError("There is nothing to connect to.")

    terminal = Terminal(io.StringIO(), io.StringIO())
    assert main(["--list"], connect, lambda _url: 77, terminal) == 3
    assert main(["--connect", "unix:/x"], connect, lambda url: 77 if url == "unix:/x" else 0, terminal) == 77


def test_a_client_that_disconnects_does_not_stop_the_run(place: Place) -> None:
    """As the manager does when it is closed."""
    place.profile("left", kdf="strong")

    async def begin_and_leave() -> None:
        client = Client(UnixTransport(place.socket))
        running = asyncio.ensure_future(execute(client, "left", WORDS, lambda: True))  # noqa: TID251 - it is left
        await until(lambda: history(client, "left"))
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(begin_and_leave())
    assert "running" in place.run("--history", "--profile", "left")[1]
    place.gate.open()
    while "running" in place.run("--history", "--profile", "left")[1]:
        pass

    assert "ok" in place.run("--history", "--profile", "left")[1]
    assert len(place.files()) == 1


class _Watched(Tty):
    """The output of the terminal; calls `then` once it contains the words."""

    def __init__(self, words: str, then: Callable[[], None]) -> None:
        super().__init__()
        self._words, self._then = words, then

    def write(self, text: str) -> int:
        if self._words in text:
            self._then()
        return super().write(text)


class _Begun:
    """A run that another client has begun; it ends within the block."""

    def __init__(self, place: Place, profile: str) -> None:
        self._place, self._profile = place, profile
        self._thread = threading.Thread(
            target=lambda: place.send(calls.BACKUP_EXECUTE("dom0", profile, {"passphrase": WORDS}))
        )

    def __enter__(self) -> None:
        self._thread.start()
        while "running" not in self._place.run("--history", "--profile", self._profile)[1]:
            pass

    def __exit__(self, *_: object) -> None:
        self._place.gate.open()
        self._thread.join()


def test_the_history_shows_why_a_run_failed() -> None:
    failed = BackupRun("nightly", 1, "failed", "/backup/file", end=2, reason="The disk is full.")

    text = runs_text([failed, replace(failed, result="ok", reason="")])

    assert [line.split("  ")[-1].strip() for line in text.splitlines()[1:]] == ["The disk is full.", "/backup/file"]


def test_a_second_start_shows_the_first(place: Place) -> None:
    place.profile("shared", kdf="strong")

    tty = _Watched("carried out already", place.gate.open)
    with _Begun(place, "shared"):
        status, out, err = place.run("--profile", "shared", "--run", tty=tty)

    (file,) = place.files()
    assert (status, out.split()[0]) == (0, str(file)), err
    assert "is being carried out already" in err


class _Losing:
    """A way to dom0 that loses the connection of the run, once dom0 has begun with it or before."""

    def __init__(self, place: Place, *, before: bool) -> None:
        self._place, self._before = place, before
        self._way = UnixTransport(place.socket)
        self.url = "losing:"

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> AsyncGenerator[bytes, None]:
        if service != calls.BACKUP_EXECUTE("dom0", "any", {}).service:
            async with aclosing(self._way.exchange(service, argument, dest, payload)) as answer:
                async for piece in answer:
                    yield piece
            return
        if not self._before:
            waiting = asyncio.ensure_future(anext(self._way.exchange(service, argument, dest, payload)))  # noqa: TID251
            client = Client(self._way)
            while not any(run.result == "running" for run in await history(client)):  # noqa: ASYNC110 - a process
                await asyncio.sleep(0.01)
            waiting.cancel()
            await asyncio.wait([waiting])
        raise TransportError("The connection broke.")


def test_after_a_lost_connection_the_state_is_asked_for_again(place: Place) -> None:
    place.profile("lost", kdf="strong")

    tty = _Watched("unknown", place.gate.open)
    status, out, err = place.run("--profile", "lost", "--run", transport=_Losing(place, before=False), tty=tty)

    (file,) = place.files()
    assert (status, out.split()[0]) == (0, str(file)), err
    assert "unknown" in err


def test_a_connection_that_is_lost_before_the_run_is_not_taken_for_an_earlier_one(place: Place) -> None:
    place.profile("early")
    place.run("--profile", "early", "--run")

    status, out, err = place.run("--profile", "early", "--run", transport=_Losing(place, before=True))

    assert (status, out) == (3, "")
    assert "before the backup of early began" in err


def test_control_c_cancels_the_run_and_leaves_nothing(place: Place, tmp_path: Path) -> None:
    place.profile("slow", kdf="strong")
    (tmp_path / "words").write_text("the words\n")
    command = [sys.executable, "-c", "from qubesmanager.entry import backup; raise SystemExit(backup())"]
    arguments = ["--connect", f"unix:{place.socket}", "--profile", "slow", "--run"]
    with killed_on_failure(
        subprocess.Popen(
            [*command, *arguments, "--passphrase-file", str(tmp_path / "words")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    ) as process:
        while "running" not in place.run("--history", "--profile", "slow")[1]:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()

    assert process.returncode == 4, err
    assert "Cancelled" in err
    assert place.files() == []
    assert "cancelled" in place.run("--history", "--profile", "slow")[1]
