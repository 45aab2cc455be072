# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's choices for each qube of a backup, and why a choice is not possible, before anything is restored."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from PyQt5.QtCore import QCoreApplication

from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.rules import candidates
from qubesmanager.rules.creation import DEFAULT_SOURCE, why_not_based_on
from qubesmanager.rules.properties import BASED
from qubesmanager.wire.names import why_not_new_vm_name
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.restores import ADMIN, DEFAULT_NETVM, RestorePlan, StoredQube
from qubesmanager.wire.values import VmClass


@dataclass(frozen=True, slots=True)
class RestoreChoice:
    """The user's choice for one qube. None means "as in the backup", of the pool "as for all"; no netvm is empty."""

    restored: bool
    name: str
    template: str | None = None
    netvm: str | None = None
    pool: str | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """The qubes of this machine, the properties of the system, and the pools with their free bytes."""

    qubes: Mapping[str, VmRecord] = field(default_factory=dict)
    system: Mapping[str, str] = field(default_factory=dict)
    pools: Mapping[str, int] = field(default_factory=dict)

    def templates(self, klass: str) -> list[str]:
        """The possible templates of a qube of the class."""
        return in_order(candidates.templates(self.qubes, VmClass(klass))) if klass in BASED else []

    def netvms(self) -> list[str]:
        return in_order(candidates.netvms(self.qubes))

    def is_template(self, klass: str, name: str) -> bool:
        record = self.qubes.get(name)
        return record is not None and klass in BASED and why_not_based_on(VmClass(klass), record) is None


@dataclass(frozen=True, slots=True)
class RestoreRow:
    """A qube of the backup, what is wanted for it, why that cannot be (in words, or empty), and what will happen."""

    stored: StoredQube
    choice: RestoreChoice
    problem: str
    fate: str
    template: str
    netvm: str
    is_of_template: bool = False
    """Whether the template is the problem, and not the name."""

    @property
    def possible(self) -> bool:
        """The restore of dom0's home is chosen on the last page."""
        return self.stored.klass != ADMIN


