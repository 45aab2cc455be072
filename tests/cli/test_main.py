# SPDX-License-Identifier: GPL-3.0-or-later
"""The `mgmt1` command: what goes in, what comes out, how it ends."""

import io
import json
import re
import subprocess
import sys
from collections.abc import AsyncGenerator

import pytest

from qubesmanager.cli.complete import call_names
from qubesmanager.cli.main import Streams, main
from qubesmanager.transport.base import Payload, RefusedError, Transport, TransportError, pieces
from qubesmanager.wire import calls
from qubesmanager.wire.errors import QubesVMNotFoundError
from qubesmanager.wire.event import Event, encode_event
from qubesmanager.wire.framing import encode_error
from qubesmanager.wire.records import VmRecord, encode_record
from qubesmanager.wire.values import PowerState, VmClass


class _Dom0:
    """Answers each call with the same bytes, or fails; knows what it was sent."""

    url = "memory:"

    def __init__(self, answer: bytes | Exception) -> None:
        self._answer = answer
        self.sent: tuple[str, str, str, bytes] | None = None

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> AsyncGenerator[bytes, None]:
        self.sent = (service, argument, dest, b"".join([piece async for piece in pieces(payload)]))
        if isinstance(self._answer, Exception):
            raise self._answer
        for at in range(0, len(self._answer), 7):
            yield self._answer[at : at + 7]


def _run(answer: bytes | Exception, *argv: str, stdin: bytes = b"") -> tuple[int, bytes, str, _Dom0]:
    dom0 = _Dom0(answer)
    stdout, stderr = io.BytesIO(), io.StringIO()

    def connect(_url: str | None) -> Transport:
        return dom0

    status = main(argv, connect, Streams(io.BytesIO(stdin), stdout, stderr))
    return status, stdout.getvalue(), stderr.getvalue(), dom0


def test_the_content_is_printed_as_it_came() -> None:
    status, out, err, dom0 = _run(b"0\x00default=yes sys-firewall", "vm.property.Get", "work", "netvm")

    assert (status, out, err) == (0, b"default=yes sys-firewall", "")
    assert dom0.sent == ("mgmt1.vm.property.Get", "netvm", "work", b"")


def test_content_with_any_bytes_is_not_changed() -> None:
    content = bytes(range(256)) * 3

    assert _run(b"0\x00" + content, "mgmt1.vm.log.Get", "work", "console")[1] == content


@pytest.mark.parametrize("call", ["vm.property.Set", "vm.volume.Import"])
def test_the_payload_is_read_from_standard_input(call: str) -> None:
    argument = "private" if call == "vm.volume.Import" else "maxmem"

    *_, dom0 = _run(b"0\x00", call, "work", argument, stdin=b"4000" * 5)

    assert dom0.sent == (f"mgmt1.{call}", argument, "work", b"4000" * 5)


def test_a_call_without_payload_leaves_standard_input_alone() -> None:
    assert _run(b"0\x00", "vm.Start", "work", stdin=b"for the next command")[3].sent == (
        "mgmt1.vm.Start",
        "",
        "work",
        b"",
    )


def test_a_payload_over_the_limit_is_not_sent() -> None:
    status, _, err, dom0 = _run(b"0\x00", "vm.feature.Set", "work", "x", stdin=b"a" * (65_537))

    assert (status, dom0.sent) == (2, None)
    assert "at most 65536 bytes" in err


def test_a_pool_and_volume_are_escaped_for_qrexec() -> None:
    *_, dom0 = _run(b"0\x00", "pool.volume.Info", "dom0", "lvm:qubes/vm-work-private")

    assert dom0.sent is not None
    assert dom0.sent[1] == "lvm-3Aqubes-2Fvm--work--private"


def test_an_answer_that_says_no_ends_with_1_and_names_its_type() -> None:
    status, out, err, _ = _run(encode_error(QubesVMNotFoundError("No qube work.\x1b[2J")), "vm.Start", "work")

    assert (status, out) == (1, b"")
    assert err == "mgmt1: QubesVMNotFoundError: No qube work.\\x1b[2J\n"


