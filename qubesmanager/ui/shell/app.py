# SPDX-License-Identifier: GPL-3.0-or-later
"""The application: Qt and its event loop, the session, the windows, and an orderly end."""

import asyncio
import contextlib
import gc
import locale
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from PyQt5.QtCore import (
    QCoreApplication,
    QLibraryInfo,
    QLocale,
    Qt,
    QTimer,
    QtMsgType,
    QTranslator,
    qInstallMessageHandler,
)
from PyQt5.QtWidgets import QApplication

import qubesmanager
from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import Lost
from qubesmanager.host import small_files
from qubesmanager.models.texts import isolated
from qubesmanager.transport.base import DaemonEndedError
from qubesmanager.ui.icons import application_icon
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.session import diagnostics
from qubesmanager.ui.session.backup_run import follow_backups
from qubesmanager.ui.session.session import Session, is_demo, state_folder
from qubesmanager.ui.session.shut_down import ShutDown
from qubesmanager.ui.session.windows import WINDOWS, OpenWindows, preload
from qubesmanager.ui.shell import single_instance
from qubesmanager.ui.shell.demo_tasks import past_tasks
from qubesmanager.ui.shell.idle_collections import IdleCollections
from qubesmanager.ui.shell.loop import ApplicationLoop
from qubesmanager.ui.widgets.selection import TintedSelections

NO_CONNECTION = 3
"""Exit status when nothing could be shown because nothing answered."""

FIRST_ANSWER = 20.0
"""Seconds that a start without a display waits for the table."""

PICTURE = (1440, 780)

FIRST_STATS = 5.0
"""Seconds that it waits for a round of statistics, which a system may not have."""


@dataclass(frozen=True, slots=True)
class ManagerOptions:
    """How the manager was started.

    `connection` says what is connected, for the status bar; `trail` how it was found. `arguments`: a window to open and
    what it takes (`settings work`).
    """

    report: Path | None = None
    screenshot: Path | None = None
    print_table: bool = False
    connection: str = ""
    trail: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    @property
    def shows_and_ends(self) -> bool:
        """Started to print or to take a picture, not to be used."""
        return self.print_table or self.screenshot is not None


@dataclass(slots=True)
class _KeptAlive:
    """The objects that must live as long as the application."""

    translators: list[QTranslator] = field(default_factory=list)


def run_manager(make_client: Callable[[], Client], options: ManagerOptions) -> int:
    """The manager until its last window is closed; its exit status.

    `make_client` is called inside the running loop, and not at all if a manager of this connection runs already: then
    that one is raised and gets the arguments.
    """
    if not choose_platform(options):
        print("There is no display: neither DISPLAY nor WAYLAND_DISPLAY is set.", file=sys.stderr)  # noqa: T201 - no window
        return NO_CONNECTION
    application = make_application()
    kept = prepare(application)
    alone = options.shows_and_ends or is_demo(options.connection)
    if not alone and single_instance.hand_over(options.connection, options.arguments):
        return 0
    loop = ApplicationLoop(application)
    asyncio.set_event_loop(loop)
    gc.disable()  # until the table is filled: a collection stops the window, and would find nothing
    with loop:
        status: int = loop.run_until_complete(_run(make_client, options, first=not alone))
    del kept
    return status


def choose_platform(options: ManagerOptions) -> bool:
    """Let a start that only prints or takes a picture do without a display. False if one is needed and missing."""
    if any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        return True
    if options.shows_and_ends:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return options.shows_and_ends


def make_application() -> QApplication:
    """The application of this process, in high resolution where the screen has it."""
    running = QApplication.instance()
    if running is None:
        for attribute in (
            Qt.ApplicationAttribute.AA_EnableHighDpiScaling,
            Qt.ApplicationAttribute.AA_UseHighDpiPixmaps,
        ):
            QCoreApplication.setAttribute(attribute)
        # The application warns while it is made.
        qInstallMessageHandler(print_message)
        running = QApplication(sys.argv[:1])
    assert isinstance(running, QApplication)  # noqa: S101 - another kind of application cannot show windows
    return running


