# SPDX-License-Identifier: GPL-3.0-or-later
"""The services `qubes.GetAppmenus` and `qubes.StartApp`: the applications of a guest, listed and started.

Applications are desktop entries: https://specifications.freedesktop.org/desktop-entry-spec/latest/
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

KEYS = ("Name", "GenericName", "Comment", "Categories", "Icon", "Exec", "Terminal")
"""What is listed of an application."""
FILE_BYTES = 256 << 10
LIST_BYTES = 512 << 10
VALUE_BYTES = 4096
APPLICATIONS = 2000
TERMINAL = "qubes-run-terminal"
"""The application that is a terminal, whichever is installed."""
TERMINALS = (
    ("x-terminal-emulator", "-e"),
    ("gnome-terminal", "--"),
    ("konsole", "-e"),
    ("xfce4-terminal", "-x"),
    ("xterm", "-e"),
)
"""Programs that are terminals, and the option before the command they run."""
SESSION = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE")
"""Variables that an application needs of the user's session."""

_NAME = re.compile(r"[A-Za-z0-9._+-]{1,200}", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
_ENTRY = "[Desktop Entry]"
_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_QUOTED_ESCAPES = '"`$\\'
_DROPPED = frozenset("fFuUdDnNvm")
"""Field codes for files and addresses, of which there are none, and codes that are no longer used."""
_SECONDS = 10


class ApplicationError(Exception):
    """The application cannot be started. `str(error)` is for the user."""


def parse(untrusted: str) -> dict[str, str]:
    """The keys of the desktop entry, as they are in the file, without those for a language. Later ones win."""
    entry: dict[str, str] = {}
    is_in_entry = False
    for line in untrusted.split("\n"):
        text = line.strip()
        if text.startswith("["):
            is_in_entry = text == _ENTRY
        elif is_in_entry and not text.startswith("#"):
            key, equals, value = text.partition("=")
            if equals and _KEY.fullmatch(key.strip()):
                entry[key.strip()] = value.strip()
    return entry


def unescaped(text: str) -> str:
    """The value of a key of type string. An unknown escape stays as it is."""
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text)


def words(command: str) -> list[str]:
    """The words of an Exec key, without its escapes as a string. Raises `ApplicationError`."""
    result: list[str] = []
    word: list[str] | None = None
    is_quoted = False
    marks = iter(command)
    for mark in marks:
        if mark == '"':
            is_quoted = not is_quoted
            word = word or []
        elif is_quoted and mark == "\\":
            following = next(marks, "")
            if not following or following not in _QUOTED_ESCAPES:
                raise ApplicationError("The command of the application has a wrong escape.")
            word = [*(word or []), following]
        elif mark.isspace() and not is_quoted:
            if word is not None:
                result.append("".join(word))
            word = None
        else:
            word = word or []
            word.append(mark)
    if is_quoted:
        raise ApplicationError("The command of the application has an open quote.")
    if word is not None:
        result.append("".join(word))
    return result


def command_of(entry: dict[str, str], path: str) -> list[str]:
    """The arguments that start the application without files. Raises `ApplicationError`."""
    result: list[str] = []
    for word in words(unescaped(entry.get("Exec", ""))):
        if word == "%i":
            result += ["--icon", entry["Icon"]] if entry.get("Icon") else []
        elif not (len(word) == 2 and word[0] == "%" and word[1] in _DROPPED):  # noqa: PLR2004
            result.append(_expanded(word, entry, path))
    if not result or not result[0] or "=" in result[0]:
        raise ApplicationError("The application has no command.")
    return result


def _expanded(word: str, entry: dict[str, str], path: str) -> str:
    codes = {"%": "%", "c": unescaped(entry.get("Name", "")), "k": path}

    def value(match: re.Match[str]) -> str:
        code = match[1]
        if code not in codes and code not in _DROPPED:
            raise ApplicationError("The command of the application has an unknown field code.")
        return codes.get(code, "")

    return re.sub(r"%(.?)", value, word)


def folders(environment: dict[str, str]) -> list[Path]:
    """Where applications are, the first one that has a name wins."""
    home = environment.get("XDG_DATA_HOME") or f"{environment.get('HOME', '')}/.local/share"
    shared = environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share:/var/lib/flatpak/exports/share"
    return [Path(folder, "applications") for folder in (home, *shared.split(":")) if folder.startswith("/")]


