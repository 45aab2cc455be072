# SPDX-License-Identifier: GPL-3.0-or-later
"""The handlers of the bridge, a file a family."""

import importlib
import pkgutil


def register_all() -> None:
    """Import every module of this package, and so register its handlers."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