IGNORED_MESSAGES = ("This plugin does not support", "QStandardPaths: XDG_RUNTIME_DIR not set")
"""Qt's useless warnings: about what the offscreen platform lacks, and a path that this program does not use."""


def print_message(_type: QtMsgType, _context: object, message: str | None) -> None:
    """Print a message of Qt on standard error, but for `IGNORED_MESSAGES`."""
    if message and not any(ignored in message for ignored in IGNORED_MESSAGES):
        print(message, file=sys.stderr)  # noqa: T201 - as Qt does


def prepare(application: QApplication) -> list[QTranslator]:
    """Names, icon theme and language of the application. The translators are the caller's to keep."""
    application.setApplicationName("qubes-manager")
    application.setApplicationDisplayName("Qubes Manager")
    application.setApplicationVersion(qubesmanager.__version__)
    application.setDesktopFileName("qubes-manager")
    application.setWindowIcon(application_icon())
    application.setQuitOnLastWindowClosed(False)
    TintedSelections(application)
    kept = _KeptAlive()
    # Qt searches the translator that was installed last first.
    kept.translators.append(EnglishTexts(is_isolated=QLocale().textDirection() == Qt.LayoutDirection.RightToLeft))
    own = QTranslator()
    folder = resources.files("qubesmanager") / "i18n"
    # English needs no file. Qt would take that of the next language that the user has in the list of languages.
    english = QLocale().language() in {QLocale.Language.C, QLocale.Language.English}
    if not english and own.load(QLocale(), "qubesmanager", "_", str(folder)):
        kept.translators.append(own)
    qt = QTranslator()
    if qt.load(QLocale(), "qtbase", "_", QLibraryInfo.location(QLibraryInfo.LibraryLocation.TranslationsPath)):
        kept.translators.append(qt)
    for translator in kept.translators:
        application.installTranslator(translator)
    if QLocale().textDirection() != application.layoutDirection():
        application.setLayoutDirection(QLocale().textDirection())
    QLocale.setDefault(with_usual_digits(QLocale()))
    # Qt sets the C locale of the process; numbers that other libraries read must stay as they are in the protocol.
    locale.setlocale(locale.LC_NUMERIC, "C")
    return kept.translators


def with_usual_digits(chosen: QLocale) -> QLocale:
    """The locale; where it does not write 0 to 9, one of the same language that does, or the English one.

    Names, addresses and counted texts have these digits in every language: others beside them would be mixed.
    """
    if chosen.zeroDigit() == "0":
        return chosen
    locales = QLocale.matchingLocales(chosen.language(), chosen.script(), QLocale.Country.AnyCountry)
    return next((each for each in locales if each.zeroDigit() == "0"), QLocale(QLocale.Language.English))


class EnglishTexts(QTranslator):
    """The texts in the sources, which are shown where there is no translation: plural forms of "%n qube(s)".

    Qt fills %Ln as `number_text` writes numbers, %n always with the digits 0 to 9 and without separators.
    With `is_isolated` the texts keep their direction in windows that read from right to left.
    """

    def __init__(self, *, is_isolated: bool = False) -> None:
        super().__init__()
        self._is_isolated = is_isolated

    # Qt overrides

    def isEmpty(self) -> bool:
        """Qt passes over a translator that is empty."""
        return False

    def translate(self, context: Any, source: str | None, _comment: Any = None, number: int = -1) -> Any:
        """None says that there is no other text; an empty one would be shown."""
        text = source
        if source is not None and number >= 0 and "%n" in source:
            text = source.replace("(s)", "" if number == 1 else "s").replace("%n", "%Ln")
        # The names of keys are also read again, as parts of shortcuts.
        if text and self._is_isolated and context != KEYS:
            return isolated(text)
        return text if text != source else None


KEYS = "QShortcut"
"""Qt's context of the names of keys."""


