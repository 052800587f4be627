"""The lock of a Bento: what is installed here, by hash."""

import zipfile
from importlib.metadata import distribution, version

import pytest

from overture.runtime.errors import Mistake
from overture.runtime.packaging import lock
from overture.runtime.packaging.wheel import _packed, content

HASH = "a" * 64


def test_pins_are_the_closure_of_what_is_installed():
    found = lock.pins(["jinja2>=3", "PyYAML"])

    assert found == {name: version(name) for name in ("jinja2", "markupsafe", "pyyaml")}


def test_extras_bring_their_packages():
    assert "pyjwt" in lock.pins(["overture[jwt]"])
    assert "pyjwt" not in lock.pins(["overture"])


def test_everything_that_is_not_installed_is_told_at_once():
    with pytest.raises(Mistake) as told:
        lock.pins(["jinja2", "no-such-package>=2", "another_one"])

    assert len(told.value.problems) == 2


def test_what_is_no_requirement_is_told():
    with pytest.raises(Mistake, match="no requirement"):
        lock.pins(["jinja2; rm -rf /"])


def test_hashes_come_from_the_lock_files_that_know_them(tmp_path):
    (tmp_path / "a.lock").write_text(
        f"Some_Package==1.0 ; python_version >= '3' \\\n    --hash=sha256:{HASH}\n    # via x\n"
    )

    assert lock.locked({"some-package": "1.0"}, [tmp_path / "none", tmp_path / "a.lock"]) == (
        f"some-package==1.0 \\\n    --hash=sha256:{HASH}\n"
    )


def test_without_hashes_and_without_uv_there_is_a_sentence(monkeypatch):
    monkeypatch.setenv("PATH", "")

    with pytest.raises(Mistake, match="Install uv"):
        lock.locked({"some-package": "1.0"}, [])


def test_what_was_installed_from_a_wheel_becomes_the_same_wheel_again(tmp_path):
    installed = distribution("markupsafe")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    first, second = (_packed(installed, tmp_path / folder) for folder in ("a", "b"))

    assert first.read_bytes() == second.read_bytes()
    assert content(first) == content(second)
    with zipfile.ZipFile(first) as archive:
        names = archive.namelist()
    assert "markupsafe/__init__.py" in names
    assert names[-1].endswith(".dist-info/RECORD")
