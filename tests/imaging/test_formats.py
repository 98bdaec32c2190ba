"""formats: names of other worlds lead to the right row."""

from rendermap.imaging.formats import FORMATS, format_of_esri, format_of_media_type


def test_esri_names_are_found_in_any_case() -> None:
    """ArcGIS clients write png32, PNG and jpg as they please."""
    assert format_of_esri("png32") is FORMATS["png32"]
    assert format_of_esri("PNG") is FORMATS["png"]
    assert format_of_esri("Jpg") is FORMATS["jpeg"]
    assert format_of_esri("pdf") is None


def test_media_type_gives_the_first_row() -> None:
    """image/png means the full PNG, not a reduced one."""
    assert format_of_media_type("image/PNG") is FORMATS["png"]
    assert format_of_media_type("image/tiff") is None
