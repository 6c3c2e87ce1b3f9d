"""Updates: how many batches a run learnt from, as its record tells."""

from math import ceil

from clinlib.studies.cells import Record, number


def updates(record: Record) -> float | None:
    """The batches of a run's own training, all epochs and rounds together.

    None for what is trained in no batches of sentences, such as votes.
    """
    configuration = record["configuration"]
    if record["kind"] == "active_learning":
        size, epochs = (configuration["task"][name] for name in ("batch_size", "epochs"))
        return float(sum(epochs * ceil(row["sentences"] / size) for row in record["curve"]))
    size, windows = configuration.get("batch_size"), number(record, "data.train_windows")
    return size and windows and float(len(record["curve"]) * ceil(windows / size))
