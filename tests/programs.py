# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the machine that tests need."""

import shutil


def not_installed(*names: str) -> str:
    """Which of these programs are missing here, as a sentence; empty if none is."""
    missing = [name for name in names if shutil.which(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""
