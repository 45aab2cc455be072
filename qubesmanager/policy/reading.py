# SPDX-License-Identifier: GPL-3.0-or-later
"""From files to one ordered list of rules, exactly as qrexec reads them.

Two folders: a file of `runtime` (`/run/qubes/policy.d`) hides its namesake in `policy` (`/etc/qubes/policy.d`); the
rest of both is read in the order of file names. One mistake anywhere and nothing can be decided: every call is denied.
Source: qrexec of Qubes 4.4, as measured (docs/policy.md).
"""

import posixpath
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

from qubesmanager.policy.folder import ENGINE_NAME
from qubesmanager.policy.grammar import Include, Kind, Parsed, Place, Rule, parse
from qubesmanager.wire.errors import PolicyAdminSyntaxException
from qubesmanager.wire.names import shown
from qubesmanager.wire.policy_files import SUFFIX, is_utf8

POLICY_FOLDER = "policy.d"
RUNTIME_FOLDER = "runtime.d"
"""The prefix of the locations of rules, by the folder of the file that was read first."""

MOST_RULES = 1_000_000
"""Rules of one policy: includes that include each other twice would grow without end."""
DEEPEST = 300
"""Files that include one another in a row; qrexec gives up a little beyond."""
REMEMBERED = 4096
"""Files whose parsed form a reader keeps."""


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules in the order in which they are tried. `error`: why nothing can be decided; then there are no rules."""

    rules: tuple[Rule, ...]
    error: str = ""


class Files(NamedTuple):
    """The content of a folder: files by their path below it (`30-mine.policy`, `include/x`).

    `folders` are the paths of folders that exist beside those of the files, because they are empty.
    """

    files: Mapping[str, str]
    folders: Collection[str] = frozenset()


NO_FILES = Files({})


class Reader:
    """Reads policies; a file that has not changed since is not parsed again."""

    def __init__(self) -> None:
        self._parsed: OrderedDict[tuple[str, str, Kind], Parsed] = OrderedDict()

    def read(self, policy: Files, runtime: Files = NO_FILES) -> Policy:
        """The policy of the files of both folders. Total: never raises."""
        try:
            folders: dict[str, _Folder] = {}
            for folder in (_Folder(RUNTIME_FOLDER, *runtime), _Folder(POLICY_FOLDER, *policy)):
                for path in folder.policy_files(""):
                    folders.setdefault(path, folder)
            rules: list[Rule] = []
            for path, folder in sorted(folders.items()):
                self._read_file(folder, path, rules)
        except PolicyAdminSyntaxException as error:
            return Policy((), str(error))
        return Policy(tuple(rules))

    def _read_file(self, folder: "_Folder", path: str, rules: list[Rule]) -> None:
        """Append the rules of a file and of all that it includes. No recursion: includes may be deeply nested."""
        stack = [self._opened(folder, path, Kind.RULES)]
        while stack:
            file = stack[-1]
            item = next(file.items, None)
            if item is None:
                stack.pop()
                continue
            place = Place(f"{folder.name}/{item.place.path}", item.place.line)
            if isinstance(item, Rule):
                rules.append(file.rule(item, place))
                if len(rules) > MOST_RULES:
                    raise PolicyAdminSyntaxException(f"The policy has more than {MOST_RULES} rules.")
            elif item.folder:
                files = [replace(item, path=each, folder=False) for each in folder.in_folder(item, place)]
                file.items = chain(files, file.items)
            else:
                included = folder.included(item, place)
                if any(included == each.path for each in stack):
                    raise PolicyAdminSyntaxException(f"{place}: {shown(included)} would include itself.")
                if len(stack) >= DEEPEST:
                    raise PolicyAdminSyntaxException(f"{place}: More than {DEEPEST} files include one another.")
                service, argument = item.service or file.service, item.argument or file.argument
                stack.append(self._opened(folder, included, item.kind, service, argument))

    def _opened(self, folder: "_Folder", path: str, kind: Kind, service: str = "", argument: str = "") -> "_OpenFile":
        try:
            items = self.parsed(path, folder.files[path], kind).items
        except PolicyAdminSyntaxException as error:
            raise PolicyAdminSyntaxException(f"{folder.name}/{error}") from None
        return _OpenFile(path, kind, service, argument, iter(items))

    def parsed(self, path: str, text: str, kind: Kind) -> Parsed:
        """The file's content. Raises `PolicyAdminSyntaxException`."""
        key = (path, text, kind)
        parsed = self._parsed.get(key)
        if parsed is None:
            if not is_utf8(text):
                raise PolicyAdminSyntaxException(f"{path}: The file is not UTF-8.")
            parsed = self._parsed[key] = parse(path, text, kind, strict=False)
            if len(self._parsed) > REMEMBERED:
                self._parsed.popitem(last=False)
        else:
            self._parsed.move_to_end(key)
        return parsed


@dataclass(frozen=True, slots=True)
class _Folder:
    """One of the two folders. Paths are relative to it."""

    name: str
    files: Mapping[str, str]
    folders: Collection[str]

    def policy_files(self, below: str) -> list[str]:
        """The paths of the policy files directly in a folder, sorted. Raises for a name that qrexec refuses."""
        prefix = f"{below}/" if below else ""
        rules = []
        for path in self.files:
            name = path.removeprefix(prefix)
            if not path.startswith(prefix) or "/" in name or name.startswith(".") or not name.endswith(SUFFIX):
                continue
            if not ENGINE_NAME.fullmatch(name):
                raise PolicyAdminSyntaxException(
                    f"{self.name}/{path}: A name holds only a to z, 0 to 9, _ . and -; qrexec denies every call."
                )
            rules.append(path)
        return sorted(rules)

    def included(self, include: Include, place: Place) -> str:
        """The path of the file that an include pulls in; one that leaves the folder leads to no file."""
        path = posixpath.normpath(include.path)
        if path not in self.files:
            raise PolicyAdminSyntaxException(f"{place}: There is no file {shown(include.path)} to include.")
        return path

    def in_folder(self, include: Include, place: Place) -> list[str]:
        """The paths of the files that an include of a folder pulls in, in their order."""
        path = posixpath.normpath(include.path)
        below = "" if path == "." else path
        if below and below not in self.folders and not any(name.startswith(f"{below}/") for name in self.files):
            raise PolicyAdminSyntaxException(f"{place}: There is no folder {shown(include.path)} to include.")
        return self.policy_files(below)


@dataclass(slots=True)
class _OpenFile:
    """A file that is being read. `service` and `argument` are what `!include-service` gave it."""

    path: str
    kind: Kind
    service: str
    argument: str
    items: Iterator[Rule | Include]

    def rule(self, rule: Rule, place: Place) -> Rule:
        """The rule as part of the whole policy."""
        if self.kind is Kind.BODY:
            return replace(rule, place=place, service=self.service, argument=self.argument)
        return replace(rule, place=place)
