# SPDX-License-Identifier: GPL-3.0-or-later
"""Random systems and policies, small enough that their words often meet."""

from typing import Any

from hypothesis import strategies as st

UUIDS = {
    name: f"00000000-0000-0000-0000-{number:012x}"
    for number, name in enumerate(("dom0", "work", "vault", "dvm", "gone"))
}
NAMES = ("work", "vault", "dvm", "net")
TAGS = ("mine", "other")


def domain(**values: Any) -> dict[str, Any]:
    usual = {"type": "AppVM", "tags": [], "template_for_dispvms": False, "default_dispvm": None}
    return {**usual, "power_state": "Halted", "uuid": "", **values}


SYSTEM = {
    "dom0": domain(type="AdminVM", uuid=UUIDS["dom0"], power_state="Running"),
    "work": domain(tags=["mine"], uuid=UUIDS["work"], default_dispvm="dvm", power_state="Running"),
    "vault": domain(tags=["mine", "other"], uuid=UUIDS["vault"]),
    "dvm": domain(template_for_dispvms=True, tags=["other"], uuid=UUIDS["dvm"]),
    "sys-usb": domain(internal=True, uuid="11111111-0000-0000-0000-000000000001"),
}


WORDS = (
    *("*", "@anyvm", "@adminvm", "dom0", *NAMES, "gone", "@tag:mine", "@tag:other", "@type:AppVM", "@type:AdminVM"),
    *(f"uuid:{uuid}" for uuid in UUIDS.values()),
)
DISPOSABLES = ("@dispvm:dvm", "@dispvm:work", "@dispvm:gone", f"@dispvm:uuid:{UUIDS['dvm']}")
SOURCES = st.sampled_from((*WORDS, *DISPOSABLES))
TARGETS = st.sampled_from((*WORDS, *DISPOSABLES, "@default", "@dispvm", "@dispvm:@tag:mine", "@dispvm:@tag:other"))
REDIRECTS = st.sampled_from(("@adminvm", "@dispvm", "dom0", *NAMES, "gone", f"uuid:{UUIDS['vault']}", *DISPOSABLES))
REQUESTED = (
    *("", "gone", *NAMES, "dom0", "@adminvm", "@default", "@dispvm", "@dispvm:dvm", "@dispvm:work", "*", "@tag:mine"),
    *(f"uuid:{UUIDS['vault']}", f"uuid:{UUIDS['dom0']}", f"@dispvm:uuid:{UUIDS['dvm']}"),
)


@st.composite
def rule_lines(draw: st.DrawFn, more_sources: tuple[str, ...] = ()) -> str:
    """A line; `more_sources` are sources of which each is as likely as all usual words together."""
    service = draw(st.sampled_from(("svc", "svc", "svc", "other", "*")))
    argument = "*" if service == "*" else draw(st.sampled_from(("*", "*", "+", "+x")))
    source, target = draw(st.one_of(SOURCES, *map(st.just, more_sources))), draw(TARGETS)
    action = draw(st.sampled_from(("allow", "ask", "deny", "ask")))
    options = []
    if action != "deny":
        if (action == "allow" and target == "@default") or draw(st.booleans()):
            options.append(f"target={draw(REDIRECTS)}")
        if draw(st.integers(0, 4)) == 0:
            options.append("autostart=no")
        if action == "ask" and draw(st.booleans()):
            options.append(f"default_target={draw(REDIRECTS)}")
    return " ".join((service, argument, source, target, action, *options))


@st.composite
def systems(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    present = draw(st.sets(st.sampled_from(NAMES), min_size=1))
    system = {"dom0": SYSTEM["dom0"]}
    for name in sorted(present):
        system[name] = domain(
            type=draw(st.sampled_from(("AppVM", "TemplateVM"))),
            tags=draw(st.lists(st.sampled_from(TAGS), unique=True)),
            template_for_dispvms=draw(st.booleans()),
            default_dispvm=draw(st.sampled_from((None, "dvm", "work", "gone"))),
            power_state=draw(st.sampled_from(("Running", "Halted"))),
            uuid=UUIDS.get(name, "22222222-0000-0000-0000-000000000002"),
            internal=draw(st.integers(0, 5)) == 0,
        )
    return system
