"""Mapnik's own styles of a layer file -> elements of a map document, under the layer's definition filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from rendermap.errors import StyleInvalid
from rendermap.render.engine import mapnik
from rendermap.render.fonts import register_fonts
from rendermap.render.mapnik_filter import Columns, filter_text
from rendermap.symbology.expressions.tree import Expression
from rendermap.symbology.fonts import faces_like
from rendermap.symbology.style import Engine, Theme

_FACE, _FONTS = "face-name", "fontset-name"


def ask_for_fields(theme: Engine, columns: Columns) -> None:
    """Has the fields that the styles name asked from the dataset, under just these names.  Raises InvalidFilter."""
    for name in theme.fields:
        columns.used[columns.find(name).name] = name


def engine_styles(theme: Engine, name: str, condition: Expression | None, columns: Columns) -> list[Element]:
    """The styles, first to last, drawing only features that pass the condition.  The texts were checked when they were read."""
    styles = [fromstring(text) for text in theme.styles]
    for number, style in enumerate(styles):
        style.set("name", f"{name} {number}")
        if condition is not None:
            _demand(style, filter_text(condition, columns))
    return styles


def require_understood(theme: Theme) -> None:
    """Raises StyleInvalid with Mapnik's own words where the theme is the engine's and it does not understand its filters or values."""
    if not isinstance(theme, Engine):
        return
    root = Element("Map")
    styles = engine_styles(theme, "style", None, Columns(()))
    root.extend(font_sets(styles))
    root.extend(styles)
    try:
        mapnik.load_map_from_string(mapnik.Map(16, 16), tostring(root, encoding="unicode"), True)
    except RuntimeError as error:
        raise StyleInvalid(reason=str(error)) from error


def font_sets(styles: Sequence[Element]) -> Iterator[Element]:
    """A set of fonts for each face that the styles name, which then name the set: a face alone has the letters of few scripts.

    Raises RenderFailed where a font is missing.
    """
    named = [element for style in styles for element in style.iter() if element.get(_FACE)]
    if not named:
        return
    register_fonts()
    known = set(mapnik.FontEngine.face_names())
    for face in dict.fromkeys(element.attrib[_FACE] for element in named):
        fonts = Element("FontSet", name=f"{styles[0].get('name')} {face}")
        for each in dict.fromkeys((*((face,) if face in known else ()), *faces_like(face))):
            SubElement(fonts, "Font", {_FACE: each})
        yield fonts
    for element in named:
        element.set(_FONTS, f"{styles[0].get('name')} {element.attrib.pop(_FACE)}")


def _demand(style: Element, condition: str) -> None:
    """Every rule asks for the condition first; what is left for others is told, for it would take features that fail it too."""
    tests = [test.text or "" for test in style.iter("Filter") if test.text]
    for rule in style.iter("Rule"):
        otherwise, test = rule.find("ElseFilter"), rule.find("Filter")
        if otherwise is not None:
            rule.remove(otherwise)
            SubElement(rule, "Filter").text = " and ".join([f"({condition})", *(f"not ({own})" for own in tests)])
        elif test is not None:
            test.text = f"({condition}) and ({test.text})"
        else:
            SubElement(rule, "Filter").text = condition
