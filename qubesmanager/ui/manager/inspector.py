# SPDX-License-Identifier: GPL-3.0-or-later
"""The inspector: a summary of the selected qube, and its three most likely actions."""

from collections.abc import Callable, Mapping, Sequence

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.columns import TABLE as COLUMNS
from qubesmanager.models.stats_history import History
from qubesmanager.models.texts import (
    class_text,
    gib_text,
    in_gib,
    number_text,
    plain_tip,
    restart_text,
    state_text,
    whole_size_text,
)
from qubesmanager.models.vm_table import VmTableModel
from qubesmanager.rules.features import preload_names
from qubesmanager.rules.network import netvm_chain, netvm_of
from qubesmanager.ui.actions.actions import BY_ID, ActionSet
from qubesmanager.ui.icons import label_icon, state_icon
from qubesmanager.ui.manager.inspector_summary import Summary
from qubesmanager.ui.manager.sidebar import Needs
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.badge import Badge
from qubesmanager.ui.widgets.elided_label import OneLine
from qubesmanager.ui.widgets.flow_layout import Flow
from qubesmanager.ui.widgets.fonts import scaled
from qubesmanager.ui.widgets.labels import cpu_color, leading, memory_color, plain_label, subdue, warning_color
from qubesmanager.ui.widgets.link_button import LinkButton
from qubesmanager.ui.widgets.palette_colors import IconLabel
from qubesmanager.ui.widgets.scrolled_stack import scroll_down_only
from qubesmanager.ui.widgets.sparkline import Graph
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import PowerState

LIKELY: Mapping[PowerState, tuple[str, ...]] = {
    PowerState.HALTED: ("settings", "clone", "notes", "start"),
    PowerState.CRASHED: ("settings", "logs", "notes", "start"),
    PowerState.NA: ("settings", "logs", "notes", "start"),
    PowerState.PAUSED: ("settings", "notes", "logs", "unpause"),
    PowerState.SUSPENDED: ("settings", "notes", "logs", "resume"),
}
"""The most likely actions by state; for other states those of a running qube. The first two and the last are shown."""
LIKELY_RUNNING = ("settings", "logs", "notes", "shutdown")
BUTTONS = 3
LONGEST_CHAIN = 8


