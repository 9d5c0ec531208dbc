"""The guide's programs print the same before and after, step by step."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import guide_programs
import numpy as np
import processes
import pytest
import test_documentation

from keras_xent_cli.migrate.engine import port
from keras_xent_cli.migrate.options import Options
from keras_xent_cli.migrate.registry import chosen_rules


def numbers(text: str) -> np.ndarray:
    return np.array(text.split(), np.float64)


@pytest.fixture(scope="module")
def losses() -> dict[str, np.ndarray]:
    return {name: numbers(guide_programs.printed_by(name)) for name in ("before", "after")}


def test_the_trajectories_are_equal(losses: dict[str, np.ndarray]) -> None:
    assert losses["before"].shape == (24,)
    np.testing.assert_allclose(losses["after"], losses["before"], rtol=2e-6)


def test_every_term_is_there(losses: dict[str, np.ndarray]) -> None:
    # The batch without labels leaves the regularisation and the activity loss.
    without_labels = losses["before"][2::8]
    assert np.all((without_labels > 0.01) & (without_labels < 0.1))


def test_the_model_fn_and_its_ports_are_equal(tmp_path: Path) -> None:
    # Before 2.16 TensorFlow's own Estimator runs the model_fn, later what stands in for it.
    before = guide_programs.FOLDER / "estimator_before.py"
    ported, _ = port(before.read_text(encoding="utf-8"), chosen_rules(), Options())
    assert "keras_xent.v1.softmax_cross_entropy(" in ported
    (tmp_path / "ported.py").write_text(ported, encoding="utf-8")
    shutil.copy(guide_programs.FOLDER / "estimator_in_a_session.py", tmp_path)

    steps, examples = 20, 128
    expected = numbers(guide_programs.printed_by("estimator_before"))
    assert expected.shape == (steps + len(("loss", "accuracy")) + examples,)
    printed = processes.printed_by([str(tmp_path / "ported.py")])
    np.testing.assert_allclose(numbers(printed), expected, rtol=1e-5)
    after = guide_programs.printed_by("estimator_after")
    np.testing.assert_allclose(numbers(after), expected, rtol=1e-5)
    # It has trained, and the batch without labels has the other terms of the loss.
    assert expected[16] < expected[8] < expected[0]
    assert np.all((expected[2:steps:8] > 0.01) & (expected[2:steps:8] < 0.1))


PAGES = list(filter(test_documentation.runs_programs, test_documentation.PAGES))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_pages_show_what_the_programs_print(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(test_documentation.ROOT)
    monkeypatch.setattr(subprocess, "Popen", test_documentation.popen)
    test_documentation.run(page)


def test_two_pages_run_programs() -> None:
    assert [page.name for page in PAGES] == ["estimators.md", "programs.md"]
