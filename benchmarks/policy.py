# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a policy of 10,000 rules, reading it again after a change of one file, and deciding with 1,000 qubes."""

from collections.abc import Callable
from functools import partial
from itertools import count

from _harness import Bench

from qubesmanager.policy.engine import Engine, Request
from qubesmanager.policy.reading import Files, Reader
from qubesmanager.policy.system_info import Domain, SystemInfo

READ_LIMIT = 1.0
DECIDE_LIMIT = 0.005
FILES = 20


def files(rules: int) -> dict[str, str]:
    """No rule decides before the last of them, which asks about every qube."""
    each = rules // FILES
    made = {
        f"{number:02}-some.policy": "".join(
            f"svc * @tag:t{at % 50} qube-{(number * each + at) % 1000} ask target=@dispvm\n" for at in range(each)
        )
        for number in range(FILES)
    }
    return {**made, "99-last.policy": "svc * source @anyvm ask\n"}


def system() -> SystemInfo:
    qubes = [Domain(f"qube-{at}", "AppVM", frozenset({f"t{at % 50}", "all"})) for at in range(1000)]
    return SystemInfo.of([Domain("source", "AppVM"), *qubes])


def measure(bench: Bench, rules: int) -> None:
    policy, info, reader = files(rules), system(), Reader()

    def allowed(name: str, work: Callable[[], object], limit: float) -> None:
        bench.line(f"{name}, {rules} rules", bench.time(work), reference=limit, reference_name="allowed")

    allowed("read", lambda: Reader().read(Files(policy)), READ_LIMIT)
    engine = Engine(reader.read(Files(policy)))
    versions = count()

    def one_file_changed() -> None:
        reader.read(Files({**policy, "00-some.policy": f"svc * a b deny\n# {next(versions)}\n"}))

    allowed("one file changed", one_file_changed, READ_LIMIT)
    for name, source, target in (
        ("deny", "source", "gone"),
        ("ask", "qube-7", "qube-3"),
        ("choices", "source", "qube-1"),
    ):
        allowed(f"{name}, 1000 qubes", partial(engine.decide, Request("svc", "+", source, target), info), DECIDE_LIMIT)
    sight = partial(engine.admitted_by_dom0, "source", "svc", "+", info)
    allowed("what a source sees, 1000 qubes", sight, DECIDE_LIMIT)


def main() -> None:
    bench = Bench("The policy")
    for rules in bench.sizes(1000, 10_000):
        measure(bench, rules)
    bench.done()


if __name__ == "__main__":
    main()
