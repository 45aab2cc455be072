# SPDX-License-Identifier: GPL-3.0-or-later
"""THE REASONS: each code with its error and its English sentence, and what reasons look like on the wire.

A placeholder `{name}` in a sentence says what the field is; fields come in the order of the placeholders. One with a
unit, `{free:MiB}` or `{free:bytes}`, is an amount of memory or disk. Windows translate the sentence by the code, and
write amounts as they do elsewhere. A reason is sent as `to_json` in a payload, and as `to_format` in an exception
frame, where any client of Qubes can read it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from string import Formatter
from typing import Any, TypeVar

from qubesmanager.wire import errors
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reason import Field, Reason, Value

T = TypeVar("T")

DEPTH = 16
"""How many reasons may be inside of each other in a payload."""


def with_unit(value: str, unit: str) -> str:
    """A number and its unit in English; the value alone without a unit."""
    return f"{value} {unit}" if unit else value


@dataclass(frozen=True)
class Row:
    """A reason: `error` is the class of the answer that refuses for it, `sentence` is its English text for the user."""

    code: str
    error: type[Mgmt1Error]
    sentence: str

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names of the placeholders, in order; each occurs once."""
        return tuple(name for _text, name, _spec, _conversion in Formatter().parse(self.sentence) if name)

    @cached_property
    def format(self) -> str:
        """The sentence as a %-format with `%s` for each placeholder, before its unit if it has one."""
        return self.filled(self.sentence.replace("%", "%%"), ["%s"] * len(self.fields))

    def filled(self, sentence: str, fields: Iterable[str], amount: Callable[[str, str], str] = with_unit) -> str:
        """`sentence`, which is this row's or its translation, with the fields filled in.

        `amount` writes a field with its unit.
        """
        values = dict(zip(self.fields, fields, strict=True))
        parts = Formatter().parse(sentence)
        return "".join(text + (amount(values[name], unit or "") if name else "") for text, name, unit, _ in parts)


