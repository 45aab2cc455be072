# SPDX-License-Identifier: GPL-3.0-or-later
"""What devices there are and how they are shown, row by row."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PyQt5.QtCore import QModelIndex, QPersistentModelIndex, Qt
from pytestqt.modeltest import ModelTester
from samples import vm

from qubesmanager.models.device_catalog import LONGEST, Device, DeviceCatalog, DeviceMark, Doing, Kind, Step, harmless
from qubesmanager.models.device_tree import NAME, PLACE, SIZE, STATE, DeviceTree, state_line
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.wire.codecs import AvailableDevice
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import DeviceRecord, VmRecord
from qubesmanager.wire.values import DeviceClass

BLOCK, USB, MIC, PCI = DeviceClass.BLOCK, DeviceClass.USB, DeviceClass.MIC, DeviceClass.PCI
STICK = AvailableDevice("sda", {"size": str(32 << 30)}, "USB Stick")
PART = AvailableDevice("sda1", {"size": str(1 << 30), "parent": "sda"}, "USB Stick: photos")
SDA = DeviceKey(BLOCK, "sys-usb", "sda")
SDA1 = DeviceKey(BLOCK, "sys-usb", "sda1")


@pytest.fixture
def catalog(qapp: object) -> DeviceCatalog:
    return DeviceCatalog()


def filled(catalog: DeviceCatalog) -> DeviceCatalog:
    catalog.offer("sys-usb", BLOCK, [STICK, PART])
    catalog.offer("sys-usb", USB, [AvailableDevice("2-1", {}, "HD Webcam C920"), AvailableDevice("2-3", {}, "Key")])
    catalog.offer("dom0", MIC, [AvailableDevice("mic", {}, "Microphone")])
    catalog.offer("dom0", PCI, [AvailableDevice("00_14.0", {}, "USB controller")])
    return catalog


def having(name: str, *devices: DeviceRecord) -> VmRecord:
    return replace(vm(name), devices=devices)


def has(key: DeviceKey, *, attached: bool = True, persistent: bool = False) -> DeviceRecord:
    return DeviceRecord(*key, attached, {"persistent": "yes"} if persistent else {})


Shown = list[tuple[str, "Shown"]]


def shown(model: DeviceTree, parent: QModelIndex | None = None) -> Shown:
    at = parent if parent is not None else QModelIndex()
    rows = [model.index(row, NAME, at) for row in range(model.rowCount(at))]
    return [(row.data(), shown(model, row)) for row in rows]


def cell(model: DeviceTree, key: DeviceKey, column: int) -> str:
    text: str = model.index_of(key).siblingAtColumn(column).data()
    return text


@pytest.mark.parametrize(("attached", "other"), [(SDA, SDA1), (SDA1, SDA)], ids=["disk", "partition"])
def test_a_disk_and_its_partition_are_not_offered_beside_each_other(
    catalog: DeviceCatalog, attached: DeviceKey, other: DeviceKey
) -> None:
    filled(catalog)
    catalog.offer("sys-usb", BLOCK, [STICK, PART, AvailableDevice("sdb", {}, "Another")])

    catalog.put([having("work", has(attached))])
    taken = {key: device.taken for key, device in catalog.devices().items() if device.taken is not None}
    assert taken == {other: Reason("device-attached", "sys-usb", attached.ident, "work")}
    assert state_line(catalog.devices()[other]) == f"sys-usb+{attached.ident} is attached to work"

    catalog.put([having("work")])
    assert not any(device.taken for device in catalog.devices().values())


def test_devices_are_grouped_by_kind_with_partitions_below_their_disk(catalog: DeviceCatalog) -> None:
    model = DeviceTree(filled(catalog))

    assert shown(model) == [
        ("Disks", [("USB Stick", [("USB Stick: photos", [])])]),
        ("Cameras", [("HD Webcam C920", [])]),
        ("Microphone", [("Microphone", [])]),
        ("USB devices", [("Key", [])]),
        ("PCI devices (attached in a qube's settings)", [("USB controller", [])]),
    ]
    assert cell(model, SDA, SIZE).startswith("32")
    assert cell(model, SDA1, PLACE) == "sys-usb:sda1"


def test_the_tree_keeps_qts_contract(catalog: DeviceCatalog, qtmodeltester: ModelTester) -> None:
    model = DeviceTree(filled(catalog))

    qtmodeltester.check(model)  # type: ignore[no-untyped-call] # not annotated there
    qtmodeltester.check(model, force_py=True)  # type: ignore[no-untyped-call]


def test_the_qubes_that_have_a_device_or_get_it_at_start_are_shown(catalog: DeviceCatalog) -> None:
    model = DeviceTree(filled(catalog))
    catalog.put([having("work", has(SDA)), having("vault", has(SDA1, attached=False, persistent=True))])

    assert cell(model, SDA, STATE) == "attached to work"
    assert cell(model, SDA1, STATE) == "at the start of vault · sys-usb+sda is attached to work"


def test_an_assigned_device_that_is_not_there_is_shown_as_such(catalog: DeviceCatalog) -> None:
    model = DeviceTree(catalog)
    catalog.put([having("vault", has(SDA, attached=False, persistent=True))])

    assert shown(model) == [("Disks", [("sys-usb:sda", [])])]
    assert cell(model, SDA, STATE) == "not there; for vault"


def test_a_later_device_is_marked_new_until_the_user_has_seen_it(catalog: DeviceCatalog) -> None:
    catalog.offer("sys-usb", BLOCK, [])
    model = DeviceTree(catalog)
    came: list[tuple[Device, ...]] = []
    catalog.came.connect(came.append)

    catalog.offer("sys-usb", BLOCK, [STICK])
    assert [[device.key for device in batch] for batch in came] == [[SDA]]
    assert cell(model, SDA, STATE) == "new"
    catalog.seen()

    assert cell(model, SDA, STATE) == ""


def test_devices_of_the_first_answer_are_not_marked_new(catalog: DeviceCatalog) -> None:
    came: list[object] = []
    catalog.came.connect(came.append)
    filled(catalog)

    assert came == []
    assert not any(device.new for device in catalog.devices().values())


def test_attach_and_detach_are_reported_once_and_not_for_the_initial_state(catalog: DeviceCatalog) -> None:
    filled(catalog)
    changes: list[tuple[str, DeviceKey, str]] = []
    catalog.attached.connect(lambda device, qube: changes.append(("attached", device.key, qube)))
    catalog.detached.connect(lambda device, qube: changes.append(("detached", device.key, qube)))

    catalog.put([having("personal", has(SDA1)), vm("work")])
    catalog.put([having("work", has(SDA))])
    catalog.put([having("work", has(SDA))])
    catalog.put([vm("work")])

    assert changes == [("attached", SDA, "work"), ("detached", SDA, "work")]


def test_a_qube_that_is_gone_neither_has_nor_offers_anything(catalog: DeviceCatalog) -> None:
    model = DeviceTree(filled(catalog))
    catalog.put([having("work", has(DeviceKey(MIC, "dom0", "mic")))])

    catalog.remove(["work", "sys-usb"])

    assert [kind for kind, _ in shown(model)] == ["Microphone", "PCI devices (attached in a qube's settings)"]
    assert cell(model, DeviceKey(MIC, "dom0", "mic"), STATE) == ""


def test_a_nickname_and_a_favourite_belong_to_the_device_not_to_its_place(catalog: DeviceCatalog) -> None:
    model = DeviceTree(filled(catalog))
    catalog.remember({catalog.devices()[SDA].memory_key: DeviceMark("my stick", True)})
    assert cell(model, SDA, NAME) == "★ my stick"

    catalog.offer("sys-usb", BLOCK, [AvailableDevice("sda", {}, "Another disk")])

    assert cell(model, SDA, NAME) == "Another disk"


def test_a_filter_shows_what_holds_all_words_and_the_disk_of_a_part(catalog: DeviceCatalog) -> None:
    model = DeviceTree(filled(catalog))

    model.set_filter("photos SYS-USB")
    assert shown(model) == [("Disks", [("USB Stick", [("USB Stick: photos", [])])])]
    model.set_filter("stick nothing")
    assert shown(model) == []
    model.set_filter("")

    assert len(shown(model)) == len(Kind)


def test_a_failed_attach_is_shown_until_it_is_taken_back(catalog: DeviceCatalog) -> None:
    model = DeviceTree(filled(catalog))
    failed: list[Device] = []
    catalog.failed.connect(failed.append)

    catalog.do(catalog.devices()[SDA], Doing(Step.ATTACHING, "work"))
    assert cell(model, SDA, STATE) == "attaching to work…"
    catalog.do(catalog.devices()[SDA], Doing(Step.FAILED, "work", "It is <b>broken</b>."))
    assert cell(model, SDA, STATE) == "failed with work"
    assert "&lt;b&gt;broken" in model.index_of(SDA).data(Qt.ItemDataRole.ToolTipRole)
    catalog.do(catalog.devices()[SDA], None)

    assert [device.key for device in failed] == [SDA]
    assert cell(model, SDA, STATE) == ""


def test_a_change_leaves_the_other_rows_where_they_are(catalog: DeviceCatalog) -> None:
    model = DeviceTree(filled(catalog))
    kept = QPersistentModelIndex(model.index_of(SDA1))

    catalog.offer("sys-usb", USB, [AvailableDevice("9-9", {}, "A new one")])
    catalog.put([having("work", has(SDA))])

    assert kept.isValid()
    assert kept.data() == "USB Stick: photos"


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=60)
def test_a_description_is_made_one_short_line_of_printable_ascii(untrusted: str) -> None:
    line = harmless(untrusted)

    assert len(line) <= LONGEST
    assert line.removesuffix("…").isascii()
    assert not line or line.isprintable()


HOSTILE = (
    "<b>bold</b> & <img src=x>",
    "line\nbreak\x00\x1b[31m",
    "x" * 10_000,
    "\u202egnp.exe\u2066",
    "A\u0301" * 40,
    "&File && \t tabs",
)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_description_stays_plain_text_on_one_line(catalog: DeviceCatalog, hostile: str) -> None:
    catalog.offer("sys-usb", BLOCK, [AvailableDevice("sda", {"size": "9" * 5000, "parent": "sda"}, hostile)])
    model = DeviceTree(catalog)

    name = cell(model, SDA, NAME)
    tip = model.index_of(SDA).data(Qt.ItemDataRole.ToolTipRole)

    assert name.isprintable()
    assert len(name) <= LONGEST
    assert "\u202e" not in tip + name
    assert "<img" not in tip
    assert "<b>" not in tip
    assert len(tip) < 10 * LONGEST


BACKENDS = st.sampled_from(["dom0", "sys-usb"])
IDENTS = st.sampled_from(["sda", "sda1", "sdb", "sdb1"])
OFFERS = st.dictionaries(IDENTS, st.sampled_from(["", "sda", "sdb"]), max_size=4)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), BACKENDS, OFFERS),
        st.tuples(st.just("filter"), st.sampled_from(["", "sda", "sys-usb sdb1", "1"]), st.none()),
        st.tuples(st.just("have"), BACKENDS, st.lists(IDENTS, max_size=2, unique=True)),
        st.tuples(st.just("gone"), BACKENDS, st.none()),
    ),
    max_size=10,
)


@given(CHANGES)
@settings(deadline=None, max_examples=60)
def test_after_any_events_the_tree_equals_a_new_one(changes: Iterable[tuple[str, str, object]]) -> None:
    catalog = DeviceCatalog()
    model = DeviceTree(catalog)
    words = ""

    for what, name, value in changes:
        if what == "offer" and isinstance(value, dict):
            rows = [AvailableDevice(ident, {"parent": parent}, f"Disk {ident}") for ident, parent in value.items()]
            catalog.offer(name, BLOCK, rows)
        elif what == "filter":
            words = name
            model.set_filter(words)
        elif what == "have" and isinstance(value, list):
            catalog.put([having("work", *(has(DeviceKey(BLOCK, name, ident)) for ident in value))])
        else:
            catalog.remove([name])
        fresh = DeviceTree(catalog)
        fresh.set_filter(words)
        assert shown(model) == shown(fresh)
        if not words:
            assert _count(shown(model)) - len(shown(model)) == len(catalog.devices())


def _count(rows: Shown) -> int:
    return sum(1 + _count(below) for _, below in rows)


def test_an_unusual_mode_is_shown_next_to_the_qube(catalog: DeviceCatalog) -> None:
    filled(catalog)
    asked = DeviceRecord(*SDA, False, {"persistent": "yes", "mode": "ask-to-attach"})

    catalog.put([having("work", asked), having("vault", has(SDA, attached=False, persistent=True))])

    assert state_line(catalog.devices()[SDA]) == "at the start of vault, work (asks first)"
