"""The table of decisions, row by row."""

from pathlib import Path

import pytest

from overture.generator.file import File, Found, canonical
from overture.generator.manifest import Manifest
from overture.generator.plan import Change, Step, plan

BASE = "".join(f"line {i}\n" for i in range(12))
MINE = BASE.replace("line 2\n", "mine\n")
NEW = BASE.replace("line 9\n", "new\n")
BOTH = MINE.replace("line 9\n", "new\n")
CLASH = BASE.replace("line 2\n", "new\n")
OPEN = "<<<<<<< your edit\nmine\n=======\nnew\n>>>>>>> newly generated\n"
PATH = "notes.txt"


def _step(
    mine: str | bytes | None,
    bases: tuple[str, ...] | None,
    theirs: str | None,
    *,
    once: bool = False,
    waiting: bool = False,
) -> Step | None:
    data = mine.encode() if isinstance(mine, str) else mine
    wanted = {} if theirs is None else {PATH: File(theirs, once)}
    last = Manifest() if bases is None else Manifest({PATH: bases})
    steps = plan(wanted, last, {PATH: None if data is None else Found(data, waiting)})
    assert len(steps) <= 1
    return steps[0] if steps else None


@pytest.mark.parametrize(
    ("mine", "base", "theirs", "change", "after", "remembered"),
    [
        (None, None, BASE, "create", BASE, BASE),
        (BASE, None, BASE, "adopt", BASE, BASE),
        (BASE, BASE, NEW, "update", NEW, NEW),
        (BASE, BASE, BASE, "same", BASE, BASE),
        (NEW, BASE, NEW, "same", NEW, NEW),
        (MINE, BASE, BASE, "keep", MINE, BASE),
        (MINE, BASE, NEW, "merge", BOTH, NEW),
        (BOTH, BASE, NEW, "keep", BOTH, NEW),
        (None, BASE, NEW, "dropped", None, NEW),
        (BASE, BASE, None, "delete", None, None),
        (MINE, BASE, None, "orphan", MINE, None),
        (OPEN, BASE, NEW, "conflict", OPEN, BASE),
        (b"caf\xe9\n", BASE, BASE, "keep", b"caf\xe9\n", BASE),
        (b"caf\xe9\n", BASE, NEW, "conflict", b"caf\xe9\n", BASE),
        (b"a\0b\n", BASE, NEW, "conflict", b"a\0b\n", BASE),
        ("", "", BASE, "update", BASE, BASE),
        (BASE, BASE, "", "update", "", ""),
    ],
)
def test_each_row_of_the_table(
    mine: str | bytes | None,
    base: str | None,
    theirs: str | None,
    change: str,
    after: str | bytes | None,
    remembered: str | None,
) -> None:
    step = _step(mine, None if base is None else (base,), theirs)

    assert step is not None
    assert step.change == change
    assert step.data == (after.encode() if isinstance(after, str) else after)
    assert step.bases == (() if remembered is None else (remembered,))


def test_what_is_neither_wanted_nor_there_is_forgotten() -> None:
    assert _step(None, (BASE,), None) is None


def test_lines_that_both_changed_are_a_conflict_that_holds_both() -> None:
    step = _step(MINE, (BASE,), CLASH)

    assert step is not None
    assert step.data is not None
    assert (step.change, step.lines, step.bases) == (Change.CONFLICT, (3,), (CLASH,))
    assert {"mine", "new", "line 2"} <= set(step.data.decode().split("\n"))
    again = _step(step.data, (CLASH,), CLASH)
    assert again is not None
    assert (again.change, again.data) == (Change.CONFLICT, step.data)


def test_a_file_that_overture_did_not_write_is_never_overwritten() -> None:
    step = _step("my own\n", None, "theirs\n")

    assert step is not None
    assert step.data is not None
    assert step.change is Change.CONFLICT
    assert {"my own", "theirs"} <= set(step.data.decode().split("\n"))


