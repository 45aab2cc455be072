# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables agree with each other and with what is written from them."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from source_trees import called, modules_of, trees

from qubesmanager.admin import calls as admin
from qubesmanager.daemon.dialect.backend import not_answered
from qubesmanager.daemon.local.backend import not_implemented
from qubesmanager.policy import installed
from qubesmanager.wire import calls, events, reasons
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.values import Dest, DeviceClass, Tier
from scripts import derive

pytestmark = [pytest.mark.whole, pytest.mark.unmeasured]

__all__ = ["trees"]

ROOT = Path(__file__).parent.parent

DRAFT = """
vm.List dom0
vm.Create template
vm.CreateInPool template
vm.CreateTemplate dom0
vm.property.List vm
vm.property.Get vm
vm.property.Help vm
vm.property.Reset vm
vm.property.Set vm
vm.feature.List vm
vm.feature.Get vm
vm.feature.CheckWithTemplate vm
vm.feature.Remove vm
vm.feature.Set vm
vm.tag.List vm
vm.tag.Get vm
vm.tag.Remove vm
vm.tag.Set vm
vm.firewall.Get vm
vm.firewall.InsertRule vm
vm.firewall.RemoveRule vm
vm.firewall.Flush vm
vm.device.<class>.Attach vm
vm.device.<class>.Detach vm
vm.device.<class>.List vm
vm.device.<class>.Available vm
vm.microphone.Attach vm
vm.microphone.Detach vm
pool.List dom0
pool.Info dom0
pool.Add dom0
pool.Remove dom0
pool.volume.List dom0
pool.volume.Info dom0
pool.volume.ListSnapshots dom0
pool.volume.Snapshot dom0
pool.volume.Revert dom0
pool.volume.Extend dom0
vm.volume.List vm
vm.volume.Info vm
vm.volume.ListSnapshots vm
vm.volume.Snapshot vm
vm.volume.Revert vm
vm.volume.Extend vm
vm.volume.Attach vm
vm.volume.Detach vm
vm.Start vm
vm.Shutdown vm
vm.Pause vm
vm.Unpause vm
vm.Kill vm
backup.Execute dom0
backup.Info dom0
backup.Restore dom0
"""
"""The calls of the 2016 draft and what each is sent to, in the draft's order."""

KINDS = {"dom0": Dest.DOM0, "vm": Dest.VM, "template": Dest.TEMPLATE}


def test_the_54_calls_of_the_draft_are_first_and_in_its_order() -> None:
    expected = [("mgmt1." + name, KINDS[dest]) for name, dest in map(str.split, DRAFT.strip().splitlines())]

    drafted = [(row.name, row.dest) for row in calls.TABLE if row.draft]

    # The draft leaves open what a listing of qubes answers when it is sent to a qube; it may be sent there too.
    assert calls.VM_LIST.dest is Dest.EITHER
    assert [expected[0], *drafted[1:]] == expected
    assert len(expected) == 54


def test_a_service_is_named_once() -> None:
    assert len(calls.BY_SERVICE) == sum(len(row.concrete()) for row in calls.TABLE)
    assert all(call.name == name for name, call in calls.BY_SERVICE.items())


def test_a_service_has_a_name_that_qrexec_lets_through() -> None:
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.")

    assert all(set(name) <= allowed and name.startswith("mgmt1.") for name in calls.BY_SERVICE)


def test_a_call_says_what_it_does_in_a_sentence() -> None:
    assert [row.name for row in calls.TABLE if not row.doc.endswith((".", ".)"))] == []


def test_a_call_that_changes_nothing_is_in_a_tier_that_only_reads() -> None:
    reading = ("List", "Get", "GetAll", "Info", "Help", "ListSnapshots", "CheckWithTemplate", "Available", "History")

    for row in calls.TABLE:
        if row.name.rpartition(".")[2] in reading:
            assert row.tier in {Tier.LOCAL_RO, Tier.GLOBAL_RO}, row.name
        if row.tier in {Tier.LOCAL_RO, Tier.LOCAL_RWX}:
            assert row.dest is Dest.VM, row.name


def test_each_device_class_has_its_services() -> None:
    assert {call.name for call in calls.VM_DEVICE_LIST.concrete()} == {
        f"mgmt1.vm.device.{each}.List" for each in DeviceClass
    }


def test_each_call_has_its_section_in_the_reference() -> None:
    headings = [line.removeprefix("### ") for line in derive.api().splitlines() if line.startswith("### ")]

    assert sorted(headings) == sorted(row.name.replace("<", "&lt;").replace(">", "&gt;") for row in calls.TABLE)


def test_each_event_is_in_the_reference_once() -> None:
    lines = [line for line in derive.api().splitlines() if line.startswith("| `")]

    for row in events.TABLE:
        (line,) = [line for line in lines if line.startswith(f"| `{row.name}` |")]
        assert all(f"`{key}`" in line for key in row.codec.what)


