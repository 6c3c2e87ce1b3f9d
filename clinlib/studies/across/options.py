"""Options: what one can do with N labelled sentences in a new clinical language, as runs.

All options of a seed but the loops of active learning learn from the same N sentences. What an
option needs besides (an encoder that is adapted, another corpus's tagger, pseudo labels) it gets
without a further label of the target.
"""

from collections.abc import Callable, Mapping

from clinlib.corpora.registry import card, counts
from clinlib.errors import BadInput, unknown
from clinlib.experiments.config import Config
from clinlib.experiments.names import LEARN_VOCABULARY
from clinlib.experiments.spec import ActiveLearning, Ensemble, FineTune, Pretrain, PseudoLabel
from clinlib.studies import recipes
from clinlib.studies.clinx.same_text import same_text
from clinlib.studies.lasl.training import STRATEGIES
from clinlib.studies.plans import pretraining

PLAIN = "fine-tune"
LONGER = "fine-tune, more passes"
MASKING = "masked text first"
ENTITIES = "masked entities first"
PSEUDO = "pseudo labels, R-Drop"
PACKED = "packed context"
VOTE = "vote"
SOURCE = "transfer from "
ROUNDS, PICKS, RANDOM = "rounds, ", " picks", "random"  # "rounds, LC picks, after ncbi_disease"
VOTER = 1000  # seeds of voters stand this far apart, beyond those of runs

Make = Callable[[str, int, int, Mapping[str, object]], Config]
"""(target, number of sentences, seed, parameters) -> the run whose scores the option gives."""


def options(target: str, parameters: Mapping[str, object]) -> dict[str, Make]:
    """The options that the parameters ask for, by the names that the page uses.

    Raises BadInput for an unknown option or strategy, with the nearest one.
    """
    made: dict[str, Make] = {}
    for name in parameters["options"]:
        if name not in ALONE:
            raise unknown("option", name, ALONE)
        made[name] = ALONE[name]
    if PLAIN not in made:
        raise BadInput(f"options: {PLAIN!r} is missing, which all others are held against")
    usable = sources(target, parameters)
    for source in usable:
        made[f"{SOURCE}{source}"] = _transferred(source)
    for start, names in ((None, "strategies"), (usable[0] if usable else "", "after_transfer")):
        for name in parameters[names] if start != "" else ():
            if name not in STRATEGIES:
                raise unknown("strategy", name, STRATEGIES)
            made[loop_name(name, start)] = _active(name, start)
    return made


def sources(target: str, parameters: Mapping[str, object]) -> list[str]:
    """The corpora whose taggers a target starts from: those of its language, else all of them.

    Not those that label the target's own documents, be it as another task or another corpus of
    one collection: their taggers have learnt its sentences, which a new language has no labels of.
    """
    others = {name: card(name) for name in parameters["sources"] if not same_text(target, name)}
    language = card(target).languages[0]
    near = [name for name, found in others.items() if found.languages[0] == language]
    return near or list(others)


def loop_name(strategy: str, start: str | None = None) -> str:
    """What the page calls a loop of active learning, from the encoder or from a source's tagger."""
    return f"{ROUNDS}{strategy}{PICKS}" + (f", after {start}" if start else "")


def is_active(name: str) -> bool:
    """Whether an option is a loop of active learning."""
    return name.startswith(ROUNDS)


def at_random(name: str) -> str | None:
    """The option that is the same loop with random picks; None for it, and for what is no loop."""
    _, _, start = name.partition(PICKS)
    same = f"{ROUNDS}{RANDOM}{PICKS}{start}"
    return same if is_active(name) and name != same else None


def tagger(target: str, size: int | None, seed: int, parameters: Mapping[str, object]) -> FineTune:
    """Fine-tuning on N sentences of the target, or on all of them."""
    name = parameters["encoder"]
    learnt = {"vocabulary": parameters["vocabulary"]} if name in LEARN_VOCABULARY else {}
    return FineTune(
        corpus=target,
        encoder=recipes.encoder(name, pretraining(parameters)),
        **learnt,
        sentences=size,
        dev_sentences=parameters["dev_sentences"] or None,
        learning_rate=parameters["learning_rate"],
        head_learning_rate=parameters["head_learning_rate"],
        epochs=parameters["epochs"] if size else parameters["source_epochs"],
        batch_size=parameters["batch_size"] if size else parameters["source_batch_size"],
        dropout=parameters["dropout"],
        max_length=parameters["max_length"],
        precision=parameters["precision"],
        seed=seed,
    )


def _on(encoder: Callable[..., Config]) -> Make:
    """Fine-tuning on an encoder that is adapted to the target's unlabelled text."""

    def make(target: str, size: int, seed: int, parameters: Mapping[str, object]) -> FineTune:
        plain = tagger(target, size, seed, parameters)
        return plain.replaced(encoder=encoder(plain, parameters), vocabulary=_unused())

    return make


def masked_text(plain: FineTune, parameters: Mapping[str, object]) -> Pretrain:
    """The encoder after masked-language modelling on the target's unlabelled text.

    Whose entities it holds is all one: the tagger of the fewest sentences serves for all.
    """
    fewest = plain.replaced(sentences=min(parameters["sizes"]))
    return _continued(fewest, parameters, masking=0.15)


