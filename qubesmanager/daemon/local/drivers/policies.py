# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of qrexec policy files: `<name>.policy`, and `include/<name>`.

Whatever is changed is checked with all the rest first, because one file that does not parse denies every call of the
system. Files lie in Qubes OS's own place and may be changed by other programs at any time; the token tells.
"""

import asyncio
import hashlib
import os
import threading
from pathlib import Path

from qubesmanager.daemon.local.drivers.files import drop_parts, fsync_folder, replace_file
from qubesmanager.policy.folder import INCLUDES, SUFFIX, included_by, new_problem
from qubesmanager.wire.codecs import TokenContent
from qubesmanager.wire.errors import (
    Mgmt1Error,
    PolicyAdminFileNotFoundException,
    PolicyAdminSyntaxException,
    PolicyAdminTokenException,
    QubesValueError,
)
from qubesmanager.wire.limits import POLICY_BYTES
from qubesmanager.wire.names import FILE_NAME, check

NEW, ANY = "new", "any"
"""Tokens that stand for: there is no such file; whatever it holds."""

MAX_FILES = 2000
_MODE = 0o664


class Policies:
    """A file's path is relative to `folder`. Errors of the disk are `Mgmt1Error`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._changing = threading.Lock()
        """Held in the thread that changes, so that it holds on when its caller goes away."""

    async def names(self, prefix: str) -> list[str]:
        """Of the files that begin with `prefix` ("" or `include/`): their names as the calls say them, sorted."""
        return await asyncio.to_thread(self._names, prefix)

    async def get(self, path: str) -> TokenContent:
        """Raises `PolicyAdminFileNotFoundException`."""
        return await asyncio.to_thread(self._get, path)

    async def contents(self) -> dict[str, str]:
        """The text of each file, by its path."""
        return await asyncio.to_thread(self._all)

    async def replace(self, path: str, token: str, content: str) -> None:
        """Raises `PolicyAdminTokenException` or `PolicyAdminSyntaxException`; nothing has changed then."""
        await asyncio.to_thread(self._replace, path, token, content)

    async def remove(self, path: str, token: str) -> None:
        """Raises as `replace`, and `PolicyAdminFileNotFoundException`."""
        await asyncio.to_thread(self._remove, path, token)

    async def drop_left(self) -> list[Path]:
        """Remove what a crash left."""
        return await asyncio.to_thread(self._drop_left)

    # -- in a thread --------------------------------------------------------------------------------------------------

    def _names(self, prefix: str) -> list[str]:
        suffix = "" if prefix else SUFFIX
        names = (path.removeprefix(prefix).removesuffix(suffix) for path in self._paths() if path.startswith(prefix))
        found = sorted(name for name in names if FILE_NAME.matches(name))
        return found if prefix else [name for name in found if (self.folder / f"{name}{SUFFIX}").is_file()]

    def _get(self, path: str) -> TokenContent:
        content = self._read(path)
        if content is None:
            raise PolicyAdminFileNotFoundException(f"There is no policy file {path}.")
        return TokenContent(token_of(content), _text(path, content))

    def _replace(self, path: str, token: str, content: str) -> None:
        with self._changing:
            self._check_token(path, token)
            before = self._all()
            self._check(before, before | {path: content}, path)
            try:
                (self.folder / path).parent.mkdir(mode=0o775, parents=True, exist_ok=True)
                replace_file(self.folder / path, content.encode(), mode=_MODE)
            except OSError as error:
                raise Mgmt1Error(f"The policy file {path} cannot be written: {error.strerror}.") from error

    def _remove(self, path: str, token: str) -> None:
        with self._changing:
            if token == NEW or not self._check_token(path, token):
                raise PolicyAdminFileNotFoundException(f"There is no policy file {path}.")
            before = self._all()
            if lines := included_by(before, path):
                raise PolicyAdminSyntaxException(f"{path} is included by {', '.join(lines)}.")
            self._check(before, {name: text for name, text in before.items() if name != path}, path)
            try:
                (self.folder / path).unlink()
                fsync_folder((self.folder / path).parent)
            except OSError as error:
                raise Mgmt1Error(f"The policy file {path} cannot be removed: {error.strerror}.") from error

    def _check_token(self, path: str, token: str) -> bool:
        """Whether the file is there, once it is the one that the token names."""
        content = self._read(path)
        if token == ANY or (content is None and token == NEW):
            return content is not None
        if content is None:
            raise PolicyAdminTokenException(f"The policy file {path} has been removed meanwhile.")
        if token == NEW:
            raise PolicyAdminTokenException(f"There is a policy file {path} already.")
        if token != token_of(content):
            raise PolicyAdminTokenException(f"The policy file {path} has been changed meanwhile; read it again.")
        return True

    @staticmethod
    def _check(before: dict[str, str], after: dict[str, str], path: str) -> None:
        if problem := new_problem(before, after, path):
            raise PolicyAdminSyntaxException(problem)

    def _paths(self) -> list[str]:
        found: list[str] = []
        for folder, _folders, names in os.walk(self.folder):
            inside = Path(folder).relative_to(self.folder)
            found += [str(inside / name) for name in names if not name.startswith(".")]
            if len(found) > MAX_FILES:
                raise Mgmt1Error(f"There are more than {MAX_FILES} files in {self.folder}.")
        return sorted(found)

    def _all(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for path in self._paths():
            content = self._read(path)
            if content is not None:
                # A byte that is no text is a mistake of its file; it does not keep others from a change.
                found[path] = content.decode("utf-8", "replace")
        return found

    def _read(self, path: str) -> bytes | None:
        """None if there is no such file."""
        try:
            with (self.folder / path).open("rb") as file:
                content = file.read(POLICY_BYTES + 1)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        except OSError as error:
            raise Mgmt1Error(f"The policy file {path} cannot be read: {error.strerror}.") from error
        if len(content) > POLICY_BYTES:
            raise Mgmt1Error(f"The policy file {path} is larger than 1 MiB.")
        return content

    def _drop_left(self) -> list[Path]:
        try:
            return [part for folder in (self.folder, self.folder / INCLUDES) for part in drop_parts(folder)]
        except OSError as error:
            raise Mgmt1Error(f"{self.folder}: {error.strerror}.") from error


def token_of(content: bytes) -> str:
    """Names this version of a file."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def file_of(untrusted: str) -> str:
    """The path of the policy file of that name. Raises `QubesValueError` for a name that carries the suffix."""
    if untrusted.endswith(SUFFIX):
        raise QubesValueError(f"Say {untrusted.removesuffix(SUFFIX)}; {SUFFIX} is added.")
    return f"{check(FILE_NAME, untrusted)}{SUFFIX}"


def include_of(untrusted: str) -> str:
    """The path of the include file of that name."""
    return f"{INCLUDES}{check(FILE_NAME, untrusted)}"


def _text(path: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Mgmt1Error(f"The policy file {path} is not UTF-8.") from None
