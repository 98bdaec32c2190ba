"""Explicit tables through which the house grows: a row per format, symbol type, reader, layout or protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Table(Generic[Row]):
    """An ordered, read-only mapping from a name to a row; order is the order tried."""

    what: str
    rows: Mapping[str, Row] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", MappingProxyType(dict(self.rows)))

    def __getitem__(self, name: str) -> Row:
        return self.rows[name]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def __contains__(self, name: object) -> bool:
        return name in self.rows

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, name: str) -> Row | None:
        """The row, or None."""
        return self.rows.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(self.rows)