def masked_entities(plain: FineTune, parameters: Mapping[str, object]) -> Pretrain:
    """The encoder after entity masking with label tokens and contrast (IBD study, section 3)."""
    return _continued(
        plain,
        parameters,
        masks="entities",
        label_tokens=True,
        masking=parameters["masking"],
        contrast=parameters["contrast"],
        temperature=parameters["temperature"],
    )


def _continued(plain: FineTune, parameters: Mapping[str, object], **fields) -> Pretrain:
    return Pretrain(
        # what plain fine-tuning finds anywhere in the text; without masks of entities only the text
        # counts
        silver=found_by(plain, parameters, threshold=0.0),
        start=plain.encoder,
        learning_rate=parameters["adapt_learning_rate"],
        epochs=parameters["adapt_epochs"],
        batch_subwords=parameters["adapt_batch_subwords"],
        precision=parameters["precision"],
        seed=plain.seed,
        **fields,
    )


def found_by(plain: FineTune, parameters: Mapping[str, object], *, threshold: float) -> PseudoLabel:
    """What a tagger finds in unlabelled documents of the target.

    They are those that a synthetic corpus is made with; of other corpora the training documents,
    whose labels are not read.
    """
    corpus = plain.corpus.partition(":")[0]
    made = card(plain.corpus).texts
    return PseudoLabel(
        teacher=plain,
        texts=(f"unlabelled:{corpus}",) if made else (f"corpus:{plain.corpus}",),
        limit=parameters["unlabelled"] or None,
        threshold=threshold,
        confidence="unit" if threshold else "sentence",
        seed=plain.seed,
    )


def _pseudo(target: str, size: int, seed: int, parameters: Mapping[str, object]) -> FineTune:
    plain = tagger(target, size, seed, parameters)
    labels = found_by(plain, parameters, threshold=parameters["threshold"])
    # pseudo labels are many times the text: in as many passes they would be more updates as well
    return plain.replaced(
        silver=labels, r_drop=parameters["r_drop"], epochs=parameters["silver_epochs"]
    )


def _longer(target: str, size: int, seed: int, parameters: Mapping[str, object]) -> FineTune:
    """A control for options that make more updates than plain fine-tuning."""
    return tagger(target, size, seed, parameters).replaced(epochs=parameters["longer_epochs"])


def _packed(target: str, size: int, seed: int, parameters: Mapping[str, object]) -> FineTune:
    plain = tagger(target, size, seed, parameters)
    return plain.replaced(
        layout="packed",
        context=parameters["context"],
        max_length=parameters["packed_length"],
        batch_size=parameters["packed_batch"],
    )


def _vote(target: str, size: int, seed: int, parameters: Mapping[str, object]) -> Ensemble:
    plain = tagger(target, size, seed, parameters)
    voters = range(1, parameters["voters"])
    others = [plain.replaced(seed=seed + VOTER * each, draw=seed) for each in voters]
    return Ensemble(of=(plain, *others))


ALONE: dict[str, Make] = {
    PLAIN: tagger,
    LONGER: _longer,
    MASKING: _on(masked_text),
    ENTITIES: _on(masked_entities),
    PSEUDO: _pseudo,
    PACKED: _packed,
    VOTE: _vote,
}
"""The options that need neither another corpus nor a choice of sentences."""


def source(name: str, seed: int, parameters: Mapping[str, object]) -> FineTune:
    """A tagger trained on all of another corpus, the targets' test documents kept out."""
    out = tuple(target for target in parameters["targets"] if target != name)
    return tagger(name, None, seed, parameters).replaced(keep_out=out)


def _transferred(name: str) -> Make:
    def make(target: str, size: int, seed: int, parameters: Mapping[str, object]) -> FineTune:
        first = source(name, seed, parameters)
        return tagger(target, size, seed, parameters).replaced(encoder=first, vocabulary=_unused())

    return make


def _active(strategy: str, start: str | None) -> Make:
    def make(target: str, size: int, seed: int, parameters: Mapping[str, object]) -> Config:
        task = tagger(target, None, 0, parameters).replaced(
            epochs=parameters["round_epochs"], batch_size=parameters["batch_size"]
        )
        if start:
            first = source(start, seed, parameters)
            task = task.replaced(encoder=first, vocabulary=_unused())
        there = counts(target)["train"].sentences
        most, pool = max(parameters["sizes"]), min(there, parameters["pool"] or there)
        if most > pool:
            raise BadInput(f"sizes: {most} sentences, but the pool of '{target}' has {pool}")
        if pool < there:
            task = task.replaced(sentences=pool)
        share = parameters["round_size"] / pool
        return ActiveLearning(
            task=task,
            initial=share,
            per_round=share,
            rounds=most // parameters["round_size"],
            seed=seed,
            **STRATEGIES[strategy],
        )

    return make


def _unused() -> int:
    """The default size of a vocabulary: an encoder that is given brings its own."""
    return FineTune.model_fields["vocabulary"].default
