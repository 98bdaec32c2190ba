"""Vector images of style documents: made safe, plain and of their own size, or refused."""

from __future__ import annotations

import pytest

from rendermap.errors import StyleInvalid
from rendermap.limits import SVG_ELEMENTS
from rendermap.symbology.document import MOST_NOTES
from rendermap.symbology.svg import read_svg, repeated, stretched

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(body: str, attributes: str = 'viewBox="0 0 20 10"') -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {XLINK} {attributes}>{body}</svg>'.encode()


def cleaned(body: str, attributes: str = 'viewBox="0 0 20 10"') -> str:
    return read_svg(svg(body, attributes)).content.decode()


@pytest.mark.parametrize(
    "hostile",
    [
        svg("<script>alert(1)</script>"),
        svg('<rect width="5" height="5" onload="x()"/>'),
        svg("", 'viewBox="0 0 1 1" onload="x()"'),
        svg("<foreignObject><p/></foreignObject>"),
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">&a;</svg>',
        b"<html/>",
        b"<svg",
        svg("", ""),
        svg("", 'viewBox="0 0 0 5"'),
        svg("<g/>" * (SVG_ELEMENTS.value + 1)),
        svg('<g id="a"><use href="#b"/><use href="#b"/></g><g id="b"><use href="#a"/><use href="#a"/></g>' + '<use href="#a"/>' * 4000),
    ],
)
def test_hostile_images_are_refused(hostile: bytes) -> None:
    """Script, entities, images without a size and images without end are not images."""
    with pytest.raises(StyleInvalid):
        read_svg(hostile)


@pytest.mark.parametrize(
    "body",
    [
        '<image href="http://example.org/a.png" width="5" height="5"/>',
        '<use href="http://example.org/a.svg#x"/>',
        '<use xlink:href="file:///etc/passwd"/>',
        '<rect width="5" height="5" fill="url(http://example.org/x)"/>',
        '<rect width="5" height="5" style="fill:url(//example.org/x)"/>',
        '<rect width="5" height="5" class="a"/><style>.a{fill:url(http://example.org/x)} @import url(http://example.org/y);</style>',
        '<a href="http://example.org/"><rect width="5" height="5"/></a>',
    ],
)
def test_nothing_refers_outside(body: str) -> None:
    """What is left names no place but the drawing itself."""
    made = cleaned(body)
    assert "example.org" not in made and "passwd" not in made and "href" not in made


def test_what_is_left_out_is_told() -> None:
    """Text, clipping and images inside an image are noted, shapes are kept."""
    drawing = read_svg(svg('<text>a</text><rect clip-path="url(#c)" width="5" height="5" fill="red"/><image/>'))
    assert len(drawing.notes) == 3 and b'fill="red"' in drawing.content


def test_uses_and_classes_are_resolved() -> None:
    """Mapnik would draw what lies in defs; so it is left out, and stands where it is used."""
    made = cleaned('<defs><circle id="k" r="3"/></defs><use xlink:href="#k" x="5" y="5"/><style>.a{fill:#00f}</style><rect class="a"/>')
    assert made.count("<circle") == 1 and "translate(5,5)" in made and 'fill="#00f"' in made and "defs" not in made


def test_gradients_mapnik_cannot_draw_are_their_middle_colour() -> None:
    """Gradients in the image's own units stay, those relative to a shape are noted and plain."""
    stops = '<stop offset="0" stop-color="#f00"/><stop offset="1" stop-color="#00f"/>'
    kept = read_svg(svg(f'<linearGradient id="g" gradientUnits="userSpaceOnUse" x2="20">{stops}</linearGradient><rect fill="url(#g)"/>'))
    plain = read_svg(svg(f'<linearGradient id="g">{stops}</linearGradient><rect fill="url(#g)"/>'))
    assert b"url(#g)" in kept.content and not kept.notes
    assert b'fill="#00f"' in plain.content and plain.notes


def test_the_root_paints_what_is_in_it() -> None:
    """Icons often say their stroke once, at the root."""
    assert 'stroke="#000000"' in cleaned('<path d="M0 0L5 5"/>', 'viewBox="0 0 9 9" fill="none" stroke="currentColor"')


