# SPDX-License-Identifier: GPL-3.0-or-later
"""References to a qube: in properties of other qubes, by devices that it offers to them, in system-wide properties.

A default is no reference: it follows by itself. A reference in words is `work (netvm)`, `work (block device sda)` or
`the system property clockvm`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from qubesmanager.rules.facts import Facts, own_value
from qubesmanager.rules.sight import OTHER
from qubesmanager.rules.stepwise import Steps, Stepwise, of_each

REFERENCES = ("template", "netvm", "default_dispvm", "management_dispvm", "guivm", "audiovm", "relayvm")
"""The properties of a qube that name another one."""

SYSTEM_REFERENCES = (
    "default_netvm",
    "default_template",
    "default_dispvm",
    "management_dispvm",
    "default_guivm",
    "default_audiovm",
    "clockvm",
    "updatevm",
)
"""The system-wide properties that name a qube."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`user` refers to a qube by `how`, a property or a device; without a user a system-wide property does."""

    user: str
    how: str


References = Mapping[str, Collection[Reference]]


@Stepwise
def references_to(facts: Facts, names: Collection[str]) -> Steps[dict[str, list[Reference]]]:
    """The references to each of the qubes, except its own; one pass over all qubes."""
    references: dict[str, list[Reference]] = {name: [] for name in names}
    for user in facts.qubes.values():
        named = [(own_value(user, prop), prop) for prop in REFERENCES]
        named += [(device.backend, f"{device.device_class} device {device.ident}") for device in user.devices]
        for name, how in named:
            if name in references and name != user.name:
                references[name].append(Reference(user.name, how))
        yield
    for prop in SYSTEM_REFERENCES:
        if (name := facts.system(prop)) in references:
            references[name].append(Reference("", prop))
    return references


@Stepwise
def reference_texts(facts: Facts, references: Collection[Reference]) -> Steps[list[str]]:
    """References in words, sorted; those of qubes that the caller does not see are one `OTHER` at the end."""
    texts = {*(yield from of_each(references, lambda each: _text(facts, each)))}
    return [*sorted(texts - {OTHER}), *(texts & {OTHER})]


def _text(facts: Facts, reference: Reference) -> str:
    if not reference.user:
        return f"the system property {reference.how}"
    return f"{reference.user} ({reference.how})" if facts.sees(reference.user) else OTHER


def referrers(facts: Facts, name: str) -> list[str]:
    """The references to a qube, as texts."""
    return reference_texts(facts, references_to(facts, [name])[name])


@Stepwise
def removal_order(references: References) -> Steps[list[str]]:
    """The qubes of `references` that can be removed one after the other: each before those that it refers to.

    One that something else refers to, or that refers to another in a ring, is left out.
    """
    order: dict[str, None] = {}
    left = sorted(references)
    while True:
        free: dict[str, None] = {}
        for name in left:
            if all(each.user in order for each in references[name]):
                free[name] = None
            yield
        if not free:
            return list(order)
        order |= free
        left = [name for name in left if name not in free]
