# SPDX-License-Identifier: GPL-3.0-or-later
"""The tray icon, its panel of qubes and its notifications."""
