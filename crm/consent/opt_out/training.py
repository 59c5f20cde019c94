"""Trains the classifier of opt-outs: ``python -m crm.consent.opt_out.training [--write]``.

From nlu_data/opt_out/train*.yml and everyday.*.yml. Prints what authors left out and the development set say; the
thresholds are chosen by them, and the test set is never read here. scikit-learn and torch are needed for this only
(requirements/encoder.lock, and `server.setup.install` for torch).
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import hashlib
import json
import math
import shutil
from array import array
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import torch
import yaml
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from crm.consent.opt_out import meaning_training
from crm.consent.opt_out.classifier import FOLDER, SCALE, SETTINGS, WEIGHTS, Classifier, Settings
from crm.consent.opt_out.features import GROUPS, Features, features_of, place_of
from crm.consent.opt_out.keywords import is_stop_word
from crm.consent.opt_out.matcher import FEW_WORDS, count_words_of_it, find_phrases, is_weighed
from crm.consent.opt_out.meaning import WEIGHTS as TUNINGS
from crm.consent.opt_out.meaning import Meaning, Tuning, read_meaning
from crm.consent.opt_out.message import read_message

TEXTS = Path(__file__).resolve().parents[3] / "nlu_data" / "opt_out"
EVERYDAY = "everyday"
"""The author of texts that opt out of nothing."""
LANGUAGES = ("en", "es", "fr", "de")
CERTAIN, POSSIBLE, POSSIBLE_IN_CHAT, POSSIBLE_ALONE = 0.8, 0.2, 0.4, 0.7
"""Probabilities; docs/adr/0039 says why these: lower ones hear more opt-outs, and end talks of people who said none."""
_FEWEST_TEXTS = 2  # in which a feature must occur
_COUNTS = {"words": 1.4, "pieces": 1.0, "families": 1.0, "setting": 0.3}  # where something was said proves little
_EVERYDAY_COUNTS = 0.5
_STRENGTH = 20.0  # the inverse of scikit-learn's penalty
_TOLERANCE = 1e-6
_EACH = 3  # of authors that are left out
_SEED = 20261129
_SHOWN = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
_HEADER = "# Made by crm/consent/opt_out/training.py from nlu_data/opt_out: train again instead of editing.\n"

Numbers = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float64]
"""A row of each text: by its words, and by its meaning."""
Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Text:
    """A text whose meaning is known.

    Attributes:
        counts: beside others in training.
    """

    text: str
    language: str
    channel: str
    is_opt_out: bool
    author: str
    counts: float = 1.0


def main() -> None:
    """Train, print what came out, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {SETTINGS}, {WEIGHTS} and {len(TUNINGS)} tunings")
    options = parser.parse_args()
    texts = [*read_texts("train"), *read_everyday()]
    with TemporaryDirectory() as folder:
        tuned, strangers, scores = learn(texts, Path(folder))
        trained, meaning = calibrate(train(texts), scores, strangers), read_meaning(tuned)
        if options.write:
            save(trained, FOLDER)
            for path, kept in zip(tuned, TUNINGS, strict=True):
                shutil.copyfile(path, kept)
    everyday = np.array([one.author == EVERYDAY for one in strangers])
    print(f"{len(texts)} texts, {sum(len(group) for group in trained.weights.values())} features")
    show("authors unseen", trained, _chosen(strangers, ~everyday), scores[~everyday])
    show_false_alarms(trained, _chosen(strangers, everyday), scores[everyday])
    development = read_texts("dev")
    show("development set", trained, development, score_all(trained, meaning, development))


def read_texts(kind: str) -> list[Text]:
    """All texts of `train` or `dev`."""
    found = []
    # Of the training set there is a file of each author.
    for path in sorted(TEXTS.glob(f"{kind}*.yml")):
        content = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        for part, is_opt_out in (("opt_out", True), ("near_miss", False)):
            found += [
                Text(one["text"], one["language"], one["channel"], is_opt_out, content["author"])
                for one in content[part]
            ]  # fmt: skip
    return found


def read_everyday() -> list[Text]:
    """What people write who opt out of nothing, in the web chat and elsewhere by turns."""
    return [
        Text(text, language, ("web", "sms")[number % 2], is_opt_out=False, author=EVERYDAY, counts=_EVERYDAY_COUNTS)
        for language in LANGUAGES
        for number, text in enumerate(yaml.safe_load((TEXTS / f"everyday.{language}.yml").read_text("utf-8"))["texts"])
    ]