def test_sizes() -> None:
    """Width and height tell the size in any unit, else the view box, whose shape counts; reading twice changes nothing that is drawn."""
    wide = read_svg(svg("", 'viewBox="5 5 24 12" width="1in" height="100%"'))
    assert (wide.width_px, wide.height_px) == (96, 48) and read_svg(svg("", 'viewBox="5 5 24 12"')).width_px == 24
    drawing = read_svg(svg("", 'width="1in" height="25.4mm"'))
    assert (drawing.width_px, drawing.height_px) == (96, 96)
    again = read_svg(drawing.content)
    assert (again.width_px, again.height_px) == (96, 96)
    assert b'width="10" height="40"' in stretched(drawing, 10, 40)
    assert repeated(drawing, 40, 20, (2, 1)).count(b'<g transform="translate(') == 2


def test_lengths_of_thousands_of_digits() -> None:
    """A side that is no length does not count; telling so takes no time, however long it is."""
    drawing = read_svg(svg("", f'viewBox="0 0 20 10" width="{"1" * 1_000_000}x"'))
    assert (drawing.width_px, drawing.height_px) == (20.0, 10.0)
    assert read_svg(svg("", 'viewBox="0 0 20 10" width=" 5.e "')).width_px == 20.0
    assert read_svg(svg("", 'viewBox="0 0 20 10" width=" .4e2 px "')).width_px == 40.0


@pytest.mark.parametrize("sheet", ["a" * 1_000_000, ".b{" + "a" * 1_000_000, ",.b" * 100_000 + "{" + "x:y;" * 100_000 + "}"])
def test_style_sheets_without_end(sheet: str) -> None:
    """What is no rule is passed over once; the declarations of many selectors are read once."""
    assert 'fill="red"' in cleaned(f'<rect class="a" width="5" height="5"/><style>.a{{fill:red}}{sheet}</style>')


def test_rules_inside_other_rules() -> None:
    """The class inside a media query counts, and what stands before it does not."""
    assert 'fill="red"' in cleaned('<rect class="a" width="5" height="5"/><style>@media all { .b , .a { fill : red } }</style>')


def test_stops_are_read_once() -> None:
    """Shapes that share a gradient cost its stops once."""
    stops = '<stop offset="0" stop-color="#f00"/>' * 8000
    shapes = '<rect width="5" height="5" fill="url(#g)"/>' * 1000
    assert cleaned(f'<linearGradient id="g" gradientUnits="userSpaceOnUse">{stops}</linearGradient>{shapes}').count("stop-color") == 8000
    assert "<stop" not in cleaned(f'<linearGradient id="g">{stops}</linearGradient>{shapes}')


def test_only_paint_of_a_class_counts() -> None:
    """Declarations that are not paint cost nothing for the elements that have the class."""
    body = ";".join(f"x{i}:1" for i in range(20_000))
    shapes = '<path class="a" d="M0 0L1 1"/>' * 1000
    assert cleaned(f"{shapes}<style>.a{{{body};fill:red}}</style>").count('fill="red"') == 1000


@pytest.mark.parametrize(
    "bomb",
    [
        f'<path id="p" d="M0 0{"L1 1" * 50_000}"/>' + '<use href="#p"/>' * 4000,
        f'<path id="p" d="M0 0" class="{"a " * 50_000}"/>' + '<use href="#p"/>' * 4000,
        f"<style>.a{{fill:{'0' * 50_000}}}</style>" + '<path class="a" d="M0 0"/>' * 4000,
        '<linearGradient id="s">'
        + "<stop/>" * 8000
        + "</linearGradient>"
        + "".join(f'<linearGradient id="g{i}" href="#s"/><rect width="1" height="1" fill="url(#g{i})"/>' for i in range(1000)),
        "<g " + " ".join(f'a{i}=""' for i in range(300)) + "/>",
    ],
)
def test_images_that_grow_are_refused(bomb: str) -> None:
    """What is used again and again counts each time."""
    with pytest.raises(StyleInvalid):
        read_svg(svg(bomb))


def test_notes_are_few() -> None:
    """An image that is all wrong says so some hundred times, not thousands."""
    shapes = "".join(f'<rect width="5" height="5" fill="!{i}" stroke="!{i}"/>' for i in range(4000))
    assert len(read_svg(svg(shapes)).notes) == MOST_NOTES
