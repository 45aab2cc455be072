# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of resources: memory and processors of the computer, who uses most, pools with a forecast."""
