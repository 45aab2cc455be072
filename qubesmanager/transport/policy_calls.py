# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy calls of Qubes OS (`policy.List`, `policy.Get` …), whose answers have no frame.

Each is a program in dom0, `qubes-policy-admin` of qubes-core-qrexec: it writes the bare answer, and ends with status 1
after an error, which it writes among its errors as `TYPE TEXT`.
"""

import re
from contextlib import aclosing

from qubesmanager.transport.base import Answer, TransportError
from qubesmanager.transport.qrexec import EndedError
from qubesmanager.wire.framing import EXCEPTION, OK
from qubesmanager.wire.limits import ANSWER_BYTES

PREFIX = "policy."
"""The begin of the names of these calls."""
_REFUSED = 1
_ERROR = re.compile(r"(PolicyAdmin[A-Za-z]*Exception) (.*)", re.ASCII | re.DOTALL)
_OTHER = "QubesException"


async def framed(output: Answer) -> Answer:
    """The output of such a call as an answer with a frame. Raises as `output`, but for the errors of the program."""
    content = bytearray()
    try:
        async with aclosing(output):
            async for piece in output:
                content += piece
                if len(content) > ANSWER_BYTES:
                    raise TransportError("The answer is too long.")
    except EndedError as ended:
        if ended.status != _REFUSED:
            raise
        match = _ERROR.fullmatch(ended.errors)
        kind, text = (match[1], match[2]) if match else (_OTHER, ended.errors)
        yield exception(kind, text)
        return
    yield OK + bytes(content)


def exception(kind: str, text: str) -> bytes:
    """The frame of an error."""
    return EXCEPTION + f"{kind}\x00\x00{text.replace('%', '%%')}\x00".encode()
