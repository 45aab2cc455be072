# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of a backup as Qubes OS shows it to the user: name, kind and size of each qube, and the qubes left out."""

import re
from collections.abc import Iterable

from qubesmanager.wire.backups import Preview
from qubesmanager.wire.names import VM_NAME
from qubesmanager.wire.values import VmClass

_WIDTHS = (18, 14, 14)
_RULE = "".join(f"{'-' * width}+" for width in _WIDTHS)
_RUNNING = " <-- The VM is running, backup will contain its state from before its start!"
_UNITS = ("KiB", "MiB", "GiB")


def table(preview: Preview, names: Iterable[str]) -> str:
    """The text of `admin.backup.Info`; `names` are all qubes that the caller sees."""
    rows = [
        _row((qube.name, _kind(qube.klass), size_text(qube.size))) + (_RUNNING if qube.running else "")
        for qube in preview.qubes
    ]
    total = f"{'Total size: |':>19}{size_text(preview.size):>28} |"
    left_out = sorted(set(names) - {qube.name for qube in preview.qubes})
    lines = [_RULE, _row(("VM", "type", "size")), _RULE, *rows, _RULE, total, _RULE]
    if left_out:
        lines += ["VMs not selected for backup:", *(f" - {name}" for name in left_out)]
    return "".join(f"{line}\n" for line in lines)


def _row(words: tuple[str, str, str]) -> str:
    return "".join(f"{word:>{width - 1}} |" for word, width in zip(words, _WIDTHS, strict=True))


def _kind(klass: str) -> str:
    return "Template VM" if klass == VmClass.TEMPLATE else "VM"


def size_text(size: int) -> str:
    """Bytes in the largest unit below them, with one decimal; a small number as it is."""
    text = str(size)
    for power, unit in enumerate(_UNITS, 1):
        if size >= 1024**power:
            text = f"{size / 1024**power:.1f} {unit}"
    return text


def sizes_in(untrusted: str) -> list[tuple[str, int, bool]]:
    """Each qube in such a table with its size in bytes, and whether it runs; other lines are left out.

    Above 1 KiB a size has one decimal of its unit only.
    """
    rows: list[tuple[str, int, bool]] = []
    for line in untrusted.splitlines():
        words = [word.strip() for word in line.split("|")]
        if len(words) < len(_WIDTHS) or (size := _bytes_in(words[2])) is None or not VM_NAME.matches(words[0]):
            continue
        rows.append((words[0], size, line.endswith(_RUNNING)))
    return rows


def _bytes_in(untrusted: str) -> int | None:
    match = _SIZE.fullmatch(untrusted)
    if match is None:
        return None
    return int(float(match[1]) * 1024 ** (1 + _UNITS.index(match[2]))) if match[2] else int(float(match[1]))


_SIZE = re.compile(rf"([0-9]{{1,19}}(?:\.[0-9])?)(?: ({'|'.join(_UNITS)}))?", re.ASCII)
