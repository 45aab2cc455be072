# SPDX-License-Identifier: GPL-3.0-or-later
"""qrexec policy files: what a line may say, and whether a whole folder of them parses. Without I/O."""
