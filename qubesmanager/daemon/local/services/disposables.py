# SPDX-License-Identifier: GPL-3.0-or-later
"""Disposables made on demand, and those that are made before: started, paused and hidden until a call takes one.

The feature `preload-dispvm-max` of a disposable template says how many wait, that of dom0 for the default template.
Their names are the template's feature `preload-dispvm`, and each has the feature `internal`, as in Qubes OS 4.3. One
whose template has changed since is replaced. After a failure nothing is tried until a setting changes.
"""

import asyncio
import logging
import secrets
from uuid import UUID

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.creation import Creation
from qubesmanager.daemon.local.services.lifecycle import Lifecycle
from qubesmanager.daemon.local.services.naming import Naming
from qubesmanager.daemon.local.services.settings import Settings
from qubesmanager.rules.creation import source_of
from qubesmanager.rules.facts import HALTED
from qubesmanager.rules.features import (
    INTERNAL,
    PRELOAD_LIST,
    PRELOAD_MAX,
    is_preloaded,
    preload_names,
    preload_number,
)
from qubesmanager.wire import events
from qubesmanager.wire.errors import Mgmt1Error, QubesVMAlreadyExistsError
from qubesmanager.wire.event import Event
from qubesmanager.wire.event_row import AnyEventRow
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import PowerState, VmClass

log = logging.getLogger(__name__)

SETTLE = 20.0
"""Seconds that a preloaded guest gets to boot before it is paused."""

NO_SOURCE = ""
"""A source with no rights: what may be named for it may be for any."""

_ENDS = frozenset[AnyEventRow]({events.DOMAIN_DELETE, events.DOMAIN_STATE})
"""Events after which fewer may wait."""
_PROPERTIES = frozenset({"template_for_dispvms", "default_dispvm"})
"""Properties that say which templates have preloaded disposables."""

_NUMBERS = 9999
_TRIES = 100


