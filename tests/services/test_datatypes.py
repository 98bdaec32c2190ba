"""GP data types and the defaults that fit them."""

import pytest

from rendermap.services.datatypes import fits, is_data_type


@pytest.mark.parametrize("text", ["GPDouble", "GPFeatureRecordSetLayer", "GPMultiValue:GPString", "GPValueTable"])
def test_types_of_the_task_resource_are_known(text: str) -> None:
    """Also lists of a type."""
    assert is_data_type(text)


@pytest.mark.parametrize(
    "text", ["", "Double", "gpdouble", "GPMultiValue", "GPMultiValue:", "GPMultiValue:GPMultiValue:GPString", "GPMultiValue:X"]
)
def test_other_words_are_not(text: str) -> None:
    """Neither other spellings nor lists of lists."""
    assert not is_data_type(text)


@pytest.mark.parametrize(
    ("value", "data_type", "good"),
    [
        (3, "GPDouble", True),
        (3.5, "GPLong", False),
        (True, "GPLong", False),
        (True, "GPBoolean", True),
        (1, "GPBoolean", False),
        ("a", "GPString", True),
        ({"distance": 5, "units": "esriMiles"}, "GPLinearUnit", True),
        (5, "GPLinearUnit", False),
        (["a", "b"], "GPMultiValue:GPString", True),
        (["a", 1], "GPMultiValue:GPString", False),
        ("a", "GPMultiValue:GPString", False),
    ],
)
def test_a_default_has_the_form_of_its_type(value: object, data_type: str, good: bool) -> None:
    """As clients will read it."""
    assert fits(value, data_type) is good
