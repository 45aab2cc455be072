# SPDX-License-Identifier: GPL-3.0-or-later
"""One act makes a source the manager of qubes: the lines it adds, what it leaves alone, and that they decide."""

from samples import vm

from qubesmanager.client.managers import appoint, dismiss
from qubesmanager.plans.plan import Group, Plan
from qubesmanager.policy.edition import Edition
from qubesmanager.policy.engine import Engine, Request, Result
from qubesmanager.policy.folder import problems
from qubesmanager.policy.installed import installed
from qubesmanager.policy.lockout import lockout
from qubesmanager.policy.managers import appointment, dismissal
from qubesmanager.policy.reading import Files, Reader
from qubesmanager.policy.records import system_info
from qubesmanager.wire.policy_files import FileChange, token_of
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

TAG = "managed-by-sys-mgmt"
RWX, RO = "include/mgmt1-local-rwx", "include/mgmt1-global-ro"
OWN, GLOBAL = f"sys-mgmt @tag:{TAG} allow target=dom0\n", "sys-mgmt @adminvm allow target=dom0\n"


def records(*tagged: str) -> dict[str, VmRecord]:
    """dom0, sys-mgmt, work, vault and photos; these have the tag of the manager."""
    names = ("sys-mgmt", "work", "vault", "photos")
    qubes = (vm(name, tags=(TAG,) if name in tagged else ()) for name in names)
    return {record.name: record for record in (vm("dom0", VmClass.ADMIN), *qubes)}


def edition(**files: str) -> Edition:
    return Edition(Files({**installed(), **{name.replace("__", "/"): text for name, text in files.items()}}))


def after(before: Edition, changes: list[FileChange]) -> Edition:
    return before.changed({change.path: change.after for change in changes})


def allows(policy: Edition, service: str, name: str, *tagged: str, source: str = "sys-mgmt") -> bool:
    decision = Engine(policy.read(Reader())).decide(
        Request(service, "+", source, name), system_info(records(*tagged).values())
    )
    return decision.result is Result.ALLOW and decision.target == "dom0"


def parts(plan: Plan, group: Group) -> list[str]:
    return [row.part if row.group is Group.POLICY else row.qube for row in plan.rows
            if row.group is group]  # fmt: skip


def test_the_lines_let_the_manager_list_and_change_the_qubes_with_its_tag_and_no_others() -> None:
    before = edition()

    changes = appointment(before, "sys-mgmt")

    assert [(change.path, change.token) for change in changes] == [
        (RWX, token_of(before.policy.files[RWX].encode())),
        (RO, token_of(before.policy.files[RO].encode())),
    ]
    then = after(before, changes)
    assert then.policy.files[RWX] == before.policy.files[RWX] + OWN
    assert then.policy.files[RO].index(GLOBAL) < then.policy.files[RO].index("!include")
    assert problems(then.policy.files) == []
    assert lockout(Engine(before.read(Reader())), Engine(then.read(Reader()))) is None
    for service in ("mgmt1.vm.List", "mgmt1.vm.GetAll", "mgmt1.Events", "mgmt1.vm.Start", "mgmt1.vm.tag.Set"):
        assert allows(then, service, "work", "work")
        assert not allows(then, service, "vault", "work")
        assert not allows(then, service, "work", "work", source="photos")
    assert allows(then, "mgmt1.vm.List", "dom0")
    for service in ("mgmt1.vm.Remove", "mgmt1.vm.Create", "mgmt1.policy.Replace"):
        assert not allows(then, service, "work", "work")
        assert not allows(then, service, "dom0", "work")


def test_a_manager_that_has_its_lines_gets_no_more() -> None:
    first = after(edition(), appointment(edition(), "sys-mgmt"))

    assert appointment(first, "sys-mgmt") == []
    second = after(first, appointment(first, "photos"))
    assert (
        second.policy.files[RWX].count("allow target=dom0\n")
        == first.policy.files[RWX].count("allow target=dom0\n") + 1
    )


