# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a default comes from (the qube's template, or a system-wide property), and a feature that is not its own.

The daemon computes defaults; these functions find what it looked at, by the origins in THE PROPERTIES.
"""

from collections.abc import Mapping
from typing import NamedTuple

from qubesmanager.rules.facts import QubeFacts, Qubes
from qubesmanager.rules.properties import PROPERTIES
from qubesmanager.wire.values import VmClass


class Origin(NamedTuple):
    """Where a default comes from: a qube's name, or the name of a system-wide property; one of them is empty."""

    template: str = ""
    system: str = ""


def origin(record: QubeFacts, name: str, records: Qubes) -> Origin | None:
    """Where the default of a property comes from; None if it is the property's own."""
    template = records.get(record.value("template"))
    if name == "netvm" and record.klass is not VmClass.DISP:
        template = None
        if record.klass is VmClass.TEMPLATE or record.flag("provides_network"):
            return None
    row = PROPERTIES.get(name)
    if row is None:
        return None
    if row.from_template and template is not None and name in template.properties:
        return Origin(template=template.name)
    return Origin(system=row.from_system) if row.from_system else None


def inherited(record: QubeFacts, name: str, records: Qubes, system: Mapping[str, str]) -> str | None:
    """The value of a property without one of the qube's own; None where neither a template nor the system has it.

    `system` are the system-wide properties, as far as they are known.
    """
    came = origin(record, name, records)
    if came is None:
        return None
    return records[came.template].value(name) if came.template else system.get(came.system)


class Inherited(NamedTuple):
    """The value of a feature, and the template that it is set on."""

    value: str
    template: str


def inherited_features(template: str, records: Qubes) -> dict[str, Inherited]:
    """The features that a qube of this template inherits, by name: the nearest template with the feature gives it."""
    features: dict[str, Inherited] = {}
    for above in templates(template, records):
        for name, value in above.features.items():
            features.setdefault(name, Inherited(value, above.name))
    return features


def templates(template: str, records: Qubes) -> list[QubeFacts]:
    """A qube's template, the template of that, and so on."""
    chain: list[QubeFacts] = []
    at = records.get(template)
    while at is not None and at not in chain:
        chain.append(at)
        at = records.get(at.value("template"))
    return chain
