# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy of this machine as it is now: read again only when a file of its folders is another than before."""

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.daemon.admission.policy_files import Policies, read_all
from qubesmanager.policy.engine import Engine
from qubesmanager.policy.reading import NO_FILES, Files, Policy, Reader
from qubesmanager.wire.errors import Mgmt1Error

_FRESH_NS = 100_000_000
"""A file that changed less than this before it was read may change again without another time stamp."""

Signature = tuple[tuple[str, int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    signature: Signature
    engine: Engine
    is_final: bool
    """Whether any later change of a file changes the signature."""


class LivePolicy:
    """Reads in a thread. A folder that cannot be read is a policy that denies every call, with the reason."""

    def __init__(self, policies: Policies) -> None:
        self._folders = [policies.folder, *([policies.hiding] if policies.hiding else [])]
        self._reader = Reader()
        self._kept: _Kept | None = None
        self._reading = asyncio.Lock()

    async def engine(self) -> Engine:
        """The engine of the policy as it is now; the same object while the policy is equal."""
        async with self._reading:
            return await asyncio.to_thread(self._engine)

    def _engine(self) -> Engine:
        signature = tuple(entry for folder in self._folders for entry in _signature(folder))
        if self._kept is None or self._kept.signature != signature or not self._kept.is_final:
            newest = max((ctime for _path, _mtime, ctime, _size, _inode in signature), default=0)
            is_final = newest < time.time_ns() - _FRESH_NS
            policy = self._read()
            is_same = self._kept is not None and self._kept.engine.policy == policy
            self._kept = _Kept(signature, self._kept.engine if self._kept and is_same else Engine(policy), is_final)
        return self._kept.engine

    def _read(self) -> Policy:
        try:
            files = [Files(*read_all(folder)) for folder in self._folders]
        except (Mgmt1Error, OSError) as error:
            return Policy((), str(error))
        return self._reader.read(*files, *([NO_FILES] if len(files) == 1 else []))


def _signature(folder: Path) -> Iterator[tuple[str, int, int, int, int]]:
    """Path, times, size and inode of all that is in a folder. What vanishes meanwhile is left out."""
    for at, _folders, names in os.walk(folder):
        for path in (at, *(os.path.join(at, name) for name in names)):  # noqa: PTH118 - many, and only joined
            try:
                status = os.stat(path)  # noqa: PTH116 - many
            except OSError:
                continue
            yield path, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
