# SPDX-License-Identifier: GPL-3.0-or-later
"""What the backup commands have in common with a terminal: passphrases, a bar, texts of others without their tricks."""

import argparse
import asyncio
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path
from typing import NoReturn, TextIO

from qubesmanager.cli.main import ANSWERED_NO, NO_ANSWER, USED_WRONGLY
from qubesmanager.transport.base import TransportError
from qubesmanager.wire.errors import BackupCancelledError, Mgmt1Error, QubesValueError

STDIN = "-"
CANCELLED = 4
"""The exit status of a command that somebody cancelled."""
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_MOST = 4096
"""Bytes of a file with a passphrase that are looked at."""


class UsageError(Exception):
    """The command is used wrongly; the text says how."""


class Parser(argparse.ArgumentParser):
    """Raises `UsageError` where argparse would end the program."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where texts go, and who is asked for the passphrase; a test passes its own."""

    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    ask: Callable[[str], str] = getpass


def printable(untrusted: str) -> str:
    """A terminal's control characters in words that came from elsewhere are shown and not obeyed."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in untrusted)


def size_text(size: float) -> str:
    """Bytes for a person: `1.2 GiB`."""
    for unit in _UNITS[:-1]:
        if size < 1024:  # noqa: PLR2004 - the step from unit to unit
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Lines with aligned columns; those in `right` at the right edge."""
    all_rows = [list(titles), *[[printable(cell) for cell in row] for row in rows]]
    widths = [max(map(len, column)) for column in zip(*all_rows, strict=True)]
    lines = []
    for row in all_rows:
        cells = [
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip() + "\n")
    return "".join(lines)


def passphrase_from(source: str | None, prompt: str, ask: Callable[[str], str] = getpass) -> str:
    """The first line of the file `source` (`-`: standard input), or what a person types where there is none.

    To be called before the loop runs. Raises `QubesValueError` if there is nobody to ask or no such file.
    """
    if source is None:
        try:
            return ask(prompt)
        except (EOFError, OSError) as error:
            raise QubesValueError("There is no terminal to ask for the passphrase; use --passphrase-file.") from error
    try:
        held = sys.stdin.buffer.readline(_MOST) if source == STDIN else _first_line(Path(source))
        return held.decode().rstrip("\r\n")
    except OSError as error:
        raise QubesValueError(f"The passphrase cannot be read from {source}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise QubesValueError("The passphrase is not UTF-8.") from error


def _first_line(path: Path) -> bytes:
    with path.open("rb") as held:
        return held.readline(_MOST)


class Bar:
    """How far something is, in one line that is written over and over; nothing where there is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = ""
        self._wanted = stream.isatty()

    def show(self, percent: int, about: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        filled = percent * 30 // 100
        line = f"[{'#' * filled}{'.' * (30 - filled)}] {percent:3} %  {printable(about)}"[:width]
        if self._wanted and line != self._shown:
            self._stream.write(f"\r{line.ljust(len(self._shown))}")
            self._stream.flush()
            self._shown = line

    def clear(self) -> None:
        """Leave an empty line to what is written next."""
        if self._shown:
            self._stream.write(f"\r{' ' * len(self._shown)}\r")
            self._stream.flush()
            self._shown = ""


def status_of(program: str, work: Callable[[Bar], int], terminal: Terminal, cancelled: str) -> int:
    """The exit status of the work, which may draw a bar; what went wrong is said, and `cancelled` after Control-C."""
    bar = Bar(terminal.stderr)
    try:
        return work(bar)
    except UsageError as error:
        said, status = str(error), USED_WRONGLY
    except (KeyboardInterrupt, asyncio.CancelledError, BackupCancelledError):
        said, status = cancelled, CANCELLED
    except Mgmt1Error as error:
        said, status = str(error), ANSWERED_NO
    except TransportError as error:
        said, status = str(error), NO_ANSWER
    bar.clear()
    terminal.stderr.write(f"{program}: {printable(said)}\n")
    return status
