"""TF1's functions that the codemod ports, by name. Each loss has a file in `losses/`."""

from __future__ import annotations

import importlib
import pkgutil

from keras_xent_cli.migrate.source.function import Function
from keras_xent_cli.migrate.tensorflow.tf1_modules import (
    LOSSES_MODULES,
    NN_MODULES,
    canonical,
    is_tf2,
)

PACKAGE = "keras_xent"


def _find_functions() -> tuple[Function, ...]:
    package = importlib.import_module("keras_xent_cli.migrate.tensorflow.losses")
    return tuple(
        function
        for module in pkgutil.iter_modules(package.__path__)
        for function in importlib.import_module(f"{package.__name__}.{module.name}").FUNCTIONS
    )


ALL = _find_functions()

_BY_NAME: dict[str, Function] = {
    f"{module}.{function.name}": function for function in ALL for module in function.modules
}
_PORTED: dict[str, Function] = {
    f"{PACKAGE}.v1.{function.name}": function for function in ALL if not function.has_other_order
}

# TF1's constants and their string values.
REDUCTIONS = {
    "NONE": "none",
    "SUM": "weighted_sum",
    "MEAN": "weighted_mean",
    "SUM_OVER_BATCH_SIZE": "weighted_sum_over_batch_size",
    "SUM_BY_NONZERO_WEIGHTS": "weighted_sum_by_nonzero_weights",
    "SUM_OVER_NONZERO_WEIGHTS": "weighted_sum_by_nonzero_weights",
}

# The last parts of the functions' names.
FUNCTION_NAMES = frozenset(function.name for function in ALL)

# The functions' names in `losses` and `nn`, which a program writes after the module's name.
LOSSES_NAMES = frozenset(each.name for each in ALL if LOSSES_MODULES[0] in each.modules)
NN_NAMES = frozenset(each.name for each in ALL if NN_MODULES[0] in each.modules)


def tf1_function(qualified: str) -> Function | None:
    """The TF1 function that a qualified name refers to."""
    return None if is_tf2(qualified) else _BY_NAME.get(canonical(qualified))


def ported_function(qualified: str) -> Function | None:
    """The function that a name of `keras_xent.v1` ports."""
    return _PORTED.get(qualified)


def reduction_of(qualified: str) -> str | None:
    """The member's name, if a qualified name is one of TF1's reduction constants."""
    name = canonical(qualified)
    for module in LOSSES_MODULES:
        if name.startswith(f"{module}.Reduction."):
            member = name.rsplit(".", 1)[1]
            return member if member in REDUCTIONS else None
    return None
