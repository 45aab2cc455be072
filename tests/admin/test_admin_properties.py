# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the properties of Qubes OS against that of mgmt1."""

from qubesmanager.admin import properties
from qubesmanager.rules.properties import PROPERTIES, SYSTEM_PROPERTIES
from qubesmanager.wire.values import VmClass


def test_mgmt1_has_a_property_for_no_class_that_has_none_in_qubes_os() -> None:
    for name, row in properties.OF_GUESTS.items():
        ours = PROPERTIES.get(name)
        others = {VmClass.ADMIN, VmClass.REMOTE}
        assert ours is None or not row.mgmt1_name or ours.classes - others <= row.classes, name


def test_a_property_has_the_type_that_mgmt1_gives_it() -> None:
    for rows, table in ((properties.OF_GUESTS, PROPERTIES), (properties.SYSTEM, SYSTEM_PROPERTIES)):
        for name, row in rows.items():
            ours = table.get(name)
            assert ours is None or not row.mgmt1_name or ours.type.value == row.type, name


def test_names_are_in_the_order_of_qubes_os() -> None:
    for rows in properties.BY_CLASS.values():
        names = list(rows)
        first = [name for name in names if name not in LAST]
        assert names == [*sorted(first), *sorted(LAST & rows.keys())]
    assert list(properties.SYSTEM) == sorted(properties.SYSTEM)


LAST = {
    "appvm_default_bootmode", "audiovm", "bootmode", "default_dispvm", "guivm", "kernelopts", "management_dispvm",
    "netvm", "template", "relayvm",
}  # fmt: skip
"""The properties that Qubes OS lists after the others."""
