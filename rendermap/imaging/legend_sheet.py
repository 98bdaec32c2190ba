"""The whole legend as one picture: title, layers, headings, swatches with their labels, ramps as bars with ticks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
RGB = tuple[int, int, int]

# Lengths in px at ratio 1.
PADDING, COLUMN_GAP, LAYER_GAP, ROW_GAP, LABEL_GAP = 20, 36, 18, 5, 11
TITLE_SIZE, GROUP_SIZE, NAME_SIZE, LABEL_SIZE, HEADING_SIZE = 18, 15, 14, 13, 12
LABEL_WIDTH = 300
COLUMN_HEIGHT = 820
MOST_COLUMNS = 5
LINE = 1.35
TICK = 5
INSET = 12
BOLD_WEIGHT = 700


class FontFile(NamedTuple):
    """A font.  number: in a collection of fonts."""

    path: Path
    number: int = 0


def _own(character: str) -> FontFile | None:
    del character
    return None


@dataclass(frozen=True, slots=True)
class SheetFonts:
    """Font files: one for reading, one for names.  foreign: the font of a character that they do not have, None for all others."""

    regular: Path
    bold: Path
    foreign: Callable[[str], FontFile | None] = _own


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """A line of the sheet.  swatch: (h, w, 4) uint8 straight alpha in device pixels.  is_ramp: stacks with its neighbours to a bar."""

    label: str
    swatch: Pixels
    heading: str = ""
    is_ramp: bool = False


@dataclass(frozen=True, slots=True)
class SheetLayer:
    """A layer of the sheet.  group: stands once over neighbours of the same group."""

    name: str
    heading: str
    entries: tuple[SheetEntry, ...]
    group: str = ""


@dataclass(frozen=True, slots=True)
class Ink:
    """The sheet's colours.  chip: laid under swatches, which are made for maps on white; None on a page that is white itself."""

    page: RGB
    text: RGB
    quiet: RGB
    line: RGB
    chip: RGB | None


LIGHT = Ink((255, 255, 255), (31, 41, 51), (97, 110, 124), (150, 160, 170), None)
DARK = Ink((27, 32, 38), (232, 237, 242), (152, 165, 178), (110, 122, 135), (247, 248, 249))


@dataclass(frozen=True, slots=True)
class _Block:
    """A piece that is never torn: lines of text beside pictures.

    pictures: (y of the top, swatch).  texts: (y of the middle, line, kind of type).  bar: (top, end, width) of a ramp's frame.
    ticks: y of each.  joined: stays with the block after it.  inset: how far it is set back.
    All in device pixels from the top of the block.
    """

    height: int
    pictures: tuple[tuple[int, Pixels], ...] = ()
    texts: tuple[tuple[int, str, str], ...] = ()
    indent: bool = True
    bar: tuple[int, int, int] | None = None
    ticks: tuple[int, ...] = ()
    joined: bool = False
    inset: int = 0


def draw_legend_sheet(
    layers: Sequence[SheetLayer], title: str, fonts: SheetFonts, *, dark: bool = False, pixel_ratio: float = 1.0
) -> Pixels:
    """Draw the sheet: (height, width, 4) uint8, opaque.  Layers stand in the order given; many flow into columns.

    title: left out where it is the name of the only layer.
    """
    page = _Page(fonts, DARK if dark else LIGHT, pixel_ratio, layers)
    return page.draw("" if [layer.name for layer in layers] == [title] else title, layers)


