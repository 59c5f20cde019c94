"""Time a trained model's understanding, message by message on one core, as JSON on standard output.

``python -m parley_rasa.understanding.pipeline_speed --model FILE --examples FILE [--encoder DIR]``; works for any Rasa
model, so that another pipeline can be measured beside ours with the same program.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from parley_rasa.serve import quieten, quieten_structlog, use_encoder

WARM_UP = 20


def main(arguments: list[str] | None = None) -> int:
    """Print milliseconds a message and how many were understood."""
    parser = argparse.ArgumentParser(description="Time a model's understanding.")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True, help="messages in Rasa's NLU format")
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    quieten()
    if options.encoder:
        use_encoder(options.encoder)
    json.dump(asyncio.run(time_messages(options.model, options.examples, options.rounds)), sys.stdout)
    return 0


async def time_messages(model: Path, examples: Path, rounds: int) -> dict[str, Any]:
    """Parse every example so many times, one after the other."""
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage
    from rasa.shared.nlu.training_data.loading import load_data

    quieten_structlog()
    agent = Agent.load(model)
    if agent.processor is None:
        raise ValueError(f"no model at {model}")
    known = [(example.get("text"), example.get("intent")) for example in load_data(str(examples)).intent_examples]
    for text, _ in known[:WARM_UP]:
        await agent.processor.parse_message(UserMessage(text, metadata={"language": "en"}))
    took: list[float] = []
    right = 0
    worked = time.process_time()
    for turn in range(rounds):
        for text, intent in known:
            message = UserMessage(text, metadata={"language": "en"})
            began = time.perf_counter()
            parsed = await agent.processor.parse_message(message)
            took.append(1000 * (time.perf_counter() - began))
            right += turn == 0 and parsed["intent"]["name"] == intent
    worked = time.process_time() - worked
    cuts = statistics.quantiles(took, n=100)
    return {"messages": len(took), "mean_ms": statistics.mean(took),
            "mean_cpu_ms": 1000 * worked / len(took), "p50_ms": cuts[49], "p95_ms": cuts[94],
            "right": right, "of": len(known)}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
