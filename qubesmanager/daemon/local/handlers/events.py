# SPDX-License-Identifier: GPL-3.0-or-later
"""Event streams: what happens, and statistics. A source hears of the qubes that it may see."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.events import Event
from qubesmanager.wire.fold import DOMAIN_DELETE


@answers(calls.EVENTS)
async def events(context: Context, _arg: None, _payload: None) -> AsyncGenerator[Event, None]:
    async with aclosing(context.system.hub.listen(_filter(context))) as stream:
        async for event in stream:
            yield event


@answers(calls.VM_STATS)
async def stats(context: Context, _arg: None, _payload: None) -> AsyncGenerator[Event, None]:
    async with aclosing(context.system.statistics.listen(_filter(context))) as stream:
        async for event in stream:
            yield event


def _filter(context: Context) -> Callable[[Event], bool]:
    """What this listener may see. That a qube is gone is told to who could see it before."""
    only = None if context.dest == "dom0" else context.dest
    if context.source == "dom0" and only is None:
        return lambda _event: True
    seen = {name for name in context.system.state.qubes if context.sees(name)}

    def may_see(event: Event) -> bool:
        if only is not None and event.subject != only:
            return False
        if not event.subject:
            return context.source == "dom0" or event.kind.startswith(("label-", "pool-"))
        if event.kind == DOMAIN_DELETE:
            known = event.subject in seen
            seen.discard(event.subject)
            return known
        if not context.sees(event.subject):
            return False
        seen.add(event.subject)
        return True

    return may_see
