# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of a page that writes its rows into a CSV file which the user chooses."""

from collections.abc import Callable, Sequence

from PyQt5.QtCore import QCoreApplication
from PyQt5.QtWidgets import QAction, QWidget

from qubesmanager.host import small_files
from qubesmanager.models.csv_text import csv_text
from qubesmanager.ui.icons import icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.prompts import ask_where_to_save
from qubesmanager.wire.errors import Mgmt1Error


class ExportAction(QAction):
    """`title` is the task's, `name` the proposed file; `rows` gives the rows of the moment, the titles first."""

    def __init__(
        self, session: Session, page: QWidget, title: str, name: str, rows: Callable[[], Sequence[Sequence[str]]]
    ) -> None:
        super().__init__(icon("export"), QCoreApplication.translate("ExportAction", "Export…"), page)
        self._session = session
        self._page = page
        self._title = title
        self._name = name
        self._rows = rows
        self.setToolTip(title)
        self.triggered.connect(self.ask)

    def ask(self) -> None:
        """Ask for the file."""
        filters = (self.tr("Tables (*.csv)"), self.tr("All files (*)"))
        ask_where_to_save(self._page, self._title, self._name, self.export_to, filters)

    def export_to(self, path: str) -> None:
        """Write the rows of this moment into the file, as a task."""
        self._session.tasks.start(self._title, _write(path, csv_text(self._rows())), owner=self._page)


async def _write(path: str, text: str) -> None:
    try:
        await small_files.write_text(path, text)
    except OSError as error:
        raise Mgmt1Error(str(error)) from error
