"""Findings."""

from __future__ import annotations

import pytest

from keras_xent_cli.doctor.finding import Finding, Status, describe


def test_a_finding_is_ok_unless_told_otherwise() -> None:
    finding = Finding("NumPy", "1.26")
    assert finding.status is Status.OK
    assert finding.advice == ""


@pytest.mark.parametrize("status", [Status.NOTE, Status.PROBLEM])
def test_what_is_not_ok_needs_advice(status: Status) -> None:
    with pytest.raises(ValueError, match="'NumPy' \\(none\\) has none"):
        Finding("NumPy", "none", status)
    assert Finding("NumPy", "none", status, "Install it.").advice == "Install it."


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("wrong"), "ValueError: wrong"),
        (ValueError("\nwrong\nbecause of this"), "ValueError: wrong"),
        (ValueError(), "ValueError"),
    ],
)
def test_an_exception_in_one_line(error: Exception, text: str) -> None:
    assert describe(error) == text