def fingerprint(texts: Sequence[Text]) -> str:
    """What the texts are known by in the settings."""
    lines = sorted(f"{text.is_opt_out}\t{text.language}\t{text.channel}\t{text.text}" for text in texts)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def train(texts: Sequence[Text]) -> Classifier:
    """The linear model of the texts; its scores are no probabilities yet."""
    known = [_features(text) for text in texts]
    names, rarities = _vocabulary(known)
    matrix = _to_matrix(known, names, rarities)
    # Tight, for the order that threads add numbers up in shows in what is left over.
    fitted = LogisticRegression(
        C=_STRENGTH, solver="liblinear", class_weight="balanced", random_state=_SEED, tol=_TOLERANCE
    )
    fitted.fit(matrix, _truths(texts), sample_weight=[text.counts for text in texts])
    learnt = iter(fitted.coef_[0])
    weights = {
        group: {
            name: (round(float(next(learnt) * rarities[group][name] * _COUNTS[group]) * SCALE),
                   round(rarities[group][name] ** 2 * SCALE))
            for name in names[group]
        }
        for group in GROUPS
    }  # fmt: skip
    opt_outs = sum(text.is_opt_out for text in texts)
    settings = Settings(
        version=dt.datetime.now(dt.UTC).date(),
        training_set=fingerprint(texts),
        opt_outs=opt_outs,
        near_misses=len(texts) - opt_outs,
        constant=round(float(fitted.intercept_[0]), 3),
        slope=1.0,
        meaning=0.0,
        offset=0.0,
        phrase=0.0,
        something_else=0.0,
        certain=CERTAIN,
        possible=POSSIBLE,
        possible_in_chat=POSSIBLE_IN_CHAT,
        possible_alone=POSSIBLE_ALONE,
    )
    return Classifier(settings, weights)


def learn(texts: Sequence[Text], folder: Path) -> tuple[list[Path], list[Text], Scores]:
    """Tune the encoder on all texts, and on what is left without every third of the later authors.

    Somebody who writes in a new way is what the platform meets: those authors' texts, the strangers, are scored by what
    was trained without them. So is a part of the everyday texts, as text messages. The first author's texts are too
    many to be left out.

    Returns:
        The files of the tunings on all texts, the strangers and their scores.
    """
    strangers, others = split_off_strangers(texts)
    files = {
        name: [folder / f"{name}_{number}.npz" for number in range(len(TUNINGS))] for name in ("all", "others")
    }  # fmt: skip
    # Processes that begin anew: torch's threads are not to be forked.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        tuned = [
            pool.submit(_tune_into, files[name][number], some, _SEED + number)
            for number in range(len(TUNINGS))
            for name, some in (("all", texts), ("others", others))
        ]
        for done in tuned:
            done.result()
    return files["all"], strangers, score_all(train(others), read_meaning(files["others"]), strangers)


def split_off_strangers(texts: Sequence[Text]) -> tuple[list[Text], list[Text]]:
    """The texts of every third author and a third of the everyday ones; and the others."""
    authors = set(sorted({one.author for one in texts} - {EVERYDAY})[1::_EACH])
    chance = np.random.default_rng(_SEED)
    strangers, others = list[Text](), list[Text]()
    for one in texts:
        if one.author == EVERYDAY and not chance.integers(_EACH):
            strangers.append(replace(one, channel="sms"))
        elif one.author in authors:
            strangers.append(one)
        else:
            others.append(one)
    return strangers, others


def score_all(trained: Classifier, meaning: Meaning, texts: Sequence[Text]) -> Scores:
    """The scores of each text."""
    return np.array([(trained.score(_features(one)), meaning.score(_own_words(one))) for one in texts])


def calibrate(trained: Classifier, scores: Scores, texts: Sequence[Text]) -> Classifier:
    """The model with what makes probabilities of scores and phrases, as texts that it had not seen show."""
    fitted = LogisticRegression(C=1000.0).fit(
        np.column_stack([scores, evidence(texts)]), _truths(texts), sample_weight=[one.counts for one in texts]
    )
    slope, meaning, phrase, something_else = (round(float(one), 3) for one in fitted.coef_[0])
    found = {
        "slope": slope,
        "meaning": meaning,
        "offset": round(float(fitted.intercept_[0]), 3),
        "phrase": phrase,
        "something_else": something_else,
    }
    return Classifier(trained.settings.model_copy(update=found), trained.weights)


def evidence(texts: Sequence[Text]) -> Truths:
    """By text: whether a phrase is in it, and whether all of it is known to be something else."""
    found = [find_phrases(read_message(one.text, one.channel), one.language) for one in texts]
    return np.array([(bool(one.hits), one.is_something_else) for one in found])


