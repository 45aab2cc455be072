# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a backup says: what is taken over is what calls would accept, and no chain of netvms closes."""

import asyncio
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.backup.archive.contents import Device
from qubesmanager.backup.archive.contents import Qube as KeptQube
from qubesmanager.daemon.local.core import properties
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import State
from qubesmanager.daemon.local.core.volumes import KINDS
from qubesmanager.daemon.local.services.restored_settings import Choices, Incoming, take_settings
from qubesmanager.rules.devices import FRONTEND_DEV, checked_assignment, is_assigned_ident
from qubesmanager.rules.network import netvm_chain
from qubesmanager.rules.properties import BASED
from qubesmanager.rules.texts import why_not_feature
from qubesmanager.rules.volumes import KEPT_VOLUMES
from qubesmanager.wire.limits import RESTORED_FEATURE_BYTES
from qubesmanager.wire.names import FEATURE_NAME, TAG_NAME
from qubesmanager.wire.reasons import field_text
from qubesmanager.wire.values import DeviceClass, VmClass

NAMES = ("net-a", "net-b", "dvm", "disp", "plain")
EXISTING = ("sys-net", "work", "template", "dom0")
REFERENCES = st.sampled_from((*NAMES, *EXISTING, "nowhere", ""))
ODD = st.text(max_size=8) | st.sampled_from(
    ["True", "False", "yes", "no", "0", "32", "400", "4000", "99999999999", "*"]
)
SET = {
    **dict.fromkeys((*properties.TABLE, "devices_denied", "bootmode", "no such"), ODD),
    **dict.fromkeys(("netvm", "template", "default_dispvm", "guivm", "audiovm", "management_dispvm"), REFERENCES),
    **{name: st.sampled_from(["True", "False", "maybe"]) for name in ("provides_network", "template_for_dispvms")},
}
DEVICES = st.builds(
    Device,
    st.sampled_from([*DeviceClass, "gpu"]),
    REFERENCES,
    st.sampled_from(["sda", "2-1", "00_14.0", "../x", "*", "a\nb", ""]),
    st.booleans(),
    st.dictionaries(
        st.sampled_from(["read-only", "frontend-dev", "devtype", "no-strict-reset", "persistent", "x"]), ODD
    ),
    st.sampled_from(["", "0951:1666"]),
    st.sampled_from(["", "ask-to-attach"]),
)
KEPT = st.builds(
    KeptQube,
    st.just(""),
    st.sampled_from(["TemplateVM", "StandaloneVM", "AppVM", "DispVM"]),
    st.sampled_from(["red", "mauve"]),
    st.fixed_dictionaries({}, optional=SET),
    st.dictionaries(ODD, ODD, max_size=4),
    st.frozensets(ODD | st.sampled_from(["a.b", "created-by-x", "managed-by-net-a", "ok"]), max_size=4),
    st.lists(DEVICES, max_size=5).map(tuple),
)


def existing() -> State:
    """A system with a netvm, a qube behind it, a template, and a template for disposables."""
    state = State(labels={"red": "0xcc0000"}, system_own={"default_netvm": "sys-net", "default_template": "template"})
    state.load(
        [
            Qube(0, UUID(int=0), "dom0", VmClass.ADMIN),
            Qube(1, UUID(int=1), "sys-net", VmClass.STANDALONE, {"provides_network": "yes", "netvm": ""}),
            Qube(2, UUID(int=2), "template", VmClass.TEMPLATE),
            Qube(3, UUID(int=3), "work", VmClass.APP, {"template": "template", "template_for_dispvms": "yes"}),
        ]
    )
    return state


def restored(state: State, kept: dict[str, Any], choices: Choices) -> list[Incoming]:
    incoming = [
        Incoming(
            one,
            Qube(100 + number, UUID(int=100 + number), name, VmClass(one.klass)),
            one.properties.get("template", ""),
        )
        for number, (name, one) in enumerate(kept.items())
    ]
    asyncio.run(take_settings(state, incoming, choices))
    whole = [one for one in incoming if not one.failed]
    state.load([one.qube for one in whole])
    return whole


@given(st.dictionaries(st.sampled_from(NAMES), KEPT, min_size=1), st.booleans(), st.booleans())
def test_restored_settings_are_values_that_calls_accept(
    kept: dict[str, KeptQube], keep_default: bool, devices: bool
) -> None:
    state = existing()
    choices = Choices({name: name for name in kept}, "dom0", lambda _name: True, keep_default, devices)

    for one in restored(state, kept, choices):
        qube = one.qube
        assert ("template" in qube.own) == (qube.klass in BASED)
        for name, value in qube.own.items():
            row = properties.TABLE[name]
            assert qube.klass in row.classes
            # What refers to a qube may have changed it since; what it is itself may not.
            if name not in {"provides_network", "template_for_dispvms"}:
                assert row.accept(state, qube, value) == value
        assert all(TAG_NAME.matches(tag) for tag in qube.tags)
        assert {tag for tag in qube.tags if tag.startswith("created-by-")} == {"created-by-dom0"}
        assert all(FEATURE_NAME.matches(name) for name in qube.features)
        assert not any(why_not_feature(value, RESTORED_FEATURE_BYTES) for value in qube.features.values())
        disks = (each for each in qube.devices if each.device_class is DeviceClass.BLOCK and not each.any_port)
        places = [device.options[FRONTEND_DEV] for device in disks]
        assert len(set(places)) == len(places)
        for device in qube.devices:
            assert is_assigned_ident(device.ident)
            assert device.backend in state.qubes
            assert checked_assignment(device.device_class, device.options) == device.options
        assert devices or not qube.devices
        assert all(field_text(note).isprintable() for note in one.notes)

    for name in state.qubes:
        chain = netvm_chain(name, lambda at: state.qubes[at].value("netvm"))
        assert name not in chain
        assert all(state.qubes[at].flag("provides_network") for at in chain)


def test_a_backup_has_the_volumes_that_stay() -> None:
    kept = {klass: {kind.name for kind in kinds if kind.save_on_stop} for klass, kinds in KINDS.items()}

    assert {klass: names for klass, names in kept.items() if names} == KEPT_VOLUMES
