"""The synthetic letters can be learnt, and each method helps where its mechanism is at work.

Eighteen small trainings on letters that differ by two switches (boundary, neighbour), two at a
time, each on one thread; all other mechanisms but the lexicon halves are off, so that nothing else
moves. One training on the corpus as it is. In all about 12 minutes of one core; not to be spread
over pytest's own workers, each of which would train everything.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from gazetteer import Gazetteer

from clinlib.corpora.corpus import Corpus
from clinlib.corpora.document import Span
from clinlib.corpora.ledger import Ledger
from clinlib.corpora.segmenter import segment
from clinlib.corpora.synthetic.letters import TYPES, Mechanisms, generate
from clinlib.evaluation.slices import recall_by_why
from clinlib.evaluation.spans import scores, tally
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import FineTune

pytestmark = pytest.mark.slow

SEEDS = (0, 1, 2)
PLAIN = Mechanisms(
    section=False,
    neighbour=False,
    boundary=False,
    homographs=False,
    noise=False,
    jitter=False,
    styles=False,
)
LETTERS = {  # two corpora are enough: each has the mechanism that the other lacks
    "default": Mechanisms(),
    "boundary": replace(PLAIN, boundary=True),
    "neighbour": replace(PLAIN, neighbour=True),
}
# few subwords, so that words of half B fall into pieces that training text holds too
VOCABULARY = 500
# the cue stands in the sentence before, which is shorter than this
CONTEXT = 12


def corpus(letters):
    """The letters named so, with more test letters where slices are compared."""
    splits = generate(mechanisms=LETTERS[letters])
    if letters != "default":
        splits["test"] = generate(documents=60, mechanisms=LETTERS[letters])["test"]
    segmented = {
        split: tuple(replace(d, sentences=segment(d.text, "en", d.spans)) for d in documents)
        for split, documents in splits.items()
    }
    return Corpus(letters, "en", TYPES, segmented, Ledger())


def train(job):
    """Test F1 and recall (0..100) by `why` of one tagger; job: (letters, head, context, seed)."""
    import torch

    from clinlib.experiments import fine_tune

    torch.set_num_threads(1)
    letters, head, context, seed = job
    read = corpus(letters)
    config = FineTune(
        corpus=letters,
        encoder="scratch-tiny",
        vocabulary=VOCABULARY,
        head=head,
        context=context,
        seed=seed,
        learning_rate=2e-3,
        batch_size=8,
        epochs=10,
        keep_predictions=True,
    )
    with mock.patch.object(fine_tune.registry, "load", lambda name: read):
        record = fine_tune.run(config, RunContext())
    predicted = [[Span(*span) for span in spans] for spans in record["predictions"]]
    recall = recall_by_why(read.splits["test"], predicted)
    f1 = record["scores"]["test"]["strict"]["f1"]
    return f1, {why: 100 * found / total for why, (found, total) in recall.items()}


@pytest.fixture(scope="module")
def trained():
    """What `train` gives for every job of this file."""
    settings = [("crf", CONTEXT), ("crf", 0), ("softmax", 0)]
    jobs = [
        (letters, head, context, seed)
        for head, context in settings
        for letters in ("boundary", "neighbour")
        for seed in SEEDS
    ]
    jobs.append(("default", "crf", 0, 0))
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as workers:
        return dict(zip(jobs, workers.map(train, jobs), strict=True))


def gain(trained, letters, why, method, without):
    """Mean over paired seeds of the recall on a slice with a method, less that without it."""
    return np.mean(
        [
            trained[letters, *method, seed][1][why] - trained[letters, *without, seed][1][why]
            for seed in SEEDS
        ]
    )


def test_tagger_is_well_above_the_gazetteer_and_below_85(trained):
    splits = corpus("default").splits
    gazetteer = Gazetteer.fit(splits["train"])
    gold = [document.spans for document in splits["test"]]
    found = [gazetteer.predict(document) for document in splits["test"]]
    floor = scores(tally(gold, found, TYPES), "strict").micro.f1
    assert 25 <= floor <= 45
    assert floor + 15 <= trained["default", "crf", 0, 0][0] < 85


def test_crf_finds_more_of_the_long_spans_and_no_more_where_they_are_single_words(trained):
    methods = ("crf", 0), ("softmax", 0)
    assert gain(trained, "boundary", "boundary", *methods) >= 5
    assert gain(trained, "neighbour", "boundary", *methods) < 2


def test_context_finds_more_where_the_neighbour_decides_and_no_more_where_it_does_not(trained):
    methods = ("crf", CONTEXT), ("crf", 0)
    assert gain(trained, "neighbour", "neighbour", *methods) >= 5
    assert gain(trained, "boundary", "neighbour", *methods) < 2
