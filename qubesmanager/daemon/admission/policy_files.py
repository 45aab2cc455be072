# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of qrexec policy files: `<name>.policy`, and `include/<name>`.

Whatever is changed is checked with all the rest first, because one file that does not parse denies every call of the
system. The files are in the folder of Qubes OS and may be changed by other programs at any time; the token shows it.
"""

import asyncio
import os
import re
import threading
from collections.abc import Collection, Mapping
from pathlib import Path

from qubesmanager.host.atomic_file import drop_parts, fsync_folder, replace_file
from qubesmanager.policy.engine import Engine
from qubesmanager.policy.folder import included_by, new_problem, problems
from qubesmanager.policy.lockout import check_lockout
from qubesmanager.policy.reading import NO_FILES, Files, Reader
from qubesmanager.wire.codecs import PolicyRow, TokenContent
from qubesmanager.wire.errors import (
    PolicyAdminSyntaxException,
)
from qubesmanager.wire.limits import POLICY_ALL, POLICY_BYTES, POLICY_FILES
from qubesmanager.wire.names import FILE_NAME, check
from qubesmanager.wire.policy_files import (
    ANY,
    INCLUDES,
    NEW,
    POLICY,
    RUNTIME,
    SUFFIX,
    PolicyFile,
    encode_file,
    is_read,
    token_of,
)
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, refusal

MAX_FILES = POLICY_FILES
_MODE = 0o664
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_.-]", re.ASCII)


class Policies:
    """A file's path is relative to `folder`. Errors of the disk are `Mgmt1Error`.

    A policy file in `hiding` hides its namesake in `folder`; qrexec reads the other files of both.
    """

    def __init__(self, folder: Path, hiding: Path | None = None) -> None:
        self.folder = folder
        self.hiding = hiding
        self._reader = Reader()
        self._changing = threading.Lock()
        """Held in the thread that changes, so that it holds on when its caller goes away."""

    async def rows(self, prefix: str) -> list[PolicyRow]:
        """The files that begin with `prefix` ("" or `include/`), sorted, by the names that the calls use.

        Each has the problem that it gives qrexec, or that keeps it from having an effect. A file with a name that no
        call can use has a row if it is a problem; characters that a row cannot hold are `_` then.
        """
        return await asyncio.to_thread(self._rows, prefix)

    async def get(self, path: str) -> TokenContent:
        """Raises `PolicyAdminFileNotFoundException`."""
        return await asyncio.to_thread(self._get, path)

    async def files(self) -> list[PolicyFile]:
        """Every file of both folders, whatever its name, with its token, its problem and its text."""
        return await asyncio.to_thread(self._files)

    async def contents(self) -> dict[str, str]:
        """The text of each file by its path, those of the folder that hides others included."""
        return await asyncio.to_thread(self._contents)

    async def replace(self, path: str, token: str, content: str) -> None:
        """Replace or make a file.

        Raises `PolicyAdminTokenException`, `PolicyAdminSyntaxException`, or `QubesValueError` if dom0 would lose a
        management call; nothing has changed then.
        """
        await asyncio.to_thread(self._replace, path, token, content)

    async def remove(self, path: str, token: str) -> None:
        """Raises as `replace`, and `PolicyAdminFileNotFoundException`."""
        await asyncio.to_thread(self._remove, path, token)

    async def drop_left(self) -> list[Path]:
        """Remove what a crash left."""
        return await asyncio.to_thread(self._drop_left)

    # -- in a thread --------------------------------------------------------------------------------------------------

    def _rows(self, prefix: str) -> list[PolicyRow]:
        suffix = "" if prefix else SUFFIX
        files, folders = self._all()
        hiding = self._hiding()
        reasons = self._reasons(files, folders, hiding)
        rows: list[PolicyRow] = []
        for path in files:
            name = path.removeprefix(prefix).removesuffix(suffix)
            if not path.startswith(prefix) or not (prefix or is_read(path)):
                continue
            reason = reasons.get(path, "")
            if FILE_NAME.matches(name):
                rows.append(PolicyRow(name, reason))
            elif reason:
                rows.append(PolicyRow(_NOT_IN_NAME.sub("_", name) or "_", reason))
        if not prefix:
            if self.hiding is not None and (reason := self._no_folder()):
                rows.append(PolicyRow(self.hiding.name, reason))
            wrong = {path: why for path, why in hiding.items() if why}
            rows += [PolicyRow(_NOT_IN_NAME.sub("_", path), f"{self.hiding}: {why}") for path, why in wrong.items()]
        return sorted(rows)

    def _files(self) -> list[PolicyFile]:
        files, folders = self._all()
        hiding = self._hiding()
        rows = _rows_of(POLICY, files, folders, self._reasons(files, folders, hiding))
        if self.hiding is not None and self.hiding.is_dir():
            rows += _rows_of(RUNTIME, *read_all(self.hiding), hiding)
        elif self.hiding is not None and (reason := self._no_folder()):
            rows.append(PolicyFile(RUNTIME, self.hiding.name, "", "", reason))
        if sum(len(encode_file(row)) for row in rows) > POLICY_ALL:
            raise refusal("policy-all-too-large", POLICY_ALL >> 20)
        return rows

    def _reasons(self, files: dict[str, str], folders: Collection[str], hiding: Mapping[str, str]) -> dict[str, str]:
        """By the path of a file: why qrexec denies every call because of it, or why it has no effect."""
        reasons: dict[str, str] = {}
        for problem in problems({path: text for path, text in files.items() if path not in hiding}, folders):
            for path in problem.files:
                reasons.setdefault(path, problem.reason)
        return reasons | {path: f"It has no effect: {self.hiding}/{path} hides it." for path in hiding if path in files}

    def _no_folder(self) -> str:
        """Why the folder that hides files is a problem: Qubes OS is here, and it is not."""
        if self.hiding is None or not self.hiding.parent.is_dir() or self.hiding.is_dir():
            return ""
        return f"There is no folder {self.hiding}; qrexec denies every call without it."

    def _contents(self) -> dict[str, str]:
        files, _folders = self._all()
        if self.hiding is None or not self.hiding.is_dir():
            return files
        hiding, _folders = read_all(self.hiding)
        return {**files, **{f"{self.hiding}/{path}": text for path, text in hiding.items()}}

    def _hiding(self) -> dict[str, str]:
        """The policy files in the folder that hides, and the problem of each, or ""."""
        if self.hiding is None or not self.hiding.is_dir():
            return {}
        files, folders = read_all(self.hiding)
        reasons = {path: problem.reason for problem in problems(files, folders) for path in problem.files}
        return {path: reasons.get(path, "") for path in files if is_read(path)}

    def _get(self, path: str) -> TokenContent:
        content = self._read(path)
        if content is None:
            raise refusal("no-such-policy", path)
        return TokenContent(token_of(content), _text(path, content))

    def _replace(self, path: str, token: str, content: str) -> None:
        with self._changing:
            self._check_token(path, token)
            before, folders = self._all()
            # With room for the folder that the file may need, because more than `MAX_FILES` cannot be read again.
            if path not in before and len(before) + len(folders) + 1 >= MAX_FILES:
                raise refusal("policy-too-many", MAX_FILES, str(self.folder))
            self._check(before, before | {path: content}, path, folders)
            self._check_whole(before, before | {path: content}, folders)
            try:
                (self.folder / path).parent.mkdir(mode=0o775, parents=True, exist_ok=True)
                replace_file(self.folder / path, content.encode(), mode=_MODE)
            except OSError as error:
                raise refusal("policy-not-written", path, error.strerror or str(error)) from error

    def _remove(self, path: str, token: str) -> None:
        with self._changing:
            if token == NEW or not self._check_token(path, token):
                raise refusal("no-such-policy", path)
            before, folders = self._all()
            if lines := included_by(before, path):
                raise refusal("policy-included", path, ", ".join(lines))
            after = {name: text for name, text in before.items() if name != path}
            self._check(before, after, path, folders)
            self._check_whole(before, after, folders)
            try:
                (self.folder / path).unlink()
                fsync_folder((self.folder / path).parent)
            except OSError as error:
                raise refusal("policy-not-removed", path, error.strerror or str(error)) from error

    def _check_token(self, path: str, token: str) -> bool:
        """Whether the file is there, once it is the one that the token names."""
        content = self._read(path)
        if token == ANY or (content is None and token == NEW):
            return content is not None
        if content is None:
            raise refusal("policy-removed-meanwhile", path)
        if token == NEW:
            raise refusal("policy-taken", path)
        if token != token_of(content):
            raise refusal("policy-changed-meanwhile", path)
        return True

    @staticmethod
    def _check(before: dict[str, str], after: dict[str, str], path: str, folders: Collection[str]) -> None:
        if problem := new_problem(before, after, path, folders):
            raise error_for(Reason("other-text", problem), PolicyAdminSyntaxException)

    def _check_whole(self, before: dict[str, str], after: dict[str, str], folders: Collection[str]) -> None:
        """Raise `PolicyAdminSyntaxException` if the policy of both folders could no longer be read.

        Raises `QubesValueError` if dom0 would lose a management call, which a policy that cannot be read does not show.
        """
        runtime = Files(*read_all(self.hiding)) if self.hiding is not None and self.hiding.is_dir() else NO_FILES
        first, second = (Engine(self._reader.read(Files(files, folders), runtime)) for files in (before, after))
        if second.policy.error and not first.policy.error:
            raise error_for(Reason("other-text", second.policy.error), PolicyAdminSyntaxException)
        check_lockout(first, second)

    def _all(self) -> tuple[dict[str, str], frozenset[str]]:
        return read_all(self.folder)

    def _read(self, path: str) -> bytes | None:
        return _read_file(self.folder, path)

    def _drop_left(self) -> list[Path]:
        try:
            return [part for folder in (self.folder, self.folder / INCLUDES) for part in drop_parts(folder)]
        except OSError as error:
            raise refusal("policy-folder-not-read", self.folder, error.strerror or str(error)) from error


def file_of(untrusted: str) -> str:
    """The path of the policy file of that name. Raises `QubesValueError` for a name that carries the suffix."""
    if untrusted.endswith(SUFFIX):
        raise refusal("policy-suffix", untrusted.removesuffix(SUFFIX), SUFFIX)
    return f"{check(FILE_NAME, untrusted)}{SUFFIX}"


def include_of(untrusted: str) -> str:
    """The path of the include file of that name."""
    return f"{INCLUDES}{check(FILE_NAME, untrusted)}"


def _rows_of(
    folder: str, files: Mapping[str, str], folders: Collection[str], reasons: Mapping[str, str]
) -> list[PolicyFile]:
    rows = [
        PolicyFile(folder, path, token_of(text.encode("utf-8", "surrogateescape")), text, reasons.get(path, ""))
        for path, text in files.items()
    ]
    empty = [path for path in sorted(folders) if not any(name.startswith(f"{path}/") for name in files)]
    return rows + [PolicyFile(folder, path, "", "") for path in empty]


def _text(path: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise refusal("policy-not-utf8", path) from None


def read_all(folder: Path) -> tuple[dict[str, str], frozenset[str]]:
    """The text of each file by its path, sorted, and the paths of all folders; both relative to `folder`.

    A link to a folder is left out, so that an include of it is a problem, not an empty folder. A byte that is not
    UTF-8 is a problem of its file, which `problems` finds as a character that no line may hold.
    """
    paths: list[str] = []
    folders: list[str] = []
    for at, inner, names in os.walk(folder):
        inside = Path(at).relative_to(folder)
        folders += [str(inside / name) for name in inner if not (Path(at) / name).is_symlink()]
        paths += [str(inside / name) for name in names if not name.startswith(".")]
        if len(paths) + len(folders) > MAX_FILES:
            raise refusal("policy-too-many", MAX_FILES, str(folder))
    contents = {path: _read_file(folder, path) for path in sorted(paths)}
    texts = {path: text.decode("utf-8", "surrogateescape") for path, text in contents.items() if text is not None}
    return texts, frozenset(folders)


def _read_file(folder: Path, path: str) -> bytes | None:
    """None if there is no such regular file: qrexec skips others, and a pipe would never end."""
    try:
        if not (folder / path).is_file():
            return None
        with (folder / path).open("rb") as file:
            content = file.read(POLICY_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    except OSError as error:
        raise refusal("policy-not-read", path, error.strerror or str(error)) from error
    if len(content) > POLICY_BYTES:
        raise refusal("policy-too-large", path)
    return content