EVENT_TABLES = {
    "wire/events.py",
    "admin/events.py",
    "daemon/bridge/following.py",
    "daemon/bridge/backup_runs.py",
}
"""The events of mgmt1, those of Qubes OS that they become, and what those of Qubes OS mean."""


def names_of_events(tree: ast.Module) -> list[str]:
    """The string literals that name events of the table: a whole name, or what a name of an event is compared with."""
    kinds = {row.kind for row in events.TABLE}
    names = [text for text in _literals(tree) if text.partition(":")[0] in kinds]
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and called(node) == "startswith"
            and ast.unparse(node.func) in {"event.name.startswith", "event.kind.startswith"}
        ):
            names += [text for text in _literals(node) if text not in names]
    return names


def _literals(tree: ast.AST) -> list[str]:
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [node.value for node in constants if isinstance(node.value, str)]


def test_no_event_is_named_outside_of_the_table() -> None:
    named = {
        path: names for path, tree in modules_of() if path not in EVENT_TABLES and (names := names_of_events(tree))
    }

    assert named == {}


def test_a_name_of_an_event_is_seen_in_each_form_that_code_gives_it() -> None:
    code = """
if event.name in {"pool-found"} or event.kind.startswith(("label-", "x-")):
    emit([Event(qube.name, f"tag-add:{tag}", {}), Event("", 'property-set:netvm')])
"""

    assert sorted(names_of_events(ast.parse(code))) == ["label-", "pool-found", "property-set:netvm", "tag-add:", "x-"]


def test_the_derived_files_are_fresh() -> None:
    assert derive.stale(ROOT) == []


def test_each_service_is_in_the_policy_once_and_in_its_tier() -> None:
    lines = [line.split() for line in installed.policy().splitlines() if not line.startswith("#")]

    assert [line for line in lines if line[2] == "*"] == [
        ["!include-service", name, "*", f"include/{call.tier}"] for name, call in calls.BY_SERVICE.items()
    ]


def test_renaming_needs_the_tier_of_create_and_no_later_line_allows_it() -> None:
    lines = [line for line in installed.policy().splitlines() if calls.VM_PROPERTY_SET.name in line]

    assert lines == [
        f"!include-service mgmt1.vm.property.Set +name include/{calls.VM_CREATE.tier}",
        "mgmt1.vm.property.Set +name @anyvm @anyvm deny",
        "mgmt1.vm.property.Set +name @anyvm @adminvm deny",
        "!include-service mgmt1.vm.property.Set * include/mgmt1-local-rwx",
    ]


def test_no_include_file_allows_anything_as_installed() -> None:
    for tier in Tier:
        active = [line for line in installed.include(tier).splitlines() if line and not line.startswith("#")]
        assert all(line.startswith("!include include/mgmt1-") for line in active)


def test_every_call_of_the_table_is_answered() -> None:
    assert not_implemented() == []


MAKERS = {"Reason", "refusal"}
"""What makes a reason of a code, as the first argument, and its fields."""


@cache
def made_reasons() -> list[tuple[str, ast.Call]]:
    """Each call that makes a reason of a literal code, with its file and line."""
    made = []
    for path, tree in modules_of():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) in MAKERS:
                code = node.args[0] if node.args else None
                if isinstance(code, ast.Constant):
                    made.append((f"{path}:{node.lineno}: {code.value!r}", node))
    return made


def test_each_reason_that_is_made_is_in_the_table_with_so_many_fields() -> None:
    wrong = []
    for place, call in made_reasons():
        row = reasons.BY_CODE.get(ast.literal_eval(call.args[0]))
        is_open = any(isinstance(argument, ast.Starred) for argument in call.args)
        if row is None or not (is_open or len(call.args) - 1 == len(row.fields)):
            wrong.append(place)

    assert wrong == []


def test_each_row_of_the_table_of_reasons_is_used() -> None:
    used = {ast.literal_eval(call.args[0]) for _place, call in made_reasons()}

    assert sorted(reasons.BY_CODE.keys() - used) == []


PARSERS = {
    "models/natural_sort.py": "the numbers in a name",
    "models/query.py": "what the user types to search",
}
"""The modules of windows and models that use regular expressions, none of them on an error or a reason."""


def test_no_window_parses_a_sentence() -> None:
    parsing = {
        path
        for path, tree in modules_of("ui", "models")
        for node in ast.walk(tree)
        if isinstance(node, ast.Import) and any(alias.name == "re" for alias in node.names)
    }

    assert parsing == PARSERS.keys()


def test_every_call_of_qubes_os_is_answered_by_rows_of_mgmt1() -> None:
    assert not_answered() == []
    for row in admin.TABLE:
        assert row.name.startswith("admin.")
        assert row.uses, row.name
        assert all(each.family in {known.family for known in calls.TABLE} for each in row.uses), row.name


