"""The Chinese lexicons: names and abbreviations of the synthetic records.

The words are the same for every corpus seed, so that text for pretraining and text for
fine-tuning share them.
"""

from functools import lru_cache

import numpy as np

from clinlib.corpora.synthetic.entries import SIZE, Lexicon, capitals
from clinlib.errors import BadInput, unknown

_SEED = 20190  # of the words, not of a corpus: one constant, so that all corpora share them

# characters that clinical names and names rendered by sound are written with
_CHARACTERS = (
    "阿莫西林罗氟沙孢克拉美替尼洛韦普唑兰诺泊卡托培哌雷奥莎伐瑞恩达菲博塞曲米维司琼铂紫杉甲氨喋呤"
    "肝胆胃脾肾肠肺颌颈颅脊髓膜腱筋膈盆髋踝腕肘胫腓桡尺枕颞额梭弓环索垂角桥丘壳岛穹隆蝶筛犁"
    "湿燥郁瘀痰凝络浊痹萎硬软糜疡栓淤滞溶纤囊息斑疱疹"
)
# endings that betray a type, which every second entry has
_ENDINGS = {
    "disease": "症 炎 病 癌 瘤 综合征",
    "imaging": "造影 平扫 成像 透视",
    "laboratory": "酶 蛋白 抗体 抗原",
    "operation": "术 切除术 吻合术 成形术",
    "drug": "片 素 胶囊 注射液",
    "anatomy": "叶 管 腺 窦",
}
# what one entry in five begins with
_FIRST = {
    "disease": ("急性", "慢性", "复发性"),
    "imaging": ("增强", "动态"),
    "laboratory": ("血清", "游离"),
    "operation": ("微创", "姑息性"),
    "drug": ("复方", "缓释"),
    "anatomy": ("左", "右", "双侧"),
}
NAMES = (*_ENDINGS, "code")
_REAL = frozenset(
    ("CA", "CM", "CO", "CT", "DR", "ER", "GP", "IV", "KG", "MG", "ML", "MR", "OK", "PH", "US")
)


@lru_cache(maxsize=1)
def lexicons() -> dict[str, Lexicon]:
    """All lexicons by name; no entry stands in two of them, nor is part of another entry."""
    rng = np.random.default_rng(_SEED)
    taken: dict[str, None] = {}
    made = {name: Lexicon.of(name, _entries(name, rng, taken)) for name in _ENDINGS}
    made["code"] = Lexicon.of("code", capitals(rng, _REAL))
    return made


def lexicon(name: str) -> Lexicon:
    """The lexicon of that name; raises BadInput for another name."""
    if name not in NAMES:
        raise unknown("lexicon", name, NAMES)
    return lexicons()[name]


def _entries(name: str, rng: np.random.Generator, taken: dict[str, None]) -> tuple[str, ...]:
    """SIZE entries in random order, half of them with an ending of the type."""
    endings, entries = _ENDINGS[name].split(), []
    for i in range(SIZE):
        ending = endings[rng.integers(len(endings))] if i % 2 else ""
        first = _FIRST[name][rng.integers(len(_FIRST[name]))] if i % 5 == 0 else ""
        entries.append(first + _fresh(rng, ending, taken))
    return tuple(entries[i] for i in rng.permutation(SIZE))


def _fresh(rng: np.random.Generator, ending: str, taken: dict[str, None]) -> str:
    """A word that neither holds a word made before nor is part of one.

    Without blanks between words, a word inside another would tell of an entry that no one drew.
    """
    for _ in range(10_000):
        places = rng.integers(len(_CHARACTERS), size=rng.integers(2, 4))
        word = "".join(_CHARACTERS[place] for place in places) + ending
        if not any(word in other or other in word for other in taken):
            taken[word] = None
            return word
    raise BadInput(
        "no fresh word could be made: the lexicons ask for more than the characters give"
    )
