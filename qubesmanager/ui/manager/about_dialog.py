# SPDX-License-Identifier: GPL-3.0-or-later
"""About: what this is, its versions, its licence, and what it is connected to."""

from PyQt5.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QVBoxLayout, QWidget

from qubesmanager.ui.icons import application_icon
from qubesmanager.ui.session.diagnostics import versions
from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.fonts import scaled
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.palette_colors import IconLabel


class AboutDialog(QDialog):
    def __init__(self, parent: QWidget, connection: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Qubes Manager"))
        layout = QVBoxLayout(self)
        top = QHBoxLayout()
        picture = IconLabel(self)
        picture.show_icon(application_icon(), 48)
        top.addWidget(picture)
        title = plain_label("Qubes Manager", self)
        title.setFont(scaled(title.font(), 1.5, bold=True))
        top.addWidget(title, 1)
        layout.addLayout(top)
        layout.addWidget(plain_label(self.tr("See and manage the qubes of a machine, over the mgmt1 API."), self))
        lines = [f"{name} {version}" for name, version in versions().items()]
        lines.append(self.tr("Connected to {0}").format(connection))
        layout.addWidget(plain_label("\n".join(lines), self))
        layout.addWidget(
            plain_label(
                self.tr(
                    "Free software under the GNU General Public License, version 3 or later. It comes without any"
                    " warranty. Qt's Python bindings, PyQt5, are under the GPL version 3."
                ),
                self,
            )
        )
        buttons = button_box(self, QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.resize(440, self.sizeHint().height())
