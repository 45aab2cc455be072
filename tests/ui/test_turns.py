# SPDX-License-Identifier: GPL-3.0-or-later
"""Long work is spread over turns of the loop, and nothing of it is lost."""

import gc
import sys
import weakref
from collections.abc import Callable, Generator, Iterator

import pytest
from PyQt5.QtCore import QObject, QTimer
from PyQt5.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from until import until

from qubesmanager.ui.widgets import turns
from qubesmanager.ui.widgets.turns import Turns

ENDLESS = sys.maxsize
"""Steps of work that does not end by itself."""


@pytest.fixture(autouse=True)
def one_step_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLICE", 0)


@pytest.fixture
def parent(qapp: QApplication) -> QObject:
    return QObject()


def counting(done: list[str], name: str, number: int = 3) -> Callable[[], Iterator[None]]:
    def steps() -> Iterator[None]:
        for step in range(number):
            done.append(f"{name}{step}")
            yield
        done.append(f"{name} ended")

    return steps


def test_other_work_has_turns_between_the_steps(qtbot: QtBot, parent: QObject) -> None:
    done: list[str] = []
    Turns(parent).put("a", counting(done, "a"), later=True)
    timer = QTimer(parent)
    timer.timeout.connect(lambda: done.append("other"))
    timer.start(0)

    qtbot.waitUntil(lambda: "a ended" in done)

    assert [each for each in done if each != "other"] == ["a0", "a1", "a2", "a ended"]
    assert "other" in done[done.index("a0") : done.index("a2")]


def test_work_that_is_put_again_and_again_lets_all_work_end(qtbot: QtBot, parent: QObject) -> None:
    done: list[str] = []
    every = Turns(parent)
    timer = QTimer(parent)

    def put() -> None:
        for key in "abc":
            every.put(key, counting(done, key), later=True)

    timer.timeout.connect(put)
    timer.start(0)

    qtbot.waitUntil(lambda: all(done.count(f"{key} ended") > 1 for key in "abc"))


def test_work_that_runs_now_ends_what_has_begun(qtbot: QtBot, parent: QObject) -> None:
    done: list[str] = []
    every = Turns(parent)
    every.put("a", counting(done, "old", ENDLESS), later=True)
    qtbot.waitUntil(lambda: bool(done))

    every.put("a", counting(done, "new"), later=False)
    every.put("b", counting(done, "last"), later=True)
    qtbot.waitUntil(lambda: "last ended" in done)

    assert "new ended" in done
    assert "old ended" not in done


def test_work_that_is_put_by_its_own_step_ends_what_the_step_belongs_to(qtbot: QtBot, parent: QObject) -> None:
    done: list[str] = []
    every = Turns(parent)

    def putting() -> Iterator[None]:
        yield
        every.put("a", counting(done, "new"), later=False)
        done.append("the step")
        yield
        done.append("old")

    every.put("a", putting, later=True)
    every.put("b", counting(done, "last"), later=True)
    qtbot.waitUntil(lambda: "last ended" in done)

    assert done[:5] == ["new0", "new1", "new2", "new ended", "the step"]
    assert "old" not in done


def test_finished_work_is_whole_and_does_not_run_again(qtbot: QtBot, parent: QObject) -> None:
    done: list[str] = []
    every = Turns(parent)
    every.put("a", counting(done, "a"), later=True)
    qtbot.waitUntil(lambda: bool(done))

    every.finish("a")

    assert done == ["a0", "a1", "a2", "a ended"]
    every.put("a", counting(done, "due"), later=True)
    every.finish("a")
    assert done[-1] == "due ended"
    every.put("b", counting(done, "last"), later=True)
    qtbot.waitUntil(lambda: "last ended" in done)
    assert done.count("a ended") == done.count("due ended") == 1


def test_work_that_fails_does_not_keep_other_work(qtbot: QtBot, parent: QObject) -> None:
    done: list[str] = []

    def failing() -> Iterator[None]:
        yield
        raise ValueError("a step")

    every = Turns(parent)
    every.put("a", failing, later=True)
    every.put("b", counting(done, "b"), later=True)

    with qtbot.captureExceptions() as exceptions:
        qtbot.waitUntil(lambda: "b ended" in done)

    assert [str(value) for _kind, value, _trace in exceptions] == ["a step"]


def test_work_ends_with_its_parent(qtbot: QtBot, parent: QObject) -> None:
    done: list[str] = []
    Turns(parent).put("a", counting(done, "a", ENDLESS), later=True)
    qtbot.waitUntil(lambda: bool(done))
    gone: list[bool] = []
    parent.destroyed.connect(lambda: gone.append(True))

    parent.deleteLater()
    qtbot.waitUntil(lambda: bool(gone))
    steps = len(done)
    turned: list[bool] = []
    QTimer.singleShot(0, lambda: turned.append(True))
    qtbot.waitUntil(lambda: bool(turned))

    assert len(done) == steps


async def test_the_result_of_work_in_turns_is_not_kept(qtbot: QtBot) -> None:
    class Result:
        """Something large."""

    def steps() -> Generator[None, None, Result]:
        yield
        return Result()

    parent = QObject()
    result = await Turns(parent).result(steps(), later=True)
    kept = weakref.ref(result)
    del result
    gc.disable()
    try:
        await until(lambda: kept() is None)
    finally:
        gc.enable()
