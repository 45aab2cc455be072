# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inspector shows without one selected qube: this computer, or what several selected qubes share."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from PyQt5.QtCore import QCoreApplication, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from qubesmanager.models.resources import Resources
from qubesmanager.models.stats_history import History, known_values
from qubesmanager.models.texts import gib_text, in_gib, number_text, percent_text, size_text
from qubesmanager.models.vm_table import VmTableModel
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.icons import icon, label_icon, tinted_icon
from qubesmanager.ui.manager.sidebar import Needs
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.elided_label import OneLine
from qubesmanager.ui.widgets.fonts import in_units
from qubesmanager.ui.widgets.labels import (
    cpu_color,
    embolden,
    fault_color,
    info_color,
    leading,
    memory_color,
    plain_label,
    subdue,
    title_label,
    warning_color,
)
from qubesmanager.ui.widgets.link_button import LinkButton
from qubesmanager.ui.widgets.palette_colors import IconLabel
from qubesmanager.ui.widgets.scrolled_stack import scroll_down_only
from qubesmanager.ui.widgets.sections import hairline
from qubesmanager.ui.widgets.soon import Soon
from qubesmanager.ui.widgets.sparkline import Graph
from qubesmanager.ui.widgets.turns import AT_ONCE, Steps, Turns
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import CREATED_BY, DOM0
from qubesmanager.wire.records import VmRecord

PAUSE = 1000
"""Milliseconds in which changes are gathered before all qubes are gone through again."""
STATS_PAUSE = 100
"""Milliseconds in which the parts of a round of statistics are gathered."""
KIB = 10
"""The statistics count in KiB: bytes are shifted by so many bits."""
LISTED = 8
"""Selected qubes that are shown by name; the others are one line."""
VALUES = 2
"""Values of a fact that are named: the most common ones."""


