"""Measures the speed of arcparse, of its paths, and of UDPipe and spaCy: tokens per second, latency, start-up, memory.

All systems get the same gold-tokenised sentences and take turns at each stage (A B A B), so that other work of the
machine slows all of them equally. Loading a model and building another system's sentence objects are not timed. To
compare numbers of threads, start a process for each.

plan        the settings of a measurement, and the sentences
turns       times the stages of all systems in turn
own         the stages of arcparse, by a path: a level of the kernels, or torch
peers       the stages of UDPipe and spaCy
processes   start-up and memory, of processes
report      the measures, and their ratios
"""

from __future__ import annotations

from arcparse.benchmark.own import Variant, loaded, own_stages, variants
from arcparse.benchmark.peers import spacy_stages, udpipe_stages
from arcparse.benchmark.plan import SPACY, UDPIPE, Corpus, Plan
from arcparse.benchmark.processes import process_measures, start_each
from arcparse.benchmark.report import Report, measures
from arcparse.benchmark.turns import Stages, take_turns
from arcparse.threads import asked

__all__ = ["Plan", "Report", "benchmark"]


def benchmark(plan: Plan) -> Report:
    """Measure all systems of the plan.

    Raises TreebankError for a file without words, ConfigurationError if another system is not installed or this
    processor lacks a path, and ModelError if a model cannot be loaded.
    """
    corpus = Corpus.read(plan.file)
    chosen = variants(plan)
    started = start_each(plan, chosen)  # before models are loaded
    systems: dict[str, Stages] = {}
    names: dict[Variant, str] = {}
    for variant in chosen:
        own = loaded(plan, variant)
        names[variant] = own.name
        systems.setdefault(own.name, own_stages(plan, own, corpus, is_first=not systems))
    if plan.udpipe:
        systems[UDPIPE] = udpipe_stages(plan, corpus)
    if plan.spacy:
        systems[SPACY] = spacy_stages(plan, corpus)
    with asked(plan.threads):
        seconds = take_turns(systems, plan.runs)
    found = [*measures(seconds), *process_measures(started, names)]
    return Report(plan, len(corpus.sentences), corpus.tokens, tuple(found))
