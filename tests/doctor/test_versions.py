"""The doctor on versions."""

from __future__ import annotations

import platform
import sys

import numpy as np
import pytest
import tensorflow as tf

import keras_xent
from keras_xent_cli.doctor.finding import Status
from keras_xent_cli.doctor.versions import check_versions, tensorflow_finding, version_numbers


def test_the_versions_that_are_installed() -> None:
    findings = {finding.subject: finding for finding in check_versions()}
    assert findings["Python"].found.startswith(platform.python_version())
    assert findings["NumPy"].found == np.__version__
    assert findings["TensorFlow"].found == tf.__version__
    assert findings["keras_xent"].found == keras_xent.__version__
    assert {finding.status for finding in findings.values()} == {Status.OK}


@pytest.mark.parametrize("version", ["2.12.0", "2.12.1", "2.21.0", "2.22.0-dev20260101", "3.0.0"])
def test_supported_tensorflow(version: str) -> None:
    assert tensorflow_finding(version).status is Status.OK


@pytest.mark.parametrize("version", ["1.15.5", "2.9.3", "2.11.1"])
def test_too_old_tensorflow(version: str) -> None:
    finding = tensorflow_finding(version)
    assert finding.status is Status.PROBLEM
    assert version in finding.found
    assert "pip install 'tensorflow>=2.12'" in finding.advice


def test_missing_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    finding = next(f for f in check_versions() if f.subject == "TensorFlow")
    assert finding.status is Status.PROBLEM
    assert "pip install" in finding.advice


def test_the_numbers_of_a_version() -> None:
    assert version_numbers("2.21.0-rc1") == (2, 21)
    assert version_numbers("2.9") == (2, 9)
    with pytest.raises(ValueError, match="got 'latest'"):
        version_numbers("latest")
