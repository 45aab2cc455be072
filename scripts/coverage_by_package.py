# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines and branches that the tests reached, per package, from `coverage json`'s file."""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path, PurePath


def main(report: Path) -> None:
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, file in json.loads(report.read_text(encoding="utf-8"))["files"].items():
        package = "/".join(PurePath(name).parent.parts[1:3]) or "(top)"
        sums[package].update({key: value for key, value in file["summary"].items() if isinstance(value, int)})
    print(f"{'package':<28}{'lines':>8}{'covered':>10}{'branches':>10}{'covered':>10}")
    for package, total in sorted(sums.items()):
        print(
            f"{package:<28}{total['num_statements']:>8}{_percent(total['covered_lines'], total['num_statements']):>10}"
            f"{total['num_branches']:>10}{_percent(total['covered_branches'], total['num_branches']):>10}"
        )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


main(Path(sys.argv[1]))
