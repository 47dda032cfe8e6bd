"""Divide raw text into sentences of tokens by rules, with one module for each language.

graphemes    characters that belong together; no rule may divide them
sentences    sentences with the columns of CoNLL-U, made from tokens
rules        the part that all languages share: tokens and the ends of sentences
english      English, as the English Web Treebank divides it
neutral      rules without a language, and languages described in a file
reading      raw text of any length, read piece by piece
"""

from pathlib import Path

from arcparse.errors import ConfigurationError, shown
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
    "read_language",
    "split_contraction",
    "split_words",
    "tokenize",
]

SHIPPED = {"en": ENGLISH, "neutral": NEUTRAL}
split_contraction, split_words, tokenize = ENGLISH.words, ENGLISH.split_words, ENGLISH.tokenize


def find_tokenizer(rules: str | Path | Language) -> Tokenizer:
    """Return a shipped tokeniser, "en" or "neutral", or that of a language, which a TOML file may describe.

    Raises ConfigurationError if the name is unknown, or if the file does not describe a `Language`.
    """
    if isinstance(rules, str) and rules in SHIPPED:
        return SHIPPED[rules]
    return (rules if isinstance(rules, Language) else read_language(rules)).tokenizer()


def read_language(name_or_path: str | Path) -> Language:
    """Return the language of a TOML file. Raises ConfigurationError if there is none."""
    if not isinstance(name_or_path, str | Path):
        raise ConfigurationError(f"a tokeniser is a name or a path, not {shown(name_or_path)}; give a string or a Path")
    if Path(name_or_path).suffix != ".toml":
        known = ", ".join(SHIPPED)
        raise ConfigurationError(
            f"there is no tokeniser {str(name_or_path)!r}; take one of {known}, or describe a language in a .toml file"
        )
    return load_settings(Language, file=Path(name_or_path))
