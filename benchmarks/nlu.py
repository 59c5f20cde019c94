"""Understanding, measured: ``python -m benchmarks.nlu --data DIR [--only PART,PART] [--save]``.

Runs the parts that are there and prints their tables; a part that is missing is named, never made up.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "docs" / "benchmarks" / "nlu.json"
PARTS = {
    "intents": "nlu_intents",
    "speed": "nlu_speed",
    "opt-out": "nlu_opt_out",
    "knowledge": "nlu_knowledge",
    "groups": "nlu_groups",
}


def main() -> None:
    """Run the chosen parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with the public data sets")
    parser.add_argument("--only", default=",".join(PARTS), help=f"with commas between; there are {', '.join(PARTS)}")
    parser.add_argument("--save", action="store_true", help=f"write {RESULT.relative_to(ROOT)}")
    options = parser.parse_args()
    names = options.only.split(",")
    if unknown := sorted(set(names) - set(PARTS)):
        parser.error(f"no such part: {', '.join(unknown)}")
    sys.path.insert(0, str(ROOT))
    results = {name: result for name in names if (result := run(name, options.data)) is not None}
    if options.save:
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        kept = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {}
        RESULT.write_text(json.dumps({**kept, **results}, indent=1) + "\n", "utf-8")


def run(name: str, data: Path | None) -> dict[str, Any] | None:
    """Measure one part and print its table; nothing if the part does not exist."""
    module = f"benchmarks.{PARTS[name]}"
    if not (ROOT / "benchmarks" / f"{PARTS[name]}.py").exists():
        print(f"{name}: not there yet")
        return None
    part = importlib.import_module(module)
    result: dict[str, Any] = part.measure(data)
    print(f"{name}\n{part.show(result)}", flush=True)
    return result


if __name__ == "__main__":
    main()
