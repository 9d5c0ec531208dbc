"""The report for programs: JSON with the keys that the guide documents."""

from __future__ import annotations

import collections
import json
from typing import Any

from keras_xent_cli.migrate.finding import Action
from keras_xent_cli.migrate.registry import all_rules
from keras_xent_cli.migrate.running.job import FileReport
from keras_xent_cli.migrate.running.runner import Run


def to_json(run: Run) -> str:
    """The report of a run. Files without findings, changes or errors are only counted."""
    reports = [each for each in run.reports if each.findings or each.changed or each.error]
    report = {
        "files": [_file(each) for each in reports],
        "summary": {
            **summary(run),
            "flagged_by_rule": by_rule(run, Action.FLAGGED),
            "noted_by_rule": by_rule(run, Action.NOTED),
        },
    }
    return json.dumps(report, indent=2)


def summary(run: Run) -> dict[str, int]:
    """The counts of files and findings."""
    findings = [finding for report in run.reports for finding in report.findings]
    return {
        "files": run.looked_at,
        "changed": sum(report.changed for report in run.reports),
        "errors": sum(report.error is not None for report in run.reports),
        "ported": sum(finding.action is Action.PORTED for finding in findings),
        "flagged": sum(finding.action is Action.FLAGGED for finding in findings),
        "noted": sum(finding.action is Action.NOTED for finding in findings),
    }


def by_rule(run: Run, action: Action) -> dict[str, int]:
    """The number of places with an action for each rule, with defects of the program first."""
    counts = collections.Counter(
        finding.rule
        for report in run.reports
        for finding in report.findings
        if finding.action is action
    )
    defects = {rule.code for rule in all_rules() if rule.is_defect}
    return dict(sorted(counts.items(), key=lambda item: (item[0] not in defects, item[0])))


def _file(report: FileReport) -> dict[str, Any]:
    return {
        "path": report.path,
        "changed": report.changed,
        "error": report.error,
        "findings": [
            {
                "line": finding.line,
                "column": finding.column,
                "rule": finding.rule,
                "action": finding.action.value,
                "message": finding.message,
            }
            for finding in report.findings
        ],
    }
