"""What is drawn at one scale: alternates, rules and label classes in range, and nothing made twice."""

from __future__ import annotations

from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.scales import ScaledStyles, at_scale
from rendermap.symbology.style import Rule, Rules, Single, Style, style_digest
from rendermap.symbology.symbols import Alternate, Color, Fill, Symbol

PLAIN, COARSE, FINE = (Symbol((Fill(Color(level, 0, 0)),)) for level in (1, 2, 3))


def test_a_style_without_ranges_is_itself() -> None:
    """No tile pays for scales that a style does not have."""
    style = Style(Single(PLAIN), labels=(LabelClass(Column("name")),))
    assert at_scale(style, 1000) is style


def test_the_first_alternate_in_range_is_drawn() -> None:
    """Both ends belong to an alternate; elsewhere the symbol itself is drawn, without alternates."""
    symbol = Symbol(PLAIN.layers, (Alternate(COARSE, None, 50_000), Alternate(FINE, 10_000, None), Alternate(COARSE, 10_000, None)))
    style = Style(Single(symbol))
    drawn = {scale: at_scale(style, scale).theme for scale in (50_000, 49_000, 10_001, 10_000, 1)}
    assert drawn == {50_000: Single(COARSE), 49_000: Single(PLAIN), 10_001: Single(PLAIN), 10_000: Single(FINE), 1: Single(FINE)}


def test_rules_meet_without_gap_or_overlap() -> None:
    """Where one rule ends and the next begins, exactly the next one applies; rules without range apply always."""
    near, far, always = Rule(FINE, "near", None, 5000, None), Rule(COARSE, "far", None, None, 5000), Rule(PLAIN, "else", is_else=True)
    style = Style(Rules((near, far, always)))

    def labels(scale: float) -> list[str]:
        theme = at_scale(style, scale).theme
        assert isinstance(theme, Rules)
        return [rule.label for rule in theme.rules]

    assert labels(4999) == ["near", "else"]
    assert labels(5000) == labels(5000 * (1 - 4e-6)) == labels(5000 * (1 + 4e-6)) == ["far", "else"]


def test_label_classes_out_of_range_go() -> None:
    """A label class shows up to and including its farthest scale."""
    style = Style(
        Single(PLAIN), labels=(LabelClass(Column("a"), name="town", min_scale_denominator=9000), LabelClass(Column("b"), name="all"))
    )
    assert [c.name for c in at_scale(style, 9000).labels] == ["town", "all"]
    assert [c.name for c in at_scale(style, 9001).labels] == ["all"]


def test_each_interval_is_made_once() -> None:
    """Tiles of all zooms between two switches share one style and one key; a style without ranges keeps its key."""
    kept, style = ScaledStyles(), Style(Rules((Rule(FINE, "", None, 5000, None), Rule(COARSE, "", None, None, 5000))))
    near, other_near = (kept.get(style, style_digest(style), scale) for scale in (100.0, 4000.0))
    far = kept.get(style, style_digest(style), 6000.0)
    assert near[0] is other_near[0] and near[1] == style_digest(near[0]) and far[1] != near[1]
    plain = Style(Single(PLAIN))
    assert kept.get(plain, "key", 1.0) == (plain, "key")
