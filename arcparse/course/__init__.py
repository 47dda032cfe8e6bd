"""A course of trainings: from a treebank, the models of a whole pipeline one after another, and their scores.

settings    the settings of all parts in one dataclass, from a preset, a TOML file and overrides
files       the files of a treebank's folder
record      what a course has begun with, and keeps to
stages      the steps: trainings, each with its own directory and checkpoint
time_left   the time that the course still needs
word_vectors  those of raw text
scoring     scores from raw text, gold tokens and gold tags; the card
"""

from arcparse.course.files import sizes, with_files
from arcparse.course.scoring import rows, scored
from arcparse.course.settings import PipelineSettings, resolve
from arcparse.course.stages import Stage, steps, train_pipeline

__all__ = ["PipelineSettings", "Stage", "resolve", "rows", "scored", "sizes", "steps", "train_pipeline", "with_files"]
