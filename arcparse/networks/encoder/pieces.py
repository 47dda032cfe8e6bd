"""Word pieces: the pieces of each form, and long sentences in windows that overlap.

A tokeniser cuts a form into pieces of its own vocabulary (WordPiece: Schuster & Nakajima 2012; BPE: Sennrich et al.
2016), whatever words stand beside it. So the pieces of a form are remembered. The root has the pieces that begin a
text, such as `[CLS]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from arcparse.errors import ModelError
from arcparse.networks.padding import pad
from arcparse.networks.words import Words

LONGEST = 32  # pieces that are read of a form: only URLs and the like have more
REMEMBERED = 200_000  # forms whose pieces are kept; with more, the memory starts afresh


@dataclass(frozen=True)
class Pieces:
    """The pieces of B sentences in W windows of up to P pieces, and the pieces that make each token's vector."""

    ids: Tensor  # [W, P]
    is_piece: Tensor  # [W, P]
    place: Tensor  # [S] places of pieces in the flattened windows, token by token
    start: Tensor  # [B * N] the first entry of each token in `place`; the padding has none


class WordPieces:
    """A tokeniser, as the text of its file `tokenizer.json`."""

    def __init__(self, content: bytes) -> None:
        """Read the tokeniser. Raises ModelError if it is none."""
        from tokenizers import Tokenizer  # here: it is optional

        try:
            self._tokenizer = Tokenizer.from_str(content.decode())
        except Exception as error:  # tokenizers raises nothing more special
            raise ModelError(f"the tokeniser cannot be read: {error}") from None
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.largest = max(self._tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
        whole, plain = (self._tokenizer.encode("a", add_special_tokens=special).ids for special in (True, False))
        first = next((i for i in range(len(whole)) if whole[i : i + len(plain)] == plain), 0)
        self.end: list[int] = whole[first + len(plain) :]
        unknown = getattr(self._tokenizer.model, "unk_token", None)
        number = self._tokenizer.token_to_id(unknown) if unknown else None
        self.begin: list[int] = whole[:first] or self.end[:1] or [number or 0]
        self._unknown = self.begin if number is None else [number]
        self._remembered: dict[str, list[int]] = {}

    def ids(self, form: str) -> list[int]:
        """Return the first pieces of a form, at least one."""
        found = self._remembered.get(form)
        if found is None:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            # The blank makes the beginning of a word known to tokenisers that see blanks.
            found = self._tokenizer.encode(f" {form}", add_special_tokens=False).ids[:LONGEST] or self._unknown
            self._remembered[form] = found
        return found

    def batch(self, words: Words, window: int, overlap: int, *, whole: bool) -> Pieces:
        """Return the pieces of B sentences in windows of at most `window` pieces, which have `overlap` in common.

        A token has its first piece, or if `whole` all its pieces.
        """
        room = window - len(self.begin) - len(self.end)
        forms = [self.begin, *(self.ids(form)[:room] for form in words.text[1:])]
        lines: list[list[int]] = []
        places: list[tuple[int, int, int]] = []  # of each token: window, place in it, pieces
        padded = words.row.shape[1]
        for row, length in zip(words.row.tolist(), words.length.tolist(), strict=True):
            sentence = [forms[form] for form in row[1 : length + 1]]
            places.append((len(lines), 0, len(self.begin)))
            for span in spans(list(map(len, sentence)), room, min(overlap, room // 2)):
                place = len(self.begin)
                for word in range(span.begin, span.end):
                    if span.first <= word < span.last:
                        places.append((len(lines), place, len(sentence[word])))
                    place += len(sentence[word])
                lines.append([*self.begin, *chain.from_iterable(sentence[span.begin : span.end]), *self.end])
            places.extend([(0, 0, 0)] * (padded - 1 - length))
        line, offset, count = np.array(places, dtype=np.int64).reshape(-1, 3).T
        count = count if whole else np.minimum(count, 1)
        start = np.cumsum(count) - count
        ids, sizes = pad(lines), torch.tensor(list(map(len, lines)))
        pooled = np.repeat(line * ids.shape[1] + offset - start, count) + np.arange(count.sum())
        is_piece = torch.arange(ids.shape[1]) < sizes.unsqueeze(1)
        found = (ids, is_piece, torch.from_numpy(pooled), torch.from_numpy(start))
        return Pieces(*(tensor.to(words.row.device) for tensor in found))


@dataclass(frozen=True)
class Span:
    """A window has the words from `begin` to before `end`; those from `first` to before `last` are read in it."""

    begin: int
    end: int
    first: int
    last: int


def spans(sizes: Sequence[int], room: int, overlap: int) -> Iterator[Span]:
    """Yield windows of at most `room` pieces over words of `sizes` pieces; two neighbours share up to `overlap`.

    A word in two windows is read in the one in which it is farther from the edge. No word may be larger than `room`.
    """
    total = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    begin = first = 0
    while True:
        end = int(np.searchsorted(total, total[begin] + room, side="right")) - 1
        if end == len(sizes):
            yield Span(begin, end, first, end)
            return
        following = max(begin + 1, int(np.searchsorted(total, total[end] - overlap, side="left")))
        last = (following + end) // 2
        yield Span(begin, end, first, last)
        begin, first = following, last
