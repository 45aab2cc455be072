# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds turns of phrase and names of variables that CONTRIBUTING.md asks not to use, in code and documents.

`python scripts/words.py [FILE…]` prints each with its line and the alternative; without files, of the whole project.
The exit status is 1 if it finds any.
"""

import ast
import hashlib
import io
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
SUFFIXES = {".py", ".pyi", ".md"}

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


def in_names(path: Path, tree: ast.Module) -> Iterator[Finding]:
    """Names that a module binds, with or without a `_` before them, and turns in the names of its tests."""
    is_test = TESTS in path.parents
    names = NAMES_IN_TESTS if is_test else NAMES.keys()
    for node in ast.walk(tree):
        banned: Collection[str] = names
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        elif isinstance(node, ast.arg):
            name = node.arg
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            name = node.attr
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name, banned = node.name, NAMES_OF_FUNCTIONS
            if name.startswith("test_"):
                yield from in_test_name(path, node.lineno, name.removeprefix("test_").replace("_", " "))
        else:
            continue
        if (bare := name.lstrip("_")) in banned:
            yield Finding(path, node.lineno, f"the name {bare}", NAMES[bare])


def in_code(path: Path, source: str) -> Iterator[Finding]:
    """Names that a module binds, and turns in its comments and strings; of tests, in comments and docstrings."""
    yield from in_names(path, ast.parse(source))
    is_test = TESTS in path.parents
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


def findings(path: Path, text: str) -> Iterator[Finding]:
    """Of a Python file or a document."""
    yield from turns(path, 1, text) if path.suffix == ".md" else in_code(path, text)


class Clean:
    """The files that had nothing to reword at the last run, by a hash of their text: they are not read in again."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._rules = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
        self._before = set(cache.read_text(encoding="ascii").split()) if cache.exists() else set()
        self._now: set[str] = set()

    def has(self, path: Path, text: str) -> bool:
        """Whether this text had nothing to reword."""
        return self._key(path, text) in self._before

    def add(self, path: Path, text: str) -> None:
        """A text that has nothing to reword."""
        self._now.add(self._key(path, text))

    def save(self) -> None:
        """Write what was added, for the next run."""
        self._cache.parent.mkdir(exist_ok=True)
        replacement = self._cache.with_suffix(f".{os.getpid()}")
        replacement.write_text("\n".join(sorted(self._now)), encoding="ascii")
        replacement.replace(self._cache)

    def _key(self, path: Path, text: str) -> str:
        return hashlib.sha256(f"{self._rules} {path} {text}".encode()).hexdigest()


def main(words: list[str]) -> int:
    """Check the files, or all that the project has."""
    names = (
        words
        or subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    )
    clean = Clean(ROOT / "build/words")
    count = 0
    for path in (ROOT / name for name in names):
        if not path.is_file() or path.suffix not in SUFFIXES or path.name in {"words.py", "CONTRIBUTING.md"}:
            continue
        text = path.read_text(encoding="utf-8")
        of_file = [] if clean.has(path, text) else list(findings(path, text))
        for each in of_file:
            print(f"{each.path.relative_to(ROOT)}:{each.line}: {each.text!r}: {each.instead}")
        count += len(of_file)
        if not of_file:
            clean.add(path, text)
    if not words:
        clean.save()
    if count:
        print(f"{count} to reword; CONTRIBUTING.md says why.")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
