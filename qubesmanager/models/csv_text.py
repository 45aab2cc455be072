# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of texts as CSV (RFC 4180), for another program."""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet calculates a cell that begins so, and names and notes come from qubes."""


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """The rows, the titles first. A cell that would be a formula begins with an apostrophe, unless it is a number."""
    out = io.StringIO()
    csv.writer(out).writerows([_harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    return cell.lstrip("+-").replace(".", "", 1).isdecimal() and cell.isascii()
