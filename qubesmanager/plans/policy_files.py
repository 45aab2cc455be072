# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that change files of qrexec's policy, each with the step that brings the former version back."""

from typing import Any

from qubesmanager.plans.plan import Step
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import TokenContent
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.policy_files import INCLUDES, NEW, FileChange, call_name, is_utf8, token_of

FILE = "policy-file"
"""The kind of a step that changes a file; its name is the path."""


def file_step(change: FileChange) -> Step:
    """The step of a change. It is refused if the file is no longer the version that the change is about.

    It has no opposite if the former version is not UTF-8, which no call can write.
    """
    after = NEW if change.after is None else token_of(change.after.encode())
    opposite = _request(change.path, after, change.before) if is_utf8(change.before or "") else None
    return Step((FILE, change.path), _request(change.path, change.token, change.after), opposite)


def _request(path: str, token: str, text: str | None) -> Request[Any]:
    name = call_name(path) or ""
    is_include = path.startswith(INCLUDES)
    if text is None:
        return (calls.POLICY_INCLUDE_REMOVE if is_include else calls.POLICY_REMOVE)(DOM0, name, token)
    replace = calls.POLICY_INCLUDE_REPLACE if is_include else calls.POLICY_REPLACE
    return replace(DOM0, name, TokenContent(token, text))
