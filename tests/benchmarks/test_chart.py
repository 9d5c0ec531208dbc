"""The picture: what is in it, and that nothing in it overlaps."""

from __future__ import annotations

import itertools
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg

from benchmarks import chart, shapes
from benchmarks.measurement import Key, Measurement, summarize

FACTORS = {
    "keras_xent": 1.0,
    "v1": 11.0,
    "Keras": 10.9,
    "v1 under XLA": 3.2,
    "AddV2": 0.55,
    "PyTorch": 1.01,
    "optax": 0.99,
}


def steps() -> list[Measurement]:
    return [
        Measurement(
            Key("training", "one-hot labels", "float32", shape, name),
            -1,
            "s",
            summarize([0.009 * factor]),
        )
        for shape in shapes.ALL
        for name, factor in FACTORS.items()
    ]


def test_it_is_written_and_names_everyone(tmp_path: Path) -> None:
    path = tmp_path / "speed.svg"
    assert chart.save(steps(), path)
    text = path.read_text(encoding="utf-8")
    for words in [*FACTORS, "(2048, 50257)", "9.00 ms"]:
        assert words in text


def test_without_training_steps_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "speed.svg"
    assert not chart.save([], path)
    assert not chart.save([row for row in steps() if row.key.contender != "keras_xent"], path)
    assert not path.exists()


def test_no_two_words_overlap() -> None:
    figure = chart.draw(chart.medians(steps()))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    axes = figure.axes[0]
    texts = [*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels(), figure.texts[0]]
    texts += figure.legends[0].get_texts()
    boxes = [text.get_window_extent() for text in texts if text.get_text() and text.get_visible()]
    assert len(boxes) > 36
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
