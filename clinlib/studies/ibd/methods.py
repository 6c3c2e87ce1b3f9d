"""The seven methods of the IBD study (its Table 2) on few labelled documents of several corpora.

FT fine-tunes, FS fuses section titles, PL learns pseudo labels under R-Drop. MLM, EMLM and
EMLM-CL adapt the encoder first, on the same text for the same number of passes: by masking any
token, entities, or entities drawn to a frozen teacher. The entities of that text are those that
the seed's own FT finds; pseudo labels come from the tagger without them (FT-FS), on the encoder
that the method adapted. Methods with and without pseudo labels have numbers of passes of their
own: with one number, pseudo labels would also be more updates.
"""

from collections.abc import Iterable, Mapping

from clinlib.corpora.registry import card, has_headings, with_headings
from clinlib.errors import BadInput
from clinlib.experiments.config import Config
from clinlib.experiments.names import LEARN_VOCABULARY
from clinlib.experiments.spec import FineTune, Pretrain, PseudoLabel
from clinlib.studies import recipes
from clinlib.studies.cells import Record
from clinlib.studies.plans import Find, PlanRecords, pretraining, seeds

NAME = "30_methods"
STRICT = "scores.test.strict.f1"
TYPE = "scores.test.ent_type.f1"
PLAIN, FUSED, PSEUDO = "FT", "FT-FS", "FT-FS-PL"
MLM, EMLM, CONTRAST = "MLM", "EMLM", "EMLM-CL"
METHODS = (
    PLAIN,
    FUSED,
    PSEUDO,
    f"{MLM}-{PSEUDO}",
    f"{EMLM}-{PLAIN}",
    f"{EMLM}-{PSEUDO}",
    f"{CONTRAST}-{PSEUDO}",
)

Runs = dict[int, Record | None]


def plan(parameters: Mapping[str, object]) -> list[Config]:
    """The runs of all methods, corpora and seeds; what they start from comes with them.

    Raises BadInput for parameters that contradict each other or name what does not exist.
    """
    places = [(corpus, seed) for corpus in fused(parameters) for seed in seeds(parameters)]
    runs: list[Config] = [
        method(corpus, name, seed, parameters) for corpus, seed in places for name in METHODS
    ]
    return runs + [
        adapted(corpus, kind, seed, parameters)
        for corpus, seed in places
        for kind in (MLM, EMLM, CONTRAST)
    ]


def corpora(parameters: Mapping[str, object]) -> list[str]:
    """The corpora, in the notebook's order."""
    names = list(parameters["corpora"])
    if not names or len(set(names)) < len(names):
        raise BadInput(f"corpora: {names} must name at least one corpus, each once")
    return names


def fused(parameters: Mapping[str, object]) -> list[str]:
    """The corpora of a page whose taggers fuse section titles where `sections` says.

    Raises BadInput for one that has none.
    """
    names = corpora(parameters)
    if parameters["sections"] != "none":
        refuse_without_sections(names, "give sections=none to leave them out")
    return names


def refuse_without_sections(names: Iterable[str], instead: str) -> None:
    """Raises BadInput for a corpus without sections, with what to do instead."""
    for name in names:
        if not has_headings(name):
            raise BadInput(
                f"corpora: '{name}' has no sections to fuse; {instead}. Corpora with sections: "
                f"{', '.join(with_headings())}"
            )


class Results(PlanRecords):
    """The records of the plan by corpus and method, and those of the adapted encoders by corpus
    and way; None is missing."""

    def sort(self, find: Find, parameters: Mapping[str, object]) -> None:
        self.corpora = corpora(parameters)
        self.seeds = list(seeds(parameters))
        self.found: dict[str, dict[str, Runs]] = {
            corpus: {
                name: {seed: find(method(corpus, name, seed, parameters)) for seed in self.seeds}
                for name in METHODS
            }
            for corpus in self.corpora
        }
        self.adapted: dict[str, dict[str, Runs]] = {
            corpus: {
                kind: {seed: find(adapted(corpus, kind, seed, parameters)) for seed in self.seeds}
                for kind in (MLM, EMLM, CONTRAST)
            }
            for corpus in self.corpora
        }

    def by_seed(self, corpus: str, name: str) -> Runs:
        """The runs of a method by seed."""
        return self.found[corpus][name]


def method(corpus: str, name: str, seed: int, parameters: Mapping[str, object]) -> FineTune:
    """One method of METHODS as the configuration of a run."""
    adapting, _, tuning = name.rpartition(f"{PLAIN}")
    encoder = adapted(corpus, adapting.rstrip("-"), seed, parameters)
    run = tagger(corpus, seed, parameters, encoder)
    if tuning:
        run = run.replaced(sections=parameters["sections"])
    if tuning == PSEUDO.removeprefix(PLAIN):
        labels = silver(
            run, parameters, limit=parameters["silver"], threshold=parameters["threshold"]
        )
        run = with_silver(run, labels, parameters).replaced(r_drop=parameters["r_drop"])
    return run


