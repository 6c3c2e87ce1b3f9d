"""Trainable parameters of the paper's models, counted from their configurations: Table I.

No weights are loaded: a count is arithmetic over the sizes that each model's configuration gives.
"""

from dataclasses import dataclass

import pandas as pd

PAPER_LABELS = 19  # O, and B- and I- of nine medication types
LEAST = "TransformerCRF"


@dataclass(frozen=True)
class Architecture:
    """Sizes of an encoder: BERT's with segments and a pooler, DistilBERT's without either."""

    vocabulary: int
    layers: int
    hidden: int = 768
    inner: int = 3072
    positions: int = 512
    distilled: bool = False

    def parameters(self) -> int:
        """Weights and biases of embeddings, layers and pooler.

        >>> Architecture(vocabulary=28996, layers=12).parameters()
        108310272
        """
        d, i = self.hidden, self.inner
        norm = 2 * d
        segments = 0 if self.distilled else 2 * d
        embeddings = (self.vocabulary + self.positions) * d + segments + norm
        attention = 4 * (d * d + d) + norm
        feed_forward = (d * i + i) + (i * d + d) + norm
        pooler = 0 if self.distilled else d * d + d
        return embeddings + self.layers * (attention + feed_forward) + pooler


# the sizes in the configurations of the hub models that the paper names: its ClinicalBERT is a
# multilingual DistilBERT, its encoder from scratch has distilbert-base-cased's architecture
ENCODERS = {
    "BERT": Architecture(vocabulary=28996, layers=12),
    "BioBERT": Architecture(vocabulary=28996, layers=12),
    "ClinicalBERT": Architecture(vocabulary=119547, layers=6, distilled=True),
    "Transformer": Architecture(vocabulary=28996, layers=6, distilled=True),
}


def head(hidden: int, labels: int, crf: bool) -> int:
    """Parameters of a linear layer to `labels`, and with a CRF of its K² + 2 K scores."""
    return hidden * labels + labels + (labels * labels + 2 * labels if crf else 0)


def model(name: str) -> int:
    """The count of a model by the paper's name, such as "BERT-CRF" or "TransformerCRF"."""
    encoder = ENCODERS[name.removesuffix("-CRF").removesuffix("-Apt").removesuffix("CRF")]
    return encoder.parameters() + head(encoder.hidden, PAPER_LABELS, name.endswith("CRF"))


def frame(published: pd.DataFrame) -> pd.DataFrame:
    """The published totals (columns model, trainable_parameters), and ours from configurations.

    The last column is the share by which the from-scratch model with a CRF is smaller.
    """
    least = model(LEAST)
    rows = {
        name: {
            "published": total,
            "from its configuration": model(name),
            "difference": model(name) - total,
            f"{LEAST} has fewer by, %": 100 * (1 - least / model(name)),
        }
        for name, total in published.itertuples(index=False)
    }
    index = pd.Index(list(rows), name="model", dtype=object)
    return pd.DataFrame(list(rows.values()), index=index, dtype=object)
