"""optax's cross entropy under jax.jit, weighted and reduced as TF1 does it."""

from __future__ import annotations

from typing import Any, Callable, Tuple

import jax
import jax.numpy as jnp
import optax

from benchmarks.setups import Setup


class _Optax:
    name = "optax"

    def inputs(self, setup: Setup) -> Tuple[jax.Array, ...]:
        return tuple(map(jnp.asarray, (setup.logits(), setup.labels(), setup.weights())))

    def training(self, setup: Setup) -> Callable[..., Any]:
        return _waited_for(jax.jit(jax.value_and_grad(self._loss(setup))))

    def evaluation(self, setup: Setup) -> Callable[..., Any]:
        return _waited_for(jax.jit(self._loss(setup)))

    def _loss(self, setup: Setup) -> Callable[..., jax.Array]:
        def loss(logits: jax.Array, labels: jax.Array, weights: jax.Array) -> jax.Array:
            smooth = optax.smooth_labels(labels, setup.label_smoothing)
            losses = optax.softmax_cross_entropy(logits, smooth)
            return (losses * weights).sum() / jnp.count_nonzero(weights)

        return loss


def _waited_for(function: Callable[..., Any]) -> Callable[..., Any]:
    # JAX returns before it has computed.
    return lambda *inputs: jax.block_until_ready(function(*inputs))


CONTENDER = _Optax()