def with_silver(run: FineTune, labels: PseudoLabel, parameters: Mapping[str, object]) -> FineTune:
    """The run that learns pseudo labels besides, for the passes that the parameters give it."""
    return run.replaced(silver=labels, epochs=parameters["silver_epochs"])


def tagger(
    corpus: str,
    seed: int,
    parameters: Mapping[str, object],
    encoder: Config | str | None = None,
) -> FineTune:
    """FT on a corpus's few labelled documents, from the parameters' encoder or another.

    The first seed keeps its predictions, in teachers too, so that a teacher which is also a method
    is one run.
    """
    name = parameters["encoder"]
    learnt = {"vocabulary": parameters["vocabulary"]} if name in LEARN_VOCABULARY else {}
    return FineTune(
        corpus=corpus,
        encoder=encoder or recipes.encoder(name, pretraining(parameters)),
        **learnt,
        documents=parameters["documents"] and parameters["documents"] * times(corpus, parameters),
        dev_sentences=parameters["dev_sentences"] or None,
        learning_rate=parameters["learning_rate"],
        head_learning_rate=parameters["head_learning_rate"],
        epochs=parameters["epochs"],
        batch_size=parameters["batch_size"],
        label_smoothing=parameters["label_smoothing"],
        up_sample=parameters["up_sample"],
        dropout=parameters["dropout"],
        max_length=parameters["max_length"],
        precision=parameters["precision"],
        seed=seed,
        keep_predictions=seed == seeds(parameters)[0],
    )


def times(corpus: str, parameters: Mapping[str, object]) -> int:
    """How many times as many documents this corpus has as `documents` and its like say.

    A criterion or an abstract holds a few sentences, a letter many: "chia 6" among the parameter
    `times`. Pages without it have one number for all. Raises BadInput for an entry of another form
    or an unknown corpus.
    """
    found = {}
    for each in parameters.get("times", ()):
        name, _, number = each.rpartition(" ")
        if not name or not number.isdecimal() or int(number) < 1:
            raise BadInput(f"times: '{each}' is no corpus with a number, such as 'chia 6'")
        card(name)  # an unknown one would be left out without a word
        found[name] = int(number)
    return found.get(corpus, 1)


def silver(
    teacher: FineTune,
    parameters: Mapping[str, object],
    *,
    limit: int | None,
    threshold: float,
) -> PseudoLabel:
    """What a tagger finds in its corpus's unlabelled text, `limit` documents of it (as often as
    `times` says) or all.

    That text is the notes and the textbook that a synthetic corpus comes with (the notes alone
    where there is a limit), and of other corpora the training documents that it did not learn.
    """
    made, more = card(teacher.corpus).texts, times(teacher.corpus, parameters)
    forms = ["unlabelled"] if limit else list(made)
    corpus = teacher.corpus.partition(":")[0]
    texts = tuple(f"{form}:{corpus}" for form in forms) if made else (f"corpus:{teacher.corpus}",)
    return PseudoLabel(
        teacher=teacher,
        texts=texts,
        skip=0 if made else parameters["documents"] * more,
        limit=limit and limit * more,
        threshold=threshold,
        # where nothing is left out, how to be sure decides nothing
        confidence="unit" if threshold else "sentence",
        seed=teacher.seed,
    )


def adapted(
    corpus: str, kind: str, seed: int, parameters: Mapping[str, object]
) -> Pretrain | str | None:
    """The encoder that MLM, EMLM or EMLM-CL makes; None where `kind` is empty."""
    if not kind:
        return None
    if kind not in (MLM, EMLM, CONTRAST):
        raise BadInput(f"no way to adapt an encoder is called {kind!r}")
    first = method(corpus, PLAIN, seed, parameters)
    start = first.encoder
    fields: dict[str, object] = {"masking": 0.15}
    if kind != MLM:
        fields = {"masking": parameters["masking"], "masks": "entities", "label_tokens": True}
    if kind == CONTRAST:
        fields |= {"contrast": parameters["contrast"], "temperature": parameters["temperature"]}
    return Pretrain(
        # every entity that FT finds: masking asks where entities are, not whether they are right
        silver=silver(first, parameters, limit=parameters["adapt_documents"] or None, threshold=0),
        start=start,
        learning_rate=parameters["adapt_learning_rate"],
        epochs=parameters["adapt_epochs"],
        batch_subwords=parameters["adapt_batch_subwords"],
        precision=parameters["precision"],
        seed=seed,
        **fields,
    )
