"""Text that is predicted is cut into windows without a look at its gold spans."""

import golden
import pytest

from clinlib.experiments import active_learning, ensemble, fine_tune
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import Ensemble

SHORT = golden.PLAIN.replaced(epochs=1, documents=2)


@pytest.fixture
def cuts(monkeypatch):
    """Which documents each call of `encode` cut, and whether it looked at their spans."""
    made = []
    for module in (fine_tune, active_learning, ensemble):

        def spy(documents, *given, _cut=module.encode, **options):
            documents = tuple(documents)
            ids = frozenset(document.id for document in documents)
            made.append((ids, options.get("labelled", True)))
            return _cut(documents, *given, **options)

        monkeypatch.setattr(module, "encode", spy)
    return made


def looked_at(cuts, corpus, *splits):
    """Whether spans of these splits were looked at; each was cut at least once."""
    found = []
    for split in splits:
        ids = frozenset(document.id for document in corpus.splits[split])
        looks = [labelled for cut, labelled in cuts if cut == ids]
        assert looks, f"{split} was never cut"
        found += looks
    return any(found)


def test_of_a_tagger(cuts):
    with golden.on_micro(golden.micro()) as corpus:
        fine_tune.run(SHORT, RunContext())
        assert not looked_at(cuts, corpus, "dev", "test")


def test_of_a_loop(cuts):
    config = golden.LOOP.replaced(task=SHORT.replaced(documents=4), rounds=2)
    with golden.on_micro(golden.micro()) as corpus:
        active_learning.run(config, RunContext())
        assert not looked_at(cuts, corpus, "dev", "test")


def test_of_a_vote(cuts, tmp_path, monkeypatch):
    with golden.on_micro(golden.micro()) as corpus:
        fine_tune.run(SHORT, RunContext(artifact=tmp_path))
        cuts.clear()
        monkeypatch.setattr(RunContext, "parent", lambda self, member: tmp_path)
        ensemble.run(Ensemble(of=(SHORT,)), RunContext())
        assert not looked_at(cuts, corpus, "test")
