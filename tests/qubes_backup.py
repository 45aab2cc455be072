# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups as the tool of Qubes OS writes them: no manifest, pax frames, any qubes.xml and files."""

import gzip
import io
import tarfile
from collections.abc import Collection, Mapping
from xml.sax.saxutils import escape, quoteattr

from backup_samples import TINY, WORDS

from qubesmanager.backup.archive.header import Head, chunk_secret, head_secret, to_text
from qubesmanager.backup.archive.scrypt_container import new_keys, seal

DOM0 = (
    '<domain id="domain-0" class="AdminVM"><properties><property name="label">label-8</property></properties></domain>'
)


def with_home(user: str = "user", size: int = 20 << 10) -> str:
    """dom0 with its home in the backup."""
    kept = {"backup-content": "True", "backup-path": f"dom0-home/{user}", "backup-size": str(size)}
    return DOM0.replace("</domain>", f"<features>{_named('feature', kept)}</features></domain>")


PRIVATE = b"private".ljust(1 << 20, b"\0")


def qubes_xml(*domains: str, dom0: str = DOM0) -> bytes:
    """The system with two labels and these domains; `domain` and `dom0` give their text."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<qubes version="3.0"><labels>'
        '<label id="label-1" color="0xcc0000">red</label><label id="label-8" color="0x000000">black</label></labels>'
        "<pools/><properties/>"
        f"<domains>{dom0}{''.join(domains)}</domains></qubes>\n"
    ).encode()


def domain(
    name: str,
    number: int = 1,
    properties: Mapping[str, str] | None = None,
    *,
    klass: str = "StandaloneVM",
    features: Mapping[str, str] | None = None,
    tags: tuple[str, ...] = (),
    devices: str = "",
    path: str = "",
) -> str:
    """One qube that is in the backup, by default in `vm<number>/`; `devices` is the text of its `devices` elements."""
    kept = {"backup-content": "True", "backup-path": path or f"vm{number}/", "backup-size": str(1 << 20)}
    return (
        f'<domain id="domain-{number}" class={quoteattr(klass)}><properties>'
        + _named("property", {"qid": str(number), "name": name, "label": "label-1", **(properties or {})})
        + "</properties><features>"
        + _named("feature", {**(features or {}), **kept})
        + f"</features>{devices}<tags>{''.join(f'<tag name={quoteattr(tag)}/>' for tag in tags)}</tags></domain>"
    )


def device(klass: str, backend: str, ident: str, attributes: str = "", **options: str) -> str:
    """One assignment; an option's `_` is a `-`."""
    elements = _named("option", {name.replace("_", "-"): value for name, value in options.items()})
    return (
        f'<devices class="{klass}"><device backend-domain={quoteattr(backend)} id={quoteattr(ident)} {attributes}>'
        f"{elements}</device></devices>"
    )


def _named(tag: str, values: Mapping[str, str]) -> str:
    return "".join(f"<{tag} name={quoteattr(name)}>{escape(value)}</{tag}>" for name, value in values.items())


def backup_of(xml: bytes, files: Mapping[str, bytes], words: str = WORDS, as_they_are: Collection[str] = ()) -> bytes:
    """The backup: `files` by their path in it, `vm1/private.img`, each in one chunk.

    Those in `as_they_are` are archives already, as of dom0's home.
    """
    head = Head("20260101T000000-1", "gzip", has_manifest=False)
    parts = {
        "backup-header": to_text(head),
        "backup-header.hmac": seal(new_keys(head_secret(words), TINY), to_text(head)),
    }
    for path, content in {"qubes.xml": xml, **files}.items():
        name = f"{path}.000.enc"
        packed = gzip.compress(content if path in as_they_are else _archive(path, content, tarfile.GNU_FORMAT))
        parts[name] = seal(new_keys(chunk_secret(head.backup_id, name, words), TINY), packed)
    return b"".join(_archive(name, body, tarfile.PAX_FORMAT) for name, body in parts.items())


def of_one(xml_domain: str, **files: bytes) -> bytes:
    """The backup of one qube with a private volume; a file's `_` is a `.`: `firewall_xml`, `notes_txt`."""
    named = {f"vm1/{name.replace('_', '.')}": content for name, content in files.items()}
    return backup_of(qubes_xml(xml_domain), {"vm1/private.img": PRIVATE, **named})


def _archive(path: str, content: bytes, form: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        info = tarfile.TarInfo(path)
        info.size, info.mtime = len(content), 1_700_000_000
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()
