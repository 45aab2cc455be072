# SPDX-License-Identifier: GPL-3.0-or-later
"""What is planned for the qubes of a backup: conflicts, names, templates, netvms, and the resulting plan."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QIcon
from pytestqt.modeltest import ModelTester
from samples import vm

from qubesmanager.models.restore_draft import Here, RestoreChoice, free_name
from qubesmanager.models.restore_table import CLASS, FATE, NAME, SIZE, RestoreTable
from qubesmanager.wire.restores import RestorePlan, StoredQube
from qubesmanager.wire.values import VmClass

GIB = 1 << 30
HERE = Here(
    {
        record.name: record
        for record in (
            vm("debian-13", VmClass.TEMPLATE),
            vm("fedora-43", VmClass.TEMPLATE),
            vm("sys-net", provides_network="yes"),
            vm("default-dvm", template_for_dispvms="yes"),
            vm("work"),
        )
    },
    {"default_template": "fedora-43", "default_netvm": "sys-net", "default_dispvm": "default-dvm"},
)


def stored(name: str, klass: str = "AppVM", **values: object) -> StoredQube:
    made = StoredQube(name, klass, "red", GIB, "debian-13", "default", exists=False)
    return replace(made, **values)  # type: ignore[arg-type] # fields by name


MAIL, WORK, DOM0 = stored("mail"), stored("work", exists=True), stored("dom0", "AdminVM", size=0, template="")


@pytest.fixture
def table(qapp: object) -> RestoreTable:
    return RestoreTable(lambda _label: QIcon())


def put(table: RestoreTable, *qubes: StoredQube) -> None:
    table.put(qubes, HERE)


def choose(table: RestoreTable, qube: str, **values: object) -> None:
    row = row_of(table, qube)
    table.choose(qube, replace(table.rows[row].choice, **values))  # type: ignore[arg-type] # fields by name


def row_of(table: RestoreTable, name: str) -> int:
    return next(at for at, row in enumerate(table.rows) if row.stored.name == name)


def fate(table: RestoreTable, name: str) -> str:
    return str(table.index(row_of(table, name), FATE).data())


def test_all_that_needs_no_question_is_ticked(table: RestoreTable) -> None:
    put(table, DOM0, MAIL, WORK)

    assert [row.stored.name for row in table.chosen] == ["mail"]
    assert (table.is_ready, table.needed) == (True, GIB)
    assert "tick it on the last page" in fate(table, "dom0")
    assert "there is a qube of this name" in fate(table, "work")
    assert fate(table, "mail") == "Restored."


def test_ticking_a_taken_name_finds_another(table: RestoreTable) -> None:
    put(table, WORK)

    assert table.setData(table.index(0, NAME), Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)

    assert table.rows[0].choice.name == "work-2"
    assert table.plan("") == RestorePlan(include=("work",), rename={"work": "work-2"})


def test_dom0_cannot_be_ticked(table: RestoreTable) -> None:
    put(table, DOM0)

    assert not table.setData(table.index(0, NAME), Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
    assert not table.flags(table.index(0, NAME)) & Qt.ItemFlag.ItemIsUserCheckable
    assert table.index(0, NAME).data(Qt.ItemDataRole.CheckStateRole) is None
    assert not table.is_ready


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("work", "There is a qube work here"),
        ("", "A qube needs a name."),
        ("1x", "A name starts with a letter"),
        ("mail", "Two qubes cannot both be mail."),
    ],
)
def test_an_invalid_name_is_reported(table: RestoreTable, name: str, said: str) -> None:
    put(table, MAIL, stored("other"))

    choose(table, "other", name=name)

    assert said in table.rows[1].problem
    assert said in fate(table, "other")
    assert not table.is_ready


def test_a_missing_template_is_replaced_by_the_default_and_reported(table: RestoreTable) -> None:
    put(table, stored("mail", template="fedora-36"))

    assert table.rows[0].template == "fedora-43"
    assert "fedora-36 is not here: it will be fedora-43" in fate(table, "mail")


def test_a_missing_template_without_a_default_blocks_the_restore(table: RestoreTable) -> None:
    table.put([stored("mail", template="fedora-36")], replace(HERE, system={}))
    assert "choose another" in table.rows[0].problem

    choose(table, "mail", template="debian-13")
    assert (table.is_ready, table.plan("").template) == (True, {"mail": "debian-13"})


def test_a_template_out_of_the_same_backup_is_one_under_its_new_name(table: RestoreTable) -> None:
    put(table, stored("old", "TemplateVM", template=""), stored("mail", template="old"))
    choose(table, "old", name="old-2")
    assert table.rows[row_of(table, "mail")].template == "old-2"

    choose(table, "old", restored=False)
    assert table.rows[row_of(table, "mail")].template == "fedora-43"


def test_a_disposable_is_not_based_on_a_template(table: RestoreTable) -> None:
    put(table, stored("disp", "DispVM", template="default-dvm"))

    choose(table, "disp", template="debian-13")

    assert table.rows[0].problem == "debian-13 is no template for it."
    assert HERE.templates("DispVM") == ["default-dvm"]


def test_netvms_are_kept_mapped_or_fall_back(table: RestoreTable) -> None:
    put(table, stored("mail", netvm="sys-old"), stored("vault", netvm=""), stored("web", netvm="sys-net"))

    assert [row.netvm for row in table.rows] == ["sys-net", "", "sys-net"]
    assert "sys-old is not here" in fate(table, "mail")

    choose(table, "mail", netvm="")
    assert "no network" in fate(table, "mail")
    choose(table, "vault", netvm="sys-net")
    assert table.plan("lvm").netvm == {"mail": "", "vault": "sys-net"}
    assert HERE.netvms() == ["sys-net"]


def test_changes_during_the_choice_are_checked_again(table: RestoreTable) -> None:
    put(table, MAIL)

    table.put_here(replace(HERE, qubes={**HERE.qubes, "mail": vm("mail")}))

    assert not table.is_ready
    assert "There is a qube mail here" in fate(table, "mail")


def test_all_and_nothing(table: RestoreTable) -> None:
    put(table, DOM0, MAIL, WORK)

    table.choose_all(restored=False)
    assert table.chosen == []
    table.choose_all(restored=True)
    assert [row.stored.name for row in table.chosen] == ["mail"]


def test_verifying_needs_no_other_choices(table: RestoreTable) -> None:
    put(table, MAIL)

    assert table.plan("lvm", verify_only=True) == RestorePlan(verify_only=True)
    assert not table.plan("lvm").devices
    assert table.plan("lvm", devices=True).devices


def test_a_free_name_is_the_first_that_no_qube_has() -> None:
    assert free_name("a", ["a", "a-2"]) == "a-3"
    assert len(free_name("a" * 31, [])) <= 31


def test_the_cells_say_what_the_backup_holds(table: RestoreTable) -> None:
    put(table, MAIL)

    assert [table.index(0, column).data() for column in (NAME, CLASS, SIZE)] == ["mail", "App qube", "1.0 GiB"]
    assert table.headerData(FATE, Qt.Orientation.Horizontal) == "What will happen"


NAMES = st.sampled_from(["mail", "web", "work", "debian-13", "x"])


MANY = (DOM0, MAIL, WORK, stored("web", "DispVM"), stored("x", "TemplateVM"), stored("debian-13", "StandaloneVM"))


def choose_each(table: RestoreTable, choices: list[tuple[str, bool, str, str | None, str | None]]) -> None:
    for name, restored, new, template, netvm in choices:
        table.choose(name, RestoreChoice(restored, new, template, netvm))


@given(
    st.lists(
        st.tuples(NAMES, st.booleans(), NAMES | st.just("1"), NAMES | st.none(), NAMES | st.none() | st.just("")),
        max_size=12,
    )
)
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_ready_row_collides_with_a_name(
    qapp: object, choices: list[tuple[str, bool, str, str | None, str | None]]
) -> None:
    table = RestoreTable(lambda _label: QIcon())
    put(table, *MANY)

    choose_each(table, choices)

    if table.is_ready:
        names = [row.choice.name for row in table.chosen]
        assert len(set(names)) == len(names)
        assert not set(names) & set(HERE.qubes)


def test_the_model_keeps_its_promises(table: RestoreTable, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(table)  # type: ignore[no-untyped-call] # not annotated there
    put(table, *MANY)
    choose_each(
        table, [("web", True, "1", None, ""), ("x", False, "x", None, None), ("work", True, "work", None, None)]
    )
    table.put_here(Here())
    put(table)
