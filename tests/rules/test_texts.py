# SPDX-License-Identifier: GPL-3.0-or-later
import sys
import unicodedata

import pytest

from qubesmanager.rules.texts import why_not_feature, why_not_notes


@pytest.mark.unmeasured
def test_exactly_the_control_characters_and_surrogates_are_refused() -> None:
    characters = list(map(chr, range(sys.maxunicode + 1)))
    refused = {c for c in characters if unicodedata.category(c) in {"Cc", "Cs"} or c in "\ufffe\uffff"}

    assert {c for c in characters if why_not_feature(c)} == refused
    assert {c for c in characters if why_not_notes(c)} == refused - set("\t\n\r")
