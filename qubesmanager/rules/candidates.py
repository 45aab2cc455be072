# SPDX-License-Identifier: GPL-3.0-or-later
"""The choices for a property that names a template, a netvm, a disposable template or a kernel.

Names in the order of the qubes; who shows them sorts them.
"""

from qubesmanager.rules.creation import is_based_on
from qubesmanager.rules.facts import Qubes
from qubesmanager.wire.values import VmClass


def templates(qubes: Qubes, klass: VmClass) -> list[str]:
    """The possible sources of a new qube of this class."""
    return [qube.name for qube in qubes.values() if is_based_on(klass, qube)]


def netvms(qubes: Qubes) -> list[str]:
    """The qubes that provide network."""
    return [qube.name for qube in qubes.values() if qube.flag("provides_network")]


def disposable_templates(qubes: Qubes) -> list[str]:
    return templates(qubes, VmClass.DISP)


def kernels(qubes: Qubes) -> list[str]:
    """The kernels that qubes boot with now."""
    return list(dict.fromkeys(kernel for qube in qubes.values() if (kernel := qube.value("kernel"))))
