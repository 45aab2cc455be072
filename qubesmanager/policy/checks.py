# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is known of an edited policy at once: the order of its files, one file's lines, and what the edits alter."""

from collections.abc import Mapping
from dataclasses import dataclass

from qubesmanager.policy.differences import DiffLine, changed_lines, count_changes, differences
from qubesmanager.policy.edition import Edition, ListedFile
from qubesmanager.policy.engine import Engine
from qubesmanager.policy.gone import GoneWord, gone_words
from qubesmanager.policy.grammar import Kind, Line, Place, Rule
from qubesmanager.policy.impact import Impact, impact
from qubesmanager.policy.lockout import lockout
from qubesmanager.policy.reach import Unreached, unreached
from qubesmanager.policy.reading import POLICY_FOLDER, Reader
from qubesmanager.policy.system_info import SystemInfo


@dataclass(frozen=True, slots=True)
class Checks:
    """What was checked, and what came of it.

    `edits` counts the edits of each file that is edited; `diff` shows those of the file `diff_path`, which is `path` if
    that is edited. `edges`: the lines of `path` that are edited (True) or new (False).

    `lines` are those of the file `path`, and `gone` the words of these that name what there is not, by line. `problems`
    are those that were not there before the edits: dom0 refuses them. `impact` is None without edits, and where the
    edited policy cannot be read. `lockout`: the rule by which dom0 would lose its own management.
    """

    edition: Edition
    info: SystemInfo
    path: str
    engine: Engine
    files: tuple[ListedFile, ...]
    kind: Kind
    lines: tuple[Line, ...]
    gone: dict[int, tuple[GoneWord, ...]]
    edits: dict[str, int]
    diff_path: str
    diff: tuple[DiffLine, ...]
    edges: dict[int, bool]
    unreached: dict[Place, Unreached]
    problems: tuple[str, ...]
    impact: Impact | None
    lockout: Rule | None

    def unreached_in(self, path: str) -> int:
        """How many lines of a file of `policy.d` decide nothing though qubes fit them."""
        name = f"{POLICY_FOLDER}/{path}"
        return sum(line.fits for place, line in self.unreached.items() if place.path == name)


def check(base: Edition, edition: Edition, info: SystemInfo, path: str, reader: Reader) -> Checks:
    """Check the edition, which is `base` with edits. Heavy: call it in a thread, one call at a time for a reader."""
    policy = edition.read(reader)
    engine = Engine(policy)
    files = tuple(edition.listed())
    is_edited = edition.policy != base.policy
    before = Engine(base.read(reader)) if is_edited else engine
    known = {file.problem for file in base.listed()} if is_edited else {file.problem for file in files}
    is_comparable = is_edited and not policy.error
    lines = tuple(edition.lines(path))
    edits = _edits(base.policy.files, edition.policy.files) if is_edited else {}
    diff_path = path if path in edits else next(iter(edits), "")
    return Checks(
        edition,
        info,
        path,
        engine,
        files,
        edition.kind_of(path),
        lines,
        {line.number: words for line in lines if (words := _gone(line, info))},
        edits,
        diff_path,
        tuple(differences(*(each.policy.files.get(diff_path, "") for each in (base, edition)))),
        changed_lines(base.policy.files.get(path, ""), edition.policy.files.get(path, "")),
        unreached(policy, info),
        tuple(dict.fromkeys(file.problem for file in files if file.problem and file.problem not in known)),
        impact(before, engine, info) if is_comparable else None,
        lockout(before, engine) if is_comparable else None,
    )


def _edits(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, int]:
    """By path; a file that is removed is one edit."""
    paths = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return {path: count_changes(before.get(path, ""), after[path]) if path in after else 1 for path in paths}


def _gone(line: Line, info: SystemInfo) -> tuple[GoneWord, ...]:
    return gone_words(line.item, info) if isinstance(line.item, Rule) else ()
