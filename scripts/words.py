# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds turns of phrase and names of variables that CONTRIBUTING.md asks not to use, in code and documents.

`python scripts/words.py [FILE…]` prints each with its line and the alternative; without files, of the whole project.
The exit status is 1 if it finds any.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"

NAMES = {
    "held": "what it holds: record, volume, lock",
    "told": "what it is: options, rows, message",
    "found": "what it is: match, path, problems",
    "wanted": "what it is: url, name, size",
    "one": "what it is: record, row",
    "seen": "what it holds: names, keys",
}
"""Variables, parameters and attributes that do not say what they hold, with or without a `_` before them."""

NAMES_OF_FUNCTIONS = {"held", "told"}
"""Those that no function may have either."""
NAMES_IN_TESTS = {"held", "told", "wanted"}
"""Those that a variable of a test may not have either."""

TURNS = {
    r"who is \w+ed\b": "name the thing: a cancelled caller",
    r"(?-i:\bWho (?:has|had|was|asks?|reads?|waits?|only|goes|looks|listens) )": "name the thing: a caller that waits",
    r"\bstand(?:s|ing)? (?:in|for|beside|there|back|alone)\b": "is in, means, is next to",
    r"\bstood (?:in|for|beside|there)\b": "was in, meant, was next to",
    r"\b(?:is|are|was|were|be|been|being) told\b": "is shown, reported, sent; the exact verb",
    r"\btells? (?:of|a|the|it|them|everybody|whoever)\b": "shows, reports, sends; the exact verb",
    r"\b(?:somebody|everybody|anybody|(?<!as )nobody|whoever)\b": "the user, another client, no caller",
    r"\bit is said\b": "the error names, the label shows",
    r"\bsa(?:ys|id|y) so\b": "the error names, the label shows",
    r"\banew\b": "again",
    r"\ball the same\b": "still, anyway",
    r"\bshall\b": "must, will",
    r"\bof (?:its|their|his) own(?=[.,;:)|\"]|$| (?:and|or|that|which|in|for|with|is|are|on|to|by|from)\b)": (
        "separate, its own NOUN"
    ),
    r"\bany more\b": "no longer, or leave it out",
    r"\b(?:is|are) no more\b": "is gone",
}
"""Turns of phrase, and what to write."""

TEST_NAMES = {
    r"^who\b": "name the thing: a caller that disconnects",
    r"\b(?:told|held|heard|hears)\b": "shown, reported, sent; the exact verb",
    r"\bsaid\b": "reported, shown",
    r"\bpersons?\b": "the user",
}
"""Other words that the name of a test may not contain."""

_TURN = re.compile("|".join(f"(?P<t{number}>{turn})" for number, turn in enumerate(TURNS)), re.IGNORECASE)


class Finding(NamedTuple):
    """One thing to reword."""

    path: Path
    line: int
    text: str
    instead: str


def turns(path: Path, line: int, text: str) -> Iterator[Finding]:
    """The turns in a piece of text that begins at this line."""
    for match in _TURN.finditer(text.replace("\n", " ")):
        number = int((match.lastgroup or "t0").removeprefix("t"))
        yield Finding(path, line + text.count("\n", 0, match.start()), match[0], list(TURNS.values())[number])


def in_test_name(path: Path, line: int, name: str) -> Iterator[Finding]:
    """Turns in the name of a test, with blanks between its words."""
    yield from turns(path, line, name)
    for turn, instead in TEST_NAMES.items():
        if match := re.search(turn, name):
            yield Finding(path, line, f"{match[0]} in the name of a test", instead)


def bound_names(tree: ast.Module) -> Iterator[tuple[int, str, bool]]:
    """The names that a module binds: the line, the name without a `_` before it, and whether it is a function's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id.lstrip("_"), False
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg.lstrip("_"), False
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr.lstrip("_"), False
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name.lstrip("_"), True


def in_code(path: Path, source: str) -> Iterator[Finding]:
    """Names that a module binds, and turns in its comments and strings; of tests, in comments and docstrings."""
    tree, is_test = ast.parse(source), TESTS in path.parents
    for line, name, is_function in bound_names(tree):
        if name in (NAMES_OF_FUNCTIONS if is_function else NAMES_IN_TESTS if is_test else NAMES):
            yield Finding(path, line, f"the name {name}", NAMES[name])
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield from in_test_name(path, node.lineno, node.name.removeprefix("test_").replace("_", " "))
    comment: list[str] = []
    first = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.STRING:
            if is_test and not token.string.startswith('"""'):
                continue
            yield from turns(path, token.start[0], token.string)
        elif token.type == tokenize.COMMENT:
            if token.start[0] != last + 1:
                yield from turns(path, first, "\n".join(comment))
                comment, first = [], token.start[0]
            comment.append(token.string.lstrip("#"))
            last = token.start[0]
    yield from turns(path, first, "\n".join(comment))


def in_document(path: Path, text: str) -> Iterator[Finding]:
    """Turns in a document."""
    yield from turns(path, 1, text)


def findings(paths: list[Path]) -> Iterator[Finding]:
    """Of Python files and documents; other files are passed over."""
    for path in paths:
        if path.suffix in {".py", ".pyi"}:
            yield from in_code(path, path.read_text(encoding="utf-8"))
        elif path.suffix == ".md":
            yield from in_document(path, path.read_text(encoding="utf-8"))


def main(words: list[str]) -> int:
    """Check the files, or all that the project has."""
    names = (
        words
        or subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    )
    count = 0
    for each in findings(
        [path for name in names if (path := ROOT / name).is_file() and path.name not in {"words.py", "CONTRIBUTING.md"}]
    ):
        print(f"{each.path.relative_to(ROOT)}:{each.line}: {each.text!r}: {each.instead}")
        count += 1
    if count:
        print(f"{count} to reword; CONTRIBUTING.md says why.")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
