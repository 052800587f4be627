"""Every example of docs/sweeps.md does what the page says."""

import re
import shlex
import shutil
from pathlib import Path

from overture.runtime.runs.store import runs
from overture.runtime.sweeps.sweep import sweeps

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sweeps.md").read_text()


def test_every_command_of_the_page_runs(tmp_path, here, terminals, telco):
    shutil.copy(telco, tmp_path / "telco.csv")
    assert here(tmp_path, "new", "churn", "--data", "telco.csv", "--target", "Churn")[0] == 0
    root = tmp_path / "churn"
    for file, text in re.findall(r"^```yaml\n# (conf/\S+)\n(.*?)^```", PAGE, re.M | re.S):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    commands = [shlex.split(line) for line in re.findall(r"^\$ (.+)$", PAGE, re.M)]
    assert len(commands) == 9

    for words in commands:
        if words[0] == "pip":
            assert re.fullmatch(r"overture\[(optuna|joblib)\]", words[-1])
        elif "hydra/launcher=joblib" in words:
            terminals(root)(*words, "evaluation.replicates=20")
        else:
            drop = 1 if words[0] in ("python", "overture") else 0
            quick = ("evaluation.replicates=20",) if words[0] == "python" else ()
            code, said = here(root, *words[drop:], *quick)
            assert code == 0, said
    assert len(sweeps(root)) == 4
    assert len(runs(root)) == 7
    assert all((sweep.folder / "leaderboard.html").is_file() for sweep in sweeps(root))
    assert sum(run.told for run in runs(root)) == 4
