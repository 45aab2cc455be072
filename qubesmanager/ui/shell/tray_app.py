# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-devices`: the tray icon with its session, until the user quits it."""

import asyncio
import sys
from collections.abc import Callable

from PyQt5.QtCore import QCoreApplication

from qubesmanager.client.client import Client
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.session.backup_run import follow_backups
from qubesmanager.ui.session.session import Session, is_demo, state_folder
from qubesmanager.ui.session.shut_down import ShutDown
from qubesmanager.ui.session.windows import OpenWindows
from qubesmanager.ui.shell import single_instance
from qubesmanager.ui.shell.app import (
    NO_CONNECTION,
    ManagerOptions,
    choose_platform,
    end_on_signals,
    make_application,
    prepare,
)
from qubesmanager.ui.shell.loop import ApplicationLoop
from qubesmanager.ui.tray.tray import Tray


def run_tray(make_client: Callable[[], Client], options: ManagerOptions) -> int:
    """The tray until it is quit; its exit status. A second start for the same connection shows the first's window."""
    if not choose_platform(options):
        print("There is no display: neither DISPLAY nor WAYLAND_DISPLAY is set.", file=sys.stderr)  # noqa: T201 - no window
        return NO_CONNECTION
    application = make_application()
    kept = prepare(application)
    # The title of the window, so that Qt does not append another name to it.
    application.setApplicationDisplayName(QCoreApplication.translate("TrayWindow", "Qubes Devices"))
    application.setDesktopFileName("qubes-devices")
    alone = is_demo(options.connection)
    if not alone and single_instance.hand_over(own_name(options.connection), options.arguments):
        return 0
    loop = ApplicationLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        loop.run_until_complete(_run(make_client, options, first=not alone))
    del kept
    return 0


def own_name(connection: str) -> str:
    """The name by which a second start finds the first; the manager of the same connection has another one."""
    return f"devices {connection}"


class TrayApp:
    """The session, the tray, and the windows that are opened from it."""

    def __init__(self, client: Client, connection: str, *, first: bool) -> None:
        self._connection = connection
        self._shared = first
        self.session = Session(client, connection, history=state_folder() / "devices-tasks.json" if first else None)
        follow_backups(self.session)
        ShutDown.of(self.session)
        self.windows = OpenWindows(self.session)
        self.over = asyncio.Event()
        self.manager: MainWindow | None = None
        self.tray = Tray(self.session, self.open_manager)
        self.tray.over.connect(self.over.set)
        self.session.window_wanted.connect(self._open)

    def open_manager(self) -> None:
        """Raise the manager that runs, or open its window here."""
        title = QCoreApplication.translate("App", "Open the manager")
        self.session.tasks.start_hidden(title, self._open_manager())

    async def _open_manager(self) -> None:
        if self._shared and await single_instance.raise_running(self._connection):
            return
        if self.manager is None:
            self.manager = MainWindow(self.session)
            self.session.tell_again()
        self.manager.show()
        self.manager.raise_()
        self.manager.activateWindow()

    def raise_with(self, _arguments: tuple[str, ...]) -> None:
        self.tray.show_window()

    def close(self) -> None:
        self.windows.close_all()
        self.tray.stop()
        if self.manager is not None:
            self.manager.close()

    def _open(self, name: str, names: tuple[str, ...]) -> None:
        self.windows.open(name, names, self.tray.window)


async def _run(make_client: Callable[[], Client], options: ManagerOptions, *, first: bool) -> None:
    app = TrayApp(make_client(), options.connection, first=first)
    instance = single_instance.FirstInstance(own_name(options.connection), app.session) if first else None
    if instance is not None:
        instance.started_again.connect(app.raise_with)
        await instance.listen()
    end_on_signals(app.over.set)
    app.tray.start()
    app.session.follow()
    try:
        await app.over.wait()
    finally:
        if instance is not None:
            instance.close()
        app.close()
        await app.session.tasks.cancel_all()
        await asyncio.sleep(0)  # Qt deletes what is to be deleted
