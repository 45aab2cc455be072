# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog for a new qube, checked while the user types."""

from PyQt5.QtGui import QIcon
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import size_text
from qubesmanager.plans.new_qube import NewQube, created
from qubesmanager.rules import candidates
from qubesmanager.rules.creation import DEFAULT_SOURCE, why_not_create
from qubesmanager.ui.dialogs.offers import Offers, choice, chosen, confirm_buttons, pool_lines
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.reasons import why_not_name
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.gib_box import GibBox
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire.names import DOM0, TAG_NAME
from qubesmanager.wire.values import VmClass

GIB = 1 << 30


class CreateDialog(QDialog):
    """Asks for a new qube; `plan()` returns what the user asked for."""

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
        self.label.setToolTip(self.tr("The colour shows at a glance how far you trust it."))
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
        self.pool = choice(self, pool_lines(offers.pools), default_pool, {})
        form.addRow(self.tr("&Pool:"), self.pool)
        self.private_size = GibBox(1 << 20, 1, self)
        self.private_size.setSpecialValueText(self.tr("as for other qubes"))
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
        self.start = QCheckBox(self.tr("&Start it when it is ready"), self)
        self.open_settings = QCheckBox(self.tr("&Open its settings when it is ready"), self)
        for box in (self.provides, self.dispvm, self.start, self.open_settings):
            layout.addWidget(box)
        layout.addStretch(1)
        buttons, self.yes = confirm_buttons(self, self.tr("Create"))
        layout.addWidget(buttons)
        for edit in (self.name, self.tags):
            edit.textChanged.connect(self._check)
        self.private_size.valueChanged.connect(self._check)
        self.pool.currentIndexChanged.connect(self._check)
        self.klass.currentIndexChanged.connect(self._class_chosen)
        self.template.currentIndexChanged.connect(self._check)
        session.put.connect(self._check_again)
        session.gone.connect(self._check_again)
        self.name.setFocus()
        self._class_chosen()
        resize_in_units(self, 115)

    def new_qube(self) -> NewQube:
        """The qube that the fields ask for now, and the steps that make it."""
        properties: dict[str, str] = {}
        if (netvm := chosen(self.netvm)) != DEFAULT:
            properties["netvm"] = netvm
        if self.provides.isChecked():
            properties["provides_network"] = "yes"
        if self.dispvm.isChecked():
            properties["template_for_dispvms"] = "yes"
        return created(
            name=self.name.text(),
            klass=chosen(self.klass),
            label=chosen(self.label),
            template=chosen(self.template) or DOM0,
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
                str(VmClass.STANDALONE): self.tr("A full copy of the template; it is updated by itself."),
                str(VmClass.DISP): self.tr("It forgets everything when it halts."),
            }.get(klass, "")
        )
        self.template.clear()
        cubes = self._cubes()
        for name in self._templates(klass):
            self.template.addItem(cubes.get(name, QIcon()), name, name)
        if klass == VmClass.STANDALONE:
            self.template.addItem(self.tr("(empty system disk)"), DOM0)
        default = self._offers.system.get(DEFAULT_SOURCE.get(VmClass(klass), "default_template"), "")
        self.template.setCurrentIndex(max(0, self.template.findData(default)))
        self.dispvm.setEnabled(klass == VmClass.APP)
        if klass != VmClass.APP:
            self.dispvm.setChecked(False)
        self.private_size.setEnabled(klass != VmClass.DISP)
        self._check()

    def _templates(self, klass: str) -> list[str]:
        return in_order(candidates.templates(self._session.facts.qubes, VmClass(klass)))

    def _netvms(self) -> list[tuple[str, str]]:
        default = self._offers.system.get("default_netvm", "")
        names = in_order(candidates.netvms(self._session.facts.qubes))
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

    def _check_again(self, _values: tuple[object, ...]) -> None:
        self._check()

    def _check(self) -> None:
        """Show beside each field what is wrong with it. An empty name is not a mistake yet."""
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
        source_wrong = self._why_not_from_source()
        self.yes.setEnabled(not (name_wrong or size_wrong or tags_wrong or source_wrong))
        self.yes.setToolTip(source_wrong or "")

    def _why_not_from_source(self) -> str | None:
        """Why the qube cannot be made from what is chosen as its template."""
        if not self.template.count():
            return self.tr("There is no template to base it on.")
        why = why_not_create(self._session.facts, VmClass(chosen(self.klass)), chosen(self.template))
        return reason_text(why) if why else None


DEFAULT = "\x00default"
"""The value of a line "as the system says"; no qube can have this name."""
