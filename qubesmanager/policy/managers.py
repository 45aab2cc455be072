# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that make a source the manager of the qubes with its tag `managed-by-…`.

It may see these qubes, read and change what is theirs, start and stop them. It may not create or remove any.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from qubesmanager.policy.edition import Edition, Role
from qubesmanager.policy.engine import Engine, Request, Result
from qubesmanager.policy.grammar import Place
from qubesmanager.policy.installed import installed
from qubesmanager.policy.reading import Reader
from qubesmanager.policy.system_info import SystemInfo, is_dom0
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0, manager_tag
from qubesmanager.wire.policy_files import INCLUDES, NEW, FileChange, token_of

MGMT1, QUBES_OS = "mgmt1", "admin"
"""The families of calls, as the names of their includes begin."""
_TRIED = {MGMT1: (calls.VM_LIST.name, calls.VM_START.name), QUBES_OS: ("admin.vm.List", "admin.vm.Start")}
"""By family: the calls by which it is checked that a manager has its rights."""


def families(edition: Edition) -> tuple[str, ...]:
    """The families whose includes are read now."""
    included = {file.path for file in edition.listed() if file.role is Role.INCLUDED}
    return tuple(family for family in (MGMT1, QUBES_OS) if _path(family, _RIGHTS[0][0]) in included)


def appointment(edition: Edition, manager: str) -> list[FileChange]:
    """The changes of files that give a manager its rights; none where it has the lines.

    Where no file includes those of a tier, the files that this package installs are made, too.
    """
    present = families(edition)
    before = edition.policy.files
    after = {} if present else {path: text for path, text in installed().items() if path not in before}
    for family in present or (MGMT1,):
        for tier, word in _RIGHTS:
            path = _path(family, tier)
            after[path] = _with_line(after.get(path, before.get(path, "")), _line(manager, word))
    return _changes(before, after)


def dismissal(edition: Edition, manager: str) -> list[FileChange]:
    """The changes of files that take the rights of a manager away; none where it has no such lines."""
    before = edition.policy.files
    paths = {_path(family, tier) for family in (MGMT1, QUBES_OS) for tier, _word in _RIGHTS}
    lines = {tuple(_line(manager, word).split()) for _tier, word in _RIGHTS}
    after = {path: _without(before[path], lines) for path in sorted(paths & before.keys())}
    return _changes(before, after)


def denied_by(edition: Edition, changes: Iterable[FileChange], manager: str, names: Sequence[str],
              info: SystemInfo) -> dict[str, Place | None]:  # fmt: skip
    """The qubes that the manager would not manage after the changes, with the line that denies a call about each."""
    after = edition.changed({change.path: change.after for change in changes})
    engine = Engine(after.read(Reader()))
    tag = manager_tag(manager)
    tagged = {name: replace(info.domains[name], tags=info.domains[name].tags | {tag}) for name in names}
    then = SystemInfo({**info.domains, **tagged})
    denied: dict[str, Place | None] = {}
    for family in families(after):
        for service in _TRIED[family]:
            for name in names:
                decision = engine.decide(Request(service, "+", manager, name), then)
                if decision.result is not Result.ALLOW or not is_dom0(decision.target):
                    denied.setdefault(name, decision.place)
    return denied


_RIGHTS = (("local-rwx", "@tag:{tag}"), ("global-ro", "@adminvm"), ("global-ro", "@tag:{tag}"))
"""The tier and the target of each line. The calls that list are of a global tier, and list what they may be sent to."""


def _path(family: str, tier: str) -> str:
    return f"{INCLUDES}{family}-{tier}"


def _line(manager: str, word: str) -> str:
    return f"{manager} {word.format(tag=manager_tag(manager))} allow target={DOM0}"


def _with_line(text: str, line: str) -> str:
    """The text with the line before the first one that says something, unless it has it."""
    lines = text.splitlines(keepends=True)
    if any(each.split() == line.split() for each in lines):
        return text
    at = next((number for number, each in enumerate(lines) if each.strip() and not each.startswith("#")), len(lines))
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return "".join([*lines[:at], f"{line}\n", *lines[at:]])


def _without(text: str, unwanted: set[tuple[str, ...]]) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if tuple(line.split()) not in unwanted)


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[FileChange]:
    """The changes; a file comes after those that it includes."""
    paths = sorted(after, key=lambda path: (not path.startswith(INCLUDES), not path.endswith("-rwx"), path))
    return [
        FileChange(path, token_of(before[path].encode()) if path in before else NEW, before.get(path), after[path])
        for path in paths
        if before.get(path) != after[path]
    ]
