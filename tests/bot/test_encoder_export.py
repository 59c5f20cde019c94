"""The guards of the encoder's export. The export itself proves its result each time it runs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from bot.encoder_export import FILES, FORMAT, WEIGHTS_SHA256, EncoderExportError, check_weights, is_exported, main


def write_export(folder: Path) -> None:
    digests = {}
    for name in FILES:
        (folder / name).write_bytes(name.encode())
        digests[name] = hashlib.sha256(name.encode()).hexdigest()
    meta = {"format": FORMAT, "weights_sha256": WEIGHTS_SHA256, "files": digests}
    (folder / "meta.json").write_text(json.dumps(meta))


def test_other_weights_are_refused_with_both_hashes(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(EncoderExportError, match=WEIGHTS_SHA256):
        check_weights(tmp_path)


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(EncoderExportError, match=r"model\.safetensors"):
        check_weights(tmp_path)


def test_a_complete_export_is_recognised(tmp_path):
    write_export(tmp_path)
    assert is_exported(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_an_export_with_a_changed_or_missing_file_is_not(tmp_path, name):
    write_export(tmp_path)
    (tmp_path / name).write_bytes(b"changed")
    assert not is_exported(tmp_path)
    (tmp_path / name).unlink()
    assert not is_exported(tmp_path)


@pytest.mark.parametrize(
    "meta", ["", "[]", "{}", '{"format": 0, "files": {}}', '{"format": 3, "weights_sha256": "x", "files": {}}']
)
def test_an_export_with_a_strange_meta_file_is_not(tmp_path, meta):
    write_export(tmp_path)
    (tmp_path / "meta.json").write_text(meta)
    assert not is_exported(tmp_path)


def test_a_finished_export_is_left_as_it_is(tmp_path, capsys):
    write_export(tmp_path)
    before = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert main(["--to", str(tmp_path)]) == 0
    assert "already exported" in capsys.readouterr().out
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before
