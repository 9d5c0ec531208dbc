"""The shapes of made inputs are what their names say."""

from __future__ import annotations

import numpy as np
import pytest

from keras_xent.testing import making
from keras_xent.testing.case import Sizes
from keras_xent.testing.labels import BINARY, ONE_HOT


@pytest.mark.parametrize("sizes", [Sizes(5, 4), Sizes(4, 4), Sizes(2, 3)])
def test_shapes(sizes: Sizes) -> None:
    assert making.rows(sizes) == (sizes.batch_size, sizes.num_classes)
    shapes = {each: each(sizes) for each in (making.sequences, making.square_sequences)}
    assert [shape[0] == shape[1] for shape in shapes.values()] == [False, True]
    shapes = {each: each(sizes) for each in (making.matrix, making.square_matrix)}
    assert [shape[0] == shape[1] for shape in shapes.values()] == [False, True]
    assert {shape[-1] for shape in shapes.values()} == {sizes.num_classes}


def test_weights_are_made_from_the_shape_of_the_losses() -> None:
    for labels, shape in ((ONE_HOT, (4,)), (BINARY, (4, 5))):
        case = making.Maker(labels).case("x", (1,), making.rows, weights=lambda *s: np.ones(s))
        assert case.make(Sizes(5, 4)).weights.shape == shape


def test_special_labels_and_weights() -> None:
    np.testing.assert_array_equal(making.some_without(4, 3).sum(-1), [0, 1, 1, 0])
    np.testing.assert_array_equal(making.some_ids_without(4, 3) < 0, [True, False, False, True])
    np.testing.assert_array_equal(making.some_negative(3) < 0, [True, False, False])
    assert making.integers(np.ones)(2).dtype == np.int32
