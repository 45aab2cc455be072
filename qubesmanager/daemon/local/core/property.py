# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and checking values of properties, and the state that defaults and checks may look at.

Values are text: booleans `yes` and `no`, numbers in digits, references the name of a qube, empty for none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.rules import facts
from qubesmanager.rules.properties import PropertyRow, SystemPropertyRow, Type, why_not_in_row
from qubesmanager.rules.sight import Sees, sees_all
from qubesmanager.wire.codecs import ascii_line, number, text
from qubesmanager.wire.errors import ProtocolError, QubesPropertyValueError
from qubesmanager.wire.event_row import flag_text
from qubesmanager.wire.limits import PROPERTY_CHARACTERS
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import error_for, reason_of, refusal
from qubesmanager.wire.records import flag_of


class Facts(facts.Facts, Protocol):
    """The facts for defaults and checks. Nothing here waits."""

    @property
    def qubes(self) -> Mapping[str, Qube]: ...

    @property
    def labels(self) -> Mapping[str, str]: ...

    @property
    def pools(self) -> Mapping[str, str]: ...

    @property
    def host_memory(self) -> int:
        """MiB of the machine."""

    @property
    def firewall_note(self) -> Field:
        """Why no firewall rule is enforced on this system; empty where they are."""

    @property
    def kernels(self) -> frozenset[str]:
        """Names of the kernels that a qube can boot with."""


def _check_qube(facts: Facts, name: str, sees: Sees) -> None:
    if name not in facts.qubes or not sees(name):
        raise error_for(Reason("no-such-qube", name), QubesPropertyValueError)


Default = Callable[[Facts, Qube], str]
Check = Callable[[Facts, Qube, str], Reason | None]
"""Why a value (well formed for its type) is not accepted; None if it is."""


@dataclass(frozen=True, slots=True)
class Property(PropertyRow):
    """A row of THE PROPERTIES with what needs the state: the function of its default, a check against other qubes.

    `why` gives the reason that a computed default is, for the windows to translate.
    """

    computed: Default | None = None
    check: Check | None = None
    why: Callable[[Facts, Qube], Reason | None] | None = None

    def default_of(self, facts: Facts, qube: Qube) -> str:
        """The value of a qube on which it is not set."""
        return self.default if self.computed is None else self.computed(facts, qube)

    def parse(self, untrusted: str) -> str:
        """The value in its one written form, by its type alone. Raises `QubesPropertyValueError` with the reason."""
        return _parsed(self, untrusted, utf8=self.utf8)

    def accept(self, facts: Facts, qube: Qube, untrusted: str, sees: Sees = sees_all) -> str:
        """The value in its one written form. Raises `QubesPropertyValueError` with the reason.

        A qube that the caller does not see is answered as one that does not exist, unless the property names it now.
        """
        value = self.parse(untrusted)
        if value and self.type is Type.VM and value != qube.value(self.name):
            _check_qube(facts, value, sees)
        if value and self.type is Type.LABEL and value not in facts.labels:
            raise error_for(Reason("no-such-label", value), QubesPropertyValueError)
        reason = why_not_in_row(self, value)
        if reason is None and self.check:
            reason = self.check(facts, qube, value)
        if reason:
            raise error_for(reason, QubesPropertyValueError)
        return value


@dataclass(frozen=True, slots=True)
class SystemProperty(SystemPropertyRow):
    """A row of the system-wide properties, and a check against the state."""

    check: Callable[[Facts, str], Reason | None] | None = None

    def parse(self, untrusted: str) -> str:
        """The value in its one written form, by its type alone. Raises `QubesPropertyValueError` with the reason."""
        return _parsed(self, untrusted, utf8=False)

    def accept(self, facts: Facts, untrusted: str, sees: Sees = sees_all) -> str:
        """The value in its one written form. Raises `QubesPropertyValueError` with the reason.

        A qube that the caller does not see is answered as one that does not exist.
        """
        value = self.parse(untrusted)
        if value and self.type is Type.VM:
            _check_qube(facts, value, sees)
        reason = why_not_in_row(self, value)
        if reason is None and self.check:
            reason = self.check(facts, value)
        if reason:
            raise error_for(reason, QubesPropertyValueError)
        return value


def _read_text(name: str, untrusted: str, *, optional: bool, utf8: bool) -> str:
    if len(untrusted) > PROPERTY_CHARACTERS:
        raise refusal("property-too-long", name, PROPERTY_CHARACTERS)
    try:
        value = text(untrusted.encode(), name) if utf8 else ascii_line(untrusted.encode(), name)
    except ProtocolError as error:
        raise error_for(reason_of(error), QubesPropertyValueError) from error
    if "\n" in value:
        raise refusal("property-one-line", name)
    if not value and not optional:
        raise refusal("property-empty", name)
    return value


def _read_number(name: str, untrusted: str, *, optional: bool, utf8: bool) -> str:
    value = _read_text(name, untrusted, optional=optional, utf8=utf8)
    try:
        return str(number(value)) if value else ""
    except ProtocolError as error:
        raise refusal("property-number", name, shown(untrusted)) from error


def _read_bool(name: str, untrusted: str, *, optional: bool, utf8: bool) -> str:
    value = _read_text(name, untrusted, optional=optional, utf8=utf8)
    flag = flag_of(value)
    if flag is None:
        raise refusal("property-flag", name, shown(untrusted))
    return flag_text(flag)


_READERS = {
    Type.STR: _read_text,
    Type.INT: _read_number,
    Type.BOOL: _read_bool,
    Type.VM: _read_text,
    Type.LABEL: _read_text,
}


def _parsed(row: PropertyRow | SystemPropertyRow, untrusted: str, *, utf8: bool) -> str:
    return _READERS[row.type](row.name, untrusted, optional=row.optional, utf8=utf8)