@pytest.mark.parametrize(
    ("answer", "status"),
    [(RefusedError("refused"), 126), (TransportError("nobody there"), 3), (b"", 3), (b"what?", 1)],
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_no_answer_and_a_refusal_have_their_own_status(answer: bytes | Exception, status: int, form: list[str]) -> None:
    assert _run(answer, *form, "vm.Start", "work")[0] == status


def test_json_gives_the_answers_value() -> None:
    answer = b"0\x00dom0 class=AdminVM state=Running\nwork class=AppVM state=Halted\n"

    _, out, _, _ = _run(answer, "--json", "vm.List", "dom0")

    assert json.loads(out) == [
        {"name": "dom0", "klass": "AdminVM", "state": "Running", "uuid": ""},
        {"name": "work", "klass": "AppVM", "state": "Halted", "uuid": ""},
    ]


def test_the_help_of_an_event_call_lists_its_events() -> None:
    of_system = _run(b"", "--help", "Events")[1].decode()
    of_statistics = _run(b"", "--help", "vm.Stats")[1].decode()

    assert "\n  property-set:<property>" in of_system
    assert "vm-stats" not in of_system
    assert re.findall(r"^  ([a-z]+-[a-z-]+)  ", of_statistics, re.MULTILINE) == [
        "connection-established",
        "events-lost",
        "vm-stats",
    ]
    assert "Events:" not in _run(b"", "--help", "vm.Start")[1].decode()


EVENTS = encode_event(Event("", "connection-established")) + encode_event(
    Event("work", "property-set:memory", {"newvalue": "4 0", "default": "no"})
)


def test_events_are_printed_a_line_each() -> None:
    status, out, _, _ = _run(EVENTS, "Events", "dom0")

    assert out == b'- connection-established\nwork property-set:memory newvalue="4 0" default=no\n'
    assert status == 3  # an event stream never ends by itself


def test_events_are_printed_raw_or_as_json_when_asked() -> None:
    assert _run(EVENTS, "--raw", "Events", "dom0")[1] == EVENTS
    lines = _run(EVENTS, "--json", "Events", "dom0")[1].splitlines()
    assert json.loads(lines[1]) == {
        "subject": "work",
        "name": "property-set:memory",
        "fields": {"newvalue": "4 0", "default": "no"},
    }


def test_a_record_is_printed_as_json_without_what_the_program_keeps_beside_it() -> None:
    record = encode_record(VmRecord("work", VmClass.APP, PowerState.HALTED)) + b"\n"

    out = _run(b"0\x00" + record, "--json", "vm.GetAll", "dom0")[1]

    assert set(json.loads(out)) == {
        "name", "klass", "state", "properties", "features", "tags", "volumes", "devices", "notes"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["vm.strat", "work"], "vm.Start"),
        (["nothing-like-it", "dom0"], "See mgmt1 --list"),
        (["vm.List"], "CALL and DEST are needed"),
        (["--what", "vm.List", "dom0"], "unrecognized arguments"),
    ],
)
def test_wrong_options_are_refused_and_nothing_is_sent(argv: list[str], said: str) -> None:
    status, _, err, dom0 = _run(b"0\x00", *argv)

    assert (status, dom0.sent) == (2, None)
    assert said in err


@pytest.mark.parametrize("argument", ["", "a b", "\udcff", "a\x00b"])
def test_a_bad_argument_is_refused_before_anything_is_sent(argument: str) -> None:
    status, _, _, dom0 = _run(b"0\x00", "vm.feature.Get", "work", argument)

    assert (status, dom0.sent) == (1, None)


def test_a_command_runs_in_a_qube_and_its_status_is_the_programs() -> None:
    answer = b"0\x00exit=3 stdout=3 stderr=5\nout\x1b[2Jx"

    status, out, err, dom0 = _run(answer, "run", "work", "ls", "a b")

    assert dom0.sent == ("mgmt1.vm.RunService", "qubes.VMShell", "work", b"ls 'a b'\nexit\n")
    assert (status, out, err) == (3, b"out", "\\x1b[2Jx")
    assert _run(b"0\x00exit=0 stdout=9 stderr=0\n", "run", "work", "ls")[0] == 1
    assert _run(b"", "run", "work")[0] == 2


def test_the_list_and_the_help_come_from_the_table() -> None:
    listed = _run(b"", "--list")[1].decode()
    assert [line.split()[0] for line in listed.splitlines()] == list(calls.BY_SERVICE)

    helped = _run(b"", "--help", "vm.property.Set")[1].decode()
    assert helped.startswith("mgmt1.vm.property.Set\n")
    assert "mgmt1-local-rwx" in helped
    assert b"--connect" in _run(b"", "--help")[1]


def test_a_call_is_completed_in_the_form_it_was_begun() -> None:
    assert "vm.Start" in call_names("vm.")
    assert "mgmt1.vm.Start" in call_names("mgmt1.vm")


def test_the_command_does_not_load_qt_or_the_daemon() -> None:
    script = (
        "import sys, qubesmanager.cli.main\n"
        "print([n for n in sys.modules if n.startswith(('PyQt5', 'qasync', 'libvirt', 'qubesmanager.daemon'))])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert found.stdout == "[]\n"
