"""Writes tables as Apache Parquet, a set of rows at a time, each column by its own type. Reads nothing.

pyarrow is loaded when the first file is written: it is large, and most processes never write one.
"""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

CONTENT_TYPE = "application/vnd.apache.parquet"

Kind = Literal["text", "texts", "integer", "real", "amount", "flag", "day", "moment"]
"""`amount` is a decimal with six places, `moment` a time in UTC, `texts` a list, `day` a date given as 2026-03-31."""
_PLACES = Decimal("0.000001")
_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Column:
    """A column; every one may be empty."""

    name: str
    kind: Kind


async def parquet_pieces(
    columns: Sequence[Column], sets: AsyncIterable[Sequence[Mapping[str, Any]]], about: Mapping[str, str] | None = None
) -> AsyncGenerator[bytes]:
    """The bytes of one file. Each set of rows becomes a row group, so give sets of a thousand or more.

    Args:
        about: what the file itself says it is, as its metadata.
    """
    import pyarrow as pa
    from pyarrow import parquet

    fields = [pa.field(column.name, _type_of(pa, column.kind)) for column in columns]
    schema = pa.schema(fields, metadata=dict(about or {}))
    sink = _Pieces()
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        async for rows in sets:
            cells = {column.name: [_cell(column.kind, row[column.name]) for row in rows] for column in columns}
            writer.write_table(pa.table(cells, schema=schema))
            yield sink.take()
    yield sink.take()


def _type_of(pa: Any, kind: Kind) -> Any:
    types = {
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "integer": pa.int64(),
        "real": pa.float64(),
        "amount": pa.decimal128(_DIGITS, -int(_PLACES.as_tuple().exponent)),
        "flag": pa.bool_(),
        "day": pa.date32(),
        "moment": pa.timestamp("us", tz="UTC"),
    }
    return types[kind]


def _cell(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    if kind == "amount":
        return Decimal(str(value)).quantize(_PLACES)
    if kind == "day":
        return date.fromisoformat(value)
    return float(value) if kind == "real" else value


class _Pieces(io.RawIOBase):
    """What a writer has written since it was last taken."""

    def __init__(self) -> None:
        self._written = bytearray()
        self._taken = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._taken + len(self._written)

    def write(self, piece: Any) -> int:
        self._written += piece
        return len(piece)

    def take(self) -> bytes:
        piece = bytes(self._written)
        self._taken += len(piece)
        self._written.clear()
        return piece
