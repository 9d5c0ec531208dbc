"""``keras-xent doctor``: the order in which things are looked at.

Modules that import TensorFlow are imported only once it is known that TensorFlow works: the
doctor is there for the installations where it does not.
"""

from __future__ import annotations

import argparse

from keras_xent_cli.doctor import report
from keras_xent_cli.doctor.backend import check_backend
from keras_xent_cli.doctor.finding import Finding, Status
from keras_xent_cli.doctor.keras import check_keras
from keras_xent_cli.doctor.outcome import selftest_finding
from keras_xent_cli.doctor.versions import check_versions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command; it has no options."""
    parser.description = (
        "Checks this installation of keras_xent: versions, which backend serves and why, and a "
        "self-test that compares values and gradients with TensorFlow's, on one device of each "
        "kind and compiled by XLA. Exit code 1 if anything is wrong; what to do about it is "
        "printed."
    )


def run(args: argparse.Namespace) -> int:
    """Look at everything, print it, and say what to do.

    Args:
        args: Nothing is read from it.

    Returns:
        0 if everything works, 1 if there is a problem.
    """
    findings = check_installation()
    report.show_findings("Installation", findings)
    if _has_problem(findings):
        print("Not looked at: what needs a sound installation, the self-test among it.\n")
    else:
        findings = [*findings, *_selftest()]
    report.show_advice(findings)
    return 1 if _has_problem(findings) else 0


def check_installation() -> list[Finding]:
    """Everything but the self-test. Each part is looked at only if what it needs is sound."""
    findings: list[Finding] = []
    for check in (check_versions, check_keras, check_backend):
        findings += check()
        if _has_problem(findings):
            break
    return findings


def _selftest() -> list[Finding]:
    from keras_xent_cli.doctor.cases import all_cases
    from keras_xent_cli.doctor.places import find_places
    from keras_xent_cli.doctor.selftest import run_case

    places, others = find_places()
    tested = []
    for place in places:
        cases = [case for case in all_cases() if case.in_function or not place.compiled]
        outcomes = [run_case(case, place) for case in cases]
        report.show_selftest(place, outcomes)
        tested.append(selftest_finding(place, outcomes))
    findings = [*tested, *others]
    report.show_findings("Devices", findings)
    return findings


def _has_problem(findings: list[Finding]) -> bool:
    return any(finding.status is Status.PROBLEM for finding in findings)
