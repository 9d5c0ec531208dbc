"""Which of keras_xent's two implementations serves, and why."""

from __future__ import annotations

from keras_xent_cli.doctor.finding import Finding, Status, describe


def check_backend() -> list[Finding]:
    """Ask keras_xent which implementation serves tensors on the CPU."""
    try:
        import keras_xent

        backend = keras_xent.backend()
        return backend_findings(
            name=backend.name,
            requested=backend.requested,
            reason=backend.reason,
            instruction_set=backend.instruction_set,
            threads=backend.threads,
        )
    except Exception as error:
        return [
            Finding(
                "keras_xent backend",
                describe(error),
                Status.PROBLEM,
                "Check KERAS_XENT_BACKEND: it may be auto, native or portable, and native needs "
                "the native library; unset it to let keras_xent choose.",
            )
        ]


def backend_findings(
    name: str,
    requested: str,
    reason: str,
    instruction_set: str | None,
    threads: int | None,
) -> list[Finding]:
    """Judge what ``keras_xent.backend()`` says; the arguments are its fields."""
    findings = [_serving(name, requested, reason)]
    if instruction_set is not None:
        findings.append(Finding("instruction set", instruction_set))
    if threads is not None:
        findings.append(Finding("threads", str(threads)))
    return findings


def _serving(name: str, requested: str, reason: str) -> Finding:
    if name in (requested, "native"):
        return Finding("keras_xent backend", f"{name} (asked for: {requested}). {reason}")
    if requested == "native":
        return Finding(
            "keras_xent backend",
            f"{name}, although native was asked for. {reason}",
            Status.PROBLEM,
            "Do what the reason says, or unset KERAS_XENT_BACKEND: the portable implementation "
            "gives the same numbers, only slower.",
        )
    return Finding(
        "keras_xent backend",
        f"{name} (asked for: {requested}). {reason}",
        Status.NOTE,
        "Nothing is wrong: the portable implementation gives the same numbers. For the faster "
        "native one, solve what the reason says and reinstall keras_xent.",
    )
