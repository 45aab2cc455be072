# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall between qubes and their netvm: compiled to nftables, loaded where the netvm is, paths for packets."""
