# SPDX-License-Identifier: GPL-3.0-or-later
"""The error of an operation on this machine."""

from qubesmanager.wire.errors import Mgmt1Error


class HostError(Mgmt1Error, named=False):
    """This machine could not do it, or a program that was to do it is missing or failed; the text says which."""
