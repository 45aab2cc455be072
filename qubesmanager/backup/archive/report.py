# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of writing or reading a backup, qube by qube."""

from dataclasses import dataclass

from qubesmanager.backup.archive.contents import Qube
from qubesmanager.backup.archive.manifest import Manifest
from qubesmanager.wire.firewall import Rule
from qubesmanager.wire.reason import Reason


@dataclass(frozen=True, slots=True)
class QubeResult:
    """One qube. `reason` is why nothing of the qube can be relied upon; None if all is well.

    `firewall` and `notes` are what the backup holds of them, None if it has no such file. `lost` says which of these
    files could not be read, or not whole (the volumes do not depend on them), and what is left out of dom0's home. Only
    a reader fills these in, except `lost` of dom0's home. `doubt` is what cannot be known of a qube that was salvaged;
    `files` are the names of those read. `cut` is about a home of dom0 that was salvaged up to a damaged chunk: what is
    lost, and what is whole.
    """

    qube: Qube
    reason: Reason | None = None
    firewall: tuple[Rule, ...] | None = None
    notes: str | None = None
    lost: tuple[Reason, ...] = ()
    doubt: Reason | None = None
    files: tuple[str, ...] = ()
    cut: Reason | None = None

    @property
    def ok(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Report:
    """All qubes. `problems` are those of the backup as a whole; `manifest` is None for a backup without one."""

    backup_id: str
    results: tuple[QubeResult, ...]
    problems: tuple[Reason, ...]
    manifest: Manifest | None

    @property
    def ok(self) -> bool:
        """Whether all requested qubes, and the backup as a whole, are intact."""
        return not self.wrong

    @property
    def wrong(self) -> tuple[Reason, ...]:
        """The problems of the backup as a whole, then those of each qube."""
        reasons = (result.reason for result in self.results)
        return (*self.problems, *(reason for reason in reasons if reason is not None))
