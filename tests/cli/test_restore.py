# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-restore` against a whole daemon in a separate process, with a backup that the daemon made."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import yaml
from cheap_keys import PROGRAM, Gate
from daemon_process import DaemonProcess
from qubes_backup import backup_of, device, domain, of_one, qubes_xml, with_home

from qubesmanager.cli.restore import left_out, main, parser, plan_of
from qubesmanager.cli.terminal import Bar, Terminal, size_text, table
from qubesmanager.client.client import Client
from qubesmanager.transport.base import Payload, Transport, TransportError, pieces
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.restores import Restored, RestorePlan

pytestmark = pytest.mark.whole

R = TypeVar("R")
WORDS = "grün 钥匙 pass"
DATA = os.urandom(1 << 21)


class _Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


class _Place:
    """A daemon, and a backup of its qubes `lab` and `lab-net`, which are gone from it by now."""

    def __init__(self, socket: Path, folder: Path) -> None:
        self.transport: Transport = UnixTransport(socket)
        self.folder = folder
        self.file = folder / "none"

    def send(self, request: Request[R]) -> R:
        async def sent() -> R:
            return await Client(self.transport).send(request)

        return asyncio.run(sent())

    def prepare(self) -> None:
        async def data() -> AsyncIterator[bytes]:
            yield DATA

        profile = {"include": ["lab", "lab-net"], "destination_path": str(self.folder), "kdf": "generated"}
        self.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("lab", "green")))
        self.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("lab-net", "red")))
        self.send(calls.VM_VOLUME_IMPORT("lab", "private", data()))
        self.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", yaml.safe_dump(profile)))
        self.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": WORDS}))
        (self.file,) = self.folder.iterdir()
        self.clear()

    def names(self) -> set[str]:
        return {row.name for row in self.send(calls.VM_LIST("dom0"))}

    def clear(self) -> None:
        for name in self.names():
            if name.startswith(("lab", "new-")):
                self.send(calls.VM_REMOVE(name))

    def run(self, *argv: str, words: str = WORDS, transport: Transport | None = None) -> tuple[int, str, str]:
        """Status, output and error output."""
        terminal = Terminal(io.StringIO(), _Tty(), lambda _prompt: words)
        status = main([*argv], lambda _url: transport or self.transport, lambda _url: 77, terminal)
        assert isinstance(terminal.stdout, io.StringIO)
        assert isinstance(terminal.stderr, io.StringIO)
        return status, terminal.stdout.getvalue(), terminal.stderr.getvalue()


@pytest.fixture(scope="module")
def one_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Place]:
    folder = tmp_path_factory.mktemp("place")
    backups = folder / "backups"
    backups.mkdir()
    gate = Gate(folder / "gate")
    with DaemonProcess(folder, "--demo", "0", environment=gate.environment, program=PROGRAM) as daemon:
        place = _Place(daemon.socket, backups)
        place.prepare()
        yield place


@pytest.fixture
def place(one_place: _Place) -> Iterator[_Place]:
    yield one_place
    one_place.clear()


def test_the_list_names_the_qubes_and_restores_nothing(place: _Place) -> None:
    before = place.names()

    status, out, _ = place.run(str(place.file), "--list")

    assert status == 0
    assert out.splitlines()[0].split() == ["NAME", "CLASS", "SIZE", "TEMPLATE", "NETVM", "HERE"]
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["lab", "lab-net"]
    assert "debian-13" in out
    assert place.names() == before


def test_a_restored_qube_is_there_with_its_data(place: _Place) -> None:
    status, out, err = place.run(str(place.file))

    assert status == 0, err
    assert "lab      restored" in out
    assert "100 %" in err
    assert {"lab", "lab-net"} <= place.names()
    # Content is compared byte by byte in the tests of the daemon and of the window; here: that it took its room.
    assert place.send(calls.VM_GET_ALL("dom0", "lab")).disk_usage >= len(DATA)


