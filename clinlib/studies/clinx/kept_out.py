"""Training documents that no run learns from, as they stand in another task's test split."""

import pandas as pd

from clinlib.corpora.registry import counts
from clinlib.studies.cells import number
from clinlib.studies.clinx.transfer import Results
from clinlib.studies.frames import by_row


def kept_out(results: Results) -> pd.DataFrame:
    """By task: its training documents, and how many of them were left out of every run's.

    Without tasks it has its columns and no row.
    """
    rows = {}
    for task in results.tasks:
        groups = [group for place, group in results.final.items() if place.target == task]
        learnt = {number(run, "data.train_documents") for group in groups for run in group.values()}
        whole = counts(task)["train"].documents
        left_out = sorted(int(whole - each) for each in learnt if each is not None)
        rows[(task,)] = {
            "documents": whole,
            "kept out": ", ".join(map(str, left_out)) or "missing",
        }
    return by_row(rows, ["task"]).reindex(columns=["documents", "kept out"])
