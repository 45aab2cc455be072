# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's own devices: which there are, when they come and go. Attaching them is the hypervisor's."""
