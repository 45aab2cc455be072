# SPDX-License-Identifier: GPL-3.0-or-later
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import vm

from qubesmanager.rules.topology import Forest, Mark, Node, network_forest, template_forest
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import PowerState, VmClass


def router(name: str, netvm: str = "") -> VmRecord:
    return vm(name, netvm=netvm, provides_network="yes")


def by_name(*records: VmRecord) -> dict[str, VmRecord]:
    return {record.name: record for record in records}


def names(node: Node) -> list[str]:
    return [node.name, *(name for child in node.children for name in names(child))]


def everybody(forest: Forest) -> list[str]:
    return sorted(name for node in (*forest.roots, *forest.apart) for name in names(node))


def marks(forest: Forest) -> dict[str, list[tuple[Mark, str]]]:
    found: dict[str, list[tuple[Mark, str]]] = {}
    waiting = [*forest.roots, *forest.apart]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if node.remarks:
            found[node.name] = [(remark.mark, remark.about) for remark in node.remarks]
    return found


def test_every_qube_is_below_its_netvm_and_qubes_without_one_are_apart() -> None:
    forest = network_forest(
        by_name(
            vm("dom0", VmClass.ADMIN, PowerState.RUNNING),
            router("sys-net"),
            router("sys-fw", "sys-net"),
            vm("work", netvm="sys-fw", firewall_state="enforced"),
            vm("vault"),
        )
    )

    assert [names(root) for root in forest.roots] == [["sys-net", "sys-fw", "work"]]
    assert [node.name for node in forest.apart] == ["vault"]
    assert forest.roots[0].below == 2
    assert not marks(forest)


def test_a_loop_is_shown_once_and_all_in_it_are_marked_with_the_way_around() -> None:
    forest = network_forest(by_name(router("b", "a"), router("a", "b"), vm("user", netvm="b")))

    assert everybody(forest) == ["a", "b", "user"]
    found = marks(forest)
    assert found["a"][0] == (Mark.LOOP, "a → b → a")
    assert found["b"][0] == (Mark.LOOP, "b → a → b")


def test_a_netvm_without_a_firewall_marks_the_qubes_behind_it() -> None:
    forest = network_forest(by_name(router("sys-net"), vm("work", netvm="sys-net")))

    assert marks(forest) == {"work": [(Mark.NO_FIREWALL, "sys-net")]}


def test_a_netvm_that_enforces_nothing_for_any_qube_is_marked_once() -> None:
    forest = network_forest(
        by_name(router("sys-net"), vm("work", netvm="sys-net"), vm("mail", netvm="sys-net"), router("fw", "sys-net"))
    )

    around = [(Mark.AROUND, "fw")]
    assert marks(forest) == {"sys-net": [(Mark.ENFORCES_NOTHING, "2")], "mail": around, "work": around}


def test_a_qube_right_behind_the_outermost_netvm_goes_around_those_that_give_network_there() -> None:
    forest = network_forest(
        by_name(
            router("sys-net"),
            router("fw", "sys-net"),
            router("vpn", "fw"),
            vm("work", netvm="fw", firewall_state="enforced"),
            vm("mail", netvm="vpn", firewall_state="enforced"),
            vm("leaky", netvm="sys-net", firewall_state="enforced"),
        )
    )

    assert marks(forest) == {"leaky": [(Mark.AROUND, "fw")]}


def test_a_qube_whose_rules_are_not_enforced_is_marked_and_its_netvm_is_not() -> None:
    forest = network_forest(
        by_name(
            router("fw"),
            vm("work", netvm="fw", firewall_state="enforced"),
            vm("mail", netvm="fw", firewall_state="The rules cannot be compiled."),
        )
    )

    assert marks(forest) == {"mail": [(Mark.NO_FIREWALL, "fw")]}


def test_a_qube_without_network_whose_disposables_have_one_is_marked_as_a_leak() -> None:
    forest = network_forest(
        by_name(
            router("sys-net"),
            vm("dvm", netvm="sys-net", firewall_state="enforced"),
            vm("vault", default_dispvm="dvm"),
        )
    )

    assert marks(forest) == {"vault": [(Mark.LEAK, "dvm → sys-net")]}


def test_netvms_that_are_missing_or_give_no_network_are_marked() -> None:
    forest = network_forest(by_name(vm("work", netvm="gone"), vm("plain"), vm("mail", netvm="plain")))

    assert marks(forest) == {"work": [(Mark.MISSING, "gone")], "mail": [(Mark.NO_ROUTER, "plain")]}


def test_disposables_are_below_their_template_and_that_below_its_own() -> None:
    forest = template_forest(
        by_name(
            vm("debian", VmClass.TEMPLATE),
            vm("unused", VmClass.TEMPLATE),
            vm("dvm", template="debian"),
            vm("disp1", VmClass.DISP, template="dvm"),
            vm("alone", VmClass.STANDALONE),
            vm("lost", template="gone"),
        )
    )

    assert [names(root) for root in forest.roots] == [["debian", "dvm", "disp1"], ["unused"]]
    assert [node.name for node in forest.apart] == ["alone", "lost"]
    assert marks(forest) == {"lost": [(Mark.MISSING, "gone")]}


LETTERS = st.sampled_from("abcdef")


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(LETTERS, st.tuples(st.one_of(st.just(""), LETTERS), st.booleans()), max_size=6))
def test_every_qube_is_shown_exactly_once_whatever_refers_to_it(qubes: dict[str, tuple[str, bool]]) -> None:
    records = by_name(
        *(
            vm(name, netvm=netvm, template=netvm, provides_network="yes" if gives else "no")
            for name, (netvm, gives) in qubes.items()
        )
    )

    assert everybody(network_forest(records)) == sorted(qubes)
    assert len(set(everybody(template_forest(records)))) == len(everybody(template_forest(records)))
