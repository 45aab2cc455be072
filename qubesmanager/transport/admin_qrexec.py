# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport of a management qube to the calls of Qubes OS: as `qrexec:`, with the policy calls framed."""

from contextlib import aclosing

from qubesmanager.transport import policy_calls
from qubesmanager.transport.base import Answer, Payload
from qubesmanager.transport.qrexec import QrexecTransport


class AdminQrexecTransport(QrexecTransport):
    """Runs `program TARGET SERVICE+ARGUMENT`."""

    @property
    def url(self) -> str:
        return "admin-qrexec:"

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        if service.startswith(policy_calls.PREFIX):
            answer = policy_calls.framed(self.answer(service, argument, dest, payload, keep_errors=True))
        else:
            answer = super().exchange(service, argument, dest, payload)
        async with aclosing(answer):
            async for piece in answer:
                yield piece
