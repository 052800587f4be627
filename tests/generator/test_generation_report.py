"""What generate did is said in lines for people and in plain values for machines."""

import json
from pathlib import Path

import pytest

from overture.generator.apply import generate, survey
from overture.generator.file import File
from overture.generator.plan import Step
from overture.generator.report import as_dict, closing, conflicts, diff, lines, pending, stale

BASE = "".join(f"line {i}\n" for i in range(12))


@pytest.fixture
def steps(tmp_path: Path) -> list[Step]:
    """One step of every kind but adopt."""
    names = ["clash.txt", "edited.txt", "gone.txt", "merged.txt", "old.txt", "orphan.txt", "same.txt", "up.txt"]
    generate(tmp_path, {name: File(BASE) for name in names}, overture_version="1")
    for name in ("clash.txt", "edited.txt", "merged.txt", "orphan.txt"):
        (tmp_path / name).write_text(BASE.replace("line 2\n", "mine\nmore\n"))
    (tmp_path / "gone.txt").unlink()
    new = {
        "clash.txt": BASE.replace("line 2\n", "theirs\n"),
        "merged.txt": BASE.replace("line 9\n", "theirs\n"),
        "up.txt": BASE.replace("line 9\n", "theirs\n"),
        "made.txt": "x\n",
    }
    return survey(
        tmp_path,
        {name: File(new.get(name, BASE)) for name in [*names, "made.txt"] if name not in ("old.txt", "orphan.txt")},
    )


def test_there_is_an_aligned_line_for_each_file_that_is_not_the_same(steps: list[Step]) -> None:
    assert lines(steps) == [
        "  conflict  clash.txt    at line 3",
        "  keep      edited.txt   your 2 lines kept",
        "  dropped   gone.txt     you deleted it; to have it back: overture generate --restore gone.txt",
        "  create    made.txt",
        "  merge     merged.txt   your 2 lines kept",
        "  delete    old.txt      no longer generated",
        "  orphan    orphan.txt   no longer generated; kept, because you edited it",
        "  update    up.txt",
    ]


def test_edits_and_deletions_of_a_person_are_not_pending(steps: list[Step]) -> None:
    assert [step.path for step in pending(steps)] == [
        "clash.txt",
        "made.txt",
        "merged.txt",
        "old.txt",
        "orphan.txt",
        "up.txt",
    ]
    assert [step.path for step in conflicts(steps)] == ["clash.txt"]


def test_the_last_sentence_says_what_to_do(steps: list[Step]) -> None:
    assert (
        closing(steps)
        == '1 file has conflicts: clash.txt:3. Keep what you want, remove the markers, run "overture generate" again.'
    )
    assert closing([step for step in steps if step.path in ("up.txt", "same.txt")]) == "1 file brought up to date."
    assert closing([]) == "Everything is up to date."


def test_a_check_says_what_mends_it(tmp_path: Path) -> None:
    wanted = {f"{i}.txt": File("new\n") for i in range(9)}
    generate(tmp_path, {"0.txt": File("old\n")}, overture_version="1")
    (tmp_path / "0.txt").write_text("<<<<<<< HEAD\n")
    first, *others = survey(tmp_path, wanted)

    assert stale([first]) == closing([first])
    assert stale([first, *others]).split("\n") == [
        closing([first]),
        "1.txt, 2.txt, 3.txt, 4.txt, 5.txt, 6.txt and 2 more are not up to date with conf/. Run: overture generate",
    ]
    assert stale(others[:1]) == "1.txt is not up to date with conf/. Run: overture generate"


def test_the_diff_is_one_that_tools_read(steps: list[Step]) -> None:
    shown = diff(step for step in steps if step.path in ("up.txt", "made.txt", "old.txt", "edited.txt"))

    assert "--- a/up.txt\n+++ b/up.txt\n@@ -7,6 +7,6 @@\n" in shown
    assert "-line 9\n+theirs\n" in shown
    assert "--- /dev/null\n+++ b/made.txt\n@@ -0,0 +1 @@\n+x\n" in shown
    assert "+++ /dev/null\n" in shown
    assert "edited.txt" not in shown


def test_a_missing_line_end_is_shown_as_git_shows_it(tmp_path: Path) -> None:
    generate(tmp_path, {"a.txt": File("a\nb\n")}, overture_version="1")
    (tmp_path / "a.txt").write_text("a\nb")

    assert diff(survey(tmp_path, {"a.txt": File("a\nc\n")})).endswith(
        " a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"
    )


def test_a_machine_reads_plain_values(steps: list[Step]) -> None:
    facts = json.loads(json.dumps([as_dict(step) for step in steps]))

    assert facts[0] == {"path": "clash.txt", "change": "conflict", "conflicts": [3], "own_lines": 2, "why": None}
