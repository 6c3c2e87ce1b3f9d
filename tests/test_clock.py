"""The clock: what a run took counts its parts before interrupts, each once."""

import json
from unittest.mock import patch

import golden
import pytest
import test_active_learning

from clinlib.experiments import clock, pretrain
from clinlib.experiments.context import RunContext
from clinlib.experiments.spec import Pretrain
from clinlib.experiments.worker import Job, perform
from clinlib.selection.learner import Learner

LOOP = test_active_learning.LOOP
PRETRAIN = Pretrain(texts=("corpus:micro",), vocabulary=300, epochs=3, length=32)


@pytest.fixture(autouse=True)
def micro():
    with golden.on_micro(golden.micro()) as corpus:
        yield corpus


@pytest.fixture
def times(monkeypatch):
    """The present: what the clock of the wall, that of the processor, and the memory say."""
    now = {"seconds": 100.0, "cpu_seconds": 50.0, "peak_memory_mb": 30.0}
    monkeypatch.setattr(clock.time, "perf_counter", lambda: now["seconds"])
    monkeypatch.setattr(clock.time, "process_time", lambda: now["cpu_seconds"])
    monkeypatch.setattr(clock.provenance, "peak_memory_mb", lambda: now["peak_memory_mb"])
    return now


def test_a_run_that_goes_on_counts_what_its_journal_holds_and_not_what_was_lost(tmp_path, times):
    first = clock.Clock(tmp_path)
    times.update(seconds=110.0, cpu_seconds=56.0, peak_memory_mb=80.0)
    first.save()
    times.update(seconds=117.0, cpu_seconds=60.0)  # lost with the interrupt
    second = clock.Clock(tmp_path)
    times.update(seconds=120.0, cpu_seconds=62.0, peak_memory_mb=40.0)
    second.save()
    assert second.spent() == {"seconds": 13.0, "cpu_seconds": 8.0, "peak_memory_mb": 80.0}
    third = clock.Clock(tmp_path)
    times.update(seconds=121.0, cpu_seconds=63.0)
    assert third.spent() == {"seconds": 14.0, "cpu_seconds": 9.0, "peak_memory_mb": 80.0}


@pytest.mark.parametrize("journal", [False, True])
def test_a_run_without_interrupt_counts_from_its_begin(tmp_path, times, journal):
    only = clock.Clock(tmp_path if journal else None)
    times.update(seconds=103.0, cpu_seconds=52.0)
    only.save()
    times.update(seconds=104.0, cpu_seconds=53.0)
    assert only.spent() == {"seconds": 4.0, "cpu_seconds": 3.0, "peak_memory_mb": 30.0}


def loop_interrupted(rounds):
    """The third round's training does not begin."""
    learn, begun = Learner.learn, []

    def learnt(self, *arguments):
        begun.append(1)
        if len(begun) > rounds:
            raise KeyboardInterrupt
        return learn(self, *arguments)

    return patch.object(Learner, "learn", learnt)


def pretraining_interrupted(epochs):
    made = pretrain.MaskedEpoch

    def epoch(of, tokenizer, batch_subwords, rate, seed):
        if seed[1] > epochs:
            raise KeyboardInterrupt
        return made(of, tokenizer, batch_subwords, rate, seed)

    return patch.object(pretrain, "MaskedEpoch", epoch)


@pytest.mark.parametrize(
    ("config", "interrupted"), [(LOOP, loop_interrupted), (PRETRAIN, pretraining_interrupted)]
)
def test_what_an_interrupted_run_took_is_in_its_record(config, interrupted, tmp_path):
    context = RunContext(artifact=tmp_path / "weights", journal=tmp_path / "journal")
    context.artifact.mkdir()
    job = Job("0" * 16, config, context)
    with interrupted(2), pytest.raises(KeyboardInterrupt):
        perform(job, lambda *_: None)
    spent = context.journal / clock.FILE
    assert json.loads(spent.read_text())["cpu_seconds"] > 0
    spent.write_text('{"seconds": 5000.0, "cpu_seconds": 4000.0, "peak_memory_mb": 9e6}')
    outcome = perform(job, lambda *_: None)
    assert outcome.error is None and outcome.result
    assert 4000 < outcome.measured["cpu_seconds"] < 4600
    assert outcome.measured["seconds"] > 5000 and outcome.measured["peak_memory_mb"] == 9e6
