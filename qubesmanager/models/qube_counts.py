# SPDX-License-Identifier: GPL-3.0-or-later
"""How many qubes have each tag, net qube and so on, kept up to date with every record that changes."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

from qubesmanager.rules.backups import included_moment, is_recent
from qubesmanager.rules.features import is_internal
from qubesmanager.rules.updates import is_updated_itself
from qubesmanager.wire.names import CREATED_BY
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

ALL, RUNNING, TEMPLATES, DISPOSABLES = "all", "running", "templates", "disposables"
"""Groups with one value, the empty text."""
TAG, NETVM, TEMPLATE, LABEL, PREFIX, VIEW = "tag", "netvm", "template", "label", "prefix", "view"
"""Groups with a value for each tag, net qube and so on. A prefix ends before the first hyphen of a name."""
BACKED_UP = "backed-up"
"""The times of last backups, as text of Unix seconds."""

Part = tuple[str, str]
"""A group, and a value in it."""
Matches = Callable[[VmRecord], bool]

_KINDS = {VmClass.TEMPLATE: TEMPLATES, VmClass.DISP: DISPOSABLES}


class QubeCounts:
    """Counts qubes by their parts. Of a qube that changes only its own parts are counted again.

    `views`: the group `VIEW` has a value for each name, with the qubes that match. Internal qubes are counted if
    `with_internal`; `updated` always has them.
    """

    def __init__(self, views: Mapping[str, Matches] | None = None, *, with_internal: bool = False) -> None:
        self.of: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.updated: dict[str, VmRecord] = {}
        """The qubes that are updated themselves, and not through a template; by name."""
        self._views = dict(views or {})
        self._with_internal = with_internal
        self._known: dict[str, tuple[Part, ...]] = {}

    def put(self, records: Iterable[VmRecord]) -> None:
        """Count qubes that are new, or have changed."""
        for record in records:
            before, after = self._known.get(record.name, ()), self._parts(record)
            if before != after:
                self._add(before, -1)
                self._add(after, 1)
            self._known[record.name] = after
            if is_updated_itself(record):
                self.updated[record.name] = record
            else:
                self.updated.pop(record.name, None)

    def remove(self, names: Iterable[str]) -> None:
        """Leave out qubes that are gone."""
        for name in names:
            self._add(self._known.pop(name, ()), -1)
            self.updated.pop(name, None)

    def number(self, group: str, value: str = "") -> int:
        """How many qubes have a part."""
        return self.of[group][value]

    def overdue(self, now: int) -> int:
        """How many qubes have no recent backup, as `rules.backups.overdue` lists them."""
        return sum(count for moment, count in self.of[BACKED_UP].items() if not is_recent(int(moment), now))

    def _add(self, parts: Iterable[Part], number: int) -> None:
        for group, value in parts:
            counts = self.of[group]
            counts[value] += number
            if not counts[value]:
                del counts[value]

    def _parts(self, record: VmRecord) -> tuple[Part, ...]:
        """What a qube is counted by. An empty net qube is a value, too."""
        if is_internal(record) and not self._with_internal:
            return ()
        parts: list[Part] = [(ALL, "")]
        if record.running:
            parts.append((RUNNING, ""))
        if record.klass in _KINDS:
            parts.append((_KINDS[record.klass], ""))
        parts += [(TAG, tag) for tag in record.tags if not tag.startswith(CREATED_BY)]
        if NETVM in record.properties:
            parts.append((NETVM, record.value(NETVM)))
        parts += [(prop, value) for prop in (TEMPLATE, LABEL) if (value := record.value(prop))]
        if "-" in record.name:
            parts.append((PREFIX, record.name.partition("-")[0]))
        if (moment := included_moment(record)) is not None:
            parts.append((BACKED_UP, str(moment)))
        parts += [(VIEW, name) for name, matches in self._views.items() if matches(record)]
        return tuple(parts)
