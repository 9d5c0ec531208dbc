"""How the cases of the self-test went. Apart from the self-test, this needs no TensorFlow."""

from __future__ import annotations

import dataclasses
from typing import Sequence

from keras_xent.doctor.finding import Finding, Status


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How one case went.

    Args:
        title: The case's.
        tolerance: The largest error allowed.
        in_function: Whether it ran in a ``tf.function``.
        value_error: The largest error of the value, relative to the largest expected one.
        gradient_error: The same of the gradients; the worst of them.
        error: Why there are no numbers, when there are none.
    """

    title: str
    tolerance: float
    in_function: bool = False
    value_error: float = float("nan")
    gradient_error: float = float("nan")
    error: str = ""

    @property
    def passed(self) -> bool:
        """Whether value and gradients are within the tolerance. NaN is not."""
        return self.value_error <= self.tolerance and self.gradient_error <= self.tolerance


def selftest_finding(outcomes: Sequence[Outcome]) -> Finding:
    """Judge the outcomes together."""
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if not failed:
        return Finding("self-test", f"{len(outcomes)} cases agree with TensorFlow")
    return Finding(
        "self-test",
        f"{len(failed)} of {len(outcomes)} cases failed",
        Status.PROBLEM,
        "Run KERAS_XENT_BACKEND=portable keras-xent doctor. If that passes, the native library is "
        "at fault: reinstall keras_xent, or keep that setting. In any case please report what the "
        "doctor prints.",
    )
