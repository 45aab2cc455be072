# SPDX-License-Identifier: GPL-3.0-or-later
"""Which qubes a backup is of."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from PyQt5.QtCore import Qt
from pytestqt.modeltest import ModelTester
from samples import vm

from qubesmanager.models.backup_choice import CHANGED, LAST, NAME, BackupChoice, Candidate, candidates, chosen_by_rules
from qubesmanager.models.texts import since_text
from qubesmanager.wire.records import VolumeRecord
from qubesmanager.wire.values import PowerState, VmClass

WORK = Candidate("work", "AppVM", "blue", 100, running=True, last=5, changed=True, included=True, tags=frozenset({"w"}))
VAULT = replace(WORK, name="vault", running=False, changed=False, size=20, tags=frozenset())
DVM = replace(VAULT, name="dvm", klass="DispVM", last=None, changed=None, included=False)
ROWS = (DVM, VAULT, WORK)


def model(*rows: Candidate) -> BackupChoice:
    choice = BackupChoice(lambda _label: None)
    choice.put(rows)
    return choice


def test_the_choice_keeps_qts_contract(qtmodeltester: ModelTester) -> None:
    choice = model(*ROWS)
    check: Any = qtmodeltester.check  # it has no types
    check(choice, force_py=True)
    choice.tick({"work"})
    choice.put((VAULT, replace(WORK, size=7)))
    choice.put(())


def test_dom0_is_no_candidate_and_what_is_kept_counts() -> None:
    kept = VolumeRecord("private", "p", "work/private", 100, 10, save_on_stop=True)
    volumes = (kept, kept._replace(name="root", save_on_stop=False), kept._replace(name="extra-1", extra=True))
    records = [
        vm("dom0", VmClass.ADMIN, PowerState.RUNNING),
        replace(vm("work", state=PowerState.RUNNING), volumes=volumes),
        vm("work2"),
        vm("work10"),
    ]

    rows = candidates(records, {"work2": False, "work": False})

    assert [row.name for row in rows] == ["work", "work2", "work10"]
    assert [row.size for row in rows] == [10, 0, 0]
    assert [row.changed for row in rows] == [True, False, None]


def test_ticks_are_of_qubes_that_are_there_and_add_up() -> None:
    choice = model(*ROWS)
    choice.tick({"work", "vault", "gone"})
    assert choice.ticked == {"work", "vault"}
    assert choice.size() == 120

    choice.put((WORK,))
    assert choice.ticked == {"work"}


def test_ticks_change_only_while_the_user_may_choose() -> None:
    choice = model(*ROWS)
    first = choice.index(0, NAME)
    assert choice.setData(first, Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
    assert choice.ticked == {"dvm"}
    assert not choice.setData(first, "other", Qt.ItemDataRole.EditRole)

    choice.set_by_hand(False)
    assert not choice.setData(first, Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    assert not choice.flags(first) & Qt.ItemFlag.ItemIsUserCheckable
    assert choice.ticked == {"dvm"}


def test_changes_and_last_backups_are_shown_as_far_as_known() -> None:
    choice = model(*ROWS)
    assert [choice.index(row, CHANGED).data() for row in range(3)] == ["", "no", "running now"]
    assert choice.index(0, LAST).data() == "never"


def test_without_rules_the_qubes_own_setting_decides() -> None:
    assert chosen_by_rules(ROWS, (), (), "x") == {"vault", "work"}
    assert chosen_by_rules(ROWS, (), ("vault",), "x") == {"work"}
    assert chosen_by_rules(ROWS, ("$type:DispVM", "$tag:w"), (), "x") == {"dvm", "work"}
    assert chosen_by_rules([replace(DVM, tags=frozenset({"backup-x"}))], (), (), "x") == {"dvm"}


@given(st.lists(st.sampled_from(["work", "vault", "$type:AppVM", "$tag:w", "$tag:z", "none"]), max_size=3))
def test_excluded_qubes_are_never_chosen(exclude: list[str]) -> None:
    chosen = chosen_by_rules(ROWS, ("$type:AppVM", "dvm"), exclude, "x")

    assert chosen.isdisjoint(exclude)
    assert ("$type:AppVM" not in exclude) or chosen == {"dvm"}


def test_a_backup_dated_in_the_future_is_shown_as_such() -> None:
    assert since_text(2_000_000_000, 1_700_000_000) == "in the future"
    assert since_text(1_700_000_060, 1_700_000_000) == "just now"
    assert since_text(1_699_990_000, 1_700_000_000) == "2 h ago"
