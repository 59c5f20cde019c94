"""Fits the confidence of knowledge answers: ``python -m benchmarks.knowledge_confidence [--write]``.

By logistic regression on articles and questions of its own (knowledge_development.yml), never on those of the
evaluation. The bar is the lowest at which as many unanswerable questions are refused as asked for.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import yaml

from benchmarks.knowledge_bench import Ranked, RasaEncoder, figures, indexed, rank_all
from bot.knowledge.confidence import COEFFICIENTS, Calibration, Coefficients, evidence, rate

DEVELOPMENT = Path(__file__).parent / "knowledge_development.yml"
REFUSED = 0.9
LOOKED_AT = 5  # articles of each question that the regression sees
PENALTY = 0.02
NAMES = ("constant", "cosine", "coverage", "named", "same_language")
HEADER = (
    "# How sure an article is: a logistic function of the evidence, fitted by benchmarks/knowledge_confidence.py.\n"
)


def main() -> None:
    """Fit, print what came out, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {COEFFICIENTS.name}")
    options = parser.parse_args()
    calibration = asyncio.run(_fit())
    if options.write:
        data = calibration.model_dump()
        text = yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=120)
        COEFFICIENTS.write_text(HEADER + text, encoding="utf-8")


@dataclass(frozen=True)
class Asked:
    """Questions ranked by both ways of searching that a confidence is needed for."""

    answerable: Sequence[Ranked]
    unanswerable: Sequence[Ranked]

    def pairs(self, way: str) -> tuple[np.ndarray, np.ndarray]:
        """Evidence of each article found, and whether it was the right one."""
        rows, right = [], []
        for one in (*self.answerable, *self.unanswerable):
            for found in getattr(one, way)[:LOOKED_AT]:
                rows.append([1.0, *evidence(found, one.language).values()])
                right.append(float(found.article == one.article))
        return np.array(rows), np.array(right)


async def _fit() -> Calibration:
    data = yaml.safe_load(DEVELOPMENT.read_text(encoding="utf-8"))
    files = {f"{name}.md": text for name, text in data["articles"].items()}
    encoder = RasaEncoder()
    async with indexed(files, encoder) as sessions:
        asked = Asked(
            await rank_all(sessions, encoder, data["questions"]),
            await rank_all(sessions, encoder, [{"text": text} for text in data["unanswerable"]]),
        )
    for way in ("fused", "words", "meaning"):
        print(way, figures(asked.answerable, way))
    fitted = Calibration(
        date=datetime.now(UTC).date(),
        bar=0.5,
        with_vectors=_coefficients(*asked.pairs("fused"), fixed=("named",)),
        words_alone=_coefficients(*asked.pairs("words"), fixed=("cosine", "named")),
    )
    calibration = fitted.model_copy(update={"bar": _bar(asked, fitted)})
    print(calibration)
    _print_bar(asked, calibration)
    return calibration


def _coefficients(rows: np.ndarray, right: np.ndarray, *, fixed: Sequence[str]) -> Coefficients:
    """Newton's method for a logistic regression that is penalised a little, but for its constant."""
    penalty = PENALTY * len(rows) / 100 * np.diag([0.0] + [1e9 if name in fixed else 1.0 for name in NAMES[1:]])
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        sure = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (sure - right) + penalty @ weights
        bend = (rows * (sure * (1 - sure))[:, None]).T @ rows + penalty
        weights -= np.linalg.solve(bend, slope)
    return Coefficients(**{name: round(float(value), 3) for name, value in zip(NAMES, weights, strict=True)})


def _best(one: Ranked, calibration: Calibration) -> tuple[float, str]:
    return max(((rate(found, one.language, calibration), found.article) for found in one.fused), default=(0.0, ""))


def _bar(asked: Asked, calibration: Calibration) -> float:
    best = sorted(_best(one, calibration)[0] for one in asked.unanswerable)
    return round(min(0.95, max(0.05, best[int(np.ceil(REFUSED * len(best))) - 1] + 0.005)), 2)


def _print_bar(asked: Asked, calibration: Calibration) -> None:
    best = [(*_best(one, calibration), one.article) for one in asked.answerable]
    answered = [(article, right) for sure, article, right in best if sure >= calibration.bar]
    wrong = sum(article != right for article, right in answered)
    first = sum(article == right for _, article, right in best)
    refused = sum(_best(one, calibration)[0] < calibration.bar for one in asked.unanswerable)
    print(f"by confidence, first right: {first}/{len(best)}")
    print(f"answered {len(answered)}/{len(best)}, of these wrong {wrong}; refused {refused}/{len(asked.unanswerable)}")


if __name__ == "__main__":
    main()
