# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service that ran in a qube leaves: exit code, standard output and standard error, as bytes of the wire."""

import re
from typing import NamedTuple

from qubesmanager.wire.reasons import refusal

_HEAD = re.compile(rb"exit=(0|[1-9][0-9]{0,2}) stdout=(0|[1-9][0-9]{0,9}) stderr=(0|[1-9][0-9]{0,9})\n")
_LAST_CODE = 255


class ServiceResult(NamedTuple):
    """`code` is 0 to 255. The bytes are the guest's, whatever they are."""

    code: int
    untrusted_stdout: bytes
    untrusted_stderr: bytes


def encode_result(result: ServiceResult) -> bytes:
    head = f"exit={result.code} stdout={len(result.untrusted_stdout)} stderr={len(result.untrusted_stderr)}\n"
    return head.encode() + result.untrusted_stdout + result.untrusted_stderr


def decode_result(untrusted: bytes) -> ServiceResult:
    """Raises `ProtocolError`."""
    match = _HEAD.match(untrusted)
    if match is None:
        raise refusal("not-a-service-result")
    code, stdout, stderr = (int(number) for number in match.groups())
    rest = untrusted[match.end() :]
    if code > _LAST_CODE or len(rest) != stdout + stderr:
        raise refusal("not-a-service-result")
    return ServiceResult(code, rest[:stdout], rest[stdout:])
