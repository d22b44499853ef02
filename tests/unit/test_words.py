"""What a failed build or start says, as a learner reads it."""

from __future__ import annotations

import pytest

from labkit.engine.buildtypes import LostParent, fault
from labkit.engine.words import build_fault, start_fault

CLASSIC = "The command '/bin/sh -c npm ci' returned a non-zero code: 1"
BUILDKIT = 'process "/bin/sh -c npm ci" did not complete successfully: exit code: 1'
NPM = """\
\x1b[91mnpm error code EUSAGE
\x1b[0m\x1b[91mnpm error
npm error The `npm ci` command can only install with an existing package-lock.json
npm error Usage:
\x1b[0mRemoving intermediate container 0123456789ab
"""
NODE = """\
node:internal/modules/cjs/loader:1228
  throw err;
Error: Cannot find module '/app/server.js'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1225:15)
"""


class TestBuildFault:
    @pytest.mark.parametrize("message", [CLASSIC, BUILDKIT])
    def test_names_exit_code_and_the_programs_own_reason(self, message):
        words = build_fault(message, NPM)
        assert words.startswith("it ended with exit code 1 and said: The `npm ci` command can only install")
        assert "\x1b" not in words

    def test_leaves_out_the_stack_trace(self):
        assert build_fault(CLASSIC, NODE).endswith("said: Error: Cannot find module '/app/server.js'")

    def test_buildkit_times_are_left_out(self):
        assert build_fault(BUILDKIT, "#8 0.512 src/a.ts(1,1): error TS1005").endswith("src/a.ts(1,1): error TS1005")

    def test_no_word_was_said(self):
        assert build_fault(CLASSIC, "") == "it ended with exit code 1."

    def test_long_words_are_cut_between_words(self):
        words = build_fault(CLASSIC, "error " + "long " * 200)
        assert len(words) < 300
        assert words.endswith("long …")

    def test_the_builders_own_lines_are_nobodys_words(self):
        log = "Step 2/4 : RUN false\n ---> Running in 0123456789ab\n#8 [2/3] RUN false\n"
        assert build_fault(CLASSIC, log) == "it ended with exit code 1."

    @pytest.mark.parametrize(
        ("message", "sentence"),
        [
            ("no build stage in current context", "there is no FROM above the first instruction."),
            ('invalid from flag value bild: Get "https://x/v2/": dial tcp', "neither a stage nor an image named bild."),
            ('failed to do request: Head "https://x/v2/library/nod/manifests/1": dial', "The image nod is not on this"),
            ("COPY failed: stat a/b: file does not exist", "there is no a/b in what it copies from"),
            (
                "COPY failed: file not found in build context or ...: stat a: file does not exist",
                "there is no a in what",
            ),
            ("lstat /var/lib/x/merged/a/b: no such file or directory", "there is no a/b in what it copies from"),
            ('"/a.js" not found: not found', "there is no a.js in what it copies from"),
            ("failed to solve with frontend x: failed to create LLB definition: parse error y", "parse error y"),
            ("COPY failed: no source files", "COPY failed: no source files"),
        ],
    )
    def test_a_builders_words_and_ours(self, message, sentence):
        assert sentence in build_fault(message, "x")
        assert "https" not in build_fault(message, "x")


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("unable to find user app: no matching entries in passwd file", "USER is app, and"),
        ("unable to find group 9x: no matching entries in group file", "the group 9x"),
        ('runc create failed: exec: "nod": executable file not found in $PATH: unknown', "command is nod, and"),
        ('exec: \\"/start.sh\\": permission denied: unknown', "/start.sh, which may not be executed"),
        ("driver failed programming external connectivity", ""),
    ],
)
def test_start_fault(message, sentence):
    assert sentence in start_fault(message)
    assert bool(sentence) == bool(start_fault(message))


@pytest.mark.parametrize(
    "message",
    [
        "unable to find image 'sha256:ab'",
        "No such image: sha256:ab",
        "unknown parent image ID sha256:ab",
        "failed to get digest sha256:ab: open imagedb/content/sha256/ab: no such file or directory",
    ],
)
def test_a_step_that_the_engine_lost_is_not_the_learners_fault(message):
    """Somebody else removed it meanwhile: the build is tried once more."""
    assert isinstance(fault(message, "RUN npm ci", "", ""), LostParent)
