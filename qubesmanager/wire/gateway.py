# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller on another machine and `qubes-mgmt1-gateway` say to each other.

The caller's command is `[qubes-mgmt1-gateway] SERVICE[+ARGUMENT] TARGET [pieces]`. Its input is the payload, to its
end; with the third word the payload comes in pieces, each a length (4 bytes, big-endian) and as many bytes, and the
length 0 ends it. So a payload that was cut off is not taken for a whole one.
"""

import struct

PROGRAM = "qubes-mgmt1-gateway"
PIECES = "pieces"
LENGTH = struct.Struct(">I")
LONGEST_PIECE = 1 << 20
"""Bytes of one piece."""

BROKEN, REFUSED = 125, 126
"""Exit statuses: there is no answer; the policy refuses the call. As of `qrexec-client-vm`."""
