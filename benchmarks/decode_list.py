# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the answer of vm.List: what a window pays before it can fill a table, beside splitting the same bytes."""

from functools import partial

from _harness import Bench

from qubesmanager.wire import calls


def split(content: bytes) -> list[list[bytes]]:
    return [line.split(b" ") for line in content.splitlines()]


def main() -> None:
    bench = Bench("Decoding the list of qubes")
    for count in bench.sizes(50, 1000, 10000):
        content = b"".join(b"qube-%d class=AppVM state=Halted\n" % number for number in range(count))
        reference = bench.time(partial(split, content))
        figure = bench.time(partial(calls.VM_LIST.result.decode, content))
        bench.line(f"vm.List of {count}", figure, reference=reference.median, reference_name="bare split")
    bench.done()


main()
