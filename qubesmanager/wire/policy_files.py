# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of qrexec's policy with all that is known of it: a row of `mgmt1.policy.GetAll`."""

import json
from dataclasses import dataclass

from qubesmanager.wire.codecs import json_object
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

POLICY, RUNTIME = "policy", "runtime"
"""The folders: `/etc/qubes/policy.d`, and `/run/qubes/policy.d`, whose files hide their namesakes in the first."""


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
