# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy as this package installs it: which include decides about each call, and the includes, which allow nothing.

`scripts/derive.py` writes `rpc-handlers/policy` from here; a manager of qubes needs these files (`managers.py`).
"""

from collections.abc import Iterator

from qubesmanager.wire import calls
from qubesmanager.wire.call import AnyCall
from qubesmanager.wire.policy_files import INCLUDES
from qubesmanager.wire.values import Tier

LICENCE = "SPDX-License-Identifier: GPL-3.0-or-later"
DEFAULT_POLICY = "90-mgmt1-default.policy"

POLICY_HEAD = f"""\
# {LICENCE}
# Which include file decides about each call of the mgmt1 API. Written from the call table; changes belong into
# /etc/qubes/policy.d/include/mgmt1-* or into a file whose name sorts before this one.
# What no line allows is denied.
"""

_TIERS: dict[Tier, tuple[str, Tier | None]] = {
    Tier.LOCAL_RO: ("read about the destination qube", Tier.LOCAL_RWX),
    Tier.LOCAL_RWX: ("change the destination qube", None),
    Tier.GLOBAL_RO: ("read about the whole system", Tier.GLOBAL_RWX),
    Tier.GLOBAL_RWX: ("change the system: create and remove qubes, pools, backups, this policy", None),
}
"""The rights of each tier, and the tier that it includes: a qube that may change a thing may read it."""


def installed() -> dict[str, str]:
    """All of these files, by their path in the folder of the policy."""
    return {DEFAULT_POLICY: policy(), **{f"{INCLUDES}{tier}": include(tier) for tier in Tier}}


def policy() -> str:
    """The file that maps each call to the include of its tier."""
    return POLICY_HEAD + "".join(line for call in calls.BY_SERVICE.values() for line in _policy_lines(call))


def _policy_lines(call: AnyCall) -> Iterator[str]:
    for argument, tier in call.argument_tiers:
        yield f"!include-service {call.name} +{argument} include/{tier}\n"
        for target in ("@anyvm", "@adminvm"):
            yield f"{call.name} +{argument} @anyvm {target} deny\n"
    yield f"!include-service {call.name} * include/{call.tier}\n"


def include(tier: Tier) -> str:
    """An include file as it is first installed: no qube is allowed anything."""
    deed, wider = _TIERS[tier]
    text = f"""\
# {LICENCE}
# Qubes that a line here allows may {deed}.
# A line is: source target action. Each allow needs target=dom0, because the daemon answers in dom0:
#
#   sys-mgmt @tag:created-by-sys-mgmt allow target=dom0
#   sys-mgmt @adminvm allow target=dom0
#
# As installed it holds no such line: everything is denied.
"""
    return text + (f"\n# Who may change may read.\n!include include/{wider}\n" if wider else "")
