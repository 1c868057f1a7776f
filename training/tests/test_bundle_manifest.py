"""A path that holds no bundle: the error lists the bundles that are there."""

from __future__ import annotations

import re

import pytest
from conftest import invoke

from defectdiffu.files.bundle_manifest import read_manifest


@pytest.fixture
def models(tmp_path):
    for version in ("0.9.0", "0.10.0"):
        (tmp_path / "models" / "tiny" / version).mkdir(parents=True)
        (tmp_path / "models" / "tiny" / version / "bundle.json").write_text('{"name": "tiny"}')
    return tmp_path / "models"


@pytest.mark.parametrize("path", ["tiny", ".", "tiny/1.0.0"])
def test_the_versions_that_are_there_are_listed_in_their_order(models, path):
    there = f"there are: {models / 'tiny' / '0.9.0'}, {models / 'tiny' / '0.10.0'}"
    with pytest.raises(FileNotFoundError, match=f"no bundle is here .*{re.escape(there)}$"):
        read_manifest(models / path)


def test_a_folder_without_any_bundle_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"x/y: no bundle is here \(no bundle.json\); give the folder that"):
        read_manifest(tmp_path / "x" / "y")


def test_a_version_is_read(models):
    assert read_manifest(models / "tiny" / "0.9.0", "name") == {"name": "tiny"}


def test_commands_list_the_versions(models, data_set, tmp_path):
    for command in (
        ("onboard", "--data", data_set, "--run", tmp_path / "run", "--version", "1.0.0"),
        ("train", "--data", data_set, "--run", tmp_path / "run", "--from-bundle", models / "tiny"),
        ("placement", "--data", data_set),
        ("quantise",),
    ):
        bundle = () if "--from-bundle" in command else ("--bundle", models / "tiny")
        result = invoke(*command, *bundle)
        assert result.exit_code == 1 and str(models / "tiny" / "0.10.0") in result.output, result.output
