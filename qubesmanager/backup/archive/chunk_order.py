# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which chunks may come, and what is wrong with one that comes otherwise."""

from collections.abc import Callable, Collection
from dataclasses import replace

from qubesmanager.backup.archive.backup_tar import ChunkName, Damage, Member
from qubesmanager.backup.archive.contents import Qube
from qubesmanager.backup.archive.manifest import MANIFEST
from qubesmanager.wire.reason import Reason


class Sequence:
    """Each file's chunks come once, rising from 0, without another file between; the manifest comes last.

    `names` are the qubes whose data are asked for; `failed` answers whether a folder has failed already. If it is
    `lenient`, surplus members of the archive fail no qube: each file still has to come to its end.
    """

    def __init__(
        self,
        kept: Collection[Qube],
        names: Collection[str],
        failed: Callable[[str], bool],
        *,
        has_manifest: bool,
        lenient: bool = False,
    ) -> None:
        self._names = {qube.path[:-1]: qube.name for qube in kept}
        self._paths = {qube.path[:-1] for qube in kept if qube.name in names}
        self._failed = failed
        self._has_manifest = has_manifest
        self._lenient = lenient
        self._started: set[str] = set()
        self._next: ChunkName | None = None
        self._order = {folder: number for number, folder in enumerate(self._names)}
        self._reached = 0
        self._last: ChunkName | None = None
        self._ended = False

    def place(self, damage: Damage) -> Damage:
        """The damage, with the chunk before it in its reason."""
        folder = damage.folder if damage.folder in self._names and not self._lenient else ""
        return Damage(self._met(damage.reason), folder)

    def _met(self, reason: Reason) -> Reason:
        """The reason, with the chunk before it."""
        if self._last is None:
            return Reason("damage-met-first", reason)
        owner = self._names.get(self._last.folder)
        if owner is None:
            return Reason("damage-met", reason, str(self._last))
        return Reason("damage-met-qube", reason, str(self._last), owner)

    def check(self, member: Member) -> ChunkName | Damage | None:
        """The chunk of the member if it is to be read, what is wrong with it, or None if it is not needed."""
        name = member.chunk
        if name is None:
            return self.place(Damage(Reason("backup-twice", member.name)))
        owner = self._names.get(name.folder)
        wrong = self._wrong(name, owner, is_ours=member.is_ours)
        self._last = name
        if wrong is not None:
            blamed = owner and not (self._lenient and self._is_extra(name))
            return Damage(wrong, name.folder if blamed else "")
        self._started.add(name.path)
        self._reached = max(self._reached, self._order.get(name.folder, 0))
        self._next = replace(name, index=name.index + 1)
        if name.path == MANIFEST:
            self._ended = True
            return name
        return name if name.folder in self._paths and not self._failed(name.folder) else None

    def _is_extra(self, name: ChunkName) -> bool:
        """Whether the chunk is surplus: no file waits for it, and it does not show that another one is missing."""
        if self._ended:
            return True
        if name.path not in self._started:
            return False
        return self._next is None or self._next.path != name.path or name.index < self._next.index

    def _wrong(self, name: ChunkName, owner: str | None, *, is_ours: bool) -> Reason | None:
        """What is wrong; None if the chunk is the expected one."""
        if self._ended:
            return Reason("chunk-after-manifest", str(name))
        if self._has_manifest and not is_ours and not self._lenient:
            return Reason("frame-changed", str(name))
        if name.path == MANIFEST:
            if not self._has_manifest or name.index:
                return Reason("backup-foreign", str(name))
            return None
        if owner is None:
            return Reason("chunk-of-no-qube", str(name))
        if name == self._next:
            return None
        if not name.index and name.path not in self._started:
            if self._has_manifest and not self._lenient and self._order[name.folder] < self._reached:
                return Reason("file-not-in-place", name.path, owner)
            return None
        if name.path not in self._started:
            return Reason("chunks-before-missing", name.path, owner, f"{name.index:03}")
        if self._next is None or self._next.path != name.path or name.index < self._next.index:
            return Reason("chunk-twice", str(name), owner)
        return Reason("chunk-missing", str(self._next), owner)
