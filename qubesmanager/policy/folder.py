# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole folder of policy files: whether qrexec would accept it, and what includes what.

`folders` are the paths of folders that exist, beside those of the files: `!include-dir` needs its folder, also an empty
one.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from qubesmanager.policy.grammar import Include, Kind, Parsed, parse
from qubesmanager.wire.errors import PolicyAdminSyntaxException
from qubesmanager.wire.names import shown
from qubesmanager.wire.policy_files import INCLUDES, is_read

MAX_DEPTH = 32
"""Files that include one another in a row."""
ENGINE_NAME = re.compile(r"[a-z0-9_.-]+", re.ASCII)
"""The names of policy files that qrexec accepts; with any other name it denies every call."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem, and the files that cause it: the file itself, and those that include it."""

    reason: str
    files: frozenset[str]


@dataclass(slots=True)
class _Walk:
    files: Mapping[str, str]
    folders: Collection[str] = ()
    parsed: dict[tuple[str, Kind], Parsed | Problem] = field(default_factory=dict)
    whole: set[tuple[str, Kind]] = field(default_factory=set)


def problems(files: Mapping[str, str], folders: Collection[str] = ()) -> list[Problem]:
    """The problems for which qrexec rejects the files, which are named by their path relative to the folder.

    These are the first problem of each file that it reads, and of each include that no file includes and that would be
    wrong for a file that did.
    """
    walk = _Walk(files, frozenset(folders) | {above for path in files for above in _folders_above(path)})
    faults = [problem for path in sorted(files) if is_read(path) for problem in _top(walk, path)]
    reached = {path for path, _kind in walk.parsed}
    for path in sorted(files):
        if path.startswith(INCLUDES) and path not in reached:
            tried = [_parsed(walk, path, kind) for kind in Kind]
            if all(isinstance(each, Problem) for each in tried):
                faults += [each for each in tried if isinstance(each, Problem)][-1:]
    return list(dict.fromkeys(faults))


def new_problem(
    before: Mapping[str, str], after: Mapping[str, str], changed: str, folders: Collection[str] = ()
) -> str | None:
    """Why the change of one file cannot be made: what has to do with it and is wrong, or was not wrong before.

    A mistake elsewhere does not block a change, which may be the one that corrects it.
    """
    known = {problem.reason for problem in problems(before, folders)}
    for problem in problems(after, folders):
        if changed in problem.files or problem.reason not in known:
            return problem.reason
    return None


def included_by(files: Mapping[str, str], path: str) -> list[str]:
    """The lines (`file:line`) that include the file, in files that parse."""
    walk = _Walk(files)
    faults: list[str] = []
    for name in sorted(files):
        for kind in Kind:
            parsed = _parsed(walk, name, kind)
            if isinstance(parsed, Parsed):
                faults += [str(include.place) for include in parsed.includes if path in _meant(files, include)]
    return list(dict.fromkeys(faults))


def _top(walk: _Walk, path: str) -> Iterator[Problem]:
    """At most one, of a file that qrexec reads by itself."""
    if (misnamed := _misnamed(path)) is not None:
        yield misnamed
        return
    yield from _problems(walk, path, Kind.RULES, ())


def _folders_above(path: str) -> Iterator[str]:
    """The folders that the path is in, from the inside out; "." is the last."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
    yield "."


def _misnamed(path: str, above: tuple[str, ...] = ()) -> Problem | None:
    name = path.rpartition("/")[2]
    if ENGINE_NAME.fullmatch(name):
        return None
    return Problem(
        f"{shown(path)}: The name of a policy file holds only a-z, 0-9, _ . and -; qrexec denies every call until the "
        "file is renamed or removed.",
        frozenset({path, *above}),
    )


def _problems(walk: _Walk, path: str, kind: Kind, above: tuple[str, ...]) -> Iterator[Problem]:
    """At most one: qrexec stops at the first too."""
    if (path, kind) in walk.whole:
        return
    parsed = _parsed(walk, path, kind)
    if isinstance(parsed, Problem):
        yield Problem(parsed.reason, frozenset({path, *above}))
        return
    chain = (*above, path)
    for include in parsed.includes:
        if include.folder and include.path not in walk.folders:
            yield Problem(f"{include.place}: There is no folder {shown(include.path)} to include.", frozenset(chain))
            return
        for inner in _meant(walk.files, include):
            problem = (
                _reach(walk, include, inner, chain)
                or (_misnamed(inner, chain) if include.folder else None)
                or next(_problems(walk, inner, include.kind, chain), None)
            )
            if problem is not None:
                yield problem
                return
    walk.whole.add((path, kind))


def _reach(walk: _Walk, include: Include, path: str, chain: tuple[str, ...]) -> Problem | None:
    """Why the file that is included cannot be."""
    files = frozenset({*chain, path})
    if path not in walk.files:
        return Problem(f"{include.place}: There is no file {shown(path)} to include.", files)
    if path in chain:
        return Problem(f"{include.place}: {shown(path)} would include itself.", files)
    if len(chain) >= MAX_DEPTH:
        return Problem(f"{include.place}: More than {MAX_DEPTH} files include one another.", files)
    return None


def _parsed(walk: _Walk, path: str, kind: Kind) -> Parsed | Problem:
    key = (path, kind)
    if key not in walk.parsed:
        try:
            walk.parsed[key] = parse(path, walk.files[path], kind)
        except PolicyAdminSyntaxException as error:
            walk.parsed[key] = Problem(str(error), frozenset({path}))
    return walk.parsed[key]


def _meant(files: Mapping[str, str], include: Include) -> list[str]:
    """The paths that an include pulls in, in their order."""
    if not include.folder:
        return [include.path]
    prefix = f"{include.path}/"
    return sorted(path for path in files if path.startswith(prefix) and is_read(path.removeprefix(prefix)))
