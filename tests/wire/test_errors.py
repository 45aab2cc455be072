# SPDX-License-Identifier: GPL-3.0-or-later
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import qubesmanager
from qubesmanager.wire.errors import Mgmt1Error, QubesPropertyValueError, QubesVMNotFoundError


def test_a_known_wire_name_gives_its_class_back() -> None:
    error = Mgmt1Error.from_wire("QubesVMNotFoundError", "No such qube: work")

    assert type(error) is QubesVMNotFoundError
    assert str(error) == "No such qube: work"


def test_an_unknown_wire_name_is_kept() -> None:
    error = Mgmt1Error.from_wire("QubesFutureError", "what?")

    assert type(error) is Mgmt1Error
    assert error.wire_name == "QubesFutureError"


def test_the_base_class_travels_as_qubes_exception() -> None:
    assert Mgmt1Error("x").wire_name == "QubesException"
    assert QubesPropertyValueError("x").wire_name == "QubesPropertyValueError"


def subclasses(kind: type[Mgmt1Error]) -> Iterator[type[Mgmt1Error]]:
    for below in kind.__subclasses__():
        yield below
        yield from subclasses(below)


def test_each_error_of_the_daemon_has_a_name_that_the_api_document_lists() -> None:
    for module in pkgutil.walk_packages(qubesmanager.__path__, "qubesmanager."):
        if module.name.startswith(("qubesmanager.daemon.", "qubesmanager.backup.", "qubesmanager.policy.")):
            import_module(module.name)
    document = Path(__file__).parents[2].joinpath("docs", "api.md").read_text("utf-8")
    table = document.partition("\n## Errors\n")[2].partition("\n## ")[0]
    listed = {"QubesException", *re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)}

    unlisted = {kind.__name__: kind.wire_name for kind in subclasses(Mgmt1Error) if kind.wire_name not in listed}

    assert unlisted == {}


def test_an_error_that_only_the_daemon_tells_apart_travels_under_the_name_of_its_base() -> None:
    from qubesmanager.daemon.local.store.store import StoreDamagedError, StoreError  # noqa: PLC0415 - of the daemon

    assert StoreError("The disk is full.").wire_name == "QubesException"
    assert StoreDamagedError("The file is cut off.").wire_name == "QubesException"
