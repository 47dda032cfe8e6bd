"""Raw English text to sentences of tokens, divided as the English Web Treebank (UD r2.16) divides them.

One regular expression, read left to right, cuts the text into surface tokens; a contraction (`don't`) is one token of
several syntactic words (`do`, `n't`). No alternative looks further than it consumes but by a fixed bound or across one
gap, so that time is linear in the length of the text, whatever the text. A sentence ends at a blank line, and at final
punctuation unless what stands before or behind it speaks against that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from arcparse.sentence import COLUMNS, EMPTY, FORM, ID, MISC, Sentence
from arcparse.spacing import BEFORE, escaped, mark_after, spaces_at

Span = tuple[int, int]
Token = tuple[Span, tuple[str, ...]]  # where it is, and its words
Divided = list[Token]  # the tokens of a sentence

# Keep their full stop.
ABBREVIATIONS = """
    Mr Mrs Ms Dr Prof Rev Gen Gov Sen Rep Reps Lt Col Sgt Capt Cmdr Maj Spec Hon Pres St Ste Mt Ft Jr Sr vs cf eg ie
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun approx attn Attn
    Inc Corp Co Ltd Bros Dept Univ Assn lb lbs oz Ave Blvd Rd Hwy Calif Va La Pa Tenn Wash Conn Ariz Colo Minn Mich
    Arrv arrv Que vol Vol pp ext Ext Tel Fax Ph Sec esp Esp Sts Drs"""
# Keep their full stop within a sentence only: the treebank divides `etc|.` at the end.
LAST_WORDS = "etc al mins hrs yrs a.m p.m A.M P.M"
# Behind the full stop of an acronym, these begin a sentence.
FIRST_WORDS = "A And As At But For He I If In It My She So That The There They This We What When You"
# First parts after which a hyphen stays inside the word.
PREFIXES = """
    anti arch co counter cross e ex inter intra micro mid mis multi neo non over post pre pro psycho re semi socio sub
    super trans ultra un under"""
# Divided from the number before them.
UNITS = "am pm a.m p.m AM PM k K m M mm cm km b bn t kg lb lbs ft hh hz Hz kb KB mb MB gb GB x mins minutes hrs"
# Last parts of host and file names.
ENDINGS = """
    com net org edu gov mil info biz co uk ca de fr au us tv doc xls pdf txt htm html ppt zip jpg gif url asp php"""
NEWSGROUPS = "alt comp misc rec sci soc talk"
# Contractions without an apostrophe, and other words written together; a hyphen stands where they are divided.
FUSED_WORDS = """
    can-not gon-na got-ta wan-na out-ta du-n-no do-nt did-nt does-nt could-nt would-nt should-nt have-nt has-nt is-nt
    was-nt are-nt ar-nt ai-nt wo-nt ca-nt i-m i-ve that-s there-s what-s he-s you-re they-re you-ll else-s c'm-on
    a-lot"""
# With a comma, the last line of a letter before its name.
FAREWELLS = "Thanks thanks Regards regards Best Sincerely Cheers Love Yours you wishes"
EMOTICONS = r"[:;=]['’]?[-o^]?[)(\]DPp](?!\w)|[(\[][-^]?[:;=](?!\w)|<3(?!\d)|\^_*\^"


def _any(words: str) -> str:
    return "|".join(map(re.escape, words.split()))


SURFACE = re.compile(
    rf"""
    [A-Za-z]+(?=[\s,;!?")]|\Z)                                  # a plain word, first because most tokens are
  | (?:https?://|ftp://|www\.|mailto:)[^\s<>"]*[\w/\#&=-]       # URL
  | [\w.+%-]{{1,64}}@[\w-]{{1,64}}(?:\.[\w-]{{1,64}}){{0,8}}    # e-mail
  | (?:{_any(LAST_WORDS)})\b(?:\.(?!\w|\s+[A-Z]|\s*\Z))?
  | [A-Za-z](?:\.[A-Za-z])+\b(?:\.(?!\s+(?:{_any(FIRST_WORDS)})\b|\s*\Z))?  # U.S., a.k.a
  | (?:{_any(ABBREVIATIONS)})\.(?![^\W\d]|\s*\Z) | No\.(?=\s*\d)
  | [A-HJ-Z]\.(?=\s+[A-Z])                                      # initial
  | [A-Za-z0-9][\w-]{{0,63}}(?:\.[\w-]{{1,64}}){{0,8}}\.(?i:{_any(ENDINGS)})\b  # host or file
  | (?:{_any(NEWSGROUPS)})(?:\.[\w-]+)+
  | {EMOTICONS}
  | (?:(?:\d{{1,2}}-)?(?:\d{{3}}[-/])?\d{{3}}|\d)-\d{{4}}\b      # telephone
  | \d{{1,2}}-\d{{1,2}}-\d{{2,4}}\b                             # date
  | [1-4]\b(?=/[2-5](?![\d/]))                                  # the 1 of 1/2
  | \d+['’]s\b | ['’]\d\ds?\b                                   # 60's, '72
  | [+.]?\d+(?:[.,:/]\d+)*(?:(?![^\W_])|(?=(?:{_any(UNITS)})\b))  # number, time, 11/28/2000
  | (?i:{_any(PREFIXES)})-\w+
  | [A-Za-z]{{1,3}}(?:&[A-Za-z])+\b | [bl]/c\b | w/o?\b | US\$ | \#[A-Za-z]\w+  # AT&T, b/c, hashtag
  | [^\W_](?:[^\W_]|['’`_](?=[^\W_])|\*+(?=[a-z]))*(?:(?<=s)['’](?=\s+[a-z]))?  # any other word; parents'
  | (?<!\S)['’]s\b
  | \.?[!?]+(?:\.(?!\.))? | \.{{2,}} | …\.? | -{{2,}} | ={{2,}} | \*+ | _+ | ~+ | \++ | \${{2,}}
  | '{{1,2}} | ’{{1,2}} | `{{1,2}} | ‘’ | << | >>
  | \.(?i:{_any(ENDINGS)})\b
  | \S
    """,
    re.VERBOSE,
)
CLITIC = re.compile(r"([^/@]*?[^\d/@])(n['’`]t|['’`](?:s|m|d|re|ve|ll)|(?<=s)['’])", re.IGNORECASE)
FUSED = {
    form.replace("-", ""): tuple(form.split("-")) for word in FUSED_WORDS.split() for form in (word, word.capitalize())
}
BLANK_LINE = re.compile(r"\n\s*\n")
RULER = re.compile(r"[-_=*~]{5,}")
FINAL = re.compile(rf"[.!?…]+|{EMOTICONS}|>>|{RULER.pattern}|https?:.*|.+@.+")
EMOTICON = re.compile(EMOTICONS)
LIST_NUMBER = re.compile(r"\d+\.\s+")
CLOSING = re.compile(r"[\"'”’)\]>]+")
# The head line and the last line of a letter end without final punctuation.
LETTER = re.compile(rf"\d/\d{{1,4}} \d{{1,2}}:\d\d(?: [AP]M)?\b|\b(?:{_any(FAREWELLS)}),")


def split_words(text: str) -> list[str]:
    """Return the syntactic words of a text, in order."""
    words: list[str] = []
    for form in SURFACE.findall(text):
        if "'" in form or "’" in form or "`" in form or form in FUSED:
            words.extend(split_contraction(form))
        else:
            words.append(form)
    return words


def split_contraction(form: str) -> tuple[str, ...]:
    """Return the syntactic words of a surface token, which for most is the token itself."""
    clitic = None if form.isalpha() else CLITIC.fullmatch(form)  # all of them have an apostrophe
    return FUSED.get(form) or (clitic.groups() if clitic else (form,))


def tokenize(text: str, *, offset: int = 0) -> list[Sentence]:
    """Divide a text into sentences of tokens.

    A blank line begins a paragraph (`# newpar`). Each surface token has a `TokenRange` in MISC: its first character and
    the one behind its last, counted in `text` from `offset`; and the white space around it as `arcparse.spacing` says,
    so that the sentences hold the whole text.
    """
    return assembled(text, (_divided(text, *span) for span in paragraphs(text)), offset)


def assembled(text: str, divided: Iterable[Iterable[Divided]], offset: int = 0) -> list[Sentence]:
    """Return the sentences of a text from those of its paragraphs, each given as its tokens with their words.

    Comments and MISC are those of `tokenize`.
    """
    sentences: list[Sentence] = []
    opening = spaces_at(text, 0)
    for paragraph in divided:
        for number, tokens in enumerate(paragraph):
            begin = [] if number else ["# newpar"] if sentences else ["# newdoc", "# newpar"]
            before = opening if not sentences else ""
            sentences.append(_sentence(text, tokens, [*begin, f"# sent_id = {len(sentences) + 1}"], offset, before))
    return sentences


def tokens_of(text: str, start: int, end: int) -> Iterator[Token]:
    """Yield the tokens of a part of a text, whatever its sentences."""
    return (_token(text, found.span()) for found in SURFACE.finditer(text, start, end))


def _divided(text: str, start: int, end: int) -> Iterator[Divided]:
    """Yield the sentences of a paragraph."""
    for spans in _sentence_spans(text, start, end):
        yield [_token(text, span) for span in spans]


def _token(text: str, span: Span) -> Token:
    return span, split_contraction(text[slice(*span)])


def paragraphs(text: str) -> Iterator[Span]:
    """Yield the first character of each paragraph and the one behind its last; blank lines stand between them."""
    start = 0
    for blank in BLANK_LINE.finditer(text):
        yield start, blank.start()
        start = blank.end()
    yield start, len(text)


def _sentence_spans(text: str, start: int, end: int) -> Iterator[list[Span]]:
    """Yield the surface tokens of each sentence of a paragraph."""
    tokens = [match.span() for match in SURFACE.finditer(text, start, end)]
    letter_ends = {match.end() for match in LETTER.finditer(text, start, end)}
    first, final = 0, ""  # final: what the tokens so far end in, where a sentence may end in it
    for index, (begin, stop) in enumerate(tokens):
        form, spaced = text[begin:stop], index > first and tokens[index - 1][1] < begin
        if spaced and _may_follow(final, form) and not LIST_NUMBER.fullmatch(text, tokens[first][0], begin):
            yield tokens[first:index]
            first = index
        if FINAL.fullmatch(form) or stop in letter_ends:
            final = form
        elif spaced or not CLOSING.fullmatch(form):
            final = ""
        elif final:
            final += form
    if tokens:
        yield tokens[first:]


def _may_follow(final: str, form: str) -> bool:
    """Tell whether a token may begin the sentence behind `final`, which is empty where no sentence may end."""
    if RULER.fullmatch(form):
        return True
    if not final or form[0] in ",.;:!?)]}…" or EMOTICON.fullmatch(form):
        return False
    return final in (".", "?", "!") or not form[0].islower()


def _sentence(text: str, tokens: Divided, comments: list[str], offset: int, before: str) -> Sentence:
    """Return the sentence of tokens; `before` is the space before the first, where that is the first of a text."""
    rows: list[tuple[str, str, str]] = []
    number = 1  # of the next word
    for (start, end), words in tokens:
        form, mark = text[start:end], mark_after(text, end)
        misc = f"{mark}{'|' if mark else ''}TokenRange={start + offset}:{end + offset}"
        if len(words) == 1:
            rows.append((str(number), form, misc))
        else:
            rows.append((f"{number}-{number + len(words) - 1}", form, misc))
            rows.extend((str(i), word, EMPTY) for i, word in enumerate(words, number))
        number += len(words)
    if before:
        rows[0] = (*rows[0][:2], f"{BEFORE}{escaped(before)}|{rows[0][-1]}")
    columns = [(EMPTY,) * len(rows)] * len(COLUMNS)
    columns[ID], columns[FORM], columns[MISC] = zip(*rows, strict=True)
    line = " ".join(text[tokens[0][0][0] : tokens[-1][0][1]].split())
    return Sentence((*comments, f"# text = {line}"), tuple(columns))
