"""The guards of the encoder's export. The export itself proves its result each time it runs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from bot.encoder_export import (
    FILES,
    FORMAT,
    PROOF_SENTENCES,
    WEIGHTS_SHA256,
    EncoderExportError,
    check_pooling,
    check_weights,
    is_exported,
    main,
    weights_of,
)


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


def test_a_model_that_pools_in_another_way_is_refused(tmp_path):
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    with pytest.raises(EncoderExportError, match="mean"):
        check_pooling(tmp_path)
    with pytest.raises(EncoderExportError, match="sentence-transformers"):
        check_pooling(tmp_path / "1_Pooling")


def test_a_model_of_the_operators_own_is_exported_with_its_own_length(tmp_path):
    """A small random model in the form of the multilingual ones: other weights, other length, no token types asked."""
    model = make_sentence_model(tmp_path / "model")
    assert main(["--to", str(tmp_path / "out"), "--model", str(model)]) == 0
    meta = json.loads((tmp_path / "out" / "meta.json").read_text())
    assert (meta["dimensions"], meta["weights_sha256"]) == (32, weights_of(model))
    assert not is_exported(tmp_path / "out")  # it is not the one that ships
    assert is_exported(tmp_path / "out", weights_of(model))


def make_sentence_model(folder: Path) -> Path:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers.models import WordLevel
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *sorted({word for one in PROOF_SENTENCES for word in one.split()})]
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
    )
    parts = folder.parent / "parts"
    BertModel(config).save_pretrained(parts)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(parts)
    transformer = Transformer(str(parts), max_seq_length=32)
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(folder))
    return folder
