"""What a model file may hold. Read as a stream before anything is unpacked: Rasa imports every class a model names.

Knows the files and classes that our own training writes, and nothing else passes. Unpacks and imports nothing itself.
"""

from __future__ import annotations

import gzip
import json
import re
import tarfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from parley_rasa.held_models import ModelError

MOST_UNPACKED = 128 * 1024 * 1024  # bytes
LARGEST_METADATA = 4 * 1024 * 1024  # bytes

_METADATA = "metadata.json"
_INTENTS = r"components/train_parley_rasa\.semantic_intents\.SemanticIntents\d{1,2}"
_FOLDERS = re.compile(rf"|components|components/domain_provider|components/finetuning_validator|{_INTENTS}")
_FILES = re.compile(
    rf"metadata\.json|components/domain_provider/domain\.yml"
    rf"|components/finetuning_validator/fingerprints-for-validation\.json|{_INTENTS}/intents\.(json|npz)"
)

# Class by the functions that Rasa may call on it.
_TRAINING = {
    "rasa.graph_components.validators.default_recipe_validator.DefaultV1RecipeValidator": "validate",
    "rasa.graph_components.validators.finetuning_validator.FinetuningValidator": "validate",
    "rasa.graph_components.providers.nlu_training_data_provider.NLUTrainingDataProvider": "provide",
    "rasa.graph_components.providers.domain_provider.DomainProvider": "provide_train",
    "rasa.graph_components.providers.domain_for_core_training_provider.DomainForCoreTrainingProvider": "provide",
    "rasa.graph_components.providers.forms_provider.FormsProvider": "provide",
    "rasa.graph_components.providers.responses_provider.ResponsesProvider": "provide",
    "rasa.graph_components.providers.story_graph_provider.StoryGraphProvider": "provide",
    "rasa.graph_components.providers.training_tracker_provider.TrainingTrackerProvider": "provide",
    "parley_rasa.semantic_intents.SemanticIntents": "train",
    "parley_rasa.flow_policy.FlowPolicy": "train",
}
_ANSWERING = {
    "rasa.graph_components.converters.nlu_message_converter.NLUMessageConverter": "convert_user_message",
    "rasa.graph_components.providers.domain_provider.DomainProvider": "provide_inference",
    "rasa.graph_components.providers.rule_only_provider.RuleOnlyDataProvider": "provide",
    "rasa.nlu.classifiers.regex_message_handler.RegexMessageHandler": "process",
    "rasa.core.policies.ensemble.DefaultPolicyPredictionEnsemble": "combine_predictions_from_kwargs",
    "parley_rasa.value_extractor.ValueExtractor": "process",
    "parley_rasa.semantic_intents.SemanticIntents": "process",
    "parley_rasa.flow_policy.FlowPolicy": "predict_action_probabilities",
}
_SCHEMAS = {"train_schema": ("create", _TRAINING), "predict_schema": ("load", _ANSWERING)}


class ContentsError(ModelError):
    """The file holds something that no model of our own training holds."""


def check_contents(path: Path) -> None:
    """Return when the file holds nothing but what our own training writes.

    Raises:
        ContentsError: it does not.
        OSError: it cannot be read.
    """
    try:
        with gzip.open(path) as unpacked, tarfile.open(fileobj=_Bounded(unpacked), mode="r|") as archive:
            metadata = _read_members(archive)
    except ContentsError:
        raise
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, OverflowError) as error:
        raise ContentsError(f"no archive of a model: {type(error).__name__}") from error
    if metadata is None:
        raise ContentsError(f"no {_METADATA} in it")
    _check_metadata(metadata)


def _read_members(archive: tarfile.TarFile) -> bytes | None:
    seen: set[str] = set()
    metadata = None
    for member in archive:
        is_good = (member.isdir() and _FOLDERS.fullmatch(member.name)) or (
            member.type == tarfile.REGTYPE and _FILES.fullmatch(member.name)
        )
        # Of two files of one name the second would be taken.
        if not is_good or member.name in seen:
            raise ContentsError(f"{member.name[:100]!r} does not belong into a model")
        seen.add(member.name)
        if member.name == _METADATA:
            if member.size > LARGEST_METADATA:
                raise ContentsError(f"{_METADATA} has more than {LARGEST_METADATA} bytes")
            content = archive.extractfile(member)
            metadata = content.read() if content is not None else None
    return metadata


def _check_metadata(content: bytes) -> None:
    try:
        metadata = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ContentsError(f"{_METADATA} cannot be read") from error
    for schema, (constructor, classes) in _SCHEMAS.items():
        nodes = _part(_part(metadata, schema), "nodes")
        for node in nodes.values():
            if not isinstance(node, dict) or not isinstance(node.get("uses"), str):
                raise ContentsError(f"{_METADATA} cannot be read")
            called = (node.get("constructor_name"), node.get("fn"))
            if called != (constructor, classes.get(node["uses"])):
                raise ContentsError(f"{node['uses'][:100]!r} does not belong into a model")


def _part(content: Any, name: str) -> dict[str, Any]:
    part = content.get(name) if isinstance(content, dict) else None
    if not isinstance(part, dict):
        raise ContentsError(f"no {name} in {_METADATA}")
    return part


class _Bounded:
    """What was packed, given out up to a limit: a few bytes can unpack to any number."""

    def __init__(self, file: BinaryIO | gzip.GzipFile) -> None:
        self._file = file
        self._left = MOST_UNPACKED

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise ContentsError(f"it unpacks to more than {MOST_UNPACKED} bytes")
        return data
