"""What is wrong with a CoNLL-U file: the tests of levels 1 and 2 of Universal Dependencies' own validator (`udtools`).

Level 1 is the format alone, level 2 the tree, the universal tags and relations, the form of features, of the enhanced
graph and of the metadata. Problems bear the names that `udtools` gives them, and on a treebank that has none of the
faults that make it pass over the rest of a sentence, both find the same; here that rest is looked at too, as far as
it can be, so that a file is mended in one go. Tests of parallel sentences and warnings are left out.
https://universaldependencies.org/contributing/validation.html

    block     the lines of a sentence, and the problem that they have
    lines     level 1: encoding, lines, columns, numbering
    cells     level 2: what one cell may hold
    graph     level 2: heads, the tree and the enhanced graph
    metadata  level 2: comments, and `# text` against the forms
"""

from __future__ import annotations

from arcparse.validation.block import Problem
from arcparse.validation.run import validate

__all__ = ["Problem", "validate"]
