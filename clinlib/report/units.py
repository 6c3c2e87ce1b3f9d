"""Units: what the numbers among the parameters of notebooks count or measure, by name."""

from clinlib.report.parameters import Parameter

WITHOUT = ("str", "bool", "list[str]")
"""Types that are no quantity."""
UNITS = {
    "adapt_batch_subwords": "padded subwords per step",
    "batch_subwords": "padded subwords per step",
    "adapt_documents": "documents",
    "adapt_epochs": "passes",
    "adapt_learning_rate": "rate, no unit",
    "all_data_epochs": "passes",
    "alphas": "weight, at least 0",
    "batch_size": "sentences per step",
    "context": "subwords",
    "contrast": "weight, at least 0",
    "dev_sentences": "sentences",
    "disagreements": "sentences",
    "documents": "documents",
    "dropout": "share of elements, below 1",
    "epochs": "passes",
    "folds": "parts",
    "head_learning_rate": "rate, no unit",
    "initial": "share of the pool, up to 1",
    "label_smoothing": "probability, below 1",
    "learning_rate": "rate, no unit",
    "learning_rates": "rate, no unit",
    "longer_epochs": "passes",
    "lstm_learning_rate": "rate, no unit",
    "masking": "share of subwords, up to 1",
    "max_length": "subwords",
    "packed_batch": "windows per step",
    "packed_batch_size": "windows per step",
    "packed_length": "subwords",
    "packed_lengths": "subwords",
    "patience": "passes",
    "per_round": "share of the pool, up to 1",
    "pool": "sentences",
    "predictor_size": "features, both directions together",
    "pretrain_epochs": "passes",
    "pretrain_learning_rate": "rate, no unit",
    "r_drop": "weight, at least 0",
    "recurrent": "features, both directions together",
    "round_epochs": "passes",
    "round_size": "sentences",
    "rounds": "rounds",
    "sentence_rounds": "rounds",
    "sample": "sentences",
    "sample_seed": "seed, no unit",
    "seeds": "runs",
    "sentences": "sentences",
    "shares": "share of sentences, up to 1",
    "silver": "documents",
    "silver_epochs": "passes",
    "sizes": "sentences",
    "small_batch_size": "sentences per step",
    "small_epochs": "passes",
    "small_updates": "steps, about",
    "source_batch_size": "sentences per step",
    "source_epochs": "passes",
    "source_seeds": "runs",
    "temperature": "of cosines, no unit",
    "threshold": "probability, up to 1",
    "thresholds": "probability, up to 1",
    "tuning_epochs": "passes",
    "tuning_sentences": "sentences",
    "unlabelled": "documents",
    "up_sample": "exponent, at least 0",
    "vectors": "vectors",
    "vocabulary": "subwords",
    "voters": "taggers",
}


def unit(parameter: Parameter) -> str:
    """The unit of a parameter that is a quantity, "" for a name, a text or a switch.

    A quantity without an entry has none either; a test asks for one of every parameter of the
    notebooks.
    """
    return "" if parameter.type in WITHOUT else UNITS.get(parameter.name, "")
