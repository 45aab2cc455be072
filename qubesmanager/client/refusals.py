# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that the policy has refused, or that the system has not: a window greys what needs them.

No call says beforehand what a policy allows, and a call made only to see it could ask the user of dom0. So what was
refused is remembered until it is allowed once, or until something happens after which it may be allowed.
"""

from collections.abc import Callable
from typing import Any

from qubesmanager.transport.base import RefusedError
from qubesmanager.wire.call import Request
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason

OF_POLICY = "qubesd-refused"
OF_SYSTEM = "call-not-in-qubes"


def name_of(service: str, argument: str = "") -> str:
    """What a refusal is remembered by: a policy may allow a call with one argument and not with another."""
    return f"{service}+{argument}" if argument else service


class Refusals:
    """`changed` is called when another call is refused, or allowed again."""

    def __init__(self) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._of_policy: dict[tuple[str, str], Reason] = {}
        """By call and destination."""
        self._of_system: dict[str, Reason] = {}

    @property
    def any(self) -> bool:
        """Whether a call was refused."""
        return bool(self._of_system or self._of_policy)

    def why_not(self, name: str, dest: str) -> Reason | None:
        """Why the call was refused when it was last sent; None if it was not."""
        return self._of_system.get(name.partition("+")[0]) or self._of_policy.get((name, dest))

    def refused(self, request: Request[Any], error: Exception) -> None:
        """Remember the call if it was refused by policy, or if the system has no such call."""
        reason = error.reason if isinstance(error, Mgmt1Error) else None
        if isinstance(error, RefusedError):
            reason = Reason(OF_POLICY, request.service, request.dest)
        if reason is None or reason.code not in {OF_POLICY, OF_SYSTEM}:
            return
        if reason.code == OF_SYSTEM:
            if not request.argument:
                self._of_system[request.service] = reason
        else:
            self._of_policy[(name_of(request.service, request.argument), request.dest)] = reason
        self.changed()

    def allowed(self, request: Request[Any]) -> None:
        """The call was answered."""
        if (
            self._of_policy
            and self._of_policy.pop((name_of(request.service, request.argument), request.dest), None) is not None
        ):
            self.changed()

    def forget(self, dest: str | None = None) -> None:
        """The policy may allow other calls now: all of them, or those to this qube, as after a change of its tags.

        Calls to dom0 may be about any qube.
        """
        left = {} if dest is None else {key: why for key, why in self._of_policy.items() if key[1] not in {dest, DOM0}}
        if len(left) != len(self._of_policy):
            self._of_policy = left
            self.changed()
