# SPDX-License-Identifier: GPL-3.0-or-later
"""One act that makes a source the manager of qubes: what it changes in the policy of dom0, as a plan."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from qubesmanager.plans.management import end_plan, management_plan
from qubesmanager.plans.plan import Plan
from qubesmanager.policy.edition import Edition
from qubesmanager.policy.managers import appointment, denied_by, dismissal
from qubesmanager.policy.records import system_info
from qubesmanager.rules.stepwise import Steps, all_at_once
from qubesmanager.wire.policy_files import FileChange
from qubesmanager.wire.records import VmRecord


@dataclass(frozen=True, slots=True)
class Appointment:
    """What the policy needs for a manager: changes of files, and the lines that would still deny, by qube."""

    manager: str
    files: tuple[FileChange, ...]
    denied: Mapping[str, str]

    def plan(self, records: Mapping[str, VmRecord], names: Sequence[str], left_out: Collection[str] = ()) -> Plan:
        """The plan with the qubes as they are now."""
        return all_at_once(self.steps(records, names, left_out))

    def steps(
        self, records: Mapping[str, VmRecord], names: Sequence[str], left_out: Collection[str] = ()
    ) -> Steps[Plan]:
        """The same in steps."""
        return management_plan.steps(records, self.manager, names, self.files, self.denied, left_out)


def appoint(edition: Edition, records: Mapping[str, VmRecord], manager: str, names: Sequence[str]) -> Appointment:
    """Look at the policy for what makes `manager` the manager of these qubes. Heavy: call it in a thread."""
    files = appointment(edition, manager)
    present = [name for name in names if name in records]
    denied = denied_by(edition, files, manager, present, system_info(records.values()))
    return Appointment(manager, tuple(files), {name: str(place or "") for name, place in denied.items()})


def dismiss(edition: Edition, records: Mapping[str, VmRecord], manager: str, names: Sequence[str]) -> Plan:
    """The plan by which `manager` no longer manages these qubes."""
    return end_plan(records, manager, names, dismissal(edition, manager))
