"""Answers from articles, measured: ``python -m benchmarks.nlu_knowledge``.

Questions by an author who did not see the articles; recall and MRR of the fused search beside words alone and meaning
alone, and what happens at the bar. Nothing here was used to choose a coefficient (benchmarks/knowledge_confidence.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from benchmarks.knowledge_bench import ROOT, Ranked, RasaEncoder, figures, indexed, rank_all, topic_of
from bot.knowledge.confidence import rate, read_calibration

ARTICLES = ROOT / "nlu_data" / "knowledge"
QUESTIONS = ROOT / "nlu_data" / "evaluation" / "knowledge_questions.yml"
WAYS = ("fused", "words", "meaning")


def measure(_data: Path | None = None) -> dict[str, Any]:
    """Index all articles, ask all questions."""
    return asyncio.run(_measure())


def show(result: dict[str, Any]) -> str:
    """The tables."""
    lines = [f"{result['articles']} articles; share of questions whose article is found"]
    lines += [f"{'':26}{'questions':>10}{'recall@1':>10}{'recall@3':>10}{'MRR':>8}"]
    for language, ways in result["languages"].items():
        for way, found in ways.items():
            lines.append(
                f"{language + ': ' + way:26}{found['questions']:>10}{found['recall_at_1']:>10.3f}"
                f"{found['recall_at_3']:>10.3f}{found['mrr']:>8.3f}"
            )
    bar = result["at_the_bar"]
    lines.append(f"at the bar of {bar['bar']:.2f} (calibration of {bar['date']}), English:")
    for name in ("answered_rightly", "answered_wrongly", "not_answered", "unanswerable_refused"):
        lines.append(f"  {name.replace('_', ' '):24}{bar[name]:.3f}")
    return "\n".join(lines)


async def _measure() -> dict[str, Any]:
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(ARTICLES.glob("*.md"))}
    data = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))
    questions = data["questions"]
    names = {name.removesuffix(".md") for name in files}
    if missing := sorted({one["article"] for one in questions} - names):
        raise SystemExit(f"questions name articles that are not there: {', '.join(missing)}")
    without = [one if isinstance(one, dict) else {"text": one} for one in data["unanswerable"]]
    encoder = RasaEncoder()
    async with indexed(files, encoder) as sessions:
        ranked = await rank_all(sessions, encoder, questions)
        unanswerable = await rank_all(sessions, encoder, without)
    # The order people are answered in: fusion finds, confidence sorts.
    ranked = [
        replace(one, fused=sorted(one.fused, key=lambda found, of=one: -rate(found, of.language))) for one in ranked
    ]
    by_language = _grouped(ranked, set(files))
    return {
        "articles": len(files),
        "languages": {
            language: {way: figures(some, way) for way in WAYS} for language, some in by_language.items()
        },
        "at_the_bar": _at_the_bar(
            by_language.get("en", []), [one for one in unanswerable if one.language == "en"]
        ),
    }  # fmt: skip


def _grouped(ranked: Sequence[Ranked], files: set[str]) -> dict[str, list[Ranked]]:
    """Questions by language, and whether there is an article in that language to find: else it must be the English."""
    groups: dict[str, list[Ranked]] = {}
    for one in sorted(ranked, key=lambda asked: (asked.language != "en", asked.language)):
        own = one.language == "en" or f"{one.article}.{one.language}.md" in files
        groups.setdefault(one.language if own else f"{one.language}, article in en", []).append(one)
    return groups


def _at_the_bar(ranked: Sequence[Ranked], unanswerable: Sequence[Ranked]) -> dict[str, Any]:
    calibration = read_calibration()
    right = wrong = 0
    for one in ranked:
        best = _best(one)
        if best is not None:
            right += best == one.article
            wrong += best != one.article
    count = max(len(ranked), 1)
    refused = sum(_best(one) is None for one in unanswerable) / max(len(unanswerable), 1)
    return {
        "bar": calibration.bar,
        "date": calibration.date.isoformat(),
        "answered_rightly": round(right / count, 4),
        "answered_wrongly": round(wrong / count, 4),
        "not_answered": round(1 - (right + wrong) / count, 4),
        "unanswerable": len(unanswerable),
        "unanswerable_refused": round(refused, 4),
    }


def _best(one: Ranked) -> str | None:
    """The article that would be quoted."""
    rated = [(rate(found, one.language), topic_of(found)) for found in one.fused]
    confidence, article = max(rated, default=(0.0, ""))
    return article if confidence >= read_calibration().bar else None


if __name__ == "__main__":
    print(show(measure()))
