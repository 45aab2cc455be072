# SPDX-License-Identifier: GPL-3.0-or-later
"""Why something is refused or grey, in the user's language: the texts of errors, and of what the rules answer."""

from collections.abc import Container

from qubesmanager.models.reason_texts import field_text, reason_text
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import why_not_new_vm_name
from qubesmanager.wire.reason import Reason


def error_text(error: Exception) -> str:
    """Why a call failed, in the user's language."""
    return field_text(error.reason or str(error)) if isinstance(error, Mgmt1Error) else str(error)


def why_not_name(name: str, taken: Container[str]) -> str | None:
    """Why a new qube cannot have this name, in the user's language; None if it can."""
    why = why_not_new_vm_name(name)
    if why is None and name in taken:
        why = Reason("name-taken", name)
    return None if why is None else reason_text(why)
