"""Recipes: the names that notebooks use for encoders, expanded to configurations."""

from collections.abc import Mapping
from functools import cache

from clinlib.errors import BadInput, unknown
from clinlib.experiments.spec import Pretrain, Vectors

PRETRAINED, VECTORS = "pretrained:", "vectors:"
# whose test documents stay out of the clinical text of every encoder
ENGLISH = ("maccrobat2020", "chia", "bc5cdr", "ncbi_disease", "phee")
SPANISH = ("meddocan", "pharmaconer", "spaccc_temist", "cantemist")
WIKIPEDIA = {
    "en": "text:en_wikineural_wikipedia.txt",
    "es": "text:es_wikineural_wikipedia.txt",
    "nl": "text:nl_wikineural_wikipedia.txt",
}
LENGTH = 512  # subwords of a training sequence: no page's windows are longer
CLINICAL_EN = ("text:en_e3c_layer3.jsonl", "text:en_medquad.txt")
CLINICAL_ES = ("text:es_e3c_layer3.jsonl",)
CONTROL = "general:multi-more"  # reads as much as the adapted ones, and no clinical text
STUDY = {
    "general:multi": "English, Spanish and Dutch text, Chinese medical questions; as XLM-R",
    "general:en": "English Wikipedia; as BERT",
    "general:es": "Spanish Wikipedia; as BETO",
    "general:zh": "Chinese medical questions and answers; as MC-BERT",
    CONTROL: "general:multi, continued on Wikipedia; a control for adaptation",
    "adapted:multi-es": "general:multi, continued on clinical Spanish; as CLIN-X_ES",
    "adapted:multi-en": "general:multi, continued on clinical English; as CLIN-X_EN",
    "adapted:minilm-en": "MiniLM, continued on clinical English; as ClinicalBERT",
    "static:en": "vectors of subwords from English Wikipedia, in an LSTM; as word2vec",
    "static:es": "vectors of subwords from Spanish Wikipedia, in an LSTM; as word2vec",
    "static:en-clinical": "vectors of subwords from clinical English, in an LSTM; as word2vec",
    "static:es-clinical": "vectors of subwords from clinical Spanish, in an LSTM; as word2vec",
}
"""The study's own encoders, what each has read, and what it stands in for."""


def encoder(name: str, pretraining: Mapping[str, object] | None = None) -> str | Pretrain | Vectors:
    """The encoder called `name`: itself, one of the study's own, or "pretrained:CORPUS".

    "pretrained:A+B" reads the training text of both corpora; "pretrained:A>B" that of A, and is
    then continued on that of B. `pretraining` holds other fields of that Pretrain (architecture,
    epochs ...); all notebooks that give the same share one encoder. "vectors:CORPUS" is an LSTM
    over vectors learnt from that text. The study's own encoders have fixed recipes.

    Raises BadInput for a recipe that names no corpus, or one that the study has not.

    >>> encoder("minilm")
    'minilm'
    >>> encoder("pretrained:synthetic_en_letters").texts
    ('corpus:synthetic_en_letters',)
    >>> encoder("adapted:multi-es").start == encoder("general:multi")
    True
    """
    if name.startswith(("general:", "adapted:", "static:")):
        return study_encoder(name)
    if name.startswith(VECTORS):
        size = (pretraining or {}).get("vocabulary", Vectors.model_fields["vocabulary"].default)
        return Vectors(texts=_texts(name, name.removeprefix(VECTORS)), vocabulary=size)
    if not name.startswith(PRETRAINED):
        return name
    made: Pretrain | None = None
    for stage in name.removeprefix(PRETRAINED).split(">"):
        made = Pretrain(texts=_texts(name, stage), start=made, **(pretraining or {}))
    return made


@cache
def study_encoder(name: str) -> Pretrain | Vectors:
    """One of the study's own encoders: 4 layers of 256 (MiniLM aside), about 6M subwords read.

    They read sequences as long as any window of the pages, since positions beyond would stay
    untrained; the Chinese one, whose pages have no context, reads shorter ones.
    Adapted ones are continued at a third of the rate, and without the texts that share passages
    with test documents of the corpora of their language. CONTROL reads as many more subwords at
    that rate, half English and half Spanish, of the Wikipedia that its start has read: what
    adaptation adds beyond it is the clinical text's, its being new included.
    """
    small = {
        "architecture": "scratch-mini",
        "vocabulary": 8000,
        "learning_rate": 1e-3,
        "batch_subwords": 8192,
    }
    match name:
        case "general:multi":
            texts = (*WIKIPEDIA.values(), "text:nl_ud_lassysmall.txt", "text:zh_toyhom_mit.txt")
            return Pretrain(texts=texts, limit=1_500_000, epochs=2, length=LENGTH, **small)
        case "general:en" | "general:es":
            return Pretrain(texts=(WIKIPEDIA[name[-2:]],), epochs=8, length=LENGTH, **small)
        case "general:zh":
            texts, out = ("text:zh_toyhom_mit.txt",), ("cmedqaner", "cmedqaner:pooled")
            return Pretrain(texts=texts, keep_out=out, epochs=3, **small)
        case "general:multi-more":  # CONTROL
            more = (WIKIPEDIA["en"], WIKIPEDIA["es"])
            return _continued("general:multi", more, (), epochs=4, limit=750_000)
        case "adapted:multi-es":
            return _continued("general:multi", CLINICAL_ES, SPANISH, epochs=4)
        case "adapted:multi-en":
            return _continued("general:multi", CLINICAL_EN, ENGLISH, epochs=2)
        case "adapted:minilm-en":
            return _continued("minilm", CLINICAL_EN, ENGLISH, epochs=1, learning_rate=5e-5)
        case "static:en" | "static:es":
            return Vectors(texts=(WIKIPEDIA[name[-2:]],), vocabulary=8000)
        case "static:en-clinical":
            return Vectors(texts=CLINICAL_EN, keep_out=ENGLISH, limit=6_000_000, vocabulary=8000)
        case "static:es-clinical":
            return Vectors(texts=CLINICAL_ES, keep_out=SPANISH, vocabulary=8000)
    raise unknown("encoder of the study", name, STUDY)


def _texts(name: str, corpora: str) -> tuple[str, ...]:
    named = [corpus for corpus in corpora.split("+") if corpus]
    if not named:
        kind = name.partition(":")[0]
        raise BadInput(f"encoder {name!r} names no corpus; write {kind}:CORPUS")
    return tuple(f"corpus:{corpus}" for corpus in named)


def _continued(
    start: str,
    texts: tuple[str, ...],
    keep_out: tuple[str, ...],
    *,
    epochs: int,
    learning_rate: float = 3e-4,
    limit: int = 1_500_000,
) -> Pretrain:
    return Pretrain(
        start=encoder(start),
        texts=texts,
        keep_out=keep_out,
        limit=limit,
        epochs=epochs,
        learning_rate=learning_rate,
        batch_subwords=8192,
        length=LENGTH,
    )
