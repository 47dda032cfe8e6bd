"""The lemmatiser: a dictionary of the training data, and a network that writes the lemmas of all other words.

The network reads a word's tags and characters and writes its lemma, character by character, with attention (Kanerva et
al. 2018, section 2.4); the dictionary, of forms with their UPOS, is asked first (Qi et al. 2018, section 2.4). A form
that neither can know, because it is an address, too long or of unseen characters, is its own lemma. In place of a
letter too rare to be learned, the network reads the letter without marks: `cafe` for `café`. Its lemma is compared with
the form (`arcparse.seq2seq.edits`): unchanged letters are the form's, and a form whose edits fit no pattern of the
dictionary is its own lemma.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from torch import nn

from arcparse.checkpoint import load_model, save_model
from arcparse.checkpoint.saved import VOCABULARIES
from arcparse.errors import TreebankError
from arcparse.lexicon.symbols import BEGINNING
from arcparse.networks.weights import arrays, load_network
from arcparse.sentence import EMPTY, LEMMA, Sentence, check_length
from arcparse.seq2seq.edits import Script, held, is_mixed, lowered, plain, scripts
from arcparse.seq2seq.model import Seq2Seq, Seq2SeqConfig
from arcparse.seq2seq.pairs import Pair
from arcparse.settings import as_dict
from arcparse.settings.limits import Hypotheses, Range
from arcparse.threads import turn
from arcparse.vocabulary import SPECIALS

KIND = "lemmatizer"
PROPER = "PROPN"  # words with this tag keep their capitals
REMEMBERED = 100_000  # answers, about ten megabytes
SELDOM = 20  # the network has not learned a letter that fewer entries of the dictionary have
ADDRESS = re.compile(r"://|^www\.|^mailto:|.@.|^[@#].", re.IGNORECASE)
BATCH_SYMBOLS = 4000  # of words that are decoded together, padding included

Word: TypeAlias = "tuple[str, str, str]"  # form, UPOS, FEATS
LemmaDictionary: TypeAlias = "Mapping[tuple[str, str], str]"  # lemmas by form and UPOS


@dataclass(frozen=True)
class LemmatizerConfig:
    """The parts of the network, and the words that it is asked for."""

    network: Seq2SeqConfig = field(default_factory=lambda: Seq2SeqConfig(symbols="characters"))
    feats: bool = True  # whether it sees FEATS beside UPOS
    longest: Annotated[int, Range(1, 1024)] = (
        30  # characters of a form that it learns from or is asked for; longer ones are addresses
    )
    beam: Hypotheses = 1  # hypotheses kept as it writes


class Lemmatizer(nn.Module):
    """A network and a dictionary. Give it tagged sentences: `lemmatizer.lemmatize(sentences)`."""

    def __init__(self, config: LemmatizerConfig, network: Seq2Seq, dictionary: LemmaDictionary) -> None:
        """Join the two."""
        super().__init__()
        self.config, self.network, self.dictionary = config, network, dictionary
        self._answers: dict[Word, str] = {}

    @classmethod
    def build(cls, config: LemmatizerConfig, sentences: Sequence[Sentence]) -> Lemmatizer:
        """Make an untrained lemmatiser with a treebank's dictionary. Raises TreebankError if it has no lemmas."""
        counts = lemma_counts(sentences)
        if not counts:
            raise TreebankError(f"{sentences[0].place}: the treebank has no lemmas; give one with a LEMMA column")
        pairs = training_pairs(sentences, config)
        network = Seq2Seq.build(config.network, [pair.source for pair in pairs], [pair.output for pair in pairs])
        by_tag: dict[tuple[str, str], Counter[str]] = {}
        for (form, upos, _), lemmas in counts.items():
            by_tag.setdefault((form, upos), Counter()).update(lemmas)
        return cls(config, network, {key: most_frequent(lemmas) for key, lemmas in by_tag.items()})

    @turn()
    def lemmatize(self, sentences: Sequence[Sentence], *, given_lemmas: bool = False) -> list[Sentence]:
        """Return tagged sentences with their lemmas; words that have one keep it with `given_lemmas`.

        The model must be in evaluation mode, as it is when loaded. Raises TreebankError for a sentence that is
        too long.
        """
        check_length(sentences)
        words = [tagged_words(sentence) for sentence in sentences]
        lemmatized = []
        for sentence, lemmas in zip(sentences, self._answers_to(words), strict=True):
            if given_lemmas:
                lemmas = [new if own == EMPTY else own for own, new in zip(sentence.lemmas, lemmas, strict=True)]
            lemmatized.append(sentence.with_columns({LEMMA: lemmas}))
        return lemmatized

    def train(self, mode: bool = True) -> Lemmatizer:
        """Set the mode as torch does, and forget all answers, since weights may change."""
        self._answers.clear()
        return super().train(mode)

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
        return is_short_word and all(character in self.network.sources for character in self._plain(form))

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
        """Return the lemmas of the words of each sentence; those that are new are found and remembered."""
        answers = self._answers
        new = {word for row in words for word in row if word not in answers}
        if len(answers) + len(new) > REMEMBERED:
            answers.clear()
            new = {word for row in words for word in row}
        if new:
            self._learn(sorted(new))
        found = [list(map(answers.__getitem__, row)) for row in words]
        for long in [word for word in new if len(word[0]) > self.config.longest]:
            del answers[long]  # known soon, but a few such tokens would fill the memory
        return found

    def _learn(self, words: Sequence[Word]) -> None:
        """Find and remember the lemmas of words."""
        known = [(word, self.known(word)) for word in words]
        self._answers.update((word, lemma) for word, lemma in known if lemma is not None)
        asked = [word for word, lemma in known if lemma is None]
        written = zip(asked, self.written(asked), strict=True)
        self._answers.update((word, self._held(word, lemma)) for word, lemma in written)

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
        found = self.network.generate(sources, beam=self.config.beam, batch_tokens=BATCH_SYMBOLS)
        lemmas = ["".join(symbol for symbol in best[0].symbols if symbol not in SPECIALS).strip() for best in found]
        return [lemma or word[0] for lemma, word in zip(lemmas, words, strict=True)]

    def save(self, directory: Path, *, metadata: Mapping[str, Any] | None = None, half: bool = False) -> None:
        """Write a model directory, `half` as `arcparse.checkpoint.save_model` does."""
        forms, tags = zip(*self.dictionary, strict=True)
        dictionary = {"form": forms, "upos": tags, "lemma": tuple(self.dictionary.values())}
        symbols = {"sources": self.network.sources.symbols, "outputs": self.network.outputs.symbols}
        save_model(
            directory,
            kind=KIND,
            config={KIND: as_dict(self.config)},
            vocabularies=symbols | dictionary,
            weights=arrays(self.network),
            metadata=metadata,
            half=half,
        )

    @classmethod
    @turn()
    def load(cls, directory: Path) -> Lemmatizer:
        """Read a model directory. Raises ModelError if it holds something else."""
        saved = load_model(directory, KIND)
        config, sources = saved.settings(LemmatizerConfig), saved.vocabulary("sources", BEGINNING)
        outputs = saved.vocabulary("outputs", BEGINNING, cells=True)
        form, upos, lemma = (saved.symbols(name, cells=True) for name in ("form", "upos", "lemma"))
        if not len(form) == len(upos) == len(lemma):
            saved.refuse(VOCABULARIES, f"form, upos and lemma differ in length: {len(form)}, {len(upos)}, {len(lemma)}")
        network = load_network(saved, lambda: Seq2Seq(config.network, sources, outputs))
        return cls(config, network, dict(zip(zip(form, upos, strict=True), lemma, strict=True))).eval()