def test_without_git_the_file_is_kept_and_the_new_text_laid_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    step = _step(MINE, (BASE,), NEW)

    assert step is not None
    assert (step.change, step.data, step.incoming, step.bases) == (Change.CONFLICT, MINE.encode(), True, (NEW,))
    waiting = _step(MINE, (NEW,), CLASH, waiting=True)
    assert waiting is not None
    assert (waiting.change, waiting.data, waiting.bases) == (Change.CONFLICT, MINE.encode(), (NEW,))


@pytest.mark.parametrize("theirs", [NEW, BASE])
def test_bases_of_two_branches_are_both_taken_into_account(theirs: str) -> None:
    one, other = BASE.replace("line 5\n", "one\n"), BASE.replace("line 11\n", "other\n")
    united = MINE.replace("line 5\n", "one\n").replace("line 11\n", "other\n")
    step = _step(united, (one, other), theirs)

    assert step is not None
    assert step.data is not None
    assert step.data.decode() == theirs.replace("line 2\n", "mine\n")
    assert step.bases == (theirs,)


@pytest.mark.parametrize(
    ("mine", "known", "change", "after"),
    [
        (None, False, "create", BASE),
        (None, True, "dropped", None),
        (MINE, False, "same", MINE),
        (MINE, True, "same", MINE),
        (OPEN, True, "same", OPEN),
    ],
)
def test_a_file_generated_once_is_a_persons_own(mine: str | None, known: bool, change: str, after: str | None) -> None:
    last = Manifest(once=frozenset({PATH} if known else ()))
    (step,) = plan({PATH: File(BASE, once=True)}, last, {PATH: Found(mine.encode()) if mine is not None else None})

    assert (step.change, step.data, step.bases) == (change, None if after is None else after.encode(), ())


def test_a_file_generated_once_is_left_alone_when_it_is_no_longer_wanted() -> None:
    assert plan({}, Manifest(once=frozenset({PATH})), {PATH: Found(BASE.encode())}) == []


def test_a_clean_merge_that_breaks_the_code_is_a_conflict() -> None:
    base = "import math\n\n\ndef area(r):\n    return math.pi * r\n\n\ndef one():\n    return 1\n"
    mine = base.replace("return 1", "return math.e")
    theirs = base.replace("import math\n\n\n", "").replace("math.pi", "3.14")
    (step,) = plan({"a.py": File(theirs)}, Manifest({"a.py": (base,)}), {"a.py": Found(mine.encode())})

    assert step.change is Change.CONFLICT
    assert "Undefined name `math`" in step.why
    assert step.lines
    assert step.data is not None
    assert {"    return math.e", "    return 3.14 * r"} <= set(step.data.decode().split("\n"))


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize(("mine", "after"), [(BASE, NEW), (MINE, BOTH)])
def test_the_form_of_a_file_survives(bom: bytes, end: str, last: bool, mine: str, after: str) -> None:
    def form(text: str) -> bytes:
        return bom + (text if last else text.removesuffix("\n")).replace("\n", end).encode()

    step = _step(form(mine), (BASE,), NEW)
    untouched = _step(form(mine), (BASE,), BASE)

    assert step is not None
    assert step.data == form(after)
    assert untouched is not None
    assert untouched.data == form(mine)
    assert untouched.change in (Change.SAME, Change.KEEP)


def test_mixed_line_ends_become_those_of_most_lines() -> None:
    mine = BASE.replace("\n", "\r\n").replace("line 3\r\n", "line 3\n").encode()
    step = _step(mine, (BASE,), NEW)

    assert step is not None
    assert step.data == NEW.replace("\n", "\r\n").encode()


def test_what_is_generated_has_plain_line_ends_and_one_at_the_end() -> None:
    assert [canonical(text) for text in ("", "a", "a\n", "a\r\nb")] == ["", "a\n", "a\n", "a\nb\n"]


def test_the_lines_a_person_wrote_are_counted() -> None:
    step = _step(MINE.replace("line 4\n", "line 4\nx\ny\n"), (BASE,), NEW)

    assert step is not None
    assert step.own == 3
