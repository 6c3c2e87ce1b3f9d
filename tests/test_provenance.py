"""What a record says of its origin: code without its comments, versions, weights, memory."""

import json
import subprocess
import sys

import pytest

from clinlib.experiments import provenance
from clinlib.experiments.spec import KINDS

CODE = '''
"""What it is."""
import math


def area(radius: float) -> float:
    """Of a circle."""
    return math.pi * radius**2
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""What it is."""', '"""What it is, at length."""'),
        ('    """Of a circle."""\n', ""),
        ("import math\n", "import math  # for pi\n"),
        ("math.pi * radius**2", "(math.pi\n            * radius ** 2)"),
    ],
)
def test_words_and_layout_are_no_source(old, new):
    assert old in CODE
    assert provenance.source_text(CODE.replace(old, new)) == provenance.source_text(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("radius**2", "radius**3"), ("math.pi", "math.e"), ("area", "surface"), ("2\n", "2.0\n")],
)
def test_code_is_source(old, new):
    assert old in CODE
    assert provenance.source_text(CODE.replace(old, new)) != provenance.source_text(CODE)


@pytest.fixture
def package(tmp_path):
    files = {
        "experiments/fine_tune.py": "import clinlib.experiments.key, clinlib.models.tagger\n"
        "from clinlib.experiments import training_data",
        "experiments/training_data.py": "",
        "experiments/key.py": "from clinlib.report import tables",
        "models/tagger.py": "def f():\n    from clinlib.corpora import words",
        "corpora/words.py": "from clinlib.corpora.ledger import Ledger",
        "corpora/ledger.py": "",
        "corpora/synthetic/letters.py": "",
        "models/unused.py": "",
        "report/tables.py": "",
    }
    for name, code in files.items():
        path = tmp_path / "clinlib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    return tmp_path / "clinlib"


def test_the_source_of_a_kind_is_what_its_routine_imports(package):
    found = provenance.source_files("fine_tune", package)
    assert [path.relative_to(package).as_posix() for path in found] == [
        "corpora/words.py",
        "experiments/fine_tune.py",
        "experiments/training_data.py",
        "models/tagger.py",
    ]
    assert provenance.source_files("no_such_kind", package) == []


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("corpora/words.py", True),
        ("corpora/synthetic/letters.py", False),  # its corpus's fingerprint changes
        ("models/unused.py", False),
        ("corpora/ledger.py", False),
        ("experiments/key.py", False),
        ("experiments/training_data.py", True),
    ],
)
def test_drift_is_a_change_of_that_source(package, file, counts):
    before = provenance.source("fine_tune", package)
    provenance.source.cache_clear()
    assert provenance.source("fine_tune", package) == before
    (package / file).write_text("x = 1")
    provenance.source.cache_clear()
    assert (provenance.source("fine_tune", package) != before) == counts


def test_every_routine_is_among_what_computes():
    modules = {kind.routine.partition(":")[0] for kind in KINDS.values() if kind.routine}
    assert {name.rpartition(".")[2] for name in modules} <= provenance.COMPUTES
    for name in provenance.COMPUTES:
        assert (provenance.PACKAGE / "experiments" / f"{name}.py").is_file(), name


def test_the_routines_rest_on_the_layers_that_make_numbers():
    found = {
        path.relative_to(provenance.PACKAGE).as_posix()
        for path in provenance.source_files("fine_tune")
    }
    for expected in (
        "corpora/samplers.py",
        "corpora/words.py",
        "encoding/windows.py",
        "models/tagger.py",
        "training/loop.py",
        "evaluation/spans.py",
    ):
        assert expected in found
    assert not any(name.startswith(("report/", "studies/", "cli")) for name in found)
    assert not any("synthetic" in name or "registry" in name for name in found)


@pytest.fixture
def vouched(tmp_path, monkeypatch):
    """Sources found equal, in a file of the test's own; today's source of any kind is "now"."""
    path = tmp_path / "equal_sources.json"
    path.write_text(json.dumps({"fine_tune": {"1": ["old", "now"], "2": ["new"]}}))
    monkeypatch.setattr(provenance, "EQUAL_SOURCES", path)
    monkeypatch.setattr(provenance, "source", lambda kind: "now")
    provenance._vouched.cache_clear()
    yield path
    provenance._vouched.cache_clear()


def made_by(source, kind="fine_tune", version=1):
    return {"kind": kind, "version": version, "provenance": {"source": source}}


@pytest.mark.parametrize(
    ("record", "now", "same"),
    [
        (made_by("now"), "now", True),
        (made_by("unknown"), "unknown", True),  # the very source needs nobody's word
        (made_by("old"), "now", True),
        (made_by("now"), "old", True),
        (made_by("old"), "later", False),  # today's source is not found equal
        (made_by("earlier"), "now", False),  # what made the record is not
        (made_by("old", version=2), "now", False),
        (made_by("new", version=2), "now", False),
        (made_by("old", kind="pretrain"), "now", False),
        ({"kind": "fine_tune", "version": 1, "provenance": {}}, "now", False),
    ],
)
def test_a_record_is_current_only_by_the_present_source_or_one_found_equal_to_it(
    vouched, monkeypatch, record, now, same
):
    monkeypatch.setattr(provenance, "source", lambda kind: now)
    assert provenance.same_source(record) is same


def test_what_is_vouched_for_is_so_for_one_version_of_one_kind(vouched, monkeypatch):
    assert provenance.equal_sources("fine_tune", 1) == ["old", "now"]
    assert provenance.equal_sources("fine_tune", 3) == []
    provenance.vouch("pretrain", 1)
    assert provenance.equal_sources("pretrain", 1) == ["now"]
    assert provenance.equal_sources("fine_tune", 1) == ["old", "now"]
    monkeypatch.setattr(provenance, "source", lambda kind: "later")
    provenance.vouch("fine_tune", 1)
    provenance.vouch("fine_tune", 1)
    assert provenance.equal_sources("fine_tune", 1) == ["old", "now", "later"]
    assert json.loads(vouched.read_text())["fine_tune"] == {
        "1": ["old", "now", "later"],
        "2": ["new"],  # what options of their own version compute
    }


def test_weights_are_hashed_by_content_and_name_order(tmp_path):
    assert provenance.hash_weights(tmp_path) is None
    (tmp_path / "a.safetensors").write_bytes(b"1")
    (tmp_path / "b.safetensors").write_bytes(b"2")
    both = provenance.hash_weights(tmp_path)
    (tmp_path / "record.json").write_text("{}")
    assert provenance.hash_weights(tmp_path) == both
    (tmp_path / "b.safetensors").write_bytes(b"3")
    assert provenance.hash_weights(tmp_path) != both


PEAKS = """
from clinlib.experiments import provenance
provenance.reset_peak_memory()
before = provenance.peak_memory_mb()
block = bytearray(64 << 20)
block[::4096] = b"x" * len(block[::4096])
during = provenance.peak_memory_mb()
del block
provenance.reset_peak_memory()
print(before, during, provenance.peak_memory_mb())
"""


def test_peak_memory_is_that_since_the_last_reset():
    # a process of its own: what other tests leave to be freed would move the numbers
    done = subprocess.run([sys.executable, "-c", PEAKS], capture_output=True, text=True, check=True)
    before, during, after = map(float, done.stdout.split())
    assert during > before + 50
    assert after < before + 40


def test_commit_tells_changed_code_from_changed_results(tmp_path):
    def git(*arguments):
        subprocess.run(
            ("git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments),
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )

    assert provenance.commit(tmp_path) == {"commit": None, "dirty": None}
    git("init")
    for folder in ("clinlib", "results", "data_cards"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").write_text("1")
    git("add", ".")
    git("commit", "-m", "first")
    assert len(provenance.commit(tmp_path)["commit"]) == 40
    (tmp_path / "results" / "file").write_text("2")
    assert provenance.commit(tmp_path)["dirty"] is False
    (tmp_path / "clinlib" / "file").write_text("2")
    assert provenance.commit(tmp_path)["dirty"] is True


def test_versions_and_hardware_are_named():
    assert provenance.packages()["torch"]
    hardware = provenance.hardware()
    assert hardware["cpu"] and hardware["cores"] >= 1
