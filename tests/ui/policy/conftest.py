# SPDX-License-Identifier: GPL-3.0-or-later
from policy_window_fixtures import files, window

__all__ = ["files", "window"]
