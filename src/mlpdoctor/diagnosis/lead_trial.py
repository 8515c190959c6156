"""Tries the line that leads, where it draws weights anew: in a short training, beside going on as before."""

from dataclasses import replace

from mlpdoctor.core.check import Absent
from mlpdoctor.core.finding import Finding, Remedy, Severity
from mlpdoctor.diagnosis.resolve import FactResolver
from mlpdoctor.facts.training.fresh_options import FreshOptions


def lead_tried(findings: tuple[Finding, ...], resolver: FactResolver) -> tuple[Finding, ...]:
    """The findings, the first with a remedy that a trial bears out, where one can be made.

    Where that is another way than fresh weights, no other finding tells to draw any: what that gains has been seen.
    """
    lead = next(iter(findings), None)
    remedy = None if lead is None else lead.evidence.remedy
    if lead is None or remedy is None or remedy.draws is None or lead.severity is Severity.NOTE:
        return findings
    options = resolver.get(FreshOptions)
    if isinstance(options, Absent):
        return findings
    found = options.tried(remedy, remedy.draws)
    tried, line = _with(lead, found), (remedy.code or "").partition("  #")[0]
    if (found.code or "").startswith(line):  # as it was, perhaps with another rate
        return (tried, *findings[1:])
    return (tried, *(_with(one, _after(lead, one)) if _draws(one) else one for one in findings[1:]))


def _after(lead: Finding, finding: Finding) -> Remedy:
    what = f"{lead.code} in {lead.layers[0]}" if lead.code == finding.code and lead.layers else lead.code
    return Remedy(f"fix {what} first: fresh weights were tried there")


def _draws(finding: Finding) -> bool:
    return finding.evidence.remedy is not None and finding.evidence.remedy.draws is not None


def _with(finding: Finding, remedy: Remedy) -> Finding:
    return replace(finding, evidence=replace(finding.evidence, remedy=remedy))
