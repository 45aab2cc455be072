# SPDX-License-Identifier: GPL-3.0-or-later
"""What `qubes.GetAppmenus` answers, whatever a guest sends."""

from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.client.services import MOST_APPLICATIONS, Application, parse_applications


def test_applications_come_by_name_with_their_comments() -> None:
    answer = (
        b"b.desktop:Name=Web\nb.desktop:Comment=Browse\na.desktop:Name=files\na.desktop:Exec=x\nc.desktop:Comment=y\n"
    )

    assert parse_applications(answer) == (Application("a", "files", ""), Application("b", "Web", "Browse"))


def test_only_so_many_applications_are_taken() -> None:
    answer = "".join(f"a{number}.desktop:Name=x\n" for number in range(MOST_APPLICATIONS + 10))

    assert len(parse_applications(answer.encode())) == MOST_APPLICATIONS


@given(
    st.one_of(
        st.binary(),
        st.lists(st.text(), max_size=5).map(
            lambda lines: "\n".join(f"x.desktop:Name={line}" for line in lines).encode()
        ),
    )
)
def test_any_bytes_give_printable_names_or_none(untrusted: bytes) -> None:
    for each in parse_applications(untrusted):
        assert each.name
        assert (each.name + each.comment).isprintable()
