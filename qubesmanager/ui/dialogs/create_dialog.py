# SPDX-License-Identifier: GPL-3.0-or-later
"""New qubes: the dialogs for creating and cloning, checked while one types; `new_qube.py` carries out what they say."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtGui import QIcon
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.columns import size_text
from qubesmanager.models.natural_sort import in_order
from qubesmanager.rules.volumes import KERNEL_DRIVER
from qubesmanager.ui.dialogs.new_qube import ClonePlan, CreatePlan
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.reasons import why_not_name
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem
from qubesmanager.wire import calls
from qubesmanager.wire.names import TAG_NAME
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Offers:
    """What there is to choose from: the system's properties, labels with their colours, pools with free bytes."""

    system: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    pools: dict[str, int] = field(default_factory=dict)


async def ask_offers(session: Session) -> Offers:
    """Raises `Mgmt1Error` and `TransportError`."""
    send = session.client.send
    system = {row.name: row.value for row in await send(calls.PROPERTY_GET_ALL("dom0"))}
    labels = {row.name: row.color for row in await send(calls.LABEL_LIST("dom0"))}
    pools: dict[str, int] = {}
    for pool in await send(calls.POOL_LIST("dom0")):
        info = await send(calls.POOL_INFO("dom0", pool))
        if info.get("driver") == KERNEL_DRIVER:
            continue
        pools[pool] = max(0, _number(info.get("size")) - _number(info.get("usage")))
    return Offers(system, labels, pools)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0


def choice(parent: QWidget, values: Iterable[tuple[str, str]], chosen: str, icons: dict[str, QIcon]) -> QComboBox:
    """A box of (value, text) pairs."""
    box = QComboBox(parent)
    box.setIconSize(QSize(16, 16))
    for value, text in values:
        box.addItem(icons.get(value, QIcon()), text, value)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    return box


def chosen(box: QComboBox) -> str:
    held = box.currentData()
    return held if isinstance(held, str) else ""