class _Type:
    """The fonts of one sheet, each opened once, and text in runs of letters that one font has."""

    def __init__(self, fonts: SheetFonts, ratio: float) -> None:
        sizes = {"title": TITLE_SIZE, "name": NAME_SIZE, "label": LABEL_SIZE, "heading": HEADING_SIZE, "group": GROUP_SIZE}
        self._sizes = {kind: max(6, round(size * ratio)) for kind, size in sizes.items()}
        self._fonts = fonts
        self._opened: dict[tuple[str, FontFile], ImageFont.FreeTypeFont] = {}

    def size(self, kind: str) -> int:
        return self._sizes[kind]

    def length(self, kind: str, text: str) -> float:
        return sum(font.getlength(run) for font, run in self.runs(kind, text))

    def runs(self, kind: str, text: str) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        """The text, cut where the font changes."""
        own = FontFile(self._fonts.bold if kind in ("title", "name") else self._fonts.regular)
        for file, run in groupby(text, key=lambda character: self._fonts.foreign(character) or own):
            yield self._open(kind, file), "".join(run)

    def _open(self, kind: str, file: FontFile) -> ImageFont.FreeTypeFont:
        font = self._opened.get((kind, file))
        if font is None:
            font = self._opened[kind, file] = ImageFont.truetype(str(file.path), self._sizes[kind], index=file.number)
            if kind in ("title", "name"):
                _embolden(font)
        return font


def _embolden(font: ImageFont.FreeTypeFont) -> None:
    """Where one file has all weights; others stay as they are."""
    with suppress(OSError):
        axes = font.get_variation_axes()
        font.set_variation_by_axes([float(BOLD_WEIGHT if axis["name"] == b"Weight" else axis["default"] or 0) for axis in axes])