def files(where: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """The names of applications, without suffix, and their files; at most `APPLICATIONS`."""
    known: set[str] = set()
    for folder in where:
        for path in sorted(folder.rglob("*.desktop")):
            name = str(path.relative_to(folder)).removesuffix(".desktop").replace("/", "-")
            if name not in known and _NAME.fullmatch(name):
                known.add(name)
                yield name, path
            if len(known) >= APPLICATIONS:
                return


def read(path: Path) -> dict[str, str]:
    """The desktop entry of a file; empty for one that cannot be read, is no file, or is too long."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return {}
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > FILE_BYTES:
            return {}
        return parse(file.read(FILE_BYTES).decode("utf-8", "replace"))


def is_shown(entry: dict[str, str]) -> bool:
    """Whether it belongs in a menu."""
    hidden = any(entry.get(key, "").lower() == "true" for key in ("Hidden", "NoDisplay"))
    return not hidden and entry.get("Type") == "Application" and bool(entry.get("Name") and entry.get("Exec"))


def listing(where: Iterable[Path]) -> str:
    """Lines `NAME.desktop:Key=value`, as `qubes.GetAppmenus` of Qubes OS writes them; whole applications only."""
    lines: list[str] = []
    size = 0
    for name, path in files(where):
        entry = read(path)
        if not is_shown(entry):
            continue
        part = "".join(
            f"{name}.desktop:{key}={entry[key]}\n"
            for key in KEYS
            if entry.get(key) and len(entry[key].encode()) <= VALUE_BYTES and entry[key].isprintable()
        )
        size += len(part.encode())
        if size > LIST_BYTES:
            break
        lines.append(part)
    return "".join(lines)


def _in_terminal(command: list[str]) -> list[str]:
    for program, option in TERMINALS:
        if path := shutil.which(program):
            return [path, option, *command] if command else [path]
    raise ApplicationError("No terminal is installed in this qube.")


def start_command(name: str, environment: dict[str, str]) -> tuple[list[str], str]:
    """The arguments of an application by its name, and its working directory or "". Raises `ApplicationError`."""
    if not environment.get("DISPLAY") and not environment.get("WAYLAND_DISPLAY"):
        raise ApplicationError("No user is logged in to a desktop in this qube.")
    if name == TERMINAL:
        return _in_terminal([]), ""
    path = next((path for each, path in files(folders(environment)) if each == name), None)
    entry = read(path) if path else {}
    if path is None or not entry or entry.get("Hidden", "").lower() == "true":
        raise ApplicationError("There is no such application in this qube.")
    command = command_of(entry, str(path))
    if entry.get("Terminal", "").lower() == "true":
        command = _in_terminal(command)
    return command, unescaped(entry.get("Path", ""))


def session(environment: dict[str, str]) -> dict[str, str]:
    """The variables of the user's graphical session, of the user's systemd; those of this process win."""
    try:
        shown = subprocess.run(
            ("/usr/bin/env", "systemctl", "--user", "show-environment"),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        shown = ""
    pairs = (line.partition("=") for line in shown.splitlines())
    # A value with other characters is quoted; none of these variables has any.
    known = {name: value for name, _equals, value in pairs if name in SESSION and re.fullmatch(r"[\w./:@+-]*", value)}
    return {**known, **environment}


def list_main() -> int:
    """Write the list of applications to standard output."""
    sys.stdout.write(listing(folders(dict(os.environ))))
    return 0


def start_main(arguments: list[str] | None = None) -> int:
    """Start the application of the first argument, which goes on after this program; the exit status."""
    name, *_rest = [*(sys.argv[1:] if arguments is None else arguments), ""]
    environment = session(dict(os.environ))
    try:
        command, folder = start_command(name, environment)
        subprocess.Popen(  # noqa: S603 - the command of an installed application, without a shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder if folder and Path(folder).is_dir() else None,
            env=environment,
            start_new_session=True,
        )
    except ApplicationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"The application cannot be started: {error.strerror or error}\n")
        return 1
    return 0
