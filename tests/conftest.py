# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame every test runs in: a temporary home, Qt without a display, the application's own loop for windows."""

import asyncio
import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytestqt.plugin
from hypothesis import HealthCheck, settings
from memory_folder import memory_folder
from order import long_first
from pytest_asyncio.plugin import LoopFactory
from unmeasured import unmeasured

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

HOME = pytest.StashKey[Path]()
DISK = pytest.StashKey[Path]()

# No time limit by the clock: on a busy machine it would fail at random. Derandomized where no find could be repeated.
settings.register_profile(
    "everywhere", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("ci", settings.get_profile("everywhere"), derandomize=True, database=None)
# For the quick tests: fewer examples, of tests that do not name a number.
settings.register_profile("quick", settings.get_profile("ci"), max_examples=15)
settings.register_profile("thorough", settings.get_profile("everywhere"), max_examples=2000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--bridge",
        action="store_true",
        help="run the tests of the windows over the bridge, with our daemon as the qubesd",
    )
    parser.addoption(
        "--qubesd",
        action="store_true",
        help="run the tests of the windows over the bridge, with a qubesd made of recorded answers and events",
    )
    parser.addoption("--failed-to", metavar="FILE", type=Path, help="write the tests that failed to FILE, one a line")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if file := config.getoption("failed_to"):
        stats = terminalreporter.stats
        # A test can fail and also fail to clean up.
        names = dict.fromkeys(report.nodeid for kind in ("failed", "error") for report in stats.get(kind, ()))
        file.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Point every folder that a program writes to at a fresh one, before anything can read the environment.

    Temporary files are removed at the end; with `--basetemp`, those of failed tests stay there.
    """
    config.stash[DISK] = Path(tempfile.gettempdir())
    home = Path(tempfile.mkdtemp(prefix="qm-test-", dir=memory_folder()))
    config.stash[HOME] = home
    # Before pytest's own plugin reads it. A test process of xdist has a folder below that of the main process.
    config.option.basetemp = config.option.basetemp or str(home / "tmp")
    for variable, folder in (
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_RUNTIME_DIR", "run"),
        ("TMPDIR", "t"),
    ):
        # Qt warns, and so fails the first widget's test, when XDG_RUNTIME_DIR is open to others.
        (home / folder).mkdir(mode=0o700)
        os.environ[variable] = str(home / folder)
    tempfile.tempdir = None
    # A shell without job control starts background commands with SIGINT ignored, and so would programs of the tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A test that needs a real X server starts one and gives its own processes DISPLAY and QT_QPA_PLATFORM=xcb.
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "everywhere"))


def pytest_unconfigure(config: pytest.Config) -> None:
    if HOME in config.stash:
        shutil.rmtree(config.stash[HOME], ignore_errors=True)


LONG = ("slow", "kills", "qemu", "xserver")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark the tests on a whole system, before pytest chooses by marks; and order the ones that it chose."""
    for item in items:
        if "system" in getattr(item, "fixturenames", ()):
            item.add_marker("whole")
    yield
    if processes := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
        items[:] = long_first(
            items,
            processes,
            file_of=lambda item: item.path,
            is_long=lambda item: any(map(item.get_closest_marker, LONG)),
        )


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep modules and tests out of garbage collections: they stay until the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Do not measure the coverage of tests that add nothing to it: it doubles their time."""
    if item.get_closest_marker("unmeasured") or item.get_closest_marker("kills"):
        with unmeasured():
            return (yield)
    return (yield)


@pytest.fixture
def disk_path(request: pytest.FixtureRequest) -> Iterator[Path]:
    """An empty folder in the machine's folder of temporary files, usually on a disk: `tmp_path` may be in memory."""
    with tempfile.TemporaryDirectory(prefix="qm-test-", dir=request.config.stash[DISK]) as folder:
        yield Path(folder)


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, LoopFactory]:
    """A test that asks for qtbot runs on the application's own loop."""
    if "qtbot" in getattr(item, "fixturenames", ()):
        return {"qt": _qt_loop}
    return {"asyncio": asyncio.new_event_loop}


def _qt_loop() -> asyncio.AbstractEventLoop:
    # Imported here: most tests have no window, and should not pay for Qt.
    from PyQt5.QtWidgets import QApplication  # noqa: PLC0415 - see above

    from qubesmanager.ui.shell.loop import ApplicationLoop  # noqa: PLC0415 - see above

    loop: asyncio.AbstractEventLoop = ApplicationLoop(QApplication.instance() or QApplication(["test"]))
    QApplication.setQuitOnLastWindowClosed(False)  # as `prepare` does: a test goes on without windows
    for closed in (other for other in _LOOPS if other.is_closed()):
        _stop_timers(closed)
    _LOOPS.append(loop)
    return loop


_LOOPS: list[asyncio.AbstractEventLoop] = []
"""Loops are never deleted: that could happen in another thread, which Qt does not allow."""


def _stop_timers(closed: Any) -> None:
    """Remove the timers that a closed loop has left. Each holds the context of its task, and so the whole daemon."""
    timers = vars(closed._timer)["_SimpleTimer__callbacks"]
    for timer in timers:
        closed._timer.killTimer(timer)
    timers.clear()


@pytest.fixture
def qtbot(qtbot: "QtBot") -> Iterator["QtBot"]:
    """The plugin's, which closes each window at the end of the test; here none is deleted before, and all are then.

    The plugin keeps only weak references. A window that a test has no name for any longer would be deleted by the
    next garbage collection: in the middle of whatever a part of it is doing then. And one that is closed would be
    deleted in another test, which fails if Qt warns then.
    """
    # Imported here: most tests have no window, and should not pay for Qt.
    from PyQt5 import sip  # noqa: PLC0415 - see above

    widgets: list[Any] = []
    add = qtbot.addWidget

    def keep(widget: Any, **options: Any) -> None:
        widgets.append(widget)
        add(widget, **options)

    qtbot.addWidget = keep  # type: ignore[method-assign] # of this bot alone
    yield qtbot
    for widget in widgets:
        if not sip.isdeleted(widget):
            sip.delete(widget)


@pytest.fixture(autouse=True, scope="session")
def _between_the_phases() -> Iterator[None]:
    """Between the phases of a test the plugin has Qt deliver its events, and with them the steps of tasks.

    They are taken as in the loop they belong to. Without that, a task whose timer came just then would learn that
    there is no running loop, and end: in one run of a hundred.
    """
    process_events = pytestqt.plugin._process_events

    def within_the_loop() -> None:
        loop = next((loop for loop in reversed(_LOOPS) if not loop.is_closed()), None)
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(before or loop)
        try:
            process_events()  # type: ignore[no-untyped-call] # not annotated there
        finally:
            asyncio._set_running_loop(before)

    pytestqt.plugin._process_events = within_the_loop
    yield
    pytestqt.plugin._process_events = process_events
