"""How `overture check` grows with the rows: python -m tests.bench.growth draws docs/growth.svg, relative to its first point."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .events_project import checked
from .side_by_side import Cost, cost

MILLIONS = (1, 5, 10, 20)
ROOT = Path(__file__).resolve().parents[2]
CHECK = [sys.executable, "-m", "overture.generator", "check"]


def measured(millions: int, folder: Path) -> Cost:
    """The middle one of three checks."""
    file = folder / "events.parquet"
    subprocess.run(
        [sys.executable, Path(__file__).with_name("events.py"), folder, str(millions * 1_000_000)], check=True
    )
    (folder / "events.csv").unlink()
    project = checked(folder / "project", file)
    took = [cost(CHECK, project) for _ in range(3)]
    return Cost(*(sorted(getattr(it, of) for it in took)[1] for of in ("seconds", "wall", "gigabytes")))


def draw(costs: list[Cost]) -> None:
    """The curve, as a line each for time and memory; what the first point took is 1."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    for label, mark, of in (("CPU time", "o", "seconds"), ("most memory", "s", "gigabytes")):
        first = getattr(costs[0], of)
        axes.plot(MILLIONS, [getattr(it, of) / first for it in costs], marker=mark, label=label)
    axes.set(
        xlabel="million rows of 20 columns, Parquet", ylabel="relative to 1 million rows", xlim=(0, 21), ylim=(0, None)
    )
    axes.set_xticks(MILLIONS)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(ROOT / "docs" / "growth.svg", metadata={"Date": None})


def main() -> Iterator[str]:
    """Measure, draw, and say the ratios."""
    costs = []
    for millions in MILLIONS:
        with tempfile.TemporaryDirectory() as folder:
            costs.append(measured(millions, Path(folder)))
        cpu, memory = (getattr(costs[-1], of) / getattr(costs[0], of) for of in ("seconds", "gigabytes"))
        yield f"{millions:>3} million rows: {cpu:.2f} x the CPU, {memory:.2f} x the memory of {MILLIONS[0]} million"
    draw(costs)


if __name__ == "__main__":
    for line in main():
        print(line, flush=True)