TABLE: tuple[Row, ...] = (
    # -- of any kind
    Row("other-text", errors.Mgmt1Error, "{text}"),
    Row("of-qube", errors.Mgmt1Error, "{qube}: {reason}"),
    Row("internal-error", errors.Mgmt1Error, "Internal error; see the daemon's log"),
    Row("both-reasons", errors.Mgmt1Error, "{first} {second}"),
    # -- power and life of a qube
    Row("dom0-always-runs", errors.QubesValueError, "dom0 runs as long as the computer does."),
    Row("qube-is-remote", errors.QubesVMNotHaltedError, "{qube} is on another machine; nothing of it runs here."),
    Row("qube-paused", errors.QubesVMNotRunningError, "{qube} is paused; unpause it first."),
    Row("qube-paused-shutdown", errors.QubesVMNotRunningError, "{qube} is paused; unpause it first, or kill it."),
    Row("qube-already-running", errors.QubesVMNotHaltedError, "{qube} is already running."),
    Row("qube-shutting-down", errors.QubesVMNotRunningError, "{qube} is already shutting down."),
    Row("qube-not-running", errors.QubesVMNotRunningError, "{qube} is not running."),
    Row("qube-still-starting", errors.QubesVMNotRunningError, "{qube} is still starting."),
    Row("qube-already-paused", errors.QubesVMNotRunningError, "{qube} is already paused."),
    Row("shutdown-options", errors.ProtocolError, "The options of a shutdown are force=yes|no and wait=yes|no."),
    Row("qube-not-paused", errors.QubesVMNotPausedError, "{qube} is not paused."),
    Row("qube-suspended", errors.QubesVMNotRunningError, "{qube} is suspended; resume it first."),
    Row("qube-suspended-shutdown", errors.QubesVMNotRunningError, "{qube} is suspended; resume it first, or kill it."),
    Row("qube-already-suspended", errors.QubesVMNotRunningError, "{qube} is already suspended."),
    Row("qube-not-suspended", errors.QubesVMNotSuspendedError, "{qube} is not suspended."),
    Row("domain-not-suspended", errors.QubesVMNotSuspendedError, "The qube is not suspended."),
    Row("disposable-no-restart", errors.QubesValueError, "{qube} is a disposable; it is removed when it halts."),
    Row("start-prohibited", errors.QubesVMNotStartedError, "{qube} must not be started: {rationale}"),
    Row("start-netvm-loop", errors.QubesVMNotStartedError, "{qube} cannot start: its net qubes form a loop, {loop}."),
    Row("netvm-paused", errors.QubesVMNotRunningError, "The net qube {netvm} is paused; unpause it first."),
    Row("netvm-suspended", errors.QubesVMNotRunningError, "The net qube {netvm} is suspended; resume it first."),
    Row("netvm-of-running", errors.QubesVMInUseError, "{qube} is the net qube of running qubes: {clients}."),
    Row("devices-in-use", errors.QubesVMInUseError, "Other qubes use devices of {qube}: {users}. Detach them first."),
    # -- remove, clone, rename
    Row("dom0-not-removed", errors.QubesValueError, "dom0 cannot be removed."),
    Row("remove-needs-halted", errors.QubesVMNotHaltedError, "{qube} is running; shut it down first."),
    Row(
        "qube-from-package",
        errors.QubesVMInUseError,
        "{qube} came from a package; remove it with the package manager.",
    ),
    Row("qube-used", errors.QubesVMInUseError, "{qube} is used by {users}."),
    Row("qube-used-unseen", errors.QubesVMInUseError, "{qube} is used by a qube that is being created."),
    Row("dom0-not-cloned", errors.QubesValueError, "dom0 cannot be cloned."),
    Row("clone-needs-halted", errors.QubesVMNotHaltedError, "{qube} is running; shut it down before you clone it."),
    Row("dom0-keeps-name", errors.QubesPropertyValueError, "The name of dom0 cannot be changed."),
    Row("rename-needs-halted", errors.QubesVMNotHaltedError, "{qube} is running; shut it down before you rename it."),
    # -- programs, updates, devices, menus of properties
    Row("dom0-no-programs", errors.QubesValueError, "Programs run in qubes, not in dom0."),
    Row("dom0-own-updates", errors.QubesValueError, "dom0 is updated by its own tool."),
    Row("update-skipped", errors.QubesValueError, "{qube} is left out of updates by its feature skip-update."),
    Row("updated-with-template", errors.QubesValueError, "{qube} is updated with its template."),
    Row(
        "template-no-devices",
        errors.QubesValueError,
        "A template gets no devices; attach them to the qubes that are based on it.",
    ),
    Row("no-template", errors.QubesNoSuchPropertyError, "{qube} is not based on a template."),
    Row("dom0-no-template", errors.QubesNoSuchPropertyError, "dom0 has no template."),
    Row("dom0-no-network", errors.QubesNoSuchPropertyError, "dom0 has no network."),
    Row("dom0-keeps-label", errors.QubesPropertyValueError, "The label of dom0 cannot be changed."),
    # -- plans: what a step brings with it, and why it is left out
    Row("users-lose-network", errors.QubesVMInUseError, "It gives network to {qubes}, which loses it, too."),
    Row("disposables-without-network", errors.QubesValueError, "Every new disposable starts without network."),
    Row("disposable-lost", errors.QubesValueError, "It is a disposable: its data is lost."),
    Row("unsaved-lost", errors.QubesValueError, "Anything not saved in it is lost."),
    Row("uses-netvm", errors.QubesValueError, "It uses the network of {netvm}."),
    Row("comes-after", errors.QubesValueError, "After {qube}."),
    Row("gives-network-to", errors.QubesVMInUseError, "Needed by {qubes}."),
    Row("netvm-left-out", errors.QubesVMNotStartedError, "Its net qube {netvm} is left out or cannot start."),
    Row("memory-left", errors.QubesVMNotStartedError, "It needs {needed:MiB}; {left:MiB} are left beside the others."),
    Row("row-before-failed", errors.QubesVMInUseError, "Not started, because {qube} failed or was left out."),
    Row("no-memory-for", errors.QubesMemoryError, "Not started, because there was not enough memory for {qube}."),
    Row("uses-removed", errors.QubesVMInUseError, "It uses {qube}. Choose another qube for it."),
    Row("taken-back", errors.QubesValueError, "Taken back, because the rest was not done."),
    Row("manages-itself", errors.QubesValueError, "{qube} cannot be its own manager."),
    Row("dom0-not-managed", errors.QubesValueError, "dom0 has no manager."),
    Row("manager-denied", errors.QubesValueError, "{line} still denies calls to the manager."),
    Row("manages-others", errors.QubesValueError, "These have the tag already, and are managed too: {qubes}."),
    Row("revert-without-opposite", errors.QubesValueError, "This change cannot be reverted."),
    Row("revert-value-cut", errors.QubesValueError, "The history has only the beginning of the value."),
    Row("revert-changed-since", errors.QubesValueError, "It was changed again after that."),
    Row("changed-meanwhile", errors.QubesValueError, "{qube} was changed by another client meanwhile."),
    Row(
        "made-and-removed",
        errors.Mgmt1Error,
        "{qube} was created, but {what} was refused: {reason} So it was removed again.",
    ),
    Row("not-removed-again", errors.Mgmt1Error, "{qube} could not be removed again: {reason}"),
    # -- names of qubes
    Row("name-empty", errors.QubesValueError, "A qube needs a name."),
    Row("name-first-letter", errors.QubesValueError, "A name starts with a letter (A to Z)."),
    Row("name-too-long", errors.QubesValueError, "A name has at most 31 characters."),
    Row("name-characters", errors.QubesValueError, "A name contains only letters, digits and . _ -"),
    Row("name-reserved", errors.QubesValueError, "The name {name} is reserved."),
    Row("name-ends-dm", errors.QubesValueError, "A name cannot end in -dm."),
    Row("name-taken", errors.QubesVMAlreadyExistsError, "There is already a qube {name}."),
    Row("no-such-qube", errors.QubesVMNotFoundError, "There is no qube {name}."),
    # -- properties
    Row(
        "property-needs-halted",
        errors.QubesVMNotHaltedError,
        "{property} of {qube} can be changed only while the qube is halted.",
    ),
    Row("feature-of-system", errors.PermissionDenied, "The feature {feature} is set by the system alone."),
    Row("preload-number", errors.QubesValueError, "{feature} is a number from 0 to {most}."),
    Row("no-disposable-name", errors.QubesVMAlreadyExistsError, "There is no free name for a disposable."),
    Row("own-relay", errors.QubesPropertyValueError, "{qube} cannot be its own relay."),
    Row("relay-is-remote", errors.QubesPropertyValueError, "The relay {relay} is on another machine itself."),
    Row("remote-without-source", errors.QubesValueError, "A remote qube has no template."),
    Row("no-such-boot-mode", errors.QubesPropertyValueError, "There is no boot mode {mode}; there are: {modes}."),
    Row("netvm-no-network", errors.QubesPropertyValueError, "{netvm} does not provide network."),
    Row("netvm-loop", errors.QubesPropertyValueError, "That would be a loop of net qubes: {loop}."),
    Row(
        "netvm-not-running",
        errors.QubesVMNotRunningError,
        "{netvm} is not running, so these running qubes would lose the network: {qubes}.",
    ),
    Row("netvm-of", errors.QubesPropertyValueError, "{qube} is the net qube of {clients}."),
    Row("disposable-template-of", errors.QubesPropertyValueError, "{qube} is the disposable template of {users}."),
    Row(
        "not-disposable-template",
        errors.QubesPropertyValueError,
        "{template} is not a template for disposables (template_for_dispvms).",
    ),
    Row("not-a-template", errors.QubesPropertyValueError, "{template} is not a template."),
    Row("memory-range", errors.QubesPropertyValueError, "The memory is between {least:MiB} and {most:MiB}."),
    Row(
        "memory-above-maximum",
        errors.QubesPropertyValueError,
        "The initial memory ({memory:MiB}) is above the maximum ({maxmem:MiB}).",
    ),
    Row("maxmem-range", errors.QubesPropertyValueError, "The maximum memory is at most {most:MiB}."),
    Row(
        "maxmem-below-memory",
        errors.QubesPropertyValueError,
        "The maximum ({maxmem:MiB}) is below the initial memory ({memory:MiB}).",
    ),
    Row(
        "pci-not-balanced",
        errors.QubesVMInUseError,
        "The memory of a qube with PCI devices cannot be balanced: set maxmem to 0 first.",
    ),
    # -- warnings on a change of properties
    Row("name-references", errors.QubesValueError, "References to it are changed too: {references}."),
    Row("network-around", errors.QubesValueError, "Its network would go around {qubes}."),
    Row("netvm-starts-first", errors.QubesValueError, "{netvm} is halted, and is started first."),
    Row("connections-end", errors.QubesValueError, "It is running: its open connections end."),
    Row(
        "maximum-far",
        errors.QubesValueError,
        "The maximum is more than {times} times the initial memory: the qube may start slowly or not at all.",
    ),
    # -- firewall
    Row("firewall-no-netvm", errors.QubesValueError, "The qube has no net qube, so its firewall rules have no effect."),
    Row(
        "firewall-netvm-without",
        errors.QubesValueError,
        "{netvm} enforces no firewall, so these rules have no effect.",
    ),
    # -- volumes
    Row("volume-not-kept", errors.StoragePoolException, "The volume is created again at each start of the qube."),
    Row("volume-only-grows", errors.QubesValueError, "A volume can only grow."),
    Row("volume-too-large", errors.QubesValueError, "A volume has at most 64 TiB."),
    Row(
        "volume-needs-halted",
        errors.QubesVMNotHaltedError,
        "The qube is running; the content of a volume is replaced only while its qube is halted.",
    ),
    Row(
        "volume-not-extra",
        errors.StoragePoolException,
        "The volume is a part of the qube; only extra volumes are detached.",
    ),
    # -- texts that a qube carries
    Row(
        "feature-control",
        errors.QubesValueError,
        "The value of a feature is one line without control characters; it contains {character}.",
    ),
    Row("feature-too-long", errors.QubesValueError, "The value of a feature has at most {most} bytes."),
    Row(
        "notes-control",
        errors.QubesValueError,
        "Notes are text without control characters; they contain {character}.",
    ),
    Row("notes-too-long", errors.QubesValueError, "Notes have at most {most:KiB}."),
    # -- properties of qubes and of the system
    Row(
        "disposable-netvm-loop",
        errors.QubesPropertyValueError,
        "{disposable} takes the net qube of its template, and that would be a loop of net qubes: {loop}.",
    ),
    Row("own-gui", errors.QubesPropertyValueError, "A qube cannot show its own windows or play its own sound."),
    Row("property-range", errors.QubesPropertyValueError, "{property} is between {least} and {most}."),
    Row("property-choice", errors.QubesPropertyValueError, "It is one of: {choices}."),
    Row("no-such-kernel", errors.QubesPropertyValueError, "There is no kernel {kernel}; there are: {kernels}."),
    Row("not-an-address", errors.QubesPropertyValueError, "{address} is not an IPv4 address."),
    Row("address-used", errors.QubesPropertyValueError, "{address} is the address of {qube}."),
    Row(
        "not-a-mac",
        errors.QubesPropertyValueError,
        "A MAC address is six pairs of lower-case hexadecimal digits, and not a multicast address.",
    ),
    Row("no-such-label", errors.QubesLabelNotFoundError, "There is no label {label}."),
    Row(
        "property-too-long", errors.QubesPropertyValueError, "The value of {property} is longer than {most} characters."
    ),
    Row("property-one-line", errors.QubesPropertyValueError, "The value of {property} must be one line."),
    Row("property-empty", errors.QubesPropertyValueError, "{property} cannot be empty."),
    Row("property-number", errors.QubesPropertyValueError, "{property} is a whole number, not {value}."),
    Row("property-flag", errors.QubesPropertyValueError, "{property} is yes or no, not {value}."),
    Row(
        "pool-of-kernels",
        errors.QubesPropertyValueError,
        "The pool {pool} contains dom0's kernels; no volume can be created in it.",
    ),
    Row("pool-without-kernels", errors.QubesPropertyValueError, "The pool {pool} contains no kernels."),
    Row("no-such-pool", errors.QubesPoolNotFoundError, "There is no pool {pool}."),
    Row("system-property-range", errors.QubesPropertyValueError, "The value is between {least} and {most}."),
    Row("feature-limit", errors.QubesValueError, "A qube has at most {most} features."),
    Row("tag-limit", errors.QubesValueError, "A qube has at most {most} tags."),
    Row("device-limit", errors.QubesValueError, "A qube has at most {most} devices."),
    Row(
        "qube-too-large",
        errors.QubesValueError,
        "The features, tags and notes of {qube} are too large: {size} bytes, where at most {most:KiB} are possible.",
    ),
    Row(
        "not-a-raw-image",
        errors.QubesValueError,
        "A root volume is a raw disk image; this looks like {format}. {advice}",
    ),
    Row("image-convert", errors.QubesValueError, "Convert it with: qemu-img convert -O raw FILE root.img"),
    Row("image-unpack", errors.QubesValueError, "Unpack it first."),
    Row("image-install", errors.QubesValueError, "Install from it into a disk."),
    # -- power of a qube, as the daemon refuses it
    Row("qube-not-halted", errors.QubesVMNotHaltedError, "{qube} is {state}, not halted."),
    Row("hypervisor-busy", errors.Mgmt1Error, "The hypervisor is starting or stopping {qube}."),
    Row("qube-has-shut-down", errors.Mgmt1Error, "{qube} has shut down."),
    Row("qube-was-killed", errors.Mgmt1Error, "{qube} was killed."),
    Row("cleanup-failed", errors.Mgmt1Error, "{done} The cleanup after it failed and will be tried again: {cause}"),
    Row(
        "shutdown-timeout",
        errors.QubesVMShutdownTimeoutError,
        "{qube} did not shut down within {seconds} seconds; it is still running.",
    ),
    Row("qube-again", errors.Mgmt1Error, "{qube} is {state} again."),
    Row("qube-other-not-running", errors.QubesVMNotRunningError, "{qube} is {state}, not running."),
    Row("netvm-stopped", errors.QubesVMNotStartedError, "The net qube {netvm} is not running."),
    # -- create, clone, remove
    Row("qube-unusable", errors.StoragePoolException, "{qube} cannot be used: {why}"),
    Row("no-such-class", errors.QubesValueError, "There is no class {class}."),
    Row("no-default-template", errors.QubesNoTemplateError, "The system has no {property}; name a template."),
    Row(
        "template-from-image",
        errors.QubesValueError,
        "A TemplateVM is created by mgmt1.vm.CreateTemplate, which takes its root image.",
    ),
    Row("one-admin", errors.QubesValueError, "There is only one AdminVM, dom0."),
    Row(
        "name-for-dom0",
        errors.PermissionDenied,
        "Only dom0 may give a qube the name {name}: it is taken, or something refers to it.",
    ),
    Row(
        "qube-removed-meanwhile",
        errors.QubesVMNotFoundError,
        "The qube {qube} was removed before the call was carried out.",
    ),
    # -- properties, features, tags, labels
    Row("no-such-property", errors.QubesNoSuchPropertyError, "{qube} ({class}) has no property {property}."),
    Row("no-such-system-property", errors.QubesNoSuchPropertyError, "There is no system-wide property {property}."),
    Row("property-read-only", errors.QubesPropertyValueError, "{property} is read-only."),
    Row("default-netvm-in-loop", errors.QubesPropertyValueError, "{netvm} leads into a loop of net qubes: {loop}."),
    Row(
        "default-netvm-loop",
        errors.QubesPropertyValueError,
        "{qube} uses the default net qube; with {netvm} as the default, that would be a loop.",
    ),
    Row("no-such-feature", errors.QubesFeatureNotFoundError, "{qube} has no feature {feature}."),
    Row(
        "no-such-feature-above",
        errors.QubesFeatureNotFoundError,
        "Neither {qube} nor its template has a feature {feature}.",
    ),
    Row(
        "tag-of-creator",
        errors.QubesInvalidTagError,
        "The tags created-by-* are set when a qube is created and cannot be changed.",
    ),
    Row(
        "tag-of-policy",
        errors.PermissionDenied,
        "A line of the policy is about the tag {tag}, so only dom0 sets and removes it.",
    ),
    Row("no-such-tag", errors.QubesTagNotFoundError, "{qube} has no tag {tag}."),
    Row("not-a-colour", errors.QubesValueError, "A colour is 0xRRGGBB, not {colour}."),
    Row("label-taken", errors.QubesValueError, "There is already a label {label}."),
    Row("label-limit", errors.QubesValueError, "A system has at most {most} labels."),
    Row("label-used", errors.QubesLabelInUseError, "The label {label} is used by {qubes}."),
    Row("label-of-system", errors.QubesLabelInUseError, "The label {label} is dom0's, or the default of new qubes."),
    Row(
        "name-busy",
        errors.QubesPropertyValueError,
        "The name {name} is in use by another call; try again in a moment.",
    ),
    Row("rename-while-cloned", errors.QubesPropertyValueError, "A qube is just being created from {qube}."),
    Row("dom0-notes", errors.PermissionDenied, "Only dom0 may read and change the notes and features of dom0."),
    Row("no-such-log", errors.QubesValueError, "{qube} has no log {log}."),
    # -- devices
    Row(
        "sound-next-start",
        errors.QubesNotImplementedError,
        "Sound cannot be added to a running qube: assign the microphone with persistent=yes to add it at "
        "the next start.",
    ),
    Row("own-volume-attached", errors.QubesVMInUseError, "The volume {volume} of {qube} is attached to {holder}."),
    Row("dom0-own-devices", errors.ProtocolError, "Devices cannot be attached to dom0: it has its own."),
    Row("device-own", errors.ProtocolError, "{qube} offers {device} itself."),
    Row("device-attached-here", errors.DeviceAlreadyAttached, "{backend}+{device} is already attached to {qube}."),
    Row(
        "device-needs-running",
        errors.QubesVMNotRunningError,
        "{qube} is {state}; use persistent=yes to attach the device at its next start.",
    ),
    Row("device-unplugged", errors.DeviceNotFound, "{backend}+{device} was removed while it was being attached."),
    Row("device-not-assigned", errors.DeviceNotAssigned, "{qube} has no {class} device {device}."),
    Row("no-such-device", errors.DeviceNotFound, "{backend} offers no {class} device {device}."),
    Row(
        "device-backend-off",
        errors.DeviceNotFound,
        "{backend} is {state}; its devices are available only while it runs.",
    ),
    Row("device-read-only", errors.QubesValueError, "{backend}+{device} can only be attached with read-only=yes."),
    Row("device-attached", errors.DeviceAlreadyAttached, "{backend}+{device} is attached to {holder}."),
    Row(
        "device-assigned",
        errors.DeviceAlreadyAssigned,
        "The {class} device {device} is already assigned to {qube}; remove that assignment first.",
    ),
    Row(
        "device-other-identity",
        errors.DeviceNotFound,
        "The device at {backend}+{ident} is not the one that is assigned to {qube}.",
    ),
    Row("no-device-of-identity", errors.DeviceNotFound, "{backend} does not offer the {class} device {identity}."),
    Row(
        "device-denied",
        errors.PermissionDenied,
        "{qube} denies devices with the interface {interface}, which {device} has.",
    ),
    Row("device-no-place", errors.QubesValueError, "A disk at any port has no fixed place: leave frontend-dev out."),
    Row("not-an-identity", errors.QubesValueError, "Not an identity of a device: {text}"),
    Row(
        "not-interfaces",
        errors.QubesPropertyValueError,
        "{text} does not name interfaces: each has a letter (b, u, p, m) and six hex digits or *, as u03****.",
    ),
    Row("interface-not-denied", errors.QubesValueError, "{qube} does not deny the interface {interface}."),
    Row("call-option", errors.ProtocolError, "There is no option {option} here; there is: {name}."),
    Row("device-own-disk", errors.QubesVMNotHaltedError, "{backend} uses {device} as its own disk while it runs."),
    Row("device-in-use", errors.DeviceAlreadyAttached, "{backend}+{device} is in use. {why}"),
    Row(
        "sound-stays",
        errors.Mgmt1Error,
        "Sound cannot be removed from a running qube; it is removed when the qube halts.",
    ),
    Row("no-disk-place", errors.DeviceAlreadyAttached, "{qube} has no place for another disk."),
    Row("disk-place-taken", errors.DeviceAlreadyAttached, "{qube} already has {backend}+{device} as {place}."),
    # -- firewall rules
    Row("rule-expired", errors.QubesValueError, "The rule has already expired."),
    Row("rule-limit", errors.QubesValueError, "A qube has at most {most} firewall rules."),
    Row("no-such-rule", errors.QubesValueError, "{qube} has no firewall rule {rule}."),
    Row("dom0-no-firewall", errors.ProtocolError, "dom0 has no network and no firewall."),
    # -- pools and volumes
    Row(
        "pool-place-shared",
        errors.StoragePoolException,
        "{place} belongs to the pool {pool}, or contains it or is inside of it; two pools never share a "
        "folder or a thin pool.",
    ),
    Row("pool-place-empty", errors.StoragePoolException, "The folder of the pool is empty. Is its disk mounted?"),
    Row(
        "pool-place-other",
        errors.StoragePoolException,
        "The folder of the pool is not the one that was added. Is its disk mounted?",
    ),
    Row("volume-not-stored", errors.StoragePoolException, "The store does not know its volume {volume}."),
    Row("volume-no-source", errors.StoragePoolException, "Its volume {volume} has no source: {why}"),
    Row(
        "volume-pool-unknown",
        errors.StoragePoolException,
        "The pool {pool}, which its volume {volume} needs, is not known; add it again.",
    ),
    Row(
        "volume-pool-missing",
        errors.StoragePoolException,
        "The pool {pool}, which its volume {volume} needs, is missing: {why}",
    ),
    Row("volume-unusable", errors.StoragePoolException, "The volume {volume}, which it needs, cannot be used: {why}"),
    Row("pool-unavailable", errors.StoragePoolException, "The pool {pool} is missing: {why}"),
    Row("no-such-qube-volume", errors.QubesVolumeNotFoundError, "{qube} has no volume {volume}."),
    Row("class-without-volume", errors.StoragePoolException, "A {class} has no volume {volume}."),
    Row(
        "volume-is-layer",
        errors.StoragePoolException,
        "The volume {volume} is a layer on {source} and must be in its pool {pool}.",
    ),
    Row(
        "volume-of-earlier",
        errors.StoragePoolException,
        "The volume {volume} of an earlier qube {qube} is still in the pool {pool} and cannot be removed "
        "now; see the daemon's log.",
    ),
    Row("volumes-busy", errors.StoragePoolException, "Another call is changing the volumes of {qube}."),
    Row("two-volumes-busy", errors.StoragePoolException, "Another call is changing the volumes of {old} or {new}."),
    Row("volume-detach-first", errors.QubesVMInUseError, "{volume} is {name} of {qube}; detach it there first."),
    Row("pool-has-volumes", errors.QubesVMAlreadyExistsError, "The pool {pool} already has volumes of {qube}."),
    Row("volume-not-stopped", errors.StoragePoolException, "The volume {volume} could not be stopped: {why}"),
    Row("volume-copy-options", errors.ProtocolError, "A copy takes from=<qube> volume=<volume>."),
    Row("volume-copy-itself", errors.QubesValueError, "The volume {volume} of {qube} is copied to itself."),
    Row(
        "pool-configure-options",
        errors.ProtocolError,
        "The option of a pool is revisions_to_keep=<number>, at least -1 and at most {most}.",
    ),
    Row(
        "volume-configure-options",
        errors.QubesValueError,
        "The options of a volume are revisions_to_keep=<number>, at least -1 and at most {most}, and rw=yes|no.",
    ),
    Row("no-such-volume", errors.QubesVolumeNotFoundError, "There is no volume {volume}."),
    Row("volume-attach-options", errors.ProtocolError, "The only option is read-only=yes."),
    Row("dom0-no-disks", errors.ProtocolError, "Volumes cannot be attached to dom0."),
    Row(
        "kernel-not-attached",
        errors.StoragePoolException,
        "A kernel cannot be attached; set the property kernel of the qube instead.",
    ),
    Row("volume-of", errors.StoragePoolException, "{volume} is the volume {name} of {qube}."),
    Row("extra-volume-limit", errors.StoragePoolException, "{qube} already has {count} extra volumes."),
    Row("pool-driver-missing", errors.ProtocolError, "The payload does not name the driver."),
    Row("pool-taken", errors.StoragePoolException, "There is already a pool {pool}."),
    Row("pool-never-opened", errors.StoragePoolException, "The pool {pool} is missing: no pool was ever opened there."),
    Row("pool-of-system", errors.QubesPoolInUseError, "The pool {pool} is a part of the system."),
    Row("pool-used", errors.QubesPoolInUseError, "The pool {pool} is used by {users}."),
    Row("volume-maybe-of", errors.StoragePoolException, "{volume} may be a volume of {qube}. {why}"),
    Row("volume-busy", errors.StoragePoolException, "{volume} is in use by another call; try again in a moment."),
    Row("volume-detached-meanwhile", errors.QubesVolumeNotFoundError, "{volume} is no longer attached to {qube}."),
    Row(
        "volume-attached-elsewhere",
        errors.StoragePoolException,
        "{volume} of {qube} is attached to {holder}; detach it there first.",
    ),
    # -- backup and restore, as the daemon refuses them
    Row(
        "profile-command-not-root",
        errors.PermissionDenied,
        "The profile {profile} runs a command; only a file that belongs to root may do that.",
    ),
    Row(
        "profile-command-by-root",
        errors.PermissionDenied,
        "A profile with destination_command cannot be set by a call; root writes it to {folder}.",
    ),
    Row("profile-file-by-dom0", errors.PermissionDenied, "Only dom0 sets a profile with passphrase_file."),
    Row(
        "profile-names-hidden",
        errors.PermissionDenied,
        "The profile {profile} is of another source, and names qubes that {source} does not see.",
    ),
    Row(
        "profile-of-other",
        errors.PermissionDenied,
        "The backup profile {profile} was not set by {qube}; only dom0 may change it.",
    ),
    Row(
        "profile-owner-removed",
        errors.PermissionDenied,
        "The qube {qube} that set the profile was removed; set it again in dom0.",
    ),
    Row(
        "backup-not-connected",
        errors.BackupNotConnectedError,
        "The disk for {path} is not connected: nothing is mounted there, or another file system than the "
        "backups of the profile {profile} go to.",
    ),
    Row(
        "backup-on-system-disk",
        errors.BackupNotConnectedError,
        "{path} is on the disk of this system, and no backup of the profile {profile} is there: its disk "
        "may not be connected. If the backups belong there, confirm it once with qubes-backup --profile "
        "{name} --run --new-disk.",
    ),
    Row("backup-running", errors.BackupAlreadyRunningError, "A backup of the profile {profile} is already running."),
    Row("profile-no-dom0", errors.PermissionDenied, "Only a profile that dom0 has set may include dom0."),
    Row("profile-no-qube", errors.QubesValueError, "The profile includes no qube."),
    Row(
        "backup-incomplete",
        errors.BackupIncompleteError,
        "The backup was made without a qube that the profile names. {why}",
    ),
    Row(
        "profile-no-passphrase",
        errors.QubesValueError,
        "The profile {profile} has no passphrase, and none was given.",
    ),
    Row("backup-not-running", errors.BackupError, "No backup of the profile {profile} is running."),
    Row("backup-without", errors.BackupError, "{qube} cannot be backed up: {why}"),
    Row(
        "backup-payload",
        errors.ProtocolError,
        "The payload may have passphrase=<text>, give-up=<qubes> and new-disk=yes.",
    ),
    Row(
        "backup-options-of-dom0",
        errors.PermissionDenied,
        "Only dom0 may give up the last backup of a qube or accept another disk.",
    ),
    Row(
        "profile-preview-of-dom0",
        errors.PermissionDenied,
        "Only dom0 may ask what a profile that is not stored would do.",
    ),
    Row("profile-too-large", errors.ProtocolError, "A backup profile has at most {most:KiB}."),
    Row(
        "profile-passphrase-of-owner",
        errors.PermissionDenied,
        "Only dom0 and the qube that set a profile may restore with its passphrase.",
    ),
    Row("restore-options-utf8", errors.ProtocolError, "The options before the backup are not UTF-8."),
    Row("restore-option", errors.ProtocolError, "There is no option {option}, or it is given twice."),
    Row("restore-no-passphrase", errors.ProtocolError, "passphrase= is missing before the backup."),
    Row("restore-choice", errors.QubesValueError, "{option} is one of {choices}."),
    Row("restore-run-id", errors.QubesValueError, "run is at most 32 letters, digits and dashes."),
    Row("restore-home-path", errors.QubesValueError, "dom0-home is {new} or an absolute path, not {path}."),
    Row("restore-names", errors.ProtocolError, "{option} is a list of <qube>:<name>, each qube once."),
    Row("restore-options-end", errors.ProtocolError, "The options before the backup do not end with an empty line."),
    Row(
        "restore-dom0-of-dom0",
        errors.PermissionDenied,
        "Only dom0 may restore the configuration and the home of dom0.",
    ),
    Row("backup-without-home", errors.QubesValueError, "The backup does not contain the home of dom0."),
    Row("backup-without-qube", errors.QubesValueError, "The backup has no qube {qube}."),
    Row("class-keeps-no-volume", errors.BackupError, "A {class} keeps no volume {volume}."),
    Row(
        "restore-no-space",
        errors.BackupSpaceError,
        "The qubes may need {needed:MiB}, and the pool {pool} has {free:MiB} left.",
    ),
    Row(
        "restore-volume-cut",
        errors.StoragePoolException,
        "{why} {received} of {size} bytes of {volume} had been received.",
    ),
    Row(
        "config-label-differs",
        errors.QubesValueError,
        "The label {label} has another colour here, and qubes may rely on it.",
    ),
    Row("config-pool-differs", errors.QubesValueError, "There is another pool {pool} here; remove it first."),
    Row("config-unknown-file", errors.QubesValueError, "The configuration has no file {name}."),
    Row("config-file-unusable", errors.Mgmt1Error, "{path} exists and cannot be used; mend or remove it first."),
    Row("config-no-policy-file", errors.QubesValueError, "Not a policy file: {path}"),
    Row("config-missing", errors.QubesValueError, "The backup has no {item} of dom0."),
    # -- how a run of a backup ended
    Row("home-not-backed-up", errors.BackupError, "The home of dom0 is not backed up."),
    Row("run-cut-off", errors.BackupError, "The daemon ended before the backup was complete."),
    Row(
        "profile-not-accepted",
        errors.BackupError,
        "The profile is not accepted; `qubes-backup --profile {profile}` says why.",
    ),
    Row("run-reason-of-dom0", errors.BackupError, "dom0 alone sees the reason, which may name other qubes."),
    Row("run-left-out", errors.BackupError, "Left out, because {owner} does not see them: {qubes}."),
    Row(
        "backups-kept",
        errors.BackupError,
        "Kept, because no other backup of the profile holds the qube: {backups}.",
    ),
    Row("backup-not-noted", errors.Mgmt1Error, "The backup {path} is on the disk; that it was made is not noted."),
    # -- policy files and calls
    Row("no-such-policy", errors.PolicyAdminFileNotFoundException, "There is no policy file {file}."),
    Row("policy-not-written", errors.Mgmt1Error, "The policy file {file} cannot be written: {why}."),
    Row("policy-included", errors.PolicyAdminSyntaxException, "{file} is included by {lines}."),
    Row("policy-not-removed", errors.Mgmt1Error, "The policy file {file} cannot be removed: {why}."),
    Row(
        "policy-removed-meanwhile",
        errors.PolicyAdminTokenException,
        "The policy file {file} has been removed in the meantime.",
    ),
    Row("policy-taken", errors.PolicyAdminTokenException, "There is already a policy file {file}."),
    Row(
        "policy-changed-meanwhile",
        errors.PolicyAdminTokenException,
        "The policy file {file} has been changed in the meantime; read it again.",
    ),
    Row("policy-suffix", errors.QubesValueError, "Use {name}; the suffix {suffix} is added."),
    Row("policy-not-utf8", errors.Mgmt1Error, "The policy file {file} is not UTF-8."),
    Row("policy-too-many", errors.Mgmt1Error, "There are more than {most} files in {folder}."),
    Row("policy-not-read", errors.Mgmt1Error, "The policy file {file} cannot be read: {why}."),
    Row(
        "policy-locks-out",
        errors.QubesValueError,
        "{place} would deny dom0 its own management calls ({call} to {target}). Put a rule above it that allows them.",
    ),
    Row("policy-all-too-large", errors.Mgmt1Error, "The policy files together are larger than {most:MiB}."),
    Row("policy-too-large", errors.Mgmt1Error, "The policy file {file} is larger than 1 MiB."),
    Row("admit-dom0-only", errors.PermissionDenied, "Only dom0 asks whether the policy admits a call."),
    Row("call-not-admitted", errors.PermissionDenied, "The policy does not admit the call. {why}"),
    Row("line-without-source", errors.PermissionDenied, "{line} does not name {source}, which is no qube."),
    Row("call-of-dom0", errors.PermissionDenied, "dom0 makes its calls at the socket of the daemon."),
    Row("call-not-agreed", errors.PermissionDenied, "The user does not allow the call, about which {rule} asks."),
    Row("call-not-answered", errors.PermissionDenied, "The user did not answer the question of {rule} in time."),
    Row("questions-too-many", errors.PermissionDenied, "{rule} asks, and too many questions wait for the user."),
    Row("question-over", errors.QubesValueError, "The question {question} is over."),
    Row("question-choice", errors.QubesValueError, "The question {question} has no choice {target}."),
    Row("question-options", errors.ProtocolError, "An answer is question=NUMBER, and target=CHOICE to allow the call."),
    Row("questions-dom0-only", errors.PermissionDenied, "Only dom0 answers questions of the policy."),
    Row("call-leaves-dom0", errors.PermissionDenied, "The policy sends the call to {target}; only dom0 answers here."),
    Row("call-asks-no-user", errors.PermissionDenied, "{rule} asks, and no program shows the question to a user."),
    Row("volume-gone-not-stored", errors.StoragePoolException, "It is removed, and that could not be stored: {why}"),
    Row(
        "volumes-renamed-not-stored",
        errors.StoragePoolException,
        "The volumes have the name {qube} again, and that could not be stored: {why}",
    ),
    Row("pool-row-unreadable", errors.StoragePoolException, "{row} Add the pool again, with its name and path."),
    # -- why firewall rules are not enforced
    Row("not-enforced", errors.QubesValueError, "Not enforced: {why}"),
    Row("user-networking", errors.QubesValueError, "qubes have user networking."),
    Row("firewall-user-network", errors.QubesValueError, "Not enforced: qubes have the hypervisor's own network."),
    Row("not-connected-to", errors.QubesValueError, "It is not connected to {netvm}: {why}"),
    Row("old-rules-hold", errors.QubesValueError, "The earlier rules are still in effect: {why}"),
    Row(
        "firewall-no-namespace",
        errors.QubesValueError,
        "The firewall is kept, not enforced: the net qube {netvm} has no separate network namespace.",
    ),
    Row("firewall-drops-all", errors.QubesValueError, "Everything from {qube} is dropped: {why}"),
    Row("same-address", errors.QubesValueError, "{qubes} have the same address {address}."),
    Row("rule-not-compiled", errors.QubesValueError, "rule {number} cannot be carried out. {why}"),
    Row("host-unresolved", errors.QubesValueError, "No address of {host} is known, so it cannot be blocked."),
    Row(
        "dns-unknown",
        errors.QubesValueError,
        "The DNS servers of the net qube are not known, so they cannot be blocked.",
    ),
    Row("kernel-missing", errors.QubesVolumeNotFoundError, "There is no kernel {kernel}."),
    # -- pools and volumes, as the drivers refuse them
    Row("pool-not-a-folder", errors.StoragePoolException, "{path} is not a folder; a pool follows no symbolic links."),
    Row(
        "pool-not-its-file",
        errors.StoragePoolException,
        "{path} is not a file of the pool; a pool follows no symbolic links.",
    ),
    Row("pool-not-regular", errors.StoragePoolException, "{path} is not a regular file; a pool opens nothing else."),
    Row(
        "folder-of-user",
        errors.StoragePoolException,
        "The folder {path} belongs to user {user}, who could replace volumes.",
    ),
    Row(
        "folder-writable",
        errors.StoragePoolException,
        "Every user may write to the folder {path}; remove that right first.",
    ),
    Row("file-of-user", errors.StoragePoolException, "{path} belongs to user {user}, who could replace it."),
    Row("file-writable", errors.StoragePoolException, "Other users may write to {path}; remove that right first."),
    Row("not-a-volume-name", errors.QubesValueError, "{vid} is not the name of a volume (<qube>/<volume>)."),
    Row(
        "volume-exists",
        errors.StoragePoolException,
        "The pool {pool} already has a volume {vid}, which is left as it is. If it belongs to no qube, "
        "qubes-mgmt1d --recover creates its qube again, and mgmt1.pool.volume.Remove deletes it.",
    ),
    Row(
        "volume-in-the-way",
        errors.StoragePoolException,
        "{path} is not a volume, and a volume is to be created there; move it away. qubes-mgmt1d --check "
        "lists all such files.",
    ),
    Row(
        "volume-odd-size",
        errors.QubesValueError,
        "A volume cannot have {size} bytes: a positive multiple of 512 is needed.",
    ),
    Row("pool-full", errors.StoragePoolException, "The disk of the pool {pool} is full."),
    Row("pool-disk-refused", errors.StoragePoolException, "The disk of the pool {pool} refused: {why}."),
    Row("file-cut-off", errors.StoragePoolException, "{path} is damaged: it is cut off."),
    Row(
        "no-reflinks",
        errors.StoragePoolException,
        "The file system of {path} cannot share blocks between files (xfs and btrfs can): choose another "
        "folder, or the driver file-qcow2.",
    ),
    Row("file-empty", errors.StoragePoolException, "{path} is damaged: it is empty."),
    Row(
        "pool-folder-missing",
        errors.StoragePoolException,
        "The folder {path} does not exist. Is its disk connected and mounted?",
    ),
    Row(
        "description-too-long",
        errors.StoragePoolException,
        "The settings of the qube of {vid} are too long to be kept beside the volume.",
    ),
    Row("pool-without-volume", errors.QubesVolumeNotFoundError, "The pool {pool} has no volume {vid}."),
    Row(
        "volume-replaced",
        errors.QubesVolumeNotFoundError,
        "The volume {vid} of the pool {pool} has been replaced by another.",
    ),
    Row("volumes-in-use", errors.QubesVMNotHaltedError, "The volumes of {qube} are in use."),
    Row("no-such-snapshot", errors.QubesVolumeRevisionNotFoundError, "The volume has no snapshot {snapshot}."),
    Row("volume-only-running", errors.StoragePoolException, "The volume {vid} exists only while its qube runs."),
    Row(
        "volume-wrong-layer",
        errors.StoragePoolException,
        "The volume in {path} is damaged: {layer} cannot be below it.",
    ),
    Row("volume-layer-missing", errors.StoragePoolException, "The volume in {path} is damaged: {layer} is missing."),
    Row("volume-in-use", errors.QubesVMNotHaltedError, "The volume {vid} is in use."),
    Row("volume-has-more", errors.QubesValueError, "A volume can only grow; {vid} already has {size} bytes."),
    Row(
        "snapshot-cut-short",
        errors.StoragePoolException,
        "An earlier snapshot of {vid} was interrupted; the next can be taken after its qube halts.",
    ),
    Row("volume-layer-and-kept", errors.QubesValueError, "A volume cannot both start from its source and be kept."),
    Row(
        "file-second-name",
        errors.StoragePoolException,
        "{path} has a second name, by which another volume would change with it.",
    ),
    Row(
        "pool-folder-leased",
        errors.StoragePoolException,
        "The folder {path} is in use by {daemon}. Stop that daemon first; if it is gone for good, wait "
        "{minutes} minutes or start this one with --take-over.",
    ),
    Row("another-daemon", errors.StoragePoolException, "another daemon"),
    Row("pool-folder-taken", errors.StoragePoolException, "The folder {path} was taken over by {daemon}."),
    Row("not-regular-file", errors.StoragePoolException, "{path} is not a regular file."),
    Row(
        "kernels-read-only",
        errors.StoragePoolException,
        "The pool {pool} contains dom0's kernels; qubes only read them.",
    ),
    Row("lvm-missing", errors.StoragePoolException, "The program {program} is not installed (package lvm2)."),
    Row("program-failed", errors.StoragePoolException, "{program} failed: {why}"),
    Row("not-an-lvm-name", errors.QubesValueError, "Not the name of a volume group or thin pool: {name}."),
    Row(
        "no-thin-volume",
        errors.StoragePoolException,
        "A thin volume cannot be created in {group}/{pool}; root and a kernel with the device mapper's thin"
        " target are needed. {why}",
    ),
    Row("volume-not-active", errors.StoragePoolException, "The logical volume {group}/{volume} is not active."),
    Row(
        "description-too-long-lvm",
        errors.StoragePoolException,
        "The settings of the qube of {vid} are too long for tags of LVM.",
    ),
    Row(
        "manifest-damaged",
        errors.StoragePoolException,
        "{path} is damaged, or is not the manifest of a volume of this pool.",
    ),
    Row("not-qcow2", errors.StoragePoolException, "{path} is not a qcow2 image."),
    Row("qcow2-variant", errors.StoragePoolException, "{path} uses a variant of qcow2 that the pool does not use."),
    Row("qcow2-size", errors.StoragePoolException, "{path} has an impossible size: {size} bytes."),
    Row(
        "qcow2-table",
        errors.StoragePoolException,
        "The table of clusters of {path} is outside of the file, or has a wrong length.",
    ),
    Row(
        "qcow2-backing",
        errors.StoragePoolException,
        "{path} names a backing file that is not a qcow2 image of its own folder.",
    ),
    Row("qcow2-extensions", errors.StoragePoolException, "The header extensions of {path} have no end."),
    Row(
        "qcow2-extension",
        errors.StoragePoolException,
        "{path} has a header extension that the pool does not use: {kind}.",
    ),
    Row("qcow2-most", errors.QubesValueError, "This volume cannot grow beyond {most:bytes}."),
    Row(
        "qcow2-compressed",
        errors.StoragePoolException,
        "The volume contains compressed clusters, which the pool never writes.",
    ),
    Row(
        "qcow2-shared-clusters",
        errors.StoragePoolException,
        "The image of the volume is damaged: it uses clusters twice.",
    ),
    Row("import-too-long", errors.QubesValueError, "More data was received than the {size} bytes announced."),
    Row("import-too-short", errors.QubesValueError, "Only {received} of the {size} bytes announced were received."),
    Row("no-such-driver", errors.QubesValueError, "There is no pool driver {driver}; there are {drivers}."),
    Row(
        "driver-option-unknown",
        errors.QubesValueError,
        "The pool driver {driver} has no option {option}; it has {options}.",
    ),
    Row("driver-option-missing", errors.QubesValueError, "The pool driver {driver} needs the option {option}."),
    Row("driver-option-path", errors.QubesValueError, "The option {option} must be an absolute path."),
    Row("driver-option-number", errors.QubesValueError, "The option {option} must be a number."),
    # -- devices and the hypervisor, as the drivers refuse them
    Row("machine-without-device", errors.DeviceNotFound, "This computer has no {class} device {device}."),
    Row("device-missing", errors.DeviceNotFound, "There is no {class} device {device}."),
    Row("machine-uses-device", errors.DeviceAlreadyAttached, "The computer itself uses it: {use}."),
    Row("accel-choice", errors.QubesValueError, "accel is auto, kvm or tcg, not {value}."),
    Row("hypervisor-no-halt", errors.QubesVMShutdownTimeoutError, "The qube did not halt within {seconds} seconds."),
    Row("disk-serial", errors.QubesValueError, "{serial} cannot be the serial number of a disk."),
    Row(
        "microphone-next-start",
        errors.Mgmt1Error,
        "Sound cannot be added to a running qube: the microphone changes at its next start.",
    ),
    Row("device-as-disk", errors.Mgmt1Error, "{path} is attached as a disk."),
    Row("not-a-disk-place", errors.QubesValueError, "{place} is not a place for a disk; the places are xvda to xvdzz."),
    Row("qube-without-disk", errors.QubesValueError, "The qube has no disk {disk}."),
    Row("hypervisor-characters", errors.QubesValueError, "{text} has characters that the hypervisor does not accept."),
    Row("hypervisor-unreachable", errors.Mgmt1Error, "The hypervisor {uri} cannot be reached: {why}"),
    Row("hypervisor-no-events", errors.Mgmt1Error, "The hypervisor {uri} sends no events: {why}"),
    Row(
        "hypervisor-reconnecting",
        errors.Mgmt1Error,
        "The connection to the hypervisor is lost; it is being opened again.",
    ),
    Row("hypervisor-gone", errors.Mgmt1Error, "The connection to the hypervisor is lost."),
    Row("domain-not-paused", errors.QubesVMNotPausedError, "The qube is not paused."),
    Row("guest-keeps-device", errors.Mgmt1Error, "The qube does not release {device}; it may be in use."),
    Row("domain-not-running", errors.QubesVMNotRunningError, "The qube is not running."),
    Row("no-console", errors.Mgmt1Error, "{qube} has no serial console."),
    Row("hypervisor-cannot", errors.QubesNotImplementedError, "This hypervisor cannot do that: {why}"),
    Row("hypervisor-refused", errors.Mgmt1Error, "The hypervisor refused: {why}"),
    # -- programs of this computer
    Row("program-missing", errors.Mgmt1Error, "The program {program} is not installed."),
    Row("program-too-slow", errors.Mgmt1Error, "{program} did not end within {seconds} seconds."),
    Row("no-systemctl", errors.Mgmt1Error, "The computer cannot be shut down from here: systemctl is missing."),
    Row("demo-no-power-off", errors.Mgmt1Error, "The demonstration does not shut this computer down."),
    Row(
        "power-off-backup-failed",
        errors.Mgmt1Error,
        "The computer stays on: the backup {profile} is not complete.",
    ),
    Row(
        "power-off-nothing-moves",
        errors.Mgmt1Error,
        "The computer stays on: nothing has moved for {minutes} minutes. It waited for: {title}",
    ),
    Row("power-off-failed", errors.Mgmt1Error, "The computer cannot be shut down: {why}."),
    Row("power-off-refused", errors.Mgmt1Error, "The computer was not shut down: {why}"),
    Row("not-installed", errors.Mgmt1Error, "Not installed here: {programs}."),
    Row("not-staged", errors.Mgmt1Error, "The payload cannot be kept in {folder}: {why}"),
    Row("program-not-run", errors.Mgmt1Error, "Cannot run {program}: {why}"),
    Row(
        "policy-no-programs",
        errors.PermissionDenied,
        "The policy does not allow this qube to run programs in {qube}.",
    ),
    # -- services in a qube, by its channel
    Row(
        "no-agent",
        errors.QubesVMNotRunningError,
        "Nothing answers on the channel of {qube}: qubes-mgmt1-client must be installed in it or in its template, and"
        " the qube started since.",
    ),
    Row("no-agent-halted", errors.QubesVMNotRunningError, "{qube} does not run."),
    Row("agent-silent", errors.Mgmt1Error, "The agent in {qube} neither began the service nor refused it in time."),
    Row("agent-lost", errors.Mgmt1Error, "The connection to {qube} broke before the service ended."),
    Row("no-service-in-qube", errors.QubesValueError, "{qube} has no service {service}."),
    Row("service-refused", errors.Mgmt1Error, "{qube} did not start {service}: {text}"),
    Row("service-output", errors.Mgmt1Error, "{service} in {qube} wrote more than {bytes} bytes and was ended."),
    Row("service-elsewhere", errors.PermissionDenied, "The policy sends the service to {target}."),
    Row("guest-call-refused", errors.PermissionDenied, "The policy refuses the call."),
    Row("guest-call-failed", errors.Mgmt1Error, "The call cannot be carried out."),
    Row("guest-no-service", errors.Mgmt1Error, "There is no such service."),
    Row("services-too-many", errors.Mgmt1Error, "Too many services are under way in {qube}."),
    Row("not-a-service-result", errors.ProtocolError, "The result of a service is not whole."),
    Row("program-status", errors.Mgmt1Error, "{program} ended with status {status}."),
    # -- destinations and profiles of backups
    Row(
        "destination-vm-not-allowed",
        errors.PermissionDenied,
        "dom0 does not allow profiles of qubes to send backups to {qube}.",
    ),
    Row(
        "destination-path-not-allowed",
        errors.PermissionDenied,
        "dom0 does not allow profiles of qubes to write backups to {path}.",
    ),
    Row("file-not-read", errors.Mgmt1Error, "{path} cannot be read: {why}"),
    Row("file-of-others", errors.Mgmt1Error, "{path} could have been written by others; it is not used."),
    Row("file-too-large", errors.Mgmt1Error, "{path} is larger than {most:KiB}."),
    Row("destinations-line", errors.Mgmt1Error, "{path} has {line}, which is neither an absolute folder nor a qube."),
    Row(
        "destination-slow",
        errors.BackupNotConnectedError,
        "The destination of the backups does not answer within {seconds} seconds.",
    ),
    Row("mount-not-read", errors.BackupError, "The file system that is mounted at {path} cannot be read: {why}."),
    Row("backup-not-written", errors.BackupError, "The backup cannot be written to {path}: {why}."),
    Row(
        "backup-file-limit",
        errors.BackupSpaceError,
        "The backup may need a file of {needed:bytes}, and the file system of {path} ({kind}) takes files "
        "of up to {most:bytes}.",
    ),
    Row("home-no-user", errors.BackupError, "There is no user {user}, whose home is to be backed up."),
    Row("home-no-member", errors.BackupError, "The group {group} has no member: name the user in dom0_home."),
    Row(
        "home-of-other",
        errors.BackupError,
        "Only the daemon of the system, or that of {user}, backs up the home of {owner}.",
    ),
    Row("no-such-profile", errors.QubesBackupProfileNotFoundError, "There is no backup profile {profile}."),
    Row("profile-not-read", errors.Mgmt1Error, "The backup profile {profile} cannot be read: {why}"),
    Row("profile-not-written", errors.Mgmt1Error, "The backup profile {profile} cannot be written: {why}."),
    Row("profile-not-removed", errors.Mgmt1Error, "The backup profile {profile} cannot be removed: {why}."),
    Row("no-such-folder", errors.BackupError, "There is no folder {path}."),
    Row("file-exists", errors.BackupError, "There is already a file {path}."),
    Row("file-not-written", errors.BackupError, "{path} cannot be written: {why}."),
    Row(
        "backup-file-too-large",
        errors.BackupSpaceError,
        "The file system of {path} takes no file larger than {most:bytes}, and the backup is larger. It was removed.",
    ),
    Row(
        "backup-disk-full",
        errors.BackupSpaceError,
        "The disk of {path} is full: {written:bytes} of the backup had been written, and were removed.",
    ),
    Row("backup-unreadable", errors.BackupDamagedError, "The backup that was written cannot be read: {why}"),
    Row("program-not-started", errors.BackupError, "{program} cannot be started: {why}."),
    Row("program-took-no-backup", errors.BackupError, "{program} did not take the backup (status {status})."),
    Row(
        "program-took-no-backup-said",
        errors.BackupError,
        "{program} did not take the backup (status {status}): {output}",
    ),
    Row("qube-no-qrexec", errors.BackupError, "{qube} cannot be reached: this computer has no qrexec ({program})."),
    Row("passphrase-vm-failed", errors.BackupError, "{qube} did not give the passphrase: {why}"),
    Row("passphrase-vm-status", errors.BackupError, "{qube} did not give the passphrase (status {status})."),
    Row("passphrase-file", errors.BackupError, "The passphrase in {path} cannot be read: {why}."),
    # -- lists in a reason
    Row("list-two", errors.Mgmt1Error, "{first}, {second}"),
    Row("list-and", errors.Mgmt1Error, "{first} and {last}"),
    Row("list-more", errors.Mgmt1Error, "{list} and {count} more"),
    Row("path-why", errors.Mgmt1Error, "{path} ({why})"),
    # -- a backup as it is read: its tar archive
    Row("tar-no-header", errors.BackupDamagedError, "The archive is damaged: expected a tar header."),
    Row("tar-no-number", errors.BackupDamagedError, "The archive is damaged: expected a number."),
    Row("tar-no-pax-record", errors.BackupDamagedError, "The archive is damaged: expected a pax record."),
    Row("tar-pax-number", errors.BackupDamagedError, "The archive is damaged: {key} is not a number."),
    Row("tar-pax-too-long", errors.BackupDamagedError, "The archive is damaged: a pax header has no end."),
    Row("tar-pax-renames", errors.BackupDamagedError, "A pax header gives a member of the backup another name."),
    Row("tar-hard-link", errors.Mgmt1Error, "hard link"),
    Row("tar-link", errors.Mgmt1Error, "symbolic link"),
    Row("tar-device", errors.Mgmt1Error, "device"),
    Row("tar-folder", errors.Mgmt1Error, "folder"),
    Row("tar-pipe", errors.Mgmt1Error, "pipe"),
    Row("tar-unknown", errors.Mgmt1Error, "member of an unknown kind"),
    Row("backup-no-file", errors.BackupDamagedError, "The backup holds a {kind}, {name}."),
    Row("backup-foreign", errors.BackupDamagedError, "The backup holds {name}, which does not belong there."),
    Row("backup-member-too-large", errors.BackupLimitError, "The member {name} has more than {most:MiB}."),
    Row("backup-cut-off", errors.BackupDamagedError, "The backup ends in the middle of a member: it was cut off."),
    Row("backup-padding", errors.BackupDamagedError, "There are unknown bytes between two members of the backup."),
    Row("backup-end-missing", errors.BackupDamagedError, "The end of the backup is missing."),
    Row("padding-changed", errors.BackupDamagedError, "The bytes after {name} were changed."),
    Row("padding-of-unknown-changed", errors.BackupDamagedError, "The bytes after a member were changed."),
    Row("frame-changed", errors.BackupDamagedError, "The tar header of {name} was changed."),
    Row("member-mended", errors.BackupDamagedError, "The header of {name} was damaged; its content is whole."),
    Row(
        "member-lost",
        errors.BackupDamagedError,
        "The header of a member after {name} is lost, and what follows is not a whole chunk.",
    ),
    Row(
        "first-member-lost",
        errors.BackupDamagedError,
        "The header of the first member is lost, and what follows is not a whole chunk.",
    ),
    Row("damage-met", errors.BackupDamagedError, "{what} (Met after {chunk}.)"),
    Row("damage-met-qube", errors.BackupDamagedError, "{what} (Met after {chunk}, of the qube {qube}.)"),
    Row("damage-met-first", errors.BackupDamagedError, "{what} (Met at the beginning.)"),
    # -- its header, qubes.xml, configuration and manifest
    Row(
        "no-backup", errors.BackupDamagedError, "This is not a backup, or its beginning is damaged: {name} is missing."
    ),
    Row("head-damaged", errors.BackupDamagedError, "The beginning of the backup is damaged. {why}"),
    Row("head-cut", errors.BackupDamagedError, "The backup is cut off near its beginning."),
    Row("head-too-large", errors.BackupLimitError, "{name} has more than {most:KiB}."),
    Row(
        "head-frame-changed", errors.BackupDamagedError, "The tar headers at the beginning of the backup were changed."
    ),
    Row("small-file-too-large", errors.BackupLimitError, "{name} has more than {most:MiB}."),
    Row("header-broken", errors.BackupDamagedError, "The header of the backup is broken."),
    Row("header-changed", errors.BackupDamagedError, "The header of the backup was changed."),
    Row("header-replaced", errors.BackupDamagedError, "The header of the backup was changed; its sealed copy is used."),
    Row("sealed-header-damaged", errors.BackupDamagedError, "The sealed header of the backup is damaged."),
    Row(
        "header-version",
        errors.BackupError,
        "The backup is of version {version}; only version 4, of Qubes 4, can be read.",
    ),
    Row("header-not-sealed", errors.BackupError, "The backup is not sealed as backups of version 4 are."),
    Row("header-compression", errors.BackupError, "The backup is compressed with {method}, which cannot be read."),
    Row(
        "backup-passphrase-line",
        errors.QubesValueError,
        "The passphrase of a backup is one line of text, and not empty.",
    ),
    Row("passphrase-wrong", errors.BackupPassphraseError, "The passphrase is not the one of this backup."),
    Row("xml-changed", errors.BackupDamagedError, "qubes.xml in the backup was changed, or is of another backup."),
    Row("xml-too-long", errors.BackupLimitError, "{name} has more than {most} bytes."),
    Row(
        "xml-entities", errors.BackupLimitError, "{name} declares entities or a document type, which are not expanded."
    ),
    Row("xml-no-xml", errors.BackupDamagedError, "{name} is not the XML that was expected: {why}."),
    Row("xml-empty", errors.BackupDamagedError, "{name} is empty."),
    Row("xml-too-many-qubes", errors.BackupLimitError, "The backup lists {count} qubes; at most {most} are read."),
    Row("xml-dom0-missing", errors.BackupDamagedError, "qubes.xml does not hold the settings of dom0."),
    Row("xml-bad-qube", errors.BackupDamagedError, "qubes.xml lists a qube {qube} of class {class}, which cannot be."),
    Row("xml-no-label", errors.BackupDamagedError, "qubes.xml does not say which label {qube} has."),
    Row("xml-no-place", errors.BackupDamagedError, "qubes.xml does not say where the data of {qube} are."),
    Row("xml-bad-label", errors.BackupDamagedError, "qubes.xml declares a label {label} that cannot be."),
    Row("xml-qube-twice", errors.BackupDamagedError, "qubes.xml lists the qube {qube} twice."),
    Row("xml-folder-twice", errors.BackupDamagedError, "qubes.xml lists the folder {folder} twice."),
    Row(
        "xml-label-undeclared",
        errors.QubesValueError,
        "The label {label} of {qube} is not among the labels of the backup.",
    ),
    Row("xml-no-dom0", errors.QubesValueError, "Every backup contains the settings of dom0."),
    Row(
        "xml-character",
        errors.QubesValueError,
        "A backup cannot hold the text {text}: it has a character that XML does not allow.",
    ),
    Row("config-not-there", errors.BackupDamagedError, "The configuration of dom0 is missing in the file."),
    Row("config-changed", errors.BackupDamagedError, "The configuration of dom0 was changed, or is of another backup."),
    Row("config-broken", errors.BackupDamagedError, "The configuration of dom0 in the backup is broken."),
    Row("config-not-read", errors.BackupDamagedError, "The configuration of dom0 cannot be read: {why}"),
    Row(
        "config-version",
        errors.BackupError,
        "The configuration of dom0 is of version {version}, which is not known here.",
    ),
    Row("config-too-large", errors.BackupError, "The configuration of dom0 has more than {most:MiB}."),
    Row("backup-manifest-broken", errors.BackupDamagedError, "The manifest of the backup is broken."),
    Row(
        "backup-manifest-version",
        errors.BackupError,
        "The manifest of the backup is of version {version}, which is not known here.",
    ),
    Row(
        "backup-manifest-missing",
        errors.BackupDamagedError,
        "The manifest at the end of the backup is missing: it is not whole.",
    ),
    Row("backup-manifest-not-read", errors.BackupDamagedError, "The manifest cannot be read: {why}"),
    Row("backup-manifest-foreign", errors.BackupDamagedError, "The manifest is not of this backup."),
    # -- its chunks and files
    Row("backup-twice", errors.BackupDamagedError, "The backup holds {name} twice."),
    Row("chunk-after-manifest", errors.BackupDamagedError, "The backup goes on after its manifest, with {chunk}."),
    Row("chunk-of-no-qube", errors.BackupDamagedError, "The backup holds {chunk}, which belongs to no qube of it."),
    Row("file-not-in-place", errors.BackupDamagedError, "{file} of {qube} is not in its place."),
    Row(
        "chunks-before-missing",
        errors.BackupDamagedError,
        "{file} of {qube} begins with chunk {number}; those before are missing.",
    ),
    Row("chunk-twice", errors.BackupDamagedError, "The chunk {chunk} of {qube} is there twice, or not in its place."),
    Row("chunk-missing", errors.BackupDamagedError, "The chunk {chunk} of {qube} is missing, or not in its place."),
    Row("chunk-failed", errors.BackupDamagedError, "The chunk {chunk} cannot be read: {why}"),
    Row("chunk-changed", errors.BackupDamagedError, "The content of the chunk {chunk} was changed."),
    Row(
        "chunk-changed-or-foreign",
        errors.BackupDamagedError,
        "The chunk {chunk} was changed, or does not belong there.",
    ),
    Row("chunk-not-sealed", errors.BackupDamagedError, "The chunk is not a sealed container."),
    Row("chunk-other-params", errors.BackupDamagedError, "The chunk is not sealed like the others."),
    Row("chunk-cut", errors.BackupDamagedError, "The chunk was cut off."),
    Row("container-missing", errors.BackupDamagedError, "The archive is damaged: expected a scrypt container."),
    Row("container-header-changed", errors.BackupDamagedError, "The header of a scrypt container was changed."),
    Row("container-cut", errors.BackupDamagedError, "A scrypt container is cut off."),
    Row("container-changed", errors.BackupDamagedError, "The content of a scrypt container was changed."),
    Row(
        "backup-key-params",
        errors.BackupDamagedError,
        "The backup names parameters of key derivation that do not exist.",
    ),
    Row(
        "backup-key-memory",
        errors.BackupLimitError,
        "The backup asks for {memory:MiB} of memory for one key derivation (N = 2^{log_n}); the limit is {most:MiB}.",
    ),
    Row(
        "backup-key-work",
        errors.BackupLimitError,
        "The backup asks for a key derivation of N = 2^{log_n}, r = {r}, p = {p}, which takes longer than is allowed.",
    ),
    Row("zstd-missing", errors.BackupError, "zstd needs the Python package zstandard, which is not installed."),
    Row("compression-broken", errors.BackupDamagedError, "The compressed data are broken."),
    Row("inner-pax-too-long", errors.BackupLimitError, "A pax header of the inner archive is too long."),
    Row("inner-other-file", errors.BackupDamagedError, "The inner archive is not the one of {name}."),
    Row("inner-no-file", errors.BackupDamagedError, "The inner archive has no file {name}."),
    Row("inner-follows", errors.BackupDamagedError, "Unknown bytes follow the file in the inner archive."),
    Row("inner-sparse", errors.BackupDamagedError, "The inner archive has an unknown sparse format."),
    Row("inner-map", errors.BackupDamagedError, "The sparse map of the inner archive is broken."),
    Row("inner-too-short", errors.BackupDamagedError, "The inner archive ends too early."),
    Row(
        "inner-too-much", errors.BackupLimitError, "{name} holds more bytes than were announced, or are allowed for it."
    ),
    Row("file-failed", errors.BackupDamagedError, "{file} of {qube}: {why}"),
    Row("file-not-restored", errors.BackupError, "{file} of {qube} could not be written: {why}."),
    Row("file-missing", errors.BackupDamagedError, "The file {file} of {qube} is missing."),
    Row(
        "file-chunks-differ",
        errors.BackupDamagedError,
        "The file {file} of {qube} has {chunks} chunks, and {written} were written.",
    ),
    Row("file-differs", errors.BackupDamagedError, "The file {file} of {qube} is not the one that was written."),
    Row("files-differ", errors.BackupDamagedError, "The files of {qube} are not those that were written."),
    Row("qube-data-missing", errors.BackupDamagedError, "The data of {qube} are missing."),
    Row(
        "qube-without-manifest",
        errors.BackupDamagedError,
        "Without the manifest it is unknown whether {qube} is whole.",
    ),
    Row(
        "salvage-doubt",
        errors.BackupDamagedError,
        "The backup has no readable manifest, so a missing file could go unnoticed; read and whole: {files}.",
    ),
    Row("restored-not-removed", errors.BackupError, "What was restored of {qube} could not be removed: {why}"),
    Row("firewall-rules-limit", errors.BackupLimitError, "{file} holds more than {most} rules."),
    Row("firewall-version", errors.BackupDamagedError, "{file} has the unknown version {version}."),
    Row("firewall-policy", errors.BackupDamagedError, "{file} has the unknown policy {policy}."),
    Row("firewall-choice", errors.BackupDamagedError, "{file} has the unknown choice {option}={choice}."),
    Row("firewall-rule", errors.BackupDamagedError, "Rule {number} of {file} cannot be read: {why}"),
    Row("firewall-cut", errors.BackupDamagedError, "{why} Its rules end there: everything else is dropped."),
    Row("notes-not-utf8", errors.BackupDamagedError, "{file} is not text in UTF-8."),
    Row("notes-left-out", errors.BackupDamagedError, "{why} The notes are left out."),
    # -- the home of dom0 in a backup
    Row("home-too-many", errors.BackupError, "The home {path} has more than {most} files, or names that are too long."),
    Row("home-not-read", errors.BackupError, "The home {path} cannot be read: {why}."),
    Row("home-replaced", errors.BackupError, "The home was replaced while it was read."),
    Row("home-left-out", errors.BackupError, "Left out of the home of dom0: {paths}."),
    Row("home-changed", errors.BackupError, "Changed in the home of dom0 while it was read: {paths}."),
    Row("path-other-disk", errors.Mgmt1Error, "another file system"),
    Row("path-too-long", errors.Mgmt1Error, "its path is too long"),
    Row("path-other-kind", errors.Mgmt1Error, "neither file, folder nor link"),
    Row("path-folder-gone", errors.Mgmt1Error, "its folder is gone"),
    Row("path-changed", errors.Mgmt1Error, "it changed"),
    Row("path-grew", errors.Mgmt1Error, "it grew"),
    Row("path-kind-changed", errors.Mgmt1Error, "it is of another kind now"),
    Row("path-no-target", errors.Mgmt1Error, "a link without a valid target"),
    Row("path-hard-link-out", errors.Mgmt1Error, "a hard link to something that is not a file of the home"),
    Row("home-no-top", errors.BackupDamagedError, "The inner archive has no folder {folder}."),
    Row("home-unknown-kind", errors.BackupDamagedError, "{path} in the home of dom0 is of a kind that is not known."),
    Row("home-outside", errors.BackupDamagedError, "{path} in the backup is outside of the home of dom0."),
    Row(
        "home-bad-path",
        errors.BackupDamagedError,
        "The home of dom0 in the backup has the path {path}, which cannot be.",
    ),
    Row("home-path-too-long", errors.BackupLimitError, "The home of dom0 in the backup has a path that is too long."),
    Row("home-twice", errors.BackupDamagedError, "The home of dom0 in the backup holds {path} twice."),
    Row("home-not-a-folder", errors.BackupDamagedError, "The home of dom0 in the backup is not a folder."),
    Row("home-no-parent", errors.BackupDamagedError, "{path} in the home of dom0 is in no folder of the backup."),
    Row("home-too-many-files", errors.BackupLimitError, "The home of dom0 in the backup has more than {most} files."),
    Row("home-header-too-long", errors.BackupLimitError, "A header inside the home of dom0 is too long."),
    Row("home-two", errors.BackupDamagedError, "The backup holds two homes of dom0."),
    Row(
        "home-salvaged",
        errors.BackupDamagedError,
        "The home of dom0 is damaged: {why} Its first {entries} files, folders and links are whole, up to "
        "{last}; what follows is lost.",
    ),
    # -- what a backup cannot hold, or could not read
    Row("source-not-read", errors.BackupError, "{file} of {qube} could not be read: {why}"),
    Row(
        "left-out-properties",
        errors.BackupError,
        "Left out of {qube} in the backup are properties (not printable ASCII): {names}.",
    ),
    Row(
        "left-out-features",
        errors.BackupError,
        "Left out of {qube} in the backup are features (not printable ASCII): {names}.",
    ),
    Row(
        "left-out-devices",
        errors.BackupError,
        "Left out of {qube} in the backup are devices (not printable ASCII): {names}.",
    ),
    Row(
        "left-out-tags",
        errors.BackupError,
        "Left out of {qube} in the backup are tags (the restore tool of Qubes OS takes no such name): {names}.",
    ),
    Row(
        "left-out-system-properties",
        errors.BackupError,
        "Left out of the system in the backup are properties (not printable ASCII): {names}.",
    ),
    # -- what is decoded, as a noun
    Row("what-qube-name", errors.Mgmt1Error, "qube name"),
    Row("what-property-name", errors.Mgmt1Error, "property name"),
    Row("what-feature-name", errors.Mgmt1Error, "feature name"),
    Row("what-tag-of-qubes", errors.Mgmt1Error, "tag of Qubes OS"),
    Row("what-tag", errors.Mgmt1Error, "tag"),
    Row("what-label", errors.Mgmt1Error, "label"),
    Row("what-pool-name", errors.Mgmt1Error, "pool name"),
    Row("what-profile-id", errors.Mgmt1Error, "profile id"),
    Row("what-volume-name", errors.Mgmt1Error, "volume name"),
    Row("what-volume-id", errors.Mgmt1Error, "volume id"),
    Row("what-snapshot-id", errors.Mgmt1Error, "snapshot id"),
    Row("what-service", errors.Mgmt1Error, "service"),
    Row("what-rule-id", errors.Mgmt1Error, "rule id"),
    Row("what-device-id", errors.Mgmt1Error, "device id"),
    Row("what-device-interface", errors.Mgmt1Error, "interface of a device"),
    Row("what-device-identity", errors.Mgmt1Error, "identity of a device"),
    Row("what-log-name", errors.Mgmt1Error, "log name"),
    Row("what-policy-file-name", errors.Mgmt1Error, "policy file name"),
    Row("what-class-name", errors.Mgmt1Error, "class name"),
    Row("what-argument", errors.Mgmt1Error, "argument"),
    Row("what-answer", errors.Mgmt1Error, "answer"),
    Row("what-number", errors.Mgmt1Error, "number"),
    Row("what-payload", errors.Mgmt1Error, "payload"),
    Row("what-position", errors.Mgmt1Error, "position"),
    Row("what-profile", errors.Mgmt1Error, "profile"),
    Row("what-size", errors.Mgmt1Error, "size"),
    Row("what-text", errors.Mgmt1Error, "text"),
    Row("what-value", errors.Mgmt1Error, "value"),
    Row("what-given", errors.Mgmt1Error, "What was given"),
    Row("what-of-qube", errors.Mgmt1Error, "What {qube} gave"),
    Row("what-first-line", errors.Mgmt1Error, "The first line of {path}"),
    # -- requests, answers and events that do not decode
    Row("not-valid", errors.ProtocolError, "Not a valid {what}: {value}"),
    Row("text-not-utf8", errors.ProtocolError, "The {what} is not UTF-8."),
    Row("text-nul", errors.ProtocolError, "The {what} holds a NUL character."),
    Row("text-not-ascii", errors.ProtocolError, "The {what} holds something other than printable ASCII: {value}"),
    Row("pairs-no-pair", errors.ProtocolError, "The {what} holds something that is not key=value: {word}"),
    Row("pairs-twice", errors.ProtocolError, "The {what} names {key} twice."),
    Row("nothing-expected", errors.ProtocolError, "Nothing is expected here: {value}"),
    Row("not-escaped", errors.ProtocolError, "Not an escaped argument: {value}"),
    Row("not-a-volume-id", errors.ProtocolError, "Not a pool:vid pair: {value}"),
    Row("not-a-device-id", errors.ProtocolError, "Not a <backend>+<ident> pair: {value}"),
    Row("payload-lacks", errors.ProtocolError, "The payload does not say {keys}."),
    Row("history-limit", errors.ProtocolError, "The limit must be a number from 1 to {most}."),
    Row("payload-unknown", errors.ProtocolError, "The payload names something unknown: {keys}"),
    Row(
        "payload-pools",
        errors.ProtocolError,
        "The payload says either pool=<pool> or pool:<volume>=<pool>, and not both.",
    ),
    Row("payload-token", errors.ProtocolError, "The first line is the token, the content follows it."),
    Row("not-a-property", errors.ProtocolError, "Not the value of a property: {value}"),
    Row("not-a-state", errors.ProtocolError, "Not a state: {value}"),
    Row("not-a-bit", errors.ProtocolError, "Neither 0 nor 1: {value}"),
    Row("request-word", errors.ProtocolError, "Not possible in a request: {word}"),
    Row("request-not-ascii", errors.ProtocolError, "The request header is not ASCII."),
    Row("request-words", errors.ProtocolError, "The request header does not have four words."),
    Row("request-target", errors.ProtocolError, "The target of the request header is neither a name nor a keyword."),
    Row("request-header-too-long", errors.ProtocolError, "The request header is too long."),
    Row("header-not-arrived", errors.ProtocolError, "The request header did not arrive."),
    Row("no-destination", errors.ProtocolError, "There is no such destination: {target}"),
    Row("call-unknown", errors.ProtocolError, "Unknown call: {call}"),
    Row("call-not-here", errors.QubesNotImplementedError, "{call} is not available here."),
    # -- what qubesd does not have
    Row(
        "qubesd-no-answer",
        errors.NoAnswerError,
        "There is no answer from qubesd to {call}; the call may have been carried out.",
    ),
    Row("qubesd-refused", errors.PermissionDenied, "The policy does not allow this qube {call} on {qube}."),
    Row("qubesd-dom0-only", errors.PermissionDenied, "While qubesd answers, this daemon takes calls of dom0 only."),
    Row("call-not-in-qubes", errors.QubesNotImplementedError, "Qubes OS has no call for {call}. {instead}"),
    Row("not-in-qubes", errors.QubesNotImplementedError, "Qubes OS has no call for this. {instead}"),
    Row("qubes-dom0-notes", errors.QubesNotImplementedError, "Qubes OS keeps no notes of dom0."),
    Row(
        "instead-snapshot",
        errors.QubesNotImplementedError,
        "Qubes OS keeps the state of a volume when its qube halts.",
    ),
    Row("instead-disk", errors.QubesNotImplementedError, "Attach a block device instead."),
    Row(
        "instead-volume-remove",
        errors.QubesNotImplementedError,
        "Remove the volume in dom0 with the tools of its storage.",
    ),
    Row(
        "instead-devices-4-2",
        errors.QubesNotImplementedError,
        "Qubes 4.2 and older have no modes of assignment. Detach the device, or attach it persistently.",
    ),
    Row("instead-memory", errors.QubesNotImplementedError, "Run xl info in dom0."),
    Row("instead-logs", errors.QubesNotImplementedError, "The logs of the qubes are in /var/log/xen/console of dom0."),
    Row(
        "instead-mentions",
        errors.QubesNotImplementedError,
        "The policy is in /etc/qubes/policy.d of dom0, the backup profiles are in /etc/qubes/backup.",
    ),
    Row(
        "instead-history",
        errors.QubesNotImplementedError,
        "qubesd keeps no history of changes; the journal of dom0 has its log: journalctl -u qubesd.",
    ),
    Row("instead-backup", errors.QubesNotImplementedError, "Use qvm-backup in dom0."),
    Row(
        "instead-restore-dom0",
        errors.QubesNotImplementedError,
        "Restore the home and the configuration of dom0 with qvm-backup-restore there.",
    ),
    Row("instead-policy", errors.QubesNotImplementedError, "The policy is in /etc/qubes/policy.d of dom0."),
    Row(
        "qubes-class-unknown",
        errors.QubesValueError,
        "{qube} is of the class {klass} of Qubes OS, which is not known here: it cannot be copied.",
    ),
    Row("instead-run", errors.QubesNotImplementedError, "Run qvm-run --service in dom0."),
    Row("instead-admit", errors.QubesNotImplementedError, "There qrexec itself decides about each call."),
    Row("instead-default-kernel", errors.QubesNotImplementedError, "Set default_kernel instead of resetting it."),
    Row(
        "instead-profile-passphrase",
        errors.QubesNotImplementedError,
        "The passphrase of a backup is in its profile, in /etc/qubes/backup of dom0.",
    ),
    Row("qubes-ascii", errors.QubesValueError, "Qubes OS takes printable ASCII only: {value}"),
    Row("qubes-write-once", errors.QubesPropertyValueError, "{property} cannot be changed in Qubes OS."),
    Row("qubes-notes-long", errors.QubesValueError, "Qubes OS takes notes of at most {most} bytes."),
    Row(
        "qubes-comment",
        errors.QubesValueError,
        "Qubes OS takes letters, digits, blanks and : ; , . / _ [ ] - in the comment of a rule: {comment}",
    ),
    Row("qubes-rules-long", errors.QubesValueError, "Qubes OS takes rules of at most {most} bytes together."),
    Row("qubes-still-used", errors.QubesVMInUseError, "{qube} is still used: {uses}"),
    Row(
        "qubes-left-behind",
        errors.Mgmt1Error,
        "The new qube {qube} remains, because it cannot be removed. {why} {left}",
    ),
    Row(
        "qubes-rename-running",
        errors.QubesVMNotHaltedError,
        "{qube} is the template of qubes that run: {running}. Shut them down first.",
    ),
    Row(
        "qubes-both-kept",
        errors.Mgmt1Error,
        "{old} was cloned, and both qubes are kept. Changed to {new}: {changed}. Not changed: {unchanged}. {why}",
    ),
    Row("qubes-device-option", errors.QubesValueError, "A device in Qubes OS has no option {option}."),
    Row("call-to-dom0", errors.ProtocolError, "{call} is sent to dom0, not to {qube}."),
    Row("argument-too-long", errors.ProtocolError, "The argument of {call} is longer than {most} bytes."),
    Row("argument-missing", errors.ProtocolError, "{call} needs an argument: {what}."),
    Row("argument-surplus", errors.ProtocolError, "{call} takes no argument: {argument}"),
    Row("payload-surplus", errors.ProtocolError, "{call} takes no payload."),
    Row("payload-too-long", errors.ProtocolError, "The payload of {call} is longer than {most} bytes."),
    Row("payload-missing", errors.ProtocolError, "{call} needs a payload: {what}."),
    Row("payload-stalled", errors.ProtocolError, "No further part of the payload arrived for {seconds} seconds."),
    Row("payload-broken", errors.ProtocolError, "The connection broke before the end of the payload."),
    Row("payload-left", errors.ProtocolError, "The caller disconnected before the end of the payload."),
    Row("socket-user", errors.PermissionDenied, "User {user} may not use this socket."),
    Row("calls-of-source", errors.Mgmt1Error, "{qube} has {count} calls in progress; try again later."),
    Row("calls-too-many", errors.Mgmt1Error, "Too many calls are in progress; try again later."),
    Row("answer-empty", errors.ProtocolError, "The answer is empty."),
    Row("answer-unknown", errors.ProtocolError, "The answer starts with unknown bytes: {bytes}"),
    Row("answer-exception", errors.ProtocolError, "The answer holds an exception that does not decode."),
    Row("answer-row", errors.ProtocolError, "A row of the answer does not decode: {row}"),
    Row("answer-row-cut", errors.ProtocolError, "The last row of the answer is not complete."),
    Row("answer-row-too-long", errors.ProtocolError, "A row of the answer is longer than {most:MiB}."),
    Row("answer-too-long", errors.ProtocolError, "The answer to {call} is longer than 64 MiB."),
    Row("answer-qube-twice", errors.ProtocolError, "The answer names a qube twice."),
    Row("events-unknown", errors.ProtocolError, "The event stream holds unknown bytes: {bytes}"),
    Row("events-cut", errors.ProtocolError, "The event stream ended inside an event."),
    Row("event-too-long", errors.ProtocolError, "An event is longer than 1 MiB."),
    Row("event-not-utf8", errors.ProtocolError, "An event is not UTF-8."),
    Row("event-fields", errors.ProtocolError, "The event {event} of {subject} does not decode."),
    Row("event-other-record", errors.ProtocolError, "The event domain-add brings the record of another qube."),
    Row("not-one-event", errors.ProtocolError, "Not one event: {value}"),
    Row("record-not-decoded", errors.ProtocolError, "The record of a qube does not decode."),
    Row("not-a-run", errors.ProtocolError, "Not a run of a profile: {value}"),
    Row("run-without-start", errors.ProtocolError, "A run of a profile without its start or result: {value}"),
    Row("run-value", errors.ProtocolError, "A run of a backup profile has a wrong value of {key}."),
    Row("not-a-kept-backup", errors.ProtocolError, "Not a file with qubes: {value}"),
    Row("not-a-pair", errors.ProtocolError, "Not a key and a value: {value}"),
    Row("preview-number", errors.ProtocolError, "{key} is a number, not {value}."),
    Row("not-a-home-size", errors.ProtocolError, "Not the size of the home of dom0: {value}"),
    Row("not-a-config-item", errors.ProtocolError, "Not a part of the configuration of dom0: {value}"),
    Row("not-a-qube-size", errors.ProtocolError, "Not a qube and its size: {value}"),
    Row("not-stored-details", errors.ProtocolError, "The settings of a qube of the backup are not valid JSON."),
    Row("not-a-result", errors.ProtocolError, "Not the result of a restored qube: {value}"),
    Row("passphrase-one-line", errors.QubesValueError, "A passphrase is one line."),
    # -- the text of a firewall rule
    Row("rule-one-destination", errors.QubesValueError, "A rule has one destination: dst4, dst6 or dsthost."),
    Row("rule-ports-proto", errors.QubesValueError, "dstports needs proto=tcp or proto=udp."),
    Row("rule-icmp-proto", errors.QubesValueError, "icmptype needs proto=icmp."),
    Row("rule-dns-icmp", errors.QubesValueError, "specialtarget=dns goes over tcp and udp, never over icmp."),
    Row("rule-not-canonical", errors.QubesValueError, "{option}={value} is not in its canonical form."),
    Row("rule-spaces", errors.ProtocolError, "One space separates two options; there is none before the first."),
    Row("rule-no-option", errors.ProtocolError, "{word} is not an option of the form name=value."),
    Row("rule-option-twice", errors.ProtocolError, "The option {option} is there twice."),
    Row("rule-space-end", errors.ProtocolError, "A space ends the rule."),
    Row("rule-empty", errors.ProtocolError, "The rule is empty; it has at least action=accept or action=drop."),
    Row("rule-unknown-option", errors.ProtocolError, "There is no firewall option {option}; there are {options}."),
    Row("rule-no-action", errors.ProtocolError, "The rule has neither action=accept nor action=drop."),
    Row("rule-too-long", errors.ProtocolError, "A rule has at most {most} bytes."),
    Row("rule-not-ascii", errors.ProtocolError, "The rule is not ASCII text."),
    Row("rule-number", errors.QubesValueError, "{option} is a number from 0 to {most}, not {value}."),
    Row("rule-network", errors.QubesValueError, "{option} is a network such as {example}, not {value}."),
    Row("rule-host", errors.QubesValueError, "dsthost is a host name such as www.example.com, not {value}."),
    Row(
        "rule-host-digits",
        errors.QubesValueError,
        "dsthost is a host name, an address or a network; {value} is neither.",
    ),
    Row("rule-ports-order", errors.QubesValueError, "dstports goes from the lower port to the higher, not {value}."),
    Row("rule-one-host", errors.QubesValueError, "A rule has one destination. Add a rule for each of {value}."),
    Row(
        "rule-host-only", errors.QubesValueError, "Write only the name of the host, not an address of a page: {value}."
    ),
    Row(
        "rule-no-wildcard",
        errors.QubesValueError,
        "A firewall knows no wildcards. Add a rule for each host, or for their network, instead of {value}.",
    ),
    Row("rule-prefix", errors.QubesValueError, "{value} is not a network such as 10.0.0.0/8."),
    Row("rule-address", errors.QubesValueError, "{value} is not an address such as 10.0.0.1."),
    Row(
        "rule-host-bits",
        errors.QubesValueError,
        "{value} is an address within the network {network}. Write the network, or the address alone.",
    ),
    Row("rule-icmp-type", errors.QubesValueError, "An ICMP type is a number from 0 to {most}, not {value}."),
    Row("rule-ports-need-proto", errors.QubesValueError, "Choose TCP or UDP: other protocols have no ports."),
    Row("rule-ports-backwards", errors.QubesValueError, "A range goes from the lower port to the higher, not {value}."),
    Row(
        "rule-port",
        errors.QubesValueError,
        "A port is a number from 0 to {most} or the name of a service such as https, not {value}.",
    ),
    Row("rule-comment-ascii", errors.QubesValueError, "A comment is one line of printable ASCII."),
    Row("rule-comment-too-long", errors.QubesValueError, "A comment has at most {most} characters."),
    Row("rules-line", errors.ProtocolError, "Line {number}: {why}"),
    Row("rules-line-limit", errors.ProtocolError, "Line {number}: there are more than {most} rules."),
    # -- the folders of the daemon
    Row("policy-folder-not-read", errors.Mgmt1Error, "The policy folder {path} cannot be read: {why}."),
    Row("state-not-private", errors.Mgmt1Error, "{path} cannot be kept for the daemon alone: {why}."),
    Row("state-locked", errors.Mgmt1Error, "Another daemon keeps its state in {path}."),
    Row(
        "profile-not-editable",
        errors.ProtocolError,
        "The text of the profile cannot be edited; change the name by hand.",
    ),
    # -- of the client, about the daemon's answers on backups
    Row("backup-cancelled", errors.BackupCancelledError, "The backup was cancelled."),
    Row("profile-never-run", errors.BackupError, "The profile {profile} has never been carried out."),
    Row("answer-no-preview", errors.ProtocolError, "The answer does not say what the profile would do."),
    Row("answer-no-contents", errors.ProtocolError, "The answer does not say what is in the backup."),
    Row("backup-file-not-read", errors.BackupError, "The file {path} cannot be read: {why}."),
    # -- what this computer lacks
    Row("paths-need-root", errors.Mgmt1Error, "Network namespaces and taps need root."),
    Row("no-tun", errors.Mgmt1Error, "This kernel has no /dev/net/tun."),
    Row("block-device-in-use", errors.DeviceAlreadyAttached, "{path} is in use by this computer."),
    Row("device-not-opened", errors.DeviceAlreadyAttached, "{path} cannot be opened: {why}."),
    # -- the store
    Row("store-not-opened", errors.Mgmt1Error, "The store {path} cannot be opened: {why}"),
    Row("store-not-copied", errors.Mgmt1Error, "The store cannot be copied to {path} before it is changed: {why}"),
    Row("store-closed", errors.Mgmt1Error, "The store is closed."),
    Row("store-not-read", errors.Mgmt1Error, "The store cannot be read: {why}"),
    Row("store-not-checked", errors.Mgmt1Error, "The rows of the store cannot be checked: {why}"),
    Row("change-not-stored", errors.Mgmt1Error, "The change could not be stored: {why}"),
    Row(
        "store-replaced",
        errors.Mgmt1Error,
        "The change could not be stored: {path} was deleted or replaced while the daemon runs. Put the file"
        " back, or stop the daemon before you replace the store.",
    ),
    Row("store-disk-unknown", errors.Mgmt1Error, "the disk of {path} is full and cannot be examined: {why}."),
    Row("store-disk-full", errors.Mgmt1Error, "the disk of {path} is full: {free:bytes} are left."),
    Row("store-newer", errors.Mgmt1Error, "The store was written by a newer version of this program."),
    # -- results of a restored qube, and what of it is left out
    Row("restore-not-asked", errors.BackupError, "It was not asked for."),
    Row(
        "restore-home-not-asked",
        errors.BackupError,
        "The home of dom0 is restored only when it is asked for (dom0-home).",
    ),
    Row("restore-no-class", errors.BackupError, "There are no qubes of the class {class} here."),
    Row(
        "restore-damaged-elsewhere",
        errors.BackupDamagedError,
        "It is whole; the backup is damaged elsewhere: {problems}",
    ),
    Row("restore-no-volume", errors.BackupDamagedError, "The file holds no volume {volumes} of {qube}."),
    Row("restore-no-template", errors.BackupError, "Its template {template} is missing."),
    Row("restore-no-netvm", errors.BackupError, "Its net qube {netvm} is missing."),
    Row(
        "restore-rules-cut",
        errors.BackupError,
        "Its firewall has more than {most} rules; after rule {last} all is dropped.",
    ),
    Row("restore-no-notes", errors.BackupError, "Its notes are left out: {why}"),
    Row(
        "restore-comment",
        errors.BackupError,
        "Qubes OS takes letters, digits, blanks and : ; , . / _ [ ] - in the comments of rules; others became _.",
    ),
    Row("restore-more-notes", errors.BackupError, "And {count} more that are not named here."),
    Row("restore-home-in", errors.BackupError, "Its home is in {path}: {files} files, {bytes:bytes}."),
    Row("restore-other-label", errors.BackupError, "There is no label {label}; it is {other}."),
    Row("restore-other-template", errors.BackupError, "Its template is {template}."),
    Row("restore-no-property", errors.BackupError, "A {class} has no property {property} here; {value} is left out."),
    Row("restore-default-netvm", errors.BackupError, "Its net qube is the default, not {netvm}: {why}"),
    Row("restore-without-netvm", errors.BackupError, "It has no net qube: {why}"),
    Row("restore-default-property", errors.BackupError, "{property} is the default: {why}"),
    Row("restore-no-autostart", errors.BackupError, "Its autostart is off, because it had PCI devices."),
    Row("restore-bad-name", errors.QubesValueError, "its name is not valid."),
    Row("restore-no-feature", errors.BackupError, "The feature {feature} is left out: {why}"),
    Row("restore-no-tag", errors.BackupError, "The tag {tag} is left out: it is not valid."),
    Row("restore-other-tag", errors.BackupError, "The tag {tag} is {other} here."),
    Row(
        "restore-devices-not-asked",
        errors.BackupError,
        "Not assigned again, because it was not asked for (devices=yes): {devices}.",
    ),
    Row("restore-device-limit", errors.BackupError, "{count} devices are left out: a qube has at most {most}."),
    Row("restore-no-device", errors.BackupError, "The device {device} is left out: {why}"),
    Row("restore-device-class", errors.QubesValueError, "there is no such class of devices."),
    Row("restore-device-backend", errors.QubesValueError, "there is no qube {qube} that could offer it."),
    Row("restore-device-mode", errors.QubesValueError, "its mode was {mode}, and here it would be attached unasked."),
    Row("restore-device-twice", errors.QubesValueError, "it is there twice."),
    Row("restore-device-place", errors.QubesValueError, "the qube has no place for another disk."),
    Row("restore-tag-limit", errors.BackupError, "{count} tags are left out: a qube has at most {most}."),
    Row("restore-notes-too-long", errors.BackupError, "The notes are left out: they are too long."),
    Row(
        "restore-feature-limit",
        errors.BackupError,
        "It has too many features, or too large ones; left out: {features}{more}.",
    ),
    Row("config-same", errors.BackupError, "It is the same here."),
    Row("config-added", errors.BackupError, "It is added."),
    Row("config-replaced", errors.BackupError, "It replaces the value here."),
    Row(
        "backup-no-space",
        errors.BackupSpaceError,
        "The backup may need {needed:MiB}, and {path} has {free:MiB} left.",
    ),
    # -- new pools and options of devices
    Row("pool-no-folder", errors.StoragePoolException, "{path} is not a folder."),
    Row(
        "pool-folder-foreign",
        errors.StoragePoolException,
        "The folder {path} is not empty and is not a pool: {name} lies in it. Name a folder that is empty "
        "or does not exist yet. If it is a pool of an earlier version, move away what is not a volume.",
    ),
    Row("device-option", errors.ProtocolError, "A {class} device has no option {option}; it has: {options}."),
    Row("option-choice", errors.QubesValueError, "{option} is one of {choices}, not {value}."),
    Row(
        "device-option-place",
        errors.QubesValueError,
        "{option} is xvde to xvdh, xvdy, xvdz or xvdaa to xvdaz, not {value}.",
    ),
    # -- what a backup profile may say
    Row("profile-key", errors.ProtocolError, "A backup profile has no key {key}; it has {keys}."),
    Row(
        "profile-two-destinations",
        errors.QubesValueError,
        "A backup profile has destination_path or destination_command, not both.",
    ),
    Row(
        "profile-two-passphrases",
        errors.QubesValueError,
        "A backup profile has only one of passphrase_text, passphrase_file and passphrase_vm.",
    ),
    Row("profile-command-vm", errors.QubesValueError, "destination_command is run in dom0; it has no destination_vm."),
    Row(
        "profile-verify-path",
        errors.QubesValueError,
        "verify and keep need a destination_path in dom0, which can be read again.",
    ),
    Row("profile-home-include", errors.QubesValueError, "dom0_home needs {name} in include."),
    Row(
        "profile-keep-verify",
        errors.QubesValueError,
        "keep needs verify: only a verified backup replaces an older one.",
    ),
    Row("profile-no-yaml", errors.ProtocolError, "The backup profile is not YAML."),
    Row("profile-no-yaml-line", errors.ProtocolError, "The backup profile is not YAML in line {line}."),
    Row("profile-no-keys", errors.ProtocolError, "A backup profile is a list of keys with their values."),
    Row("profile-too-many", errors.ProtocolError, "A backup profile has at most {most} values."),
    Row("profile-aliases", errors.ProtocolError, "A backup profile has no aliases."),
    Row("profile-too-deep", errors.ProtocolError, "A backup profile cannot be nested so deeply."),
    Row("profile-key-twice", errors.ProtocolError, "The backup profile has {key} twice."),
    Row("profile-one-line", errors.QubesValueError, "{key} is one line of text."),
    Row("profile-qube-list", errors.QubesValueError, "{key} is a list of qubes, {type}CLASS and {tag}TAG."),
    Row(
        "profile-no-qube-name",
        errors.QubesValueError,
        "{key} has {value}, which is not a qube, {type}CLASS or {tag}TAG.",
    ),
    Row("profile-qube", errors.QubesValueError, "{key} is the name of a qube."),
    Row("profile-qube-not", errors.QubesValueError, "{key} is the name of a qube, not {value}."),
    Row("profile-path", errors.QubesValueError, "{key} is an absolute path."),
    Row("profile-path-not", errors.QubesValueError, "{key} is an absolute path, not {value}."),
    Row("profile-command", errors.QubesValueError, "{key} is a list: the program and its arguments."),
    Row("profile-flag", errors.QubesValueError, "{key} is true or false."),
    Row("profile-user", errors.QubesValueError, "{key} is true, false or the name of a user."),
    Row("profile-keep", errors.QubesValueError, "{key} says how many backups to keep: last, daily, weekly, monthly."),
    Row("profile-keep-number", errors.QubesValueError, "{key}: {name} is a number up to {most}."),
    Row(
        "profile-schedule",
        errors.QubesValueError,
        "schedule is hourly, daily HH:MM, weekly mon HH:MM or monthly N HH:MM (N up to {day}), not {value}.",
    ),
    Row("passphrase-not-utf8", errors.BackupError, "{what} is not a passphrase: it is not UTF-8."),
    Row("passphrase-too-long", errors.BackupError, "{what} is not a passphrase: it has more than {most} bytes."),
    Row("passphrase-empty", errors.BackupError, "{what} is not a passphrase: one line of text is needed."),
    Row("passphrase-lines", errors.BackupError, "{what} is not a passphrase: it has more than one line."),
    # -- the new folder for the home of dom0
    Row(
        "home-folder-path",
        errors.BackupError,
        "The new folder for the home of dom0 needs an absolute path, not {path}.",
    ),
    Row("home-no-folder", errors.BackupError, "There is no folder {path} to unpack the home of dom0 in."),
    Row(
        "home-no-space",
        errors.BackupSpaceError,
        "The home of dom0 may need {needed:MiB}, and {path} has {free:MiB} left.",
    ),
    Row(
        "home-folder-exists",
        errors.BackupError,
        "There is already a {path}; the home of dom0 is unpacked into a new folder.",
    ),
    Row("home-folder-not-made", errors.BackupError, "The folder {path} cannot be created: {why}."),
)

