"""The network that every training starts from, and its forward pass in plain NumPy.

One hidden layer, with tanh. Not ReLU: its derivative jumps at 0, so when rounding puts the input
of one unit, for one example, on the other side of 0, two equal trainings part by 1e-3 for good.
That was seen after some hundred steps, and it would be no fault of a loss.
"""

from __future__ import annotations

from typing import List

import numpy as np

from keras_xent_cli.demo.data import CLASSES, PIXELS

HIDDEN = 64

# Kernel and bias of the hidden layer, kernel and bias of the output layer.
Parameters = List[np.ndarray]


def initial_parameters(seed: int) -> Parameters:
    """One initialisation (Glorot's, zero biases) for all trainings."""
    random = np.random.RandomState(seed)
    return [
        _glorot(random, PIXELS, HIDDEN),
        np.zeros(HIDDEN, np.float32),
        _glorot(random, HIDDEN, CLASSES),
        np.zeros(CLASSES, np.float32),
    ]


def logits(parameters: Parameters, images: np.ndarray) -> np.ndarray:
    """What the network with these parameters answers, computed in float64."""
    kernel, bias, output_kernel, output_bias = (p.astype(np.float64) for p in parameters)
    hidden = np.tanh(images.astype(np.float64) @ kernel + bias)
    return hidden @ output_kernel + output_bias


def _glorot(random: np.random.RandomState, inputs: int, outputs: int) -> np.ndarray:
    limit = np.sqrt(6.0 / (inputs + outputs))
    return random.uniform(-limit, limit, size=(inputs, outputs)).astype(np.float32)
