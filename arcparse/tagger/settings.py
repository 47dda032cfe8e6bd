"""The settings of a tagger, apart from its network: to read them needs no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from arcparse.errors import ConfigurationError
from arcparse.lexicon.forms import LexiconConfig
from arcparse.networks.chosen import encoder_settings
from arcparse.networks.settings import BiLSTMConfig
from arcparse.settings import check_ranges
from arcparse.settings.limits import Dimension, Hypotheses, Part, Range, Share, Units
from arcparse.tagger.preparation import Preparation


@dataclass(frozen=True)
class TaggerConfig:
    """The parts of the network, their sizes, and how it is searched."""

    column: str = ""  # an attribute of MISC with the tags of spans, such as Chunk; empty: UPOS, XPOS and FEATS
    scheme: Literal["", "BIO", "IOB1", "BIOES"] = ""  # of these tags; empty: that of the training data
    upos_dimension: Dimension = 0  # of embeddings of the tags that a tagger of spans sees; 0 leaves a column out
    xpos_dimension: Dimension = 0
    tags_dropout: Share = 0.0  # share of sentences whose tags are hidden in training, so that it can do without
    beam: Hypotheses = 1  # hypotheses when it tags; tags that depend on each other need more than one
    before: Annotated[int, Range(0, 32)] = 3  # words of the window before and after the one that is tagged
    after: Annotated[int, Range(0, 32)] = 3
    encoder: str = "none"  # or "bilstm"; see `arcparse.networks.encoder`
    bilstm: BiLSTMConfig = field(default_factory=BiLSTMConfig)
    encoder_settings: dict[str, Any] = field(default_factory=dict)  # of an encoder that has no table of its own here
    hidden: Annotated[tuple[Units, ...], Range(1, 32)] = (512,)
    batch_normalisation: bool = False  # before the rectifier of each hidden layer (Ioffe & Szegedy 2015)
    dropout: Part = 0.4  # after each hidden layer; without it the network learns the treebank by heart
    input_dropout: Part = 0.2  # of the forms' vectors
    lexicon: LexiconConfig = field(default_factory=LexiconConfig)
    preparation: Preparation = "none"  # of words, for vectors that know other forms; see `arcparse.tagger.preparation`
    previous_tags: Annotated[int, Range(0, 32)] = (
        0  # number of tags before a word that it sees; with 0 tags are independent, and need no search
    )
    tag_dimension: Units = 32  # of their embeddings, SyntaxNet's size
    normalisation: Literal["local", "global"] = "local"  # scores in a beam: log-probabilities, or as they come

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value outside its limits."""
        encoder_settings(self)
        check_ranges(self)
        if self.column and self.preparation != "none":
            raise ConfigurationError(
                "preparation divides words, and spans are made of whole ones; switch one of the two off"
            )
        if not self.column and (self.upos_dimension or self.xpos_dimension):
            raise ConfigurationError(
                "a tagger of UPOS, XPOS and FEATS cannot see them before; name a column of spans by --column, or set "
                "upos_dimension and xpos_dimension to 0"
            )
        if self.batch_normalisation and self.normalisation == "global":
            raise ConfigurationError(
                "batch_normalisation gives a state other scores in another batch, and global normalisation compares "
                "them; switch one of the two off"
            )
