"""The manual's tables of what each style language can say, made from the code: `python -m tests.builders.manual_tables` writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from rendermap.symbology.readers.table import STYLE_READERS, StyleReader
from rendermap.symbology.style import RasterTheme, VectorTheme
from rendermap.symbology.symbolizers.table import SYMBOLIZERS

MANUAL = Path(__file__).parents[2] / "docs" / "symbology.md"
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


def tables_in(text: str) -> dict[str, str]:
    """The generated tables of the manual by their names."""
    return dict(_BLOCK.findall(text))


def main() -> None:
    """Writes the tables where the manual has a place for them."""
    tables = {"symbols": symbol_table(), "themes": theme_table()}
    text = MANUAL.read_text(encoding="utf-8")
    MANUAL.write_text(
        _BLOCK.sub(lambda block: f"<!-- table: {block[1]} -->\n{tables[block[1]]}<!-- end of table -->", text), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
