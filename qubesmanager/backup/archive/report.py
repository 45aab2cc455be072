# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of writing or reading a backup, qube by qube."""

from dataclasses import dataclass

from qubesmanager.backup.archive.contents import Qube
from qubesmanager.backup.archive.manifest import Manifest
from qubesmanager.wire.firewall import Rule


@dataclass(frozen=True, slots=True)
class QubeResult:
    """One qube. `reason` is empty if all is well, else a sentence; then nothing of the qube can be relied upon.

    `firewall` and `notes` are what the backup holds of them, None if it has no such file; `lost` has a sentence for
    each of these files that could not be read, or not whole: the volumes do not depend on them. Only a reader fills
    these in, but for `lost` of dom0's home. `doubt` is a sentence about what cannot be known of a qube that was
    salvaged; `files` are the names of those read. `cut` is a sentence about dom0's home that was salvaged up to a
    damaged chunk: what is lost, and what is whole.
    """

    qube: Qube
    reason: str = ""
    firewall: tuple[Rule, ...] | None = None
    notes: str | None = None
    lost: tuple[str, ...] = ()
    doubt: str = ""
    files: tuple[str, ...] = ()
    cut: str = ""

    @property
    def ok(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. `problems` are sentences about the backup as a whole; `manifest` is None for one without."""

    backup_id: str
    results: tuple[QubeResult, ...]
    problems: tuple[str, ...]
    manifest: Manifest | None

    @property
    def ok(self) -> bool:
        """Everything that was asked for is whole, and so is the backup around it."""
        return not self.problems and all(result.ok for result in self.results)
