"""SARIF 2.1.0, which GitHub's code scanning and many viewers read."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from lint_rules import __version__
from lint_rules.engine.fingerprint import fingerprints
from lint_rules.engine.report import BASELINE, COMMENT, Hidden
from lint_rules.engine.selection import FAMILY_NAMES
from lint_rules.model import Finding, Fix, Rule, Severity, Span
from lint_rules.reporters.escape import visible
from lint_rules.reporters.places import relative_uri, repository_folder, uri

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View

# What GitHub takes in one upload.
MOST_RESULTS: Final = 25_000
_MOST_RELATED: Final = 100
_MOST_EDITS: Final = 100
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
# On the scale of CVSS: GitHub shows 7.0 and above as high, 4.0 and above as medium.
_SECURITY_SEVERITY: Final = {Severity.ERROR: "8.0", Severity.WARNING: "5.5", Severity.INFO: "3.0"}
_SECURITY_FAMILIES: Final = frozenset({"07", "09"})
_TAG_OF_REFERENCE: Final = re.compile(r"(?:(CWE)-(\d+)|(OWASP)\b.*)\Z")
_ROOT: Final = "SRCROOT"


def render(report: Report, view: View) -> Iterator[str]:
    """One log with one run. At most MOST_RESULTS results, the gravest; a notification says what was left out."""
    yield from _written(_log(report, view))


def _written(log: dict[str, Any]) -> Iterator[str]:
    """The log as JSON with a result a line."""
    run = log["runs"][0]
    results = run.pop("results")
    yield json.dumps(log)[: -len("}]}")] + ', "results": ['
    for index, result in enumerate(results):
        yield (",\n" if index else "\n") + json.dumps(result)
    yield "\n]}]}\n"


def _log(report: Report, view: View) -> dict[str, Any]:
    told = [(finding, None) for finding in report.findings] + [(one.finding, one) for one in _shown_hidden(report)]
    told.sort(key=lambda pair: pair[0].sort_key)
    kept = set(range(len(told)))
    if len(told) > MOST_RESULTS:
        gravest = sorted(kept, key=lambda index: (told[index][1] is not None, -told[index][0].severity.rank, index))
        kept = set(gravest[:MOST_RESULTS])
    prints = list(fingerprints([finding for finding, _ in told], view.root, view.source))
    codes = sorted({told[index][0].code for index in kept})
    rules = _rules(codes)
    top = repository_folder(view)
    results = [
        _result(told[index][0], told[index][1], prints[index], codes.index(told[index][0].code), view, top)
        for index in sorted(kept)
    ]
    driver = {
        "name": "tenlint",
        "fullName": f"tenlint {__version__}",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": rules,
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": uri(top, is_folder=True)}},
        "invocations": [_invocation(report, len(told) - len(kept), top)],
        "results": results,
    }
    return {"version": "2.1.0", "$schema": _SCHEMA, "runs": [run]}


def _shown_hidden(report: Report) -> list[Hidden]:
    """The suppressed findings, each with its reason; none for GitHub, which would show them as open."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        return []
    return [hidden for hidden in report.hidden if hidden.by in (COMMENT, BASELINE)]


def _invocation(report: Report, left_out: int, top: str) -> dict[str, Any]:
    invocation: dict[str, Any] = {"executionSuccessful": report.complete and not report.internal_errors}
    notifications = [
        {
            "descriptor": {"id": notice.code},
            "level": "error",
            "message": {"text": visible(notice.message)},
            "locations": [_location(notice.path, notice.span, top)],
        }
        for notice in report.notices
    ]
    if left_out:
        text = f"{left_out} more findings were left out: a report holds {MOST_RESULTS:,}, which is what GitHub takes"
        notifications.append({"level": "warning", "message": {"text": text}})
    if notifications:
        invocation["toolExecutionNotifications"] = notifications
    return invocation


def _rules(codes: Sequence[str]) -> list[dict[str, Any]]:
    if not codes:
        return []
    from lint_rules.engine.registry import with_checks
    from lint_rules.engine.session import listed_catalogue

    by_code = listed_catalogue().by_code
    return [_descriptor(with_checks(by_code[code])) if code in by_code else {"id": code} for code in codes]


