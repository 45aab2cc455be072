# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of qrexec's policy: the rows of `mgmt1.policy.GetAll`, the names that calls have for them, and changes."""

import hashlib
import json
from dataclasses import dataclass

from qubesmanager.wire.codecs import json_object
from qubesmanager.wire.names import FILE_NAME, shown
from qubesmanager.wire.reasons import refusal

POLICY, RUNTIME = "policy", "runtime"
"""The folders: `/etc/qubes/policy.d`, and `/run/qubes/policy.d`, whose files hide their namesakes in the first."""

SUFFIX = ".policy"
INCLUDES = "include/"
NEW, ANY = "new", "any"
"""The tokens for "there is no such file" and "any content"."""


def token_of(content: bytes) -> str:
    """Names this version of a file, here and in Qubes OS."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def is_utf8(text: str) -> bool:
    """Whether the text has no bytes that were kept as lone surrogates; qrexec fails at such a file."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_read(path: str) -> bool:
    """Whether qrexec reads the file by itself, not through an include."""
    return "/" not in path and path.endswith(SUFFIX) and not path.startswith(".")


def call_name(path: str) -> str | None:
    """The name that the calls have for a file; None for one that no call can write."""
    name = path.removeprefix(INCLUDES) if path.startswith(INCLUDES) else path.removesuffix(SUFFIX)
    is_named = FILE_NAME.matches(name) and not name.endswith(SUFFIX)
    return name if is_named and (path.startswith(INCLUDES) or is_read(path)) else None


@dataclass(frozen=True, slots=True)
class FileChange:
    """A change of one file. `token` names the version `before`; None as `before` or `after` is no file."""

    path: str
    token: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """`path` is below the folder: `30-user.policy`, `include/x`. It may be a name that no call can use.

    `token` names this version. `problem` is a sentence, or empty: why qrexec denies every call, or why the file has no
    effect. Bytes of `content` that are not UTF-8 are lone surrogates. A folder that is empty, which an include may
    name, has a row with an empty token.
    """

    folder: str
    path: str
    token: str
    content: str
    problem: str = ""

    @property
    def is_folder(self) -> bool:
        return not self.token


def encode_file(file: PolicyFile) -> str:
    """One JSON object."""
    words = {"folder": file.folder, "path": file.path, "token": file.token, "content": file.content}
    return json.dumps(words | ({"problem": file.problem} if file.problem else {}))


def decode_file(untrusted: str) -> PolicyFile:
    """The file of such an object; other keys are ignored. Raises `ProtocolError`."""
    values = json_object(untrusted)
    words = [values.get(key, "") for key in ("folder", "path", "token", "content", "problem")]
    if not all(isinstance(word, str) for word in words) or words[0] not in {POLICY, RUNTIME} or not words[1]:
        raise refusal("answer-row", shown(untrusted))
    return PolicyFile(*words)
