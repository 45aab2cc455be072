# SPDX-License-Identifier: GPL-3.0-or-later
"""The handlers of the bridge, a file a family."""

from qubesmanager.daemon.registry import import_modules


def register_all() -> None:
    """Import every module of this package, and so register its handlers."""
    import_modules(__path__, __name__)
