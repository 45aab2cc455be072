# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot modes: named sets of kernel options that a template offers to the qubes based on it.

A mode is made by the feature `boot-mode.kernelopts.MODE`, and its shown name is `boot-mode.name.MODE`, on the qube or
on a template above it, as Qubes OS 4.3 does. `default` always exists and adds no option.
"""

from collections.abc import Mapping

from qubesmanager.rules.facts import Facts, QubeFacts, Qubes
from qubesmanager.rules.inheritance import inherited_features
from qubesmanager.wire.reason import Reason

DEFAULT = "default"
_OPTIONS = "boot-mode.kernelopts."
_NAME = "boot-mode.name."


def modes(qube: QubeFacts, qubes: Qubes) -> dict[str, str]:
    """The modes that the qube can boot in, `default` first, each with its shown name."""
    features = _features(qube, qubes)
    offered = sorted(name.removeprefix(_OPTIONS) for name in features if name.startswith(_OPTIONS))
    return {mode: features.get(_NAME + mode) or mode for mode in dict.fromkeys([DEFAULT, *filter(None, offered)])}


def kernel_options(qube: QubeFacts, qubes: Qubes) -> str:
    """The options of the qube's boot mode for the kernel's command line; empty if no template offers the mode now."""
    return _features(qube, qubes).get(_OPTIONS + qube.value("bootmode"), "")


def why_not_boot_mode(facts: Facts, qube: QubeFacts, value: str) -> Reason | None:
    """Why a qube cannot have this boot mode: neither it nor a template offers it."""
    offered = modes(qube, facts.qubes)
    return None if value in offered else Reason("no-such-boot-mode", value, ", ".join(offered))


def _features(qube: QubeFacts, qubes: Qubes) -> Mapping[str, str]:
    """The features of the qube and of the templates above it; the nearest one decides."""
    above = inherited_features(qube.value("template"), qubes)
    return {**{name: feature.value for name, feature in above.items()}, **qube.features}
