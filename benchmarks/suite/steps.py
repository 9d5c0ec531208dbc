"""Training steps and evaluations, in turn, for all relevant dtypes, modes and class axes."""

from __future__ import annotations

import contextlib
import functools
from typing import Any, Iterable, NamedTuple, Sequence

from benchmarks import contenders, devices, shapes
from benchmarks.benchmark import EMPTY, PORTABLE, Benchmark, Options, Part, Recorder
from benchmarks.contenders import PACKAGES, TENSORFLOW
from benchmarks.processes import worker
from benchmarks.setups import Setup, Shape
from benchmarks.timing import Turn, timed

KINDS = ("training", "evaluation")
UNMASKED = ((4096, 1000), (8192, 151))
# One eager call is too short to be timed reliably.
_EAGER_CALLS = 20
# The report's names, and the contenders. Under XLA, the portable path runs anyway.
PORTABLE_MODES = {
    "tf.function": {PORTABLE: "ours_portable", "v1": "v1", EMPTY: "empty"},
    "eager": {PORTABLE: "ours_portable", "v1": "v1"},
    "XLA": {PORTABLE: "ours_xla", "v1": "v1_xla", EMPTY: "empty_xla"},
}


class Step(NamedTuple):
    """What one contender does in its turn.

    Attributes:
        contender: the contender.
        setup: the loss and its inputs.
        kind: one of `KINDS`.
        case: the case in the report.
        name: its name in the report; the contender's own name if empty.
        traced: whether to run in a `tf.function`; otherwise eagerly.
        calls: the number of calls that a sample averages.
    """

    contender: str
    setup: Setup
    kind: str = "training"
    case: str = ""
    name: str = ""
    traced: bool = True
    calls: int = 1

    def turn(self, inputs: tuple[Any, ...]) -> tuple[str, Turn]:
        """The name of one of TensorFlow's contenders, and its turn with these tensors."""
        contender = contenders.load(self.contender)
        function = getattr(contender, self.kind)(self.setup)
        if self.traced:
            function = contender.traced(function)
        function = devices.on(self.setup.device, function)
        return self.name or contender.name, timed(function, *inputs, calls=self.calls)


def part(benchmark: str, title: str, steps: Iterable[Step]) -> Part:
    """Times all steps in turn."""
    return Part(title, functools.partial(_interleave, benchmark, list(steps)))


def _interleave(benchmark: str, steps: list[Step], recorder: Recorder) -> None:
    names = dict.fromkeys(step.contender for step in steps)
    there = contenders.available(names, recorder)
    inputs: dict[str, Any] = {}
    turns: dict[tuple[Setup, str, str], Turn] = {}
    # Ends the contenders' processes.
    with contextlib.ExitStack() as stack:
        for step in steps:
            if step.contender not in there:
                continue
            loss = step.setup.loss
            try:
                if step.contender in PACKAGES:
                    name, turn = stack.enter_context(worker(step.contender, step.setup))
                else:
                    # The same tensors for all contenders with the same loss.
                    if loss not in inputs:
                        inputs[loss] = contenders.load("ours").inputs(step.setup)
                    name, turn = step.turn(inputs[loss])
                turns[step.setup, step.case, name] = turn
            except contenders.NoSuchLoss as error:
                recorder.note(f"Not measured: {error}.")
        for (setup, case, name), samples in recorder.rounds(turns).items():
            recorder.add(benchmark, setup, name, samples, case)


def _training(options: Options) -> list[Part]:
    def setups(among: Sequence[Shape], **changes: Any) -> list[Setup]:
        chosen = shapes.chosen(among, options.quick)
        return [Setup(shape, device=options.device, **changes) for shape in chosen]

    cases = {
        "one-hot labels": setups(shapes.ALL),
        "soft labels": setups(shapes.TWO, soft_labels=True),
        # Ours skips the arithmetic of rows with weight 0. These have none.
        "one-hot labels, no weight 0": setups(UNMASKED, masked=False),
    }
    return [
        part(
            "training",
            f"{case} {setup.shape}",
            [Step(name, setup, case=case) for name in (*TENSORFLOW, *PACKAGES)],
        )
        for case, those in cases.items()
        for setup in those
    ]


