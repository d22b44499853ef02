"""One wording in the code, and the same in each language that there is a catalog for."""

from __future__ import annotations

import ast
import re
import string
import threading
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

import labkit
from labkit import catalogs, course, words
from labkit.attempt import Attempt
from labkit.checks.registry import REGISTERED
from labkit.grading.job import not_run
from labkit.report import RENDERERS, panel
from labkit.result import Finding, Outcome, Report
from labkit.run import unrun
from labkit.translated import Translation, sayings, translated
from labkit.ui import said
from labkit.ui.labels import labels, signs
from labkit.words import ENGLISH, KEYWORDS, language, languages, say, say_many, spoken

PACKAGE = Path(labkit.__file__).parent
AGAIN = "where this fails: `labkit dev words`, then translate what is empty"
LOCALE = ("LABKIT_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
EXERCISES = [path.parent for path in sorted((PACKAGE.parent / "exercises").glob("*/exercise.toml"))]


def texts(catalog):
    return {message.id: message.string for message in catalog if message.id}


def forms(text):
    return (text,) if isinstance(text, str) else text


def placeholders(text):
    """Names, conversions and formats of what is filled in."""
    return {(name, spec, kind) for _, name, spec, kind in string.Formatter().parse(text) if name is not None}


def is_filled(text):
    """Whether braces mean placeholders in it: a message without any is said as it is."""
    return "{{" in text or re.search(r"\{\w+[!:}]", text) is not None


@pytest.fixture(scope="module")
def template():
    return texts(catalogs.extracted())


@pytest.fixture
def speak(monkeypatch):
    """Set the variables of a user's locale, and none besides."""

    def speak(**variables):
        for name in LOCALE:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return speak


@pytest.fixture
def spanish(speak):
    speak(LABKIT_LANG="es")


class TestCatalogs:
    def test_the_template_is_what_the_code_says(self):
        assert catalogs.TEMPLATE.read_text(encoding="utf-8") == catalogs.written(catalogs.extracted()), AGAIN

    def test_all_that_is_said_is_found(self, template):
        """The extraction reads tokens: it sees no call inside an f-string, for one."""
        known = {form for message in template for form in forms(message)}
        for path in sorted(PACKAGE.rglob("*.py")):
            if "guard" in path.relative_to(PACKAGE).parts:
                continue
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in KEYWORDS:
                    literals = [each for each in call.args[:2] if isinstance(each, ast.Constant)]
                    said_here = {each.value for each in literals if isinstance(each.value, str)}
                    assert said_here <= known, f"{path}:{call.lineno}"
                    assert not any(isinstance(each, ast.JoinedStr) for each in call.args), f"{path}:{call.lineno}"

    def test_titles_of_checks_are_in_it(self, template):
        assert {check.title for check in REGISTERED.values()} <= set(template)

    def test_there_is_spanish(self):
        assert "es" in languages()
        assert ENGLISH not in languages()

    @pytest.mark.parametrize("name", languages())
    class TestEach:
        def test_says_everything_and_nothing_else(self, name, template):
            catalog = catalogs.read(words.LOCALE / name / words.NAME)
            assert set(texts(catalog)) == set(template), AGAIN
            assert not catalog.obsolete
            assert [message.id for message in catalog if message.id and message.fuzzy] == []

        def test_no_text_is_empty_and_plurals_are_whole(self, name):
            catalog = catalogs.read(words.LOCALE / name / words.NAME)
            for message in catalog:
                if message.id:
                    assert len(forms(message.string)) == (catalog.num_plurals if message.pluralizable else 1)
                    assert all(form.strip() or not message.id.strip() for form in forms(message.string)), message.id

        def test_keeps_placeholders_and_the_spaces_around(self, name):
            for message, text in texts(catalogs.read(words.LOCALE / name / words.NAME)).items():
                english = forms(message)[-1]
                for form in forms(text):
                    assert form[:1].isspace() == english[:1].isspace(), message
                    assert form[-1:].isspace() == english[-1:].isspace(), message
                    if is_filled(english):
                        assert placeholders(form) == placeholders(english), message
                    else:
                        assert form.count("{") == english.count("{"), message
                    assert sorted(re.findall(r"`[^`]+`", form)) == sorted(re.findall(r"`[^`]+`", english)), message

        def test_is_written_as_the_tool_writes_it(self, name):
            path = words.LOCALE / name / words.NAME
            assert path.read_text(encoding="utf-8") == catalogs.written(catalogs.read(path)), AGAIN


class TestLanguage:
    @pytest.mark.parametrize(
        ("variables", "spoken_then"),
        [
            ({}, "en"),
            ({"LABKIT_LANG": "es"}, "es"),
            ({"LABKIT_LANG": "es-MX"}, "es"),
            ({"LABKIT_LANG": "xx", "LANG": "es_ES.UTF-8"}, "en"),
            ({"LABKIT_LANG": "en", "LANG": "es_ES.UTF-8"}, "en"),
            ({"LABKIT_LANG": "", "LANG": "es_ES.UTF-8"}, "es"),
            ({"LANG": "es_AR.UTF-8@euro"}, "es"),
            ({"LANG": "xx_XX.UTF-8"}, "en"),
            ({"LC_ALL": "C.UTF-8", "LANG": "es_ES.UTF-8"}, "en"),
            ({"LC_MESSAGES": "es_ES", "LANG": "en_US.UTF-8"}, "es"),
            ({"LC_ALL": "en_GB.UTF-8", "LC_MESSAGES": "es_ES"}, "en"),
            ({"LANG": "es_ES.UTF-8", "LANGUAGE": "xx:en:es"}, "en"),
            ({"LANG": "en_US.UTF-8", "LANGUAGE": "es"}, "es"),
            ({"LANG": "C", "LANGUAGE": "es"}, "en"),
        ],
    )
    def test_is_the_one_that_is_wanted_and_there(self, speak, variables, spoken_then):
        speak(**variables)
        assert language() == spoken_then

    @pytest.mark.usefixtures("spanish")
    def test_can_be_fixed_for_a_while_and_in_this_thread_alone(self):
        elsewhere = []
        with spoken(ENGLISH):
            thread = threading.Thread(target=lambda: elsewhere.append(language()))
            thread.start()
            thread.join()
            assert (language(), elsewhere) == (ENGLISH, ["es"])
        assert language() == "es"


class TestSaying:
    def test_english_is_the_message_itself(self):
        assert say("A message that no catalog has, {much!r}.", much="a") == "A message that no catalog has, 'a'."
        assert say("docker inspect -f '{{.State}}'") == "docker inspect -f '{{.State}}'"

    @pytest.mark.usefixtures("spanish")
    def test_what_is_not_translated_is_english(self):
        assert say("A message that no catalog has, {much}.", much=1) == "A message that no catalog has, 1."
        assert say_many("{count} thing of none", "{count} things of none", 2) == "2 things of none"

    @pytest.mark.usefixtures("spanish")
    def test_a_number_has_its_form(self):
        assert [say_many("{count} check", "{count} checks", n) for n in (1, 2)] == [
            "1 comprobación",
            "2 comprobaciones",
        ]

    @pytest.mark.parametrize("broken", ["{nobody}", "{count", "{count.real.x}", "{count:q}", "{0}"])
    @pytest.mark.usefixtures("spanish")
    def test_a_broken_translation_is_english(self, monkeypatch, broken):
        class Broken:
            def gettext(self, _):
                return broken

        monkeypatch.setattr(words, "_catalog", lambda _: Broken())
        assert say("{count} apples", count=3) == "3 apples"


def report():
    found = (
        Finding(Outcome.PASS, "Visto.", title="Una"),
        Finding(Outcome.FAIL, "Esto.", "Aquello.", "Por eso.", title="Otra"),
    )
    return Report("06-layer-order", "Título", found, not_run=1)


@pytest.mark.usefixtures("spanish")
class TestSpanish:
    def test_a_report_in_the_terminal(self):
        text = RENDERERS["text"](report())
        assert "✓ bien       Una\n✗ aún no     Otra\n" in text
        assert " Se vio: Esto.\n" in text
        assert " Se esperaba: Aquello.\n" in text
        assert "Aún no está: corrige lo que se nombra arriba y vuelve a comprobar.\n1 de 2 puntos\n" in text
        assert "Estas son las comprobaciones públicas; para la nota se hará 1 más." in text

    def test_a_report_in_the_panel(self):
        html = panel.render(report())
        assert "<h4>Aún no <span>(1)</span></h4>" in html
        assert "<dt>Por qué</dt><dd>Por eso.</dd>" in html
        assert repr(said.of_report(report())).startswith("Aún no. 1 de 2 comprobaciones superadas. Lo que se vio")

    def test_the_panels_own_words(self):
        assert labels()["check"] == "Comprobar"
        assert labels()["done"] == "hecho"
        assert labels()["step"] == "{number} de {total}, {state}"

    def test_what_is_kept_stays_english(self):
        kept = RENDERERS["json"](report())
        assert '"outcome": "fail"' in kept
        assert set(signs()) == {"to do", "not yet", "done", "trouble"} <= set(labels())

    def test_a_grade_is_said_in_english(self):
        exercise, title = course.exercise("layer-order"), REGISTERED["image_builds"].title
        assert not_run(exercise).findings[0].title == title
        assert unrun(exercise, Finding(Outcome.TODO, "")).findings[0].title == "La imagen se construye"

    def test_exercises_are_spanish(self):
        exercise = course.exercise("layer-order")
        assert exercise.title == "Ordena las capas para la caché"
        assert exercise.checks[-1].title == "La aplicación sigue respondiendo"
        assert exercise.hints[2].startswith("npm ci solo necesita package.json")


def test_a_check_in_another_language_is_made_anew(monkeypatch, speak):
    """What was found is kept in the language in which it was said."""
    ran = []
    monkeypatch.setattr("labkit.attempt.run", lambda *_, **__: ran.append(language()) or report())
    attempt = Attempt(course.exercise("first-check"), SimpleNamespace(about="an engine", url="unix:///nowhere"))
    attempt.save("Dockerfile", "FROM alpine:3.20\n")
    for name in ("en", "en", "es", "es"):
        speak(LABKIT_LANG=name)
        attempt.check()
    assert ran == ["en", "es"]


def test_the_panels_other_half_has_no_words_of_its_own():
    """Each name in the list of types is one that is sent, and the other way round."""
    source = PACKAGE / "ui" / "src"
    listed = (source / "types.ts").read_text(encoding="utf-8").partition("export type Word =")[2].partition(";")[0]
    assert set(re.findall(r'"([^"]+)"', listed)) == set(labels()) - set(signs())
    for path in source.glob("*.ts"):
        for line in re.sub(r"//.*|/\*.*?\*/", "", path.read_text(encoding="utf-8")).splitlines():
            assert not re.search(r'["`][A-Z][a-z]+ [a-z]', line), f"{path.name}: {line}"


@pytest.mark.parametrize("folder", EXERCISES, ids=lambda folder: folder.name)
@pytest.mark.parametrize("name", languages())
class TestExercises:
    def test_have_a_translation_that_fits(self, folder, name):
        exercise = course.exercise(folder.name)
        told = translated(exercise, name)
        assert len(told.hints) == len(exercise.hints)
        for new, old in zip([told.title, *told.hints], [exercise.title, *exercise.hints], strict=True):
            assert new != old or not re.search(r"[a-z]{3}", re.sub(r"`[^`]+`|, then", "", old)), old
        code = [set(re.findall(r"`([^`]+)`", hint)) for hint in told.hints]
        assert all(bool(new) == ("`" in old) for new, old in zip(code, exercise.hints, strict=True))

    def test_translate_what_is_there_and_all_of_it(self, folder, name):
        text = (folder / f"{name}.toml").read_text(encoding="utf-8")
        found = Translation.model_validate(tomllib.loads(text))
        there = {saying for check in course.exercise(folder.name).checks for saying in sayings(check)}
        assert set(found.checks) == there

    def test_a_translation_is_neither_judged_nor_built(self, folder, name):
        exercise = course.exercise(folder.name)
        assert f"{name}.toml" not in exercise.starter()
        with spoken(name):
            assert course.exercise_hash(course.exercise(folder.name)) == course.exercise_hash(exercise)
