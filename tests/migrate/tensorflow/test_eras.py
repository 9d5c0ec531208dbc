"""Whether a source is TF1's or TF2's."""

from __future__ import annotations

from pathlib import Path

import pytest

from keras_xent_cli.migrate.module import Module
from keras_xent_cli.migrate.running.program import Place, Program
from keras_xent_cli.migrate.tensorflow.eras import Era, certain_era, era, marks, possible

TF = "import tensorflow as tf\n"
EITHER = "try:\n    import tensorflow.compat.v1 as tf\nexcept:\n    import tensorflow as tf\n"
OF_TF1 = [
    f"{TF}tf.Session()",
    f"{TF}tf.train.Saver()",
    f"{TF}tf.contrib.slim",
    f"{TF}tf.losses.softmax_cross_entropy(y, x)",
    "from tensorflow import losses\nlosses.get_total_loss()",
    "from tensorflow import placeholder",
    "from tensorflow.layers import dense",
    "from tensorflow.contrib import slim",
    "import tensorflow\ntensorflow.placeholder(x)",
    f"{EITHER}tf.placeholder(x)",
]
OF_TF2 = [
    f"{TF}@tf.function\ndef f(): pass",
    f"{TF}with tf.GradientTape() as tape: pass",
    f"{TF}class L(tf.keras.losses.Loss): pass",
    "from tensorflow.keras.losses import Loss",
    "from tensorflow import function, GradientTape",
    f"{TF}tf.optimizers.Adam()",
    f"{TF}tf.config.list_physical_devices()",
    # Whoever takes TF1's names from there has TensorFlow 2 as tensorflow.
    f"{TF}tf.compat.v1.placeholder(x)",
    "import tensorflow\ntensorflow.compat.v1.Session()",
    f"{TF}import tensorflow.compat.v1 as tf1",
    f"{TF}from tensorflow.compat import v1",
    f"{TF}from tensorflow.compat.v1 import ConfigProto",
]
OF_NEITHER = [
    TF,
    f"{TF}tf.nn.softmax(x)",
    f"{TF}tf.keras.Session()",
    f"{TF}x.placeholder, x.function",
    "import numpy as tf\ntf.Session()",
    "import tensorflow.compat.v1 as tf\ntf.placeholder(x)",
    "import tensorflow.compat.v1 as tf\ntf.compat.v1.placeholder(x)",
    "from tensorflow.compat import v1 as tf\ntf.Session()",
    f"{TF}tf = tf.compat.v1",
    EITHER,
    f"{TF}import tensorflow.compat.v2 as tf2",  # as TF1's last releases have it
    "import torch\ntorch.function, torch.GradientTape",
]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        *((source, {Era.TF1}) for source in OF_TF1),
        *((source, {Era.TF2}) for source in OF_TF2),
        *((source, set()) for source in OF_NEITHER),
        (f"{OF_TF1[0]}\n{OF_TF2[0]}", {Era.TF1, Era.TF2}),
    ],
)
def test_marks(source: str, expected: set) -> None:
    assert set(marks(Module(source))) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (OF_TF1[0], Era.TF1),
        (OF_TF2[0], Era.TF2),
        (OF_NEITHER[0], None),
        # What TF2 doesn't have at all decides: the last releases of TF1 had tf.function.
        (f"{OF_TF1[0]}\n{OF_TF2[0]}", Era.TF1),
    ],
)
def test_era(source: str, expected: object) -> None:
    module = Module(source)
    assert era(module) is expected
    assert module.era is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (OF_TF1[0], Era.TF1),
        (OF_TF2[0], Era.TF2),
        (OF_NEITHER[0], None),
        (f"{OF_TF1[0]}\n{OF_TF2[0]}\nimport keras_xent", Era.TF1),
        # These could have had a name that only TF1 has.
        (f"{OF_TF2[0]}\nimport keras_xent", None),
        (f"{OF_TF2[0]}\nfrom keras_xent import v1", None),
        (f"{OF_TF2[0]}\rimport keras_xent", None),
        (f"{OF_TF2[0]}\nimport os, keras_xent", None),
        ("import tensorflow as tf; import keras_xent\nstep = tf.function(f)", None),
        (f"{OF_TF2[0]}\nimport keras_xent_cli", Era.TF2),
    ],
)
def test_an_era_that_no_port_can_have_made(source: str, expected: object) -> None:
    module = Module(source)
    assert certain_era(module) is expected
    assert module.certain_era is expected


@pytest.mark.parametrize(
    ("neighbor", "own", "expected"),
    [
        (OF_TF1[0], TF, Era.TF1),
        # They could have had a use of compat.v1.
        (f"{OF_TF1[0]}\nimport keras_xent", TF, None),
        (OF_TF1[0], f"{TF}import keras_xent", None),
        (OF_TF2[0], TF, Era.TF2),
        (f"{OF_TF2[0]}\nimport keras_xent", TF, None),
        (f"{TF}import keras_xent", OF_TF2[0], None),
    ],
)
def test_an_era_that_no_port_of_a_neighbor_can_have_made(
    tmp_path: Path, neighbor: str, own: str, expected: object
) -> None:
    (tmp_path / "a.py").write_text(neighbor, encoding="utf-8")
    place = Place(Program([tmp_path / "a.py", tmp_path / "b.py"]), tmp_path / "b.py")
    assert certain_era(Module(own, place)) is expected


@pytest.mark.parametrize(
    ("source", "era"),
    [
        *(
            (source, Era.TF1)
            for source in OF_TF1
            if source != "from tensorflow.layers import dense"
        ),
        *((source, Era.TF2) for source in OF_TF2 if "from tensorflow.keras" not in source),
    ],
)
def test_what_is_marked_is_possible(source: str, era: Era) -> None:
    assert era in possible(source.encode())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", set()),
        ("import torch\ntf.Session()", set()),
        ("import tensorflow.compat.v1 as tf\ntf.placeholder(x)", set()),
        ("import tensorflow as tf\ntf.nn.softmax(x)", set()),
        ("import tensorflow as tf\ntf.placeholder(x)", {Era.TF1}),
        ("import os\rimport tensorflow as tf\rtf.placeholder(x)", {Era.TF1}),
        ("import os, tensorflow as tf\ntf.placeholder(x)", {Era.TF1}),
        ("import os; import tensorflow as tf\ntf.placeholder(x)", {Era.TF1}),
        ("import tensorflow as tf\ntf.GradientTape()", {Era.TF2}),
    ],
)
def test_texts_that_are_not_parsed(source: str, expected: set) -> None:
    assert set(possible(source.encode())) == expected
