# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a passphrase, in the same way from each source, and generating one."""

import secrets
from typing import BinaryIO

from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import refusal

LIMIT = 4096
"""Bytes of a passphrase in UTF-8."""

GIVEN = Reason("what-given")
"""A passphrase that the user typed or a call brought, as a noun of messages."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_GROUPS = 6
_GROUP = 5
_MARK = "\ufeff"
_READ = LIMIT + len(_MARK.encode()) + len("\r\n")


def passphrase_line(untrusted: bytes, what: Field) -> str:
    """The passphrase in the first line, without byte order mark, CR and LF at its ends.

    Every reader uses this function, so that the same file gives the same passphrase everywhere. Raises `BackupError`
    about `what`, a noun, for an empty line, one over `LIMIT` (it is never cut), and one that is not UTF-8 text.
    """
    line = untrusted.split(b"\n", 1)[0]
    try:
        passphrase = line.decode("utf-8").strip(f"{_MARK}\r")
    except UnicodeDecodeError:
        raise refusal("passphrase-not-utf8", what) from None
    if len(passphrase.encode()) > LIMIT:
        raise refusal("passphrase-too-long", what, LIMIT)
    if not passphrase or "\0" in passphrase:
        raise refusal("passphrase-empty", what)
    return passphrase


def passphrase_text(untrusted: str, what: Field) -> str:
    """The passphrase in a text, as `passphrase_line` reads it; a text of several lines is refused."""
    if "\n" in untrusted.strip(f"{_MARK}\r\n"):
        raise refusal("passphrase-lines", what)
    return passphrase_line(untrusted.lstrip(f"{_MARK}\r\n").encode("utf-8", "surrogatepass"), what)


def read_passphrase(file: BinaryIO, what: Field) -> str:
    """The passphrase in the first line of an open file. Blocks. Raises as `passphrase_line`, and `OSError`."""
    return passphrase_line(file.readline(_READ), what)


def generated() -> str:
    """150 random bits, as six groups of five letters and digits that are hard to mistake for each other."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
