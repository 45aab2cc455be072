# SPDX-License-Identifier: GPL-3.0-or-later
"""The `admin.*` calls of Qubes OS: their table, byte formats, properties, errors and events. No I/O."""