def save(trained: Classifier, folder: Path) -> None:
    """Write the data files that the platform reads."""
    settings = yaml.safe_dump(trained.settings.model_dump(), sort_keys=False)
    (folder / SETTINGS).write_text(_HEADER + settings, "utf-8")
    stored = json.dumps(trained.weights, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    (folder / WEIGHTS).write_bytes(gzip.compress(stored.encode(), mtime=0))


def show(name: str, trained: Classifier, texts: Sequence[Text], scores: Scores) -> None:
    """Print what is found, and how much of it rightly, at each threshold: by the classifier alone, and with rules."""
    truths = _truths(texts)
    words = np.array([is_stop_word(read_message(one.text, one.channel).text, one.channel) is not None for one in texts])
    alone = np.array([trained.rate(*both) for both in scores])
    together = _rates(trained, texts, scores)
    chat = np.array([one.channel == "web" for one in texts])
    for place, there in (("the web chat", chat), ("elsewhere", ~chat)):
        print(f"{name}, {place}: {int((truths & there).sum())} opt-outs, {int((~truths & there).sum())} near misses")
        print(f"{'':>8}{'classifier':>20}{'with rules':>20}")
        print(f"{'from':>8}" + f"{'recall':>10}{'precision':>10}" * 2)
        for threshold in _SHOWN:
            line = f"{threshold:>8.2f}"
            for found in (alone >= threshold, (together >= threshold) | words):
                right = int((found & truths & there).sum())
                recall, precision = right / int((truths & there).sum()), right / max(int((found & there).sum()), 1)
                line += f"{recall:>10.3f}{precision:>10.3f}"
            print(line)


def show_false_alarms(trained: Classifier, everyday: Sequence[Text], scores: Scores) -> None:
    """Print how many everyday texts are taken for opt-outs at each threshold, as text messages."""
    rates = _rates(trained, everyday, scores)
    messages = [read_message(one.text, "sms") for one in everyday]
    words, weighed = np.array([(count_words_of_it(one), is_weighed(one)) for one in messages]).T
    phrases = evidence(everyday)[:, 0]
    alone = (words < FEW_WORDS) & ~phrases & (rates >= trained.settings.possible_alone)
    print(f"everyday, unseen: {len(everyday)} texts, {int(alone.sum())} of few words taken for opt-outs")
    for threshold in _SHOWN:
        taken = ((rates >= threshold) & (phrases | (words >= FEW_WORDS)) | alone) & (phrases | (weighed > 0))
        print(f"{threshold:>8.2f}{int(taken.sum()):>10}{taken.mean():>10.3f}")


def _tune_into(path: Path, texts: Sequence[Text], seed: int) -> None:
    meaning_training.save(_tune(texts, seed), path)


def _tune(texts: Sequence[Text], seed: int) -> Tuning:
    torch.set_num_threads(1)  # the others train at the same time
    lessons = [meaning_training.Lesson(_own_words(one), one.language, one.is_opt_out, one.counts) for one in texts]
    return meaning_training.to_tuning(meaning_training.tune(lessons, seed=seed))


def _rates(trained: Classifier, texts: Sequence[Text], scores: Scores) -> Numbers:
    """By scores and rules."""
    return np.array([
        trained.rate(words, meaning, phrase=phrase, something_else=something_else)
        for (words, meaning), (phrase, something_else) in zip(scores, evidence(texts).tolist(), strict=True)
    ])  # fmt: skip


def _chosen(texts: Sequence[Text], which: Truths) -> list[Text]:
    return [one for one, is_chosen in zip(texts, which, strict=True) if is_chosen]


def _own_words(text: Text) -> str:
    return read_message(text.text, text.channel).text


def _features(text: Text) -> Features:
    message = read_message(text.text, text.channel)
    place = place_of(message.sentences, text.channel)
    return features_of(message.sentences, place=place, asks=message.asks)


def _truths(texts: Sequence[Text]) -> Truths:
    return np.array([text.is_opt_out for text in texts])


def _vocabulary(known: Sequence[Features]) -> tuple[dict[str, list[str]], dict[str, dict[str, float]]]:
    """The features worth a weight, by group, and how rare each is: 1 where the group is not brought to a length."""
    names: dict[str, list[str]] = {}
    rarities: dict[str, dict[str, float]] = {}
    for group in GROUPS:
        counts = Counter(name for features in known for name in getattr(features, group))
        names[group] = sorted(name for name, count in counts.items() if count >= _FEWEST_TEXTS)
        rarities[group] = {
            name: float(np.log((1 + len(known)) / (1 + counts[name]))) + 1 for name in names[group]
        }  # fmt: skip
    return names, rarities


def _to_matrix(
    known: Sequence[Features], names: dict[str, list[str]], rarities: dict[str, dict[str, float]]
) -> csr_matrix:
    """A row of each text: of each group the features by their rarity, brought to one length."""
    # Millions of values: kept as plain numbers, in the order that the matrix has them in.
    columns, values, starts = array("i"), array("d"), array("i", [0])
    worth, places = dict[str, dict[str, float]](), dict[str, dict[str, int]]()
    width = 0
    for group in GROUPS:
        places[group] = {name: width + number for number, name in enumerate(names[group])}
        width += len(names[group])
        worth[group] = {name: rarity**2 for name, rarity in rarities[group].items()}
    for features in known:
        for group in GROUPS:
            rarity, squared, place, counts = rarities[group], worth[group], places[group], _COUNTS[group]
            kept = sorted(name for name in getattr(features, group) if name in rarity)
            length = math.sqrt(sum([squared[name] for name in kept]))
            columns.extend([place[name] for name in kept])
            values.extend([counts * rarity[name] / length for name in kept])
        starts.append(len(columns))
    return csr_matrix((np.array(values), np.array(columns), np.array(starts)), shape=(len(known), width))


if __name__ == "__main__":
    main()
