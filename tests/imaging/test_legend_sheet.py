"""The legend as one picture: everything is on it, readable, in order, at any size and on any page."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rendermap.imaging.legend_sheet import DARK, LIGHT, FontFile, SheetEntry, SheetFonts, SheetLayer, _Page, draw_legend_sheet

MAPNIK = importlib.util.find_spec("mapnik")
assert MAPNIK and MAPNIK.origin
FONTS_FOLDER = Path(MAPNIK.origin).parent / "lib" / "mapnik" / "fonts"
FONTS = SheetFonts(FONTS_FOLDER / "DejaVuSans.ttf", FONTS_FOLDER / "DejaVuSans-Bold.ttf")
Pixels = NDArray[np.uint8]


def patch(r: int, g: int, b: int, width: int = 20, height: int = 16) -> Pixels:
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[:] = (r, g, b, 255)
    return pixels


def where(sheet: Pixels, color: tuple[int, int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(rows, columns) of the pixels of exactly this colour."""
    return np.nonzero((sheet[..., :3] == color).all(axis=2))


CLASSES = SheetLayer("Hazard", "Class", (SheetEntry("Low", patch(250, 200, 90)), SheetEntry("High", patch(190, 20, 20))))


def test_swatches_stand_below_each_other_unchanged() -> None:
    """Every swatch is on the sheet pixel for pixel, the first on top."""
    sheet = draw_legend_sheet([CLASSES], "Hazards", FONTS)
    low, high = where(sheet, (250, 200, 90)), where(sheet, (190, 20, 20))
    assert len(low[0]) == len(high[0]) == 20 * 16
    assert low[0].max() < high[0].min()
    assert set(low[1]) == set(high[1])


def test_sheet_is_opaque_and_has_margins() -> None:
    """Nothing touches the edge, and the page covers everything."""
    sheet = draw_legend_sheet([CLASSES], "Hazards", FONTS)
    assert sheet.dtype == np.uint8 and sheet.shape[2] == 4
    assert (sheet[..., 3] == 255).all()
    edges = np.concatenate([sheet[:8].reshape(-1, 4), sheet[-8:].reshape(-1, 4), sheet[:, :8].reshape(-1, 4), sheet[:, -8:].reshape(-1, 4)])
    assert (edges[:, :3] == LIGHT.page).all()


@pytest.mark.parametrize(("dark", "ink"), [(False, LIGHT), (True, DARK)])
def test_text_contrasts_with_the_page(dark: bool, ink: object) -> None:
    """Letters reach the ink's colour on its page, on light and on dark."""
    sheet = draw_legend_sheet([CLASSES], "Hazards", FONTS, dark=dark)
    assert tuple(sheet[2, 2, :3]) == ink.page  # type: ignore[attr-defined]
    assert len(where(sheet, ink.text)[0]) > 50  # type: ignore[attr-defined]


def test_dark_page_keeps_swatches_on_paper() -> None:
    """A black line's swatch is not lost on a dark page."""
    line = np.zeros((16, 20, 4), np.uint8)
    line[7:9] = (0, 0, 0, 255)
    sheet = draw_legend_sheet([SheetLayer("Roads", "", (SheetEntry("", line),))], "", FONTS, dark=True)
    rows, cols = where(sheet, (0, 0, 0))
    assert len(rows) == 40
    assert tuple(sheet[rows.min() - 2, cols.min() + 5, :3]) == DARK.chip


def test_ramp_slices_join_to_one_bar_with_ticks() -> None:
    """Slices stack without a gap, framed, with a tick at each label."""
    slices = [patch(200 - 40 * i, 60, 60) for i in range(4)]
    entries = tuple(SheetEntry(label, s, is_ramp=True) for label, s in zip(("100", "", "", "0"), slices, strict=True))
    sheet = draw_legend_sheet([SheetLayer("Slope", "Degrees", entries)], "", FONTS)
    tops = [where(sheet, (200 - 40 * i, 60, 60))[0] for i in range(4)]
    assert [t.min() for t in tops[1:]] == [t.max() + 1 for t in tops[:-1]]
    right = where(sheet, (80, 60, 60))[1].max() + 1
    ticks = [row for row in range(sheet.shape[0]) if (sheet[row, right + 1 : right + 5, :3] == LIGHT.line).all()]
    assert len(ticks) == 2
    assert ticks[0] < tops[0].min() + 2 and ticks[1] > tops[-1].max() - 2