class Summary(QScrollArea):
    """Two pages: this computer, and several qubes. `needs` gives what is counted of all qubes.

    Signals: `page_wanted(name)`: the link of a line goes to this page of the window.
    """

    page_wanted = pyqtSignal(str)

    def __init__(self, session: Session, table: VmTableModel, needs: Callable[[], Needs], parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._table, self._needs = session, table, needs
        self._names: tuple[str, ...] = ()
        self._resources = Resources()
        self._rounds = History()
        """Of all qubes together."""
        scroll_down_only(self)
        inner = QWidget(self)
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(in_units(self, 1.5))
        layout.addLayout(self._head(inner))
        self.computer, self.several = QWidget(inner), QWidget(inner)
        self._lay_out_computer()
        self._lay_out_several()
        layout.addWidget(self.computer)
        layout.addWidget(self.several)
        layout.addStretch(1)
        self.hint = plain_label(self.tr("Select a qube to see more of it."), inner)
        subdue(self.hint)
        layout.addWidget(self.hint)
        self.setWidget(inner)
        self._later = Soon(PAUSE, self._look, self)
        self._count_soon = Soon(STATS_PAUSE, self._count, self)
        self._turns = Turns(self)
        session.stats.connect(self._count_soon.ask)
        session.backups.changed.connect(self._later.ask)
        session.synced.connect(self._ask)
        session.synced.connect(lambda: QTimer.singleShot(0, self._look))  # what it showed until then are no qubes

    def show_names(self, names: Sequence[str]) -> None:
        """Show the selected qubes; without any, this computer. What takes long follows within a second."""
        is_other = tuple(names) != self._names
        self._names = tuple(names)
        self.computer.setVisible(not names)
        self.hint.setVisible(not names)
        self.several.setVisible(bool(names))
        if is_other:
            self._look()
        else:
            self._later.ask()

    # -- parts --------------------------------------------------------------------------------------------------------

    def _head(self, inner: QWidget) -> QHBoxLayout:
        head = QHBoxLayout()
        side = in_units(self, 7)
        picture = IconLabel(inner)
        picture.show_icon(icon("qubes"), side)
        self.title = title_label("", inner)
        self.line = plain_label("", inner)
        subdue(self.line)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.line)
        head.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        return head

    def _lay_out_computer(self) -> None:
        column = _column(self.computer)
        self.cpu_text, self.memory_text = plain_label("", self.computer), plain_label("", self.computer)
        self.cpu, self.memory = Graph(cpu_color, self.computer), Graph(memory_color, self.computer)
        for widget in (self.cpu_text, self.cpu, self.memory_text, self.memory):
            column.addWidget(widget)
        column.addSpacing(in_units(self, 1))
        column.addWidget(hairline(self.computer))
        self.attention = plain_label("", self.computer)
        embolden(self.attention)
        column.addWidget(self.attention)
        colors = {"warning": warning_color, "failed": fault_color, "update": info_color}
        rows = {
            "failed": ("failed", "backups"),
            "old": ("warning", "backups"),
            "restarts": ("warning", "updates"),
            "updates": ("update", "updates"),
        }
        self.lines: dict[str, _Line] = {}
        for key, (picture, page) in rows.items():
            shape = tinted_icon(picture, colors[picture])
            line = self.lines[key] = _Line(self.computer)
            side = in_units(self, 4)
            line.picture.show_icon(shape, side)
            line.link.clicked.connect(lambda _on=False, page=page: self.page_wanted.emit(page))
            column.addWidget(line)

    def _lay_out_several(self) -> None:
        column = _column(self.several)
        column.addWidget(hairline(self.several))
        self.rows = [_Row(self.several) for _ in range(LISTED)]
        for row in self.rows:
            column.addWidget(row)
        self.others = plain_label("", self.several)
        subdue(self.others)
        column.addWidget(self.others)
        column.addWidget(hairline(self.several))
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(5)
        self.facts: dict[str, tuple[QLabel, QLabel]] = {}
        titles = {
            "memory": self.tr("Memory"),
            "disk": self.tr("Disk"),
            "template": self.tr("Template"),
            "netvm": self.tr("Network"),
            "tags": self.tr("Tags"),
        }
        for at, (key, title) in enumerate(titles.items()):
            name, value = plain_label(title, self.several), plain_label("", self.several)
            name.setAlignment(leading() | Qt.AlignmentFlag.AlignTop)
            name.setWordWrap(False)
            subdue(name)
            grid.addWidget(name, at, 0)
            grid.addWidget(value, at, 1)
            self.facts[key] = (name, value)
        column.addLayout(grid)

    # -- this computer ------------------------------------------------------------------------------------------------

    def _count(self) -> None:
        """Take over a round of statistics; going through all qubes would be too much where nothing shows it."""
        if self._names or not self.isVisible():
            return
        records, resources = self._session.records, self._resources
        histories = {name: self._table.history(name) for name, record in records.items() if record.running}
        resources.histories = {name: history for name, history in histories.items() if history is not None}
        if not resources.histories:
            return
        cpu = resources.cpu(self._session.facts.qubes)
        rounded = None if cpu is None else round(cpu)
        self._rounds.add(rounded, resources.memory(), time.time(), self._table.interval)
        self._show_graphs()

    def _show_graphs(self) -> None:
        resources, rounds = self._resources, self._rounds
        cpus, memories = known_values(rounds.cpus), known_values(rounds.memories)
        for widget in (self.cpu_text, self.cpu):
            widget.setVisible(bool(cpus))
        for widget in (self.memory_text, self.memory):
            widget.setVisible(bool(memories))
        if cpus:
            cpu = self.tr("CPU {0} % of %n processor(s)", "", resources.cpus or 0).format(number_text(cpus[-1]))
            self.cpu_text.setText(cpu)
            self.cpu.show_values(tuple(rounds.cpus), 100, cpu)
        if memories:
            total, now = resources.total, memories[-1] << KIB
            known = self.tr("Memory {0} of {1}").format(gib_text(now), in_gib((total or 0) << KIB))
            memory = known if total else self.tr("Memory {0}").format(in_gib(now))
            self.memory_text.setText(memory)
            self.memory.show_values(tuple(rounds.memories), total or max(memories) * 4 // 3, memory)

    def _ask(self) -> None:
        if self._session.is_synced and self.isVisible() and self._resources.total is None:
            self._session.tasks.start_hidden(self.tr("Read the memory"), self._ask_memory(), owner=self)

    async def _ask_memory(self) -> None:
        """Where dom0 does not answer, it stays unknown."""
        with suppress(Mgmt1Error, TransportError):
            self._resources.put_host(await self._session.client.send(calls.HOST_MEMORY(DOM0)))

    def _look(self) -> None:
        if not self.isVisible():
            return  # `showEvent` makes up for it
        if self._names:
            many = len(self._names) > AT_ONCE
            self._turns.put("qubes", partial(self._look_at_qubes, self._names), later=many)
        else:
            self._turns.put("qubes", self._look_at_computer, later=False)

    def _look_at_computer(self) -> None:
        needs, session = self._needs(), self._session
        self.title.setText(self.tr("This computer"))
        number = QCoreApplication.translate("Status", "%n qube(s)", "", needs.total)
        running = QCoreApplication.translate("Status", "%n running", "", needs.running)
        self.line.setText(f"{number}, {running}")
        restarts = len(session.restarts.waiting(session.records.values()))
        shown = (
            self.lines["failed"].put(needs.failed, self.tr("Failed: %n backup(s)", "", needs.failed)),
            self.lines["old"].put(needs.old, self.tr("No backup in 30 days: %n qube(s)", "", needs.old)),
            self.lines["restarts"].put(restarts, self.tr("Restart needed: %n qube(s)", "", restarts)),
            self.lines["updates"].put(needs.updates, self.tr("Updates needed: %n qube(s)", "", needs.updates)),
        )
        self.attention.setText(self.tr("Needs attention") if any(shown) else self.tr("Nothing needs attention."))
        self._show_graphs()

    # -- several qubes ------------------------------------------------------------------------------------------------

    def _look_at_qubes(self, names: Sequence[str]) -> Steps:
        """Show the selected qubes, and then the sums, after a step for each."""
        records = [record for name in names if (record := self._session.records.get(name))]
        self.title.setText(self.tr("%n qube(s) selected", "", len(records)))
        for at, row in enumerate(self.rows):
            row.setVisible(at < len(records))
            if at < len(records):
                self._put_row(row, records[at])
        left = max(0, len(records) - LISTED)
        self.others.setVisible(left > 0)
        self.others.setText(self.tr("and %n more", "", left))
        running = used = disk_usage = 0
        templates, netvms, tags = Counter[str](), Counter[str](), Counter[str]()
        for record in records:
            disk_usage += record.disk_usage
            if record.running:
                running += 1
                history = self._table.history(record.name)
                used += history.memory_kib if history else 0
            if template := record.value("template"):
                templates[template] += 1
            if "netvm" in record.properties:
                netvms[record.value("netvm") or self.tr("none")] += 1
            tags.update(tag for tag in record.tags if not tag.startswith(CREATED_BY))
            yield
        self.line.setText(self.tr("%n of them running", "", running))
        self._put_fact("memory", in_gib(used << KIB) if used else "")
        self._put_fact("disk", size_text(disk_usage))
        self._put_fact("template", self._most_common(templates))
        self._put_fact("netvm", self._most_common(netvms))
        self._put_fact("tags", self._most_common(tags))

    def _put_row(self, row: "_Row", record: VmRecord) -> None:
        color = self._session.color_of(record.value("label"))
        side = in_units(self, 4)
        row.cube.show_icon(label_icon(color), side)
        row.name.setText(record.name)
        history = self._table.history(record.name) if record.running else None
        said = "" if history is None else f"{in_gib(history.memory_kib << KIB)}, {percent_text(history.cpu)}"
        row.use.setText(said)

    def _put_fact(self, key: str, text: str) -> None:
        for label in self.facts[key]:
            label.setVisible(bool(text))
        self.facts[key][1].setText(text)

    def _most_common(self, counts: Counter[str]) -> str:
        """The most common values, each with how many qubes have it."""
        parts = [f"{value} ({number_text(number)})" for value, number in counts.most_common(VALUES)]
        if len(counts) > VALUES:
            parts.append(self.tr("and %n more", "", len(counts) - VALUES))
        return ", ".join(parts)

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._ask()
        self._look()


class _Line(QWidget):
    """What needs attention, and the link to it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(in_units(self, 2))
        self.picture = IconLabel(self)
        self.text = plain_label("", self)
        self.link = LinkButton(self.tr("Show"), self)
        words = self.link.fontMetrics().horizontalAdvance(self.link.text())
        self.link.setFixedWidth(words + in_units(self, 3))
        row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        row.addWidget(self.link)

    def put(self, number: int, text: str) -> bool:
        """Show the text; hidden for none. Returns whether it is shown."""
        self.setVisible(bool(number))
        self.text.setText(text)
        self.link.setAccessibleName(f"{self.link.text()}: {text}")
        return bool(number)


class _Row(QWidget):
    """A selected qube, and what it uses."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(in_units(self, 2))
        self.cube = IconLabel(self)
        self.name = OneLine(self)
        self.use = plain_label("", self)
        self.use.setWordWrap(False)
        subdue(self.use)
        row.addWidget(self.cube)
        row.addWidget(self.name, 1)
        row.addWidget(self.use)


def _column(parent: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(parent)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(in_units(parent, 1.5))
    return column