def first_choice(qube: StoredQube, here: Here) -> RestoreChoice:
    """All that can be restored without a question is."""
    return RestoreChoice(qube.klass != ADMIN and qube.name not in here.qubes, qube.name)


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name with the first number that no qube has."""
    names, number = frozenset(taken), 2
    while (candidate := f"{name[:26]}-{number!s}") in names:
        number += 1
    return candidate


def rows(offered: Iterable[StoredQube], choices: Mapping[str, RestoreChoice], here: Here) -> list[RestoreRow]:
    """The rows as they stand. `choices` by the name in the backup; one for each qube."""
    qubes = list(offered)
    going = {qube.name: qube for qube in qubes if choices[qube.name].restored}
    names = Counter(choices[name].name for name in going)
    bases = frozenset((choices[name].name, qube.klass) for name, qube in going.items())
    whole = _Whole(choices, going, here, names, bases)
    return [_row(qube, whole) for qube in qubes]


def needed(rows: Iterable[RestoreRow]) -> int:
    """Bytes that the chosen ones may take."""
    return sum(row.stored.size for row in rows if row.choice.restored)


def needed_by_pool(rows: Iterable[RestoreRow], pool: str) -> dict[str, int]:
    """By pool: the bytes that the chosen ones may take; `pool` is that of qubes without a choice."""
    sizes: dict[str, int] = {}
    for row in rows:
        if row.choice.restored:
            name = row.choice.pool or pool
            sizes[name] = sizes.get(name, 0) + row.stored.size
    return sizes


def plan_of(rows: Iterable[RestoreRow], pool: str, *, verify_only: bool = False, devices: bool = False) -> RestorePlan:
    """The plan for the daemon."""
    chosen = [row for row in rows if row.choice.restored]
    if verify_only:
        return RestorePlan(verify_only=True)
    return RestorePlan(
        include=tuple(row.stored.name for row in chosen),
        rename={row.stored.name: row.choice.name for row in chosen if row.choice.name != row.stored.name},
        template={row.stored.name: row.choice.template for row in chosen if row.choice.template is not None},
        netvm={row.stored.name: row.choice.netvm for row in chosen if row.choice.netvm is not None},
        pool=pool,
        pools={row.stored.name: row.choice.pool for row in chosen if row.choice.pool is not None},
        devices=devices,
    )


@dataclass(frozen=True, slots=True)
class _Whole:
    """All choices at once, looked through a single time for what each row needs to know of the others."""

    choices: Mapping[str, RestoreChoice]
    going: Mapping[str, StoredQube]
    here: Here
    names: Mapping[str, int]
    """By name: how many of the chosen qubes would get it."""
    bases: frozenset[tuple[str, str]]
    """Names and classes of the chosen ones."""

    def renamed(self, name: str) -> str:
        """The name that a qube of the backup will have here."""
        return self.choices[name].name if name in self.going else name

    def can_base(self, klass: str, name: str) -> bool:
        # Whether a restored app qube is a template for disposables only the daemon sees; it falls back to the default.
        klass_of_template = VmClass.TEMPLATE if klass == VmClass.APP else VmClass.APP
        return self.here.is_template(klass, name) or (name, str(klass_of_template)) in self.bases


def _row(qube: StoredQube, whole: _Whole) -> RestoreRow:
    choice = whole.choices[qube.name]
    if qube.klass == ADMIN:
        fate = QCoreApplication.translate("RestoreTable", "Left out. To unpack its home, tick it on the last page.")
        return RestoreRow(qube, choice, "", fate, "", "")
    if not choice.restored:
        fate = QCoreApplication.translate("RestoreTable", "Left out.")
        if qube.name in whole.here.qubes:
            fate = QCoreApplication.translate(
                "RestoreTable", "Left out: there is a qube of this name. Tick it to restore it under another."
            )
        return RestoreRow(qube, choice, "", fate, qube.template, qube.netvm)
    template, template_note, template_problem = _template(qube, choice, whole)
    netvm, netvm_note = _netvm(qube, choice, whole)
    name_problem = _name_problem(choice.name, whole)
    problem = name_problem or template_problem
    if choice.name == qube.name:
        fate = QCoreApplication.translate("RestoreTable", "Restored.")
    else:
        fate = QCoreApplication.translate("RestoreTable", "Restored as {0}.").format(choice.name)
    fate = " ".join(filter(None, [fate, template_note, netvm_note]))
    is_of_template = bool(template_problem) and not name_problem
    return RestoreRow(qube, choice, problem, problem or fate, template, netvm, is_of_template)


def _name_problem(name: str, whole: _Whole) -> str:
    if why := why_not_new_vm_name(name):
        return reason_text(why)
    if name in whole.here.qubes:
        text = QCoreApplication.translate("RestoreTable", "There is a qube {0} here; give it another name.")
        return text.format(name)
    if whole.names[name] > 1:
        return QCoreApplication.translate("RestoreTable", "Two qubes cannot both be {0}.").format(name)
    return ""


def _template(qube: StoredQube, choice: RestoreChoice, whole: _Whole) -> tuple[str, str, str]:
    """The template it will have, a note where it is another than in the backup, and why there is none."""
    if qube.klass not in BASED:
        return "", "", ""
    if choice.template is not None:
        note = QCoreApplication.translate("RestoreTable", "Its template will be {0}.").format(choice.template)
        if whole.can_base(qube.klass, choice.template):
            return choice.template, note, ""
        problem = QCoreApplication.translate("RestoreTable", "{0} is no template for it.").format(choice.template)
        return choice.template, note, problem
    template = whole.renamed(qube.template)
    if whole.can_base(qube.klass, template):
        return template, "", ""
    default = whole.here.system.get(DEFAULT_SOURCE[VmClass(qube.klass)], "")
    if whole.here.is_template(qube.klass, default):
        note = QCoreApplication.translate("RestoreTable", "Its template {0} is not here: it will be {1}.")
        return default, note.format(qube.template, default), ""
    problem = QCoreApplication.translate("RestoreTable", "Its template {0} is not here; choose another.")
    return template, "", problem.format(qube.template)


def _netvm(qube: StoredQube, choice: RestoreChoice, whole: _Whole) -> tuple[str, str]:
    """The netvm it will have, and a note where it is another than in the backup."""
    if choice.netvm is not None:
        if not choice.netvm:
            return "", QCoreApplication.translate("RestoreTable", "It will have no network.")
        note = QCoreApplication.translate("RestoreTable", "Its net qube will be {0}.")
        return choice.netvm, note.format(choice.netvm)
    default = whole.here.system.get("default_netvm", "")
    if qube.netvm in {"", DEFAULT_NETVM}:
        return (default if qube.netvm else ""), ""
    netvm = whole.renamed(qube.netvm)
    record = whole.here.qubes.get(netvm)
    if (record is not None and record.flag("provides_network")) or qube.netvm in whole.going:
        return netvm, ""
    note = QCoreApplication.translate("RestoreTable", "Its net qube {0} is not here: it will have the default.")
    return default, note.format(qube.netvm)
