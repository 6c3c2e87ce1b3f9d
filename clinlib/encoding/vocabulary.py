"""Subword vocabularies learnt from the texts that an encoder from scratch will read."""

from collections.abc import Iterable, Iterator

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

from clinlib.errors import BadInput

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def learn_subwords(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """A cased tokenizer of at most `size` subwords, learnt from `texts` by byte-pair encoding.

    Cased, because case tells abbreviations from words in clinical text; marks and Chinese
    characters stand alone; a subword that begins a word carries its blank. The same texts give
    the same vocabulary, which the library's WordPiece does not promise: its ties fall as a hash
    table happens to be ordered.

    Raises BadInput where there is no text to learn from.
    """
    filled = 0

    def counted() -> Iterator[str]:
        nonlocal filled
        for text in texts:
            filled += bool(text.strip())
            yield text

    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    # the normalizer's own way with Chinese puts blanks around each character, and each blank would
    # be a subword; a character that stands alone does as well
    tokenizer.normalizer = normalizers.BertNormalizer(
        lowercase=False, strip_accents=False, handle_chinese_chars=False
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Split(Regex(r"\p{Han}"), "isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace()
    trainer = BpeTrainer(vocab_size=size, special_tokens=list(SPECIAL), show_progress=False)
    tokenizer.train_from_iterator(counted(), trainer)
    if not filled:
        raise BadInput("a vocabulary needs text to learn from, and there is none")
    cls, sep = (tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]"))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", sep), ("[CLS]", cls))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )
