# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of new qubes, and why a source is not possible."""

from collections.abc import Mapping

from qubesmanager.rules.facts import Facts, QubeFacts
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import VmClass

FOR_DISPOSABLES = "template_for_dispvms"

DEFAULT_SOURCE: Mapping[VmClass, str] = {VmClass.APP: "default_template", VmClass.DISP: "default_dispvm"}
"""The system-wide property that names what a qube of the class is made from."""

DEFAULT = DOM0
"""As a source: the system's default, and for a StandaloneVM an empty root volume."""


def why_not_create(facts: Facts, klass: VmClass, source: str) -> Reason | None:
    """Why no qube of this class can be made from `source`, a qube's name or `DEFAULT`."""
    if klass is VmClass.TEMPLATE:
        return Reason("template-from-image")
    if klass is VmClass.ADMIN:
        return Reason("one-admin")
    if klass is VmClass.REMOTE:
        return None if source == DEFAULT else Reason("remote-without-source")
    name = source_of(facts, klass, source)
    if not name:
        return None if klass is VmClass.STANDALONE else Reason("no-default-template", DEFAULT_SOURCE[klass])
    base = facts.qubes.get(name)
    return Reason("no-such-qube", name) if base is None else why_not_based_on(klass, base)


def source_of(facts: Facts, klass: VmClass, source: str) -> str:
    """The qube that `source` means; empty if the system has no such default."""
    if source != DEFAULT:
        return source
    return facts.system(DEFAULT_SOURCE[klass]) if klass in DEFAULT_SOURCE else ""


def why_not_based_on(klass: VmClass, template: QubeFacts) -> Reason | None:
    """Why a qube of this class cannot be based on that template."""
    if is_based_on(klass, template):
        return None
    if klass is VmClass.REMOTE:
        return Reason("remote-without-source")
    return Reason("not-disposable-template" if klass is VmClass.DISP else "not-a-template", template.name)


def is_based_on(klass: VmClass, template: QubeFacts) -> bool:
    """Whether a qube of this class can be based on that template, for a look at all qubes: no reason is made."""
    if klass is VmClass.DISP:
        return template.klass is VmClass.APP and template.flag(FOR_DISPOSABLES)
    return template.klass is VmClass.TEMPLATE and klass is not VmClass.REMOTE
