# SPDX-License-Identifier: GPL-3.0-or-later
"""The qubes as the policy sees them, from records of the client or qubes of the daemon."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Protocol

from qubesmanager.policy.system_info import Domain, SystemInfo
from qubesmanager.rules.facts import QubeFacts
from qubesmanager.rules.features import INTERNAL


class PolicyQube(QubeFacts, Protocol):
    """What the policy knows of a qube."""

    @property
    def tags(self) -> AbstractSet[str]: ...


def system_info(qubes: Iterable[PolicyQube]) -> SystemInfo:
    """The facts of these qubes, as of now."""
    return SystemInfo.of(domain(qube) for qube in qubes)


def domain(qube: PolicyQube) -> Domain:
    """The facts of one qube."""
    return Domain(
        qube.name,
        str(qube.klass),
        frozenset(qube.tags),
        qube.flag("template_for_dispvms"),
        qube.value("default_dispvm"),
        str(qube.state),
        qube.value("uuid"),
        bool(qube.features.get(INTERNAL)),
        qube.value("relayvm"),
        qube.value("transport_rpc"),
    )
