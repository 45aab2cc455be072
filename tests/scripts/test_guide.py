# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the guide: every link leads somewhere, and nothing is lost of the text."""

import re
from pathlib import Path

from scripts import guide

LINK = re.compile(r'(?:href|src)="([^"]+)"')


def test_every_link_of_the_pages_leads_to_a_page_or_picture(tmp_path: Path) -> None:
    written = guide.build(guide.DOCS, tmp_path / "html")

    pages = [path for path in written if path.suffix == ".html"]
    assert tmp_path / "html/guide/README.html" in pages
    for page in pages:
        for target in LINK.findall(page.read_text()):
            if target.startswith(("http", "#")):
                continue
            path, _mark, part = target.partition("#")
            place = (page.parent / path).resolve()
            assert place.is_file(), (page.name, target)
            if part:
                assert f'id="{part}"' in place.read_text(), (page.name, target)


def converted(markdown: str) -> str:
    text = guide.Converter(guide.DOCS, Path("guide/x.md"), set()).page(markdown)
    return text.partition("<body>\n")[2].partition("\n</body>")[0]


def test_markdown_becomes_html() -> None:
    assert converted("# A *b*\n\ntext with `<code>` and\n**bold** & more") == (
        '<h1 id="a-b">A <em>b</em></h1>\n'
        "<p>text with <code>&lt;code&gt;</code> and <strong>bold</strong> &amp; more</p>"
    )
    assert converted("- one\n  goes on\n- two\n\n1. first\n2. second") == (
        "<ul><li>one goes on</li><li>two</li></ul>\n<ol><li>first</li><li>second</li></ol>"
    )
    assert converted("| a | b |\n|---|---|\n| `c` | d |") == (
        "<table><tr><th>a</th><th>b</th></tr><tr><td><code>c</code></td><td>d</td></tr></table>"
    )
    assert converted("    cd x\n      <y>\n\ntext") == "<pre>cd x\n  &lt;y&gt;</pre>\n<p>text</p>"
    assert converted("[gone](nowhere.md) [web](https://example.org)") == (
        '<p>gone <a href="https://example.org">web</a></p>'
    )
