"""What no program of ours may do, read from the source: run text, unpickle, put SQL together, take an LLM's word."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("base", "flows", "crm", "bot", "outreach", "channels", "admin", "server")
SOURCES = sorted(
    path for room in ROOMS for path in (ROOT / room).rglob("*.py") if not {"node_modules", "dist"} & set(path.parts)
)
UNPICKLERS = {
    "pickle",
    "_pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "jsonpickle",
    "marshal",
    "shelve",
    "skops",
}
RUNNERS = {"eval", "exec", "compile", "__import__", "execfile"}
SHELLS = {"os.system", "os.popen", "os.execl", "os.execv", "subprocess.getoutput", "subprocess.getstatusoutput"}
WORDS = re.compile(
    r"(?<![.\w])(eval|exec|compile|__import__|execfile|text|literal_column)\(|\.(system|popen|execl|execv|getoutput"
    r"|getstatusoutput|unsafe_load|full_load|load_all|load|text|literal_column)\(|shell=|follow_symlinks|show_index"
)
LLM_CLIENTS = {
    "ai21", "anthropic", "cohere", "google-genai", "google-generativeai", "groq", "guidance", "haystack-ai",
    "instructor",
    "langchain", "langchain-core", "langgraph", "litellm", "llama-cpp-python", "llama-index", "mistralai", "ollama",
    "openai", "pydantic-ai", "semantic-kernel", "together", "vllm", "dspy", "transformers", "torch",
}  # fmt: skip
LOCKS = (ROOT / "requirements" / "platform.lock", ROOT / "bot" / "rasa" / "requirements.lock")
TEMPLATE_ENGINES = {"jinja2", "mako", "django", "chevron", "pystache"}


@lru_cache(maxsize=1)
def calls() -> list[tuple[str, ast.Call]]:
    """Every call in the files that hold one of the words looked for; reading all others as programs takes long."""
    texts = ((path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in SOURCES)
    parsed = [(where, ast.parse(text)) for where, text in texts if WORDS.search(text)]
    return [(where, node) for where, tree in parsed for node in ast.walk(tree) if isinstance(node, ast.Call)]


def imports(packages: set[str]) -> list[str]:
    """The files that import one of these."""
    line = re.compile(rf"^\s*(?:import|from)\s+(?:\w+\s*,\s*)*(?:{'|'.join(map(re.escape, packages))})\b", re.MULTILINE)
    return [path.relative_to(ROOT).as_posix() for path in SOURCES if line.search(path.read_text("utf-8"))]


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def test_all_of_the_source_is_looked_at() -> None:
    assert len(SOURCES) > 800
    assert any("bot/rasa" in path.as_posix() for path in SOURCES)


def test_nothing_unpickles() -> None:
    assert imports(UNPICKLERS) == []
    assert imports({"json"}) != []


def test_arrays_are_read_without_pickles_and_yaml_by_its_safe_readers() -> None:
    found = []
    for where, node in calls():
        words = {one.arg: ast.unparse(one.value) for one in node.keywords}
        if called(node) in ("np.load", "numpy.load") and words.get("allow_pickle") != "False":
            found.append((where, node.lineno, "np.load"))
        if called(node) in ("yaml.unsafe_load", "yaml.full_load", "yaml.load_all"):
            found.append((where, node.lineno, called(node)))
        if called(node) == "yaml.load" and "Safe" not in ast.unparse(node):
            loader = ast.unparse(node.args[1]) if len(node.args) > 1 else words.get("Loader", "")
            if not _is_safe_loader(where, loader):
                found.append((where, node.lineno, ast.unparse(node)))
    assert found == []


def _is_safe_loader(where: str, loader: str) -> bool:
    """Whether a class of that file builds on a safe loader."""
    return bool(re.search(rf"class {re.escape(loader)}\([^)]*Safe\w*Loader", (ROOT / where).read_text("utf-8")))


def test_nothing_runs_text_as_a_program() -> None:
    """Flows and journeys are data: no step holds code (sandboxes of others were escaped from)."""
    found = []
    for where, node in calls():
        if called(node) in RUNNERS | SHELLS:
            found.append((where, node.lineno, called(node)))
        found += [
            (where, node.lineno, "shell=True")
            for word in node.keywords
            if word.arg == "shell" and ast.unparse(word.value) != "False"
        ]
    assert found == []


def test_no_template_engine_is_used_so_words_hold_no_programs() -> None:
    assert imports(TEMPLATE_ENGINES) == []


MADE_SQL = {
    "admin/numbers/costs.py": "one of two constants, chosen by a closed list",
    "admin/numbers/deliveries.py": "one of two constants, chosen by a closed list",
    "admin/numbers/funnels.py": "constants, chosen by a closed list",
    "admin/numbers/revenue.py": "a constant",
    "base/migrations": "constants of the migration",
    "bot/knowledge": "a constant, and a number of our own encoder",
    "bot/turn_statements.py": "constants",
    "bot/walked.py": "a constant",
    "crm/contacts/identity.py": "a constant",
    "crm/contacts/merged_rows.py": "names of tables and columns from the registry",
    "crm/contacts/unmerging.py": "names of columns of the model",
    "crm/privacy/retention.py": "names of tables from the registry",
    "crm/scoring/facts.py": "a closed list of kinds of events",
    "crm/segments/upkeep.py": "a constant",
    "outreach/simulation_flow.py": "one of a closed list",
    "server/audit/oracle.py": "a file of ours",
}
"""Where SQL is put together from parts, and what the parts are. A new place needs its reason here."""


def test_sql_is_put_together_only_where_a_reason_stands() -> None:
    found = set()
    for where, node in calls():
        if called(node).rpartition(".")[2] not in ("text", "literal_column") or not node.args or "caldav" in where:
            continue
        if isinstance(node.args[0], ast.JoinedStr | ast.BinOp) or ".format(" in ast.unparse(node.args[0]):
            found.add(next((name for name in MADE_SQL if where.startswith(name)), where))
    assert found == set(MADE_SQL)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.parent.name)
def test_no_llm_is_at_hand_whose_words_could_become_acts(lock: Path) -> None:
    names = {match[1].lower() for match in re.finditer(r"^([A-Za-z0-9_.-]+)==", lock.read_text("utf-8"), re.MULTILINE)}
    assert len(names) > 50
    assert names & LLM_CLIENTS == set()


@pytest.mark.parametrize(
    "lock",
    [*LOCKS, *sorted((ROOT / "requirements").glob("*.lock"))[:2]],
    ids=lambda lock: f"{lock.parent.name}-{lock.name}",
)
def test_every_locked_package_has_a_version_and_hashes(lock: Path) -> None:
    lines = lock.read_text("utf-8").replace("\\\n", " ").splitlines()
    entries = [line for line in lines if line.strip() and not line.lstrip().startswith(("#", "-"))]
    assert len(entries) > 10
    assert [
        entry[:60] for entry in entries if not re.match(r"[\w.\[\]-]+==\S+.*--hash=sha256:[0-9a-f]{64}", entry)
    ] == []


def test_the_http_server_is_as_new_as_its_known_faults_need() -> None:
    version = re.search(r"^aiohttp==(\S+)", LOCKS[0].read_text("utf-8"), re.MULTILINE)
    assert version is not None
    assert tuple(map(int, version[1].split("."))) >= (3, 14, 5)


def test_no_folder_is_served_by_following_links_or_listing_it() -> None:
    found = [
        (where, node.lineno)
        for where, node in calls()
        for word in node.keywords
        if word.arg in ("follow_symlinks", "show_index") and ast.unparse(word.value) != "False"
    ]
    assert found == []
