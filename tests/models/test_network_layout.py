# SPDX-License-Identifier: GPL-3.0-or-later
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from samples import vm

from qubesmanager.models.network_layout import (
    HALTED_SHOWN,
    OTHERS_SHOWN,
    OUTSIDE,
    Layout,
    Link,
    Place,
    What,
    lay_out,
)
from qubesmanager.rules.topology import Mark
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import PowerState, VmClass


def router(name: str, netvm: str = "", state: PowerState = PowerState.RUNNING) -> VmRecord:
    return vm(name, state=state, netvm=netvm, provides_network="yes", firewall_state="enforced")


def user(name: str, netvm: str = "", state: PowerState = PowerState.HALTED) -> VmRecord:
    return vm(name, state=state, netvm=netvm, firewall_state="enforced")


def by_name(*records: VmRecord) -> dict[str, VmRecord]:
    return {record.name: record for record in records}


def links(layout: Layout) -> set[tuple[str, str, Link]]:
    return {(edge.user.removeprefix("qube:"), edge.netvm.removeprefix("qube:"), edge.link) for edge in layout.edges}


def place(layout: Layout, name: str) -> Place:
    return layout.by_qube[name]


USUAL = by_name(
    vm("dom0", VmClass.ADMIN, PowerState.RUNNING),
    router("sys-net"),
    router("sys-firewall", "sys-net"),
    router("sys-vpn", "sys-firewall"),
    user("work", "sys-vpn", PowerState.RUNNING),
    user("mail", "sys-firewall"),
    user("untrusted", "sys-net", PowerState.RUNNING),
    user("vault"),
)


def test_hops_to_the_outside_are_columns_and_an_edge_leads_from_each_qube_to_its_netvm() -> None:
    layout = lay_out(USUAL)

    columns = {name: at.column for name, at in layout.by_qube.items() if not at.is_lane}
    assert columns == {"sys-net": 1, "sys-firewall": 2, "untrusted": 2, "sys-vpn": 3, "mail": 3, "work": 4}
    assert layout.columns == 5
    assert links(layout) == {
        ("sys-net", OUTSIDE, Link.LIVE),
        ("sys-firewall", "sys-net", Link.LIVE),
        ("sys-vpn", "sys-firewall", Link.LIVE),
        ("work", "sys-vpn", Link.LIVE),
        ("mail", "sys-firewall", Link.IDLE),
        ("untrusted", "sys-net", Link.AROUND),
    }
    assert place(layout, "vault").is_lane
    assert "dom0" not in layout.by_qube


def test_a_path_around_the_firewall_has_a_badge_that_takes_room() -> None:
    layout = lay_out(USUAL)

    marked = place(layout, "untrusted")
    assert marked.remark is not None
    assert marked.remark.mark is Mark.AROUND
    assert marked.height > place(layout, "mail").height


def test_halted_qubes_beyond_a_few_share_a_place_that_opens_and_closes() -> None:
    names = [f"app{number}" for number in range(20)]
    records = by_name(router("sys-net"), *(user(name, "sys-net") for name in names))

    folded = lay_out(records)
    shared = place(folded, "app19")
    assert shared.what is What.HALTED
    assert list(shared.names) == names[HALTED_SHOWN:]
    assert (shared.key, "sys-net", Link.IDLE) in links(folded)

    opened = lay_out(records, {shared.fold})
    assert {at.what for at in opened.by_qube.values()} == {What.QUBE}
    closing = [each for each in opened.places if each.what is What.FEWER]
    assert [each.fold for each in closing] == [shared.fold]


def test_running_qubes_share_a_place_only_when_they_are_many_and_never_one_that_is_wanted_alone() -> None:
    names = [f"app{number}" for number in range(OTHERS_SHOWN + 5)]
    records = by_name(router("sys-net"), *(user(name, "sys-net", PowerState.RUNNING) for name in names))

    layout = lay_out(records, (), {names[-1]})

    assert place(layout, names[-1]).what is What.QUBE
    assert place(layout, names[-2]).what is What.OTHERS
    assert (place(layout, names[-2]).key, "sys-net", Link.LIVE) in links(layout)


