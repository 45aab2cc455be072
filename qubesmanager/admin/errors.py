# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors as Qubes OS words them, in both directions: mgmt1's refusals by the code of their reason, and qubesd's.

An error that is not in the table keeps its type and its text: the clients show the text of any type.
"""

import ast
from typing import NamedTuple

from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reasons import field_text


class _Error(NamedTuple):
    """The type, and the text with `{0}`, `{1}` … for the fields of the reason."""

    type: str
    text: str


_TABLE: dict[str, _Error] = {
    "call-unknown": _Error("ProtocolError", "no such method: '{0}'"),
    "call-to-dom0": _Error("ProtocolError", "expected destination to be AdminVM"),
    "argument-missing": _Error("ProtocolError", "expected an argument"),
    "argument-surplus": _Error("ProtocolError", "unexpected argument"),
    "payload-missing": _Error("ProtocolError", "expected payload"),
    "payload-surplus": _Error("ProtocolError", "unexpected payload"),
    "no-such-qube": _Error("QubesVMNotFoundError", "No such domain: '{0}'"),
    "name-taken": _Error("QubesVMAlreadyExistsError", "Qube already exists: {0}"),
    "name-first-letter": _Error("QubesValueError", "VM name cannot start with hyphen, underscore, dot or numbers"),
    "name-too-long": _Error("QubesValueError", "VM name must be shorter than 32 characters"),
    "name-reserved": _Error("QubesValueError", "VM name cannot be 'none' nor 'default'"),
    "dom0-not-removed": _Error("QubesVMInUseError", "'dom0' cannot be removed"),
    "name-ends-dm": _Error("QubesValueError", "VM name cannot end with -dm"),
    "no-such-property": _Error("QubesNoSuchPropertyError", "Invalid property '{2}' of {0}"),
    "no-such-system-property": _Error("QubesNoSuchPropertyError", "Invalid property '{0}' of Qubes"),
    "no-such-feature": _Error("QubesFeatureNotFoundError", "Feature not set for domain {0}: {1}"),
    "no-such-feature-above": _Error("QubesFeatureNotFoundError", "Feature not set for domain {0}: {1}"),
    "no-such-tag": _Error("QubesTagNotFoundError", "Tag not set for domain {0}: {1}"),
    "no-such-label": _Error("QubesLabelNotFoundError", "Label does not exist: {0}"),
    "label-taken": _Error("QubesLabelInUseError", "Label is still in use: '{0}'"),
    "no-such-pool": _Error("PermissionDenied", "Argument not in 'pools'"),
    "no-such-driver": _Error("PermissionDenied", "Argument not in 'available drivers'"),
    "pool-taken": _Error("QubesPoolInUseError", "Storage pool is in use: '{0}'"),
    "driver-option-unknown": _Error("ProtocolError", "Unexpected driver options found"),
    "driver-option-missing": _Error("QubesException", "missing required driver options: {1}"),
    "no-such-qube-volume": _Error("PermissionDenied", "Argument not in '{0} volumes'"),
    "device-option": _Error("QubesValueError", "Unsupported option {1}"),
    "device-read-only": _Error("QubesValueError", "This device can be attached only read-only"),
    "netvm-of-running": _Error("QubesVMInUseError", "There are other VMs connected to this VM: {1}"),
    "qube-not-paused": _Error("QubesVMNotPausedError", "Domain is not paused: '{0}'"),
    "remove-needs-halted": _Error("QubesVMNotHaltedError", "Domain is not powered off: '{0}'"),
    "backup-not-running": _Error("QubesException", "Backup operation not running"),
    "no-such-profile": _Error("QubesBackupProfileNotFoundError", "Backup profile does not exist: {0}"),
}


def explained(error: Mgmt1Error) -> Mgmt1Error:
    """The error with the type and text of Qubes OS, which sends a text without fields; its own where there is none."""
    reason = error.reason
    row = _TABLE.get(reason.code) if reason is not None else None
    if reason is None or row is None:
        return Mgmt1Error.from_wire(error.wire_name, str(error))
    return Mgmt1Error.from_wire(row.type, row.text.format(*(field_text(each).strip("'") for each in reason.fields)))


def received(error: Mgmt1Error) -> Mgmt1Error:
    """An error that qubesd answered. The text of an error derived from Python's KeyError comes in quotes: without."""
    if error.reason is not None:
        return error
    message = str(error)
    if len(message) > 1 and message[0] in "'\"" and message[0] == message[-1]:
        try:
            unquoted = ast.literal_eval(message)
        except (ValueError, SyntaxError):
            return error
        return Mgmt1Error.from_wire(error.wire_name, str(unquoted))
    return error
