# SPDX-License-Identifier: GPL-3.0-or-later
"""The choices for a property that names a template."""

import pytest

from qubesmanager.rules.candidates import templates
from qubesmanager.rules.creation import why_not_based_on
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import PowerState, VmClass

QUBES = {
    f"{klass}-{flag}": VmRecord(
        f"{klass}-{flag}", klass, PowerState.HALTED, {"template_for_dispvms": PropertyValue(flag, is_default=False)}
    )
    for klass in VmClass
    for flag in ("yes", "no")
}


@pytest.mark.parametrize("klass", list(VmClass))
def test_the_choices_are_the_qubes_that_no_reason_excludes(klass: VmClass) -> None:
    assert templates(QUBES, klass) == [name for name, qube in QUBES.items() if why_not_based_on(klass, qube) is None]


def test_a_look_at_all_qubes_makes_no_reason_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(code: str, *_fields: str) -> Reason:
        made.append(code)
        return Reason(code)

    monkeypatch.setattr("qubesmanager.rules.creation.Reason", make)

    assert templates(QUBES, VmClass.APP) == ["TemplateVM-yes", "TemplateVM-no"]
    assert not made
