"""The synthetic Dutch notes can be learnt, and section fusion helps where sections decide labels.

Twenty-four small trainings on notes that differ by one switch (section), two at a time, each on
one thread; all other mechanisms but the lexicon halves, the headings' names and the imbalance are
off, so that nothing else moves. One training on the corpus as it is. In all about 25 minutes of
one core; not to be spread over pytest's own workers, each of which would train everything.
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
from clinlib.corpora.synthetic.dutch import TYPES, DutchMechanisms, generate
from clinlib.evaluation.slices import recall_by_why
from clinlib.evaluation.spans import scores, tally
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import FineTune

pytestmark = pytest.mark.slow

SEEDS = (0, 1, 2)
LEVELS = ("text", "embedding", "classifier")
DECIDES = DutchMechanisms(
    abbreviation=False,
    neighbour=False,
    conjunction=False,
    boundary=False,
    patients=False,
    homographs=False,
    noise=False,
    jitter=False,
    styles=False,
)
NOTES = {
    "default": DutchMechanisms(),
    "section": DECIDES,
    "wording": replace(DECIDES, section=False),
}


def corpus(notes):
    """The notes named so, with more test notes where slices are compared."""
    splits = generate(mechanisms=NOTES[notes])
    if notes != "default":
        splits["test"] = generate(patients=60, mechanisms=NOTES[notes])["test"]
    segmented = {
        split: tuple(replace(d, sentences=segment(d.text, "nl", d.spans)) for d in documents)
        for split, documents in splits.items()
    }
    return Corpus(notes, "nl", TYPES, segmented, Ledger())


def train(job):
    """Test F1 and recall (0..100) by `why` of one tagger; job: (notes, sections, seed)."""
    import torch

    from clinlib.experiments import fine_tune

    torch.set_num_threads(1)
    notes, sections, seed = job
    read = corpus(notes)
    config = FineTune(
        corpus=notes,
        encoder="scratch-tiny",
        vocabulary=500,
        sections=sections,
        seed=seed,
        learning_rate=2e-3,
        batch_size=8,
        epochs=10 if notes == "default" else 8,
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
    jobs = [
        (notes, sections, seed)
        for notes in ("section", "wording")
        for sections in ("none", *LEVELS)
        for seed in SEEDS
    ]
    jobs.append(("default", "none", 0))
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as workers:
        return dict(zip(jobs, workers.map(train, jobs), strict=True))


def gain(trained, notes, level):
    """Mean over paired seeds of the recall on the sections' slice, less that without fusion."""
    of = {
        sections: [trained[notes, sections, seed][1]["section"] for seed in SEEDS]
        for sections in (level, "none")
    }
    return np.mean(of[level]) - np.mean(of["none"])


def test_tagger_is_well_above_the_gazetteer_and_below_85(trained):
    splits = corpus("default").splits
    gazetteer = Gazetteer.fit(splits["train"])
    gold = [document.spans for document in splits["test"]]
    found = [gazetteer.predict(document) for document in splits["test"]]
    floor = scores(tally(gold, found, TYPES), "strict").micro.f1
    assert floor + 15 <= trained["default", "none", 0][0] < 85


@pytest.mark.parametrize("level", LEVELS)
def test_section_fusion_finds_more_where_sections_decide_and_no_more_where_they_do_not(
    trained, level
):
    assert gain(trained, "section", level) >= 5
    assert gain(trained, "wording", level) < 2