class Inspector(QStackedWidget):
    """Shows one qube; else this computer, or what several share. `show_names` is called again at each change."""

    def __init__(
        self, session: Session, table: VmTableModel, actions: ActionSet, needs: Callable[[], Needs], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._table = table
        self._actions = actions
        self._name = ""
        self.setAccessibleName(self.tr("About the selected qube"))
        self.summary = Summary(session, table, needs, self)
        self.addWidget(self.summary)
        self.addWidget(self._page())
        session.stats.connect(self._stats)
        self.show_names([])

    def show_names(self, names: Sequence[str]) -> None:
        """Show the selected qubes."""
        record = self._session.records.get(names[0]) if len(names) == 1 else None
        self._name = record.name if record else ""
        if record is None:
            self.summary.show_names(names)
            self.setCurrentIndex(0)
        else:
            self._show(record)
            self.setCurrentIndex(1)

    def _page(self) -> QWidget:
        area = QScrollArea(self)
        scroll_down_only(area)
        inner = QWidget(area)
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(12, 10, 12, 10)
        head = QHBoxLayout()
        self.cube = IconLabel(inner)
        self.title = OneLine(inner)
        self.title.setFont(scaled(self.title.font(), 1.25, bold=True))
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        head.addWidget(self.cube)
        head.addWidget(self.title, 1)
        self.restart = Badge(self.tr("restart needed"), warning_color, inner)
        self.restart.hide()
        head.addWidget(self.restart)
        layout.addLayout(head)
        state = QHBoxLayout()
        self.state_icon = IconLabel(inner)
        self.state = plain_label("", inner)
        state.addWidget(self.state_icon)
        state.addWidget(self.state, 1)
        layout.addLayout(state)
        # The picture of a qube's screen comes here; without one it takes no room.
        self.thumbnail = QVBoxLayout()
        layout.addLayout(self.thumbnail)
        self.cpu_text = plain_label("", inner)
        self.cpu = Graph(cpu_color, inner)
        self.memory_text = plain_label("", inner)
        self.memory = Graph(memory_color, inner)
        for widget in (self.cpu_text, self.cpu, self.memory_text, self.memory):
            layout.addWidget(widget)
        self.grid = QGridLayout()
        self.grid.setColumnStretch(1, 1)
        self.grid.setHorizontalSpacing(12)
        self.grid.setVerticalSpacing(5)
        self._values: dict[str, tuple[QLabel, QLabel]] = {}
        for row, (key, title) in enumerate(self._fields().items()):
            name = QLabel(title, inner)
            name.setAlignment(leading() | Qt.AlignmentFlag.AlignTop)
            subdue(name)
            value = plain_label("", inner)
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            self.grid.addWidget(name, row, 0)
            self.grid.addWidget(value, row, 1)
            self._values[key] = (name, value)
        layout.addSpacing(6)
        layout.addLayout(self.grid)
        self.rights = LinkButton(self.tr("What may it do?"), inner)
        self.rights.setToolTip(self.tr("What may it do, and who may call it?"))
        self.rights.setMinimumWidth(1)  # a long translation must not make the panel wider than its place
        self.rights.clicked.connect(lambda: self._session.window_wanted.emit("rights", (self._name,)))
        layout.addWidget(self.rights, 0, Qt.AlignmentFlag.AlignLeft)
        self.applications = LinkButton(self.tr("Applications…"), inner)
        self.applications.setToolTip(self.tr("The applications of the qube, and to start one"))
        self.applications.setMinimumWidth(1)
        self.applications.clicked.connect(lambda: self._actions.run(BY_ID["applications"], (self._name,)))
        layout.addWidget(self.applications, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)
        area.setWidget(inner)
        outer = QWidget(self)
        around = QVBoxLayout(outer)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(area, 1)
        self.buttons = Flow(fill=True)
        self.buttons.setContentsMargins(12, 4, 12, 10)
        self._buttons = [QToolButton(outer) for _ in range(BUTTONS)]
        for button in self._buttons:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.buttons.addWidget(button)
        around.addLayout(self.buttons)
        return outer

    def _fields(self) -> dict[str, str]:
        return {
            "class": self.tr("Class"),
            "network": self.tr("Network"),
            "ip": self.tr("IP"),
            "disk": self.tr("Disk"),
            "devices": self.tr("Devices"),
            "ready": self.tr("Kept ready"),
            "tags": self.tr("Tags"),
            "backup": self.tr("Backup"),
            "notes": self.tr("Notes"),
        }

    def _show(self, record: VmRecord) -> None:
        self.cube.show_icon(label_icon(self._session.color_of(record.value("label"))), 32)
        self.cube.setToolTip(self.tr("Label: {0}").format(record.value("label")))
        self.title.setText(record.name)
        needed = self._session.restarts.needed(record)
        self.restart.setVisible(bool(needed))
        self.restart.setToolTip(plain_tip(restart_text(needed)))
        self.state_icon.show_icon(state_icon(record.state), 16)
        history = self._table.history(record.name)
        uptime = _column("uptime", record, history)
        state = state_text(record.state)
        self.state.setText(f"{state} · {uptime}" if uptime and record.running else state)
        self._show_stats(record, history)
        template = record.value("template")
        klass = class_text(record.klass)
        klass = self.tr("{0} on {1}").format(klass, template) if template else klass
        texts = {
            "class": klass,
            "network": self._chain(record),
            "ip": record.value("ip"),
            "disk": self._disk(record),
            "devices": "\n".join(f"{device.device_class} {device.backend}:{device.ident}" for device in record.devices),
            "ready": self._ready(record),
            "tags": ", ".join(sorted(record.tags)),
            "backup": _column("backup_timestamp", record, history),
            "notes": _shortened(record.notes.strip()),
        }
        for key, (name, value) in self._values.items():
            value.setText(texts[key])
            name.setVisible(bool(texts[key]))
            value.setVisible(bool(texts[key]))
        self.applications.setVisible(record.running and record.flag("has_agent"))
        self._show_buttons(record)

    def _show_buttons(self, record: VmRecord) -> None:
        available = {row.id for row in self._actions.available()}
        *first, last = LIKELY.get(record.state, LIKELY_RUNNING)
        buttons = [*[each for each in first if each in available][: BUTTONS - 1], last]
        for button, action in zip(self._buttons, [*buttons, *[""] * len(self._buttons)], strict=False):
            button.setVisible(bool(action))
            if action and button.defaultAction() is not self._actions.by_id[action]:
                for former in button.actions():  # with more than one, the button gets the arrow of a menu
                    button.removeAction(former)
                button.setDefaultAction(self._actions.by_id[action])

    def _show_stats(self, record: VmRecord, history: History | None) -> None:
        shown = history is not None and record.running
        for widget in (self.cpu_text, self.cpu, self.memory_text, self.memory):
            widget.setVisible(shown)
        if history is None or not record.running:
            return
        vcpus = record.number("vcpus") or 1
        cpu = self.tr("CPU {0} % of %n vcpu(s)", "", vcpus).format(number_text(history.cpu))
        self.cpu_text.setText(cpu)
        self.cpu.show_values(tuple(history.cpus), 100, cpu)
        top = max(record.number("maxmem") or 0, record.number("memory") or 0) << 10
        now, text = history.memory_kib << 10, self.tr("Memory {0} of {1}")
        memory = text.format(gib_text(now), in_gib(top << 10)) if top else in_gib(now)
        self.memory_text.setText(memory)
        self.memory.show_values(tuple(history.memories), max(top, history.memory_kib), memory)

    def _chain(self, record: VmRecord) -> str:
        """The chain of net qubes from the qube to the outside."""
        if "netvm" not in record.properties:
            return ""
        above = netvm_of(self._session.facts.qubes)
        if chain := netvm_chain(record.name, above):
            around = above(chain[-1])
            if around:
                return self.tr("{0}: a loop").format(" → ".join([*chain, around]))
            return " → ".join(chain[:LONGEST_CHAIN])
        return self.tr("leads to the internet") if record.flag("provides_network") else self.tr("none")

    def _ready(self, record: VmRecord) -> str:
        """How many disposables of it wait until they are used; over Qubes OS the table does not show these."""
        number = len(preload_names(record))
        return self.tr("%n disposable(s)", "", number) if number else ""

    def _disk(self, record: VmRecord) -> str:
        lines = []
        for volume in record.volumes:
            if volume.save_on_stop or volume.extra:
                used = whole_size_text(volume.usage)
                lines.append(self.tr("{0}: {1} of {2}").format(volume.name, used, whole_size_text(volume.size)))
        return "\n".join(lines)

    def _stats(self, _events: tuple[object, ...]) -> None:
        record = self._session.records.get(self._name)
        if record is not None and self.isVisible():
            self._show_stats(record, self._table.history(record.name))


def _column(column_id: str, record: VmRecord, history: History | None) -> str:
    return next(column.text(record, history) for column in COLUMNS if column.id == column_id)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_NOTES else text[:LONGEST_NOTES] + "…"


LONGEST_NOTES = 400
