"""Miniatures of the papers' own corpora: where they lie, and a search for their text."""

import base64
from pathlib import Path

from gated_files import CANARY, CANARY_ZH

HERE = Path(__file__).parent / "data" / "gated"
MINIATURES = {path.name for path in HERE.iterdir()}


def leaks(*places: Path) -> list[str]:
    """The files at and below the places that hold text of the miniatures, however written."""
    forms = [form for text in (CANARY, CANARY_ZH) for form in _forms(text)]
    found = []
    for place in places:
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                if any(form in content or form in content.lower() for form in forms):
                    found.append(str(path))
    return found


def _forms(text: str) -> list[bytes]:
    """The bytes of a text: as they are, escaped as in JSON and in URLs, and in base64."""
    plain = text.encode()
    forms = [plain, text.encode("gb18030")]
    if not text.isascii():
        forms += [text.encode("unicode_escape"), "".join(f"%{b:02x}" for b in plain).encode()]
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + plain)
        # the characters that do not depend on what stands beside
        forms.append(whole[(8 * shift + 5) // 6 : (8 * (shift + len(plain))) // 6])
    return forms
