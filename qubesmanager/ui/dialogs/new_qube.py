# SPDX-License-Identifier: GPL-3.0-or-later
"""A new qube as a person asked for it: created or cloned, then set up with further calls, or not there at all.

The daemon's Create and Clone are each all or nothing. What is set afterwards may be refused: then the new qube, which
no one has used yet, is removed again and the error names what was refused. A cancelled task removes it as well.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.transport.base import TransportError
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import report
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateInPoolSpec, CreateSpec
from qubesmanager.wire.errors import Mgmt1Error, QubesVMNotFoundError

COPYING = QT_TRANSLATE_NOOP("NewQube", "Copying volumes")
STARTING = QT_TRANSLATE_NOOP("NewQube", "Starting")
REFUSED = QT_TRANSLATE_NOOP("NewQube", "{0} was created, but {1} was refused: {2} So it was removed again.")
LEFT = QT_TRANSLATE_NOOP("NewQube", "{0} could not be removed again: {1}")


def _say(text: str) -> str:
    return QCoreApplication.translate("NewQube", text)


@dataclass(frozen=True, slots=True)
class CreatePlan:
    """A qube to create. `pool` empty: the usual one; `private_size` in bytes, 0 for as usual."""

    name: str
    klass: str
    label: str
    template: str
    pool: str = ""
    private_size: int = 0
    properties: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    start: bool = False

    async def carry_out(self, session: Session) -> None:
        """Create it, set it up, start it if asked. Raises the `Mgmt1Error` of the first refused step."""
        create: Request[None]
        if self.pool:
            spec = CreateInPoolSpec(self.name, self.label, self.pool)
            create = calls.VM_CREATE_IN_POOL(self.template, self.klass, spec)
        else:
            create = calls.VM_CREATE(self.template, self.klass, CreateSpec(self.name, self.label))
        further: list[tuple[str, Request[Any]]] = [
            (prop, calls.VM_PROPERTY_SET(self.name, prop, value)) for prop, value in self.properties.items()
        ]
        further += [(tag, calls.VM_TAG_SET(self.name, tag)) for tag in self.tags]
        if self.private_size:
            further.append(("private", calls.VM_VOLUME_EXTEND(self.name, "private", self.private_size)))
        await _make(session, self.name, create, further, start=self.start)


@dataclass(frozen=True, slots=True)
class ClonePlan:
    """A qube to clone. `pool` empty: where the source is."""

    source: str
    name: str
    pool: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    start: bool = False

    async def carry_out(self, session: Session) -> None:
        """Clone it, set it up, start it if asked. Raises the `Mgmt1Error` of the first refused step."""
        clone = calls.VM_CLONE(self.source, payload=CloneSpec(self.name, self.pool or None))
        further: list[tuple[str, Request[Any]]] = [
            (prop, calls.VM_PROPERTY_SET(self.name, prop, value)) for prop, value in self.properties.items()
        ]
        await _make(session, self.name, clone, further, start=self.start)


async def _make(
    session: Session, name: str, make: Request[None], further: list[tuple[str, Request[Any]]], *, start: bool
) -> None:
    existed = name in session.records
    report(None, _say(COPYING))
    try:
        await session.client.send(make)
    except (asyncio.CancelledError, TransportError):
        # Without an answer it may have been made anyway; a qube that existed before must not be removed.
        if not existed:
            await asyncio.shield(_take_back(session, name))
        raise
    at = ""
    try:
        for number, (what, request) in enumerate(further):
            at = what
            report(100 * (number + 1) // (len(further) + 1), what)
            await session.client.send(request)
    except Mgmt1Error as error:
        await _take_back(session, name)
        text = _say(REFUSED)
        raise type(error)(text.format(name, at, error)) from error
    except asyncio.CancelledError:
        await asyncio.shield(_take_back(session, name))
        raise
    if start:
        report(None, _say(STARTING))
        await session.client.send(calls.VM_START(name))


async def _take_back(session: Session, name: str) -> None:
    try:
        await session.client.send(calls.VM_REMOVE(name))
    except QubesVMNotFoundError:
        pass
    except (Mgmt1Error, TransportError) as error:
        text = _say(LEFT).format(name, error)
        raise type(error)(text) from error
