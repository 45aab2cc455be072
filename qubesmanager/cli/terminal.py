# SPDX-License-Identifier: GPL-3.0-or-later
"""The terminal of the backup commands: their options, passphrases, a bar, and texts from outside made printable."""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path
from typing import NoReturn, TextIO

import argcomplete

import qubesmanager
from qubesmanager.backup.errors import BackupError
from qubesmanager.backup.passphrases import passphrase_text, read_passphrase
from qubesmanager.cli.main import ANSWERED_NO, NO_ANSWER, USED_WRONGLY
from qubesmanager.cli.stdout import not_written
from qubesmanager.transport.base import TransportError
from qubesmanager.wire.errors import BackupCancelledError, Mgmt1Error
from qubesmanager.wire.names import printable

STDIN = "-"
CANCELLED = 4
"""The exit status of a command that was cancelled."""
INCOMPLETE = 5
"""The exit status of a command that was carried out without something that it was asked for."""
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


class UsageError(Exception):
    """The command is used wrongly; the text says how."""


class Parser(argparse.ArgumentParser):
    """Raises `UsageError` where argparse would end the program."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has."""
    parser.add_argument(
        "--connect", metavar="URL", help="the daemon to connect to; without it the usual addresses are tried"
    )
    parser.add_argument("--version", action="version", version=f"{parser.prog} {qubesmanager.__version__}")


@dataclass(frozen=True, slots=True)
class Terminal:
    """The streams for texts, and the function that asks for the passphrase; a test passes its own."""

    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    ask: Callable[[str], str] = getpass


def size_text(size: float) -> str:
    """Bytes as text for the user: `1.2 GiB`."""
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
    """The first line of the file `source` (`-`: standard input), or what the user types where there is no file.

    Call it before the loop runs. Raises `UsageError` if nothing can be read there, or what is read is not a passphrase.
    """
    try:
        if source is None:
            return passphrase_text(ask(prompt), "What was typed")
        if source == STDIN:
            return read_passphrase(sys.stdin.buffer, "The first line of standard input")
        with Path(source).open("rb") as file:
            return read_passphrase(file, f"The first line of {source}")
    except BackupError as error:
        raise UsageError(str(error)) from error
    except (EOFError, OSError) as error:
        if source is None:
            raise UsageError("There is no terminal to ask for the passphrase; use --passphrase-file.") from error
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"The passphrase cannot be read from {source}: {why}.") from error


class Bar:
    """A progress bar in one line that is written again and again; it prints nothing without a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = ""
        self._is_terminal = stream.isatty()

    def show(self, percent: int, about: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        filled = percent * 30 // 100
        line = f"[{'#' * filled}{'.' * (30 - filled)}] {percent:3} %  {printable(about)}"[:width]
        if self._is_terminal and line != self._shown:
            self._stream.write(f"\r{line.ljust(len(self._shown))}")
            self._stream.flush()
            self._shown = line

    def clear(self) -> None:
        """Leave an empty line to what is written next."""
        if self._shown:
            self._stream.write(f"\r{' ' * len(self._shown)}\r")
            self._stream.flush()
            self._shown = ""


def run_command(
    parser: Parser,
    argv: Sequence[str],
    work: Callable[[argparse.Namespace, Terminal, Bar], int],
    terminal: Terminal,
    cancelled: str,
) -> int:
    """The exit status of the work, which gets the options and may draw a bar.

    An error is printed after the name of the program, and `cancelled` after Control-C. If the shell asks for
    completions, they are printed and the program ends.
    """
    if "_ARGCOMPLETE" in os.environ:
        argcomplete.autocomplete(parser)
    bar = Bar(terminal.stderr)
    try:
        return work(parser.parse_args(argv), terminal, bar)
    except UsageError as error:
        text, status = str(error), USED_WRONGLY
    except (KeyboardInterrupt, asyncio.CancelledError, BackupCancelledError):
        text, status = cancelled, CANCELLED
    except Mgmt1Error as error:
        text, status = str(error), ANSWERED_NO
    except TransportError as error:
        text, status = str(error), NO_ANSWER
    except OSError as error:
        bar.clear()
        return not_written(parser.prog, error)
    bar.clear()
    terminal.stderr.write(f"{parser.prog}: {printable(text)}\n")
    return status
