"""What the package promises of its own shape: one direction of imports, few public names, small parts."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import labkit

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "labkit"
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_LAB = 300, 45, 80  # lines
# From top to bottom: a module imports only what stands below it.
ORDER = """
    __init__ devtools launch cli cli_bundle cli_dev cli_engine cli_grade cli_images cli_progress catalogs workbench
    notebook overview ui moving prediction demo project grading attempt history remembered run course translated
    checks testing evidence world remote commands sandbox image unpacked known ledger endpoint kept station images
    seat container engine workspace spec report pictures dockerfile layers status result atomic guard limits
    progress errors words
""".split()  # noqa: SIM905  a list of strings would take thirty lines
# Those that may see even less.
ONLY = {
    "checks": {"evidence", "layers", "dockerfile", "result", "errors", "words"},
    "report": {"status", "result", "words"},
    "pictures": set(),
    "guard": {"limits"},  # its process is small
}
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "node_modules" not in path.parts)


def name_of(path):
    """A module's first name below labkit."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path):
    """Full names of all modules that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "labkit":
            yield from (f"labkit.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
class TestEachModule:
    def test_imports_only_what_stands_below_it(self, path):
        here = name_of(path)
        there = {name.split(".")[1] for name in imported(path) if name.startswith("labkit.")} - {here}
        assert there <= set(ORDER[ORDER.index(here) + 1 :])
        assert there <= ONLY.get(here, there)

    def test_only_the_engine_knows_the_sdk(self, path):
        assert name_of(path) == "engine" or not any(name.split(".")[0] == "docker" for name in imported(path))

    def test_is_small(self, path):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= LONGEST_FILE
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        assert [f.name for f in functions if f.end_lineno - f.lineno > LONGEST_FUNCTION] == []


def test_public_names():
    assert labkit.__all__ == ["grade", "lab", "mine", "predict", "sandbox"]
    modules = [getattr(labkit, name).__module__ for name in labkit.__all__]
    assert modules == ["labkit.grading.cell", *["labkit.notebook"] * 4]


def test_an_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = labkit.nothing


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements(lines):
    return {found.name: found for found in map(Requirement, lines)}


def test_conda_installs_what_the_project_says():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert plain == [f"python {project()['requires-python']}", "pip"]
    assert pip == ["-e .[lab]"]
    everything = project()["dependencies"] + project()["optional-dependencies"]["lab"]
    assert {"jupyterlab", "ipywidgets", "docker", "markdown-it-py"} <= set(requirements(everything))


def test_the_lock_holds_what_the_project_says():
    """Where this fails: see "I want to change a dependency" in CONTRIBUTING.md."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE))
    extras = project()["optional-dependencies"]
    wanted = requirements(project()["dependencies"] + extras["lab"] + extras["test"] + extras["build"])
    for name, requirement in wanted.items():
        assert requirement.specifier.contains(locked[name]), name
    assert len(re.findall(r"^[\w.-]+==", text, re.MULTILINE)) <= text.count("--hash=sha256:")
    assert "://" not in text


def test_the_first_script_stays_short():
    assert (ROOT / "lab").read_text(encoding="utf-8").count("\n") <= LONGEST_LAB
    assert subprocess.run(["sh", "-n", ROOT / "lab"], check=False).returncode == 0


def test_ci_runs_the_tests_and_nothing_else():
    commands = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if not line.startswith("#")]
    assert commands == ['CI=true LABKIT_YES=1 exec "$(dirname -- "$0")/../lab" test "$@"']