def test_a_group_stands_once_over_its_layers() -> None:
    """Its name is written at the head of its first layer, so three layers grow by one line and no more."""
    layers = [SheetLayer(name, "", CLASSES.entries, "Terrain") for name in ("Slope", "Aspect")] + [SheetLayer("Roads", "", CLASSES.entries)]
    plain = [SheetLayer(layer.name, "", layer.entries) for layer in layers]
    grouped, alone = draw_legend_sheet(layers, "", FONTS), draw_legend_sheet(plain, "", FONTS)
    assert 15 < grouped.shape[0] - alone.shape[0] < 30
    assert where(grouped, LIGHT.quiet)[0].max() < where(grouped, (250, 200, 90))[0].min()


def test_pixel_ratio_doubles_everything() -> None:
    """At ratio 2 the sheet is twice as large in both directions, to a few pixels of rounding."""
    large = SheetLayer("Hazard", "Class", tuple(SheetEntry(e.label, e.swatch.repeat(2, 0).repeat(2, 1)) for e in CLASSES.entries))
    one, two = draw_legend_sheet([CLASSES], "Hazards", FONTS), draw_legend_sheet([large], "Hazards", FONTS, pixel_ratio=2)
    assert two.shape[0] == pytest.approx(one.shape[0] * 2, rel=0.02)
    assert two.shape[1] == pytest.approx(one.shape[1] * 2, rel=0.03)


def test_long_labels_wrap_and_many_classes_flow_into_columns() -> None:
    """A sheet stays a sheet: neither a line nor a column runs away."""
    entries = tuple(SheetEntry(f"Class {i} " + "with a long description " * 4, patch(i, 200, 10)) for i in range(120))
    sheet = draw_legend_sheet([SheetLayer("Land cover", "", entries)], "T" * 200, FONTS)
    assert sheet.shape[0] < 2200
    assert sheet.shape[1] < 2200
    assert all(len(where(sheet, (i, 200, 10))[0]) == 320 for i in range(120))


def test_no_layers_is_a_page_with_a_title() -> None:
    """An empty legend is still a picture."""
    assert len(where(draw_legend_sheet([], "Nothing", FONTS), LIGHT.text)[0]) > 20
    assert draw_legend_sheet([], "", FONTS).shape[0] > 0


def test_foreign_letters_are_set_in_their_own_font() -> None:
    """The font is chosen for each run of letters; without one for them they are the boxes of letters that are missing."""
    script = importlib.util.find_spec("noto_cjk_sans_otc")
    assert script and script.submodule_search_locations
    chinese = FontFile(Path(script.submodule_search_locations[0]) / "NotoSansCJK-Regular.ttc", 2)
    fonts = SheetFonts(FONTS.regular, FONTS.bold, lambda character: chinese if character > "\u2e80" else None)

    def drawn(text: str, used: SheetFonts) -> Pixels:
        return draw_legend_sheet([SheetLayer("A", "", (SheetEntry(text, patch(1, 2, 3)),))], "", used)

    assert (drawn("東", FONTS) == drawn("京", FONTS)).all(), "boxes all look alike"
    assert not (drawn("東", fonts) == drawn("京", fonts)).all()
    assert (drawn("Abc", fonts) == drawn("Abc", FONTS)).all()
    assert drawn("東京 Tokyo" * 3, fonts).shape[1] > drawn("Tokyo" * 3, fonts).shape[1]


def test_a_group_ends_where_its_members_do() -> None:
    """Members are set back; what stands in no group is not, and no heading is written for it again."""
    colors = ((10, 200, 10), (20, 200, 10), (30, 200, 10))
    entries = tuple(SheetEntry("x", patch(*color), heading) for color, heading in zip(colors, ("", "Group", ""), strict=True))
    sheet = draw_legend_sheet([SheetLayer("A", "Kind", entries)], "", FONTS)
    first, member, last = (where(sheet, color)[1].min() for color in colors)
    assert first == last < member
    plain = tuple(SheetEntry(e.label, e.swatch) for e in entries)
    assert 12 < sheet.shape[0] - draw_legend_sheet([SheetLayer("A", "Kind", plain)], "", FONTS).shape[0] < 26, "one heading more"


def test_a_name_stays_with_its_first_class() -> None:
    """Neither a name nor a name with its heading is left at a column's foot."""
    long = SheetLayer("L", "", tuple(SheetEntry(f"c{i}", patch(1, 2, 3)) for i in range(60)))
    for count in range(20, 60):
        head = SheetLayer("H", "", tuple(SheetEntry(f"c{i}", patch(1, 2, 3)) for i in range(count)))
        layers = [head, SheetLayer("Name", "Heading", long.entries)]
        page = _Page(FONTS, LIGHT, 1.0, layers)
        assert all(column[-1][1].indent for column in page.flow(page.pieces(layers)))


def test_a_title_that_says_the_name_again_is_left_out() -> None:
    """The sheet of one dataset."""
    twice, once = draw_legend_sheet([CLASSES], "Hazard", FONTS), draw_legend_sheet([CLASSES], "", FONTS)
    assert twice.shape == once.shape and (twice == once).all()
