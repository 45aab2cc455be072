# SPDX-License-Identifier: GPL-3.0-or-later
"""The animated PNG of the README: its frames, read back chunk by chunk, and by Qt."""

import importlib.util
import struct
import sys
import zlib
from pathlib import Path
from types import ModuleType

from PyQt5.QtCore import QRect
from PyQt5.QtGui import QColor, QImage

ROOT = Path(__file__).resolve().parents[2]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("moving_picture", ROOT / "scripts/moving_picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["moving_picture"] = module
    spec.loader.exec_module(module)
    return module


moving = load()


def image(*spots: tuple[int, int]) -> QImage:
    made = QImage(20, 10, QImage.Format.Format_RGB32)
    made.fill(QColor("white"))
    for x, y in spots:
        made.setPixelColor(x, y, QColor("red"))
    return made


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    read, at = [], 8
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", data, at + 8 + size) == (zlib.crc32(kind + content),)
        read.append((kind, content))
        at += 12 + size
    return read


def test_a_frame_holds_the_rectangle_that_differs() -> None:
    first, second, third = moving.with_one_palette(
        [moving.Frame(image(), 100), moving.Frame(image((3, 2), (7, 5)), 200), moving.Frame(image((3, 2), (7, 5)), 300)]
    )

    assert moving.changed(first.image, second.image) == QRect(3, 2, 5, 4)
    assert moving.changed(second.image, third.image) == QRect(0, 0, 1, 1)


def test_the_file_is_an_animated_png_whose_first_frame_every_reader_shows() -> None:
    frames = moving.with_one_palette([moving.Frame(image((1, 1)), 100), moving.Frame(image((19, 9)), 2500)])

    data = moving.animated(frames)

    read = chunks(data)
    assert [kind for kind, _ in read] == [b"IHDR", b"acTL", b"PLTE", b"fcTL", b"IDAT", b"fcTL", b"fdAT", b"IEND"]
    assert struct.unpack(">II", read[1][1]) == (2, 0)
    assert struct.unpack(">5I2H2B", read[5][1]) == (1, 19, 9, 1, 1, 2500, 1000, 0, 0)
    assert len(zlib.decompress(read[6][1][4:])) == 9 * (1 + 19)
    shown = QImage.fromData(data, "PNG")
    assert shown.convertToFormat(QImage.Format.Format_RGB32) == image((1, 1))


def test_the_picture_of_the_readme_is_animated_and_small() -> None:
    data = (ROOT / "docs/pictures/tour.png").read_bytes()

    kinds = [kind for kind, _ in chunks(data)]
    assert kinds.count(b"fcTL") >= 5
    assert len(data) < 500_000
