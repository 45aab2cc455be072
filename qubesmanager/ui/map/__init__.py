# SPDX-License-Identifier: GPL-3.0-or-later
"""The window that shows who routes through whom and what is based on what."""
