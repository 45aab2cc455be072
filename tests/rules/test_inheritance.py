# SPDX-License-Identifier: GPL-3.0-or-later
"""Where defaults come from."""

from dataclasses import replace

import samples

from qubesmanager.rules.inheritance import (
    Inherited,
    Origin,
    inherited,
    inherited_features,
    origin,
)
from qubesmanager.wire.values import VmClass

RECORDS = {
    record.name: record
    for record in (
        samples.vm("fedora", VmClass.TEMPLATE, memory="500", netvm=""),
        samples.vm("work", template="fedora", guivm="dom0"),
        samples.vm("sys-net", VmClass.STANDALONE, provides_network="yes", kernel=""),
        samples.vm("dvm", template="fedora", netvm="sys-net"),
        samples.vm("disp1", VmClass.DISP, template="dvm"),
    )
}


def test_a_default_comes_from_the_template_or_from_the_system() -> None:
    work = RECORDS["work"]

    assert origin(work, "memory", RECORDS) == Origin(template="fedora")
    assert origin(work, "guivm", RECORDS) == Origin(system="default_guivm")
    assert origin(RECORDS["sys-net"], "kernel", RECORDS) == Origin(system="default_kernel")
    assert origin(work, "autostart", RECORDS) is None


def test_the_net_qube_comes_from_the_template_for_a_disposable_only() -> None:
    assert origin(RECORDS["work"], "netvm", RECORDS) == Origin(system="default_netvm")
    assert origin(RECORDS["disp1"], "netvm", RECORDS) == Origin(template="dvm")
    assert origin(RECORDS["sys-net"], "netvm", RECORDS) is None
    assert origin(RECORDS["fedora"], "netvm", RECORDS) is None


def test_a_feature_is_the_nearest_templates() -> None:
    fedora = replace(RECORDS["fedora"], features={"os": "Linux", "gui": "1"})
    dvm = replace(RECORDS["dvm"], features={"gui": ""})
    records = {**RECORDS, "fedora": fedora, "dvm": dvm}

    assert inherited_features("dvm", records) == {
        "gui": Inherited("", "dvm"),
        "os": Inherited("Linux", "fedora"),
    }
    assert inherited_features("", records) == {}


def test_the_value_that_a_property_would_inherit_is_computed() -> None:
    system = {"default_guivm": "dom0"}

    assert inherited(RECORDS["work"], "memory", RECORDS, system) == "500"
    assert inherited(RECORDS["work"], "guivm", RECORDS, system) == "dom0"
    assert inherited(RECORDS["work"], "netvm", RECORDS, system) is None
    assert inherited(RECORDS["work"], "autostart", RECORDS, system) is None
