# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a policy that refer to a qube by its name."""

import re
from collections.abc import Mapping

from qubesmanager.wire.names import TAGS_OF_QUBES

_WORDS = re.compile(r"[\s=:,]+")


def lines_naming(files: Mapping[str, str], name: str) -> list[str]:
    """The lines (`file:line`) of the files that name the qube, itself or in a tag created-by-* or managed-by-*.

    Every file is looked at, also one that does not parse or that qrexec does not read today: it may tomorrow.
    """
    patterns = {name, *(f"{prefix}{name}" for prefix in TAGS_OF_QUBES)}
    return [
        f"{path}:{number}"
        for path in sorted(files)
        for number, line in enumerate(files[path].splitlines(), 1)
        if name in line and not line.lstrip().startswith("#") and patterns & set(_WORDS.split(line.strip()))
    ]
