"""What `./lab test` says at its end."""

from __future__ import annotations

from labkit.devtools import Count, count, summary

REPORT = """<testsuites><testsuite tests="4" failures="1" errors="1" skipped="1">
<testcase classname="tests.engine.test_one" name="test_a" />
<testcase classname="tests.engine.test_one" name="test_b[x]"><failure message="no">lines</failure></testcase>
<testcase classname="tests.engine.test_two" name="test_c"><error message="no">lines</error></testcase>
<testcase classname="tests.engine.test_two" name="test_d"><skipped message="no" /></testcase>
</testsuite></testsuites>"""


def test_a_report_is_counted_and_what_failed_is_named(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    expected = Count(1, 2, 1, 9.0, ("tests.engine.test_one::test_b[x]", "tests.engine.test_two::test_c"))
    assert count(report, 1, 9.0) == expected
    assert list(summary({"engine tests": expected})) == [
        "failed in engine tests: tests.engine.test_one::test_b[x]",
        "failed in engine tests: tests.engine.test_two::test_c",
        "engine tests             9.0 s  1 passed, 2 failed, 1 skipped",
        "1 passed, 2 failed, 1 skipped",
    ]


def test_an_end_without_a_report_is_a_failure(tmp_path):
    assert count(tmp_path / "none.xml", 2, 1.0).failed == 1
    assert count(tmp_path / "none.xml", 0, 1.0).failed == 0
