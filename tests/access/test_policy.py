"""The gate."""

import pytest

from rendermap.access.grant import PUBLIC, Operation
from rendermap.access.policy import LayerAccess, Policy
from rendermap.errors import NotSupported

LAYERS = [LayerAccess(0, Operation.VIEW), LayerAccess(1, Operation.IDENTIFY), LayerAccess(2, Operation.DATA)]


@pytest.mark.parametrize(("operation", "ids"), [(Operation.VIEW, {0, 1, 2}), (Operation.IDENTIFY, {1, 2}), (Operation.DATA, {2})])
def test_a_level_contains_the_ones_before_it(operation: Operation, ids: set[int]) -> None:
    """A grant names just the layers whose author allows the operation."""
    assert Policy().grant(PUBLIC, operation, "S", "j1", LAYERS).layer_ids == ids


def test_view_only_means_view_only() -> None:
    """Where every layer is view only there is no grant for more, in the words of a service without the operation."""
    with pytest.raises(NotSupported):
        Policy().grant(PUBLIC, Operation.IDENTIFY, "S", "j1", LAYERS[:1])
