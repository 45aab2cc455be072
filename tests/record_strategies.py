# SPDX-License-Identifier: GPL-3.0-or-later
"""Random records for hypothesis."""

from hypothesis import strategies as st

from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import DeviceRecord, PropertyValue, VmRecord, VolumeRecord
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
REASON = st.none() | st.sampled_from([Reason("no-such-qube", "a"), Reason("of-qube", "a", Reason("no-such-qube", "b"))])
SIZE = st.integers(0, 1 << 50)
FLAG = st.booleans()
VOLUME = st.builds(VolumeRecord, TEXT, TEXT, TEXT, SIZE, SIZE, FLAG, FLAG, FLAG, FLAG, st.integers(0, 9), FLAG)
DEVICE = st.builds(
    DeviceRecord,
    st.sampled_from(DeviceClass),
    TEXT,
    TEXT,
    FLAG,
    st.fixed_dictionaries({}, optional={"read-only": st.just("yes"), "persistent": st.sampled_from(["yes", "no"])}),
)
RECORD = st.builds(
    VmRecord,
    st.just("work"),
    st.sampled_from(VmClass),
    st.sampled_from(PowerState),
    st.dictionaries(TEXT, st.builds(PropertyValue, TEXT, FLAG, REASON), max_size=3),
    st.dictionaries(TEXT, TEXT, max_size=3),
    st.frozensets(TEXT, max_size=3),
    st.lists(VOLUME, max_size=3).map(tuple),
    st.lists(DEVICE, max_size=3).map(tuple),
    TEXT,
)
