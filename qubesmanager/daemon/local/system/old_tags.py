# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of a store from before tags had the form of Qubes OS: their dots become `_`, once, at the start."""

import logging
from typing import TYPE_CHECKING

from qubesmanager.daemon.local.store import rows
from qubesmanager.wire.names import tag_today

if TYPE_CHECKING:
    from qubesmanager.daemon.local.system.system import System

log = logging.getLogger(__name__)


async def convert(system: "System") -> None:
    """Store and log the new name of each old tag. Backup profiles follow by themselves; policy does not."""
    statements = []
    for qube in system.state.in_order():
        changed = {tag: tag_today(tag) for tag in qube.tags if tag_today(tag) != tag}
        for old, new in sorted(changed.items()):
            statements += [rows.delete_tag(qube.qid, old), rows.add_tag(qube.qid, new)]
            log.warning("The tag %s of %s is now %s; policy that names the old tag must change", old, qube.name, new)
        qube.tags = (qube.tags - changed.keys()) | set(changed.values())
        qube.changed()
    if statements:
        await system.commit(statements)
