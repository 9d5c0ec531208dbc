"""The targets for speed and memory. "X / keras_xent" is X's time divided by ours."""

from __future__ import annotations

from typing import Iterator

from benchmarks import benchmark, shapes
from benchmarks.benchmark import OURS, Target
from benchmarks.measurement import Key
from benchmarks.setups import SIGMOID, SOFTMAX, SPARSE, Shape

# Logits' shape -> contender -> the smallest multiple of our time that its time must be.
TRAINING: dict[Shape, dict[str, float]] = {
    (512, 32000): {"AddV2": 1.0, "v1": 10, "Keras": 10, "v1 under XLA": 3},
    (2048, 50257): {"AddV2": 1.0, "v1": 10, "Keras": 10, "v1 under XLA": 3},
    (4096, 1000): {"AddV2": 0.9, "v1": 7, "Keras": 7, "v1 under XLA": 3.5},
    (8192, 151): {"AddV2": 0.6, "v1": 4, "Keras": 4, "v1 under XLA": 1.5},
    (65536, 10): {"AddV2": 0.4, "v1": 3, "Keras": 3, "v1 under XLA": 1.5},
    (256, 1000): {"v1": 2.5, "Keras": 2.5, "v1 under XLA": 1.5},
}
AXIS = 4.0  # Keras
DTYPE: dict[Shape, float] = {(512, 32000): 3, (4096, 1000): 3}  # v1; elsewhere:
OTHER_DTYPE = 1.0
EVALUATION = 1.2  # our training / our evaluation
EAGER = {"Keras": 9, "v1": 12}
MEMORY = {"training": 1.15, "evaluation": 0.15}  # buffers of the logits' size, at most
FIT: dict[tuple[str, Shape], float] = {  # Keras
    ("32,000 classes", (256, 32000)): 1.0,
    ("10 classes", (128, 10)): 0.97,  # not slower, within the noise
}
THREADS = 1.7  # one thread / two
LINEAR = 2.0  # the largest factor between a size's time per element and their median
IDLE_CPU = 0.02  # of one processor
IDLE_MATMUL = 0.9  # after AddV2 / after ours


# v1 / portable in a `tf.function` and eagerly, and v1 under XLA / ours under XLA, in training.
PORTABLE: dict[Shape, float] = dict.fromkeys(shapes.PORTABLE, 1.0)
XLA: dict[Shape, float] = {
    (512, 32000): 1.2,
    (4096, 1000): 1.1,
    (65536, 10): 1.1,
    (256, 1000): 1.0,
    shapes.CLASS_AXIS_1: 1.0,
}
# Portable / v1, and the same under XLA: not more, except for pages and small allocations.
PEAK = 1.05
# For other shapes, XLA's compiler takes more memory than the tensors.
WITH_XLA_MEMORY = ((512, 32000), (4096, 1000), shapes.CLASS_AXIS_1)
STATIC_SHAPES = "tf.function, static shapes"
STATIC = {"training": 1.02, "evaluation": 0.02}  # buffers, at the peak and after it, at most
FIRST_CALL = 1.3  # ours / ours with the native backend forced, at most
# For the shapes of `family`.
SPARSE_BESIDE_DENSE = (1.3, 1.2, 1.1)  # our dense / our sparse
SPARSE_BESIDE_V1 = (4, 3, 2)
SPARSE_UNDER_XLA = (1.0, 1.0, 1.0)  # v1's / ours
SIGMOID_BESIDE_V1 = (4, 3, 3)
SPARSE_MEMORY = {"training": 1.05, "evaluation": 0.05}  # buffers of the logits' size, at most


def targets() -> tuple[Target, ...]:
    """All targets."""
    return (*_beside_others(), *_beside_ours(), *_portable(), *_family(), *_memory(), *_peaks())


def _ratio(
    benchmark: str,
    shape: Shape,
    contender: str,
    bound: float,
    case: str = "",
    dtype: str = "float32",
) -> Target:
    key = Key(benchmark, case, dtype, shape, contender)
    return Target(key, bound, over=key._replace(contender=OURS))


