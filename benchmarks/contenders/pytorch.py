"""PyTorch's losses, weighted and reduced like TF1's. The class axis must be 1, or the last of 2."""

from __future__ import annotations

from typing import Any, Callable

import torch

from benchmarks.setups import SIGMOID, SPARSE, Setup


class _PyTorch:
    name = "PyTorch"

    def inputs(self, setup: Setup) -> tuple[torch.Tensor, ...]:
        arrays = (setup.logits(), setup.labels(), setup.weights())
        logits, labels, weights = [torch.from_numpy(array) for array in arrays]
        if setup.loss == SPARSE:
            labels = labels.long()  # it accepts no other class ids
        return logits.requires_grad_(), labels, weights

    def training(self, setup: Setup) -> Callable[..., Any]:
        loss = self._loss(setup)

        def step(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> Any:
            value = loss(logits, labels, weights)
            value.backward()
            # Cleared, so the next call doesn't add to it, and this call frees it.
            gradient, logits.grad = logits.grad, None
            return value.detach(), gradient

        return step

    def evaluation(self, setup: Setup) -> Callable[..., Any]:
        return torch.no_grad()(self._loss(setup))

    def _loss(self, setup: Setup) -> Callable[..., torch.Tensor]:
        losses_of = _sigmoid(setup) if setup.loss == SIGMOID else _softmax(setup)

        def loss(
            logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor
        ) -> torch.Tensor:
            losses = losses_of(logits, labels)
            a_weight_has = losses.numel() // weights.numel()
            return (losses * weights).sum() / (torch.count_nonzero(weights) * a_weight_has)

        return loss


def _softmax(setup: Setup) -> Callable[..., torch.Tensor]:
    """Accepts dense labels and class ids."""
    return lambda logits, labels: torch.nn.functional.cross_entropy(
        logits, labels, reduction="none", label_smoothing=setup.label_smoothing
    )


def _sigmoid(setup: Setup) -> Callable[..., torch.Tensor]:
    s = setup.label_smoothing

    def losses(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        smooth = labels * (1 - s) + s / 2 if s else labels
        return torch.nn.functional.binary_cross_entropy_with_logits(
            logits, smooth, reduction="none"
        )

    return losses


CONTENDER = _PyTorch()
