"""The language model: how likely each next symbol of a text is, words or characters, given all before it.

A text is one sequence: each line ends with EOS, and the symbol before the first one is taken to be EOS too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from arcparse.checkpoint import load_model, save_model
from arcparse.errors import InputError, TreebankError, shown
from arcparse.lexicon.symbols import BEGINNING, EOS, MARKS, divided, together, vocabulary
from arcparse.networks.weights import arrays, load_network
from arcparse.search import normalised, sample, search
from arcparse.sentence.lists import each_text
from arcparse.seq2seq.language_model_network import LanguageModelConfig, LanguageModelNetwork
from arcparse.seq2seq.language_model_system import Continuing, Limits
from arcparse.settings import as_dict
from arcparse.threads import turn
from arcparse.vocabulary import Vocabulary

KIND = "lm"


class LanguageModel(nn.Module):
    """A network and its vocabulary: `model.perplexity(lines)`, `model.generate("It is")`."""

    def __init__(self, config: LanguageModelConfig, network: LanguageModelNetwork, symbols: Vocabulary) -> None:
        """Join the two; `config` is the network's."""
        super().__init__()
        self.config, self.network, self.symbols = config, network, symbols

    @classmethod
    def build(
        cls, config: LanguageModelConfig, lines: Iterable[str], min_count: int = 1, size: int | None = None
    ) -> LanguageModel:
        """Make an untrained model of the `size` most frequent symbols that occur `min_count` times."""
        known = vocabulary((divided(line, config.symbols) for line in lines), min_count).symbols
        symbols = Vocabulary(known if size is None else known[: size + len(BEGINNING)])
        return cls(config, LanguageModelNetwork(config, len(symbols)), symbols)

    def ids(self, lines: Iterable[str]) -> Tensor:
        """Return a text as ids [T]: EOS, and each line with its EOS."""
        kind = self.config.symbols
        rows = ([*self.symbols.ids(divided(line, kind)), EOS] for line in lines)
        return torch.tensor([EOS, *(i for row in rows for i in row)])

    @turn()
    @torch.inference_mode()
    def perplexity(self, lines: Iterable[str]) -> float:
        """Return the perplexity of a text; ends of lines count as symbols, and all unknown symbols as the same one.

        The model must be in evaluation mode, as it is when loaded. Raises TreebankError if there is no line.
        """
        ids = self.ids(each_text(lines, "lines"))
        if len(ids) < 2:
            raise TreebankError("the text holds no line; give one with at least one")
        found, _ = self.network.log_probabilities(ids.unsqueeze(0), self.network.start(1))
        return math.exp(-float(found.double().mean()))

    @turn()
    @torch.inference_mode()
    def generate(
        self,
        prompt: str = "",
        length: int = 50,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float = 1.0,
        seed: int = 1,
    ) -> str:
        """Return the prompt and `length` symbols drawn after it; an end of a line counts as one.

        Scores are divided by the `temperature`. Symbols are drawn from the `top_k` likeliest (Fan et al. 2018), from
        the fewest whose probabilities add up to `top_p` (Holtzman et al. 2020), or from both. The unknown symbol is
        never drawn. Raises ConfigurationError for a value outside its limits.
        """
        return self.draw(1, prompt, Limits(length, temperature, top_k, top_p), seed)[0]

    @turn()
    @torch.inference_mode()
    def draw(self, count: int, prompt: str, limits: Limits, seed: int = 1) -> list[str]:
        """Return the prompt with `count` continuations, drawn one beside the other."""
        system, given = Continuing(self.network, self.symbols, limits), self._given(prompt)
        end = sample(system, system.scores, system.start(given), count, limits.temperature, seed)
        return self._texts(prompt, given, end.written[0])

    @turn()
    @torch.inference_mode()
    def likeliest(self, count: int, prompt: str, limits: Limits, beam: int) -> list[str]:
        """Return the prompt with the `count` likeliest continuations that a beam finds, best first.

        Lines that differ in length are compared by the log-probability per symbol.
        """
        system, given = Continuing(self.network, self.symbols, limits), self._given(prompt)
        found = search(system, normalised(system, system.scores), system.start(given), beam, length_power=1.0)
        written = found.state.written[0, ~found.score[0].isneginf()]
        return self._texts(prompt, given, written[:count])

    def _given(self, prompt: str) -> Tensor:
        if not isinstance(prompt, str):
            raise InputError(f"prompt must be a string, not {shown(prompt)}")
        return self.ids(prompt.split("\n"))[:-1]

    def unknown(self, text: str) -> list[str]:
        """Return the symbols of a text that the model does not know; it reads all of them as the same one."""
        symbols = dict.fromkeys(symbol for line in text.split("\n") for symbol in divided(line, self.config.symbols))
        return [symbol for symbol in symbols if symbol not in self.symbols]

    def _texts(self, prompt: str, given: Tensor, written: Tensor) -> list[str]:
        """Return the texts of ids [K, T] after those of the prompt; padding follows a line that has ended."""
        return [self.text([*given[1:].tolist(), *row[row != Vocabulary.PAD].tolist()], prompt) for row in written]

    def text(self, ids: Sequence[int], prompt: str = "") -> str:
        """Return the lines of ids; unknown symbols of the prompt stay as they are in it."""
        given = [symbol for line in prompt.split("\n") for symbol in (*divided(line, self.config.symbols), MARKS[1])]
        symbols = (
            given[place] if id == Vocabulary.UNKNOWN and place < len(given) else self.symbols.symbol(id)
            for place, id in enumerate(ids)
        )
        return "\n".join(together(line, self.config.symbols) for line in _lines(symbols))

    def save(self, directory: Path, *, metadata: Mapping[str, Any] | None = None, half: bool = False) -> None:
        """Write a model directory."""
        save_model(
            directory,
            kind=KIND,
            config={KIND: as_dict(self.config)},
            vocabularies={"symbols": self.symbols.symbols},
            weights=arrays(self.network),
            metadata=metadata,
            half=half,
        )

    @classmethod
    @turn()
    def load(cls, directory: Path) -> LanguageModel:
        """Read a model directory. Raises ModelError if it holds something else."""
        saved = load_model(directory, KIND)
        config, symbols = saved.settings(LanguageModelConfig), saved.vocabulary("symbols", BEGINNING)
        return cls(config, load_network(saved, lambda: LanguageModelNetwork(config, len(symbols))), symbols).eval()


def _lines(symbols: Iterable[str]) -> Iterator[list[str]]:
    line = list[str]()
    for symbol in symbols:
        if symbol == MARKS[1]:
            yield line
            line = []
        else:
            line.append(symbol)
    yield line
