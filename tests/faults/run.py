"""Plants each fault in a copy of the checkout and expects the tests that it names to turn red.

`python tests/faults/run.py [NAME ...]`. A patch's header holds a line on the fault and one
"# test: PATH" or "# test: PATH::TEST" a test. Exit code 1 if a fault survives, or a patch no
longer applies.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FAULTS = Path(__file__).parent
CHECKOUT = FAULTS.parents[1]
FAILED = 1  # pytest's exit code for failed tests; 2 and more mean that none was judged
AT_ONCE = 2


def named_tests(patch: Path) -> list[str]:
    """The test files, or single tests, that a patch names."""
    return re.findall(r"^# test: (\S+)$", patch.read_text(encoding="utf-8"), re.MULTILINE)


def copy_checkout(place: Path) -> None:
    """Copies the checkout's files as they are now, new ones included, ignored ones not."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (CHECKOUT / name).is_file():  # what is deleted but not committed is still listed
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, place / name)


def judge(patch: Path) -> str:
    """ "killed", or what went wrong, for one fault."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        copy_checkout(copy)
        applied = subprocess.run(
            ["git", "apply", str(patch)], cwd=copy, capture_output=True, text=True
        )
        if applied.returncode:
            return f"the patch does not apply: {applied.stderr.strip()}"
        # -P and PYTHONPATH: the copy's package, not the one that is installed
        environment = os.environ | {"PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
        where = subprocess.run(
            [sys.executable, "-c", "import clinlib; print(clinlib.__file__)"],
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
        )
        if not where.stdout.startswith(str(copy)):
            return f"the copy is not what is tested: {where.stdout or where.stderr}"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-n0"]
            + named_tests(patch),
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode == FAILED:
            return "killed"
        if done.returncode == 0:
            return "SURVIVED"
        return f"no test was judged (pytest's exit code {done.returncode})"


def main() -> int:
    """Judges the faults named on the command line, or all."""
    patches = sorted(FAULTS.glob("*.patch"))
    if names := sys.argv[1:]:
        unknown = sorted(set(names) - {patch.stem for patch in patches})
        if unknown:
            print(f"no fault {unknown[0]!r}; there are {', '.join(p.stem for p in patches)}")
            return 2
        patches = [patch for patch in patches if patch.stem in names]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        verdicts = list(pool.map(judge, patches))
    for patch, verdict in zip(patches, verdicts, strict=True):
        print(f"{patch.stem}: {verdict}")
    killed = verdicts.count("killed")
    print(f"{killed} of {len(patches)} faults turned a test red")
    return 0 if killed == len(patches) else 1


if __name__ == "__main__":
    sys.exit(main())
