"""SARIF for GitHub's code scanning, which takes every result for an alert, suppressed or not applicable or not."""

import json
from collections.abc import Sequence

from mlpdoctor.finding import Report, Unread
from mlpdoctor.report.sarif import log


def render(reports: Sequence[Report], unread: Sequence[Unread] = ()) -> str:
    """The log with nothing in it but findings that are to be mended."""
    whole = log(reports, unread)
    for run in whole["runs"]:
        run["results"] = [one for one in run["results"] if one["kind"] == "fail" and "suppressions" not in one]
    return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
