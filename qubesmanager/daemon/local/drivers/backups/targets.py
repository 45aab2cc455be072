# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a backup goes: a file that is there whole or not at all, a program's input, or a qube through qrexec.

A program gets the backup on standard input and must end with success; it is started from an argument list.
"""

import contextlib
import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import IO

from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.backup.archive.report import Report
from qubesmanager.backup.archive.streams import FdInput, FdOutput
from qubesmanager.backup.passphrases import passphrase_line, read_passphrase
from qubesmanager.host.atomic_file import give_name, partial
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import cause, joined, refusal

QREXEC_CLIENT = "/usr/bin/qrexec-client"
INCOMPLETE = ".incomplete"
"""After the name of a file in which not every qube is whole: it holds the others, and is no backup."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The errors of a full disk or an exceeded quota."""
SECONDS = 60
"""How long a qube may take to answer with a passphrase."""

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
_COMPLAINT = 2000

Write = Callable[[FdOutput], Report]


def to_file(
    path: Path, part: Path, write: Write, cancelled: Event, verify: Callable[[int], None] | None
) -> tuple[Report, Path]:
    """The report, and the file, which is on the disk: `path`, or the same with `INCOMPLETE`.

    It is written as `part` (see `part_of`). `verify` gets a descriptor of what was written before it has its name, and
    raises to refuse it. Whatever is raised leaves no file. A file that has the name by then is not replaced: a number
    is added.
    """
    if not path.parent.is_dir():
        raise refusal("no-such-folder", path.parent)
    if path.exists():
        raise refusal("file-exists", path)
    with _disk_errors(path), partial(part) as fd, _room(path.parent, fd):
        report = write(FdOutput(fd, cancelled))
        os.fsync(fd)
        if report.ok and verify is not None:
            reading = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
            try:
                # Read what the disk has, not what memory remembers.
                os.posix_fadvise(reading, 0, 0, os.POSIX_FADV_DONTNEED)
                verify(reading)
            finally:
                os.close(reading)
    with _disk_errors(path):
        return report, give_name(part, path if report.ok else path.with_name(path.name + INCOMPLETE))


@contextlib.contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    """An error of the disk as a sentence."""
    try:
        yield
    except OSError as error:
        raise refusal("file-not-written", path, error.strerror or str(error)) from error


@contextlib.contextmanager
def _room(folder: Path, fd: int) -> Iterator[None]:
    """A disk that becomes full while the file is there, as the error that says how far it came."""
    try:
        yield
    except OSError as error:
        size = os.fstat(fd).st_size
        if error.errno == errno.EFBIG:
            raise refusal("backup-file-too-large", folder, size) from error
        if error.errno not in FULL:
            raise
        raise refusal("backup-disk-full", folder, size) from error


def verified(fd: int, passphrase: str, cancelled: Event, progress: Callable[[str, int, int], object]) -> None:
    """Read all of a backup. Raises `BackupDamagedError` with what is wrong."""
    with contextlib.closing(FdInput(fd, cancelled)) as source:
        report = open_backup(source, passphrase, cancelled=cancelled).verify(progress=progress)
    if (wrong := joined(report.wrong)) is not None:
        raise refusal("backup-unreadable", wrong)


def to_program(arguments: Sequence[str], write: Write, cancelled: Event, *, first: bytes = b"") -> Report:
    """The report, once the program has taken everything and ended with success. `first` goes before the backup."""
    with tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(  # noqa: S603 - root's own command line, or our own
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                env={**os.environ, **_ENVIRONMENT},
            )
        except OSError as error:
            raise refusal("program-not-started", shown(arguments[0]), error.strerror or str(error)) from error
        assert process.stdin is not None  # noqa: S101 - asked for above
        try:
            report = _fed(process.stdin, write, cancelled, first)
            status = process.wait()
        finally:
            process.kill()
            process.wait()
        if status or report is None:
            complaints.seek(0)
            said = complaints.read(_COMPLAINT).decode("utf-8", "replace").strip()
            program = shown(arguments[0])
            if not said:
                raise refusal("program-took-no-backup", program, status)
            raise refusal("program-took-no-backup-said", program, status, shown(said, _COMPLAINT))
        return report


def _fed(stdin: IO[bytes], write: Write, cancelled: Event, first: bytes) -> Report | None:
    """The report; None if the program stopped reading."""
    try:
        output = FdOutput(stdin.fileno(), cancelled)
        output.write(first)
        return write(output)
    except BrokenPipeError:
        return None
    finally:
        stdin.close()


def qube_arguments(qube: str, service: str) -> list[str]:
    """The command that calls a service in a qube. Raises `BackupError` where there is no qrexec."""
    client = shutil.which(QREXEC_CLIENT)
    if client is None:
        raise refusal("qube-no-qrexec", qube, QREXEC_CLIENT)
    return [client, "-d", qube, f"DEFAULT:QUBESRPC {service} dom0"]


def passphrase_of_qube(qube: str, profile: str) -> str:
    """The passphrase that the qube answers to qubes.BackupPassphrase. Blocks."""
    arguments = qube_arguments(qube, f"qubes.BackupPassphrase+{profile}")
    try:
        done = subprocess.run(  # noqa: S603 - our own command line
            arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise refusal("passphrase-vm-failed", qube, cause(error)) from error
    if done.returncode:
        raise refusal("passphrase-vm-status", qube, done.returncode)
    return passphrase_line(done.stdout, Reason("what-of-qube", qube))


def passphrase_of_file(path: Path) -> str:
    """The first line of a file. Blocks."""
    try:
        with path.open("rb") as file:
            return read_passphrase(file, Reason("what-first-line", path))
    except OSError as error:
        raise refusal("passphrase-file", path, error.strerror or str(error)) from error