class Manager:
    """The session and its windows, and when it is over."""

    def __init__(self, client: Client, options: ManagerOptions) -> None:
        # The demonstration ends with its window, and its tasks with it.
        kept = None if options.shows_and_ends or is_demo(options.connection) else state_folder() / "tasks.json"
        self.session = Session(client, options.connection, history=kept)
        ShutDown.of(self.session)
        if self.session.is_demo:
            self.session.tasks.entries = past_tasks(time.time())
        follow_backups(self.session)
        self.windows = OpenWindows(self.session)
        self.window = MainWindow(self.session)
        self.over = asyncio.Event()
        self.filled_after: float | None = None
        self._pending: list[tuple[str, ...]] = []
        self._reopens = False
        self._is_hidden = False
        self.watchdog = diagnostics.Watchdog(self.session)
        self.first_paint = diagnostics.FirstPaint(self.window)
        application = QApplication.instance()
        assert isinstance(application, QApplication)  # noqa: S101 - there are windows
        self.collections = IdleCollections(application)
        self.window.closed.connect(self.over.set)
        self.window.left.connect(self._stay)
        self.window.needed.connect(self._needed)
        self.window.report_wanted.connect(self._report_wanted)
        self.session.window_wanted.connect(self._open)
        self.session.synced.connect(self._filled)
        self.session.lost.connect(lambda _lost: self.collections.start())
        self.session.synced.connect(self._open_wanted)
        self.session.labels_changed.connect(self._open_wanted)

    def raise_with(self, arguments: tuple[str, ...]) -> None:
        """Come to the front, and open what the arguments name."""
        if self._is_hidden:
            self.reopen()
        self._is_hidden = False
        self.window.show()
        if self.window.isMinimized():
            self.window.showNormal()
        self.window.raise_()
        self.window.activateWindow()
        if arguments and arguments[0] in WINDOWS:
            self._pending.append(arguments)
            self._open_wanted()

    def save(self) -> None:
        """Keep how the windows are, for the next start: also at a signal, or when the session of the desktop ends."""
        if not self._is_hidden:
            self.windows.remember()
            self.window.save()

    def _stay(self) -> None:
        """Go on without a window until what the program waits for has ended, or it is started again."""
        self.save()
        self._is_hidden = True
        self.windows.close_all()

    def _needed(self) -> None:
        """Come back with what has failed. The desktop may leave the window in the back, and points to it then."""
        self.raise_with(())
        QApplication.alert(self.window)

    def reopen(self) -> None:
        """Open the windows again that were open at the last end, once the qubes are listed."""
        self._reopens = True
        self._open_wanted()

    def _open_wanted(self) -> None:
        """Open the windows that the command line names, or that were open, once the qubes are listed."""
        if self.session.is_synced and self.session.labels:
            pending, self._pending = self._pending, []
            if self._reopens:
                self._reopens = False
                pending = [*self.windows.remembered(), *pending]
            for name, *names in pending:
                self._open(name, tuple(names))

    def _report_wanted(self) -> None:
        title = QCoreApplication.translate("App", "Write the report")
        self.session.tasks.start_hidden(title, self.write_report(), owner=self.window)

    async def write_report(self) -> None:
        """Write the report on demand, and say where it is."""
        path = state_folder() / "report.json"
        try:
            await small_files.write_text(path, diagnostics.text(self.facts()))
        except OSError as error:
            self.window.errors.show_notice(
                QCoreApplication.translate("App", "The report cannot be written: {0}").format(error)
            )
        else:
            self.window.errors.show_notice(
                QCoreApplication.translate("App", "The report is in {0}").format(path), warning=False
            )

    def facts(self) -> dict[str, object]:
        """The session's part of the report; times in seconds."""
        return {
            "connection": self.session.connection,
            "start_to_first_paint": self.first_paint.after,
            "start_to_filled_table": self.filled_after,
            "rows": len(self.session.records),
            "calls_made": self.session.client.calls_made,
            "longest_gap": self.watchdog.longest,
        }

    def _open(self, name: str, names: tuple[str, ...]) -> None:
        self.windows.open(name, names, self.window)

    def _filled(self) -> None:
        if self.filled_after is None:
            QTimer.singleShot(0, self._note_filled)

    def _note_filled(self) -> None:
        if self.filled_after is None:
            self.window.repaint()
            self.filled_after = diagnostics.since_start()
            # Modules and qubes stay: with 10,000 of them a collection that looked at them would take 0.1 s.
            gc.freeze()
            self.collections.start()
            title = QCoreApplication.translate("App", "Load the settings")
            self.session.tasks.start_hidden(title, asyncio.to_thread(preload), owner=self.window)