class CreateDialog(QDialog):
    """Asks for a new qube; `plan()` is what was asked for."""

    def __init__(self, parent: QWidget | None, session: Session, offers: Offers) -> None:
        super().__init__(parent)
        self._session = session
        self._offers = offers
        self.setWindowTitle(self.tr("New qube"))
        layout = QVBoxLayout(self)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addLayout(form)
        self.name = QLineEdit(self)
        self.name.setMaxLength(64)
        form.addRow(self.tr("&Name:"), self.name)
        self.name_problem = problem_label(self)
        form.addRow("", self.name_problem)
        colors = {name: label_icon(color) for name, color in offers.labels.items()}
        self.label = choice(self, ((name, name) for name in offers.labels), "red", colors)
        self.label.setToolTip(self.tr("The colour by which you tell at a glance how far you trust it."))
        form.addRow(self.tr("&Label:"), self.label)
        self.klass = choice(self, self._classes(), VmClass.APP, {})
        form.addRow(self.tr("&Type:"), self.klass)
        self.about = plain_label("", self)
        form.addRow("", self.about)
        self.template = QComboBox(self)
        form.addRow(self.tr("T&emplate:"), self.template)
        self.netvm = choice(self, self._netvms(), DEFAULT, self._cubes())
        form.addRow(self.tr("Net &qube:"), self.netvm)
        default_pool = offers.system.get("default_pool", "")
        self.pool = choice(self, ((pool, self._pool_text(pool)) for pool in offers.pools), default_pool, {})
        form.addRow(self.tr("&Pool:"), self.pool)
        self.private_size = QDoubleSpinBox(self)
        self.private_size.setRange(0, 1 << 20)
        self.private_size.setDecimals(1)
        self.private_size.setSuffix(" GiB")
        self.private_size.setSpecialValueText(self.tr("as usual"))
        form.addRow(self.tr("Private si&ze:"), self.private_size)
        self.size_problem = problem_label(self)
        form.addRow("", self.size_problem)
        self.tags = QLineEdit(self)
        self.tags.setPlaceholderText(self.tr("work, family"))
        form.addRow(self.tr("Ta&gs:"), self.tags)
        self.tags_problem = problem_label(self)
        form.addRow("", self.tags_problem)
        self.provides = QCheckBox(self.tr("P&rovides network to other qubes"), self)
        self.dispvm = QCheckBox(self.tr("Is a template for &disposables"), self)
        self.start = QCheckBox(self.tr("&Start it when it is there"), self)
        self.open_settings = QCheckBox(self.tr("&Open its settings when it is there"), self)
        for box in (self.provides, self.dispvm, self.start, self.open_settings):
            layout.addWidget(box)
        layout.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.yes = QPushButton(self.tr("Create"), self)
        self.yes.setObjectName("yes")
        self.yes.setDefault(True)
        buttons.addButton(self.yes, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        for edit in (self.name, self.tags):
            edit.textChanged.connect(self._look)
        self.private_size.valueChanged.connect(self._look)
        self.pool.currentIndexChanged.connect(self._look)
        self.klass.currentIndexChanged.connect(self._class_chosen)
        session.put.connect(self._look_again)
        session.gone.connect(self._look_again)
        self.name.setFocus()
        self._class_chosen()
        self.resize(460, self.sizeHint().height())

    def plan(self) -> CreatePlan:
        """What is asked for, as it stands in the fields."""
        properties: dict[str, str] = {}
        if (netvm := chosen(self.netvm)) != DEFAULT:
            properties["netvm"] = netvm
        if self.provides.isChecked():
            properties["provides_network"] = "yes"
        if self.dispvm.isChecked():
            properties["template_for_dispvms"] = "yes"
        return CreatePlan(
            name=self.name.text(),
            klass=chosen(self.klass),
            label=chosen(self.label),
            template=chosen(self.template) or "dom0",
            pool=pool if (pool := chosen(self.pool)) != self._offers.system.get("default_pool") else "",
            private_size=round(self.private_size.value() * GIB),
            properties=properties,
            tags=tuple(self._tags()),
            start=self.start.isChecked(),
        )

    def _tags(self) -> list[str]:
        return self.tags.text().replace(",", " ").split()

    def _classes(self) -> list[tuple[str, str]]:
        return [
            (VmClass.APP, self.tr("App qube")),
            (VmClass.STANDALONE, self.tr("Standalone qube")),
            (VmClass.DISP, self.tr("Named disposable")),
        ]

    def _class_chosen(self) -> None:
        klass = chosen(self.klass)
        self.about.setText(
            {
                str(VmClass.APP): self.tr("Its system comes from the template at each start; it keeps what is yours."),
                str(VmClass.STANDALONE): self.tr("A copy of its own of the template; it is updated by itself."),
                str(VmClass.DISP): self.tr("It forgets everything when it halts."),
            }.get(klass, "")
        )
        self.template.clear()
        cubes = self._cubes()
        for name in self._templates(klass):
            self.template.addItem(cubes.get(name, QIcon()), name, name)
        if klass == VmClass.STANDALONE:
            self.template.addItem(self.tr("(empty system disk)"), "dom0")
        wanted = self._offers.system.get("default_dispvm" if klass == VmClass.DISP else "default_template", "")
        self.template.setCurrentIndex(max(0, self.template.findData(wanted)))
        self.dispvm.setEnabled(klass == VmClass.APP)
        if klass != VmClass.APP:
            self.dispvm.setChecked(False)
        self.private_size.setEnabled(klass != VmClass.DISP)
        self._look()

    def _templates(self, klass: str) -> list[str]:
        if klass == VmClass.DISP:
            return in_order(record.name for record in self._session.records.values() if _for_disposables(record))
        return in_order(record.name for record in self._session.records.values() if record.klass is VmClass.TEMPLATE)

    def _netvms(self) -> list[tuple[str, str]]:
        default = self._offers.system.get("default_netvm", "")
        names = in_order(record.name for record in self._session.records.values() if record.flag("provides_network"))
        return [
            (DEFAULT, self.tr("Default ({0})").format(default or self.tr("none"))),
            *((name, name) for name in names),
            ("", self.tr("None: no network")),
        ]

    def _cubes(self) -> dict[str, QIcon]:
        cubes = {name: label_icon(self._session.color_of_qube(name)) for name in self._session.records}
        if default := self._offers.system.get("default_netvm", ""):
            cubes[DEFAULT] = cubes.get(default, QIcon())
        return cubes

    def _pool_text(self, pool: str) -> str:
        return self.tr("{0} ({1} free)").format(pool, size_text(self._offers.pools[pool]) or "0")

    def _look_again(self, _told: tuple[object, ...]) -> None:
        self._look()

    def _look(self) -> None:
        """Say beside each field what is wrong with it. An empty name is not a mistake yet."""
        name_wrong = why_not_name(self.name.text(), self._session.records)
        show_problem(self.name_problem, name_wrong if self.name.text() else None)
        free = self._offers.pools.get(chosen(self.pool), 0)
        size_wrong = None
        if free and self.private_size.value() * GIB > free:
            size_wrong = self.tr("The pool has only {0} free.").format(size_text(free))
        show_problem(self.size_problem, size_wrong)
        bad = [tag for tag in self._tags() if not TAG_NAME.matches(tag)]
        tags_wrong = self.tr("A tag holds only letters, digits, _ and -") if bad else None
        show_problem(self.tags_problem, tags_wrong)
        for label in (self.name_problem, self.size_problem, self.tags_problem):
            label.setVisible(bool(label.text()))
        self.yes.setEnabled(not (name_wrong or size_wrong or tags_wrong) and self.template.count() > 0)
        self.yes.setToolTip("" if self.template.count() else self.tr("There is no template it could be based on."))


DEFAULT = "\x00default"
"""Stands in a box for "as the system says"; no name can look like it."""


def _for_disposables(record: VmRecord) -> bool:
    return record.flag("template_for_dispvms")


class CloneDialog(QDialog):
    """Asks for the clone's name and where it goes."""

    def __init__(self, parent: QWidget | None, session: Session, offers: Offers, source: VmRecord) -> None:
        super().__init__(parent)
        self._session = session
        self._source = source
        self._offers = offers
        self.setWindowTitle(self.tr("Clone {0}").format(source.name))
        layout = QVBoxLayout(self)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addLayout(form)
        size = size_text(source.disk_usage) or "0"
        form.addRow(
            plain_label(self.tr("A copy of {0} with its data ({1}), settings and firewall.").format(source.name, size))
        )
        self.name = QLineEdit(self._free_name(), self)
        self.name.selectAll()
        form.addRow(self.tr("&Name:"), self.name)
        self.name_problem = problem_label(self)
        form.addRow("", self.name_problem)
        colors = {name: label_icon(color) for name, color in offers.labels.items()}
        self.label = choice(self, ((name, name) for name in offers.labels), source.value("label"), colors)
        form.addRow(self.tr("&Label:"), self.label)
        pools = [("", self.tr("As {0}").format(source.name)), *((pool, self._pool_text(pool)) for pool in offers.pools)]
        self.pool = choice(self, pools, "", {})
        form.addRow(self.tr("&Pool:"), self.pool)
        self.pool_problem = problem_label(self)
        form.addRow("", self.pool_problem)
        self.start = QCheckBox(self.tr("&Start it when it is there"), self)
        layout.addWidget(self.start)
        layout.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.yes = QPushButton(self.tr("Clone"), self)
        self.yes.setObjectName("yes")
        self.yes.setDefault(True)
        buttons.addButton(self.yes, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.name.textChanged.connect(self._look)
        self.pool.currentIndexChanged.connect(self._look)
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)
        self._look()
        self.resize(440, self.sizeHint().height())

    def plan(self) -> ClonePlan:
        label = chosen(self.label)
        return ClonePlan(
            source=self._source.name,
            name=self.name.text(),
            pool=chosen(self.pool),
            properties={} if label == self._source.value("label") else {"label": label},
            start=self.start.isChecked(),
        )

    def _free_name(self) -> str:
        """The source's name with the first number that nobody has."""
        stem = self._source.name[:24]
        number = 2
        while f"{stem}-{number}" in self._session.records:
            number += 1
        return f"{stem}-{number}"

    def _pool_text(self, pool: str) -> str:
        return self.tr("{0} ({1} free)").format(pool, size_text(self._offers.pools[pool]) or "0")

    def _look(self) -> None:
        name_wrong = why_not_name(self.name.text(), self._session.records)
        show_problem(self.name_problem, name_wrong)
        free = self._offers.pools.get(chosen(self.pool), 0)
        pool_wrong = None
        if free and self._source.disk_usage > free:
            pool_wrong = self.tr("The pool has only {0} free.").format(size_text(free))
        show_problem(self.pool_problem, pool_wrong)
        for label in (self.name_problem, self.pool_problem):
            label.setVisible(bool(label.text()))
        self.yes.setEnabled(name_wrong is None and pool_wrong is None)
