# SPDX-License-Identifier: GPL-3.0-or-later
"""The compiled translations, read back by Qt itself."""

import importlib.util
import sys
import tempfile
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt5.QtCore import QCoreApplication, QLocale, QTranslator
from PyQt5.QtWidgets import QApplication

from qubesmanager.models.reason_texts import CONTEXT
from qubesmanager.wire.reasons import TABLE

ROOT = Path(__file__).resolve().parents[2]
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
# PyQt's QTranslator takes ASCII alone; QCoreApplication, which the program uses, takes all.
ASCII = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=40)
TS = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>Window</name>
    <message><source>Start</source><translation>Starten</translation></message>
    <message><source>Start</source><comment>noun</comment><translation>Beginn</translation></message>
    <message><source>Quit</source><translation type="unfinished">Beenden</translation></message>
    <message><source>Gone</source><translation type="obsolete">Weg</translation></message>
    <message><source>Kill %n qube(s)</source><translation>%n Qube(s) beenden</translation></message>
    <message numerus="yes">
        <source>%n qube(s) run.</source>
        <translation><numerusform>%n Qube läuft.</numerusform><numerusform>%n Qubes laufen.</numerusform></translation>
    </message>
</context>
</TS>
"""


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "scripts" / "translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["translations"] = module
    spec.loader.exec_module(module)
    return module


translations = load()


def translator(data: bytes) -> QTranslator:
    loaded = QTranslator()
    # loadFromData() would go on pointing at bytes that Python may already have thrown away.
    with tempfile.NamedTemporaryFile(suffix=".qm") as file:
        file.write(data)
        file.flush()
        assert loaded.load(file.name)
    return loaded


@pytest.fixture
def german(tmp_path: Path) -> QTranslator:
    file = tmp_path / "qubesmanager_de.ts"
    file.write_text(TS, encoding="utf-8")
    return translator(translations.compiled("de", list(translations.messages(file))))


def test_qt_finds_a_text_by_context_source_and_comment(german: QTranslator) -> None:
    assert german.translate("Window", "Start") == "Starten"
    assert german.translate("Window", "Start", "noun") == "Beginn"
    assert not german.translate("Elsewhere", "Start")


def test_unfinished_and_vanished_texts_stay_as_in_the_sources(german: QTranslator) -> None:
    assert not german.translate("Window", "Quit")
    assert not german.translate("Window", "Gone")


@pytest.mark.parametrize(
    ("number", "shown"), [(1, "%Ln Qube läuft."), (0, "%Ln Qubes laufen."), (12, "%Ln Qubes laufen.")]
)
def test_the_form_follows_the_number(german: QTranslator, number: int, shown: str) -> None:
    assert german.translate("Window", "%n qube(s) run.", "", number) == shown


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_text_with_one_form_is_translated_for_every_number(german: QTranslator, number: int) -> None:
    assert german.translate("Window", "Kill %n qube(s)", "", number) == "%Ln Qube(s) beenden"


@pytest.mark.parametrize("file", sorted((ROOT / "i18n").glob("*.ts")), ids=lambda file: file.stem)
def test_a_count_has_the_separators_of_its_language_in_every_text(qapp: QApplication, file: Path) -> None:
    messages = [message for message in translations.messages(file) if "%n" in message.source]
    language = file.stem.partition("_")[2]
    loaded, before, locale = translator(translations.compiled(language, messages)), QLocale(), QLocale(language)
    QLocale.setDefault(locale)
    qapp.installTranslator(loaded)
    shown = {
        message.source: QCoreApplication.translate(message.context, message.source, message.comment, 1234)
        for message in messages
    }
    qapp.removeTranslator(loaded)
    QLocale.setDefault(before)

    assert len(messages) > 100
    assert [source for source, text in shown.items() if locale.toString(1234) not in text] == []


@given(st.dictionaries(ASCII, TEXTS, min_size=1, max_size=30))
def test_qt_reads_every_text_back(texts: dict[str, str]) -> None:
    messages = [translations.Message("C", source, "", (said,), finished=True) for source, said in texts.items()]

    loaded = translator(translations.compiled("de", messages))

    shown = {source: said.replace("%n", "%Ln") if "%n" in source else said for source, said in texts.items()}
    assert {source: loaded.translate("C", source) for source in texts} == shown


def test_a_text_with_an_ellipsis_is_found(qapp: QApplication) -> None:
    loaded = translator(
        translations.compiled("de", [translations.Message("C", "Open…", "", ("Öffnen…",), finished=True)])
    )

    qapp.installTranslator(loaded)
    said = QCoreApplication.translate("C", "Open…")
    qapp.removeTranslator(loaded)

    assert said == "Öffnen…"


def test_texts_that_would_not_be_shown_are_noticed(tmp_path: Path) -> None:
    file = tmp_path / "window.py"
    file.write_text(
        """class Base(Widget):
    def text(self):
        return f"{self.tr('inside')}"

class Window(Base):
    def text(self):
        return self.tr("seen") + translate("Window", "too") + self.tr(LATER)

TEXT = QT_TRANSLATE_NOOP("Window", "three")
""",
        encoding="utf-8",
    )

    assert sorted(translations.literals(tmp_path)) == [
        (file, 3, "inside"),
        (file, 7, "seen"),
        (file, 7, "too"),
        (file, 9, "three"),
    ]
    assert list(translations.inherited(tmp_path)) == [(file, 3)]


def units(sentence: str) -> set[tuple[str, str]]:
    """The places of a sentence that are amounts, with their units."""
    return {(name, unit) for _text, name, unit, _conversion in Formatter().parse(sentence) if name and unit}


def test_the_sentences_of_the_reasons_are_collected() -> None:
    assert list(translations.reasons()) == [row.sentence for row in TABLE]


@pytest.mark.parametrize("file", sorted((ROOT / "i18n").glob("*.ts")), ids=lambda file: file.stem)
def test_a_translated_reason_has_the_places_of_its_sentence(file: Path) -> None:
    rows = {row.sentence: row for row in TABLE}
    for text in translations.messages(file):
        if text.context == CONTEXT and text.source in rows and text.finished:
            row = rows[text.source]
            named = row.filled(text.forms[0], [f"<{name}>" for name in row.fields])

            assert all(f"<{name}>" in named for name in row.fields), text.source
            assert units(text.forms[0]) == units(row.sentence), text.source
