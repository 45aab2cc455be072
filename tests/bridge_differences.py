# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the bridge answers otherwise than the daemon: docs/guide/qubes.md has this table, and random calls obey it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qubesmanager.admin.properties import NO_DEFAULT
from qubesmanager.wire import calls
from qubesmanager.wire.call import AnyCall, Request
from qubesmanager.wire.codecs import PropertyState, RuleRow
from qubesmanager.wire.errors import Mgmt1Error

Outcome = Any
"""The value of an answer, or the error."""


@dataclass(frozen=True)
class Difference:
    """`calls` may differ as `what` says, because of `why`; `fits` whether two outcomes differ no more than so."""

    calls: tuple[AnyCall, ...]
    what: str
    why: str
    fits: Callable[[Request[Any], Outcome, Outcome], bool]


def _both_refused(_request: Request[Any], own: Outcome, other: Outcome) -> bool:
    return isinstance(own, Mgmt1Error) and isinstance(other, Mgmt1Error)


def _rules(_request: Request[Any], own: Outcome, other: Outcome) -> bool:
    if not isinstance(own, list) or not isinstance(other, list):
        return False
    texts = [[row.rule for row in rows if isinstance(row, RuleRow)] for rows in (own, other)]
    return texts[0] == texts[1] or texts == [[], ["action=drop"]]


def _any_ids(_request: Request[Any], own: Outcome, other: Outcome) -> bool:
    return isinstance(own, str) and isinstance(other, str)


def _of_argument(*names: str) -> Callable[[Request[Any], Outcome, Outcome], bool]:
    return lambda request, _own, _other: request.argument in names


def _properties(_request: Request[Any], own: Outcome, other: Outcome) -> bool:
    """Those that both have are equal, but for what identifies a qube."""
    if not isinstance(own, list) or not isinstance(other, list):
        return False
    values: list[Mapping[str, Any]] = [{row.name: row[1:] for row in rows} for rows in (own, other)]
    both = values[0].keys() & values[1].keys() - {"uuid"}
    return all(values[0][name] == values[1][name] for name in both)


def _only_names(_request: Request[Any], own: Outcome, other: Outcome) -> bool:
    return isinstance(own, list) and isinstance(other, list)


def _as_many(_request: Request[Any], own: Outcome, other: Outcome) -> bool:
    return isinstance(own, list) and isinstance(other, list) and len(own) == len(other)


def _same_keys(*keys: str) -> Callable[[Request[Any], Outcome, Outcome], bool]:
    def fits(_request: Request[Any], own: Outcome, other: Outcome) -> bool:
        if not isinstance(own, Mapping) or not isinstance(other, Mapping):
            return False
        return all(own.get(key) == other.get(key) for key in keys)

    return fits


def _default_flag(_request: Request[Any], own: Outcome, other: Outcome) -> bool:
    return isinstance(own, PropertyState) and isinstance(other, PropertyState) and own.value == other.value


TABLE = (
    Difference(
        calls.TABLE,
        "the type of an error may be another one; whether there is one is the same",
        "qubesd has its own types and words, and some arguments are looked at in another order",
        _both_refused,
    ),
    Difference(
        (calls.VM_FIREWALL_GET,),
        "the ids of rules are hashes; a firewall without rules has one, `action=drop`",
        "qubesd keeps no ids, and takes no empty list",
        _rules,
    ),
    Difference((calls.VM_FIREWALL_INSERT_RULE,), "the id is a hash", "qubesd keeps no ids", _any_ids),
    Difference(
        (calls.VM_PROPERTY_GET, calls.VM_PROPERTY_GET_DEFAULT),
        "`uuid` is a value of qubesd; `problem`, `firewall_state` and `has_agent` do not exist",
        "they are about the daemon itself",
        _of_argument("uuid", "problem", "firewall_state", "has_agent"),
    ),
    Difference(
        (calls.VM_PROPERTY_GET_DEFAULT, calls.PROPERTY_GET_DEFAULT),
        "nothing for `label`, `template` and what identifies a qube",
        "qubesd has no default for them",
        _of_argument(*NO_DEFAULT),
    ),
    Difference(
        (calls.VM_PROPERTY_GET,),
        "what identifies a qube is not called a default",
        "qubesd calls it so",
        _default_flag,
    ),
    Difference(
        (calls.VM_PROPERTY_GET_ALL, calls.PROPERTY_GET_ALL),
        "properties that only one side has are left out by the other",
        "see the properties in docs/admin.md",
        _properties,
    ),
    Difference(
        (calls.VM_PROPERTY_LIST, calls.PROPERTY_LIST), "as `property.GetAll`", "as `property.GetAll`", _only_names
    ),
    Difference(
        (calls.VM_VOLUME_LIST_SNAPSHOTS,),
        "the ids of snapshots are those of qubesd; there are as many",
        "its storage names them",
        _as_many,
    ),
    Difference(
        (calls.VM_VOLUME_INFO, calls.POOL_VOLUME_INFO),
        "`source` and `usage` are those of qubesd",
        "they are measured and named by its storage",
        _same_keys("pool", "vid", "size", "rw", "save_on_stop", "snap_on_start", "revisions_to_keep"),
    ),
    Difference(
        (calls.POOL_INFO,),
        "the options of the driver are those of qubesd",
        "its drivers are others",
        _same_keys("name", "driver", "revisions_to_keep"),
    ),
)


def is_listed(request: Request[Any], own: Outcome, other: Outcome) -> bool:
    """Whether two outcomes of a call differ as a row says."""
    return any(
        request.call.family in {each.family for each in row.calls} and row.fits(request, own, other) for row in TABLE
    )


_HERE = frozenset({"problem", "firewall_state", "has_agent"})
_IN_QUBES_OS = frozenset({"stubdom_uuid", "stubdom_xid", "xid", "installed_by_rpm", "dispid", "is_preload"})
ONE_SIDED = _HERE | _IN_QUBES_OS
"""Properties that only mgmt1 or only Qubes OS has for some class."""
