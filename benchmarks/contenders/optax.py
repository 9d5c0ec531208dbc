"""optax's losses under `jax.jit`, weighted and reduced like TF1's."""

from __future__ import annotations

from typing import Any, Callable

import jax
import jax.numpy as jnp
import optax

from benchmarks.contenders import NoSuchLoss
from benchmarks.setups import SIGMOID, SOFTMAX, SPARSE, Setup

# Losses of logits and labels.
_Losses = Callable[[jax.Array, jax.Array], jax.Array]


def _softmax(setup: Setup) -> _Losses:
    def losses(logits: jax.Array, labels: jax.Array) -> jax.Array:
        smooth = optax.smooth_labels(labels, setup.label_smoothing)
        return optax.softmax_cross_entropy(logits, smooth)

    return losses


def _sparse(setup: Setup) -> _Losses:
    if setup.label_smoothing:
        raise NoSuchLoss(
            "optax's softmax_cross_entropy_with_integer_labels has no label smoothing"
        )
    return optax.softmax_cross_entropy_with_integer_labels


def _sigmoid(setup: Setup) -> _Losses:
    s = setup.label_smoothing
    if not s:
        return optax.sigmoid_binary_cross_entropy
    return lambda logits, labels: optax.sigmoid_binary_cross_entropy(
        logits, labels * (1 - s) + s / 2
    )


_LOSSES = {SOFTMAX: _softmax, SPARSE: _sparse, SIGMOID: _sigmoid}


class _Optax:
    name = "optax"

    def inputs(self, setup: Setup) -> tuple[jax.Array, ...]:
        return tuple(map(jnp.asarray, (setup.logits(), setup.labels(), setup.weights())))

    def training(self, setup: Setup) -> Callable[..., Any]:
        return _waited_for(jax.jit(jax.value_and_grad(self._loss(setup))))

    def evaluation(self, setup: Setup) -> Callable[..., Any]:
        return _waited_for(jax.jit(self._loss(setup)))

    def _loss(self, setup: Setup) -> Callable[..., jax.Array]:
        losses_of = _LOSSES[setup.loss](setup)

        def loss(logits: jax.Array, labels: jax.Array, weights: jax.Array) -> jax.Array:
            losses = losses_of(logits, labels)
            a_weight_has = losses.size // weights.size
            return (losses * weights).sum() / (jnp.count_nonzero(weights) * a_weight_has)

        return loss


def _waited_for(function: Callable[..., Any]) -> Callable[..., Any]:
    # JAX returns before the result is computed.
    return lambda *inputs: jax.block_until_ready(function(*inputs))


CONTENDER = _Optax()
