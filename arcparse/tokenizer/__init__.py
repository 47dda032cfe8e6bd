"""Raw text to sentences of tokens by rules, one module a language.

graphemes    characters that no rule may part
sentences    tokens to sentences with the columns of CoNLL-U
rules        what all languages share: tokens, and where a sentence ends
english      English, as the English Web Treebank divides it
"""

from arcparse.tokenizer.english import ENGLISH
from arcparse.tokenizer.graphemes import clusters
from arcparse.tokenizer.rules import Tokenizer
from arcparse.tokenizer.sentences import Divided, Span, Token, assembled, paragraphs

__all__ = [
    "ENGLISH",
    "Divided",
    "Span",
    "Token",
    "Tokenizer",
    "assembled",
    "clusters",
    "paragraphs",
    "split_contraction",
    "split_words",
    "tokenize",
    "tokens_of",
]

split_contraction, split_words, tokenize, tokens_of = (
    ENGLISH.words,
    ENGLISH.split_words,
    ENGLISH.tokenize,
    ENGLISH.tokens,
)
