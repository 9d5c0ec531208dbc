"""PyTorch's cross entropy, weighted and reduced as TF1 does it. Knows class axis 1 or last of 2."""

from __future__ import annotations

from typing import Any, Callable, Tuple

import torch

from benchmarks.setups import Setup


class _PyTorch:
    name = "PyTorch"

    def inputs(self, setup: Setup) -> Tuple[torch.Tensor, ...]:
        arrays = (setup.logits(), setup.labels(), setup.weights())
        logits, labels, weights = [torch.from_numpy(array) for array in arrays]
        return logits.requires_grad_(), labels, weights

    def training(self, setup: Setup) -> Callable[..., Any]:
        loss = self._loss(setup)

        def step(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> Any:
            value = loss(logits, labels, weights)
            value.backward()
            # Taken away, so that the next call adds to nothing and this one frees it.
            gradient, logits.grad = logits.grad, None
            return value.detach(), gradient

        return step

    def evaluation(self, setup: Setup) -> Callable[..., Any]:
        return torch.no_grad()(self._loss(setup))

    def _loss(self, setup: Setup) -> Callable[..., torch.Tensor]:
        def loss(
            logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor
        ) -> torch.Tensor:
            losses = torch.nn.functional.cross_entropy(
                logits, labels, reduction="none", label_smoothing=setup.label_smoothing
            )
            return (losses * weights).sum() / torch.count_nonzero(weights)

        return loss


CONTENDER = _PyTorch()
