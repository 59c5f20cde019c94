"""A flow with all it depends on as one zip file. When one is read, its names, sizes and digests are checked first."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field, ValidationError

from base.errors import InvalidInput
from bot.publishing.bundle_contents import collect_parts
from flows.content_tree import LIBRARY, MAX_FILE, ContentTree, NotContent, check_tree, digest_of
from flows.models import Team
from flows.parts import Identifier, Part

MAX_BUNDLE = 20_000_000  # bytes, packed
MAX_UNPACKED = 50_000_000  # bytes
MAX_ENTRIES = 2_000

_MANIFEST = "manifest.json"
_DATE = (1980, 1, 1, 0, 0, 0)  # the same contents give the same bytes
_ENCRYPTED = 0x1
# What zipfile raises on damaged files, by where the damage is.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class BundleRefused(InvalidInput):
    """The file is no bundle of Parley, or was changed after it was made."""

    code = "bundle_refused"


class _Manifest(Part):
    format: Literal[1]
    kind: Literal["parley-flow"]
    flow: Identifier
    items: dict[str, str] = Field(min_length=1)
    versions: dict[str, int] = Field(default_factory=dict)
    teams: dict[Identifier, Team] = Field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """What a bundle holds.

    Attributes:
        tree: the flow and what it depends on; of articles and examples only those it needs.
        teams: the teams it hands over to.
        versions: which published versions the items were, where they were published.
    """

    flow: str
    tree: ContentTree
    teams: Mapping[str, Team] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)


def export_flow(flow: str, tree: ContentTree, versions: Mapping[str, int] | None = None) -> bytes:
    """Packs a flow, the flows and journeys it leads to, and the words, examples, articles and teams they need.

    Args:
        versions: of the items, as `Published.contents` has them.

    Raises:
        NotFound: there is no such flow.
        FlowsRefused: a flow among them cannot be read.
    """
    parts = collect_parts(flow, tree)
    manifest = _Manifest(
        format=1,
        kind="parley-flow",
        flow=flow,
        items={item: digest_of(files) for item, files in parts.tree.items()},
        versions={item: number for item, number in (versions or {}).items() if parts.tree.get(item) == tree.get(item)},
        teams=dict(parts.teams),
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(_MANIFEST, _DATE), manifest.model_dump_json(indent=1))
        for item, files in sorted(parts.tree.items()):
            for name, text in sorted(files.items()):
                archive.writestr(zipfile.ZipInfo(f"{item}/{name}", _DATE), text.encode(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def read_bundle(data: bytes) -> Bundle:
    """Unpacks a bundle, in memory.

    Raises:
        BundleRefused: it is too large, damaged, holds what a bundle does not, or differs from its own manifest.
    """
    if len(data) > MAX_BUNDLE:
        raise BundleRefused(f"The file is larger than {MAX_BUNDLE} bytes.")
    texts = _unpack(data)
    try:
        manifest = _Manifest.model_validate_json(texts.pop(_MANIFEST, ""))
        tree = _as_tree(texts)
        check_tree(tree)
    except ValidationError as error:
        raise BundleRefused("The manifest is missing, damaged, or of a newer program.") from error
    except NotContent as error:
        raise BundleRefused(error.message) from error
    if LIBRARY in tree:
        raise BundleRefused("A bundle cannot hold library.yml: that belongs to the site.")
    if {item: digest_of(files) for item, files in tree.items()} != manifest.items:
        raise BundleRefused("The contents are not those the manifest names: the file was changed or damaged.")
    if f"library/{manifest.flow}" not in tree:
        raise BundleRefused(f"The flow {manifest.flow} is not in the file.")
    return Bundle(manifest.flow, tree, manifest.teams, manifest.versions)


def _unpack(data: bytes) -> dict[str, str]:
    texts: dict[str, str] = {}
    left = MAX_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > MAX_ENTRIES:
                raise BundleRefused(f"The file has more than {MAX_ENTRIES} entries.")
            for entry in archive.infolist():
                text = _read_entry(archive, entry)
                left -= len(text)
                if left < 0:
                    raise BundleRefused(f"Unpacked, the file is larger than {MAX_UNPACKED} bytes.")
                if entry.filename in texts:
                    raise BundleRefused("The file holds an entry twice.")
                texts[entry.filename] = text.decode()
    except _UNREADABLE as error:
        raise BundleRefused("The file is no readable zip file of texts.") from error
    return texts


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS or entry.is_dir():
        raise BundleRefused("The file holds an entry that no bundle has.")
    # What an entry says of its size is not believed: a bomb is stopped where it passes the limit.
    with archive.open(entry) as opened:
        text = opened.read(MAX_FILE + 1)
    if len(text) > MAX_FILE:
        raise BundleRefused(f"An entry is larger than {MAX_FILE} bytes.")
    return text


def _as_tree(texts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    tree: dict[str, dict[str, str]] = {}
    for path, text in texts.items():
        item, _, name = path.rpartition("/")
        tree.setdefault(item, {})[name] = text
    return tree
