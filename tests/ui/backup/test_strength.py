# SPDX-License-Identifier: GPL-3.0-or-later
"""The strength of a passphrase, with zxcvbn and without."""

import pytest

from qubesmanager.ui.backup import strength as module
from qubesmanager.ui.backup.strength import strength

WEAK = ("a", "aaaaaaaaaaaaaaaa", "12345678", "abcdefghijkl", "password", "987654")
STRONG = ("correct horse battery staple", "zebra fish lamp cord")


@pytest.fixture(params=["with zxcvbn", "without"])
def _both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without":
        monkeypatch.setattr(module, "zxcvbn", None)
    elif module.zxcvbn is None:
        pytest.skip("zxcvbn is not installed")


@pytest.mark.usefixtures("_both")
@pytest.mark.parametrize("passphrase", WEAK)
def test_a_common_passphrase_is_weak(passphrase: str) -> None:
    found = strength(passphrase)

    assert found is not None
    assert found.score <= 1


@pytest.mark.usefixtures("_both")
@pytest.mark.parametrize("passphrase", STRONG)
def test_several_words_are_strong(passphrase: str) -> None:
    found = strength(passphrase)

    assert found is not None
    assert found.score == 4


@pytest.mark.usefixtures("_both")
def test_an_empty_passphrase_has_no_strength() -> None:
    assert strength("") is None
