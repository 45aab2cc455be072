# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide as HTML, which is shipped with the program so that F1 works without a network.

It converts what docs/ uses of Markdown: headings, paragraphs, lists, tables, code, pictures, links, emphasis. setup.py
calls `build`; `python scripts/guide.py FOLDER` writes the pages into a folder.
"""

import html
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
LEFT_OUT = {"guide/pictures.md"}
"""The gallery: its pictures would make the package three times as large."""
SHIPPED = ("guide/*.md", "*.md")

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font-family: monospace; }
pre { padding: 0.6rem; overflow-x: auto; border: 1px solid #8884; }
img { max-width: 100%; }
table { border-collapse: collapse; }
td, th { border: 1px solid #8886; padding: 0.2rem 0.5rem; text-align: start; vertical-align: top; }
"""
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{style}</style></head>
<body>
{body}
</body></html>
"""

_HEADING = re.compile(r"(#{1,6}) (.*)")
_ITEM = re.compile(r"( *)([-*]|\d+\.) +(.*)")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_BOLD, _EMPHASIS = re.compile(r"\*\*(.+?)\*\*", re.DOTALL), re.compile(r"(?<![\w*])\*(.+?)\*(?![\w*])", re.DOTALL)


def pages(docs: Path) -> list[Path]:
    """The documents that are shipped, relative to the folder of documents."""
    every = {path.relative_to(docs) for pattern in SHIPPED for path in docs.glob(pattern)}
    return sorted(path for path in every if path.as_posix() not in LEFT_OUT)


def build(docs: Path, folder: Path) -> list[Path]:
    """Write all pages, and the pictures that they show; the files written. The folder is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    known = pages(docs)
    written: list[Path] = []
    for page in known:
        converter = Converter(docs, page, set(known))
        target = folder / page.with_suffix(".html")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(converter.page((docs / page).read_text(encoding="utf-8")), encoding="utf-8")
        written.append(target)
        for picture in converter.pictures:
            copy = folder / picture
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(docs / picture, copy)
            written.append(copy)
    return written


def anchor(heading: str) -> str:
    """What a heading is linked by."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


class Converter:
    """Converts one document. `pictures`: the pictures that it shows and that exist, relative to the documents."""

    def __init__(self, docs: Path, page: Path, known: set[Path]) -> None:
        self._docs, self._page, self._known = docs, page, known
        self.pictures: set[Path] = set()

    def page(self, markdown: str) -> str:
        """The whole page."""
        lines = [line for line in markdown.split("\n") if not line.startswith("<!--")]
        title = next((line.removeprefix("# ") for line in lines if line.startswith("# ")), self._page.stem)
        return PAGE.format(title=html.escape(title), style=STYLE, body="\n".join(self._blocks(lines)))

    def _blocks(self, lines: list[str]) -> Iterator[str]:
        at = 0
        while at < len(lines):
            line = lines[at]
            end = at + 1
            if not line.strip():
                at += 1
                continue
            if match := _HEADING.match(line):
                level, text = len(match[1]), match[2]
                yield f'<h{level} id="{anchor(text)}">{self._text(text)}</h{level}>'
            elif line.startswith("```"):
                while end < len(lines) and not lines[end].startswith("```"):
                    end += 1
                yield _pre(lines[at + 1 : end])
                end += 1
            elif line.startswith("    "):
                while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                    end += 1
                yield _pre([each[4:] for each in lines[at:end]])
            elif line.startswith("|"):
                while end < len(lines) and lines[end].startswith("|"):
                    end += 1
                yield self._table(lines[at:end])
            elif match := _ITEM.match(line):
                while end < len(lines) and _is_in_list(lines, end, match):
                    end += 1
                yield self._list(lines[at:end])
            else:
                while end < len(lines) and lines[end].strip() and not _begins(lines[end]):
                    end += 1
                yield f"<p>{self._text(' '.join(lines[at:end]))}</p>"
            at = end

    def _list(self, lines: list[str]) -> str:
        first = _ITEM.match(lines[0])
        indent = len(first[1]) if first else 0
        kind = "ol" if first and first[2][0].isdigit() else "ul"
        items: list[list[str]] = []
        for line in lines:
            match = _ITEM.match(line)
            if match and len(match[1]) == indent:
                items.append([match[3]])
            elif items:
                items[-1].append(line[indent + 2 :] if line.startswith(" " * (indent + 2)) else line)
        return f"<{kind}>" + "".join(f"<li>{self._item(item)}</li>" for item in items) + f"</{kind}>"

    def _item(self, lines: list[str]) -> str:
        """An item of one paragraph without its tags, or the blocks of a longer one."""
        blocks = list(self._blocks([line.strip() if not line.startswith("    ") else line for line in lines]))
        return blocks[0].removeprefix("<p>").removesuffix("</p>") if len(blocks) == 1 else "".join(blocks)

    def _table(self, lines: list[str]) -> str:
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
        body = [row for row in rows[1:] if not all(set(cell) <= set("-: ") for cell in row)]
        head = "".join(f"<th>{self._text(cell)}</th>" for cell in rows[0])
        cells = ("".join(f"<td>{self._text(cell)}</td>" for cell in row) for row in body)
        return f"<table><tr>{head}</tr>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"

    def _text(self, text: str) -> str:
        """A line of text: code first, since nothing in it is markup."""
        parts, at = [], 0
        for match in _CODE.finditer(text):
            parts += [self._marked(text[at : match.start()]), f"<code>{html.escape(match[2].strip())}</code>"]
            at = match.end()
        return "".join([*parts, self._marked(text[at:])])

    def _marked(self, text: str) -> str:
        escaped = html.escape(text, quote=False)
        linked = _LINK.sub(lambda match: self._link(match[1], match[2], match[3]), escaped)
        return _EMPHASIS.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", linked))

    def _link(self, picture: str, text: str, target: str) -> str:
        """A link to what is shipped, or to the web; the text alone where the target is not shipped."""
        if target.startswith(("https://", "http://", "#")):
            return f'<a href="{html.escape(target)}">{text}</a>'
        path, mark, part = target.partition("#")
        place = (self._docs / self._page.parent / path).resolve()
        if not place.is_relative_to(self._docs.resolve()):
            return text
        inside = place.relative_to(self._docs.resolve())
        if inside.suffix == ".png":
            if not place.is_file():
                return text
            self.pictures.add(inside)
            return f'<img src="{path}" alt="{html.escape(text)}">' if picture else f'<a href="{path}">{text}</a>'
        if inside not in self._known:
            return text
        return f'<a href="{path.removesuffix(".md")}.html{mark}{part}">{text}</a>'


def _is_in_list(lines: list[str], at: int, first: "re.Match[str]") -> bool:
    """Whether the line is part of the list that began with this item; an empty one is if more of the list follows."""
    line = lines[at]
    if not line.strip():
        return at + 1 < len(lines) and bool(lines[at + 1].strip()) and _is_in_list(lines, at + 1, first)
    match = _ITEM.match(line)
    if match and len(match[1]) == len(first[1]):
        return match[2][0].isdigit() == first[2][0].isdigit()
    return line.startswith("  ")


def _begins(line: str) -> bool:
    return bool(_HEADING.match(line) or _ITEM.match(line) or line.startswith(("|", "```")))


def _pre(lines: list[str]) -> str:
    text = "\n".join(lines).rstrip()
    return f"<pre>{html.escape(text)}</pre>"


if __name__ == "__main__":
    build(DOCS, Path(sys.argv[1]))
