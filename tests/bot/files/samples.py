"""Small files of every kind, made in memory."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib


def png(comment: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    text = chunk(b"tEXt", b"Comment\0" + comment) if comment else b""
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + text + pixels + chunk(b"IEND", b"")


def jpeg() -> bytes:
    return b"\xff\xd8\xff\xe1\x00\x10Exif\0\0" + b"\0" * 100 + b"\xff\xd9"


def gif(comment: bytes = b"") -> bytes:
    extension = b"\x21\xfe" + bytes([len(comment)]) + comment + b"\0" if comment else b""
    return b"GIF89a\1\0\1\0\0\0\0" + extension + b";"


def webp() -> bytes:
    return b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 40


def heic() -> bytes:
    return b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


def pdf() -> bytes:
    return b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def archive(members: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as into:
        for name, content in members.items():
            into.writestr(name, content)
    return file.getvalue()


def docx(**more: bytes) -> bytes:
    return archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>", **more})


def xlsx() -> bytes:
    return archive({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})


def pptx() -> bytes:
    return archive({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b"<presentation/>"})


def open_document(kind: str, *, compression: int = zipfile.ZIP_STORED) -> bytes:
    members = {"mimetype": f"application/vnd.oasis.opendocument.{kind}".encode(), "content.xml": b"<content/>"}
    return archive(members, compression=compression)