def test_each_call_of_qubes_os_has_its_section_in_its_reference() -> None:
    headings = [line.removeprefix("### ") for line in derive.api_admin().splitlines() if line.startswith("### ")]

    assert sorted(headings) == sorted(row.name.replace("<", "&lt;").replace(">", "&gt;") for row in admin.TABLE)


def test_a_call_of_qubes_os_that_only_reads_uses_calls_that_only_read() -> None:
    reading = {Tier.LOCAL_RO, Tier.GLOBAL_RO}

    for row in admin.TABLE:
        assert row.tier not in reading or all(each.tier in reading for each in row.uses), row.name


DOM0_LITERALS = {
    "ui/backup/backup_summary_page.py": "a line of the page",
    "wire/names.py": "the constant itself",
    "wire/restores.py": "an option of a restore",
    "wire/values.py": "a kind of destination, as the reference prints it",
}
"""The modules where the text `dom0` is not the name of the admin qube, or is the constant for it."""


def test_the_name_of_dom0_is_one_constant() -> None:
    modules = {
        path
        for path, tree in modules_of()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value == "dom0"
    }

    assert modules == DOM0_LITERALS.keys()


SPEAKING = ("backup", "client", "daemon", "rules", "wire")
"""The packages whose errors a window can show."""
PLAIN_ERRORS = {
    "daemon/dialect": "the texts of Qubes OS, as its clients know them",
    "daemon/local/checking.py": "`--check` prints them on a terminal",
    "daemon/local/store/store.py": "why a store is put aside, for the log and `--check`",
    "wire/errors.py": "an error of another program, which is only text",
}
"""Where an error is made of text alone, and why."""
SENTENCES = ("backup", "daemon/local/services")
"""The packages that write sentences to the log only."""
PRINTED = {
    "daemon/local/services/recovery.py": "`--recover` prints them on a terminal",
    "daemon/local/services/unreadable.py": "`--recover` prints them on a terminal",
}
"""Where they write other sentences, and why."""


def error_names() -> set[str]:
    """The classes of errors that carry a reason."""
    kinds = list(Mgmt1Error.__subclasses__())
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {Mgmt1Error.__name__, *(kind.__name__ for kind in kinds)}


def plain_errors(tree: ast.AST) -> Iterator[ast.Call]:
    """Each call that makes an error of a text and of no reason."""
    names = error_names()
    for node in ast.walk(tree):
        match node:
            case ast.Call(args=[argument], keywords=[]) if not isinstance(argument, ast.Starred):
                if called(node) in names:
                    yield node


def sentences(tree: ast.AST) -> Iterator[ast.expr]:
    """Each text that is an English sentence; docstrings and texts for the log are left out."""
    left_out: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left_out.add(node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."):
            left_out.update(ast.walk(node))
        elif isinstance(node, ast.JoinedStr):
            left_out.update(node.values)
    for node in ast.walk(tree):
        if node in left_out or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        text = ast.literal_eval(node) if isinstance(node, ast.Constant) else ast.unparse(node)[2:-1]
        if isinstance(text, str) and re.fullmatch(r"[A-Z{].* .*\.", text, re.DOTALL):
            yield node


def test_an_error_that_a_window_can_show_carries_its_reason() -> None:
    bare = [
        f"{path}:{call.lineno}: {ast.unparse(call)}"
        for path, tree in modules_of(*SPEAKING)
        if not path.startswith(tuple(PLAIN_ERRORS))
        for call in plain_errors(tree)
    ]

    assert bare == []


def test_no_exception_for_plain_errors_is_out_of_date() -> None:
    made = {path for path, tree in modules_of(*SPEAKING) if any(plain_errors(tree))}

    assert [place for place in PLAIN_ERRORS if not any(path.startswith(place) for path in made)] == []


def test_backups_and_services_report_reasons_and_not_sentences() -> None:
    bare = [
        f"{path}:{text.lineno}: {ast.unparse(text)}"
        for path, tree in modules_of(*SENTENCES)
        if path not in PRINTED
        for text in sentences(tree)
    ]

    assert bare == []


def test_a_plain_error_and_a_sentence_are_noticed() -> None:
    tree = ast.parse(
        'raise errors.BackupError(f"{path} is gone.")\n'
        "raise BackupError(reason.text, reason)\n"
        'reason = f"The file {path} is gone."\n'
        'log.info("A file is gone.")\n'
    )

    assert [call.lineno for call in plain_errors(tree)] == [1]
    assert sorted(text.lineno for text in sentences(tree)) == [1, 3]


def english_words(call: ast.Call) -> bool:
    """Whether a field of the reason is, or contains, words of English."""
    texts = [part.value for field in call.args[1:] for part in ast.walk(field) if isinstance(part, ast.Constant)]
    return any(isinstance(text, str) and re.search(r"[A-Za-z]+ [A-Za-z]+| [a-z]+ ", text) for text in texts)


def test_no_field_of_a_reason_is_english() -> None:
    """A window shows a field as it is, so that words in it have to be a reason."""
    assert [place for place, call in made_reasons() if english_words(call)] == []
