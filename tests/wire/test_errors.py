# SPDX-License-Identifier: GPL-3.0-or-later
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
