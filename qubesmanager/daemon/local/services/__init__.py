# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of the local backend, one concern each."""
