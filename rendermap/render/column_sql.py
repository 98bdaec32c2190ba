"""The columns that a map's rules ask for -> the query that gives them their names."""

from __future__ import annotations

from rendermap.render.mapnik_filter import Columns
from rendermap.symbology.facts import FieldKind


def sql_of(columns: Columns, member: str, *, is_sqlite: bool) -> str:
    """The SELECT that gives the columns their names; computed ones have theirs already."""
    quote = quote_sqlite if is_sqlite else quote_ogr
    kinds = {f.name: f.kind for f in columns.fields}
    parts = ["*"] if is_sqlite else []
    for name, alias in columns.used.items():
        if kinds[name] == FieldKind.DATE:
            # SQLite's dialect has ISO dates; OGR's own has slashes and, in file geodatabases, a zone behind the second.
            text = f"strftime('%Y/%m/%d %H:%M:%S', {quote(name)})" if is_sqlite else f"CAST({quote(name)} AS CHARACTER(19))"
            parts.append(f"{text} AS {quote(alias)}")
        elif alias != name or not is_sqlite:
            parts.append(f"{quote(name)} AS {quote(alias)}")
    text = "TEXT" if is_sqlite else "CHARACTER(20)"
    parts += [f"CAST({quote(name)} AS {text}) AS {quote(alias)}" for name, alias in columns.texts.items()]
    if not is_sqlite:
        parts += [quote(alias) for alias in (*columns.computed.values(), *columns.added)]
    parts += [f"{quote(name)} IS NULL AS {quote(alias)}" for name, alias in columns.nulls.items()]
    return f"SELECT {', '.join(parts)} FROM {quote(member)}"


def quote_ogr(name: str) -> str:
    """An identifier in OGR's SQL dialect."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote_sqlite(name: str) -> str:
    """An identifier in SQLite's dialect, which GeoPackages are asked in."""
    return '"' + name.replace('"', '""') + '"'
