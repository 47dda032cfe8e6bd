"""A lemmatiser over the compiled kernels, read without torch: it writes the lemmas of `arcparse.seq2seq.lemmatizer`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from pathlib import Path

import numpy as np

from arcparse.batches import bucket
from arcparse.checkpoint import load_model
from arcparse.kernels.library import library
from arcparse.kernels.sequences import Writer
from arcparse.lexicon.symbols import Symbols, source_ids
from arcparse.networks import layouts
from arcparse.networks.compiled import has_kernel
from arcparse.seq2seq.lemmas import KIND, Description, Lemmas
from arcparse.seq2seq.settings import LemmatizerConfig
from arcparse.threads import spread
from arcparse.vocabulary import Vocabulary

BATCH_SYMBOLS = 4000  # of words that are written together
ATTENTIONS = ("none", "dot", "scaled-dot", "general")  # those that have a kernel


def load(directory: Path, *, low: bool) -> Lemmas | None:
    """Read a lemmatiser's directory; return None if its network, or this processor, has no kernels.

    `low` precision is the fastest of the processor. Raises ModelError as `Lemmatizer.load` does.
    """
    saved = load_model(directory, KIND)
    known = Description.restore(saved)
    if library() is None or not _has_kernels(known.config):
        return None
    saved.expect(layout(known))
    attention = known.config.network.decoder.attention
    network = _Network(known, Writer(saved.weights, attention, low=low))  # type: ignore[arg-type]
    return Lemmas(known.config, known.dictionary, known.sources, network.write)


class _Network:
    """Writes outputs for sources of symbols, the best symbol at each step."""

    def __init__(self, known: Description, writer: Writer) -> None:
        self._known, self._writer = known, writer

    def write(self, sources: Sequence[Symbols]) -> list[Symbols]:
        """Return the network's output for each source."""
        batches = bucket([len(source) + 1 for source in sources], BATCH_SYMBOLS)
        written: list[Symbols] = [()] * len(sources)
        for batch, outputs in zip(
            batches, spread(lambda own: self._write([sources[i] for i in own]), batches), strict=True
        ):
            for i, symbols in zip(batch, outputs, strict=True):
                written[i] = symbols
        return written

    def _write(self, sources: Sequence[Symbols]) -> list[Symbols]:
        config = self._known.config.network
        rows = source_ids(self._known.sources, sources)
        offset = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        symbol = np.fromiter(chain.from_iterable(rows), np.int32, int(offset[-1]))
        limit = np.array([int(config.longest_output * len(own)) + config.longer for own in sources], np.int32)
        found = self._writer(offset, symbol, limit)
        names, ids, attended = self._known.outputs.symbols, found.symbol.tolist(), found.attended.tolist()
        copies = config.decoder.attention != "none"
        outputs: list[Symbols] = []
        for source, (start, end) in zip(sources, pairwise(found.offset.tolist()), strict=True):
            places = (min(place, len(source) - 1) for place in attended[start:end])
            outputs.append(
                tuple(
                    source[place] if copies and source and id == Vocabulary.UNKNOWN else names[id]
                    for id, place in zip(ids[start:end], places, strict=True)
                )
            )
        return outputs


def _has_kernels(config: LemmatizerConfig) -> bool:
    encoder, decoder = config.network.encoder, config.network.decoder
    kinds = {encoder.kind, decoder.kind} == {"recurrent"} and not config.network.reverse_source and config.beam == 1
    reads = has_kernel(encoder.recurrent) and has_kernel(decoder.recurrent)
    memory = encoder.recurrent.hidden * (1 + encoder.recurrent.bidirectional)
    fits = decoder.attention in ("none", "general") or memory == decoder.recurrent.hidden
    return kinds and reads and fits and decoder.attention in ATTENTIONS and not decoder.input_feeding


def layout(known: Description) -> layouts.Layouts:
    """Return the names and shapes of the weights of a lemmatiser that has kernels."""
    encoder, decoder = known.config.network.encoder, known.config.network.decoder
    memory = encoder.recurrent.hidden * (1 + encoder.recurrent.bidirectional)
    found = layouts.within("encoder", layouts.source_encoder(encoder, len(known.sources)))
    return found | layouts.within("decoder", layouts.decoder(decoder, len(known.outputs), memory))