class _Page:
    """One sheet on its way to pixels: everything that must be scaled by the pixel ratio is asked here."""

    def __init__(self, fonts: SheetFonts, ink: Ink, ratio: float, layers: Sequence[SheetLayer]) -> None:
        self.ink, self.ratio = ink, ratio
        self.type = _Type(fonts, ratio)
        self.chip = self.px(3) if ink.chip else 0
        widest = max((e.swatch.shape[1] for layer in layers for e in layer.entries), default=self.px(20))
        self.swatch_width = widest + 2 * self.chip

    def px(self, length: float) -> int:
        return round(length * self.ratio)

    def line_height(self, kind: str) -> int:
        return round(self.type.size(kind) * LINE)

    def wrap(self, text: str, kind: str, width: int) -> list[str]:
        """The text in lines no wider than width; none for an empty text."""
        if not text.strip():
            return []
        lines: list[str] = []
        for word in _pieces(" ".join(text.split()), lambda piece: self.type.length(kind, piece) <= width):
            joined = f"{lines[-1]} {word}" if lines else word
            if lines and self.type.length(kind, joined) <= width:
                lines[-1] = joined
            else:
                lines.append(word)
        return lines

    # --- blocks --------------------------------------------------------------------------------------------------------

    def pieces(self, layers: Sequence[SheetLayer]) -> list[list[_Block]]:
        """The blocks of each layer, a group's name at the head of its first."""
        found: list[list[_Block]] = []
        for group, members in groupby(layers, key=lambda layer: layer.group):
            blocks = [list(self.blocks(layer)) for layer in members]
            if group:
                blocks[0].insert(0, self.text(group, "group", joined=True))
            found += blocks
        return found

    def blocks(self, layer: SheetLayer) -> Iterator[_Block]:
        """The layer's pieces, top first."""
        single = layer.entries[0] if len(layer.entries) == 1 and not layer.entries[0].is_ramp else None
        if single is not None and not single.label:
            yield self.row(single.swatch, layer.name, "name")
            return
        yield self.text(layer.name, "name", joined=bool(layer.entries))
        if layer.heading and layer.heading != layer.name:
            yield self.text(layer.heading, "heading", joined=bool(layer.entries))
        # Where some stand in a group and some in none, members are set back, so that a group is seen to end.
        inset = self.px(INSET) if len({not self.is_group(entry.heading, layer) for entry in layer.entries}) > 1 else 0
        for heading, entries in groupby(layer.entries, key=lambda entry: entry.heading):
            if self.is_group(heading, layer):
                yield self.text(heading, "heading", joined=True)
            for block in self.lines(list(entries)):
                yield replace(block, inset=inset if self.is_group(heading, layer) else 0)

    @staticmethod
    def is_group(heading: str, layer: SheetLayer) -> bool:
        return bool(heading) and heading not in (layer.name, layer.heading)

    def lines(self, entries: Sequence[SheetEntry]) -> Iterator[_Block]:
        for is_ramp, run in groupby(entries, key=lambda entry: entry.is_ramp):
            lines = list(run)
            yield from [self.bar(lines)] if is_ramp else [self.row(line.swatch, line.label, "label") for line in lines]

    def text(self, text: str, kind: str, *, joined: bool) -> _Block:
        step = self.line_height(kind)
        lines = self.wrap(text, kind, self.px(LABEL_WIDTH) + self.swatch_width)
        texts = tuple((step * i + step // 2, line, kind) for i, line in enumerate(lines))
        return _Block(step * len(lines) + self.px(ROW_GAP), texts=texts, indent=False, joined=joined)

    def row(self, swatch: Pixels, label: str, kind: str) -> _Block:
        step, tall = self.line_height(kind), swatch.shape[0] + 2 * self.chip
        lines = self.wrap(label, kind, self.px(LABEL_WIDTH))
        height = max(tall, step * len(lines))
        top = (height - step * len(lines)) // 2
        texts = tuple((top + step * i + step // 2, line, kind) for i, line in enumerate(lines))
        return _Block(height + self.px(ROW_GAP), (((height - swatch.shape[0]) // 2, swatch),), texts)

    def bar(self, entries: list[SheetEntry]) -> _Block:
        """A ramp: the first label at its upper end, the last at its lower, others at the middle of their slice."""
        step = self.line_height("label")
        tops = np.cumsum([0, *(e.swatch.shape[0] for e in entries)])
        start = step // 2
        places = [start + int(t + e.swatch.shape[0] / 2) for t, e in zip(tops, entries, strict=False)]
        if len(entries) > 1:
            places[0], places[-1] = start, start + int(tops[-1]) - 1
        labelled = [(y, e.label) for y, e in zip(places, entries, strict=True) if e.label]
        pictures = tuple((start + int(t), e.swatch) for t, e in zip(tops, entries, strict=False))
        frame = start, start + int(tops[-1]), max(e.swatch.shape[1] for e in entries)
        texts = tuple((y, label, "label") for y, label in labelled)
        return _Block(int(tops[-1]) + step + self.px(ROW_GAP), pictures, texts, bar=frame, ticks=tuple(y for y, _ in labelled))

    # --- the page ------------------------------------------------------------------------------------------------------

    def draw(self, title: str, layers: Sequence[SheetLayer]) -> Pixels:
        columns = self.flow(self.pieces(layers))
        padding, gap = self.px(PADDING), self.px(COLUMN_GAP)
        widths = [max(self.width(block) for _, block in column) for column in columns]
        heading = self.wrap(title, "title", max(sum(widths) + gap * (len(widths) - 1), self.px(LABEL_WIDTH)))
        head = self.line_height("title") * len(heading) + self.px(12) if heading else 0
        title_width = max((math.ceil(self.type.length("title", line)) for line in heading), default=0)
        width = 2 * padding + max(sum(widths) + gap * max(len(widths) - 1, 0), title_width, self.px(120))
        height = 2 * padding + head + max((y + b.height for column in columns for y, b in column), default=0)
        canvas = Image.new("RGBA", (width, height), (*self.ink.page, 255))
        for i, line in enumerate(heading):
            self.write(canvas, padding, padding + self.line_height("title") * i + self.line_height("title") // 2, line, "title")
        left = padding
        for column, column_width in zip(columns, widths, strict=True):
            for y, block in column:
                self.place(canvas, left, padding + head + y, block)
            left += column_width + gap
        return np.asarray(canvas).copy()

    def flow(self, layers: list[list[_Block]]) -> list[list[tuple[int, _Block]]]:
        """Blocks with their y, in columns of about the same height; a heading is never left behind at a column's foot."""
        gap = self.px(LAYER_GAP)
        total = sum(b.height for blocks in layers for b in blocks) + gap * max(len(layers) - 1, 0)
        count = min(max(1, math.ceil(total / self.px(COLUMN_HEIGHT))), MOST_COLUMNS)
        limit = total / count * 1.02 + gap if count > 1 else total
        columns: list[list[tuple[int, _Block]]] = [[]]
        y = 0
        for blocks in layers:
            y += gap if columns[-1] else 0
            whole = sum(block.height for block in blocks)
            if columns[-1] and len(columns) < count and y + whole > limit and whole < limit / 2:
                columns.append([])
                y = 0
            for i, block in enumerate(blocks):
                kept = block.height + sum(b.height for b in _joined_to(blocks, i))
                if columns[-1] and y + kept > limit and len(columns) < count:
                    columns.append([])
                    y = 0
                columns[-1].append((y, block))
                y += block.height
        return [column for column in columns if column]

    def width(self, block: _Block) -> int:
        indent = self.swatch_width + self.px(LABEL_GAP) if block.indent else 0
        return block.inset + indent + max((math.ceil(self.type.length(kind, text)) for _, text, kind in block.texts), default=0)

    def place(self, canvas: Image.Image, left: int, top: int, block: _Block) -> None:
        pen = ImageDraw.Draw(canvas)
        left += block.inset
        for y, swatch in block.pictures:
            self.paste(canvas, pen, left, top + y, swatch, on_chip=block.bar is None)
        if block.bar:
            first, last, width = block.bar
            x = left + (self.swatch_width - width) // 2
            pen.rectangle((x, top + first, x + width - 1, top + last - 1), outline=self.ink.line, width=max(1, self.px(1)))
            for y in block.ticks:
                pen.line((x + width, top + y, x + width + self.px(TICK) - 1, top + y), fill=self.ink.line, width=max(1, self.px(1)))
        indent = self.swatch_width + self.px(LABEL_GAP) if block.indent else 0
        for y, text, kind in block.texts:
            self.write(canvas, left + indent, top + y, text, kind)

    def paste(self, canvas: Image.Image, pen: ImageDraw.ImageDraw, left: int, top: int, swatch: Pixels, *, on_chip: bool) -> None:
        height, width = swatch.shape[:2]
        x = left + (self.swatch_width - width) // 2
        if on_chip and self.ink.chip and swatch[..., 3].any():
            box = (x - self.chip, top - self.chip, x + width + self.chip - 1, top + height + self.chip - 1)
            pen.rounded_rectangle(box, radius=self.px(4), fill=self.ink.chip)
        canvas.alpha_composite(Image.fromarray(np.ascontiguousarray(swatch), "RGBA"), (x, top))

    def write(self, canvas: Image.Image, x: int, middle: int, text: str, kind: str) -> None:
        # Set by the middle of the lower-case letters, where the eye sees the line.
        baseline = middle + round(self.type.size(kind) * 0.36)
        pen, ink = ImageDraw.Draw(canvas), self.ink.quiet if kind in ("heading", "group") else self.ink.text
        left = float(x)
        for font, run in self.type.runs(kind, text):
            pen.text((round(left), baseline), run, font=font, fill=ink, anchor="ls")
            left += font.getlength(run)


def _joined_to(blocks: Sequence[_Block], index: int) -> Iterator[_Block]:
    """What must stand in the same column: a name, the heading below it, and the first line below that."""
    while blocks[index].joined and index + 1 < len(blocks):
        index += 1
        yield blocks[index]


def _pieces(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """The words of a text, those that do not fit cut into pieces that do."""
    for word in text.split(" "):
        while not fits(word) and len(word) > 1:
            cut = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or fits(word[:n]))
            yield word[:cut]
            word = word[cut:]
        yield word
