# SPDX-License-Identifier: GPL-3.0-or-later
"""The application that pictures are taken of: one look, whatever the desktop it runs on."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from PyQt5.QtCore import QLocale

from qubesmanager.ui.shell.app import make_application, prepare
from qubesmanager.ui.shell.loop import ApplicationLoop


@contextmanager
def picture_application(language: str) -> Iterator[ApplicationLoop]:
    """The loop of an application in that language; `en_US`."""
    QLocale.setDefault(QLocale(language))
    application = make_application()
    application.setStyle("fusion")
    font = application.font()
    font.setPointSizeF(9.5)
    application.setFont(font)
    translators = prepare(application)
    loop = ApplicationLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        yield loop
    del translators