BY_CODE: Mapping[str, Row] = {row.code: row for row in TABLE}


@cache
def by_format() -> Mapping[str, Row]:
    """The rows by their %-formats, which only the first refusal needs."""
    return {row.format: row for row in TABLE}


NESTED_FORMAT = "%.0s%s"
"""The format of a reason that contains a reason: JSON, which this format prints as nothing, and the English text."""


def text(reason: Reason) -> str:
    """The reason as an English sentence."""
    row = BY_CODE[reason.code]
    return row.filled(row.sentence, map(field_text, reason.fields))


def field_text(field: Field) -> str:
    """A field in English."""
    return field if isinstance(field, str) else text(field)


def as_reason(field: Field) -> Reason | None:
    """The field if it is a reason; None for text."""
    return field if isinstance(field, Reason) else None


def error_for(reason: Reason, kind: type[Mgmt1Error] | None = None) -> Mgmt1Error:
    """The error that refuses for this reason; of the class `kind` instead of the row's, if it is given."""
    return (kind or BY_CODE[reason.code].error)(text(reason), reason)


def refuse_if(reason: Reason | None) -> None:
    """Raises the error of the reason, if there is one."""
    if reason is not None:
        raise error_for(reason)


def refusal(code: str, *fields: Value) -> Mgmt1Error:
    """The error that refuses for the reason of this code and these fields."""
    return error_for(Reason(code, *fields))


