"""What the map page's popup is told of what was found."""

from __future__ import annotations

from rendermap.frontends.viewer.identified import MOST_SHOWN, identified
from rendermap.reply import CellHit, Feature, FieldCard, Hit, Hits

ID, NAME = FieldCard("OBJECTID", "id", "OBJECTID"), FieldCard("name", "text", "Name")
BARE = Hit(0, "Parcels", "", (ID,), Feature(7, (7,)), "polygon", "")
NAMED = Hit(1, "Roads", "name", (ID, NAME), Feature(8, (8, "A1")), "line", "")
CELL = CellHit(2, "Hazard", "classes", (3.0,), "Moderate", 0, 0, "")


def test_features_of_which_nothing_may_be_told_take_nobodys_place() -> None:
    """They are no entries, nor counted as more: a popup has room for few."""
    told = identified(Hits((*[BARE] * MOST_SHOWN, NAMED, CELL)))
    road = {"layer": "Roads", "title": "A1", "facts": []}
    assert told == {"found": [road, {"layer": "Hazard", "title": "Moderate", "facts": [("Value", "3")]}], "isMore": False}
