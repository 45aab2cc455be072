# SPDX-License-Identifier: GPL-3.0-or-later
"""Corrects settings that an older daemon stored and that no call accepts now, once at the start; the log names them.

Tags had no rule for dots, and a restore took over the devices of a backup unchecked.
"""

import logging

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.restored_settings import options_here
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import Statement
from qubesmanager.rules.devices import FRONTEND_DEV, is_assigned_ident
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import shown, tag_today
from qubesmanager.wire.records import DeviceRecord

log = logging.getLogger(__name__)


async def convert(runtime: Runtime) -> None:
    """Store what has changed. Backup profiles follow the new tags by themselves; policy does not."""
    statements: list[Statement] = []
    for qube in runtime.state.in_order():
        statements += [*_tags(qube), *_devices(qube)]
    if statements:
        await runtime.commit(statements)


def _tags(qube: Qube) -> list[Statement]:
    """Dots become `_`, which is the form of Qubes OS."""
    statements: list[Statement] = []
    for old in sorted(tag for tag in qube.tags if tag_today(tag) != tag):
        new = tag_today(old)
        statements += [rows.delete_tag(qube.qid, old), rows.add_tag(qube.qid, new)]
        qube.tags = (qube.tags - {old}) | {new}
        qube.changed()
        log.warning("The tag %s of %s is now %s; policy that names the old tag must change", old, qube.name, new)
    return statements


def _devices(qube: Qube) -> list[Statement]:
    """Assignments get options as a call would store them; one that no call could have made goes."""
    statements: list[Statement] = []
    kept: list[DeviceRecord] = []
    for record in qube.devices:
        device = f"{record.device_class} {shown(record.backend)}:{shown(record.ident)}"
        if record.attached or not record.persistent:
            kept.append(record)
            continue
        taken = [other.options[FRONTEND_DEV] for other in kept if FRONTEND_DEV in other.options]
        try:
            options = options_here(record.device_class, record.options, taken, any_port=record.any_port)
        except Mgmt1Error as error:
            options, reason = {}, str(error)
        else:
            reason = "" if is_assigned_ident(record.ident) else "its name is not valid."
        if reason:
            statements.append(rows.delete_device(qube.qid, record))
            log.warning("The device %s is no longer assigned to %s: %s", device, qube.name, reason)
            continue
        if options != record.options:
            log.warning("The device %s is assigned to %s with other options now: %s", device, qube.name, options)
            record = record._replace(options=options)  # noqa: PLW2901 - the record from here on
            statements.append(rows.set_device(qube.qid, record))
        kept.append(record)
    if statements:
        qube.devices = kept
        qube.changed()
    return statements
