"""Compares two loss functions."""

from __future__ import annotations

from typing import Any, Callable, Sequence

import tensorflow as tf

from keras_xent.comparing import exactness
from keras_xent.testing import cases, comparison, message
from keras_xent.testing import labels as label_kinds
from keras_xent.testing.calling import Loss, WrongResultError
from keras_xent.testing.case import Case, Sizes
from keras_xent.testing.comparison import Comparison
from keras_xent.testing.labels import Labels


def assert_same_loss(
    old: Callable[..., Any],
    new: Callable[..., Any],
    *,
    num_classes: int,
    batch_size: int = 4,
    labels: str = "one-hot",
    weights: bool | None = None,
    dtypes: Sequence[Any] = ("float32", "float16", "bfloat16", "float64"),
    labels_gradient: bool = True,
    softmax_output: bool = True,
    skip: Sequence[str] = (),
    gradients: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Asserts that two loss functions return the same values and gradients.

    It calls both functions with generated inputs that reveal silent mistakes in ports of TF1's
    softmax and sigmoid cross entropies:

    * weights that are zero, boolean, integer, scalar, negative or all zero, or have shape [B, 1] or
      [B, T];
    * integer and soft labels, rows without a label, and labels that depend on the logits;
    * logits of rank 3, and of every dtype.

    If the results differ, the error message shows the matching silent change from the migration
    guide, if there is one, and how to fix it.

    It compares gradients with respect to the logits and floating point weights. The gradient of a
    result that isn't a scalar is the gradient of its sum.

    Args:
        old: the loss to compare with, a function of `(labels, logits)` or `(labels, logits,
            weights)`, in this order, like TF1's functions and Keras's `(y_true, y_pred,
            sample_weight)`. It is called eagerly, but can be a `tf.function`. Inputs for which it
            raises an error are skipped.
        new: the loss that replaces it, called in the same way.
        num_classes: the size of the logits' last axis, 2 or more.
        batch_size: the size of the first axis, 3 or more. With `"binary"`, a few inputs have
            another size. At rank 3, the second axis has the same size in some inputs, and is one
            larger in others.
        labels: the kind of labels that both functions accept:

            * `"one-hot"`: labels of the logits' shape, with one loss per row, as in
              `tf.compat.v1.losses.softmax_cross_entropy`;
            * `"class ids"`: int32 ids in the logits' shape without the last axis, as in
              `tf.compat.v1.losses.sparse_softmax_cross_entropy`;
            * `"binary"`: labels of the logits' shape, with one loss per class, as in
              `tf.compat.v1.losses.sigmoid_cross_entropy`. (A Keras loss takes the mean over the
              classes before it applies weights, so it doesn't accept weights [B, C].)
        weights: whether both functions accept weights. None infers this from their signatures.
        dtypes: the dtypes of the logits. By default, all of TF1's dtypes, because TF1
            returns the logits' dtype and a Keras loss returns float32 (silent change 14). If your
            logits are float32, pass `dtypes=["float32"]`.
        labels_gradient: whether the labels can depend on trained variables. TF1's softmax loss
            stops their gradient and Keras doesn't (silent change 6). Pass False if your labels are
            data.
        softmax_output: whether the logits can be the output of a Keras softmax (or a sigmoid, with
            binary labels). Keras undoes it and TF1 doesn't (silent change 7). Pass False if your
            network returns logits.
        skip: the kinds of inputs to skip. Skip only inputs that your program never has, because
            differences for them aren't detected. The error message lists the kinds of inputs for
            which the results differ. The kinds are (with batch size B, C classes, and T the size of
            the second axis at rank 3):

            * `"integer labels"`: one-hot or binary labels of dtype int32;
            * `"soft labels"`: labels that are probabilities;
            * `"rows without a label"`: labels that are all 0, like those of `tf.one_hot(-1)`;
            * `"int64 ids"`: class ids of dtype int64;
            * `"ids of -1"`: class ids of -1, which mean no class;
            * `"ids of another rank"`: class ids [B, 1] for losses [B];
            * `"large logits"`: logits up to about 100;
            * `"rank 3"`: logits [B, T, C], with and without weights;
            * `"boolean weights"`, `"integer weights"`: weights of dtype bool and int32;
            * `"negative weights"`: a weight below 0;
            * `"scalar weights"`: one number for all losses;
            * `"all-zero weights"`: weights that are all 0;
            * `"broadcast weights"`: weights [B, 1] and [1, T] for losses [B, T] (binary:
              [B, C]);
            * `"weights of another rank"`: weights [B] for losses [B, T] (binary: [B, C]), and
              [B, 1] for losses [B].

            You can't skip float weights of the losses' shape, plain labels (float, or int32 ids) or
            logits of rank 2.
        gradients: whether to compare gradients. Pass False if a loss returns numbers instead of
            a tensor, like `session.run`.
        rtol: the tolerance, relative to the largest absolute value in the new loss's result. None
            means 1e-5 in float32 and float64 (TF1 rounds to float32), 1e-2 in float16 and 8e-2 in
            bfloat16.
        atol: the absolute tolerance. None means a fifth of the defaults for `rtol`.

    Raises:
        AssertionError: the results differ. The message shows where, by how much, why, and what to
            do.
        TypeError: an argument isn't a function; or a loss returned something other than a tensor:
            None, several values, or a number (which has no gradient).
        ValueError: an argument is out of range; eager execution is off; a signature doesn't show
            whether the function accepts weights; only one of the functions accepts weights; or
            nothing was compared, because the old loss raised an error for every input, or for every
            input with weights.

    Examples:
        >>> import keras_xent, tensorflow as tf
        >>> keras_xent.testing.assert_same_loss(
        ...     tf.compat.v1.losses.softmax_cross_entropy,
        ...     keras_xent.v1.softmax_cross_entropy,
        ...     num_classes=5)
        >>> keras_xent.testing.assert_same_loss(
        ...     tf.compat.v1.losses.softmax_cross_entropy,
        ...     keras_xent.CategoricalCrossentropy(
        ...         from_logits=True, reduction="sum_by_nonzero_weights"),
        ...     num_classes=5, dtypes=["float32"], labels_gradient=False, softmax_output=False)
        >>> keras_xent.testing.assert_same_loss(
        ...     tf.compat.v1.losses.softmax_cross_entropy,
        ...     tf.keras.losses.CategoricalCrossentropy(from_logits=True),
        ...     num_classes=5, dtypes=["float32"], labels_gradient=False, softmax_output=False)
        Traceback (most recent call last):
        AssertionError: ...
        Silent change 1, weights of zero: ...

        With class ids, and with one loss per class:

        >>> keras_xent.testing.assert_same_loss(
        ...     tf.compat.v1.losses.sparse_softmax_cross_entropy,
        ...     lambda ids, logits, weights: tf.compat.v1.losses.softmax_cross_entropy(
        ...         tf.one_hot(ids, 5), logits, weights),
        ...     num_classes=5, labels="class ids", skip=["ids of another rank", "ids of -1",
        ...         "weights of another rank"])
        >>> keras_xent.testing.assert_same_loss(
        ...     tf.nn.sigmoid_cross_entropy_with_logits,
        ...     lambda labels, logits: tf.math.softplus(logits) - labels * logits,
        ...     num_classes=5, labels="binary")

        A handwritten weighted mean equals TF1's MEAN if the weights have the losses' shape, and
        aren't all 0:

        >>> def by_hand(labels, logits, weights):
        ...     losses = tf.nn.softmax_cross_entropy_with_logits(labels, logits)
        ...     return tf.reduce_sum(weights * losses) / tf.reduce_sum(weights)
        >>> keras_xent.testing.assert_same_loss(
        ...     by_hand,
        ...     keras_xent.CategoricalCrossentropy(from_logits=True, reduction="weighted_mean"),
        ...     num_classes=5, dtypes=["float32"], labels_gradient=False, softmax_output=False,
        ...     skip=["scalar weights", "all-zero weights", "broadcast weights",
        ...           "weights of another rank"])

    It can't detect differences in:

    * masks that Keras's layers attach to a model's output (silent change 4);
    * auxiliary and regularization terms that `get_total_loss()` added (8);
    * which code divides by the number of replicas, unless the new loss itself does (10);
    * how `compile()` uses the loss, if you pass another function here (11);
    * how epochs and accumulated gradients weight batches (15).
    """
    if isinstance(dtypes, (str, tf.DType)):
        dtypes = [dtypes]
    names = [tf.as_dtype(dtype).name for dtype in dtypes]
    _check(num_classes, batch_size, names)
    skipped = _checked_kinds([skip] if isinstance(skip, str) else skip)
    kind = _checked_labels(labels)
    pair = (Loss(old, "old", weights, gradients, kind), Loss(new, "new", weights, gradients, kind))
    weighted = _weighted(*pair)
    chosen = [
        case
        for case in (*cases.unweighted(kind), *(cases.weighted(kind) if weighted else ()))
        if ((labels_gradient and gradients) or not case.labels_of_logits)
        and (softmax_output or not case.softmax_output)
        and not skipped.intersection(case.kinds)
    ]
    compared, refusals = _compare_all(
        pair, chosen, Sizes(num_classes, batch_size), names, rtol, atol, gradients
    )
    _check_compared(compared, refusals, weighted)
    differing = [each for each in compared if each.differs]
    if differing:
        raise AssertionError(message.of(*pair, differing, len(compared), len(refusals)))


def _compare_all(
    pair: tuple[Loss, Loss],
    chosen: Sequence[Case],
    sizes: Sizes,
    dtypes: Sequence[str],
    rtol: float | None,
    atol: float | None,
    gradients: bool,
) -> tuple[list[Comparison], list[Exception]]:
    main = "float32" if "float32" in dtypes else dtypes[0]
    compared: list[Comparison] = []
    refusals: list[Exception] = []
    for dtype in sorted(dtypes, key=lambda dtype: dtype != main):
        relative, absolute = comparison.tolerance_of(dtype)
        tolerance = (relative if rtol is None else rtol, absolute if atol is None else atol)
        for case in chosen:
            if dtype != main and not case.every_dtype:
                continue
            try:
                inputs = case.make(sizes)
                result = comparison.compare(*pair, case, inputs, dtype, tolerance, gradients)
            except WrongResultError:
                raise
            except Exception as error:  # The program never called the old loss like this.
                refusals.append(error)
            else:
                compared.append(result)
    return compared, refusals


def _check(num_classes: int, batch_size: int, dtypes: Sequence[str]) -> None:
    if not tf.executing_eagerly():
        raise ValueError(
            "assert_same_loss needs eager execution, but was called in a graph: call it outside "
            "tf.Graph and tf.function, in a program that doesn't call "
            "tf.compat.v1.disable_v2_behavior() or tf.compat.v1.disable_eager_execution()"
        )
    if num_classes < 2:
        raise ValueError(f"num_classes is {num_classes}, expected 2 or more")
    if batch_size < 3:
        raise ValueError(
            f"batch_size is {batch_size}, expected 3 or more: a smaller batch can't reveal all "
            "silent changes"
        )
    if not dtypes or not set(dtypes) <= set(exactness.DTYPES):
        raise ValueError(
            f"dtypes are {list(dtypes)}, expected one or more of {list(exactness.DTYPES)}"
        )


def _checked_labels(labels: str) -> Labels:
    if labels not in label_kinds.ALL:
        raise ValueError(f"labels is {labels!r}, expected one of {list(label_kinds.ALL)}")
    return label_kinds.ALL[labels]


def _checked_kinds(skip: Sequence[str]) -> set[str]:
    for kind in skip:
        if kind not in cases.KINDS:
            raise ValueError(f"skip contains {kind!r}, expected one of {list(cases.KINDS)}")
    return set(skip)


def _weighted(old: Loss, new: Loss) -> bool:
    if old.takes_weights != new.takes_weights:
        one, other = (old, new) if old.takes_weights else (new, old)
        raise ValueError(
            f"the {one.name} loss accepts weights, but the {other.name} loss has no parameter for "
            "them: pass weights=False to compare the losses without weights, or pass two functions "
            "of (labels, logits, weights)"
        )
    return old.takes_weights


def _check_compared(
    compared: Sequence[Comparison], refusals: Sequence[Exception], weighted: bool
) -> None:
    with_weights = [each for each in compared if each.inputs.weights is not None]
    if compared and (with_weights or not weighted):
        return
    what, which, error = "nothing was compared", "every call", refusals[0]
    if compared:
        what, which = "the losses were compared only without weights", "every call with weights"
        error = refusals[-1]
    raise ValueError(
        f"{what}: the old loss raised an error for {which}. Fix it, or pass weights=False if it "
        f"can't use weights. For example: {type(error).__name__}: {error}"
    ) from error
