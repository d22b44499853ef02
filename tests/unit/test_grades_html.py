from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from grade_samples import ABOUT, HOSTILE, all_outcomes, finding, grade, hostile_class, provenance

from labkit.report.grades import FORMATS
from labkit.report.grades.html_class import normalised
from labkit.result import Outcome

VOID = {"meta", "br"}
LOADS = {"src", "srcset", "href", "action", "data", "poster", "background", "formaction", "ping", "cite"}
BOTH = ["html", "class"]


class Page(HTMLParser):
    """A page's tags, its text and what is wrong with it."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.faults, self.text, self.style = [], [], [], [], ""
        self.ids, self.links = [], []
        self.feed(text)
        self.close()
        self.faults += self.open

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        self.tags.append((tag, names))
        if len(names) != len(attrs) or any(name.startswith("on") for name in names):
            self.faults.append((tag, attrs))
        self.links += [value for name, value in attrs if name in LOADS]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"/{tag}")

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data
        elif data.strip():
            self.text.append(data.strip())

    @property
    def all(self):
        return " ".join(" ".join(self.text).split())

    def count(self, tag):
        return sum(each == tag for each, _ in self.tags)


def page(name, *grades, about=ABOUT):
    return Page(FORMATS[name].render(grades, about))


@pytest.mark.parametrize("name", BOTH)
class TestBothPages:
    @pytest.fixture
    def pages(self, name):
        groups = [hostile_class()] if name == "class" else [[each] for each in hostile_class()]
        return [page(name, *group) for group in [*groups, [all_outcomes(penalty=0.1, notes=("n",))], []]]

    def test_is_well_formed(self, pages):
        for each in pages:
            assert each.faults == []
            assert len(set(each.ids)) == len(each.ids)

    def test_needs_no_network_and_no_script(self, pages):
        for each in pages:
            assert {link for link in each.links if not re.fullmatch(r"#part-\d+", link)} == set()
            assert not re.search(r"url\(|@import|expression|//", each.style)
            assert {"script", "link", "img", "iframe", "form", "object", "base", "svg"} & {
                t for t, _ in each.tags
            } == set()
            policies = [
                names["content"] for _, names in each.tags if names.get("http-equiv") == "Content-Security-Policy"
            ]
            assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]

    def test_tables_can_be_read_aloud(self, pages):
        assert pages[0].count("table")
        for each in pages:
            assert each.count("caption") == each.count("table")
            assert all(names.get("scope") in {"col", "row", "colgroup"} for tag, names in each.tags if tag == "th")
            assert dict(each.tags)["html"] == {"lang": "en"}

    def test_a_name_of_template_code_stays_text(self, name):
        assert (
            "{{ 7 * 7 }}{% endif %} by name" in page(name, hostile_class()[HOSTILE.index("{{ 7 * 7 }}{% endif %}")]).all
        )

    def test_title_is_what_the_caller_says(self, name):
        assert "<b>&</b>" in page(name, all_outcomes(), about={"title": "<b>&</b>"}).text
        assert page(name, all_outcomes(), about={}).count("h1") == 1

    def test_names_are_set_apart(self, name):
        text = FORMATS[name].render([all_outcomes(name="A <b>")], ABOUT)
        assert "<bdi>A &lt;b&gt;</bdi>" in text
        assert "<bdi>ada</bdi>" in text


def luminance(color):
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
class TestColors:
    @pytest.fixture
    def colors(self, scheme):
        roots = re.findall(r":root \{(.*?)\}", page("class", all_outcomes()).style, re.DOTALL)
        assert len(roots) == 2
        return dict(re.findall(r"--([\w-]+): (#\w{6})", roots[scheme]))

    def test_every_ink_is_readable(self, colors):
        inks = ["ink", "quiet", "pass", "fail", "todo", "error"]
        pairs = [(ink, ground) for ink in inks for ground in ("page", "soft")]
        pairs += [(f"shade-{shade}-ink", f"shade-{shade}") for shade in range(5)]
        assert {pair for pair in pairs if contrast(colors[pair[0]], colors[pair[1]]) < 4.5} == set()

    def test_shades_differ_in_lightness_not_in_hue_alone(self, colors):
        lights = [luminance(colors[f"shade-{shade}"]) for shade in range(5)]
        assert lights in (sorted(lights), sorted(lights, reverse=True))
        assert min(contrast(colors[f"shade-{n}"], colors[f"shade-{n + 1}"]) for n in range(4)) > 1.3


class TestLearner:
    def test_outcomes_stand_in_words(self):
        text = page("html", all_outcomes()).all
        assert all(word in text for word in ("✓ pass", "✗ not yet", "· to do", "! trouble"))
        assert "Seen seen Wanted wanted Why because" in text
        assert text.count("not your fault, and a person will look at it. Until then its points are open.") == 2

    def test_points_and_late_policy(self):
        text = page("html", all_outcomes(penalty=0.1, notes=("A `link` was left out.",))).all
        assert "1.8 of 12 points , and 3.6 more that a person will decide on" in text
        assert "Late: 10 % of the points are taken off, so 2 became 1.8." in text
        assert "A link was left out." in text

    @pytest.mark.parametrize(
        ("public", "hidden", "wanted"),
        [
            (Outcome.PASS, Outcome.FAIL, "public checks passed"),
            (Outcome.PASS, Outcome.TODO, "public checks passed"),
            (Outcome.PASS, Outcome.ERROR, "public checks passed"),
            (Outcome.PASS, Outcome.PASS, "everything passed"),
            (Outcome.FAIL, Outcome.FAIL, "not there yet"),
            (Outcome.FAIL, Outcome.PASS, "not there yet"),
            (Outcome.TODO, Outcome.TODO, "not finished"),
            (Outcome.ERROR, Outcome.PASS, "a person will look at it"),
        ],
    )
    def test_heading_claims_nothing_of_hidden_checks(self, public, hidden, wanted):
        found = page("html", grade(finding(public), finding(hidden, hidden=True, title="secret"))).all
        assert f"Order the layers: {wanted}" in found
        assert "Hidden check" in found
        assert "secret" not in found

    def test_only_hidden_checks(self):
        found = page("html", grade(finding(Outcome.FAIL, hidden=True))).all
        assert "public checks passed" not in found

    def test_what_it_stands_on(self):
        text = page("html", grade(finding(), provenance=provenance())).all
        assert all(word in text for word in ("0.1.0", "b" * 64, "sha256:" + "c" * 64, "a" * 64, "1.5 seconds"))

    def test_where_it_was_read_from_is_not_told(self):
        assert "inbox" not in page("html", all_outcomes(source="inbox/ada")).all

    def test_code(self):
        assert "<code>&lt;b&gt;</code>" in FORMATS["html"].render([grade(finding(title="`<b>`"))], ABOUT)


class TestClass:
    def test_shares(self):
        outcomes = [Outcome.PASS] * 5 + [Outcome.FAIL, Outcome.TODO, Outcome.ERROR]
        grades = [grade(finding(each), learner=f"s{place}") for place, each in enumerate(outcomes)]
        text = FORMATS["class"].render(grades, ABOUT)
        assert '<td class="shade-3">62 %<small>5/8</small></td>' in text
        assert "T 5 1 1 1 " in Page(text).all

    def test_the_same_check_twice_is_two_columns(self):
        text = FORMATS["class"].render([grade(finding(), finding(Outcome.FAIL))], ABOUT)
        assert re.findall(r'<td class="shade-(\d)">(\d+) %', text) == [("4", "100"), ("0", "0")]

    def test_set_aside(self):
        broken = grade(finding(Outcome.ERROR, saw="No engine.", points=3), learner="bob", source="inbox/bob")
        text = page("class", grade(finding()), broken).all
        assert "bob 06-layer-order T: No engine. inbox/bob 3 " in text
        assert "1 result is set aside" in text

    def test_wrong_answers_are_counted(self):
        saws = ["It has 412 MB.", "It has 80 MB.", "No answer.", "It has 7.5 MB."]
        saws += ["It has 1,024 MB."] * 4
        grades = [grade(finding(Outcome.FAIL, saw=saw), learner=f"s{place}") for place, saw in enumerate(saws)]
        text = page("class", *grades).all
        assert "7 It has # MB. T 06-layer-order, check 1 s0 , s1 , s3 , s4 , s5 and 2 others 1 No answer." in text

    def test_only_failures_are_wrong_answers(self):
        others = (Outcome.PASS, Outcome.TODO, Outcome.ERROR)
        assert "Common wrong answers None." in page("class", grade(*map(finding, others))).all

    def test_what_all_saw_is_shown_as_it_was(self):
        grades = [grade(finding(Outcome.FAIL, saw="Port 80."), learner=name) for name in "ab"]
        assert "2 Port 80. T" in page("class", *grades).all

    def test_exercises_stay_apart(self):
        grades = [grade(finding(Outcome.FAIL), exercise=slug) for slug in ("06-layer-order", "11-non-root")]
        assert "1 seen T 06-layer-order, check 1 ada 1 seen T 11-non-root, check 1 ada" in page("class", *grades).all

    def test_only_the_most_common_are_shown(self):
        grades = [grade(finding(Outcome.FAIL, saw="x" * n), learner=f"s{n}") for n in range(1, 24)]
        assert "3 less common ones are left out" in page("class", *grades).all

    def test_learners(self):
        text = page(
            "class",
            all_outcomes(penalty=0.5),
            grade(finding(), exercise="11-non-root"),
            grade(finding(Outcome.TODO), learner="bob", name="Bob", notes=("The archive was empty.",)),
        ).all
        assert "Learner 06 11 Points Open Of Note ada 1 1 2 2 13 set aside, late Bob ( bob ) 0 0 1 nothing done" in text
        assert "Bob ( bob ) 06-layer-order The archive was empty." in text

    def test_many_exercises_leave_the_table_narrow(self):
        grades = [grade(finding(), exercise=f"{n:02}-exercise") for n in range(1, 23)]
        found = page("class", *grades).all
        assert "Learner Points Open Of Note ada 22 22" in found
        assert "22-exercise" in found


@pytest.mark.parametrize(
    ("saw", "wanted"),
    [
        ("Layer sha256:0a1b2c3d4e5f was built.", "Layer … was built."),
        ("Image 0123456789ab and deadbeef01", "Image … and …"),
        ("Port 8080, 1,024 bytes, 3.5 s", "Port #, # bytes, # s"),
        ("A defaced facade", "A defaced facade"),
    ],
)
def test_normalised(saw, wanted):
    assert normalised(saw) == wanted


def test_that_nothing_was_handed_in_is_said_once():
    nothing = [finding(Outcome.TODO, saw="Nothing was handed in.") for _ in range(3)]
    text = FORMATS["html"].render([grade(*nothing)], {})
    assert text.count("Nothing was handed in.") == 1
    half = [finding(Outcome.FAIL, saw="no"), finding(Outcome.TODO, saw="There is nothing to look at yet.")]
    assert "nothing to look at" not in FORMATS["html"].render([grade(*half)], {})
