"""Made-up grades, and names that somebody chose to do harm."""

from datetime import UTC, datetime, timedelta, timezone

from labkit.result import Finding, Grade, Outcome, Provenance, Report

ABOUT = {
    "title": "Spring",
    "classroom": "docker-1",
    "assignment": "06-layer-order",
    "assignment_type": "individual",
    "owner": "ada",
    "submission": "submit/20260504T123000Z-abc1234",
    "commit": "commit/abc1234",
    "release": "release/abc1234",
    "review": "review/abc1234",
    "datetime": "2026-05-04T12:30:00Z",
}
HOSTILE = (
    '=HYPERLINK("x")',
    "+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "  =1",
    "two\nlines",
    "eve\u202etxt.exe",
    "\u2066iso\u2069\u200f\u061c\ufeff",
    "\x00\x07\x1b[31m\x7f\x9b",
    "<script>alert(1)</script>\"'&",
    "{{ 7 * 7 }}{% endif %}",
    "]]><!--",
    "a,b;c\"d'",
    "\udcff\ud83d",
    "مريم",
    "`<b>`",
    "line\u2028para\u2029",
    "tag\U000e0041",
)


def finding(outcome=Outcome.PASS, **fields):
    return Finding(outcome, **{"saw": "seen", "want": "wanted", "why": "because", "check": "c", "title": "T", **fields})


def grade(*findings, learner="ada", exercise="06-layer-order", **fields):
    report = Report(exercise, "Order the layers", findings, "a" * 64, "Docker Engine 1")
    return Grade(learner, fields.pop("name", learner), report, **fields)


def provenance(seconds=1.5):
    two_hours_ahead = timezone(timedelta(hours=2))
    graded = datetime(2026, 5, 5, 10, 0, tzinfo=two_hours_ahead)
    return Provenance("0.1.0", "b" * 64, "Docker Engine 1", {"alpine:3.20": "sha256:" + "c" * 64}, graded, seconds)


def all_outcomes(**fields):
    """A grade with each outcome once, the second and the third of them hidden too; 2 points for each."""
    shown = [finding(outcome, points=2, title=f"shown {outcome}", check=f"shown_{outcome}") for outcome in Outcome]
    hidden = [
        finding(outcome, points=2, title=f"secret {outcome}", check=f"secret_{outcome}", saw="secret", hidden=True)
        for outcome in (Outcome.FAIL, Outcome.ERROR)
    ]
    submitted = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
    return grade(*shown, *hidden, submitted=submitted, provenance=provenance(), **fields)


def hostile_class():
    """A class in which every text that is not the course's is hostile."""
    return [
        grade(
            *(finding(outcome, saw=text, want=text, why=text, title=text) for outcome in Outcome),
            finding(Outcome.FAIL, saw=text, hidden=True),
            learner=text,
            name=f"{text} by name",
            source=text,
            notes=(text,),
            penalty=0.1,
            provenance=provenance(),
        )
        for text in HOSTILE
    ]
