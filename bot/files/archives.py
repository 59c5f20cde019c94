"""Reads the table of contents of office documents, which are ZIP archives. Never unpacks: a bomb stays folded."""

from __future__ import annotations

import io
import re
import zipfile

_MEMBERS = 5_000
_UNPACKED = 500_000_000
"""Bytes a document may claim to unpack to; programs of others will open it."""
_RATIO = 200
"""Times its packed size that a document may claim; text packs to a tenth, rarely to a fiftieth."""
_END = b"PK\x05\x06"
_END_REACH = 65_557
"""Bytes from the end in which a reader looks for the end record: the record and its longest comment."""
_OPEN_XML = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
_OPEN_DOCUMENT = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}
_REFUSED = re.compile(
    r"vbaproject|vbadata|^basic/|^scripts/|/activex/|\.(exe|dll|com|bat|cmd|scr|msi|js|jse|vbs|ps1|jar|class|lnk|hta|sh)$"
    r"|^meta-inf/manifest\.mf$|(^|/)\.\.(/|$)|^/|\\",
    re.IGNORECASE,
)
"""Macros, programs and names that lead out of the archive."""


def find_office_type(data: bytes) -> str | None:
    """Gives `docx`, `xlsx`, `pptx`, `odt`, `ods` or `odp`; None for any other archive and for suspicious ones."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    # zipfile raises what its parts raise when a table of contents is forged.
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        return None
    if not members or not _is_harmless(members, len(data)):
        return None
    names = {member.filename for member in members}
    if "[Content_Types].xml" in names:
        found = {kind for name, kind in _OPEN_XML.items() if name in names}
        return found.pop() if len(found) == 1 else None
    return _OPEN_DOCUMENT.get(_read_stored_type(data, members[0]))


def holds_archive(data: bytes) -> bool:
    """Whether an unpacking program would find an archive at the end of the bytes, whatever stands before it."""
    return _END in data[-_END_REACH:]


def _is_harmless(members: list[zipfile.ZipInfo], size: int) -> bool:
    unpacked = sum(member.file_size for member in members)
    return (
        len(members) <= _MEMBERS
        and unpacked <= min(_UNPACKED, _RATIO * size + 100_000)
        and min(member.header_offset for member in members) == 0
        and not any(member.flag_bits & 1 for member in members)  # encrypted
        and len({member.filename for member in members}) == len(members)
        and not any(_REFUSED.search(member.filename) for member in members)
    )


def _read_stored_type(data: bytes, first: zipfile.ZipInfo) -> bytes:
    """An OpenDocument file says what it is in its first member, which is not compressed."""
    if first.filename != "mimetype" or first.compress_type != zipfile.ZIP_STORED or first.file_size > 100:
        return b""
    # The local header: 30 bytes, the name, and an extra field whose length stands at 28.
    begin = 30 + len(b"mimetype") + int.from_bytes(data[28:30], "little")
    return data[begin : begin + first.file_size]
