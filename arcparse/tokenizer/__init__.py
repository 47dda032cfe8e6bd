"""Raw text to sentences of tokens by rules, one module a language.

graphemes    characters that no rule may part
sentences    tokens to sentences with the columns of CoNLL-U
rules        what all languages share: tokens, and where a sentence ends
english      English, as the English Web Treebank divides it
neutral      no language, and a base for others
"""

from pathlib import Path

from arcparse.errors import ConfigurationError
from arcparse.settings import load_settings
from arcparse.tokenizer.english import ENGLISH
from arcparse.tokenizer.graphemes import clusters
from arcparse.tokenizer.neutral import NEUTRAL, Language
from arcparse.tokenizer.rules import Tokenizer
from arcparse.tokenizer.sentences import Divided, Span, Token, assembled, paragraphs

__all__ = [
    "ENGLISH",
    "NEUTRAL",
    "Divided",
    "Language",
    "Span",
    "Token",
    "Tokenizer",
    "assembled",
    "clusters",
    "find_tokenizer",
    "paragraphs",
    "split_contraction",
    "split_words",
    "tokenize",
]

SHIPPED = {"en": ENGLISH, "neutral": NEUTRAL}
split_contraction, split_words, tokenize = ENGLISH.words, ENGLISH.split_words, ENGLISH.tokenize


def find_tokenizer(name_or_path: str | Path) -> Tokenizer:
    """Return a shipped tokeniser, "en" or "neutral", or that of the language which a TOML file describes.

    Raises ConfigurationError where there is none, or the file is no `Language`.
    """
    if name_or_path in SHIPPED:
        return SHIPPED[str(name_or_path)]
    if Path(name_or_path).suffix != ".toml":
        known = ", ".join(SHIPPED)
        raise ConfigurationError(
            f"there is no tokeniser {str(name_or_path)!r}; take one of {known}, or describe a language in a .toml file"
        )
    return load_settings(Language, file=Path(name_or_path)).tokenizer()
