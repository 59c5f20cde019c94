"""A model file that holds more than our own training writes is refused before any of it is unpacked or imported."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import serving
from parley_rasa.model_contents import MOST_UNPACKED, ContentsError, check_contents

CANARY = """
from pathlib import Path
Path(__file__).with_name("was_imported").touch()
class Canary:
    pass
"""
HOSTILE_NAMES = [
    "../outside", "../../etc/cron.d/evil", "/etc/passwd", "components/../../outside", "components\\..\\outside",
    "./metadata.json", "metadata.json/../x", "components/x/y.pkl", "components/domain_provider/domain.yml.py",
    "components/train_parley_rasa.semantic_intents.SemanticIntents1/intents.pkl", "a" * 300, "ünïcode", "a\nb",
]  # fmt: skip


@pytest.fixture(scope="module")
def parts(trained_model):
    """What a real model holds."""
    with tarfile.open(trained_model) as archive:
        return [(member, archive.extractfile(member)) and (member, _content(archive, member)) for member in archive]


def _content(archive, member):
    file = archive.extractfile(member)
    return file.read() if file is not None else b""


def packed(path, parts, *, more=(), metadata=None):
    """A model file with members more, or with other metadata."""
    with tarfile.open(path, "w:gz") as archive:
        for member, content in [*parts, *more]:
            if member.name == "metadata.json" and metadata is not None:
                content = json.dumps(metadata).encode()
                member = tarfile.TarInfo(member.name)
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def member(name, content=b"x", kind=tarfile.REGTYPE, link=""):
    made = tarfile.TarInfo(name)
    made.size, made.type, made.linkname = len(content), kind, link
    return made, content


def metadata_of(parts):
    return json.loads(next(content for one, content in parts if one.name == "metadata.json"))


def test_what_our_training_writes_passes(trained_model, parts, tmp_path):
    check_contents(trained_model)
    check_contents(packed(tmp_path / "again.tar.gz", parts))


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_file_of_another_name_is_refused(parts, tmp_path, name):
    with pytest.raises(ContentsError):
        check_contents(packed(tmp_path / "m.tar.gz", parts, more=[member(name)]))
    assert [path.name for path in tmp_path.iterdir()] == ["m.tar.gz"]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"S", b"9"]
)
def test_no_good_name_makes_a_link_or_a_device_good(parts, tmp_path, kind):
    without = [part for part in parts if not part[0].name.endswith("domain.yml")]
    hostile = member("components/domain_provider/domain.yml", b"", kind, "/etc/passwd")
    with pytest.raises(ContentsError):
        check_contents(packed(tmp_path / "m.tar.gz", without, more=[hostile]))


def test_two_files_of_one_name_are_refused(parts, tmp_path):
    with pytest.raises(ContentsError, match="metadata"):
        check_contents(packed(tmp_path / "m.tar.gz", parts, more=[part for part in parts if "meta" in part[0].name]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60), st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE]))
def test_no_member_whatever_its_name_and_kind_passes_beside_ours(parts, tmp_path, name, kind):
    try:
        path = packed(tmp_path / "m.tar.gz", parts[:1], more=[member(name, b"", kind, name)])
    except UnicodeError:
        return
    with pytest.raises(ContentsError):
        check_contents(path)


def test_a_million_members_are_not_read_through(tmp_path):
    with gzip.open(tmp_path / "m.tar.gz", "wb", compresslevel=1) as file:
        one = tarfile.TarInfo("components").tobuf() + b""
        block = one * 1_000
        for _ in range(1_000):
            file.write(block)
    with pytest.raises(ContentsError, match="does not belong"):
        check_contents(tmp_path / "m.tar.gz")


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_bomb_is_given_up_at_the_limit(tmp_path, kind):
    bomb = tarfile.TarInfo("components/domain_provider/domain.yml")
    bomb.size, bomb.type = 20 * MOST_UNPACKED, kind
    zeros = bytes(1024 * 1024)
    with gzip.open(tmp_path / "m.tar.gz", "wb", compresslevel=1) as file:
        file.write(bomb.tobuf())
        for _ in range(MOST_UNPACKED // len(zeros) + 8):
            file.write(zeros)
    tracemalloc.start()
    with pytest.raises(ContentsError, match="unpacks to more"):
        check_contents(tmp_path / "m.tar.gz")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 3 * MOST_UNPACKED


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_whatever_are_more_than_refused(tmp_path, data, is_packed):
    (tmp_path / "m.tar.gz").write_bytes(gzip.compress(data) if is_packed else data)
    with pytest.raises(ContentsError):
        check_contents(tmp_path / "m.tar.gz")


@pytest.mark.parametrize("schema", ["train_schema", "predict_schema"])
@pytest.mark.parametrize(
    "changed",
    [{"uses": "canary.Canary"}, {"uses": "subprocess.Popen"}, {"uses": None}, {"fn": "__class__"},
     {"constructor_name": "__init__"}, {"uses": "rasa.core.agent.Agent"}],
)  # fmt: skip
def test_no_class_or_function_but_ours_may_be_named(parts, tmp_path, schema, changed):
    metadata = metadata_of(parts)
    next(iter(metadata[schema]["nodes"].values())).update(changed)
    with pytest.raises(ContentsError):
        check_contents(packed(tmp_path / "m.tar.gz", parts, metadata=metadata))


@pytest.mark.parametrize("metadata", [[], {}, {"train_schema": {}}, {"train_schema": {"nodes": []}}, "x", None])
def test_metadata_of_another_shape_is_refused(parts, tmp_path, metadata):
    with pytest.raises(ContentsError):
        check_contents(packed(tmp_path / "m.tar.gz", [part for part in parts if part[0].name != "metadata.json"], more=[
            member("metadata.json", b"[" * 100_000 if metadata is None else json.dumps(metadata).encode())
        ]))  # fmt: skip


def test_a_real_replica_never_imports_a_class_that_a_pushed_model_names(encoder_dir, parts, tmp_path, monkeypatch):
    """The class stands where the replica would find it."""
    (tmp_path / "canary.py").write_text(CANARY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    metadata = metadata_of(parts)
    for schema in ("train_schema", "predict_schema"):
        nodes = metadata[schema]["nodes"]
        nodes["canary"] = {**next(iter(nodes.values())), "uses": "canary.Canary"}
    with serving(tmp_path / "log", "--encoder", encoder_dir) as replica:
        status, answer = replica.push_model(packed(tmp_path / "m.tar.gz", parts, metadata=metadata))
        assert (status, "does not belong into a model" in answer["error"]) == (400, True)
        assert replica.health()["models"] == []
        assert replica.push_model(packed(tmp_path / "good.tar.gz", parts))[0] == 204
    assert not (tmp_path / "was_imported").exists()


def test_the_canary_would_sing(parts, tmp_path, monkeypatch):
    """Rasa itself imports what a model names: without the check above the canary is found."""
    from rasa.engine.storage.local_model_storage import LocalModelStorage

    (tmp_path / "canary.py").write_text(CANARY)
    monkeypatch.syspath_prepend(str(tmp_path))
    metadata = metadata_of(parts)
    nodes = metadata["predict_schema"]["nodes"]
    nodes["canary"] = {**next(iter(nodes.values())), "uses": "canary.Canary"}
    path = packed(tmp_path / "m.tar.gz", parts, metadata=metadata)
    try:
        LocalModelStorage.metadata_from_archive(path)
    finally:
        sys.modules.pop("canary", None)
    assert (tmp_path / "was_imported").exists()
