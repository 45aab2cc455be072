# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a qube, or of several, in their own window: `qubes-manager settings NAME… [--page PAGE]`."""

from PyQt5.QtCore import QCoreApplication
from PyQt5.QtWidgets import QWidget

from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label


def open_settings(session: Session, names: tuple[str, ...]) -> QWidget:
    """The window about the qubes of these names."""
    unknown = [name for name in names if name not in session.records] if names else [""]
    if unknown:
        text = QCoreApplication.translate("Settings", "There is no qube {0}.").format(", ".join(unknown))
        return plain_label(text)
    if len(names) > 1:
        from qubesmanager.ui.settings.multi_window import MultiWindow  # noqa: PLC0415 - loaded at its first use

        return MultiWindow(session, names)
    from qubesmanager.ui.settings.settings_window import SettingsWindow  # noqa: PLC0415 - loaded at its first use

    return SettingsWindow(session, names[0], session.labels)