async def _run(make_client: Callable[[], Client], options: ManagerOptions, *, first: bool) -> int:
    manager = Manager(make_client(), options)
    instance = single_instance.FirstInstance(options.connection, manager.session) if first else None
    if instance is not None:
        instance.started_again.connect(manager.raise_with)
        await instance.listen()
    end_on_signals(manager.over.set)
    if options.report is not None:
        manager.watchdog.start()
    if options.shows_and_ends:
        manager.window.resize(*PICTURE)  # the offscreen display is smaller than any real one
    manager.window.show()
    manager.session.follow()
    status = 0
    try:
        if options.shows_and_ends:
            status = await _show_and_end(manager, options)
        else:
            manager.reopen()
            manager.raise_with(options.arguments)
            if (application := QApplication.instance()) is not None:
                application.commitDataRequest.connect(lambda _session: manager.save())  # type: ignore[attr-defined]
            await manager.over.wait()
            manager.save()
    finally:
        manager.watchdog.stop()
        manager.collections.stop()
        if instance is not None:
            instance.close()
        manager.windows.close_all()
        await manager.session.tasks.cancel_all()
        if options.report is not None:
            await small_files.write_text(options.report, diagnostics.text(manager.facts()))
        manager.window.deleteLater()
        await asyncio.sleep(0)  # Qt deletes what is to be deleted
    return status


async def _show_and_end(manager: Manager, options: ManagerOptions) -> int:
    """Wait for the table, print it or take its picture, say where that is."""
    synced = asyncio.Event()
    stats = asyncio.Event()
    manager.session.synced.connect(synced.set)
    manager.session.stats.connect(stats.set)
    ended = asyncio.Event()

    def look(lost: Lost) -> None:
        if isinstance(lost.error, DaemonEndedError):
            ended.set()
            synced.set()

    manager.session.lost.connect(look)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FIRST_ANSWER):
            await synced.wait()
    if ended.is_set() or not synced.is_set():
        trouble = manager.session.trouble
        why = (
            str(trouble.error) if trouble else QCoreApplication.translate("App", "Nothing answered within 20 seconds.")
        )
        print(" ".join((why, *options.trail)), file=sys.stderr)  # noqa: T201 - the answer to a command
        return NO_CONNECTION
    try:
        async with asyncio.timeout(FIRST_STATS):
            await stats.wait()
            await asyncio.sleep(0.2)  # let the window draw what came
    except TimeoutError:
        pass
    if options.print_table:
        print("\n".join(as_columns(manager.window.printed_table())))  # noqa: T201 - the answer to a command
    if options.screenshot is not None:
        if not manager.window.grab().save(str(options.screenshot)):
            print(f"The picture cannot be saved as {options.screenshot}.", file=sys.stderr)  # noqa: T201 - as above
            return 1
        print(f"A picture of the window: {options.screenshot.resolve()}")  # noqa: T201 - as above
    return 0


def as_columns(rows: list[list[str]]) -> list[str]:
    """The rows as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def end_on_signals(end: Callable[[], None]) -> None:
    """Call `end` from the event loop on SIGINT and SIGTERM. Qt's loop alone would not notice a signal."""
    reading, writing = socket.socketpair()
    for end_of_pair in (reading, writing):
        end_of_pair.setblocking(False)
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)

    def woken(_writing: socket.socket = writing) -> None:  # the default keeps the other end open
        if set(reading.recv(64)) & {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}:
            end()

    asyncio.get_running_loop().add_reader(reading.fileno(), woken)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
