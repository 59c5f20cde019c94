"""The declarative base and naming convention that every room's `models.py` builds on. Holds no table itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy
from sqlalchemy import BigInteger, DateTime, Double, LargeBinary, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(DeclarativeBase):
    """Base of all tables: text is unbounded TEXT, times are aware, dicts are JSONB."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        bytes: LargeBinary(),
        int: BigInteger(),
        float: Double(),
        datetime: DateTime(timezone=True),
        UUID: Uuid(as_uuid=True),
        dict[str, Any]: JSONB(),
        list[str]: JSONB(),
    }


def table_of(model: type[Table]) -> sqlalchemy.Table:
    """The model's table, for Core statements that are built once because they run with every message."""
    table = model.__table__
    assert isinstance(table, sqlalchemy.Table)
    return table
