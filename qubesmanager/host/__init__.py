# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine: programs, power, files. Knows no qube and no call."""
