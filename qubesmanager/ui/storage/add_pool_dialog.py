# SPDX-License-Identifier: GPL-3.0-or-later
"""A new pool: a name, a driver, and the fields that the driver asks for. It closes once the daemon has taken it."""

from collections.abc import Sequence

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QSize
from PyQt5.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from qubesmanager.transport.base import TransportError
from qubesmanager.ui.reasons import error_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import ToldError
from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.disabled import disabled
from qubesmanager.ui.widgets.fonts import in_units
from qubesmanager.ui.widgets.labels import problem_label, show_problem
from qubesmanager.ui.widgets.screens import fitting
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0, POOL_NAME

CONTEXT = "PoolOptions"
TITLES = {
    "dir_path": QT_TRANSLATE_NOOP("PoolOptions", "&Folder"),
    "volume_group": QT_TRANSLATE_NOOP("PoolOptions", "&Volume group"),
    "thin_pool": QT_TRANSLATE_NOOP("PoolOptions", "&Thin pool"),
}
"""Options that have a name for the user; another option is shown as the driver calls it."""

HINTS = {
    "dir_path": QT_TRANSLATE_NOOP("PoolOptions", "its place in dom0, such as /srv/qubes"),
    "volume_group": QT_TRANSLATE_NOOP("PoolOptions", "as LVM lists it (vgs)"),
    "thin_pool": QT_TRANSLATE_NOOP("PoolOptions", "the thin pool in the group"),
}


class AddPoolDialog(QDialog):
    """`drivers` are rows of `pool.ListDrivers`: a driver and its options."""

    def __init__(
        self, session: Session, drivers: Sequence[tuple[str, ...]], taken: Sequence[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._taken = session, frozenset(taken)
        self._options = {row[0]: row[1:] for row in drivers}
        self.setWindowTitle(self.tr("New pool"))
        self.name = QLineEdit(self)
        self.name.setMaxLength(128)
        self.driver = QComboBox(self)
        self.driver.addItems(self._options)
        self.fields: dict[str, QLineEdit] = {}
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.addRow(self.tr("&Name"), self.name)
        self.form.addRow(self.tr("&Driver"), self.driver)
        self._fixed = self.form.rowCount()
        self.problem = problem_label(self)
        self.buttons = button_box(self, QDialogButtonBox.StandardButton.Cancel)
        self.add = self.buttons.addButton(self.tr("&Add"), QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(self.form)
        layout.addWidget(self.problem)
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        self.name.textChanged.connect(self._check)
        self.driver.currentTextChanged.connect(self._show_fields)
        if self.add is not None:
            self.add.setDefault(True)
            self.add.clicked.connect(self._start)
        self._show_fields()
        self.name.setFocus()
        self.resize(fitting(QSize(in_units(self, 123), self.sizeHint().height() + in_units(self, 4))))

    def _show_fields(self) -> None:
        """The fields of the chosen driver; what was typed into a field of the same name stays."""
        typed = {name: field.text() for name, field in self.fields.items()}
        while self.form.rowCount() > self._fixed:
            self.form.removeRow(self._fixed)
        self.fields = {}
        for option in self._options.get(self.driver.currentText(), ()):
            field = QLineEdit(typed.get(option, ""), self)
            title = QCoreApplication.translate(CONTEXT, TITLES.get(option, option))
            field.setAccessibleName(title.replace("&", ""))
            if option in HINTS:
                field.setPlaceholderText(QCoreApplication.translate(CONTEXT, HINTS[option]))
            field.textChanged.connect(self._check)
            label = QLabel(title, self)
            label.setBuddy(field)
            self.form.addRow(label, field)
            self.fields[option] = field
        self._check()

    def _why_not(self) -> str:
        name = self.name.text()
        if not name:
            return self.tr("A pool needs a name.")
        if not POOL_NAME.matches(name):
            return self.tr("A pool's name holds letters, digits and . _ -, and starts with none of . and -")
        if name in self._taken:
            return self.tr("There is a pool named {0} already.").format(name)
        if not all(field.text().strip() for field in self.fields.values()):
            return self.tr("Fill in all fields of the driver.")
        return ""

    def _check(self) -> None:
        why = self._why_not()
        show_problem(self.problem, why if self.name.text() else "")
        if self.add is not None:
            self.add.setEnabled(not why)

    def _start(self) -> None:
        self._session.tasks.start(self.tr("Add the pool {0}").format(self.name.text()), self._send(), owner=self)

    async def _send(self) -> None:
        options = {"driver": self.driver.currentText()}
        options |= {option: field.text().strip() for option, field in self.fields.items()}
        try:
            with disabled(self):
                await self._session.client.send(calls.POOL_ADD(DOM0, self.name.text(), options))
        except (Mgmt1Error, TransportError) as error:
            show_problem(self.problem, error_text(error))
            raise ToldError(error_text(error)) from error
        self.accept()
