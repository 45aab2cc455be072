# SPDX-License-Identifier: GPL-3.0-or-later
"""The channel between a guest on libvirt and its host: the frames, and the programs that run in the guest.

Standard library only, and no other part of this package: a guest gets these files without the rest. They run on
Python 3.9 and later.
"""
