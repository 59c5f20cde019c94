"""Finds out what a file is from its bytes. Pure; never unpacks, renders or runs anything, never trusts the name."""

from __future__ import annotations

from dataclasses import dataclass

import puremagic

from bot.files.archives import find_office_type, holds_archive
from bot.files.texts import find_text_type


@dataclass(frozen=True, slots=True)
class FileType:
    """What the bytes are. `kinds` are those of `ask_file` that it fits, the closest first."""

    media_type: str
    extension: str
    kinds: tuple[str, ...]


_IMAGES = {
    "image/png": FileType("image/png", ".png", ("image",)),
    "image/jpeg": FileType("image/jpeg", ".jpg", ("image",)),
    "image/gif": FileType("image/gif", ".gif", ("image",)),
    "image/webp": FileType("image/webp", ".webp", ("image",)),
    "image/heif": FileType("image/heif", ".heic", ("image",)),
    "image/heic": FileType("image/heif", ".heic", ("image",)),
    "image/avif": FileType("image/avif", ".avif", ("image",)),
}
_PDF = FileType("application/pdf", ".pdf", ("pdf",))
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_OFFICE = {
    "docx": FileType(f"{_OPEN_XML}wordprocessingml.document", ".docx", ("document",)),
    "xlsx": FileType(f"{_OPEN_XML}spreadsheetml.sheet", ".xlsx", ("spreadsheet",)),
    "pptx": FileType(f"{_OPEN_XML}presentationml.presentation", ".pptx", ("document",)),
    "odt": FileType(f"{_OPEN_DOCUMENT}text", ".odt", ("document",)),
    "ods": FileType(f"{_OPEN_DOCUMENT}spreadsheet", ".ods", ("spreadsheet",)),
    "odp": FileType(f"{_OPEN_DOCUMENT}presentation", ".odp", ("document",)),
}
_TEXT = {
    "csv": FileType("text/csv", ".csv", ("spreadsheet", "text")),
    "txt": FileType("text/plain", ".txt", ("text",)),
}
_SNIFFED = 2048
"""Bytes at the beginning in which a browser may take a file for a page (the WHATWG MIME standard reads 1,445)."""
# Not every XML: programs for pictures write property lists and the like into their files.
_PAGE_SIGNS = (b"<!doctype html", b"<html", b"<script", b"<iframe", b"<svg", b"<?php")


def find_type(data: bytes, name: str) -> FileType | None:
    """What the bytes are; None for what nobody may send, and for what is two things at once.

    Args:
        name: used only to refuse a text that calls itself a program or a page.
    """
    if not data:
        return None
    if data.startswith(b"PK"):
        office = find_office_type(data)
        return _OFFICE[office] if office else None
    found = _find_binary(data)
    if found is not None:
        # A file that is also an archive or a page passes one check as this and is opened by another as that.
        return None if holds_archive(data) or _looks_like_page(data) else found
    text = find_text_type(data, name)
    return _TEXT[text] if text else None


def _find_binary(data: bytes) -> FileType | None:
    if data.startswith(b"%PDF-"):
        return _PDF
    try:
        matches = puremagic.magic_string(data)
    except puremagic.PureError:
        return None
    # Only the likeliest counts: a program whose first bytes might also be an image's is not an image.
    return _IMAGES.get(matches[0].mime_type) if matches else None


def _looks_like_page(data: bytes) -> bool:
    head = data[:_SNIFFED].lower()
    return any(sign in head for sign in _PAGE_SIGNS)