def tagged_words(sentence: Sentence) -> list[Word]:
    """Return form, UPOS and FEATS of each word."""
    return list(zip(sentence.forms, sentence.upos, sentence.feats, strict=True))


def source(word: Word, config: LemmatizerConfig) -> tuple[str, ...]:
    """Return the network's input: the word's tags, each a symbol, and its characters."""
    form, upos, feats = word
    features = feats.split("|") if config.feats and feats != EMPTY else ()
    return (f"UPOS={upos}", *features, *form)


def lemma_counts(sentences: Iterable[Sentence]) -> dict[Word, Counter[str]]:
    """Return the count of each lemma of each word; words without a lemma do not count."""
    counts: dict[Word, Counter[str]] = {}
    for sentence in sentences:
        for word, lemma in zip(tagged_words(sentence), sentence.lemmas, strict=True):
            if lemma != EMPTY or word[0] == EMPTY:
                counts.setdefault(word, Counter())[lemma] += 1
    return counts


def most_frequent(lemmas: Counter[str]) -> str:
    """Return the most frequent lemma; of equally frequent ones the first seen."""
    return lemmas.most_common(1)[0][0]


def training_pairs(sentences: Iterable[Sentence], config: LemmatizerConfig) -> list[Pair]:
    """Return each distinct word that the network might be asked for, once, with its most frequent lemma."""
    return [
        Pair(source(word, config), tuple(most_frequent(lemmas)))
        for word, lemmas in lemma_counts(sentences).items()
        if len(word[0]) <= config.longest and any(map(str.isalpha, word[0]))
    ]