class Disposables:
    """Makes disposables, and keeps those that wait. `settle` as `SETTLE`."""

    def __init__(
        self, runtime: Runtime, naming: Naming, creation: Creation, lifecycle: Lifecycle, settings: Settings
    ) -> None:
        self._runtime = runtime
        self._naming = naming
        self._creation = creation
        self._lifecycle = lifecycle
        self._settings = settings
        self.settle = SETTLE
        self._news = asyncio.Event()
        self.failed: set[UUID] = set()
        """Templates of which no disposable could be made."""
        self._settings_changed = 0
        """How often a setting changed that ends the rest after a failure."""
        self._booting: set[UUID] = set()
        """Disposables that are paused once they have booted."""
        runtime.subscribe(self._on_setting, properties=_PROPERTIES, features={PRELOAD_MAX})
        runtime.subscribe(self._on_end, rows=_ENDS)
        runtime.subscribe(self._on_volume, rows={events.VOLUME_SET})

    async def create(self, creator: str, source: str) -> str:
        """A new disposable of a template (dom0: the default one), or one that waits; its name.

        A new one is halted, one that waited runs. Raises as `Creation.create`.
        """
        state = self._runtime.state
        template = state.qubes.get(source_of(state, VmClass.DISP, source))
        while template is not None and (qube := await self._taken(template, creator)) is not None:
            try:
                await self._let_run(qube)
            except Mgmt1Error as error:
                log.warning("The preloaded %s cannot be used: %s", qube.name, error)
                await self.discard(qube)
            else:
                return qube.name
        label = template.value("label") if template is not None else "red"
        return await self._made(creator, source, label)

    async def _let_run(self, qube: Qube) -> None:
        """Unpause the disposable if the hypervisor has paused it.

        The hypervisor is asked: an event of its start that comes late may have made the known state `Running` again.
        """
        async with self._runtime.holding(qube):  # a pause that had begun has ended
            is_paused = await self._runtime.hypervisor.state(qube.uuid) is PowerState.PAUSED
            if is_paused:
                self._runtime.set_state(qube, PowerState.PAUSED)
        if is_paused:
            await self._lifecycle.unpause(qube.name)

    async def _made(self, creator: str, source: str, label: str) -> str:
        """A new disposable under the first random name that is free."""
        for _ in range(_TRIES):
            name = f"disp{1 + secrets.randbelow(_NUMBERS)}"
            if await self._naming.why_not_new_name(NO_SOURCE, name):
                continue  # it would bring rights to any qube that takes it
            try:
                await self._creation.create(creator, VmClass.DISP, source, name, label)
            except QubesVMAlreadyExistsError:
                continue
            return name
        raise refusal("no-disposable-name")

    async def _taken(self, template: Qube, creator: str) -> Qube | None:
        """A disposable of the template that waits, which waits no longer; None if there is none."""
        async with self._runtime.altering(template):
            waiting = [
                qube for qube in self.waiting(template) if _is_usable(qube) and qube.state is not PowerState.TRANSIENT
            ]
            if not waiting:
                return None
            qube = waiting[0]
            await self._listed(template, [other for other in self.waiting(template) if other is not qube])
            await self._settings.put_feature(qube, INTERNAL, None)
            await self._settings.put_creator(qube, creator)
        return qube

    # -- those that wait ----------------------------------------------------------------------------------------------

    def wanted(self, template: Qube) -> int:
        """How many disposables of a template are to wait."""
        state = self._runtime.state
        if not template.flag("template_for_dispvms"):
            return 0
        of_system = state.qubes[DOM0].features.get(PRELOAD_MAX) if DOM0 in state.qubes else None
        is_default = state.system("default_dispvm") == template.name
        return preload_number(of_system if is_default and of_system is not None else template.features.get(PRELOAD_MAX))

    def waiting(self, template: Qube) -> list[Qube]:
        """The disposables of a template that wait, in the order they were made."""
        qubes = [self._runtime.state.qubes.get(name) for name in preload_names(template)]
        return [qube for qube in qubes if qube is not None and is_preloaded(qube, template)]

    async def keep(self) -> None:
        """Make and remove disposables so that as many wait as settings say, for as long as the daemon runs."""
        while True:
            self._news.clear()
            for template in list(self._runtime.state.qubes.values()):
                if template.klass is VmClass.APP and (PRELOAD_LIST in template.features or self.wanted(template)):
                    await self._fill(template)
            await self._news.wait()

    def _on_setting(self, _event: Event) -> None:
        """Look again how many are to wait, also for templates of which none could be made."""
        self._settings_changed += 1
        self.failed.clear()
        self._news.set()

    def _on_end(self, _event: Event) -> None:
        self._news.set()

    def _on_volume(self, event: Event) -> None:
        """A disposable with an outdated volume waits no longer."""
        volume = events.VOLUME_SET.of(event)
        if volume is not None and volume.is_outdated:
            self._news.set()

    async def _fill(self, template: Qube) -> None:
        settings_before = self._settings_changed
        try:
            # Under the lock: one that is taken meanwhile is no longer listed, and belongs to a user.
            async with self._runtime.altering(template):
                waiting = self.waiting(template)
                staying = [qube for qube in waiting if _is_usable(qube)][: self.wanted(template)]
                if [qube.name for qube in staying] != preload_names(template):
                    await self._listed(template, staying)
            for qube in waiting:
                if qube not in staying:
                    await self.discard(qube)
            for qube in staying:
                self._pause_later(template, qube)
            while len(self.waiting(template)) < self.wanted(template) and template.uuid not in self.failed:
                await self._preload(template)
        except Mgmt1Error as error:
            # A setting that changed during the attempt may be the one that made it possible.
            if settings_before == self._settings_changed:
                self.failed.add(template.uuid)
            log.warning("No disposable of %s is preloaded: %s", template.name, error)

    async def _preload(self, template: Qube) -> None:
        """One more that waits. Raises `Mgmt1Error`; then nothing of it is left."""
        name = await self._made(DOM0, template.name, template.value("label"))
        qube = self._runtime.state.qube(name)
        try:
            async with self._runtime.altering(qube):
                await self._settings.put_feature(qube, INTERNAL, "1")
            async with self._runtime.altering(template):
                await self._listed(template, [*self.waiting(template), qube])
            await self._lifecycle.start(name)
        except Mgmt1Error:
            async with self._runtime.altering(template):
                await self._listed(template, [other for other in self.waiting(template) if other is not qube])
            await self.discard(qube)
            raise
        self._pause_later(template, qube)

    def _pause_later(self, template: Qube, qube: Qube) -> None:
        if qube.state is PowerState.RUNNING and qube.uuid not in self._booting:
            self._booting.add(qube.uuid)
            self._runtime.spawn(f"pause the preloaded {qube.name}", self._paused(template, qube))

    async def _paused(self, template: Qube, qube: Qube) -> None:
        """Pause the disposable once it has booted, if it still waits."""
        try:
            await asyncio.sleep(self.settle)
            if qube in self.waiting(template) and qube.state is PowerState.RUNNING:
                await self._lifecycle.pause(qube.name)
        except Mgmt1Error as error:
            log.warning("The preloaded %s is not paused: %s", qube.name, error)
        finally:
            self._booting.discard(qube.uuid)

    async def discard(self, qube: Qube) -> None:
        """Remove a disposable that no caller uses; what cannot be removed stays, and is logged."""
        try:
            if qube.state in HALTED:
                await self._creation.remove(qube)
            else:
                await self._lifecycle.kill(qube.name)
        except Mgmt1Error as error:
            log.warning("The disposable %s stays: %s", qube.name, error)

    async def _listed(self, template: Qube, waiting: list[Qube]) -> None:
        """Store which disposables of a template wait. Under `altering` of the template."""
        before = self.waiting(template)
        names = " ".join(qube.name for qube in waiting)
        await self._settings.put_feature(template, PRELOAD_LIST, names or None)
        for qube in {id(each): each for each in (*before, *waiting)}.values():
            if qube.name in self._runtime.state.qubes:
                self._runtime.emit(self._runtime.state.property_changed(qube, "is_preload"))


def _is_usable(qube: Qube) -> bool:
    """Whether a disposable that waits can be taken: it is started, and made of what its template is now."""
    outdated = any(volume.is_outdated for volume in qube.volumes.values())
    return not outdated and qube.state in {PowerState.PAUSED, PowerState.RUNNING, PowerState.TRANSIENT}
