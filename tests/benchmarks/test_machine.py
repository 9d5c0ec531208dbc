"""What the report says of the machine."""

from __future__ import annotations

import tensorflow as tf

from benchmarks import machine


def test_it_names_what_matters_and_no_path() -> None:
    facts = machine.describe("python -m benchmarks")
    assert facts["Command"] == "`python -m benchmarks`"
    assert facts["CPU"] and facts["System"] and facts["Python"]
    assert f"tensorflow {tf.__version__}" in facts["Packages"]
    assert "instruction set" in facts["Backend"]
    assert "Device" not in facts
    assert not any(value.startswith("/") for value in facts.values())
