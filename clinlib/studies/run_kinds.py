"""Kinds of runs in words: the method, the encoder behind it, the stage, whether text is made up."""

from clinlib.experiments.config import Config
from clinlib.experiments.spec import (
    ActiveLearning,
    Choose,
    Ensemble,
    FineTune,
    Pretrain,
    PseudoLabel,
    Similarity,
    Vectors,
)
from clinlib.studies.wording import is_synthetic

STAGES = {"pretraining": (Pretrain, Vectors), "taggers": (FineTune,), "loops": (ActiveLearning,)}
"""Where a run stands on the way to a result -> its kinds of configuration."""
REST = "the rest"


def method(config: Config) -> str:
    """What kind of run a configuration is, in the words of the field."""
    match config:
        case Pretrain():
            masks = "entity masking" if config.masks == "entities" else "masked-language modelling"
            more = ", with contrast" if config.contrast else ""
            return f"{masks}{more}" + (", continued" if config.start is not None else "")
        case Vectors():
            return "vectors of subwords"
        case PseudoLabel():
            return "pseudo labels"
        case Ensemble():
            return "vote"
        case Similarity():
            return "similarity of models"
        case ActiveLearning():
            teacher = " with a mean teacher" if config.mean_teacher else ""
            return f"loop: {config.strategy.replace('_', ' ')}{teacher}"
        case FineTune():
            return ", ".join([f"tagger: {config.head}", *_switches(config)])
    return config.kind


def encoder(config: Config | str) -> str:
    """The name or architecture of the encoder that a run starts from in the end."""
    while not isinstance(config, str):
        match config:
            case Pretrain():
                config = config.start if config.start is not None else config.architecture
            case Vectors():
                config = "LSTM over vectors"
            case Choose() | Ensemble():
                config = config.of[0]
            case FineTune():
                config = config.encoder
            case PseudoLabel():
                config = config.teacher
            case Similarity():
                config = config.source
            case ActiveLearning():
                config = config.task
            case _:
                config = config.kind
    return config


def stage(config: Config) -> str:
    """Which of STAGES a run is of, or REST."""
    return next((name for name, kinds in STAGES.items() if isinstance(config, kinds)), REST)


def synthetic(config: Config) -> bool:
    """Whether a run that trains reads made-up text, in part at least."""
    match config:
        case FineTune():
            return is_synthetic(config.corpus)
        case ActiveLearning():
            return is_synthetic(config.task.corpus)
        case Pretrain(silver=PseudoLabel()):
            return is_synthetic(config.silver.corpus)
        case Pretrain() | Vectors():
            sources = (source.split(":", 1) for source in config.texts)
            return any(form != "text" and is_synthetic(name) for form, name in sources)
    return False


def trains(config: Config) -> bool:
    """Whether a run of this kind updates weights."""
    return stage(config) != REST


def _switches(config: FineTune) -> list[str]:
    """What a fine-tuning does beyond the usual."""
    switches = {
        "BiLSTM": config.recurrent,
        "transferred": isinstance(config.encoder, FineTune | Choose),
        "pseudo labels": config.silver is not None,
        "R-Drop": config.r_drop,
        "section titles": config.sections != "none",
        "sentence head": config.sentence_type is not None,
        "packed windows": config.layout == "packed",
    }
    return [name for name, on in switches.items() if on]
