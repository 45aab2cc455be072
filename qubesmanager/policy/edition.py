# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a policy as they are or would be: which are read, in which order, and why the others are not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from qubesmanager.policy.folder import ENGINE_NAME, problems
from qubesmanager.policy.grammar import Kind, Line, Rule, read_lines
from qubesmanager.policy.reading import NO_FILES, POLICY_FOLDER, RUNTIME_FOLDER, Files, Policy, Reader
from qubesmanager.wire.policy_files import INCLUDES, RUNTIME, PolicyFile, is_read

Changes = Mapping[str, str | None]
"""The new text of files of `policy.d` by path; None removes a file."""
NO_CHANGES: Changes = {}


class Role(Enum):
    """What becomes of a file."""

    READ = "read"
    INCLUDED = "included"
    UNUSED = "unused"
    """No file includes it."""
    HIDDEN = "hidden"
    """A namesake in the other folder is read instead."""
    BAD_NAME = "bad name"
    """qrexec denies every call because of its name."""


@dataclass(frozen=True, slots=True)
class ListedFile:
    """`problem`: why qrexec denies every call because of the file; empty if it does not. `rules`: how many it has."""

    path: str
    role: Role
    is_runtime: bool
    problem: str
    rules: int


@dataclass(frozen=True, slots=True)
class Edition:
    """The files of both folders."""

    policy: Files
    runtime: Files = NO_FILES

    def changed(self, changes: Changes) -> "Edition":
        """The edition with these changes."""
        files = {**self.policy.files, **changes}
        kept = {path: text for path, text in sorted(files.items()) if text is not None}
        return Edition(Files(kept, self.policy.folders), self.runtime)

    def read(self, reader: Reader) -> Policy:
        """The rules in their order."""
        return reader.read(self.policy, self.runtime)

    def kind_of(self, path: str) -> Kind:
        """What the lines of a file are: with service and argument, or the body of an `!include-service`."""
        if not path.startswith(INCLUDES):
            return Kind.RULES
        for kind in Kind:
            if any(include.path == path and include.kind is kind for include in self._includes()):
                return kind
        text = self.policy.files.get(path, "")
        wrong = {kind: sum(bool(line.error) for line in read_lines(path, text, kind)) for kind in Kind}
        return min(Kind, key=lambda kind: wrong[kind])

    def lines(self, path: str) -> list[Line]:
        """The lines of a file of `policy.d`, each read by itself."""
        return list(read_lines(path, self.policy.files.get(path, ""), self.kind_of(path)))

    def listed(self) -> list[ListedFile]:
        """All files: those that are read in their order, then the others by role and path."""
        hiding = {path for path in self.runtime.files if is_read(path)}
        included = {include.path for include in self._includes()}
        reasons = self._reasons(hiding)
        rows = []
        for is_runtime, files in ((False, self.policy.files), (True, self.runtime.files)):
            for path, text in files.items():
                role = _role(path, path in hiding and not is_runtime, path in included)
                name = f"{RUNTIME_FOLDER if is_runtime else POLICY_FOLDER}/{path}"
                problem = "" if role is Role.HIDDEN else reasons.get(name, "")
                rows.append(ListedFile(path, role, is_runtime, problem, _rules(text)))
        order = list(Role)
        return sorted(rows, key=lambda row: (order.index(row.role), row.path))

    def _reasons(self, hiding: set[str]) -> dict[str, str]:
        """Why qrexec denies every call, by the folder and path of the file to blame."""
        shown = {path: text for path, text in self.policy.files.items() if path not in hiding}
        reasons: dict[str, str] = {}
        for folder, files in ((POLICY_FOLDER, Files(shown, self.policy.folders)), (RUNTIME_FOLDER, self.runtime)):
            for problem in problems(*files):
                for path in problem.files:
                    reasons.setdefault(f"{folder}/{path}", problem.reason)
        return reasons

    def _includes(self) -> Iterator["_Included"]:
        """What the files include, those of files that are included in turn too."""
        for files in (self.policy.files, self.runtime.files):
            waiting = [_Included(path, Kind.RULES) for path in files if is_read(path)]
            known = set(waiting)
            while waiting:
                file = waiting.pop()
                for line in read_lines(file.path, files.get(file.path, ""), file.kind):
                    if line.item is None or isinstance(line.item, Rule):
                        continue
                    below = f"{line.item.path}/"
                    paths = [each for each in files if each.startswith(below)] if line.item.folder else [line.item.path]
                    more = {_Included(path, line.item.kind) for path in paths} - known
                    yield from more
                    known |= more
                    waiting += more


@dataclass(frozen=True, slots=True)
class _Included:
    path: str
    kind: Kind


def edition_of(files: Iterable[PolicyFile]) -> Edition:
    """The edition of the rows of `mgmt1.policy.GetAll`."""
    texts: dict[bool, dict[str, str]] = {False: {}, True: {}}
    folders: dict[bool, set[str]] = {False: set(), True: set()}
    for file in files:
        is_runtime = file.folder == RUNTIME
        if file.is_folder:
            folders[is_runtime].add(file.path)
        else:
            texts[is_runtime][file.path] = file.content
    policy, runtime = (Files(dict(sorted(texts[each].items())), frozenset(folders[each])) for each in (False, True))
    return Edition(policy, runtime)


def _role(path: str, is_hidden: bool, is_included: bool) -> Role:  # noqa: FBT001 - two facts of one file
    if not is_read(path):
        return Role.INCLUDED if is_included else Role.UNUSED
    if is_hidden:
        return Role.HIDDEN
    return Role.READ if ENGINE_NAME.fullmatch(path) else Role.BAD_NAME


def _rules(text: str) -> int:
    """Lines that say something."""
    return sum(bool(line) and not line.startswith("#") for line in map(str.strip, text.splitlines()))