def _axis(options: Options) -> list[Part]:
    setup = Setup(shapes.CLASS_AXIS_1, axis=1, device=options.device)
    return [part("axis", str(setup.shape), [Step(name, setup) for name in TENSORFLOW])]


def _dtypes(options: Options) -> list[Part]:
    return [
        part(
            "dtypes",
            f"{dtype} {shape}",
            [
                Step(name, Setup(shape, dtype, device=options.device))
                for name in ("ours", "v1", "addv2", "empty")
            ],
        )
        for dtype in shapes.DTYPES
        for shape in shapes.chosen(shapes.WITHOUT_LARGEST, options.quick)
    ]


def _evaluation(options: Options) -> list[Part]:
    return [
        part(
            "evaluation",
            str(shape),
            [
                Step(name, Setup(shape, device=options.device), kind, kind)
                for name in ("ours", "v1", "keras", "empty")
                for kind in KINDS
            ],
        )
        for shape in shapes.chosen(shapes.ALL, options.quick)
    ]


def _eager(options: Options) -> list[Part]:
    setup = Setup(shapes.EAGER, device=options.device)
    return [
        part(
            "eager",
            case,
            [
                Step(name, setup, kind, case, traced=False, calls=_EAGER_CALLS)
                for name in ("ours", "ours_portable", "v1", "keras")
            ],
        )
        for case, kind in zip(("with a tape", "without a tape"), KINDS)
    ]


def _portable(options: Options) -> list[Part]:
    return [
        part(
            "portable",
            f"{kind} {setup.dtype} {setup.shape}",
            [
                Step(contender, setup, kind, f"{kind}, {mode}", name, traced=mode != "eager")
                for mode, names in PORTABLE_MODES.items()
                for name, contender in names.items()
            ],
        )
        for setup in portable_setups(options)
        for kind in KINDS
    ]


def portable_setups(options: Options) -> list[Setup]:
    """The setups for the portable path's speed and memory."""
    return [
        Setup(shape, dtype, shapes.PORTABLE[shape], device=options.device)
        for dtype, shape in shapes.PORTABLE_DTYPES
        if shapes.chosen([shape], options.quick)
    ]


TRAINING = Benchmark(
    "training",
    "The loss and its gradient with respect to the logits, in one `tf.function`. AddV2 is the "
    "lower limit: it moves the same bytes. The empty call accepts the same tensors and adds 1 "
    "to one weight. PyTorch and optax (under `jax.jit`) run in separate processes.",
    _training,
)
AXIS = Benchmark(
    "axis",
    "A training step in a `tf.function`, with class axis 1. The class axis of TF1's loss is "
    "always the last, so v1 smooths the labels itself, calls "
    "`softmax_cross_entropy_with_logits_v2(axis=1)`, and reduces the losses with "
    "`compute_weighted_loss`.",
    _axis,
)
DTYPE = Benchmark(
    "dtypes",
    "A training step in a `tf.function`. The labels have the logits' dtype, and the weights "
    "are float32.",
    _dtypes,
)
EVALUATION = Benchmark(
    "evaluation",
    "A `tf.function` without a gradient, interleaved with training steps.",
    _evaluation,
)
EAGER = Benchmark(
    "eager",
    '`loss(y_true, y_pred, sample_weight)` without a `tf.function`. "With a tape" means in a '
    "`tf.GradientTape`, followed by `tape.gradient`. A sample is the mean of 20 calls.",
    _eager,
)
PORTABLE_PATH = Benchmark(
    "portable",
    "The loss in TensorFlow's own ops, compared with v1 in the same mode: in a `tf.function`, "
    "eager, and under XLA, which means a `tf.function` with `jit_compile=True` for both. The "
    "modes of one shape and kind are interleaved. The class axis of (8, 21, 128, 128) is 1.",
    _portable,
    base=PORTABLE,
)
