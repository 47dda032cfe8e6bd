"""Multiword tokens and their words, as a treebank has them (`don't`: `do`, `n't`; `du`: `de`, `le`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from arcparse.checkpoint.saved import CONFIG, SavedModel, is_cell
from arcparse.sentence import FORM, ID, Sentence, numbering

Division = tuple[str, ...]

OFTEN, SHARE = 2, 0.9  # a form divided so often, and in this share of its occurrences, is always divided


@dataclass(frozen=True)
class Multiwords:
    """The words of forms, in lower case and with straight apostrophes, and the forms that are always divided."""

    words: Mapping[str, Division] = field(default_factory=dict)
    always: frozenset[str] = frozenset()

    @classmethod
    def build(cls, sentences: Iterable[Sentence]) -> Multiwords:
        """Collect the multiword tokens of a treebank, each with its most frequent division."""
        counts: dict[str, Counter[Division]] = {}
        for sentence in sentences:
            for form, words in surface_tokens(sentence):
                counts.setdefault(plain(form), Counter())[tuple(map(plain, words))] += 1
        found, always = {}, set()
        for form, own in sorted(counts.items()):
            several = Counter({words: count for words, count in own.items() if len(words) > 1})
            if several:
                found[form] = several.most_common(1)[0][0]
            if several.total() >= max(OFTEN, SHARE * own.total()):
                always.add(form)
        return cls(found, frozenset(always))

    @classmethod
    def restore(cls, saved: SavedModel) -> Multiwords:
        """Restore the result of `as_dict` from a saved model. Raises ModelError if it is something else."""
        words = saved.table("multiwords")
        for form, own in words.items():
            if not isinstance(own, list) or not own or not all(isinstance(word, str) and is_cell(word) for word in own):
                saved.refuse(CONFIG, f"config.multiwords: the words of {form[:60]!r} must be a list of strings")
        return cls({form: tuple(own) for form, own in words.items()}, frozenset(saved.texts("always")))

    def as_dict(self) -> dict[str, Any]:
        """Return the tables that a model saves."""
        return {"multiwords": {form: list(own) for form, own in self.words.items()}, "always": sorted(self.always)}

    def divided(self, form: str, *, several: bool) -> Division:
        """Return the words of a token, of which the network says that it has one word or `several`.

        They are those of the treebank; for a form that it lacks, the most reliable known last part and the rest. Words
        that spell the token keep its capitals and its kind of apostrophe. Of other words the first has a capital if the
        token begins with one.
        """
        lower = plain(form)
        if not several and lower not in self.always:
            return (form,)
        known = self.words.get(lower)
        if known is None:
            last = next((part for part in self._last_parts if lower.endswith(part) and part != lower), "")
            known = (lower[: len(lower) - len(last)], last) if last else (lower,)
        if "".join(known) != lower or len(lower) != len(form):
            return (known[0].capitalize() if form[:1].isupper() else known[0], *known[1:])
        found, begin = [], 0
        for word in known:
            found.append(form[begin : begin + len(word)])
            begin += len(word)
        return tuple(found)

    @cached_property
    def _last_parts(self) -> list[str]:
        """The known last parts. First is the one of which the largest share of the forms that end so are divided there.

        In Turkish, `evdeki` is `evde`, `ki` like most forms in -ki, although one misspelt form has the last part `eki`.
        """
        last = {form: own[-1] for form, own in self.words.items() if len(own) == 2 and "".join(own) == form}
        divided = Counter(last.values())
        ending = Counter(form[i:] for form in last for i in range(1, len(form)) if form[i:] in divided)
        return sorted(divided, key=lambda part: (-divided[part] / (1 + ending[part]), -len(part), part))


def plain(form: str) -> str:
    """Return a form in lower case with straight apostrophes."""
    return form.lower().replace("’", "'")


def surface_tokens(sentence: Sentence) -> Iterator[tuple[str, Division]]:
    """Give the form of each surface token and its words; empty nodes are none."""
    surface, forms = sentence.columns[FORM], sentence.forms
    for row, words in numbering.tokens(sentence.columns[ID]):
        yield surface[row], forms[words[0] - 1 : words[-1]]