@pytest.mark.parametrize("options", [(), ("--devices",)])
def test_devices_are_assigned_again_only_when_asked_for(
    place: _Place, tmp_path: Path, options: tuple[str, ...]
) -> None:
    file = tmp_path / "of-qubes"
    file.write_bytes(of_one(domain("new-dev", devices=device("block", "dom0", "sdb"))))

    status, out, _ = place.run(str(file), *options)

    record = place.send(calls.VM_GET_ALL("dom0", "new-dev"))
    assert status == 0
    assert [one.ident for one in record.devices] == (["sdb"] if options else [])
    assert ("dom0:sdb" in out) == (not options)


def test_verifying_says_what_is_whole_and_restores_nothing(place: _Place) -> None:
    before = place.names()

    status, out, _ = place.run(str(place.file), "--verify")

    assert (status, place.names()) == (0, before)
    assert "lab-net  intact" in out


def test_salvage_restores_what_a_cut_file_holds_and_says_what_is_unknown(place: _Place, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    data = place.file.read_bytes()
    cut.write_bytes(data[: data.index(b"manifest.000.enc")])

    refused, _, _ = place.run(str(cut))
    verified, looked_at, _ = place.run(str(cut), "--verify", "--salvage")
    status, out, _ = place.run(str(cut), "--salvage")

    assert (refused, verified, status) == (1, 1, 1)
    assert "lab      intact" in looked_at
    assert "lab      restored  The backup has no readable manifest" in out
    assert "(file)   FAILED" in out
    assert {"lab", "lab-net"} <= place.names()


def test_the_configuration_of_dom0_is_listed_and_added_on_request(place: _Place, tmp_path: Path) -> None:
    profile = {"include": ["dom0"], "destination_path": str(tmp_path / "own"), "kdf": "generated"}
    place.send(calls.BACKUP_PROFILE_SET("dom0", "own", yaml.safe_dump(profile)))
    place.send(calls.LABEL_CREATE("dom0", "teal", "0x00AAAA"))
    place.send(calls.BACKUP_EXECUTE("dom0", "own", {"passphrase": WORDS}))
    place.send(calls.LABEL_REMOVE("dom0", "teal"))
    place.send(calls.BACKUP_PROFILE_SET("dom0", "own", yaml.safe_dump(profile | {"compression": "none"})))

    _, listed, _ = place.run(str(tmp_path / "own"), "--list")
    status, out, err = place.run(str(tmp_path / "own"), "--dom0")
    named, text, _ = place.run(str(tmp_path / "own"), "--dom0-item", "profile:own")

    assert "label:teal" in listed
    assert "not here: --dom0 adds it" in listed
    assert "differs: stays unless --dom0-item names it" in listed
    assert (status, named) == (0, 0), err
    assert "dom0:label:teal" in out
    assert "profile:own" not in out
    assert "It replaces the value here." in text
    assert place.send(calls.LABEL_GET("dom0", "teal")) == "0x00AAAA"


def test_the_home_of_dom0_is_listed_verified_and_unpacked_on_request(place: _Place, tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        folder, settings = tarfile.TarInfo("dom0-home/user"), tarfile.TarInfo("dom0-home/user/settings")
        folder.type, folder.mode, settings.size = tarfile.DIRTYPE, 0o755, 7
        archive.addfile(folder)
        archive.addfile(settings, io.BytesIO(b"of dom0"))
    file = tmp_path / "file"
    file.write_bytes(
        backup_of(
            qubes_xml(dom0=with_home()), {"dom0-home/user": out.getvalue()}, WORDS, as_they_are=["dom0-home/user"]
        )
    )

    _, listed, _ = place.run(str(file), "--list")
    verified, looked_at, _ = place.run(str(file), "--verify")
    status, text, err = place.run(str(file), "--dom0-home", str(tmp_path / "new"))
    again, _, refused = place.run(str(file), "--dom0-home", str(tmp_path / "new"))
    relative, _, why = place.run(str(file), "--dom0-home", "new-folder")

    assert "The home of dom0: at most 20.0 KiB; --dom0-home DIR unpacks it." in listed
    assert (verified, status, again, relative) == (0, 0, 1, 2), err
    assert "dom0     intact" in looked_at or "dom0  intact" in looked_at
    assert f"Its home is in {tmp_path}/new: 1 files, 7 bytes." in " ".join(text.split())
    assert (tmp_path / "new/settings").read_bytes() == b"of dom0"
    assert "already" in refused
    assert "absolute path" in why


def test_qubes_are_chosen_renamed_and_mapped(place: _Place) -> None:
    status, out, err = place.run(
        str(place.file), "--only", "lab", "--rename", "lab:new-lab", "--netvm", "lab:", "--template", "lab:fedora-43"
    )

    assert status == 0, err
    assert "lab → new-lab" in out
    assert place.send(calls.VM_GET_ALL("dom0", "new-lab")).value("template") == "fedora-43"
    assert place.send(calls.VM_GET_ALL("dom0", "new-lab")).value("netvm") == ""
    assert "new-lab" in place.names()
    assert "lab" not in place.names()


def test_a_pool_is_for_all_or_for_one_qube() -> None:
    options = parser().parse_args(["file", "--pool", "slow,work:fast", "--pool", "mail:tmp"])

    plan = plan_of(options)

    assert (plan.pool, plan.pools) == ("slow", {"work": "fast", "mail": "tmp"})
    assert plan_of(parser().parse_args(["file"])).pool == ""


def test_a_taken_name_stops_everything_unless_it_is_skipped(place: _Place) -> None:
    assert place.run(str(place.file), "--exclude", "lab-net")[0] == 0

    status, _, err = place.run(str(place.file))
    assert status == 1
    assert "There is already a qube lab." in err
    assert "lab-net" not in place.names()

    status, out, _ = place.run(str(place.file), "--skip-existing")
    assert status == 0
    assert "There is already a qube lab." in out
    assert "lab-net" in place.names()


def test_the_report_is_kept_and_holds_no_passphrase(place: _Place) -> None:
    report = place.folder.parent / "report.txt"

    status, out, err = place.run(str(place.file), "--report", str(report))

    assert status == 0
    assert report.read_text() == out
    assert WORDS not in out + err


@pytest.mark.parametrize("spelling", ["{}", "./{}", "link"])
def test_a_report_at_the_path_of_the_backup_is_refused(place: _Place, spelling: str, tmp_path: Path) -> None:
    before = place.file.read_bytes()
    report = tmp_path / "link"
    report.symlink_to(place.file)
    if spelling != "link":
        report = place.file.parent / spelling.format(place.file.name)

    status, _, err = place.run(str(place.file), "--report", str(report))

    assert (status, "is the backup itself" in err) == (2, True)
    assert place.file.read_bytes() == before


@pytest.mark.parametrize(
    ("plan", "left"),
    [
        (RestorePlan(), ["lost"]),
        (RestorePlan(include=("work", "lost", "gone")), ["gone", "lost"]),
        (RestorePlan(include=("work", "dom0")), ["dom0"]),
        (RestorePlan(exclude=("lost",)), []),
        (RestorePlan(conflict="skip"), []),
    ],
)
def test_requested_steps_that_were_not_done_are_named(plan: RestorePlan, left: list[str]) -> None:
    rows = [
        Restored("dom0", "", "skipped", ""),
        Restored("work", "work", "ok", ""),
        Restored("lost", "", "skipped", "Its template is missing."),
    ]

    assert left_out(plan, rows) == left


def test_a_wrong_passphrase_is_reported(place: _Place) -> None:
    status, out, err = place.run(str(place.file), "--list", words="something else")

    assert (status, out) == (1, "")
    assert "passphrase" in err


def test_a_cut_file_fails_and_leaves_nothing(place: _Place) -> None:
    before = place.names()
    cut = place.folder.parent / "cut"
    content = place.file.read_bytes()
    cut.write_bytes(content[: len(content) // 2])

    status, out, err = place.run(str(cut))

    assert status == 1, out
    assert place.names() == before, err


class _Interrupted:
    """Ctrl+C after some pieces of the file."""

    url = "memory:"

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> AsyncGenerator[bytes, None]:
        return self._inner.exchange(service, argument, dest, self._payload(payload))

    async def _payload(self, payload: Payload) -> AsyncIterator[bytes]:
        count = 0
        async for piece in pieces(payload):
            count += 1
            yield piece
            if count == 3:
                os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_cancels_and_leaves_nothing(place: _Place) -> None:
    before = place.names()

    status, out, err = place.run(str(place.file), transport=_Interrupted(place.transport))

    assert (status, out) == (4, "")
    assert "Cancelled" in err
    assert place.names() == before
    # The daemon learns of it from the connection; then the names are free again.
    while (again := place.run(str(place.file)))[0]:
        assert "There is already a qube" in again[2]


def test_no_daemon_has_its_own_exit_status(place: _Place) -> None:
    def connect(_url: str | None) -> Transport:
        raise TransportError("nobody there")

    said = io.StringIO()
    assert main([str(place.file)], connect, lambda _url: 77, Terminal(io.StringIO(), said)) == 3
    assert said.getvalue() == "qubes-restore: nobody there\n"


@pytest.mark.parametrize(
    "argv",
    [
        ["--list"],
        ["file", "--list", "--verify"],
        ["file", "--rename", "lab"],
        ["file", "--rename", "a:b", "--rename", "a:c"],
        ["file", "--template", "a:"],
        ["file", "--pool", "a", "--pool", "b"],
        ["file", "--pool", "lab:"],
        ["file", "--passphrase", "secret"],
        ["file", "--passphrase-file", "/nonexistent/x"],
        ["file", "--only", "a b"],
    ],
)
def test_wrong_options_are_refused_and_nothing_is_sent(argv: list[str]) -> None:
    def connect(_url: str | None) -> Transport:
        return UnixTransport(Path("/nonexistent/socket"))

    said = io.StringIO()
    terminal = Terminal(io.StringIO(), said, lambda _prompt: "words")

    assert main(argv, connect, lambda _url: 77, terminal) == 2
    assert said.getvalue().startswith("qubes-restore: ")


@pytest.mark.parametrize(("argv", "url"), [([], None), (["--connect", "demo:"], "demo:")])
def test_without_a_file_the_window_opens(argv: list[str], url: str | None) -> None:
    opened: list[str | None] = []

    def wizard(address: str | None) -> int:
        opened.append(address)
        return 77

    def connect(_url: str | None) -> Transport:
        raise AssertionError

    assert main(argv, connect, wizard) == 77
    assert opened == [url]


def test_the_passphrase_comes_from_a_file_or_from_standard_input(place: _Place, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{WORDS}\nanother line\n")
    assert place.run(str(place.file), "--list", "--passphrase-file", str(secret), words="")[0] == 0

    command = [sys.executable, "-c", "from qubesmanager.entry import restore; raise SystemExit(restore())"]
    command += [str(place.file), "--list", "--passphrase-file", "-", "--connect", place.transport.url]
    found = subprocess.run(command, input=f"{WORDS}\n".encode(), capture_output=True, check=False)
    assert found.returncode == 0, found.stderr
    assert b"lab-net" in found.stdout


def test_the_help_and_the_manual_know_the_same_options() -> None:
    manual = (Path(__file__).parents[2] / "docs/man/qubes-restore.1").read_text().replace("\\-", "-")

    for action in parser()._actions:
        for option in action.option_strings:
            if option.startswith("--"):
                assert option in manual, option


def test_a_bar_is_for_terminals_alone() -> None:
    plain, tty = io.StringIO(), _Tty()
    for stream in (plain, tty):
        bar = Bar(stream)
        bar.show(50, "work\x1b[2J")
        bar.clear()

    assert plain.getvalue() == ""
    assert " 50 %  work\\x1b[2J" in tty.getvalue()
    assert tty.getvalue().endswith("\r")


def test_a_table_is_aligned_and_sizes_are_for_people() -> None:
    assert table(("A", "SIZE"), [("work", "1 B")], frozenset({1})) == "A     SIZE\nwork   1 B\n"
    assert [size_text(0), size_text(1536), size_text(5 << 30)] == ["0 B", "1.5 KiB", "5.0 GiB"]
