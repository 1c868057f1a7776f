"""Every reader of a JSON file names the path of a damaged one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import invoke

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.checkpoints.runs import Run
from defectdiffu.evaluation.results_store import ResultsStore
from defectdiffu.files.json_files import read_json


def file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b'{"a": {"b": 1}', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "holds a list, must hold an object"),
        (b"{}", "has no 'a.b'"),
        (b'{"a": 1}', "has no 'a.b'"),
    ],
)
def test_an_error_names_the_path_and_the_problem(tmp_path, content, message):
    path = file(tmp_path / "some.json", content)
    with pytest.raises(ValueError, match=f"^{re.escape(f'{path}: {message}')}"):
        read_json(path, "a.b")


def test_a_valid_file_is_read(tmp_path):
    path = file(tmp_path / "some.json", '{"a": {"b": "ß"}}'.encode())
    assert read_json(path, "a.b") == {"a": {"b": "ß"}}


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_errors_in_figures_manifest_and_configuration_name_the_path(tmp_path, content):
    settings = {"model": "tin@1", "step": 1}
    readers = {
        "figures.json": lambda path: ResultsStore(path, settings),
        "other.json": lambda path: ResultsStore(tmp_path / "mine.json", settings).adopt(path, (), lambda key: True),
        "bundle.json": lambda path: load_bundle(path.parent),
    }
    for name, read in readers.items():
        path = file(tmp_path / name, content)
        with pytest.raises(ValueError, match=re.escape(f"{path}: ")):
            read(path)
    path = file(tmp_path / "config.json", b"{")
    with pytest.raises(ValueError, match=re.escape(f"{path}: not JSON")):
        Run(tmp_path).config()


def test_errors_in_figures_for_the_manifest_name_the_path(trained, tmp_path):
    (tmp_path / "provenance.toml").write_text("")
    path = file(tmp_path / "strength.json", b"{")
    options = ("--provenance", tmp_path / "provenance.toml", "--models", tmp_path, "--figures", path)
    result = invoke("export", "--run", trained / "run", *options)
    assert result.exit_code == 1 and f"{path}: not JSON" in result.output.replace("\n", " ")
