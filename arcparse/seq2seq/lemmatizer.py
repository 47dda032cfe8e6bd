"""The lemmatiser: a dictionary of the training data, and a network that writes the lemmas of all other words.

The network reads a word's tags and characters and writes its lemma with attention (Kanerva et al. 2018, section 2.4).
`arcparse.seq2seq.lemmas` asks the dictionary first, and holds the network's lemmas to the dictionary's patterns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from arcparse.checkpoint import load_model, save_model
from arcparse.errors import TreebankError
from arcparse.lexicon.symbols import Symbols
from arcparse.networks.weights import arrays, load_network
from arcparse.sentence import EMPTY, Sentence
from arcparse.seq2seq.lemmas import KIND, Description, LemmaDictionary, Lemmas, Word, source, tagged_words
from arcparse.seq2seq.model import Seq2Seq
from arcparse.seq2seq.pairs import Pair
from arcparse.seq2seq.settings import LemmatizerConfig
from arcparse.settings import as_dict
from arcparse.threads import turn

BATCH_SYMBOLS = 4000  # of words that are decoded together, padding included


class Lemmatizer(nn.Module):
    """A network and a dictionary. Give it tagged sentences: `lemmatizer.lemmatize(sentences)`."""

    def __init__(self, config: LemmatizerConfig, network: Seq2Seq, dictionary: LemmaDictionary) -> None:
        """Join the two."""
        super().__init__()
        self.config, self.network = config, network
        self.lemmas = Lemmas(config, dictionary, network.sources, self._write)

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

    @property
    def dictionary(self) -> LemmaDictionary:
        """The lemmas by form and UPOS."""
        return self.lemmas.dictionary

    @turn()
    def lemmatize(self, sentences: Sequence[Sentence], *, given_lemmas: bool = False) -> list[Sentence]:
        """Return tagged sentences with their lemmas, as `Lemmas.lemmatize` does.

        The model must be in evaluation mode, as it is when loaded.
        """
        return self.lemmas.lemmatize(sentences, given_lemmas=given_lemmas)

    def train(self, mode: bool = True) -> Lemmatizer:
        """Set the mode as torch does, and forget all answers, since weights may change."""
        self.lemmas.forget()
        return super().train(mode)

    def _write(self, sources: Sequence[Symbols]) -> list[Symbols]:
        """Return the network's best output for each source."""
        found = self.network.generate(sources, beam=self.config.beam, batch_tokens=BATCH_SYMBOLS)
        return [best[0].symbols for best in found]

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
        own = Description.restore(saved)
        network = load_network(saved, lambda: Seq2Seq(own.config.network, own.sources, own.outputs))
        return cls(own.config, network, own.dictionary).eval()


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
