# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from qubesmanager.policy.mentions import lines_naming


@pytest.mark.parametrize(
    "line",
    [
        "mgmt1.vm.List * boss @adminvm allow",
        "  qubes.Filecopy * work boss ask",
        "qubes.Filecopy * work @anyvm ask default_target=boss",
        "qubes.Filecopy * work @default allow target=@dispvm:boss",
        "qubes.Filecopy * @tag:managed-by-boss @anyvm allow",
        "qubes.Filecopy * work @dispvm:@tag:created-by-boss allow",
        "this does not parse boss",
    ],
)
def test_a_line_that_names_the_qube_is_found(line: str) -> None:
    assert lines_naming({"a.policy": f"# boss\n{line}\n"}, "boss") == ["a.policy:2"]


@pytest.mark.parametrize(
    "line",
    ["# boss", "x * bosses @adminvm allow", "x * work @tag:boss-made allow", "x * work @tag:managed-by-bos deny"],
)
def test_a_line_that_names_another_is_not(line: str) -> None:
    assert lines_naming({"include/a": line}, "boss") == []
