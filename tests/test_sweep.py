"""A sweep runs what is not there, once, in order, and keeps what is finished."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import toy_runs
from toy_runs import encode, runs, tune

from clinlib.errors import BadInput
from clinlib.experiments import provenance
from clinlib.experiments.key import key
from clinlib.experiments.spec import Choose
from clinlib.experiments.status import status
from clinlib.experiments.sweep import sweep

HERE = Path(__file__).parent


@pytest.fixture
def store(tmp_path):
    return toy_runs.store(tmp_path)


def swept(store, configs, **options):
    # a store remembers what it set aside; each sweep of the tests has its own
    fresh = toy_runs.store(store.base, store.profile)
    usual = {"device": "cpu", "out": io.StringIO()}
    return sweep(configs, fresh.profile, store=fresh, **usual | options)


def states(store, configs) -> list[tuple[str, str]]:
    return sorted((row.state, row.label) for row in status(configs, store.profile, store))


def chosen(*rates, corpus="works", **fields) -> Choose:
    return Choose(
        of=tuple(tune(corpus, learning_rate=rate) for rate in rates), take="learning_rate", **fields
    )


def test_runs_what_is_missing_and_then_nothing(store):
    configs = [tune(seed=seed) for seed in range(3)]
    first = swept(store, configs)
    assert (len(first.ran), first.exit_code) == (3, 0)
    record = store.get(configs[1])
    assert record["status"] == "complete"
    assert record["configuration"]["seed"] == 1
    assert record["scores"]["dev"]["strict"]["f1"] == pytest.approx(0.03)
    made = record["provenance"]
    assert made["source"] == provenance.source("fine_tune")
    assert (made["device"], made["threads"], made["subwords_per_second"]) == ("cpu", 1, 12.5)
    assert made["packages"]["torch"] and made["peak_memory_mb"] > 0 and made["seconds"] >= 0
    again = swept(store, [*configs, tune(seed=3)])
    assert (len(again.current), again.to_run, len(again.ran)) == (3, 1, 1)
    assert len(runs(store.base)) == 4
    assert not list(store.base.rglob("*.tmp"))


def test_the_same_configuration_runs_once(store):
    swept(store, [tune(), tune(), tune(epochs=6)])
    assert runs(store.base) == ["works 0"]


def test_parents_run_before_their_children_and_leave_weights(store):
    first = encode()
    second = encode("corpus:other", start=first)
    config = tune(encoder=second)
    assert swept(store, [config]).exit_code == 0
    assert runs(store.base) == ["corpus:works 0", "corpus:other 0", "works 0"]
    parent = key(second, store.pins)
    weights = provenance.hash_weights(store.artifact_path(parent))
    assert weights and store.get(config)["provenance"]["parents"] == {parent: weights}
    assert store.get(second)["provenance"]["weights"] == weights


def test_a_parent_is_there_if_its_weights_are_not_its_record(store):
    parent = encode()
    swept(store, [tune(encoder=parent)])
    # weights without a record satisfy a child, and bring the record along
    store.record_path("pretrain", key(parent, store.pins)).unlink()
    swept(store, [parent, tune(encoder=parent, seed=1)])
    assert runs(store.base) == ["corpus:works 0", "works 0", "works 1"]
    assert store.get(parent)["status"] == "complete"
    # a record without weights does not, but is enough by itself
    folder = store.artifact_path(key(parent, store.pins))
    folder.rename(folder.with_name("elsewhere"))
    assert swept(store, [parent, tune(encoder=parent)]).to_run == 0
    swept(store, [tune(encoder=parent, seed=2)])
    assert runs(store.base)[3:] == ["corpus:works 0", "works 2"]


def test_another_profile_starts_from_the_same_weights(store):
    swept(store, [tune(encoder=encode())])
    other = toy_runs.store(store.base, "other")
    report = swept(other, [encode(), tune(encoder=encode())])
    assert runs(store.base) == ["corpus:works 0", "works 0", "works 0"]
    assert (len(report.ran), other.get(encode())["status"]) == (1, "complete")


@pytest.mark.parametrize(("rule", "rate"), [("best", 0.3), ("median", 0.2)])
def test_a_choice_is_made_by_its_rule_from_the_candidates_records(store, rule, rate):
    config = tune(learning_rate=chosen(0.1, 0.3, 0.2, rule=rule), seed=1)
    swept(store, [config])
    record = store.get(config)
    assert record["chosen"] == {"learning_rate": rate}
    assert record["scores"]["dev"]["strict"]["f1"] == pytest.approx(100 * rate)
    assert runs(store.base)[-1] == "works 1"


def test_a_failed_run_is_kept_with_its_error_and_the_sweep_goes_on(store):
    configs = [tune("fails"), tune("nan"), tune("dies"), tune()]
    report = swept(store, configs)
    assert report.exit_code == 1
    assert len(report.failed) == 3 and len(report.ran) == 1
    for corpus, said in (
        ("fails", "RuntimeError: this one always fails"),
        ("nan", "scores.dev.strict.f1 is nan"),
        ("dies", "ended with exit code 7"),
    ):
        record = store.get(tune(corpus))
        assert record["status"] == "failed"
        assert "scores" not in record
        assert said in f"{record['error']['type']}: {record['error']['message']}"
        assert said in report.summary()
    trace = store.get(configs[0])["error"]["traceback"]
    assert "toy_runs.py" in trace and str(Path.home()) + os.sep not in trace
    # the next sweep tries them again
    assert swept(store, configs).to_run == 3
    assert len(runs(store.base)) == 7


def test_what_needs_a_failed_run_is_blocked(store):
    parent = encode("corpus:fails")
    child = tune(encoder=parent)
    grandchild = tune(learning_rate=Choose(of=(child,), take="learning_rate"))
    report = swept(store, [grandchild, tune(seed=5)])
    assert [failure.label for failure in report.failed] == [parent.label()]
    assert {failure.label for failure in report.blocked} == {child.label(), grandchild.label()}
    assert len(report.ran) == 1
    assert store.get(child) is None
    assert not store.artifact_path(key(parent, store.pins)).exists()
    assert not list(store.base.rglob("*unfinished*"))


def test_a_configuration_without_a_key_fails_alone(store):
    def fingerprint(name):
        if name == "nowhere":
            raise BadInput("unknown corpus 'nowhere'")
        return name

    pins = type(store.pins)(corpus=fingerprint)
    fresh = type(store)("test", store.base, pins)
    report = sweep([tune("nowhere"), tune()], "test", store=fresh, device="cpu", out=io.StringIO())
    assert (report.exit_code, len(report.ran)) == (1, 1)
    assert "unknown corpus 'nowhere'" in report.summary()
    assert [row.why for row in status([tune("nowhere")], "test", fresh)][0].startswith("unknown")


def test_a_failure_never_replaces_a_result(store, monkeypatch):
    config = encode()
    swept(store, [config])
    before = store.get(config)
    (store.base / "broken").touch()
    monkeypatch.setattr(provenance, "source", lambda kind: "other source")
    assert swept(store, [config], refresh=True).exit_code == 1
    assert store.get(config) == before


def test_states_are_told_apart(store, monkeypatch):
    swept(store, [tune(), tune("fails"), tune(seed=8)])
    asked = [tune(), tune("fails"), tune(seed=1)]
    assert states(store, asked) == [
        ("current", "fine_tune works scratch-tiny"),
        ("failed", "fine_tune fails scratch-tiny"),
        ("missing", "fine_tune works scratch-tiny seed=1"),
        ("stale", "fine_tune works scratch-tiny seed=8"),
    ]
    monkeypatch.setattr(provenance, "source", lambda kind: "other source")
    assert states(store, [tune()])[0] == ("drifted", "fine_tune works scratch-tiny")
    assert swept(store, [tune()]).to_run == 0
    assert swept(store, [tune()], refresh=True).ran == [key(tune(), store.pins)]
    assert states(store, [tune()])[0][0] == "current"


def test_an_older_version_is_stale_and_says_so(store):
    swept(store, [tune()])
    path = store.record_path("fine_tune", key(tune(), store.pins))
    path.write_text(path.read_text().replace('"version": 1', '"version": 0'))
    (row,) = status([], "test", store)
    assert (row.state, row.why) == ("stale", "made by version 0 of the routine, now 1")


def test_a_broken_record_is_run_again_and_reported(store):
    swept(store, [tune()])
    path = store.record_path("fine_tune", key(tune(), store.pins))
    path.write_text("{")
    report = swept(store, [tune()])
    assert len(report.ran) == 1
    assert f"set aside: {path}.broken-1" in report.summary()


def test_a_dry_run_counts_estimates_and_runs_nothing(store):
    configs = [tune(encoder=encode(), seed=seed) for seed in range(4)]
    report = swept(store, configs, dry_run=True)
    assert (report.to_run, report.exit_code) == (5, 0)
    assert report.estimated_seconds > 0
    assert "4 configurations, 0 current, 5 to run, 1 of them for what others" in report.summary()
    assert "rough model" in report.summary()
    assert runs(store.base) == []
    swept(store, configs[:1])
    assert "by the speed of earlier records" in swept(store, configs, dry_run=True).summary()


def test_progress_tells_place_score_and_time_left(store):
    out = io.StringIO()
    swept(store, [tune(seed=seed) for seed in range(3)], workers=1, out=out)
    lines = out.getvalue().splitlines()
    done = [line for line in lines if "done, dev F1 0.0" in line]
    assert len(done) == 3
    assert done[0].startswith("run 1 of 3: fine_tune works") and "left" in done[0]
    assert done[2].startswith("run 3 of 3:") and "left" not in done[2]


def test_cuda_where_there_is_none_is_an_error(store, monkeypatch):
    from clinlib.experiments import device

    monkeypatch.setattr(device, "_sees_cuda", lambda: False)
    with pytest.raises(BadInput, match="torch sees no GPU"):
        swept(store, [tune()], device="cuda")
    monkeypatch.setenv("CLINLIB_DEVICE", "cudda")
    with pytest.raises(BadInput, match="did you mean 'cuda'"):
        swept(store, [], device=None)


def test_workers_are_at_least_one(store):
    with pytest.raises(BadInput, match="workers: 0"):
        swept(store, [], workers=0)


SCRIPT = """
import sys, toy_runs
from clinlib.experiments.sweep import sweep
store = toy_runs.store(sys.argv[1])
configs = [toy_runs.tune("waits", seed=seed, encoder=toy_runs.encode()) for seed in range(6)]
report = sweep(configs, "test", store=store, workers=2, device="cpu")
print(len(report.ran), len(report.found), report.exit_code)
"""


def started(base: Path) -> subprocess.Popen:
    # no `if __name__ == "__main__"` guard: workers do not import the caller's script
    script = base / "script.py"
    script.write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, script, base],
        env=os.environ | {"PYTHONPATH": f"{HERE}:{HERE.parent}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell's background job ignores interrupts, and its children with it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def records(base: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in base.glob("results/test/fine_tune/*.json")]


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def workers_of(process: subprocess.Popen) -> list[str]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True
    )
    return listed.stdout.split()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupt_keeps_what_is_finished(store, how):
    process = started(store.base)
    until(lambda: records(store.base))
    workers = workers_of(process)
    process.send_signal(how)
    _, errors = process.communicate(timeout=20)
    assert process.returncode != 0
    if how == signal.SIGINT:
        assert "finished runs are kept" in errors
    assert len(workers) == 2
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    kept = records(store.base)
    assert kept and all(record["status"] == "complete" for record in kept)
    assert not list(store.base.rglob("*.tmp")) and not list(store.base.rglob("*unfinished*"))
    # what was finished is not run again
    configs = [tune("waits", seed=seed, encoder=encode()) for seed in range(6)]
    assert len(swept(store, configs).ran) == 6 - len(kept)
    assert len(records(store.base)) == 6


def test_two_sweeps_at_once_share_the_work(store):
    both = [started(store.base) for _ in range(2)]
    said = [process.communicate(timeout=60)[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    # each of the seven was run once, and each sweep has all of them
    assert sorted(runs(store.base)) == ["corpus:works 0"] + [f"waits {seed}" for seed in range(6)]
    assert sum(int(ran) for ran, _, _ in said) == 7
    assert all(int(found) >= 0 and code == "0" for _, found, code in said)
    assert len(records(store.base)) == 6


def model_of(*rates, rule="median", **fields) -> Choose:
    candidates = tuple(tune(learning_rate=rate, **fields) for rate in rates)
    return Choose(of=candidates, rule=rule, take="model")


def test_a_tagger_leaves_its_weights_only_where_another_run_starts_from_it(store):
    source = tune(corpus="source")
    swept(store, [source])
    assert store.artifact_record(key(source, store.pins)) is None
    report = swept(store, [tune(encoder=source)])
    assert len(report.ran) == 2 and runs(store.base) == ["source 0", "source 0", "works 0"]
    record = store.get(tune(encoder=source))
    made = store.artifact_record(key(source, store.pins))
    assert record["provenance"]["parents"] == {made["key"]: made["provenance"]["weights"]}
    assert swept(store, [tune(encoder=source)]).to_run == 0


def test_the_median_source_is_what_a_run_starts_from(store):
    choose = model_of(0.1, 0.3, 0.2)
    config = tune(corpus="target", encoder=choose)
    report = swept(store, [config])
    assert len(report.ran) == 4 and report.exit_code == 0
    record = store.get(config)
    middle = key(choose.of[2], store.pins)
    assert record["chosen"] == {"encoder": middle}
    assert list(record["provenance"]["parents"]) == [middle]


def test_of_sources_with_records_only_the_chosen_one_is_trained_again_for_its_weights(store):
    choose = model_of(0.1, 0.3, 0.2)
    swept(store, choose.of)
    report = swept(store, [tune(corpus="target", encoder=choose)])
    assert sorted(report.ran) == sorted(
        key(each, store.pins) for each in (choose.of[2], tune(corpus="target", encoder=choose))
    )


def test_a_choice_of_a_run_is_no_rate_and_a_rate_no_run():
    with pytest.raises(BadInput, match="takes model, not learning_rate"):
        tune(learning_rate=model_of(0.1, 0.2))
    with pytest.raises(BadInput, match="takes learning_rate, not model"):
        tune(encoder=chosen(0.1, 0.2))


def test_a_run_whose_data_are_not_here_is_not_started_and_leaves_no_record(store, monkeypatch):
    from clinlib.experiments import sweep as module

    def missing(config):
        absent = getattr(config, "corpus", "") == "absent" or "corpus:absent" in str(config.label())
        return "there is no folder 'absent'" if absent else ""

    monkeypatch.setattr(module, "missing", missing)
    encoder = encode("corpus:absent")
    configs = [tune("absent", seed=1), tune("absent", seed=2), tune(encoder=encoder), tune()]
    report = swept(store, configs)
    assert (report.to_run, len(report.ran), report.exit_code) == (5, 1, 1)
    assert [failure.error for failure in report.failed] == ["there is no folder 'absent'"] * 3
    assert [failure.error for failure in report.blocked] == [
        "blocked: a run that it needs cannot start"
    ]
    assert [store.get(config) for config in configs[:3]] == [None] * 3
    said = swept(store, configs, dry_run=True).summary()
    assert "failed: 3 runs" in said and "there is no folder" in said


def test_where_candidates_run_again_the_weights_of_all_are_kept(store, monkeypatch):
    choose = model_of(0.1, 0.3, 0.2)
    target = tune(corpus="target", encoder=choose)
    swept(store, [*choose.of, target])
    monkeypatch.setattr(provenance, "same_source", lambda record: False)
    report = swept(store, [*choose.of, target], refresh=True)
    assert len(report.ran) == 4 and report.exit_code == 0
    assert all(store.artifact_record(key(each, store.pins)) for each in choose.of)


def test_of_candidates_with_lost_weights_the_chosen_one_alone_runs_again(store):
    choose = model_of(0.1, 0.3, 0.2)
    targets = [tune(corpus="target", encoder=choose, seed=seed) for seed in range(3)]
    swept(store, [*choose.of, targets[0]])
    shutil.rmtree(store.cache)
    before = len(runs(store.base))
    report = swept(store, targets)
    assert (report.to_run, report.exit_code) == (3, 0)
    assert len(runs(store.base)) == before + 3


def test_a_choice_that_changed_under_way_is_said_and_the_next_sweep_mends_it(store, monkeypatch):
    from clinlib.experiments.runner import Runner

    choose = model_of(0.1, 0.3, 0.2)
    target = tune(corpus="target", encoder=choose)
    swept(store, choose.of)
    with monkeypatch.context() as patch:
        patch.setattr(Runner, "_choice", lambda self, choose: choose.of[0])
        report = swept(store, [target])
    assert "run the sweep once more" in report.failed[0].error
    assert swept(store, [target]).exit_code == 0