def _descriptor(rule: Rule) -> dict[str, Any]:
    from lint_rules.engine.registry import rule_page
    from lint_rules.reporters.pages import rule_text

    page = rule_page(rule)
    tags = [FAMILY_NAMES.get(rule.family, rule.family), *rule.languages]
    links = []
    for name, link in rule.references.items():
        found = _TAG_OF_REFERENCE.match(name)
        if found:
            cwe = f"external/cwe/cwe-{int(found.group(2)):03d}" if found.group(1) else ""
            tags.append(cwe or f"external/owasp/{name.lower().replace(' ', '-').replace(':', '-')}")
        if link.startswith("https://"):
            links.append(link)
    properties: dict[str, Any] = {"precision": {"high": "high", "medium": "medium"}.get(rule.confidence.value, "low")}
    if rule.family in _SECURITY_FAMILIES:
        tags.insert(0, "security")
        properties["security-severity"] = _SECURITY_SEVERITY[rule.severity]
    else:
        properties["problem.severity"] = {"info": "recommendation"}.get(rule.severity.value, rule.severity.value)
    words = rule.name.split("-")
    descriptor: dict[str, Any] = {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in words),
        "shortDescription": {"text": f"{rule.summary}."},
        "fullDescription": {"text": f"{page.splitlines()[0]}" if page else f"{rule.summary}."},
        "help": {
            "text": page or rule.summary,
            "markdown": rule_text(rule, page, "markdown"),
        },
        "defaultConfiguration": {"level": _LEVEL[rule.severity], "enabled": rule.default},
        "properties": {"tags": list(dict.fromkeys(tags))[:20], **properties},
    }
    if links:
        descriptor["helpUri"] = links[0]
    return descriptor


def _result(
    finding: Finding, hidden: Hidden | None, fingerprint: str, rule_index: int, view: View, top: str
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": _LEVEL[finding.severity],
        "message": {"text": visible(finding.message)},
        "locations": [_location(finding.path, finding.span, top, finding.symbol)],
        "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:1"},
    }
    related = finding.related[:_MOST_RELATED]
    if related:
        result["relatedLocations"] = [
            {"id": number, **_location(place.path, place.span, top), "message": {"text": visible(place.message)}}
            for number, place in enumerate(related, start=1)
        ]
        first = {**_location(finding.path, finding.span, top), "message": {"text": visible(finding.message)}}
        steps = [
            first,
            *(
                {**_location(place.path, place.span, top), "message": {"text": visible(place.message)}}
                for place in related
            ),
        ]
        result["codeFlows"] = [{"threadFlows": [{"locations": [{"location": step} for step in steps]}]}]
    if finding.fix is not None and 0 < len(finding.fix.edits) <= _MOST_EDITS:
        result["fixes"] = [_fix(finding.path, finding.fix, top)]
    if hidden is not None:
        suppression = {"kind": "inSource" if hidden.by == COMMENT else "external", "status": "accepted"}
        reason = hidden.reason or ("known in the baseline" if hidden.by == BASELINE else "")
        result["suppressions"] = [{**suppression, **({"justification": visible(reason)} if reason else {})}]
    return result


def _fix(path: str, fix: Fix, top: str) -> dict[str, Any]:
    return {
        "description": {"text": visible(f"{fix.message} ({fix.applicability.value})")},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(path, top),
                "replacements": [
                    {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.content}}
                    for edit in fix.edits
                ],
            }
        ],
    }


def _location(path: str, span: Span, top: str, symbol: str = "") -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(path, top), "region": _region(span)}}
    if symbol:
        location["logicalLocations"] = [{"fullyQualifiedName": visible(symbol)}]
    return location


def _artifact(path: str, top: str) -> dict[str, str]:
    relative = relative_uri(path, top)
    return {"uri": uri(path)} if relative is None else {"uri": relative, "uriBaseId": _ROOT}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.row,
        "startColumn": span.column,
        "endLine": span.end_row,
        "endColumn": max(span.end_column, 1),
    }
