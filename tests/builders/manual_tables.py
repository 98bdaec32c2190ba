"""The manual's tables that are made from the code: `python -m tests.builders.manual_tables` writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from rendermap.limits import LIMITS, About, Limit, spelled
from rendermap.symbology.readers.table import STYLE_READERS, StyleReader
from rendermap.symbology.style import RasterTheme, VectorTheme
from rendermap.symbology.symbolizers.table import SYMBOLIZERS

DOCS = Path(__file__).parents[2] / "docs"
MANUAL = DOCS / "symbology.md"
LIMITS_PAGE = DOCS / "limits.md"
_BLOCK = re.compile(r"<!-- table: (\w+) -->\n(.*?)<!-- end of table -->", re.DOTALL)
TITLES = {
    "Single": "one symbol",
    "Categories": "unique values",
    "Breaks": "class breaks",
    "Graded": "colours without classes",
    "Proportional": "proportional symbols",
    "Rules": "rules with filters and scales",
    "HeatMap": "heat map",
    "DotDensity": "dot density",
    "Engine": "Mapnik's own rules",
    "Stretch": "stretch",
    "Classified": "classes of cells",
    "UniqueRaster": "single values of cells",
    "Colormap": "colour table",
    "RGB": "bands as colours",
    "ShadedRelief": "shaded relief",
}


def _table(head: str, readers: Iterable[StyleReader], rows: Iterable[tuple[str, Callable[[StyleReader], bool]]]) -> str:
    listed = list(readers)
    lines = [f"| {head} | {' | '.join(reader.title for reader in listed)} |", "|---|" + "---|" * len(listed)]
    lines += [f"| {title} | {' | '.join('yes' if says(reader) else '–' for reader in listed)} |" for title, says in rows]
    return "\n".join(lines) + "\n"


def symbol_table() -> str:
    """Kinds of symbol layers by language; Mapnik's own documents have the engine's."""
    rows = [(name.replace("_", " "), lambda reader, row=SYMBOLIZERS[name]: reader.reads_symbols(row)) for name in SYMBOLIZERS.names]
    return _table("symbol layer", (reader for reader in STYLE_READERS if reader.symbols), rows)


def theme_table() -> str:
    """Themes by language."""
    themes = (*VectorTheme.__args__, *RasterTheme.__args__)  # type: ignore[attr-defined]
    rows = [(TITLES[theme.__name__], lambda reader, theme=theme: theme in reader.themes) for theme in themes]
    return _table("theme", STYLE_READERS, rows)


def limit_tables() -> dict[str, str]:
    """Every limit, one table for each thing that limits are about."""
    return {about.name: _limits_of(about) for about in About}


def _limits_of(about: About) -> str:
    heading, told = about.value
    lines = [f"## {heading}", "", f"Told: {told}", "", "| limit | at most | because of |", "|---|---|---|"]
    return "\n".join(lines + [_line(limit) for limit in LIMITS if limit.about is about]) + "\n"


def _line(limit: Limit) -> str:
    most = f"{spelled(limit.value)} {limit.unit.rstrip(',')}" if limit.value else f"as many {limit.unit} as they like"
    return f"| {limit.name} | {most}{f'; setting `{limit.setting}`' if limit.setting else ''} | {limit.protects} |"


def tables_in(text: str) -> dict[str, str]:
    """The generated tables of the manual by their names."""
    return dict(_BLOCK.findall(text))


def main() -> None:
    """Writes the tables where the manual has a place for them."""
    tables = {"symbols": symbol_table(), "themes": theme_table()} | limit_tables()
    for page in (MANUAL, LIMITS_PAGE):
        text = page.read_text(encoding="utf-8")
        page.write_text(
            _BLOCK.sub(lambda block: f"<!-- table: {block[1]} -->\n{tables[block[1]]}<!-- end of table -->", text), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
