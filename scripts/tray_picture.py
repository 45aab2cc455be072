# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the picture of the icon in a real tray (trayer under Xvfb), with its menu open: docs/pictures/tray.png."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, "tests")

import x_tray
from until import until

PROGRAM = "from qubesmanager.entry import devices; raise SystemExit(devices(['--demo', '0']))"
CAMERA = """
import sys
from PyQt5.QtCore import QRect
from PyQt5.QtWidgets import QApplication
application = QApplication(sys.argv[:1])
application.primaryScreen().grabWindow(0).copy(QRect(400, 168, 624, 600)).save("docs/pictures/tray.png", "PNG", 0)
"""


async def main() -> None:
    if x_tray.WHY_NOT:
        raise SystemExit(x_tray.WHY_NOT)
    tray = ("trayer", "--edge", "bottom", "--align", "right", "--widthtype", "request", "--height", "28")
    with (
        tempfile.TemporaryDirectory() as folder,
        x_tray.screen(Path(folder)) as env,
        x_tray.program(*tray, env=env),
    ):
        await until(lambda: '"panel"' in x_tray.windows(env))
        with x_tray.program(sys.executable, "-c", PROGRAM, env=env):
            await until(lambda: any("Qubes Devices" in line for line in x_tray.below(x_tray.windows(env), "panel")))
            await asyncio.sleep(8)  # statistics, and all devices
            subprocess.run(["xdotool", "mousemove", "1010", "752", "click", "3"], env=env, check=True)  # noqa: ASYNC221
            await asyncio.sleep(2)
            subprocess.run([sys.executable, "-c", CAMERA], env=env, check=True)  # noqa: ASYNC221 - nothing else runs


asyncio.run(main())
