"""A converted folder is there as a whole or not at all, whatever ends the command, and nothing is overwritten."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys

import pytest
from conftest import invoke, run_command
from other_layouts import folders

from defectdiffu.data.layout import read_data_set
from defectdiffu.files.new_folder import MARK, new_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from defectdiffu.files.new_folder import new_folder
with new_folder(Path(sys.argv[1])) as folder:
    (folder / "half").mkdir()
    (folder / "half/file").write_text("half")
    print("writing", flush=True)
    if sys.argv[2] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.readline()
"""


@pytest.fixture
def source(tmp_path):
    folders(tmp_path / "a", "good", "bad", ".png", "0_mask.png")
    return tmp_path / "a"


def test_after_a_kill_nothing_is_there_and_the_next_attempt_succeeds(source, tmp_path):
    target = tmp_path / "made"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(target), "killed"], capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert not target.exists() and (tmp_path / "made.partial/half/file").exists()
    run_command("convert", source, "--to", target)
    assert len(read_data_set(target)) == 3
    assert sorted(path.name for path in target.iterdir()) == ["part"] and not (tmp_path / "made.partial").exists()


def test_two_commands_do_not_write_to_one_folder(source, tmp_path):
    arguments = [sys.executable, "-c", KILLED, str(tmp_path / "made"), "waits"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout and other.stdin and other.stdout.readline() == "writing\n"
        result = invoke("convert", source, "--to", tmp_path / "made")
        assert result.exit_code == 1 and "another process is writing to it" in result.output
        other.communicate("go on\n")
    assert (tmp_path / "made/half/file").read_text() == "half" and not (tmp_path / "made" / MARK).exists()


def test_a_full_disk_leaves_nothing_and_says_so(source, tmp_path, monkeypatch):
    copy, copies = shutil.copyfile, []

    def full(*arguments):
        copies.append(arguments)
        if len(copies) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return copy(*arguments)

    monkeypatch.setattr(shutil, "copyfile", full)
    result = invoke("convert", source, "--to", tmp_path / "made")
    assert result.exit_code == 1 and "No space left on device" in result.output and len(copies) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_nothing_is_overwritten(source, tmp_path):
    for target in (tmp_path / "made", tmp_path / "other"):
        place = target if target.name == "made" else target.with_name("other.partial")
        place.mkdir()
        (place / "mine.txt").write_text("mine")
        result = invoke("convert", source, "--to", target)
        assert result.exit_code == 1 and "exists already" in result.output
        assert [path.name for path in place.iterdir()] == ["mine.txt"]
    (tmp_path / "file").write_text("mine")
    assert "exists already" in invoke("convert", source, "--to", tmp_path / "file").output
    assert (tmp_path / "file").read_text() == "mine"


def test_an_empty_folder_may_be_there(tmp_path):
    (tmp_path / "made").mkdir()
    with new_folder(tmp_path / "made") as folder:
        (folder / "file").write_text("whole")
    assert (tmp_path / "made/file").read_text() == "whole"
