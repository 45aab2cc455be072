# SPDX-License-Identifier: GPL-3.0-or-later
"""The `admin.*` calls of Qubes OS, answered by calls of another backend."""