def test_templates_share_a_place_in_the_lane() -> None:
    layout = lay_out(by_name(vm("debian", VmClass.TEMPLATE), vm("fedora", VmClass.TEMPLATE), user("vault")))

    assert place(layout, "debian") == place(layout, "fedora")
    assert place(layout, "debian").what is What.TEMPLATES
    assert place(lay_out(by_name(vm("debian", VmClass.TEMPLATE))), "debian").what is What.QUBE


def test_a_loop_is_drawn_with_what_hangs_on_it_and_a_missing_netvm_has_a_place() -> None:
    layout = lay_out(by_name(router("b", "c"), router("c", "b"), user("a", "c"), user("lost", "gone")))

    assert place(layout, "b").column == 1
    assert links(layout) == {
        ("c", "b", Link.LIVE),
        ("b", "c", Link.LOOP),
        ("a", "c", Link.IDLE),
        ("lost", "missing:gone", Link.IDLE),
    }


def test_a_chain_of_a_thousand_netvms_is_laid_out() -> None:
    names = [f"net{number}" for number in range(1000)]
    layout = lay_out(by_name(*(router(name, names[at - 1] if at else "") for at, name in enumerate(names))))

    assert layout.columns == 1001
    assert layout.rows == 1


NAMES = st.sampled_from([f"q{number}" for number in range(30)])
STATES = st.sampled_from([PowerState.RUNNING, PowerState.HALTED, PowerState.PAUSED])
CLASSES = st.sampled_from([VmClass.APP, VmClass.TEMPLATE, VmClass.DISP, VmClass.ADMIN])


@st.composite
def systems(draw: st.DrawFn) -> list[VmRecord]:
    """Any qubes: loops, missing net qubes, net qubes that give no network."""
    names = draw(st.lists(NAMES, unique=True))
    return [
        vm(
            name,
            draw(CLASSES),
            draw(STATES),
            netvm=draw(NAMES | st.just("")),
            provides_network=draw(st.sampled_from(["yes", ""])),
            default_dispvm=draw(NAMES | st.just("")),
        )
        for name in names
    ]


@given(systems(), st.data())
def test_no_places_overlap_and_every_qube_and_edge_is_drawn_once(records: list[VmRecord], data: st.DataObject) -> None:
    alone = data.draw(st.frozensets(NAMES))
    first = lay_out(by_name(*records), (), alone)
    folds = sorted({at.fold for at in first.places if at.fold})
    opened = data.draw(st.frozensets(st.sampled_from(folds))) if folds else frozenset()

    layout = lay_out(by_name(*records), opened, alone)

    assert layout == lay_out(by_name(*reversed(records)), opened, alone)
    keys = [each.key for each in layout.places]
    assert len(keys) == len(set(keys))
    guests = {record.name: record for record in records if record.klass is not VmClass.ADMIN}
    drawn = [name for each in layout.places if each.what is not What.MISSING for name in each.names]
    assert sorted(drawn) == sorted(guests)
    for one, other in combinations(layout.places, 2):
        if (one.is_lane, one.column) == (other.is_lane, other.column):
            assert one.top + one.height <= other.top + 1e-6 or other.top + other.height <= one.top + 1e-6
    for each in layout.places:
        rows = layout.lane_rows if each.is_lane else layout.rows
        assert each.top >= 0
        assert each.top + each.height <= rows + 1e-6 or each.what is What.OUTSIDE
        assert 0 <= each.column < (layout.lane_columns if each.is_lane else layout.columns)
    edges = {(edge.user, edge.netvm) for edge in layout.edges}
    assert len(edges) == len(layout.edges)
    assert {key for edge in edges for key in edge} <= set(keys)
    for name, record in guests.items():
        netvm = record.value("netvm")
        if netvm:
            giver = layout.by_qube[netvm].key if netvm in guests else f"missing:{netvm}"
            assert (layout.by_qube[name].key, giver) in edges