def test_a_dismissal_takes_away_what_the_appointment_gave() -> None:
    before = edition()
    first = after(before, appointment(before, "sys-mgmt"))

    assert after(first, dismissal(first, "sys-mgmt")).policy.files == before.policy.files
    assert dismissal(before, "sys-mgmt") == []


def test_without_a_policy_the_files_that_are_installed_are_made_includes_first() -> None:
    empty = Edition(Files({}))

    changes = appointment(empty, "sys-mgmt")

    assert {change.path for change in changes} == set(installed())
    assert all((change.token, change.before) == ("new", None) for change in changes)
    seen: dict[str, str] = {}
    for change in changes:
        seen[change.path] = change.after or ""
        assert problems(seen) == []
    assert allows(after(empty, changes), "mgmt1.vm.Start", "work", "work")


def test_the_includes_of_qubes_os_get_the_lines_where_they_are_read() -> None:
    files = {
        "90-admin-default.policy": "!include-service admin.vm.List * include/admin-global-ro\n"
        "!include-service admin.vm.Start * include/admin-local-rwx\n",
        "include/admin-local-rwx": "## comments\n",
        "include/admin-global-ro": "!include include/admin-global-rwx\n",
        "include/admin-global-rwx": "",
    }
    before = Edition(Files(files))

    changes = appointment(before, "sys-mgmt")

    assert [change.path for change in changes] == ["include/admin-local-rwx", "include/admin-global-ro"]
    assert allows(after(before, changes), "admin.vm.Start", "work", "work")
    assert allows(after(before, changes), "admin.vm.List", "dom0")


def test_a_line_that_still_denies_is_a_warning_about_the_qubes_that_it_denies() -> None:
    before = edition(**{"10-first.policy": "mgmt1.vm.Start * sys-mgmt vault deny\n"})

    plan = appoint(before, records(), "sys-mgmt", ["work", "vault"]).plan(records(), ["work", "vault"])

    warnings = {row.qube: row.warnings for row in plan.rows if row.group is Group.CHANGE}
    assert warnings == {"work": (), "vault": (Reason("manager-denied", "policy.d/10-first.policy:1"),)}


def test_the_plan_has_files_first_and_refuses_the_manager_itself_and_dom0() -> None:
    names = ["dom0", "sys-mgmt", "work", "photos", "gone"]

    appointed = appoint(edition(), records("photos", "vault"), "sys-mgmt", names)
    plan = appointed.plan(records("photos", "vault"), names)

    assert plan.is_whole
    assert plan.can_be_undone
    assert parts(plan, Group.POLICY) == [RWX, RO]
    assert parts(plan, Group.REFUSED) == ["dom0", "sys-mgmt"]
    assert parts(plan, Group.CHANGE) == ["work"]
    assert parts(plan, Group.ALREADY) == ["photos"]
    assert plan.rows[0].warnings == (Reason("manages-others", "vault"),)
    assert [step.text().split(" ←")[0] for step in plan.steps] == [
        "policy.include.Replace dom0 mgmt1-local-rwx",
        "policy.include.Replace dom0 mgmt1-global-ro",
        f"vm.tag.Set work {TAG}",
    ]


def test_with_all_qubes_left_out_nothing_is_changed() -> None:
    appointed = appoint(edition(), records(), "sys-mgmt", ["work"])

    assert appointed.plan(records(), ["work"], {"work"}).changes == ()
    assert appointed.plan(records(), ["sys-mgmt"]).changes == ()


def test_the_lines_stay_while_the_manager_has_another_qube() -> None:
    policy = after(edition(), appointment(edition(), "sys-mgmt"))

    some = dismiss(policy, records("work", "vault"), "sys-mgmt", ["work", "photos"])
    last = dismiss(policy, records("work", "vault"), "sys-mgmt", ["work", "vault"])

    assert (parts(some, Group.POLICY), parts(some, Group.CHANGE), parts(some, Group.ALREADY)) == (
        [],
        ["work"],
        ["photos"],
    )
    assert (parts(last, Group.POLICY), parts(last, Group.CHANGE)) == ([RWX, RO], ["work", "vault"])
