"""Measure understanding on held-out examples: ``python -m parley_rasa.evaluate --model FILE --examples FILE``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from parley_rasa.serve import load_agent, quieten, quieten_structlog, use_encoder

THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)

Result = tuple[str, str, str, float]  # text, expected intent, likeliest intent, confidence


def main(arguments: list[str] | None = None) -> int:
    """Print accuracy, what a threshold keeps and how often it is wrong then, and every mistake."""
    parser = argparse.ArgumentParser(description="Evaluate the intents of a trained model.")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True, help="held-out examples in Rasa's NLU format")
    parser.add_argument("--encoder", type=Path, help="folder written by bot.encoder_export (or PARLEY_ENCODER_DIR)")
    options = parser.parse_args(arguments)
    quieten()
    use_encoder(options.encoder)
    results = asyncio.run(classify(options.model, options.examples))
    if not results:
        print(f"evaluate: no examples in {options.examples}", file=sys.stderr)
        return 1
    right = [result for result in results if result[1] == result[2]]
    print(f"{len(right)} of {len(results)} right: {len(right) / len(results):.3f}")
    for threshold in THRESHOLDS:
        kept = [result for result in results if result[3] >= threshold]
        wrong = [result for result in kept if result[1] != result[2]]
        print(f"at {threshold}: {len(kept) / len(results):.3f} kept, {len(wrong)} of {len(kept)} wrong")
    for text, expected, found, confidence in results:
        if expected != found:
            print(f"  {expected} taken for {found} ({confidence:.2f}): {text}")
    return 0


async def classify(model: Path, examples: Path) -> list[Result]:
    """Classify each example with the whole pipeline."""
    from rasa.core.channels.channel import UserMessage
    from rasa.shared.nlu.training_data.loading import load_data

    quieten_structlog()
    agent = load_agent(model)
    results: list[Result] = []
    for example in load_data(str(examples)).intent_examples:
        parsed: Any = await agent.processor.parse_message(UserMessage(example.get("text"), metadata={"language": "en"}))
        best = (parsed.get("intent_ranking") or [parsed["intent"]])[0]
        results.append((example.get("text"), example.get("intent"), best["name"], best["confidence"]))
    return results


if __name__ == "__main__":
    sys.exit(main())
