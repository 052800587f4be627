"""Files that must stay as they are while a work reads them, once or more often: hashed, checked, loaded, scored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Mistake, OvertureError, Problem, listed

if TYPE_CHECKING:
    from .dataset import Dataset

Stamps = Mapping[str, Mapping[str, object]]
"""By source, then by file: what tells a file that was written to from one that was not."""


def states(files: Iterable[Path]) -> dict[str, tuple[int, ...]]:
    """The size, time and inode of each file here; one that is not there has none."""
    found: dict[str, tuple[int, ...]] = {}
    for file in files:
        with suppress(OSError):
            state = file.stat()
            found[str(file)] = (state.st_size, state.st_mtime_ns, state.st_ino)
    return found


@contextmanager
def steady(
    look: Callable[[], Mapping[str, object]],
    verb: str = "read",
    path: tuple[str | int, ...] = (),
    before: Mapping[str, object] | None = None,
) -> Iterator[None]:
    """Read files in the block.

    look: tells their states. verb: what is done to them. path: the key that names them. before: their states when they
    were first looked at; None: it is at the start of the block.
    Raises Mistake with the files that are not in the end as they were, in place of what the block raises.
    """
    first = look() if before is None else before
    try:
        yield
    except Exception:
        if changed := _changed(first, look(), verb, path):
            raise changed from None
        raise
    if changed := _changed(first, look(), verb, path):
        raise changed


def _changed(
    before: Mapping[str, object], now: Mapping[str, object], verb: str, path: tuple[str | int, ...]
) -> Mistake | None:
    names = differing(before, now)
    return Mistake(said(names, path, f"while {'it was' if len(names) == 1 else 'they were'} {verb}")) if names else None


def stamps(dataset: Dataset, root: Path) -> Stamps:
    """The state of every file of a data set, here or in an object store; one that is not there has none."""
    found: dict[str, Mapping[str, object]] = {}
    for name in dataset.used:
        with suppress(Mistake):  # a store that cannot be listed: reading says so
            found[name] = dataset.sources[name].stamps(root)
    return found


@contextmanager
def unchanged(dataset: Dataset, root: Path, since: Stamps | None = None) -> Iterator[Stamps]:
    """Read files in the block, as often as needed.

    since: their state when they were read before the block; None: they were not.
    Raises Mistake with the files that are not in the end as they were at the start, in place of what the block raises.
    """
    before = stamps(dataset, root)
    if since is not None:
        hold(since, before)
    try:
        yield before
    except OvertureError:
        hold(before, stamps(dataset, root))
        raise
    hold(before, stamps(dataset, root))


def hold(before: Stamps, now: Stamps) -> None:
    """Refuse files that are not what they were.

    Raises Mistake with one problem for each source that has such files.
    """
    problems = []
    for source in before.keys() & now.keys():
        if names := differing(before[source], now[source]):
            problems.append(said(names, ("data", "sources", source, "path"), "between two readings"))
    if problems:
        raise Mistake(problems)


def differing(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """The files that changed, went or came, by the last part of their names."""
    names = [name for name, stamp in before.items() if now.get(name) != stamp]
    names += [name for name in now if name not in before]
    return [name if "://" in name else Path(name).name for name in names]


def said(names: list[str], path: tuple[str | int, ...], when: str) -> Problem:
    """What is to be said of files that changed, and when they did."""
    what = f"{listed(names[:3], 'and')} changed" if len(names) < 4 else f"{len(names):,} files changed"
    return Problem(f"{what} {when}.", path, hint="Run it again once nobody writes there.")
