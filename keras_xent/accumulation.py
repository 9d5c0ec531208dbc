"""Accumulated gradients that equal those of one large batch.

If a batch is split into micro-batches, each has its own denominator, and the mean of their
gradients isn't the gradient of the batch. Here the denominator is that of the batch.
"""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from keras_xent._autograph import do_not_convert
from keras_xent.losses.base import CrossEntropy

_Loss = TypeVar("_Loss", bound=CrossEntropy)


def micro_batches(
    dataset: tf.data.Dataset, steps: int, loss: _Loss
) -> tuple[tf.data.Dataset, _Loss]:
    """Cuts every batch of a dataset into micro-batches that train like the whole batch.

    Use it with the `gradient_accumulation_steps` of Keras 3's optimizers, or with a loop that
    applies the mean of the micro-batches' gradients. Both then apply the gradient of the whole
    batch, unless a layer depends on the batch, such as batch normalization. A loop may also run
    under `tf.distribute`: add up the replicas' gradients. The whole batch is the global batch
    there. (With a MirroredStrategy, Keras's `gradient_accumulation_steps` raises an error.)

    The returned dataset has sample weights (float32, in the shape of yours, or (N,)): your weights
    (or 1), multiplied by `steps` and divided by the batch's denominator. The returned loss adds up
    the weighted losses. If all micro-batches of a batch have the same size, the loss that `fit`
    reports is the mean of the batches' losses. `weighted_metrics` get the changed weights.

    Args:
        dataset: batches of `(x, y)` or `(x, y, sample_weight)`, as for `fit`. `y` is a dense
            tensor, the labels of one output.
        steps: the number of micro-batches per batch, at most the number of examples in a batch.
        loss: a `keras_xent` loss object, as you would use it for whole batches.

    Returns:
        The dataset of the micro-batches, and the loss for `compile`. The loss raises an error if
        Keras's layers attached a mask to its predictions, because the denominator ignores masks.

    Raises:
        TypeError: the loss isn't a loss of this package, or the dataset's elements aren't tuples.
        ValueError: `steps` isn't a positive int, the loss's reduction is `NONE`, or its `call` is
            overridden.
        tf.errors.InvalidArgumentError: a batch has fewer examples than `steps`.

    Examples:
        >>> import keras_xent, tensorflow as tf
        >>> loss = keras_xent.CategoricalCrossentropy(
        ...     from_logits=True, reduction="sum_by_nonzero_weights")
        >>> x, y = tf.constant([[0.05, 0.95], [0.3, 0.1]]), tf.constant([[0, 1], [1, 0]])
        >>> batch = tf.data.Dataset.from_tensors((x, y, [1.0, 0.0]))
        >>> micro, summed = keras_xent.micro_batches(batch, steps=2, loss=loss)
        >>> [weights.numpy().tolist() for _, _, weights in micro]
        [[2.0], [0.0]]

        The mean of the two losses is the loss of the batch:

        >>> values = [float(summed(y, x, weights)) for x, y, weights in micro]
        >>> print(f"{sum(values) / 2:.5f} {float(loss(y, x, [1.0, 0.0])):.5f}")
        0.34115 0.34115
    """
    if not isinstance(loss, CrossEntropy):
        raise TypeError(
            f"loss is {loss!r}, expected a keras_xent loss, such as "
            "keras_xent.CategoricalCrossentropy(reduction='sum_by_nonzero_weights')"
        )
    if isinstance(steps, bool) or not hasattr(steps, "__index__") or steps < 1:
        raise ValueError(f"steps is {steps!r}, expected a positive int")
    spec = dataset.element_spec
    if not isinstance(spec, tuple) or len(spec) not in (2, 3):
        raise TypeError(
            f"the dataset's elements are {spec}, expected (x, y) or (x, y, sample_weight)"
        )

    @do_not_convert
    def cut(x: Any, y: tf.Tensor, sample_weight: Any = None) -> tf.data.Dataset:
        size = tf.shape(y)[0]
        weights = loss.weights_for_sum(y, sample_weight) * float(steps)
        enough = tf.debugging.assert_greater_equal(
            size,
            steps,
            f"a batch has fewer examples than steps={steps}: pass drop_remainder=True to batch()",
        )
        with tf.control_dependencies([enough]):
            ends = size * tf.range(steps + 1) // steps

        @do_not_convert
        def part(step: tf.Tensor) -> Any:
            return tf.nest.map_structure(
                lambda tensor: tensor[ends[step] : ends[step + 1]], (x, y, weights)
            )

        return tf.data.Dataset.range(steps).map(part)

    micro = dataset.flat_map(cut)
    batches = int(dataset.cardinality())
    if batches >= 0:
        # `fit` uses the cardinality.
        micro = micro.apply(tf.data.experimental.assert_cardinality(batches * steps))
    return micro, loss.of_sums()
