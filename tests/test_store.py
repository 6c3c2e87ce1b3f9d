"""Records are whole or absent, and nothing that was written is deleted."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
import toy_runs
from safetensors import SafetensorError

from clinlib.errors import BadInput, ClinlibError
from clinlib.experiments import store as store_module
from clinlib.experiments.store import Store, root
from clinlib.experiments.worker import describe

KEY = "0123456789abcdef"


@pytest.fixture
def store(tmp_path):
    return toy_runs.store(tmp_path)


def record(**fields):
    return {
        "schema": 1,
        "kind": "fine_tune",
        "version": 1,
        "key": KEY,
        "status": "complete",
        "error": None,
        "configuration": toy_runs.tune().to_dict(),
        "scores": {"dev": {"strict": {"f1": 71.5}}},
        "provenance": {},
    } | fields


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_record_comes_back_as_it_was_saved(store):
    path = store.save(record())
    assert path == store.base / "results" / "test" / "fine_tune" / f"{KEY}.json"
    assert store.load("fine_tune", KEY) == record()
    assert list(store.records()) == [record()]
    assert names(store.base) == [f"{KEY}.json"]


def test_a_missing_record_is_none(store):
    assert store.load("fine_tune", KEY) is None
    assert store.get(toy_runs.tune()) is None
    assert store.artifact_record(KEY) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[1, 2]",
        lambda text: text.replace('"schema": 1', '"schema": 2'),
        lambda text: text.replace('"kind": "fine_tune",\n', '"kind": "pretrain",\n'),
        lambda text: text.replace(KEY, "f" * 16),
        lambda text: text.replace('"complete"', '"done"'),
        lambda text: text.replace("71.5", "NaN"),
        lambda text: json.dumps({"learning": "curves"}),
    ],
)
def test_a_broken_record_is_set_aside_named_and_kept(store, damage, caplog):
    path = store.save(record())
    broken = damage(path.read_text())
    assert broken != path.read_text()
    path.write_text(broken)
    assert store.load("fine_tune", KEY) is None
    aside = path.with_name(f"{KEY}.json.broken-1")
    assert store.set_aside == [aside]
    assert aside.read_text() == broken
    assert not path.exists()
    assert str(path) in caplog.text and aside.name in caplog.text
    # the name is free again, and a second broken file replaces nothing
    store.save(record())
    path.write_bytes(b"\xff\xfe")
    assert store.load("fine_tune", KEY) is None
    assert names(path.parent) == [f"{KEY}.json.broken-1", f"{KEY}.json.broken-2"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"scores": {"dev": [1.0, float("nan")]}}, r"scores.dev\[1\] is nan"),
        ({"curve": float("inf")}, "curve is inf"),
        ({"curve": {1, 2}}, "not JSON serializable"),
        ({"status": "done"}, "status 'done'"),
        ({"provenance": None}, "'provenance' is missing"),
    ],
)
def test_a_record_that_no_reader_could_use_is_not_written(store, fields, said):
    with pytest.raises(BadInput, match=said):
        store.save(record(**fields))
    assert names(store.base) == []


def test_a_full_disk_is_said_with_path_and_what_to_free(store, monkeypatch):
    store.save(record())

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store_module.os, "fsync", full)
    with pytest.raises(ClinlibError, match=f"no disk space.*{KEY}.json.*artifacts can be deleted"):
        store.save(record(status="failed"))
    # the earlier record stands and no temporary file is left
    assert store.load("fine_tune", KEY) == record()
    assert names(store.base) == [f"{KEY}.json"]


def test_another_fault_of_the_disk_is_not_called_full(store, monkeypatch):
    def broken(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(store_module.os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output error"):
        store.save(record())


def test_weights_stand_only_with_their_record(store):
    made = store.artifact_path("made")
    made.mkdir(parents=True)
    (made / "model.safetensors").write_bytes(b"1")
    place = store.save_artifact(made, record(kind="pretrain"))
    assert names(place) == ["model.safetensors", "record.json"]
    assert store.artifact_record(KEY)["kind"] == "pretrain"
    assert not made.exists()
    (place / "record.json").write_text(json.dumps(record(key="f" * 16)))
    assert store.artifact_record(KEY) is None
    (place / "record.json").write_text("{")
    assert store.artifact_record(KEY) is None


def test_profiles_share_weights_but_no_records(tmp_path):
    one, other = toy_runs.store(tmp_path, "one"), toy_runs.store(tmp_path, "other")
    one.save(record())
    assert other.load("fine_tune", KEY) is None
    assert one.artifact_path(KEY) == other.artifact_path(KEY)


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b"])
def test_a_profile_is_a_plain_name(name):
    with pytest.raises(BadInput, match="no name for a profile"):
        Store(name)


def test_the_root_can_be_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("CLINLIB_ROOT", str(tmp_path))
    assert root() == tmp_path
    monkeypatch.delenv("CLINLIB_ROOT")
    assert (root() / "clinlib" / "experiments").is_dir()


@pytest.mark.parametrize(
    "raised",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        SafetensorError(
            "Error while serializing: I/O error: No space left on device (os error 28)"
        ),
        shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]),
    ],
)
def test_a_full_disk_is_recognised_whichever_library_says_it(tmp_path, raised):
    said = describe(raised, tmp_path)
    assert said["type"] == "ClinlibError"
    assert said["message"].startswith("no disk space left to write")


@pytest.mark.parametrize(
    "raised", [ValueError("no space in a name"), OSError(errno.EACCES, "Permission denied", "b")]
)
def test_another_error_of_a_run_keeps_its_name(tmp_path, raised):
    said = describe(raised, tmp_path)
    assert (said["type"], said["message"]) == (type(raised).__name__, str(raised))