def _beside_others() -> Iterator[Target]:
    """Another contender's time / ours."""
    for shape, bounds in TRAINING.items():
        for contender, bound in bounds.items():
            yield _ratio("training", shape, contender, bound, "one-hot labels")
    yield _ratio("axis", shapes.CLASS_AXIS_1, "Keras", AXIS)
    for dtype in shapes.DTYPES:
        for shape in shapes.WITHOUT_LARGEST:
            yield _ratio("dtypes", shape, "v1", DTYPE.get(shape, OTHER_DTYPE), dtype=dtype)
    for contender, bound in EAGER.items():
        yield _ratio("eager", shapes.EAGER, contender, bound, "with a tape")
    for (case, shape), bound in FIT.items():
        yield _ratio("fit", shape, "Keras", bound, case)
    yield _ratio("idle", (512, 32000), "AddV2", IDLE_MATMUL, "matmul right after")


def _beside_ours() -> Iterator[Target]:
    """One of our times / another of ours, and what is compared with nothing."""
    for shape in shapes.ALL:
        key = Key("evaluation", "training", "float32", shape, OURS)
        yield Target(key, EVALUATION, over=key._replace(case="evaluation"))
    for shape in (*shapes.PORTABLE, shapes.STATIC):
        for kind in MEMORY:
            key = Key("first_call", kind, "float32", shape, OURS)
            native = key._replace(contender="keras_xent, native")
            yield Target(key, FIRST_CALL, over=native, at_least=False)
    one = Key("threads", "1 thread", "float32", (512, 32000), OURS)
    yield Target(one, THREADS, over=one._replace(case="2 threads"))
    spread = Key("linear", "largest factor from the median, 10^6 to 10^9", "float32", (), OURS)
    yield Target(spread, LINEAR, at_least=False)
    idle = Key("idle", "CPU time while idle", "float32", (512, 32000), OURS)
    yield Target(idle, IDLE_CPU, at_least=False)


def _portable() -> Iterator[Target]:
    for dtype, shape in shapes.PORTABLE_DTYPES:
        for mode, bounds in (("tf.function", PORTABLE), ("eager", PORTABLE), ("XLA", XLA)):
            v1 = Key("portable", f"training, {mode}", dtype, shape, "v1")
            ours = v1._replace(contender=benchmark.PORTABLE)
            yield Target(v1, bounds[shape], over=ours, any_device=True)


def _family() -> Iterator[Target]:
    for number, shape in enumerate(shapes.FAMILY):
        sparse = Key("family", f"{SPARSE}, training", "float32", shape, OURS)
        dense = sparse._replace(case=f"{SOFTMAX}, training")
        yield Target(dense, SPARSE_BESIDE_DENSE[number], over=sparse)
        v1 = sparse._replace(contender="v1")
        yield Target(v1, SPARSE_BESIDE_V1[number], over=sparse)
        compiled = sparse._replace(contender="keras_xent under XLA")
        v1_compiled = sparse._replace(contender="v1 under XLA")
        yield Target(v1_compiled, SPARSE_UNDER_XLA[number], over=compiled, any_device=True)
        sigmoid = sparse._replace(case=f"{SIGMOID}, training")
        v1 = sigmoid._replace(contender="v1")
        yield Target(v1, SIGMOID_BESIDE_V1[number], over=sigmoid)


def _memory() -> Iterator[Target]:
    """Our memory, in buffers of the logits' size."""

    def at_most(bound: float, name: str, case: str, shape: Shape) -> Target:
        return Target(Key(name, case, "float32", shape, OURS), bound, at_least=False)

    places = [(shape, mode) for shape in shapes.TWO for mode in ("eager", "tf.function")]
    static = (shapes.STATIC, STATIC_SHAPES)
    for kind in MEMORY:
        for shape, mode in places:
            yield at_most(MEMORY[kind], "memory", f"{kind}, {mode}", shape)
        for after in ("", ", after it"):
            case = f"{kind}, {STATIC_SHAPES}{after}"
            yield at_most(STATIC[kind], "memory", case, shapes.STATIC)
            for shape, mode in [*places, static]:
                case = f"{SPARSE}, {kind}, {mode}{after}"
                yield at_most(SPARSE_MEMORY[kind], "family_memory", case, shape)


def _peaks() -> Iterator[Target]:
    """Our memory / TF1's, without and with XLA."""
    for dtype, shape in shapes.PORTABLE_DTYPES:
        for kind in MEMORY:
            pairs = [(mode, benchmark.PORTABLE, "v1") for mode in ("eager", "tf.function")]
            if shape in WITH_XLA_MEMORY:
                pairs.append((STATIC_SHAPES, "keras_xent under XLA", "v1 under XLA"))
            for mode, ours, theirs in pairs:
                v1 = Key("memory", f"{kind}, {mode}", dtype, shape, theirs)
                yield Target(
                    v1._replace(contender=ours), PEAK, over=v1, at_least=False, any_device=True
                )
