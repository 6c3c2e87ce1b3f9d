"""FineTune, PseudoLabel and Choose: a tagger's run, what it labels, a choice among such runs."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from clinlib.errors import BadInput, unknown
from clinlib.experiments.config import Config
from clinlib.experiments.encoder_runs import Pretrain, Vectors
from clinlib.experiments.names import (
    MODEL,
    POINTER,
    SCORES,
    Count,
    Name,
    OpenShare,
    Precision,
    Rate,
    Seed,
    Share,
    Weight,
    check_encoder,
    check_texts,
    no_repeats,
)


class PseudoLabel(Config):
    """Documents that a tagger labels, as far as it is sure of them.

    `texts` as in Pretrain, labels of corpora not being read. `skip` and `limit` choose documents
    in the order of `seed`, which is that of FineTune.documents: what one takes the other can skip.
    `threshold`: the least confidence of a sentence, which is the probability of all its labels
    ("sentence"), or its geometric mean over the sentence's units ("unit"), which does not fall
    with their number.
    """

    kind: ClassVar[str] = "pseudo_label"
    VERSION: ClassVar[int] = 1
    routine: ClassVar[str] = "clinlib.experiments.pseudo_label:run"
    makes_artifact: ClassVar[bool] = True
    starts_from: ClassVar[tuple[str, ...]] = ("teacher",)

    teacher: "FineTune | Choose"
    texts: Annotated[tuple[str, ...], Field(min_length=1)]
    keep_out: tuple[str, ...] = ()
    threshold: Share = 0.9
    confidence: Literal["sentence", "unit"] = "sentence"
    skip: Annotated[int, Field(ge=0)] = 0
    limit: Count | None = None
    seed: Seed = 0

    @field_validator("texts")
    @classmethod
    def _known_texts(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        return check_texts(texts)

    @model_validator(mode="after")
    def _whole_sentences(self) -> Self:
        if isinstance(self.teacher, Choose) and self.teacher.take != MODEL:
            raise BadInput(f"teacher: the Choose takes {self.teacher.take}, not {MODEL}")
        if any(run.layout == "packed" for run in runs_of(self.teacher)):
            raise BadInput("teacher: packed windows give no probability of a sentence's labels")
        if any(run.head == POINTER for run in runs_of(self.teacher)):
            raise BadInput(
                f"teacher: the head {POINTER} gives no probability of a sentence's labels; "
                "take one with crf or softmax"
            )
        return self

    @property
    def corpus(self) -> str:
        """The corpus whose types the labels are."""
        return runs_of(self.teacher)[0].corpus


class FineTune(Config):
    """A tagger trained on one corpus and scored on its dev and test splits.

    `encoder`: a name, the Pretrain or Vectors that makes it, or another tagger's run (or a Choose
    of such) whose encoder is taken, with a new head. `recurrent`: the size of a BiLSTM between
    encoder and head, both directions together, 0 for none. Exactly one of `batch_size` (sentences)
    and `batch_subwords` (padded subwords) is given.
    `patience`: evaluations without a better dev F1 before stopping, None to run all epochs.
    `empty_share`: the share of training sentences without entity to keep at most.
    `sentences`, `documents`: the first n training sentences, or documents (seed 0); other seeds
    permute the documents. `draw`: the seed that draws them, where it is not the run's own; runs of
    one draw learn from the same labels. `silver`: pseudo labels that are learnt besides.
    `dev_sentences`: whole documents of dev, drawn in the same way, until they hold so many; the
    others are not looked at, since who has few labels to learn from has few to select by.
    `layout`: a window for each sentence and its context, or sentences packed into one window
    with the context around them; then `batch_size` counts windows.
    `r_drop`: the weight alpha of the agreement of two passes; 0 trains with one pass, or with
    `two_passes` that do not heed each other.
    `class_weights`: "balanced" gives every label the same share of a softmax head's loss.
    `sections`: where the title of a sentence's section is fused: "text" puts it in front of the
    sentence, "embedding" joins its embedding (of `section_size`) to every token's, "classifier"
    makes it a bias of the emissions. `sentence_type`: an entity type; a second head learns besides
    the tags whether a sentence holds one.
    `fold` (k, n): the documents of train and dev are divided anew into n parts; part k is the dev
    split, the others are trained on. `keep_out`: corpora that this tagger or one that starts from
    it is tested on; training documents that share passages with their test documents are left out.
    """

    kind: ClassVar[str] = "fine_tune"
    VERSION: ClassVar[int] = 1
    REVISED: ClassVar[Mapping[tuple[str, object], int]] = {("sections", "embedding"): 1}
    routine: ClassVar[str] = "clinlib.experiments.fine_tune:run"
    starts_from: ClassVar[tuple[str, ...]] = ("encoder", "silver")

    corpus: Name
    encoder: "str | Pretrain | Vectors | FineTune | Choose"
    vocabulary: Count = 4000  # subwords that scratch-tiny and scratch-mini learn; else unused
    recurrent: Annotated[int, Field(ge=0)] = 0
    head: Literal["crf", "softmax", "global_pointer"] = "crf"
    scheme: Literal["BIO", "BIOES"] = "BIO"
    unit: Literal["subword", "word"] = "subword"
    context: Annotated[int, Field(ge=0)] = 0  # subwords on each side
    layout: Literal["sentence", "packed"] = "sentence"
    max_length: Annotated[int, Field(ge=8)] = 256  # subwords per window, special tokens included
    learning_rate: "Rate | Choose" = 3e-4
    head_learning_rate: Rate = 5e-3
    epochs: Count = 6
    batch_size: Count | None = 16
    batch_subwords: Count | None = None
    weight_decay: Weight = 0.01
    warmup: Share = 0.1
    clip: Rate = 1.0
    dropout: OpenShare = 0.1
    label_smoothing: OpenShare = 0.0
    r_drop: Weight = 0.0
    two_passes: bool = False
    class_weights: Literal["none", "balanced"] = "none"
    sections: Literal["none", "text", "embedding", "classifier"] = "none"
    section_size: Count = 32  # of a section's embedding, where it is joined to the tokens'
    sentence_type: Name | None = None
    patience: Count | None = None
    empty_share: Share | None = None
    up_sample: Weight = 0.0
    documents: Count | None = None
    dev_sentences: Count | None = None
    sentences: Count | None = None
    draw: Seed | None = None
    silver: PseudoLabel | None = None
    train_on: Literal["train", "train+dev"] = "train"
    fold: tuple[Count, Count] | None = None
    keep_out: tuple[str, ...] = ()
    precision: Precision = "float32"
    seed: Seed = 0
    keep_predictions: bool = False

    @field_validator("encoder")
    @classmethod
    def _known_encoder(cls, encoder: "str | Config") -> "str | Config":
        if isinstance(encoder, Choose) and encoder.take != MODEL:
            raise BadInput(f"the Choose takes {encoder.take}, not {MODEL}")
        return check_encoder(encoder) if isinstance(encoder, str) else encoder

    @field_validator("recurrent")
    @classmethod
    def _two_directions(cls, recurrent: int) -> int:
        if recurrent % 2:
            raise BadInput(
                f"{recurrent} is odd, and the two directions of a BiLSTM are of one size; "
                f"take {recurrent + 1}"
            )
        return recurrent

    @field_validator("fold")
    @classmethod
    def _part_of_several(cls, fold: tuple[int, int] | None) -> tuple[int, int] | None:
        if fold is not None and not (fold[0] <= fold[1] and fold[1] > 1):
            raise BadInput(f"fold {fold[0]} of {fold[1]}: give (k, n) with n at least 2, k up to n")
        return fold

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.batch_size is None) == (self.batch_subwords is None):
            raise BadInput("give exactly one of batch_size and batch_subwords, and None the other")
        if self.layout == "packed" and self.up_sample:
            raise BadInput("layout: packed windows hold each sentence once, so no up_sample")
        if self.layout == "packed" and self.sections != "none":
            raise BadInput("sections: packed windows hold sentences of several sections")
        if self.layout == "packed" and self.sentence_type:
            raise BadInput("sentence_type: packed windows hold several sentences")
        if self.fold and self.train_on != "train":
            raise BadInput("fold: a part of the documents selects, so train_on must be train")
        no_repeats("keep_out", self.keep_out)
        if self.keep_out and (self.fold or self.train_on != "train"):
            raise BadInput("keep_out: overlaps are sought in the training split: no fold, no dev")
        self._check_positions()
        if self.class_weights != "none" and self.head != "softmax":
            raise BadInput(f"class_weights: only the head softmax takes them, not {self.head}")
        for field in ("label_smoothing", "r_drop", "two_passes"):
            if self.head == POINTER and getattr(self, field):
                raise BadInput(
                    f"{field}: the head {POINTER} has no label probabilities; leave it at 0"
                )
        if self.two_passes and (self.r_drop or self.sentence_type):
            field = "r_drop" if self.r_drop else "sentence_type"
            raise BadInput(f"two_passes: with {field}, it is r_drop that says how many there are")
        if self.head == POINTER and self.sections == "classifier":
            raise BadInput(f"sections: the head {POINTER} has no bias of labels; fuse elsewhere")
        if isinstance(self.learning_rate, Choose) and self.learning_rate.take != "learning_rate":
            raise BadInput(
                f"learning_rate: the Choose takes {self.learning_rate.take}, not learning_rate"
            )
        return self

    def _check_positions(self) -> None:
        """Raises BadInput where context makes windows longer than what the encoder has read."""
        known = _positions(self.encoder)
        own = 3  # one subword and the special tokens
        longest = self.max_length if self.layout == "packed" else 2 * self.context + own
        if known is not None and longest > known:
            raise BadInput(
                f"{'max_length' if self.layout == 'packed' else 'context'}: windows of {longest} "
                f"subwords, but the encoder was pretrained on {known}, and its positions beyond "
                "are untrained; make windows shorter or pretrain with a larger length"
            )

    @property
    def drawn_by(self) -> int:
        """The seed of the labelled documents and sentences."""
        return self.seed if self.draw is None else self.draw

    @property
    def windowing(self) -> dict[str, Any]:
        """The fields that say how documents become windows, as `clinlib.encoding.encode` names."""
        names = ("unit", "context", "layout", "max_length")
        return {name: getattr(self, name) for name in names}


class Choose(Config):
    """A value known only after other runs: the field `take` of the candidate that `rule` picks.

    It takes the candidate itself, for its weights, where `take` is "model". Candidates are
    compared by the score at the dotted path `by` of their records, ties going to the first. It
    enters a key by its rule and its candidates, never by its outcome.
    """

    kind: ClassVar[str] = "choose"
    VERSION: ClassVar[int] = 1

    of: Annotated[tuple[FineTune, ...], Field(min_length=1)]
    by: str = "dev.strict.f1"
    rule: Literal["best", "median"] = "best"
    take: Name

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.by not in SCORES:
            raise unknown("score to choose by", self.by, SCORES)
        if self.take not in (MODEL, *FineTune.model_fields):
            raise unknown("field to take", self.take, (MODEL, *FineTune.model_fields))
        if any(isinstance(getattr(each, self.take, None), Choose) for each in self.of):
            raise BadInput(f"take: a candidate's {self.take} is itself a Choose")
        no_repeats("of", self.of)
        if (
            len({(each.dev_sentences, each.dev_sentences and each.drawn_by) for each in self.of})
            > 1
        ):
            raise BadInput(
                "of: candidates must be scored on the same sentences; where dev_sentences draws "
                "them, give all candidates one draw"
            )
        return self


def _positions(encoder: Any) -> int | None:
    """How many positions of a window an encoder has been pretrained on; None if that is unknown."""
    if isinstance(encoder, Choose):
        encoder = encoder.of[0]
    if isinstance(encoder, FineTune):
        return _positions(encoder.encoder)
    return encoder.positions if isinstance(encoder, Pretrain) else None


Pretrain.model_rebuild()
PseudoLabel.model_rebuild()
FineTune.model_rebuild()


def runs_of(side: FineTune | Choose) -> tuple[FineTune, ...]:
    """The run itself, or all among which a Choose chooses."""
    return side.of if isinstance(side, Choose) else (side,)
