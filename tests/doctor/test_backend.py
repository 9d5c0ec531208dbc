"""The doctor on keras_xent's backend."""

from __future__ import annotations

from typing import Any

import pytest

import keras_xent
from keras_xent_cli.doctor.backend import backend_findings, check_backend
from keras_xent_cli.doctor.finding import Finding, Status


def findings(**changes: Any) -> list[Finding]:
    fields: dict[str, Any] = {
        "name": "native",
        "requested": "auto",
        "reason": "The reason.",
        "instruction_set": None,
        "threads": None,
    }
    return backend_findings(**{**fields, **changes})


def test_the_backend_that_serves() -> None:
    backend = keras_xent.backend()
    first = check_backend()[0]
    assert first.found == f"{backend.name} (asked for: {backend.requested}). {backend.reason}"


def test_native() -> None:
    backend, instruction_set, threads = findings(instruction_set="AVX-512", threads=4)
    assert backend.found == "native (asked for: auto). The reason."
    assert instruction_set.found == "AVX-512"
    assert threads.found == "4"
    assert {backend.status, instruction_set.status, threads.status} == {Status.OK}


@pytest.mark.parametrize("name", ["native", "portable"])
def test_getting_what_one_asked_for(name: str) -> None:
    (finding,) = findings(name=name, requested=name)
    assert finding.status is Status.OK


def test_portable_for_want_of_the_library_is_a_note() -> None:
    (finding,) = findings(name="portable", requested="auto")
    assert finding.status is Status.NOTE
    assert "The reason." in finding.found


def test_not_getting_native_is_a_problem() -> None:
    (finding,) = findings(name="portable", requested="native")
    assert finding.status is Status.PROBLEM
    assert "KERAS_XENT_BACKEND" in finding.advice


def test_a_backend_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ValueError("KERAS_XENT_BACKEND is 'fast'.")

    monkeypatch.setattr(keras_xent, "backend", fail)
    (finding,) = check_backend()
    assert finding.status is Status.PROBLEM
    assert finding.found == "ValueError: KERAS_XENT_BACKEND is 'fast'."
    assert "auto, native or portable" in finding.advice
