"""Published tables as data: the papers' numbers, each with its source, never mixed with ours."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from clinlib.errors import BadInput, unknown

FOLDER = Path(__file__).with_name("published")
TRANSFORMER_CRF = (
    "Belkadi, Han, Wu and Nenadic: Exploring the Value of Pre-trained Language Models for "
    "Clinical Named Entity Recognition, 2023"
)
CLINX = (
    "Lange, Adel, Strötgen and Klakow: CLIN-X: pre-trained language models and a study on "
    "cross-task transfer for concept extraction in the clinical domain, 2022"
)
IBD = (
    "Francis, Crema Garcia, Uma, Mestdagh, De Moor and Moens: Clinical entity-aware domain "
    "adaptation in low resource setting for inflammatory bowel disease, 2025"
)
LASL = (
    "Yan, Zong and Xu: Combination of Loss-based Active Learning and Semi-supervised Learning for "
    "Recognizing Entities in Chinese Electronic Medical Records, 2023"
)
FOUR = "the four papers"


@dataclass(frozen=True)
class Source:
    """Where a published table stands: `paper`, `place` in it, and the `data` it was measured on."""

    paper: str
    place: str
    data: str

    def __str__(self) -> str:
        return f"{self.paper}, {self.place} ({self.data})"


N2C2 = "n2c2-2018 track 2, 303 training and 202 test letters"
FIVE_EACH = "mean over five English i2b2 tasks and five Spanish tasks"
TASKS = "five English i2b2 tasks and five Spanish tasks, one by one"
NOTES = "1,463 training and 250 test notes of one hospital, three runs"
SOURCES = {
    "transformercrf_parameters": Source(TRANSFORMER_CRF, "Table I", "no data: parameter counts"),
    "transformercrf_bio_strict": Source(TRANSFORMER_CRF, "Tables II and III", N2C2),
    "transformercrf_downsampling": Source(TRANSFORMER_CRF, "Figures 6 and 7", N2C2),
    "transformercrf_sentences": Source(TRANSFORMER_CRF, "Section IV-A", N2C2),
    "transformercrf_token_ablation": Source(TRANSFORMER_CRF, "Table IV", N2C2),
    "clinx_embeddings": Source(CLINX, "Table 3", FIVE_EACH),
    "clinx_training_ablation": Source(CLINX, "Table 4", FIVE_EACH),
    "clinx_transfer": Source(CLINX, "Tables 5 and 6", TASKS),
    "clinx_corpora": Source(CLINX, "Tables 1 and 2", "sentences of four corpora a language"),
    "clinx_all_tasks": Source(CLINX, "Table 7", TASKS),
    "clinx_predicted_source": Source(CLINX, "Table 7", TASKS),
    "ibd_methods": Source(IBD, "Table 2", NOTES),
    "ibd_significance": Source(IBD, "Section 6.3", f"{NOTES}; the unit of the test is not given"),
    "lasl_methods": Source(LASL, "Table 3", "CCKS 2019, 1000 records; by share of them labelled"),
    "lasl_predicted_loss": Source(LASL, "Table 1", "seven samples, of which and when is not said"),
    "lasl_balance_weights": Source(LASL, "Table 5", "CCKS 2019, 1000 records; by round of 1 %"),
    "lasl_lpn_encoders": Source(LASL, "Table 6", "CCKS 2019, 1000 records; by round"),
    "lasl_target_models": Source(
        LASL, "Table 4", "CCKS 2019, 1000 records; by share of them labelled"
    ),
    "costs": Source(FOUR, "as each row says", "their corpora"),
}


@dataclass(frozen=True)
class Published:
    """One published table: `frame` as printed (shares in 0..1, not percent) and its `source`."""

    name: str
    frame: pd.DataFrame
    source: Source


def load(name: str) -> Published:
    """The published table `name`; raises BadInput for an unknown name or a table with holes."""
    if name not in SOURCES:
        raise unknown("published table", name, SOURCES)
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        raise BadInput(f"published table {name}: {path} is missing from the installation")
    frame = pd.read_csv(path)
    holes = frame.isna()
    if holes.to_numpy().any():
        row, column = next(zip(*holes.to_numpy().nonzero(), strict=True))
        raise BadInput(
            f"published table {name}: no value in line {row + 2}, column {frame.columns[column]!r}"
        )
    return Published(name, frame, SOURCES[name])