def cause(failure: BaseException) -> Field:
    """An error as a field of another reason: its own reason, else its text."""
    own = failure.reason if isinstance(failure, Mgmt1Error) else None
    return own or str(failure)


def reason_of(error: Mgmt1Error) -> Reason:
    """The reason of an error; of an error that is only text, that text."""
    return error.reason or Reason("other-text", str(error))


def joined(fields: Sequence[Field]) -> Reason | None:
    """One reason that says all of these after each other; None for none. Empty texts are left out."""
    reasons = [as_reason(each) or Reason("other-text", each) for each in fields if each]
    return _in_pairs(reasons, lambda first, second: Reason("both-reasons", first, second)) if reasons else None


def listed(fields: Sequence[Field], more: int = 0) -> Field:
    """All of these with commas between, as one field, and how many more there are; empty text for none."""
    if all(isinstance(each, str) for each in fields):
        names: Field = ", ".join(map(field_text, fields))
    else:
        names = _in_pairs(fields, lambda first, second: Reason("list-two", first, second))
    return Reason("list-more", names, more) if more else names


def _in_pairs(fields: Sequence[T], both: Callable[[T, T], T]) -> T:
    """All of them as one, in pairs of pairs, so that many are not deep inside of each other."""
    while len(fields) > 1:
        pairs = [fields[at : at + 2] for at in range(0, len(fields), 2)]
        fields = [both(*pair) if len(pair) > 1 else pair[0] for pair in pairs]
    return fields[0]


