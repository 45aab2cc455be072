# SPDX-License-Identifier: GPL-3.0-or-later
"""Strategies of what calls of restores carry."""

from hypothesis import strategies as st

from qubesmanager.wire.restores import StoredQube

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
QUBES = st.builds(
    StoredQube,
    name=NAMES,
    klass=NAMES,
    label=NAMES,
    size=st.integers(0, 1 << 62),
    template=NAMES | st.just(""),
    netvm=NAMES | st.just(""),
    exists=st.booleans(),
)
