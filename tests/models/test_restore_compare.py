# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between a qube of a backup and the one of its name that exists here."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from samples import vm

from qubesmanager.models.restore_compare import differences
from qubesmanager.models.texts import class_text, date_text
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.restores import NOTES_SHOWN, StoredDetails, StoredQube
from qubesmanager.wire.values import PowerState

MADE = 1_700_000_000


def stored(**values: object) -> StoredQube:
    return StoredQube(
        "work", "AppVM", "red", 5 << 20, "debian-13", "default", exists=True,
        details=replace(StoredDetails(rules=1), **values),  # type: ignore[arg-type] # fields by name
    )  # fmt: skip


def here(own: Mapping[str, str] | None = None, notes: str = "", tags: frozenset[str] = frozenset()) -> VmRecord:
    record = vm("work", label="red", template="debian-13")
    properties = {
        **record.properties,
        "netvm": PropertyValue("sys-firewall", is_default=True),
        "memory": PropertyValue("400", is_default=True),
        "autostart": PropertyValue("", is_default=True),
        **{name: PropertyValue(value, is_default=False) for name, value in (own or {}).items()},
    }
    return record.updated(properties=properties, notes=notes, tags=tags)


def lines(qube: StoredQube, record: VmRecord, made: int | None = MADE) -> dict[str, tuple[str, str]]:
    return {line.title: (line.stored, line.here) for line in differences(qube, made, record)}


def test_of_equal_qubes_only_date_and_size_are_shown() -> None:
    assert lines(stored(), here()) == {"Date": (date_text(MADE), "never backed up"), "Size": ("5.0 MiB", "0 B")}
    assert lines(stored(), here(), None)["Date"][0] == "not known"


@pytest.mark.parametrize(
    ("properties", "own", "expected"),
    [
        ({"memory": "500"}, {}, {"Initial memory": ("500", "400")}),
        ({"memory": "400"}, {}, {}),
        ({}, {"memory": "900"}, {"Initial memory": ("default", "900")}),
        ({"autostart": "True"}, {"autostart": "yes"}, {}),
        ({"autostart": "True"}, {"autostart": ""}, {"Start with the system": ("on", "none")}),
        ({"unknown": "1"}, {}, {}),
        ({}, {"netvm": ""}, {"Net qube": ("default", "none")}),
        ({}, {"label": "green"}, {"Label": ("red", "green")}),
    ],
)
def test_properties_are_compared_by_what_they_mean(
    properties: dict[str, str], own: dict[str, str], expected: dict[str, tuple[str, str]]
) -> None:
    shown = lines(stored(properties=properties), here(own))

    assert {title: values for title, values in shown.items() if title not in {"Date", "Size"}} == expected


def test_tags_and_notes_are_compared() -> None:
    shown = lines(
        stored(tags=("created-by-dom0", "mine"), notes="old\nmore"), here(notes="new", tags=frozenset({"mine", "x"}))
    )

    assert shown["Tags"] == ("mine", "mine, x")
    assert shown["Notes"] == ("old …", "new")


def test_notes_that_differ_behind_the_first_line_are_no_two_equal_texts() -> None:
    assert lines(stored(notes="a\nb"), here(notes="a\nbc"))["Notes"] == ("3 characters", "4 characters")
    assert "Notes" not in lines(stored(notes="x" * NOTES_SHOWN), here(notes="x" * (NOTES_SHOWN + 9)))
    assert "Notes" not in lines(replace(stored(), details=StoredDetails()), here(notes="any"))


def test_a_running_qube_and_one_of_an_unknown_class_are_named_so() -> None:
    assert lines(stored(), here().updated(state=PowerState.RUNNING))["Date"][1] == "running now"
    assert (class_text("AppVM"), class_text("OddVM")) == ("App qube", "OddVM")
