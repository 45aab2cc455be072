# SPDX-License-Identifier: GPL-3.0-or-later
"""Translation files: which texts are missing or still open, and the compiled form that QTranslator loads.

Qt's own compiler, lrelease, comes in a package that brings 60 MB of others along, so the compiled form is
written here. Its layout is what QTranslator reads: a magic number, then sections of a tag, a length and data, numbers
in big-endian order. Messages are found by the ELF hash of text and comment.
"""

import ast
import struct
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "qubesmanager"
REASONS = SOURCES / "wire/reasons.py"
COMPILED = Path("qubesmanager/i18n")
MAGIC = bytes.fromhex("3cb86418caef9c95cd211cbf60a1bddd")
HASHES, MESSAGES, PLURALS, LANGUAGE = 0x42, 0x69, 0x88, 0xA7
END, TRANSLATION, SOURCE, CONTEXT, COMMENT = 1, 3, 6, 7, 8

# How a language picks one of its forms by a number, as bytes of QTranslator's little rule machine:
# 1 is "equal to", 3 is "at most", both followed by their number; further rules after 0xFF.
ONE_AND_MANY = b"\x01\x01"
UP_TO_ONE_AND_MANY = b"\x03\x01"
NUMBERS = 2
"""Each rule below tells so many kinds of numbers apart."""
PLURAL_RULES = {
    "de": ONE_AND_MANY,
    "en": ONE_AND_MANY,
    "es": ONE_AND_MANY,
    "fr": UP_TO_ONE_AND_MANY,
    "it": ONE_AND_MANY,
    "nl": ONE_AND_MANY,
    "sv": ONE_AND_MANY,
}


@dataclass(frozen=True, slots=True)
class Message:
    """A text of the sources, and what it is in another language: one form, or one for each kind of number."""

    context: str
    source: str
    comment: str
    forms: tuple[str, ...]
    finished: bool


def messages(file: Path) -> Iterator[Message]:
    """The texts of a `.ts` file, those that vanished from the sources left out."""
    for context in ET.parse(file).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            if translation is None or translation.get("type") in {"obsolete", "vanished"}:
                continue
            plural = message.get("numerus") == "yes"
            forms = (
                [form.text or "" for form in translation.iter("numerusform")] if plural else [translation.text or ""]
            )
            yield Message(
                context.findtext("name", ""),
                message.findtext("source", ""),
                message.findtext("comment", ""),
                tuple(forms),
                finished=translation.get("type") != "unfinished" and all(forms),
            )


def compiled(language: str, texts: list[Message]) -> bytes:
    """The `.qm` file. An unfinished text is left out, so that it shows as it is in the sources."""
    data = bytearray()
    places = []
    for text in texts:
        if text.finished:
            source, comment = text.source.encode(), text.comment.encode()
            places.append((_elf_hash(source + comment), len(data)))
            # A text with a number that pylupdate5 found in QT_TRANSLATE_NOOP has one form for all numbers.
            for form in text.forms * (NUMBERS if "%n" in text.source and len(text.forms) == 1 else 1):
                # Qt fills %Ln as the program writes all other numbers, with the digits and separators of its locale.
                said = form.replace("%n", "%Ln") if "%n" in text.source else form
                data += _tagged(TRANSLATION, said.encode("utf-16-be"))
            data += _tagged(COMMENT, comment) + _tagged(SOURCE, source) + _tagged(CONTEXT, text.context.encode())
            data.append(END)
    hashes = b"".join(struct.pack(">II", *place) for place in sorted(places))
    return (
        MAGIC
        + _tagged(LANGUAGE, language.encode())
        + _tagged(HASHES, hashes)
        + _tagged(MESSAGES, bytes(data))
        + _tagged(PLURALS, PLURAL_RULES[language.split("_", maxsplit=1)[0]])
    )


def _tagged(tag: int, data: bytes) -> bytes:
    return struct.pack(">BI", tag, len(data)) + data


def _elf_hash(data: bytes) -> int:
    value = 0
    for byte in data:
        value = (value << 4) + byte
        value = (value ^ (value & 0xF0000000) >> 24) & 0x0FFFFFFF
    return value or 1


def release(files: list[Path], folder: Path = COMPILED) -> None:
    """Write each file's compiled form into `folder`, unless it is there and newer."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        target = folder / f"{file.stem}.qm"
        if not target.exists() or target.stat().st_mtime < file.stat().st_mtime:
            target.write_bytes(compiled(file.stem.partition("_")[2], list(messages(file))))


TEXT_AT = {"tr": 0, "translate": 1, "QT_TRANSLATE_NOOP": 1}
"""Which argument of each function is a text for the user."""


def literals(folder: Path = SOURCES) -> Iterator[tuple[Path, int, str]]:
    """The texts for the user in Python files, with file and line; those that are not literal are left out."""
    for file, node in _nodes(folder):
        if isinstance(node, ast.Call):
            for argument in node.args[TEXT_AT.get(_called(node), len(node.args)) :][:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield file, node.lineno, argument.value


def inherited(folder: Path = SOURCES) -> Iterator[tuple[Path, int]]:
    """Where a class calls tr() that has subclasses: PyQt5 looks for the text under the name of the subclass alone."""
    classes = [(file, node) for file, node in _nodes(folder) if isinstance(node, ast.ClassDef)]
    bases = {
        part.id for _, node in classes for base in node.bases for part in ast.walk(base) if isinstance(part, ast.Name)
    }
    for file, node in classes:
        if node.name in bases:
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and _called(call) == "tr":
                    yield file, call.lineno


def _nodes(folder: Path) -> Iterator[tuple[Path, ast.AST]]:
    """Each node of the Python files."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            yield file, node


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def reasons(table: Path = REASONS) -> Iterator[str]:
    """The sentences of the table of reasons, which the windows translate by their codes."""
    for node in ast.walk(ast.parse(table.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _called(node) == "Row":
            yield ast.literal_eval(node.args[2])


def _faults(files: list[Path]) -> Iterator[str]:
    known = {text.source for file in files for text in messages(file)}
    # pylupdate5 sees no text inside of an f-string, before a trailing comma, or with an attribute for its number.
    for source, line, literal in literals():
        if files and literal not in known:
            yield f"{source}:{line}: {literal!r} is missing: run scripts/translate, or write the call more simply"
    for sentence in reasons():
        if files and sentence not in known:
            yield f"{REASONS}: {sentence!r} is missing: run scripts/translate"
    for source, line in inherited():
        yield f"{source}:{line}: tr() of a class with subclasses finds nothing: use QCoreApplication.translate()"
    for file in files:
        for text in messages(file):
            # pylupdate5 takes a self.tr() that follows a QCoreApplication.translate() for "QCoreApplication.self".
            if "." in text.context:
                fault = "will not be found, keep tr() and translate() in different functions"
            elif not text.finished:
                fault = "is not translated"
            else:
                continue
            yield f"{file}: {text.context}: {text.source!r} {fault}"


def still_open(files: list[Path]) -> int:
    """Print each text that has no translation yet, or that the program would not find; how many there are."""
    faults = list(_faults(files))
    print("\n".join(faults), end="\n" if faults else "")
    return len(faults)


def main(command: str, *files: str) -> int:
    if command == "reasons":
        # As lines that pylupdate5 collects, which reads no table.
        print("\n".join(f'QT_TRANSLATE_NOOP("Reason", {sentence!r})' for sentence in reasons()))
        return 0
    paths = [Path(file) for file in files]
    if command == "release":
        release(paths)
        return 0
    return 1 if still_open(paths) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
