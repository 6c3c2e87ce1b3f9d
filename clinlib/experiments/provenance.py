"""Provenance: what made a record; recorded and shown, never part of a key."""

import ast
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
EQUAL_SOURCES = Path(__file__).with_name("equal_sources.json")
PACKAGES = ("torch", "transformers", "tokenizers", "pytorch-crf", "numpy", "pydantic")

# Of the corpora package, only these act after a corpus is loaded. What readers, segmenter, splits
# and generators make is in the corpus's fingerprint, which is in the key and checked at every load.
CORPORA = "corpora"
ON_LOADED = ("samplers.py", "words.py")


def commit(repository: Path = PACKAGE.parent) -> dict[str, Any]:
    """{"commit", "dirty"}: the checkout's commit and whether its code or cards were changed.

    Results are left out of "dirty", since the sweep itself writes them. Without git or a
    checkout both are None.
    """
    try:
        head = _git(repository, "rev-parse", "HEAD")
        changes = _git(
            repository, "status", "--porcelain", "--", "clinlib", "data_cards", "requirements.txt"
        )
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "dirty": None}
    return {"commit": head, "dirty": bool(changes)}


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ("git", *arguments), cwd=repository, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


COMPUTES = frozenset(
    {
        "active_learning",
        "ensemble",
        "fine_tune",
        "pretrain",
        "pseudo_label",
        "similarity",
        "training_data",
        "vectors",
    }
)
"""Modules of experiments that numbers hang on; the others keep, key and order runs."""


def source_files(kind: str, package: Path = PACKAGE) -> list[Path]:
    """The modules that make the numbers of a kind, sorted; none for a kind without a routine.

    They are the routine's module and all that it imports from the package, whatever the level;
    but of experiments only what COMPUTES, and not what a corpus's fingerprint stands for.
    """
    routine = package / "experiments" / f"{kind}.py"
    found: set[Path] = set()
    waiting = [routine] if routine.is_file() else []
    while waiting:
        path = waiting.pop()
        machinery = path.parent == routine.parent and path.stem not in COMPUTES
        if path not in found and not machinery and not _fingerprinted(path, package):
            found.add(path)
            waiting += _imported(path, package)
    return sorted(found)


def _fingerprinted(path: Path, package: Path) -> bool:
    """Whether a module only helps to make corpora, or errors' words, and so alters no number."""
    parts = path.relative_to(package).parts
    return parts == ("errors.py",) or (parts[0] == CORPORA and parts[-1] not in ON_LOADED)


def _imported(path: Path, package: Path) -> list[Path]:
    """The package's own modules that a module imports, wherever in its code."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    parts = (name.split(".") for name in names)
    paths = (
        package.joinpath(*rest).with_suffix(".py")
        for first, *rest in parts
        if first == package.name and rest
    )
    return [each for each in paths if each.is_file()]


@cache
def source(kind: str, package: Path = PACKAGE) -> str:
    """16 hex digits over the code of a kind's modules, without docstrings and comments."""
    digest = hashlib.sha256()
    for path in source_files(kind, package):
        code = source_text(path.read_text(encoding="utf-8"))
        digest.update(f"{path.relative_to(package).as_posix()}\0{code}\0".encode())
    return digest.hexdigest()[:16]


def equal_sources(kind: str, version: int) -> list[str]:
    """The sources of a kind's routine that golden micro-runs found to compute the same numbers."""
    return _vouched().get(kind, {}).get(str(version), [])


def same_source(record: dict[str, Any]) -> bool:
    """Whether today's source made the record, or one that is vouched for as equal to it."""
    made, now = record["provenance"].get("source"), source(record["kind"])
    return made == now or {made, now} <= set(equal_sources(record["kind"], record.get("version")))


def vouch(kind: str, version: int) -> None:
    """Adds today's source to those that compute what `version` of the kind's routine computes."""
    found = equal_sources(kind, version)
    if source(kind) not in found:
        known = _vouched()
        kept = known | {kind: known.get(kind, {}) | {str(version): [*found, source(kind)]}}
        EQUAL_SOURCES.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        _vouched.cache_clear()


@cache
def _vouched() -> dict[str, dict[str, list[str]]]:
    return json.loads(EQUAL_SOURCES.read_text(encoding="utf-8"))


def source_text(code: str) -> str:
    """A module's syntax tree as text: the same for every layout, comment and docstring."""
    return _tree(ast.parse(code))


def _tree(node: Any) -> str:
    if isinstance(node, list):
        return "[" + ",".join(map(_tree, node)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = fields["body"][1:]
    # empty fields are left out: which of them a node has differs between Python versions
    shown = (f"{name}={_tree(value)}" for name, value in fields.items() if value not in (None, []))
    return f"{type(node).__name__}({','.join(shown)})"


def packages() -> dict[str, str | None]:
    """Version of Python and of every package that makes numbers; None where not installed."""
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def hardware() -> dict[str, Any]:
    """{"cpu", "cores", "gpu"}; the GPU's name only where torch is imported and sees one."""
    torch = sys.modules.get("torch")
    gpu = torch.cuda.get_device_name() if torch and torch.cuda.is_available() else None
    return {"cpu": _cpu(), "cores": cores(), "gpu": gpu}


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def reset_peak_memory() -> None:
    """Starts a new count of this process' peak memory, where the system can (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    except OSError:
        return


def peak_memory_mb() -> float:
    """Peak resident memory of this process in MiB, since the last reset where there are resets."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        kib = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        kib = peak / 1024 if sys.platform == "darwin" else peak
    return round(kib / 1024, 1)


def hash_weights(folder: Path) -> str | None:
    """sha256 over a folder's .safetensors files in order of name; None if it has none."""
    files = sorted(folder.rglob("*.safetensors"))
    if not files:
        return None
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
