"""Rows from JSON lines: keys in any order, damaged lines are said with their number."""

import gzip

import pytest

from overture.runtime.data.column import column
from overture.runtime.data.sources import jsonl
from overture.runtime.data.sources.jsonl import Jsonl
from overture.runtime.errors import Mistake

ANY = dict.fromkeys("ab", column("text", nullable=True))


def read(tmp_path, text, **keys):
    (tmp_path / "rows.jsonl").write_bytes(text if isinstance(text, bytes) else text.encode())
    source = Jsonl(kind="jsonl", path="rows.jsonl", **keys)
    return source.columns(tmp_path), source.read(tmp_path, ANY).rows()


def test_a_key_that_a_line_lacks_is_missing(tmp_path):
    names, rows = read(tmp_path, '{"b": 1}\n\n{"a": "x", "b": null}\n{"b": 2.5, "a": true, "c": 1}')
    assert names == ["b", "a", "c"]
    assert rows == [(None, "1"), ("x", None), ("true", "2.5")]


def test_lists_and_objects_are_text(tmp_path):
    assert read(tmp_path, '{"a": [1, "x"], "b": {"c": null}}')[1] == [('[1, "x"]', '{"c": null}')]


def test_what_says_that_a_value_is_missing(tmp_path):
    assert read(tmp_path, '{"a": "NA", "b": ""}', missing=["NA"])[1] == [(None, "")]


def test_keys_may_be_named(tmp_path):
    assert read(tmp_path, '{"b": 1}', keys=["a", "b"]) == (["a", "b"], [(None, "1")])


def test_packed_files_are_known_by_their_content(tmp_path):
    assert read(tmp_path, gzip.compress(b'{"a": 1, "b": 2}'))[1] == [("1", "2")]


def test_lines_go_on_where_a_block_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "_BLOCK", 40)
    text = "".join(f'{{"a": "{i}", "b": "ü{i}"}}\n' for i in range(100))
    assert read(tmp_path, text)[1] == [(str(i), f"ü{i}") for i in range(100)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "rows.jsonl is empty"),
        ('{"a": 1}\n{"a": 2,\n{"a": 3}', "line 2: cannot be read as a JSON object"),
        ('[{"a": 1},\n{"a": 2}]', "line 1: .*no list around them"),
        ('{"a": 1}\n7', "line 2: cannot be read as a JSON object"),
        (b'{"a": "\xff"}', "is not utf-8: line 1 holds the byte 0xff"),
        (gzip.compress(b'{"a": 1}' * 9000, mtime=0)[:-20], "rows.jsonl is damaged"),
    ],
)
def test_what_is_damaged_is_a_mistake(tmp_path, text, said):
    with pytest.raises(Mistake, match=said):
        read(tmp_path, text)


def test_the_line_of_a_later_block_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "_BLOCK", 50)
    text = '{"a": 1, "b": 2}\n' * 20 + '{"a": 1\n'
    with pytest.raises(Mistake, match="line 21: cannot be read as a JSON object"):
        read(tmp_path, text)
