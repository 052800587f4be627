"""What generating costs for many files and for many columns, beside what nobody can do without."""

import sys
from pathlib import Path

import polars as pl

from .side_by_side import compare, cpu_seconds

IMPORTS = "import hydra, pydantic, jinja2; from hydra import compose, initialize_config_dir"
FILES = """
import sys
from pathlib import Path
from overture.generator.apply import generate
from overture.generator.file import File
from overture.generator.format import format_python
number = sys.argv[1]
lines = "".join(f"    {name} = call({name!r}, [1, 2, 3])\\n" for name in map("name_{}".format, range(100)))
texts = format_python({f"part/file_{i}.py": f"def work_{i}(call):\\n{lines}    return {number}\\n" for i in range(30)})
generate(Path("."), {path: File(text) for path, text in texts.items()}, overture_version="0.1.0")
"""


def test_thirty_files_generated_anew_where_a_person_edited_each(tmp_path: Path) -> None:
    cpu_seconds([sys.executable, "-c", FILES, "1"], tmp_path)
    for file in sorted((tmp_path / "part").glob("*.py")):
        file.write_text(f"# mine\n{file.read_text()}")

    seconds = cpu_seconds([sys.executable, "-c", FILES, "2"], tmp_path)

    print(f"\n30 files merged: {seconds:.2f} s of CPU")
    assert all(file.read_text().startswith("# mine\n") for file in (tmp_path / "part").glob("*.py"))
    assert all(file.read_text().endswith("return 2\n") for file in (tmp_path / "part").glob("*.py"))
    assert seconds < 1


def test_two_thousand_columns_beside_importing_its_libraries(tmp_path: Path) -> None:
    columns = {f"column {i}": range(100) if i % 2 else ["a", "b"] * 50 for i in range(1999)}
    pl.DataFrame({**columns, "y": [0, 1] * 50}).write_csv(tmp_path / "wide.csv")
    words = [sys.executable, "-m", "overture.generator"]
    cpu_seconds([*words, "new", "wide", "--data", "wide.csv", "--target", "y"], tmp_path)

    seconds = cpu_seconds([*words, "generate"], tmp_path / "wide")
    print(f"\noverture generate, 2,000 columns: {seconds:.2f} s of CPU")
    ratio = compare(
        "overture generate, 2,000 columns, beside importing Hydra, pydantic and Jinja",
        [*words, "generate"],
        [sys.executable, "-c", IMPORTS],
        tmp_path / "wide",
        rounds=3,
    )

    assert seconds < 4
    assert ratio < 12