def to_json(reason: Reason) -> dict[str, Any]:
    """`{"code": …, "fields": […]}` for a payload; a field is text or such an object."""
    return {"code": reason.code, "fields": [each if isinstance(each, str) else to_json(each) for each in reason.fields]}


def from_json(untrusted: object, depth: int = DEPTH) -> Reason | None:
    """The reason of such an object. None for anything else, for an unknown code and for a wrong number of fields."""
    if not isinstance(untrusted, dict) or not depth:
        return None
    code, values = untrusted.get("code"), untrusted.get("fields")
    row = BY_CODE.get(code) if isinstance(code, str) else None
    if row is None or not isinstance(values, list) or len(values) != len(row.fields):
        return None
    fields = [_clean(each) if isinstance(each, str) else from_json(each, depth - 1) for each in values]
    return None if None in fields else Reason(row.code, *(each for each in fields if each is not None))


def to_json_text(reason: Reason) -> str:
    """`to_json` as text, for a field of an event or of a frame."""
    return json.dumps(to_json(reason))


def from_json_text(untrusted: str) -> Reason | None:
    """The reason of such a text; None for any other, the empty one included."""
    try:
        return from_json(json.loads(untrusted))
    except (ValueError, RecursionError):
        return None


def to_format(reason: Reason) -> tuple[str, ...]:
    """A %-format and its fields: the row's, or `NESTED_FORMAT` with two fields for a reason that contains a reason."""
    fields = [each for each in reason.fields if isinstance(each, str)]
    if len(fields) == len(reason.fields):
        return BY_CODE[reason.code].format, *fields
    return NESTED_FORMAT, to_json_text(reason), text(reason)


def from_format(untrusted_format: str, untrusted_fields: Sequence[str]) -> Reason | None:
    """The reason of such a format and fields, found by the exact format; None for any other format."""
    if untrusted_format == NESTED_FORMAT and untrusted_fields:
        return from_json_text(untrusted_fields[0])
    row = by_format().get(untrusted_format)
    if row is None or len(untrusted_fields) != len(row.fields):
        return None
    return Reason(row.code, *untrusted_fields)


def _clean(untrusted: str) -> str:
    """The text as an exception frame can hold it: without NUL, and `?` for each surrogate."""
    return untrusted.replace("\x00", "").encode("utf-8", "replace").decode()
