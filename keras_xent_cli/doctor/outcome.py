"""How the cases of the self-test went. Apart from the self-test, this needs no TensorFlow."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Sequence

from keras_xent_cli.doctor.finding import Finding, Status

if TYPE_CHECKING:
    from keras_xent_cli.doctor.places import Place


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How one case went.

    Args:
        title: The case's.
        tolerance: The largest error allowed.
        mode: How it ran: eagerly, in a ``tf.function``, or compiled by XLA.
        value_error: The largest error of the value, relative to the largest expected one.
        gradient_error: The same of the gradients; the worst of them.
        error: Why there are no numbers, when there are none.
        of_tensorflow: Whether TensorFlow's own loss has no numbers there either.
    """

    title: str
    tolerance: float
    mode: str = "eager"
    value_error: float = float("nan")
    gradient_error: float = float("nan")
    error: str = ""
    of_tensorflow: bool = False

    @property
    def passed(self) -> bool:
        """Whether value and gradients are within the tolerance. NaN is not."""
        return self.value_error <= self.tolerance and self.gradient_error <= self.tolerance

    @property
    def status(self) -> Status:
        """What that means."""
        if self.passed:
            return Status.OK
        return Status.NOTE if self.of_tensorflow else Status.PROBLEM


def selftest_finding(place: Place, outcomes: Sequence[Outcome]) -> Finding:
    """Judge the outcomes of one place together."""
    subject = f"self-test, {place.title}"
    failed = [outcome for outcome in outcomes if outcome.status is Status.PROBLEM]
    if failed:
        return Finding(
            subject,
            f"{len(failed)} of {len(outcomes)} cases failed ({place.path})",
            Status.PROBLEM,
            f"{_advice(place)} In any case please report what the doctor prints.",
        )
    passed = sum(outcome.passed for outcome in outcomes)
    if passed == len(outcomes):
        return Finding(subject, f"{passed} cases agree with TensorFlow ({place.path})")
    if not passed:
        return Finding(
            subject,
            "not run: TensorFlow's own loss raises an error there too",
            Status.PROBLEM,
            f"Nothing is wrong with keras_xent. Make TensorFlow's own loss work on {place.device}: "
            "check the device's driver and what TensorFlow needs for it; or hide the device, with "
            "tf.config.set_visible_devices.",
        )
    return Finding(
        subject,
        f"{passed} of {len(outcomes)} cases agree with TensorFlow ({place.path}), the others raise "
        "an error in TensorFlow's own loss too",
        Status.NOTE,
        f"Nothing is wrong with keras_xent. What the others compute needs another device than "
        f"{place.device}.",
    )


def _advice(place: Place) -> str:
    if place.path == "native kernels":
        return (
            "Run KERAS_XENT_BACKEND=portable keras-xent doctor. If that passes, the native library "
            "is at fault: reinstall keras_xent, or keep that setting."
        )
    if place.compiled:
        return (
            f"Leave out jit_compile=True on {place.device}, in Keras compile(jit_compile=False), "
            "or try another version of TensorFlow."
        )
    if place.kind == "CPU":
        return "Try another version of TensorFlow: its own ops compute the loss."
    return (
        f"On {place.device}, TensorFlow's own ops compute the loss. Compute it on the CPU, inside "
        "of tf.device('/CPU:0'), or try another version of TensorFlow or of the device's driver."
    )
