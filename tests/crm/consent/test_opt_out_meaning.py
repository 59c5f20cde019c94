"""The tuned encoder behind opt-outs: it reads what torch trained, all of a long text, and begins no thread."""

from __future__ import annotations

import random
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crm.consent.opt_out import meaning_training, read_opt_out, training
from crm.consent.opt_out.meaning import (
    HIGHEST,
    WEIGHTS,
    Meaning,
    read_meaning,
    shipped_meaning,
    split_parts,
    tuned_arrays,
)
from crm.consent.opt_out.plain_words import keep_as_said

TEXTS = [
    "Stop.",
    "los mensajes no los quiero más, gracias; de verdad que no",
    "Ich möchte bitte keine Nachrichten mehr bekommen, und zwar nie wieder und von niemandem in Ihrer Firma",
    "quels sont vos horaires ?",
]
CHATTER = (
    "Good morning. It was a pleasure to meet your colleagues at the fair on Tuesday, and the coffee was good. "
    "The two samples arrived today in one piece. My wife thinks that the green one suits the hall, I prefer blue. "
    "We shall ask our daughter, who studies design in Leeds and knows about colours. "
)


def test_training_computes_what_the_platform_computes() -> None:
    """Texts of different lengths side by side, padded, against the package's own steps."""
    model = meaning_training.TunedEncoder().eval()
    with torch.no_grad():
        trained = model.encode([model.pieces_of(text) for text in TEXTS]).numpy()
    assert np.abs(trained - model.encoder.encode(TEXTS)).max() < 1e-5


def test_what_is_learnt_is_kept_in_the_file_but_for_its_rounding(tmp_path) -> None:
    """Sentences it has never seen, in words that it was not shown: it knows what they mean."""
    wanted = ["stop the mails", "no more texts please", "leave me alone", "take me off the list"]
    others = ["what does it cost", "I would like a table for two", "thanks, see you on Friday", "is it blue"]
    model = meaning_training.tune([
        meaning_training.Lesson(text, "en", text in wanted, 1.0) for text in (*wanted, *others) for _ in range(5)
    ])  # fmt: skip
    tuning = meaning_training.to_tuning(model)
    learnt = Meaning((tuning,))
    assert min(map(learnt.score, wanted)) > 0 > max(map(learnt.score, others))
    assert learnt.score("schickt mir keine nachrichten mehr") > learnt.score("was kostet der tisch")
    meaning_training.save(tuning, tmp_path / "weights.npz")
    kept = read_meaning([tmp_path / "weights.npz"])
    for text in (*wanted, *others, *TEXTS):
        assert kept.score(text) == pytest.approx(learnt.score(text), abs=0.05)


def test_training_slips_change_how_a_text_is_written_and_leave_most_of_it() -> None:
    chance = random.Random(1)
    text = "Bitte schickt mir keine Werbung mehr, ich möchte das nicht"
    changed = [meaning_training.change(text, chance) for _ in range(200)]
    assert len(set(changed)) > 50
    assert all(abs(len(one) - len(text)) <= 15 for one in changed)
    assert meaning_training.change("ab", chance) in {"ab", "AB"}


def test_each_tuning_that_is_shipped_differs_in_all_that_is_tuned() -> None:
    """From the package and from the other: two that were one would be a mean of nothing."""
    read = [tuned_arrays(tuning.encoder) for tuning in shipped_meaning().tunings]
    for one, other in combinations([tuned_arrays(meaning_training.load_encoder()), *read], 2):
        assert one.keys() == other.keys()
        assert all(np.abs(one[name] - other[name]).max() > 0 for name in one)
    assert all(np.isfinite(array).all() for tuned in read for array in tuned.values())


def test_tunings_are_read_as_each_by_itself_and_weighed_alike() -> None:
    together, alone = shipped_meaning(), [read_meaning([path]) for path in WEIGHTS]
    for text in (*TEXTS, CHATTER):
        parts = list(split_parts(keep_as_said(text)))
        weighed = [one.tunings[0].weigh(parts) for one in alone]
        assert sum(tuning.weigh(parts) for tuning in together.tunings) == pytest.approx(sum(weighed), abs=1e-4)


@given(st.text(st.sampled_from("abc .!?…\n")), st.integers(1, 40), st.sampled_from([0, 20, 240]))
def test_parts_of_a_text_are_all_of_it_and_none_is_long(text, times, longest) -> None:
    plain = keep_as_said(text * times)
    parts = list(split_parts(plain, longest=longest))
    assert all(0 < len(part) <= 240 for part in parts)
    assert "".join("".join(parts).split()) == "".join(plain.split())


def test_a_sentence_counts_by_itself_and_what_is_beside_it_too() -> None:
    meaning = shipped_meaning()
    alone, beside = meaning.score("Never write to me again."), meaning.score("My dog is ill.")
    together = meaning.score("Never write to me again. My dog is ill.")
    whole = np.mean([tuning.weigh(["never write to me again. my dog is ill."]) for tuning in meaning.tunings])
    assert beside < together < HIGHEST
    assert together == pytest.approx((alone + whole) / 2, abs=1e-4)


@pytest.mark.parametrize(
    "request_",
    ["So please don't send me anything any more.", "Bitte nehmen Sie mich aus dem Verteiler."],
)
def test_an_opt_out_inside_a_long_mail_is_heard(request_) -> None:
    for mail in (f"{CHATTER}{request_} {CHATTER}", f"{CHATTER}\n\n{request_}\n\nKind regards"):
        assert len(list(split_parts(keep_as_said(mail)))) > 1
        assert read_opt_out(mail, channel="email") is not None
    assert read_opt_out(f"{CHATTER}{CHATTER}", channel="email") is None


def test_a_message_of_nothing_but_short_sentences_is_not_read_one_by_one(monkeypatch) -> None:
    """Whoever writes a thousand of them would hold up everybody else."""
    meaning, read = shipped_meaning(), []
    encoder = meaning.tunings[0].encoder
    encode = encoder.encode
    monkeypatch.setattr(encoder, "encode", lambda texts: read.extend(texts) or encode(texts))
    meaning.score(" ".join(f"n{number}." for number in range(160)))
    assert len(read) <= 50
    read.clear()
    meaning.score(" ".join(f"n{number}." for number in range(700)))
    assert len(read) <= 20


def test_a_text_of_nothing_is_scored_as_one_that_says_nothing() -> None:
    meaning = shipped_meaning()
    constant = np.mean([tuning.constant for tuning in meaning.tunings])
    assert meaning.score("") == meaning.score("\u200b🛑") == pytest.approx(constant)


def test_it_begins_no_thread_so_that_the_process_may_be_forked() -> None:
    """ADR 37. In a process of its own: here others may have begun some."""
    code = (
        "import os\n"
        "from crm.consent.opt_out import read_opt_out\n"
        "assert read_opt_out('kindly never text me again', channel='sms')\n"
        "print(len(os.listdir('/proc/self/task')), os.environ.get('OPENBLAS_NUM_THREADS'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=training.TEXTS.parents[1],
        env={"PATH": ""},
    )  # fmt: skip
    assert done.stdout.split() == ["1", "None"]
