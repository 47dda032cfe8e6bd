"""The scores of a pipeline on gold sentences, from raw text, gold tokens and gold tags, and its card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from arcparse.bundle import Bundle
from arcparse.checkpoint import as_json
from arcparse.checkpoint.saved import BEST
from arcparse.course.settings import PipelineSettings
from arcparse.errors import ArcparseError, ModelError
from arcparse.evaluation import evaluate
from arcparse.files import replacing
from arcparse.lexicon.tags import COLUMN, with_tags
from arcparse.pipeline import Pipeline
from arcparse.recipes import read_treebank
from arcparse.sentence import EMPTY, LEMMA, Sentence
from arcparse.sentence.document import running_text

SCORES = "scores.json"
OnError = Callable[[ArcparseError], None]
Scores = dict[str, dict[str, float]]  # F1 in per cent by input and metric
METRICS = ("Tokens", "Sentences", "Words", "UPOS", "XPOS", "UFeats", "Lemmas", "UAS", "LAS", "CLAS", "MLAS", "BLEX")
RAW, TOKENS, TAGS = "raw text", "gold tokens", "gold tags"


def finish(settings: PipelineSettings, bundle: Bundle, output: Path, on_error: OnError | None = None) -> Scores:
    """Score a trained pipeline on its test file, or else on dev; write its bundle with a card, and the scores.

    Raises ModelError if they cannot be written.
    """
    place = settings.test or settings.dev
    scores = scored(Pipeline.of(bundle), read_treebank(place, "test", on_error, trees=True))
    bundle.save(output / BEST, card=card(settings, output.resolve().name, scores))
    with replacing(output / SCORES, ModelError) as stream:
        stream.write(as_json({"file": Path(place).name, "scores": scores}))
    return scores


def scored(nlp: Pipeline, gold: Sequence[Sentence]) -> Scores:
    """Return F1 of the CoNLL 2018 shared task for each input; lemmas are always predicted."""
    tagged = [sentence.with_columns({LEMMA: [EMPTY] * len(sentence)}) for sentence in gold]
    bare = [with_tags(sentence, {name: [EMPTY] * len(sentence) for name in COLUMN}) for sentence in tagged]
    parsed = {
        RAW: nlp.parse(running_text(gold)),
        TOKENS: nlp.parse_sentences(bare),
        TAGS: nlp.parse_sentences(tagged),
    }
    return {name: _per_cent(gold, found) for name, found in parsed.items()}


def _per_cent(gold: Sequence[Sentence], found: Sequence[Sentence]) -> dict[str, float]:
    scores = evaluate(gold, found)
    return {metric: round(100 * scores[metric].f1, 2) for metric in METRICS}


def rows(scores: Scores) -> list[tuple[str, ...]]:
    """Return the scores as rows of a table, its headings first."""
    return [
        ("input", *METRICS),
        *((name, *(f"{own[metric]:.2f}" for metric in METRICS)) for name, own in scores.items()),
    ]


def card(settings: PipelineSettings, name: str, scores: Scores) -> str:
    """Return the description of a bundle in Markdown: its data, its parts, its scores."""
    table = [f"| {' | '.join(row)} |" for row in rows(scores)]
    table.insert(1, "|---|" + "---:|" * len(METRICS))
    file = Path(settings.test or settings.dev).name
    vectors = Path(settings.raw or settings.vectors).name
    lines = [
        f"# {name}",
        "",
        "A pipeline of arcparse: raw text to sentences, tags, lemmas and trees.",
        "",
        f"- **Data:** train {Path(settings.train).name}, dev {Path(settings.dev).name}; their licence holds here too.",
        f"- **Word vectors:** {'of ' + vectors if vectors else 'none'}.",
        f"- **Parts:** {', '.join(settings.parts())}. Their settings are in each part's `config.json`.",
        "",
        f"## Scores on {file}",
        "",
        "F1 of the CoNLL 2018 shared task in per cent. Gold tags are given, gold lemmas never.",
        "",
        *table,
        "",
        "## Use",
        "",
        "```python",
        f'nlp = arcparse.load("{name}")  # the path of this directory',
        "```",
    ]
    return "\n".join(lines) + "\n"
