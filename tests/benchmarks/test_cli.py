"""The command line, with benchmarks that measure nothing."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Callable

import pytest

from benchmarks import cli, devices
from benchmarks.benchmark import OURS, Benchmark, Options, Part, Recorder, Suite, Target
from benchmarks.measurement import Key
from benchmarks.setups import Setup


def parts(name: str) -> Callable[[Options], list[Part]]:
    def fail(recorder: Recorder) -> None:
        raise OSError("no such machine")

    def run(recorder: Recorder) -> None:
        recorder.note(f"Measured on {recorder.options.device or 'nothing named'}.")
        recorder.compare(name, Setup((2, 3)), {OURS: lambda: 1.0, "v1": lambda: 5.0})

    measuring = [Part("one", run)]
    return lambda options: [Part("two", fail), *measuring] if name == "broken" else measuring


def suite(bound: float = 5.0, takes_device: bool = True) -> Suite:
    """A benchmark for CPUs and one for all devices, in which v1 takes 5 ×, and one that fails."""
    fast, anywhere = (Key(name, "", "float32", (2, 3), "v1") for name in ("fast", "anywhere"))
    return Suite(
        "benchmarks",
        "results",
        "Title",
        (
            Benchmark("fast", "Fast.", parts("fast"), cpu_only=True),
            Benchmark("anywhere", "On all devices.", parts("anywhere")),
            Benchmark("broken", "Broken.", parts("broken")),
        ),
        (
            Target(fast, bound, over=fast._replace(contender=OURS)),
            Target(anywhere, 5.0, over=anywhere._replace(contender=OURS), any_device=True),
            Target(anywhere, 9.0),
            Target(fast._replace(benchmark="broken", contender="unknown"), 1.0),
        ),
        takes_device=takes_device,
    )


@pytest.mark.parametrize(
    ("bound", "options", "status"),
    [(5.0, [], 0), (5.1, [], 0), (5.0, ["--check"], 0), (5.1, ["--check"], 1)],
)
def test_the_exit_status_tells_whether_targets_are_met(
    bound: float,
    options: list[str],
    status: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["--only", "fast", "--rounds", "2", "--output", str(tmp_path), *options]
    assert cli.main(suite(bound), arguments) == status
    output = capsys.readouterr().out
    assert f"{int(bound == 5.0)} of 1 targets are met." in output
    assert ("fast: float32 (2, 3): v1 / keras_xent" in output) == bool(status)
    assert ("2.0%" in output) == bool(status)


def test_it_writes_the_report_and_the_table(tmp_path: Path) -> None:
    directory = tmp_path / "new"
    arguments = ["--only", "fast", "--rounds", "2", "--output", str(directory)]
    assert cli.main(suite(6.0), arguments) == 0
    text = (directory / "results.md").read_text(encoding="utf-8")
    assert f"`python -m benchmarks --only fast --rounds 2 --output {directory}`" in text
    for words in ("# Title", "tensorflow 2", "* Measured on", "**no**: 16.7%", "## fast"):
        assert words in text
    with (directory / "results.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["contender"], row["median"], row["rounds"]) for row in rows] == [
        ("keras_xent", "1", "2"),
        ("v1", "5", "2"),
    ]
    assert not (directory / "speed.svg").exists()


def test_a_part_that_fails_stops_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--only", "broken", "--rounds", "1", "--output", str(tmp_path), "--check"]
    assert cli.main(suite(), arguments) == 1
    captured = capsys.readouterr()
    assert "not measured" in captured.out
    assert "broken, two failed: OSError: no such machine" in captured.err
    text = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "* broken, two failed: OSError: no such machine" in text
    assert "| float32 | (2, 3) | 1.00 s" in text
    # A quick run fails no target that it left out, but it fails.
    assert cli.main(suite(), ["--quick", *arguments]) == 1
    assert "0 of 0 targets are met." in capsys.readouterr().out


def test_list_measures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(suite(), ["--list"]) == 0
    output = capsys.readouterr().out
    assert "fast" in output and "Broken." in output


def report_of_a_device(directory: Path, *options: str) -> str:
    arguments = ["--only", "fast", "anywhere", "--rounds", "1", "--output", str(directory)]
    assert cli.main(suite(), [*arguments, *options]) == 0
    return (directory / "results.md").read_text(encoding="utf-8")


def test_a_cpu_that_is_named_has_all_benchmarks_and_targets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    text = report_of_a_device(tmp_path, "--device", "/CPU:0")
    assert "2 of 3 targets are met." in capsys.readouterr().out
    assert "CUDA_VISIBLE_DEVICES" not in os.environ
    for words in ("| Device | /CPU:0 |", "* Measured on /CPU:0.", "## fast"):
        assert words in text
    assert "left out" not in text


def test_without_a_device_the_cards_are_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    text = report_of_a_device(tmp_path)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
    assert "* Measured on nothing named." in text
    assert "| Device |" not in text


def test_another_device_has_what_is_no_matter_of_cpus(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "check", lambda device: None)
    monkeypatch.setattr(devices, "describe", lambda device: f"{device}, a card")
    text = report_of_a_device(tmp_path, "--device", "/GPU:0", "--check")
    assert "1 of 1 targets are met." in capsys.readouterr().out
    for words in (
        "| Device | /GPU:0, a card |",
        "* Left out, because they apply only to CPUs: fast.",
        "* Targets for the native kernels were left out, because these run only on CPUs.",
    ):
        assert words in text
    assert "## fast" not in text


@pytest.mark.parametrize("device", ["/GPU:9", "the card"])
def test_a_device_that_is_not_there_stops_it_before_anything_is_measured(
    device: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "new"
    assert cli.main(suite(), ["--output", str(directory), "--device", device]) == 2
    message = capsys.readouterr().err
    assert message.startswith("--device: ") and device in message
    assert not directory.exists()


@pytest.mark.parametrize(
    "arguments",
    [["--only", "slow"], ["--rounds", "0"], ["--rounds", "x"], ["--device", "/CPU:0"]],
)
def test_arguments_that_make_no_sense_raise_an_error(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(suite(takes_device=False), arguments)
    assert exit_.value.code == 2
