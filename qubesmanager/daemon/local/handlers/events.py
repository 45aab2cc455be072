# SPDX-License-Identifier: GPL-3.0-or-later
"""Event streams: what happens, and statistics. A source hears of the qubes that it may see."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from qubesmanager.daemon.event_hub import View
from qubesmanager.daemon.local.core.state import added
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.event import Event
from qubesmanager.wire.event_row import Audience
from qubesmanager.wire.events import DOMAIN_ADD, DOMAIN_DELETE, EVENTS_LOST, TAG_ADD, TAG_DELETE, row_of
from qubesmanager.wire.names import DOM0

_OF_SOURCES = frozenset({DOMAIN_ADD, DOMAIN_DELETE, TAG_ADD, TAG_DELETE})
"""What happens to a source and may change what it sees of all qubes: it has to list again."""


@answers(calls.EVENTS)
async def events(context: Context, _arg: None, _payload: None) -> AsyncGenerator[Event, None]:
    hub = context.system.runtime.hub
    async with aclosing(hub.listen(_view(context), by_sight=context.source != DOM0)) as stream:
        async for event in stream:
            yield event


@answers(calls.REFRESH)
async def refresh(_context: Context, _arg: None, _payload: None) -> None:
    """Nothing: what is answered here is never a copy."""


@answers(calls.VM_STATS)
async def stats(context: Context, _arg: None, _payload: None) -> AsyncGenerator[Event, None]:
    def view(event: Event) -> Sequence[Event]:
        return (event,) if context.dest in {DOM0, event.subject} and context.sees(event.subject) else ()

    async with aclosing(context.system.statistics.listen(view, by_sight=context.source != DOM0)) as stream:
        async for event in stream:
            yield event


def _view(context: Context) -> View:
    """The function that gives this listener's events for each event.

    A qube that comes into its sight (a tag managed-by-* was set) appears with `domain-add`, and one that leaves its
    sight vanishes with `domain-delete`, so the listener's copy always holds what it may see.
    """
    only = None if context.dest == DOM0 else context.dest
    if context.source == DOM0 and only is None:
        return lambda event: (event,)
    qubes = context.system.runtime.state.qubes
    known = {name for name in qubes if context.sees(name)}

    def view(event: Event) -> Sequence[Event]:
        name = event.subject
        row = row_of(event)
        if name == context.source and row in _OF_SOURCES and context.system.policy_sight.decides:
            return (EVENTS_LOST(),)
        if not name:
            heard = context.source == DOM0 or (row is not None and row.audience is Audience.EVERYONE)
            return (event,) if only is None and heard else ()
        if only not in {None, name}:
            return ()
        hidden = row is None or row.audience is Audience.SIGHT_BUT_OF_DOM0
        if name == DOM0 and context.source != DOM0 and hidden:
            return ()
        if row is DOMAIN_DELETE or not context.sees(name):
            if name not in known:
                return ()
            known.discard(name)
            return (DOMAIN_DELETE(name),)
        if name not in known:
            known.add(name)
            return (event if row is DOMAIN_ADD else added(qubes[name]),)
        return (event,)

    return view
