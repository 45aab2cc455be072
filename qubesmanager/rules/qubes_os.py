# SPDX-License-Identifier: GPL-3.0-or-later
"""Qubes that qubesd has, the mgmt1 calls that it has nothing for, and what to use instead."""

from qubesmanager.rules.facts import Facts, QubeFacts
from qubesmanager.wire import calls as m
from qubesmanager.wire.call import AnyCall
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import VmClass

_ROWS: tuple[tuple[Reason, tuple[AnyCall, ...]], ...] = (
    (Reason("instead-snapshot"), (m.VM_VOLUME_SNAPSHOT, m.POOL_VOLUME_SNAPSHOT)),
    (Reason("instead-disk"), (m.VM_VOLUME_ATTACH, m.VM_VOLUME_DETACH)),
    (Reason("instead-volume-remove"), (m.POOL_VOLUME_REMOVE,)),
    (Reason("instead-logs"), (m.VM_LOG_LIST, m.VM_LOG_GET)),
    (Reason("instead-mentions"), (m.VM_MENTIONS,)),
    (Reason("instead-history"), (m.HISTORY,)),
    (
        Reason("instead-backup"),
        (
            m.BACKUP_PROFILE_GET,
            m.BACKUP_PROFILE_SET,
            m.BACKUP_PROFILE_REMOVE,
        ),
    ),
    (Reason("instead-run"), (m.VM_RUN_SERVICE,)),
    (Reason("instead-admit"), (m.POLICY_ADMIT, m.POLICY_QUESTIONS, m.POLICY_ANSWER)),
)

INSTEAD: dict[str, Reason] = {call.family: reason for reason, rows in _ROWS for call in rows}
"""By a call's family: what to use instead."""


def is_of_qubes_os(qube: QubeFacts) -> bool:
    """Whether qubesd has the qube. Such a qube is renamed by cloning it, and tools of Qubes OS know it."""
    return bool(qube.properties) and "problem" not in qube.properties


def runs_qubes_os(facts: Facts) -> bool:
    """Whether qubesd has the qubes: all of a system are alike, so one whose properties are known decides."""
    known = next((qube for qube in facts.qubes.values() if qube.properties), None)
    return known is not None and is_of_qubes_os(known)


def why_not_there(facts: Facts, name: str) -> Reason | None:
    """Why the call of that name cannot be made, with what to use instead.

    None if qubesd does not have the qubes, or has something for the call.
    """
    instead = INSTEAD.get(name)
    return Reason("not-in-qubes", instead) if instead is not None and runs_qubes_os(facts) else None


def why_not_notes(_facts: Facts, qube: QubeFacts) -> Reason | None:
    """Why a qube has no notes."""
    return Reason("qubes-dom0-notes") if qube.klass is VmClass.ADMIN and is_of_qubes_os(qube) else None
