# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipes of the guide: each decides what its table says, beside the policy that this package installs."""

import re
from pathlib import Path

import pytest

from qubesmanager.policy import installed
from qubesmanager.policy.at_gate import decide_call
from qubesmanager.policy.edition import Edition
from qubesmanager.policy.engine import Engine, Request
from qubesmanager.policy.folder import problems
from qubesmanager.policy.lockout import lockout
from qubesmanager.policy.reading import Files, Reader
from qubesmanager.policy.system_info import Domain, SystemInfo
from qubesmanager.wire.names import DOM0

PAGE = (Path(__file__).parents[2] / "docs/guide/policy.md").read_text(encoding="utf-8")
RECIPES = PAGE.partition("## Recipes\n")[2].split("\n### ")[1:]
FILE = re.compile(r"^In `([^`]+)`:\n\n```\n(.*?)```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| ([\w-]+) \| ([\w.]+)(\+\w+)? \| ([\w@-]+) \| (allow|ask|deny) \|$", re.MULTILINE)

INFO = SystemInfo.of(
    (
        Domain(DOM0, "AdminVM"),
        *(Domain(name, "AppVM", frozenset({"work"}), default_dispvm="default-dvm") for name in ("work", "mail")),
        *(Domain(name, "AppVM", default_dispvm="default-dvm") for name in ("personal", "vault", "sys-usb", "sys-mgmt")),
        Domain("lab", "AppVM", frozenset({"created-by-sys-mgmt"})),
        Domain("media", "AppVM", frozenset({"managed-by-sys-mgmt"})),
        Domain("remote", "AppVM", frozenset({"managed-by-laptop"})),
        Domain("default-dvm", "AppVM", template_for_dispvms=True),
    )
)
INSTALLED = installed.installed()


def test_there_are_recipes() -> None:
    assert len(RECIPES) > 5
    assert all(FILE.search(recipe) and ROW.search(recipe) for recipe in RECIPES)


@pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.partition("\n")[0] for recipe in RECIPES])
def test_a_recipe_decides_what_its_table_says(recipe: str) -> None:
    files = {name if name.startswith("include/") else f"{name}.policy": text for name, text in FILE.findall(recipe)}
    edition = Edition(Files({**INSTALLED, **files}))
    engine = Engine(edition.read(Reader()))

    assert problems(edition.policy.files) == []
    assert lockout(Engine(Edition(Files(INSTALLED)).read(Reader())), engine) is None
    for source, service, argument, target, answer in ROW.findall(recipe):
        decision = decide_call(engine, Request(service, argument or "+", source, target), INFO)

        assert (source, service, target, decision.result) == (source, service, target, answer)
        if service.startswith("mgmt1.") and answer == "allow":
            assert decision.target == DOM0
