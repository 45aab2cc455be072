# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's numbers and errors, in our words.

Source: https://libvirt.org/html/libvirt-libvirt-domain.html and libvirt-virterror.html
"""

import os
import re
from pathlib import Path

import libvirt

from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import PowerState

STATES = {
    libvirt.VIR_DOMAIN_NOSTATE: PowerState.RUNNING,  # Xen's state of a domain that waits for a processor
    libvirt.VIR_DOMAIN_RUNNING: PowerState.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: PowerState.RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: PowerState.PAUSED,
    libvirt.VIR_DOMAIN_SHUTDOWN: PowerState.HALTING,
    libvirt.VIR_DOMAIN_SHUTOFF: PowerState.HALTED,
    libvirt.VIR_DOMAIN_CRASHED: PowerState.CRASHED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: PowerState.SUSPENDED,
}

STATE_AFTER_EVENT = {
    libvirt.VIR_DOMAIN_EVENT_STARTED: PowerState.RUNNING,
    libvirt.VIR_DOMAIN_EVENT_SUSPENDED: PowerState.PAUSED,
    libvirt.VIR_DOMAIN_EVENT_RESUMED: PowerState.RUNNING,
    libvirt.VIR_DOMAIN_EVENT_SHUTDOWN: PowerState.HALTING,
    libvirt.VIR_DOMAIN_EVENT_STOPPED: PowerState.HALTED,
    libvirt.VIR_DOMAIN_EVENT_CRASHED: PowerState.CRASHED,
    libvirt.VIR_DOMAIN_EVENT_PMSUSPENDED: PowerState.SUSPENDED,
}
"""The other events are about definitions, of which there are none."""

CRASH_DETAILS = {
    (libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_CRASHED),
    (libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED),
}

_NOT_POSSIBLE = {
    libvirt.VIR_ERR_NO_SUPPORT,
    libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
    libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
}
CANNOT_SUSPEND = _NOT_POSSIBLE | {
    libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED,  # no agent is configured
    libvirt.VIR_ERR_AGENT_UNRESPONSIVE,
    libvirt.VIR_ERR_AGENT_UNSYNCED,
    libvirt.VIR_ERR_INTERNAL_ERROR,  # the agent answers that its guest cannot
}
"""Why a guest does not suspend itself: it has no agent that could, or its machine knows no such state."""

# A domain that ended between its lookup and the call is answered with "operation is not valid".
_GONE = {libvirt.VIR_ERR_NO_DOMAIN}


def sentence(error: libvirt.libvirtError) -> str:
    """The message of libvirt as a sentence on one line of printable characters."""
    said = error.get_error_message() or str(error)
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())[:300]
    return text if text.endswith(".") else text + "."


def log_of(uri: str, name: str) -> Path | None:
    """The file where libvirt keeps what the virtual machine `name` printed; None for a hypervisor without one."""
    scheme = uri.partition(":")[0]
    if not uri.endswith("/session"):
        folder = {"qemu": "qemu", "xen": "libxl"}.get(scheme.partition("+")[0])
        return Path("/var/log/libvirt", folder, f"{name}.log") if folder else None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "libvirt/qemu/log" / f"{name}.log"


def with_log(text: str, uri: str, name: str) -> str:
    """The text, and where to look if libvirt itself does not know what happened ("unknown error")."""
    log = log_of(uri, name)
    return f"{text} See {log}." if log is not None and re.search("unknown (error|cause)", text) else text


def complaint(error: libvirt.libvirtError) -> Mgmt1Error:
    """The error to raise instead."""
    code = error.get_error_code()
    if code in _GONE or (code == libvirt.VIR_ERR_OPERATION_INVALID and "not running" in sentence(error)):
        return refusal("domain-not-running")
    if code in _NOT_POSSIBLE:
        return refusal("hypervisor-cannot", sentence(error))
    return refusal("hypervisor-refused", sentence(error))
