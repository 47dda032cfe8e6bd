"""Lemmas of words: those of a dictionary first, and those that a network writes, held to the dictionary's patterns.

The network writes a word's lemma, character by character; the dictionary, of forms with their UPOS, is asked first (Qi
et al. 2018, section 2.4). A form that neither can know, because it is an address, too long or of unseen characters, is
its own lemma. In place of a letter too rare to be learned, the network reads the letter without marks: `cafe` for
`café`. Its lemma is compared with the form (`arcparse.seq2seq.edits`): unchanged letters are the form's, and a form
whose edits fit no pattern of the dictionary is its own lemma. Nothing here needs torch: the network is a function.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

from arcparse.checkpoint.saved import VOCABULARIES, SavedModel
from arcparse.lexicon.symbols import BEGINNING, Symbols
from arcparse.sentence import EMPTY, LEMMA, Sentence
from arcparse.sentence.lists import check_length
from arcparse.seq2seq.edits import Script, held, is_mixed, lowered, plain, scripts
from arcparse.seq2seq.settings import LemmatizerConfig
from arcparse.vocabulary import SPECIALS, Vocabulary

KIND = "lemmatizer"
PROPER = "PROPN"  # words with this tag keep their capitals
REMEMBERED = 100_000  # answers, about ten megabytes
SELDOM = 20  # the network has not learned a letter that fewer entries of the dictionary have
ADDRESS = re.compile(r"://|^www\.|^mailto:|.@.|^[@#].", re.IGNORECASE)

Word: TypeAlias = "tuple[str, str, str]"  # form, UPOS, FEATS
LemmaDictionary: TypeAlias = "Mapping[tuple[str, str], str]"  # lemmas by form and UPOS
Write: TypeAlias = "Callable[[Sequence[Symbols]], Sequence[Symbols]]"  # a network: sources to outputs


class Description(NamedTuple):
    """A saved lemmatiser without its weights."""

    config: LemmatizerConfig
    sources: Vocabulary
    outputs: Vocabulary
    dictionary: LemmaDictionary

    @classmethod
    def restore(cls, saved: SavedModel) -> Description:
        """Read the description of a saved lemmatiser. Raises ModelError if its parts do not fit."""
        config, sources = saved.settings(LemmatizerConfig), saved.vocabulary("sources", BEGINNING)
        outputs = saved.vocabulary("outputs", BEGINNING, cells=True)
        form, upos, lemma = (saved.symbols(name, cells=True) for name in ("form", "upos", "lemma"))
        if not len(form) == len(upos) == len(lemma):
            saved.refuse(VOCABULARIES, f"form, upos and lemma differ in length: {len(form)}, {len(upos)}, {len(lemma)}")
        return cls(config, sources, outputs, dict(zip(zip(form, upos, strict=True), lemma, strict=True)))


class Lemmas:
    """The lemmas of words by a dictionary and a network, which `write` asks; answers are remembered."""

    def __init__(
        self, config: LemmatizerConfig, dictionary: LemmaDictionary, readable: Container[str], write: Write
    ) -> None:
        """Take the dictionary, the characters that the network can read, and the network."""
        self.config, self.dictionary = config, dictionary
        self._readable, self._write = readable, write
        self._answers: dict[Word, str] = {}

    def lemmatize(self, sentences: Sequence[Sentence], *, given_lemmas: bool = False) -> list[Sentence]:
        """Return tagged sentences with their lemmas; words that have one keep it with `given_lemmas`.

        Raises TreebankError for a sentence that is too long.
        """
        check_length(sentences)
        answers = self._answers_to([tagged_words(sentence) for sentence in sentences])
        lemmatized = []
        for sentence, lemmas in zip(sentences, answers, strict=True):
            if given_lemmas:
                lemmas = [new if own == EMPTY else own for own, new in zip(sentence.lemmas, lemmas, strict=True)]
            lemmatized.append(sentence.with_columns({LEMMA: lemmas}))
        return lemmatized

    def forget(self) -> None:
        """Drop the answers: the network may write others now."""
        self._answers = {}

    def known(self, word: Word) -> str | None:
        """Return the lemma that needs no network, or None.

        A capital letter may be that of the sentence's beginning, except in a proper noun. A form without letters is not
        inflected.
        """
        form, upos, _ = word
        found = self.dictionary.get((form, upos))
        if found is None and upos != PROPER:
            found = self.dictionary.get((form.lower(), upos))
        return form if found is None and not self._can_read(form) else found

    def _can_read(self, form: str) -> bool:
        is_short_word = len(form) <= self.config.longest and any(map(str.isalpha, form)) and not ADDRESS.search(form)
        return is_short_word and all(character in self._readable for character in self._plain(form))

    def _plain(self, form: str) -> str:
        """Return the form with rare letters without their marks, so that the network can read it."""
        if form.isascii():
            return form
        return "".join(letter if letter in self._letters else plain(letter) for letter in form)

    @cached_property
    def _letters(self) -> frozenset[str]:
        """The characters that the network has learned."""
        counts = Counter(character for form, _ in self.dictionary for character in set(form))
        return frozenset(character for character, count in counts.items() if count >= SELDOM)

    @cached_property
    def _scripts(self) -> frozenset[Script]:
        return scripts((form, lemma) for (form, _), lemma in self.dictionary.items())

    def _answers_to(self, words: Sequence[Sequence[Word]]) -> list[list[str]]:
        """Return the lemmas of the words of each sentence; those that are new are found and remembered.

        Answers are only ever added to a dictionary, or it is replaced as a whole: threads may share them.
        """
        answers = self._answers
        new = {word for row in words for word in row if word not in answers}
        if len(answers) + len(new) > REMEMBERED:
            answers = self._answers = {}
            new = {word for row in words for word in row}
        if not new:
            return [list(map(answers.__getitem__, row)) for row in words]
        learned = self._learned(sorted(new))
        found = [[learned[word] if word in learned else answers[word] for word in row] for row in words]
        short = {word: lemma for word, lemma in learned.items() if len(word[0]) <= self.config.longest}
        answers.update(short)  # long ones are known soon, but a few such tokens would fill the memory
        return found

    def _learned(self, words: Sequence[Word]) -> dict[Word, str]:
        """Find the lemmas of words."""
        known = [(word, self.known(word)) for word in words]
        found = {word: lemma for word, lemma in known if lemma is not None}
        asked = [word for word, lemma in known if lemma is None]
        written = zip(asked, self.written(asked), strict=True)
        return found | {word: self._held(word, lemma) for word, lemma in written}

    def _held(self, word: Word, lemma: str) -> str:
        """Return the network's lemma if the dictionary's patterns explain it, else the form."""
        form, upos, _ = word
        keeps_case = upos == PROPER and is_mixed(form)
        found = held(form, self._plain(form), lemma, self._scripts, keeps_case=keeps_case)
        if found is None:
            return lowered(form) if upos != PROPER and lemma.islower() else form
        return found or form

    def written(self, words: Sequence[Word]) -> list[str]:
        """Return the network's output for words; the form of a word if that is empty."""
        sources = [source((self._plain(form), upos, feats), self.config) for form, upos, feats in words]
        found = self._write(sources)
        lemmas = ["".join(symbol for symbol in symbols if symbol not in SPECIALS).strip() for symbols in found]
        return [lemma or word[0] for lemma, word in zip(lemmas, words, strict=True)]


def tagged_words(sentence: Sentence) -> list[Word]:
    """Return form, UPOS and FEATS of each word."""
    return list(zip(sentence.forms, sentence.upos, sentence.feats, strict=True))


def source(word: Word, config: LemmatizerConfig) -> tuple[str, ...]:
    """Return the network's input: the word's tags, each a symbol, and its characters."""
    form, upos, feats = word
    features = feats.split("|") if config.feats and feats != EMPTY else ()
    return (f"UPOS={upos}", *features, *form)
