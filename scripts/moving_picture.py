# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the moving picture of the README from the running program: docs/pictures/tour.png, an animated PNG.

The format is in the PNG specification, third edition. A frame holds only the rectangle that differs from the last one.
"""

import asyncio
import os
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QBuffer, QIODevice, QRect, QSettings, Qt
from PyQt5.QtGui import QImage, QPainter
from PyQt5.QtWidgets import QWidget

from qubesmanager.client.client import Client
from qubesmanager.transport.child import ChildTransport
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.settings.settings_window import SettingsWindow
from qubesmanager.wire import calls
from scripts.picture_application import picture_application

OUT = Path("docs/pictures/tour.png")
SIZE = (1366, 700)
CAPTION = 30
COLORS, UNLIKE = 256, 36
SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole picture and the milliseconds that it stays."""

    image: QImage
    stays: int


def changed(before: QImage, after: QImage) -> QRect:
    """The smallest rectangle that holds every pixel that differs; one pixel if none does. Both are Indexed8."""
    lines: list[int] = []
    least, most = after.width() - 1, 0
    for y, (old, new) in enumerate(zip(_rows(before), _rows(after), strict=True)):
        if difference := int.from_bytes(old, "little") ^ int.from_bytes(new, "little"):
            lines.append(y)
            least = min(least, ((difference & -difference).bit_length() - 1) // 8)
            most = max(most, (difference.bit_length() - 1) // 8)
    if not lines:
        return QRect(0, 0, 1, 1)
    return QRect(least, lines[0], most - least + 1, lines[-1] - lines[0] + 1)


def _rows(image: QImage) -> Iterator[bytes]:
    for y in range(image.height()):
        line = image.constScanLine(y)
        assert line is not None
        yield bytes(line.asarray(image.width()))


def with_one_palette(frames: list[Frame]) -> list[Frame]:
    """The RGB32 frames with 256 colours: those of most pixels, and the frequent ones of those unlike them."""
    counts = Counter[int]()
    for frame in frames:
        bits = frame.image.constBits()
        assert bits is not None
        counts.update(memoryview(bytes(bits.asarray(frame.image.sizeInBytes()))).cast("I"))
    by_count = [color for color, _ in counts.most_common()]
    colors = by_count[:128]
    for color in by_count[128:]:
        if len(colors) < COLORS and all(_distance(color, chosen) > UNLIKE for chosen in colors):
            colors.append(color)
    flags = Qt.ImageConversionFlags(Qt.ImageConversionFlag.ThresholdDither)
    return [
        Frame(frame.image.convertToFormat(QImage.Format.Format_Indexed8, colors, flags), frame.stays)
        for frame in frames
    ]


def animated(frames: list[Frame]) -> bytes:
    """The frames, which share a palette, as an animated PNG that starts again at its end."""
    parts = [SIGNATURE]
    number = 0
    for at, frame in enumerate(frames):
        area = changed(frames[at - 1].image, frame.image) if at else frame.image.rect()
        chunks = dict(_chunks(_png(frame.image.copy(area))))
        if not at:
            parts += _chunk(b"IHDR", chunks[b"IHDR"]), _chunk(b"acTL", struct.pack(">II", len(frames), 0))
            parts.append(_chunk(b"PLTE", chunks[b"PLTE"]))
        place = (area.width(), area.height(), area.x(), area.y())
        parts.append(_chunk(b"fcTL", struct.pack(">5I2H2B", number, *place, frame.stays, 1000, 0, 0)))
        number += 1
        if at:
            parts.append(_chunk(b"fdAT", struct.pack(">I", number) + chunks[b"IDAT"]))
            number += 1
        else:
            parts.append(_chunk(b"IDAT", chunks[b"IDAT"]))
    return b"".join((*parts, _chunk(b"IEND", b"")))


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG", 0)
    return buffer.data().data()


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Types and data of the chunks; the pieces of the image data put together."""
    at, data = len(SIGNATURE), b""
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += 12 + size
        if kind == b"IDAT":
            data += content
        else:
            yield kind, content
    yield b"IDAT", zlib.compress(zlib.decompress(data), 9)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _distance(first: int, other: int) -> int:
    """The sum of the differences of red, green and blue."""
    return sum(abs((first >> shift & 255) - (other >> shift & 255)) for shift in (0, 8, 16))


class Camera:
    """Takes the window, with what lies over it and a caption below."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.frames: list[Frame] = []

    def take(self, caption: str, stays: int, over: QWidget | None = None) -> None:
        image = QImage(SIZE[0], SIZE[1] + CAPTION, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.black)
        painter = QPainter(image)
        painter.drawPixmap(0, 0, self._window.grab())
        if over is not None:
            x, y = (SIZE[0] - over.width()) // 2, (SIZE[1] - over.height()) // 2
            painter.drawPixmap(x, y, over.grab())
            painter.drawRect(x - 1, y - 1, over.width() + 1, over.height() + 1)
        painter.setPen(Qt.GlobalColor.white)
        painter.drawText(QRect(0, SIZE[1], SIZE[0], CAPTION), Qt.AlignmentFlag.AlignCenter, caption)
        painter.end()
        self.frames.append(Frame(image, stays))


async def tour(window: MainWindow, camera: Camera) -> None:
    """The first steps of a new user."""

    async def reach(name: str, state: str) -> None:
        reached = asyncio.Event()

        def look(*_changes: object) -> None:
            if window.session.records[name].state == state:
                reached.set()

        window.session.put.connect(look)
        look()
        await reached.wait()
        window.session.put.disconnect(look)
        await asyncio.sleep(0.3)  # let the window draw it

    async def settle() -> None:
        await asyncio.sleep(0.4)

    window.view.select_name("banking")
    await settle()
    camera.take("Every qube of the machine, live", 1800)
    window.actions_of.by_id["start"].trigger()
    await reach("banking", "Running")
    camera.take("Start a qube: the table changes when dom0 says that it runs", 2000)
    window.view.select_name("personal")
    await settle()
    camera.take("Select another, and see its network and its storage", 1600)
    window.actions_of.by_id["pause"].trigger()
    await reach("personal", "Paused")
    camera.take("Pause it", 1400)
    window.query.setText("sys-")
    await settle()
    camera.take("Type to find qubes", 1600)
    window.query.clear()
    window.view.select_name("work")
    await settle()
    settings = SettingsWindow(window.session, "work", window.session.labels)
    settings.resize(900, 620)
    settings.show()
    async with asyncio.timeout(60):
        while not settings.draft.rules:  # noqa: ASYNC110 - the draft has no event for it
            await asyncio.sleep(0.05)
    settings.draft.edit(("property", "memory"), "900")
    await settle()
    camera.take("Settings: every change is checked and shown before it is sent", 2600, settings)
    settings.leave()


async def take() -> list[Frame]:
    """The frames of the tour."""
    transport = ChildTransport("demo:", "--demo", "2")
    session = Session(Client(transport), "demo:")
    session.settings = QSettings(os.environ["XDG_CONFIG_HOME"] + "/tour.ini", QSettings.Format.IniFormat)
    window = MainWindow(session)
    window.resize(*SIZE)
    window.show()
    statistics = asyncio.Event()
    session.stats.connect(statistics.set)
    session.follow()
    camera = Camera(window)
    try:
        async with asyncio.timeout(60):
            await session.client.send(calls.PROPERTY_SET("dom0", "stats_interval", "1"))
            await statistics.wait()
        await asyncio.sleep(45)  # many rounds of statistics, so that there is something to draw
        await tour(window, camera)
    finally:
        await session.tasks.cancel_all()
        window.close()
        transport.close()
    return camera.frames


if __name__ == "__main__":
    with picture_application("en_US") as loop:
        frames = with_one_palette(loop.run_until_complete(take()))
    OUT.write_bytes(animated(frames))
    print(f"{OUT}  {OUT.stat().st_size // 1024} kB")
