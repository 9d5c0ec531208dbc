"""The cases: the generated inputs, and the silent changes that each one detects."""

from __future__ import annotations

import numpy as np

from keras_xent.comparing import made
from keras_xent.testing import making
from keras_xent.testing.case import Case
from keras_xent.testing.labels import BINARY, IDS, ONE_HOT, Labels

# The kinds of inputs that `skip` accepts. The docstring of assert_same_loss repeats this list.
KINDS = {
    "integer labels": "one-hot or binary labels of dtype int32",
    "soft labels": "labels that are probabilities",
    "rows without a label": "labels that are all 0, like those of tf.one_hot(-1)",
    "int64 ids": "class ids of dtype int64",
    "ids of -1": "class ids of -1, which mean no class",
    "ids of another rank": "class ids [B, 1] for losses [B]",
    "large logits": "logits up to about 100",
    "rank 3": "logits [B, T, C], with and without weights",
    "boolean weights": "weights of dtype bool",
    "integer weights": "weights of dtype int32",
    "negative weights": "a weight below 0",
    "scalar weights": "one number for all losses",
    "all-zero weights": "weights that are all 0",
    "broadcast weights": "weights [B, 1] and [1, T] for losses [B, T] (binary: [B, C])",
    "weights of another rank": "weights [B] for losses [B, T] (binary: [B, C]), and [B, 1] for "
    "losses [B]",
}


def unweighted(labels: Labels) -> tuple[Case, ...]:
    """The cases without weights."""
    of = making.Maker(labels)
    activation = of.labels.activation
    return (
        *_plain(of),
        of.case("large logits", (7,), making.rows, ("large logits",), scale=40.0),
        of.case("rank 3, B != T", (12, 13), making.sequences, ("rank 3",)),
        of.case("rank 3, B == T", (12, 13), making.square_sequences, ("rank 3",)),
        *_soft_of_logits(of),
        of.case(f"the output of a {activation} as logits", (7,), making.rows, softmax_output=True),
    )


def _plain(of: making.Maker) -> tuple[Case, ...]:
    if of.labels is IDS:
        return (
            of.case("class ids", (7, 10, 12, 13, 14), making.rows, every_dtype=True),
            of.case(
                "class ids, int64",
                (14,),
                making.rows,
                ("int64 ids",),
                labels=lambda *shape: made.ids(*shape).astype(np.int64),
            ),
            of.case(
                "class ids [B, 1]",
                (12,),
                making.rows,
                ("ids of another rank",),
                labels=lambda *shape: made.ids(*shape)[..., np.newaxis],
            ),
            of.case(
                "class ids, some -1",
                (13,),
                making.rows,
                ("ids of -1",),
                labels=making.some_ids_without,
            ),
        )
    if of.labels is BINARY:
        soft = made.soft_binary
        return (
            of.case("binary labels", (7, 9, 10, 12, 13, 14), making.rows, every_dtype=True),
            of.case(
                "integer labels, binary",
                (9, 14),
                making.rows,
                ("integer labels",),
                labels=making.integers(made.binary),
            ),
            of.case(
                "soft labels", (7, 9), making.rows, ("soft labels",), labels=soft, every_dtype=True
            ),
        )
    return (
        of.case("one-hot labels", (7, 9, 10, 12, 13, 14), making.rows, every_dtype=True),
        of.case(
            "integer labels, one-hot",
            (9, 14),
            making.rows,
            ("integer labels",),
            labels=making.integers(made.one_hot),
        ),
        of.case(
            "soft labels",
            (7, 9, 13),
            making.rows,
            ("soft labels",),
            labels=made.soft,
            every_dtype=True,
        ),
        of.case(
            "rows without a label, one_hot(-1)",
            (13,),
            making.rows,
            ("rows without a label",),
            labels=making.some_without,
        ),
    )


def _soft_of_logits(of: making.Maker) -> tuple[Case, ...]:
    if of.labels is IDS:
        return ()
    return (of.case("labels that depend on the logits", (6,), making.rows, labels_of_logits=True),)


_BOOLEAN, _INTEGER = ("boolean weights",), ("integer weights",)
_SCALAR, _ALL_ZERO = "scalar weights", "all-zero weights"


def weighted(labels: Labels) -> tuple[Case, ...]:
    """The cases with weights."""
    of = making.Maker(labels)
    return (
        of.case(
            "weights, some zero",
            (1, 2, 11, 12),
            making.rows,
            weights=made.some_zero,
            every_dtype=True,
        ),
        of.case(
            "boolean weights", (1, 2), making.rows, _BOOLEAN, lambda *s: made.some_zero(*s) > 0
        ),
        of.case(
            "integer weights",
            (1, 2),
            making.rows,
            _INTEGER,
            lambda *s: np.arange(np.prod(s), dtype=np.int32).reshape(s),
        ),
        of.case("weights, none zero", (2, 11), making.rows, weights=made.weights),
        of.case(
            "weights, one negative", (1,), making.rows, ("negative weights",), making.some_negative
        ),
        of.case("a scalar weight", (3, 11), making.rows, (_SCALAR,), lambda *s: np.float32(0.4)),
        of.case(
            "a scalar weight of zero",
            (15,),
            making.rows,
            (_SCALAR, _ALL_ZERO),
            lambda *s: np.float32(0),
        ),
        of.case(
            "weights, all zero",
            (15,),
            making.rows,
            (_ALL_ZERO,),
            lambda *s: np.zeros(s, np.float32),
        ),
        *_shapes_of_weights(of),
    )


def _shapes_of_weights(of: making.Maker) -> tuple[Case, ...]:
    """Weights of different shapes, for losses that are a matrix."""
    matrix, square, axis = making.sequences, making.square_sequences, "T"
    also: tuple[str, ...] = ("rank 3",)
    whole: tuple[Case, ...]
    if of.labels.each_class:
        matrix, square, axis, also = making.matrix, making.square_matrix, "C", ()
        whole = (
            of.case(
                "weights [B, T, C], B != T", (1, 2), making.sequences, ("rank 3",), made.some_zero
            ),
        )
    else:
        whole = (
            of.case(
                "weights [B, 1], losses [B]",
                (5,),
                making.rows,
                ("weights of another rank",),
                lambda *s: made.some_zero(*s, 1),
            ),
            of.case("weights [B, T], B != T", (1, 2), making.sequences, also, made.some_zero),
            of.case(
                "weights [B, T], B == T", (1, 2, 5), making.square_sequences, also, made.some_zero
            ),
        )
    broadcast, other_rank = ("broadcast weights", *also), ("weights of another rank", *also)
    losses = f"losses [B, {axis}]"
    return (
        *whole,
        of.case(
            f"weights [B, 1], {losses}",
            (1, 3),
            matrix,
            broadcast,
            lambda *s: made.some_zero(s[0], 1),
        ),
        of.case(
            f"weights [1, {axis}], {losses}",
            (1, 3),
            matrix,
            broadcast,
            lambda *s: made.some_zero(1, s[1]),
        ),
        of.case(
            f"weights [B], {losses}, B == {axis}",
            (5,),
            square,
            other_rank,
            lambda *s: made.some_zero(s[0]),
        ),
        of.case(
            f"weights [B], {losses}, B != {axis}",
            (5,),
            matrix,
            other_rank,
            lambda *s: made.some_zero(s[0]),
        ),
    )


UNWEIGHTED, WEIGHTED = unweighted(ONE_HOT), weighted(ONE_HOT)
