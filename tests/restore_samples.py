# SPDX-License-Identifier: GPL-3.0-or-later
"""Strategies of what calls of restores carry."""

from hypothesis import strategies as st

from qubesmanager.wire.restores import NEW_HOME, RestorePlan, StoredDetails, StoredQube

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LISTS = st.lists(NAMES, max_size=3).map(tuple)
MAPS = st.dictionaries(NAMES, NAMES | st.just(""), max_size=3)
PLANS = st.builds(
    RestorePlan,
    include=LISTS,
    exclude=LISTS,
    rename=MAPS,
    template=MAPS,
    netvm=MAPS,
    pool=NAMES | st.just(""),
    pools=st.dictionaries(NAMES, NAMES, max_size=3),
    conflict=st.sampled_from(["skip", "rename", "fail"]),
    missing_template=st.sampled_from(["default", "skip"]),
    missing_netvm=st.sampled_from(["default", "none", "skip"]),
    verify_only=st.booleans(),
    devices=st.booleans(),
    dom0=st.lists(st.just("add") | NAMES.map("label:{}".format), max_size=3).map(tuple),
    home=st.sampled_from(["", NEW_HOME, "/home/user/a folder"]),
    salvage=st.booleans(),
)
QUBES = st.builds(
    StoredQube,
    name=NAMES,
    klass=NAMES,
    label=NAMES,
    size=st.integers(0, 1 << 62),
    template=NAMES | st.just(""),
    netvm=NAMES | st.just(""),
    exists=st.booleans(),
    details=st.builds(
        StoredDetails,
        properties=st.dictionaries(NAMES, TEXTS, max_size=2),
        tags=LISTS,
        devices=st.integers(0, 9),
        rules=st.none() | st.integers(0, 9),
        first_rules=st.lists(TEXTS, max_size=2).map(tuple),
        notes=TEXTS,
    ),
)
