# SPDX-License-Identifier: GPL-3.0-or-later
"""What qubesd says of all qubes in one call, on its second socket, which only dom0 reaches.

`internal.GetSystemInfo` is what qrexec's policy is decided by: its JSON has the tags of every qube.
"""

import json
import logging
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from qubesmanager.transport.base import Transport, TransportError
from qubesmanager.wire import framing
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.limits import ANSWER_BYTES
from qubesmanager.wire.names import DOM0, QUBES_TAG

log = logging.getLogger(__name__)

SERVICE = "internal.GetSystemInfo"


async def tags_of_all(transport: Transport) -> dict[str, frozenset[str]]:
    """The tags of each qube; empty where the socket cannot be reached or does not answer as expected."""
    answer = bytearray()
    try:
        async with aclosing(transport.exchange(SERVICE, "", DOM0, b"")) as pieces:
            async for piece in pieces:
                answer += piece
                if len(answer) > ANSWER_BYTES:
                    return {}
        return _tags(json.loads(framing.content(bytes(answer))))
    except (TransportError, Mgmt1Error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        log.info("%s is not used: %s", SERVICE, error)
        return {}


def _tags(untrusted: Any) -> dict[str, frozenset[str]]:
    domains: Mapping[str, Any] = untrusted["domains"]
    return {
        name: frozenset(tag for tag in domain["tags"] if isinstance(tag, str) and QUBES_TAG.matches(tag))
        for name, domain in domains.items()
    }
