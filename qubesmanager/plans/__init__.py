# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a change, computed from facts before anything is sent. Nothing here waits, sends, or does I/O."""
