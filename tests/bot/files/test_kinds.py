"""What a file is, by its bytes."""

from __future__ import annotations

import tracemalloc
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files.kinds import find_type
from bot.files.names import clean_name
from tests.bot.files import samples


@pytest.mark.parametrize(
    ("data", "name", "kind", "extension"),
    [
        (samples.png(), "a.png", "image", ".png"),
        (samples.jpeg(), "a.jpeg", "image", ".jpg"),
        (samples.gif(), "a.gif", "image", ".gif"),
        (samples.webp(), "a.webp", "image", ".webp"),
        (samples.heic(), "IMG_1.HEIC", "image", ".heic"),
        (samples.pdf(), "a.pdf", "pdf", ".pdf"),
        (samples.docx(), "a.docx", "document", ".docx"),
        (samples.pptx(), "a.pptx", "document", ".pptx"),
        (samples.xlsx(), "a.xlsx", "spreadsheet", ".xlsx"),
        (samples.open_document("text"), "a.odt", "document", ".odt"),
        (samples.open_document("spreadsheet"), "a.ods", "spreadsheet", ".ods"),
        (b"name;people\nA GmbH;12\nB GmbH;40\n", "a.csv", "spreadsheet", ".csv"),
        ("Größe;Ort\n1;Köln\n".encode("cp1252"), "a.csv", "spreadsheet", ".csv"),
        ("Größe\tOrt\n1\tKöln\n".encode("utf-16"), "a.txt", "spreadsheet", ".csv"),
        (b"Dear all,\nthank you, and see you soon.\n", "a.txt", "text", ".txt"),
        (b"5 < 6, and that is all", "notes.md", "text", ".txt"),
        # The bytes decide, whatever the name says.
        (samples.png(), "invoice.pdf", "image", ".png"),
        (samples.pdf(), "holiday.jpg", "pdf", ".pdf"),
        (samples.docx(), "a.zip", "document", ".docx"),
    ],
)
def test_a_file_is_what_its_bytes_are(data: bytes, name: str, kind: str, extension: str) -> None:
    found = find_type(data, name)
    assert found is not None
    assert (found.kinds[0], found.extension) == (kind, extension)


def test_a_table_of_text_is_also_taken_where_text_is_wanted() -> None:
    found = find_type(b"a,b\n1,2\n", "a.csv")
    assert found is not None
    assert found.kinds == ("spreadsheet", "text")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "empty.txt"),
        (b" \n ", "blank.txt"),
        (SVG, "logo.svg"),
        (SVG, "logo.png"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>' + SVG, "logo.txt"),
        ("<svg onload=alert(1)>".encode("utf-16"), "logo.txt"),
        (HTML, "page.html"),
        (HTML, "page.txt"),
        (b"Hello there. " * 500 + b"<script>alert(1)</script>", "long.txt"),
        (b"MZ\x90\0" + b"\0" * 200, "setup.exe"),
        (b"MZ\x90\0" + b"\0" * 200, "photo.jpg"),
        (b"\x7fELF\2\1\1" + b"\0" * 100, "a.pdf"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34" + b"\0" * 60, "A.class"),
        (b"#!/bin/sh\nrm -rf /\n", "a.txt"),
        (b"@echo off\r\ndel *.*\r\n", "a.txt"),
        (b"WScript.Echo(1)", "a.js"),
        (b"Start-Process calc", "a.ps1"),
        (b"<?php echo 1;", "a.txt"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old.doc"),
        (b"{\\rtf1 hello}", "a.rtf"),
        (samples.archive({"a.txt": b"plain archive"}), "a.zip"),
        (samples.archive({"a.txt": b"plain archive"}), "a.docx"),
        (b"Rar!\x1a\x07\x01\x00" + b"\0" * 50, "a.rar"),
        (b"\x1f\x8b\x08" + b"\0" * 50, "a.gz"),
    ],
)
def test_pages_programs_and_archives_are_refused(data: bytes, name: str) -> None:
    assert find_type(data, name) is None


@pytest.mark.parametrize(
    "data",
    [
        samples.png() + samples.archive({"evil.exe": b"MZ"}),
        samples.jpeg() + samples.docx(),
        samples.pdf() + samples.archive({"META-INF/MANIFEST.MF": b"", "A.class": b"\xca\xfe\xba\xbe"}),
        samples.gif(b"<script>alert(1)</script>"),
        samples.png(b"<svg onload=alert(1)>"),
        samples.gif(b"<?php system($_GET[0]);"),
        HTML + samples.pdf(),
        b"\n" + samples.pdf() + b"\0",
        samples.archive({"x.txt": b"x"}) + samples.docx(),
        samples.archive({"[Content_Types].xml": b"", "word/document.xml": b"", "xl/workbook.xml": b""}),
    ],
)
def test_what_is_two_things_at_once_is_refused(data: bytes) -> None:
    assert find_type(data, "a.png") is None


@pytest.mark.parametrize(
    "member",
    ["word/vbaProject.bin", "../../etc/passwd", "/etc/passwd", "word\\..\\x", "payload.exe", "META-INF/MANIFEST.MF"],
)
def test_a_document_with_macros_programs_or_names_that_lead_out_is_refused(member: str) -> None:
    assert find_type(samples.docx(**{member: b"x"}), "a.docx") is None


def test_an_open_document_whose_type_is_compressed_is_refused() -> None:
    assert find_type(samples.open_document("text", compression=zipfile.ZIP_DEFLATED), "a.odt") is None


def test_a_bomb_is_refused_without_being_unpacked() -> None:
    bomb = samples.docx(**{"word/media/image1.png": b"\0" * 60_000_000})
    assert len(bomb) < 100_000
    tracemalloc.start()
    assert find_type(bomb, "a.docx") is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_forged_table_of_contents_is_refused() -> None:
    data = bytearray(samples.docx())
    at = data.rindex(b"PK\x05\x06")
    data[at + 10 : at + 20] = b"\xff" * 10
    assert find_type(bytes(data), "a.docx") is None


@given(st.sampled_from([b"", b"PK\3\4", b"%PDF", b"GIF89a", b"\xff\xd8\xff", b"RIFF"]), st.binary(max_size=400))
def test_no_bytes_break_the_check(head: bytes, data: bytes) -> None:
    found = find_type(head + data, "a")
    assert found is None or found.kinds


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("report.pdf", "report.pdf"),
        ("report", "report.pdf"),
        ("report.exe", "report.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\ada\\My report.pdf", "My report.pdf"),
        ("ann\u202efdp.exe", "ann fdp.pdf"),
        ("a\x00b\r\nc.pdf", "a b c.pdf"),
        ("..", "file.pdf"),
        ("", "file.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("Angebot Nr. 12 für Köln", "Angebot Nr. 12 für Köln.pdf"),
        ('<img src=x onerror="1">.pdf', "_img src=x onerror=_1__.pdf"),
        ("x" * 500, "x" * 100 + ".pdf"),
    ],
)
def test_names_are_cleaned(name: str, cleaned: str) -> None:
    assert clean_name(name, ".pdf") == cleaned


@given(st.text(max_size=300))
def test_a_cleaned_name_is_one_visible_part_of_a_path(name: str) -> None:
    cleaned = clean_name(name, ".png")
    assert cleaned.endswith(".png")
    assert 5 <= len(cleaned) <= 104
    assert not set(cleaned) & set('/\\\0\r\n<>"')
    assert not cleaned.startswith(".")
