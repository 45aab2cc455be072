# SPDX-License-Identifier: GPL-3.0-or-later
"""The mgmt1 calls that qubesd has nothing for, and what to use instead."""

from qubesmanager.wire import calls as m
from qubesmanager.wire.call import AnyCall
from qubesmanager.wire.reason import Reason

_ROWS: tuple[tuple[Reason, tuple[AnyCall, ...]], ...] = (
    (Reason("instead-snapshot"), (m.VM_VOLUME_SNAPSHOT, m.POOL_VOLUME_SNAPSHOT)),
    (Reason("instead-disk"), (m.VM_VOLUME_ATTACH, m.VM_VOLUME_DETACH)),
    (Reason("instead-volume-remove"), (m.POOL_VOLUME_REMOVE,)),
    (Reason("instead-memory"), (m.HOST_MEMORY,)),
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
    (Reason("instead-admit"), (m.POLICY_ADMIT, m.POLICY_QUESTIONS, m.POLICY_ANSWER)),
)

INSTEAD: dict[str, Reason] = {call.family: reason for reason, rows in _ROWS for call in rows}
"""By a call's family: what to use instead."""
