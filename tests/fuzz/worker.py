# SPDX-License-Identifier: GPL-3.0-or-later
"""One target in a separate process: it runs until the time is over (exit status 0) or an input breaks it (not 0).

The input that broke it is written to the folder of findings. With atheris the inputs are led by what code they reach;
where atheris is not installed, Hypothesis changes the seeds at random.
"""

import argparse
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HANGS_AFTER = 20
"""Seconds of one input, on a busy machine, after which it counts as a fault."""
MOST_MEMORY = 2048
"""MiB of the process."""
EXAMPLES = 500
"""Inputs of Hypothesis between two looks at the clock."""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Fuzz one parser.")
    parser.add_argument("name")
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--corpus", type=Path, required=True, help="inputs that reached new code; kept between runs")
    parser.add_argument("--found", type=Path, required=True, help="where an input that breaks the parser is written")
    options = parser.parse_args(argv)
    options.corpus.mkdir(parents=True, exist_ok=True)
    options.found.mkdir(parents=True, exist_ok=True)
    engine = _with_atheris if importlib.util.find_spec("atheris") else _with_hypothesis
    return engine(options.name, options.seconds, options.corpus, options.found)


def load() -> Mapping[str, Any]:
    """The targets, whose modules report to atheris what they reach where it is installed."""
    if importlib.util.find_spec("atheris") is None:
        return importlib.import_module("fuzz.targets").TARGETS  # type: ignore[no-any-return]
    # Optional, so by name: a machine without it has no types of it either.
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["qubesmanager"]):
        return importlib.import_module("fuzz.targets").TARGETS  # type: ignore[no-any-return]


def _with_atheris(name: str, seconds: int, corpus: Path, found: Path) -> int:
    atheris: Any = importlib.import_module("atheris")
    target = load()[name]
    for seed in target.seeds:
        _keep(corpus, "", seed)
    words = corpus.with_name(f"{corpus.name}.words")
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in (*target.words, b"\0")), encoding="ascii")
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={seconds}",
            f"-max_len={target.longest}",
            f"-timeout={HANGS_AFTER}",
            f"-rss_limit_mb={MOST_MEMORY}",
            f"-artifact_prefix={found}/",
            f"-dict={words}",
            "-verbosity=0",
            str(corpus),
        ],
        target.check,
    )
    atheris.Fuzz()  # it ends the process
    return 0


def _with_hypothesis(name: str, seconds: int, _corpus: Path, found: Path) -> int:
    target = load()[name]
    until = monotonic() + seconds
    last = b""

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=False, suppress_health_check=list(HealthCheck)
    )
    @given(_changed(target.seeds, target.words, target.longest))
    def run(data: bytes) -> None:
        nonlocal last
        last = data
        target.check(data)

    try:
        while monotonic() < until:
            run()
    except BaseException:
        # Hypothesis runs the smallest input that fails last.
        _keep(found, "hypothesis-", last)
        raise
    return 0


def _changed(seeds: tuple[bytes, ...], words: tuple[bytes, ...], longest: int) -> st.SearchStrategy[bytes]:
    """Seeds with parts cut out, doubled, overwritten or put in."""
    part = st.one_of(st.binary(max_size=8), st.sampled_from(words or (b"\0",)))
    change = st.tuples(st.integers(0, longest), st.integers(0, 16), part)

    def apply(drawn: tuple[bytes, list[tuple[int, int, bytes]]]) -> bytes:
        data, changes = drawn
        for at, length, new in changes:
            start = at % (len(data) + 1)
            data = data[:start] + new + data[start + length :]
        return data[:longest]

    return st.tuples(st.sampled_from((*seeds, b"")), st.lists(change, max_size=8)).map(apply)


def _keep(folder: Path, prefix: str, data: bytes) -> None:
    (folder / f"{prefix}{hashlib.sha256(data).hexdigest()[:16]}").write_bytes(data)


def _escaped(word: bytes) -> str:
    """A word of libFuzzer's dictionary: printable ASCII, other bytes as `\\xNN`."""
    plain: Callable[[int], bool] = lambda byte: 0x20 < byte < 0x7F and byte not in b'"\\'  # noqa: E731 - one use
    return "".join(chr(byte) if plain(byte) else f"\\x{byte:02x}" for byte in word)
