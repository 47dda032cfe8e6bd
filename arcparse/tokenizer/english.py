"""The rules of English, as the English Web Treebank (UD r2.16) divides text.

A contraction (`don't`) is one token of several syntactic words (`do`, `n't`).
"""

from __future__ import annotations

import re

from arcparse.tokenizer.rules import ADDRESS, CAPITALS, EMOTICONS, Tokenizer, any_of

# Keep their full stop; the sentence continues after them.
TITLES = """
    Mr Mrs Ms Messrs Mme Mmes Mlle Dr Drs Prof Profs Rev Hon St Ste Sts Mt Ft Fr Msgr Gen Gens Maj Lt Lts Col Cols Capt
    Cmdr Comdr Adm Brig Sgt Cpl Pvt Pfc Det Insp Supt Gov Govs Sen Sens Rep Reps Pres Amb Atty Spec cf Cf viz Viz vs eg
    ie Attn attn"""
# Keep their full stop, unless one of FIRST_WORDS or the end of the text follows.
ABBREVIATIONS = """
    Jr Sr Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun approx
    Inc Corp Co Ltd Bros Dept Univ Assn lb lbs oz Ave Blvd Rd Hwy Calif Va La Pa Tenn Wash Conn Ariz Colo Minn Mich
    Arrv arrv Que vol Vol pp ext Ext Tel Fax Ph Sec esp Esp"""
# The same, with full stops inside; single letters with full stops between them need no list.
DEGREES = (
    "Ph.D D.Phil M.Phil M.Sc B.Sc D.Sc M.Ed B.Ed Ed.D Psy.D Pharm.D Th.D Litt.D LL.B LL.M LL.D M.Eng B.Tech M.Tech"
)
# Keep their full stop only inside a sentence: the treebank divides `etc|.` at the end.
LAST_WORDS = "etc al mins hrs yrs a.m p.m A.M P.M"
# Words with a capital that may follow LAST_WORDS inside a sentence: `5 p.m. EST`, `9 a.m. Monday`.
TIMES = "EST EDT ET CST CDT CT MST MDT MT PST PDT PT GMT UTC BST CET Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun \
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday Eastern Central Mountain Pacific"
# Keep their full stop before a number: `fig. 3`, `p. 12`, `c. 1850`.
REFERENCES = (
    "Fig fig Figs figs Eq eq Eqs eqs Sec sec Ch ch Chap chap Vol vol Vols vols No Nos nos Art Para para P p pp \
    Pt Ref ref Refs refs Ver ver Op op ca c est max min avg Apt Rm Ex App Bk"
)
# Keep their full stop between a number and a small letter: `5 ft. tall`.
MEASURES = "ft in sq cu mi yd yds qt pt gal hr min sec mo yr wk doz lb lbs oz"
# Names whose mark does not end a sentence, unless one of FIRST_WORDS or the end of the text follows.
NAMES = "Yahoo! Jeopardy! Wham! Oklahoma! Jeb! Joomla!"
# These words begin a sentence after the full stop of an acronym.
FIRST_WORDS = "A And As At But For He I If In It My She So That The There They This We What When You"
# Prefixes: a hyphen after them stays inside the word.
PREFIXES = """
    anti arch co counter cross e ex inter intra micro mid mis multi neo non over post pre pro psycho re semi socio sub
    super trans ultra un under"""
# Divided from the number before them.
UNITS = "am pm a.m p.m AM PM k K m M mm cm km b bn t kg lb lbs ft hh hz Hz kb KB mb MB gb GB x mins minutes hrs"
# Final parts of host and file names.
ENDINGS = """
    com net org edu gov mil info biz co uk ca de fr au us tv doc xls pdf txt htm html ppt zip jpg gif url asp php"""
NEWSGROUPS = "alt comp misc rec sci soc talk"
# Contractions without an apostrophe, and other words written together; the hyphens show the places of division.
FUSED_WORDS = """
    can-not gon-na got-ta wan-na out-ta du-n-no do-nt did-nt does-nt could-nt would-nt should-nt have-nt has-nt is-nt
    was-nt are-nt ar-nt ai-nt wo-nt ca-nt i-m i-ve that-s there-s what-s he-s you-re they-re you-ll else-s c'm-on
    a-lot"""
# With a comma, the last line of a letter before the writer's name.
FAREWELLS = "Thanks thanks Regards regards Best Sincerely Cheers Love Yours you wishes"


# `I` is an initial only after another initial; else it is the pronoun.
INITIAL = rf"""
    (?:(?!I)[{CAPITALS}]|(?<=[A-Z]\.\s)I)\.(?=-[{CAPITALS}]\.|\s+(?!(?:{any_of(FIRST_WORDS)})(?![\w.]))[{CAPITALS}])"""
BEGINS = rf"\s+(?:{any_of(FIRST_WORDS)})(?![\w.])|\s*\Z"
SURFACE = re.compile(
    rf"""
    [A-Za-z]+(?=[\s,;?")]|\Z)                                   # a plain word: first, as the most frequent kind
  | [,")“”] | \.(?=\s|\Z)                                       # the next most frequent kind
  | (?:{any_of(NAMES)})(?!{BEGINS}|!)
  | {ADDRESS}
  | (?:{any_of(LAST_WORDS)})\b(?:\.(?!\w|\s+(?!(?:{any_of(TIMES)})\b)[A-Z]|\s*\Z))?
  | [EeIi]\.[eg]\.(?![^\W\d]|\s*\Z)
  | (?:[A-Za-z](?:\.[A-Za-z])+|{any_of(DEGREES)})\b(?:\.(?!{BEGINS}))?  # U.S., a.k.a
  | (?=[A-Za-z]{{1,6}}\.)(?:                                     # all of these are short
        (?:{any_of(TITLES)})\.(?![^\W\d]|\s*\Z)
      | (?:{any_of(ABBREVIATIONS)})\.(?![^\W\d]|{BEGINS})
      | (?:{any_of(REFERENCES)})\.(?=\s*\d)
      | (?<=\d\s)(?:{any_of(MEASURES)})\.(?=\s+[a-z])
    )
  | {INITIAL}
  | [A-Za-z0-9][\w-]{{0,63}}(?:\.[\w-]{{1,64}}){{0,8}}\.(?i:{any_of(ENDINGS)})\b  # host or file
  | (?:{any_of(NEWSGROUPS)})(?:\.[\w-]+)+
  | {EMOTICONS}
  | (?:(?:\d{{1,2}}-)?(?:\d{{3}}[-/])?\d{{3}}|\d)-\d{{4}}\b      # telephone
  | \d{{1,2}}-\d{{1,2}}-\d{{2,4}}\b                             # date
  | [1-4]\b(?=/[2-5](?![\d/]))                                  # the 1 of 1/2
  | \d+['’]s\b | ['’]\d\ds?\b                                   # 60's, '72
  | [+.]?\d+(?:[.,:/]\d+)*(?:(?![^\W_])|(?=(?:{any_of(UNITS)})\b))  # number, time, 11/28/2000
  | (?=[A-Za-z]{{1,7}}-)(?i:{any_of(PREFIXES)})-\w+
  | [A-Za-z]{{1,3}}(?:&[A-Za-z])+\b | [bl]/c\b | w/o?\b | US\$ | \#[A-Za-z]\w+  # AT&T, b/c, hashtag
  | [^\W_](?:[^\W_]|['’`_](?=[^\W_])|\*+(?=[a-z]))*(?:(?<=s)['’](?=\s+[a-z]))?  # any other word; parents'
  | (?<!\S)['’]s\b
  | \.?[!?]+(?:\.(?!\.))? | [！？]+ | \.{{2,}} | …\.? | -{{2,}} | ={{2,}} | \*+ | _+ | ~+ | \++ | \${{2,}}
  | '{{1,2}} | ’{{1,2}} | `{{1,2}} | ‘’ | << | >>
  | \.(?i:{any_of(ENDINGS)})\b
  | \S
    """,
    re.VERBOSE,
)
CLITIC = re.compile(r"([^/@]*?[^\d/@])(n['’`]t|['’`](?:s|m|d|re|ve|ll)|(?<=s)['’])", re.IGNORECASE)
FUSED = {
    form.replace("-", ""): tuple(form.split("-")) for word in FUSED_WORDS.split() for form in (word, word.capitalize())
}
# The first and the last line of a letter end without final punctuation.
LETTER = re.compile(rf"\d/\d{{1,4}} \d{{1,2}}:\d\d(?: [AP]M)?\b|\b(?:{any_of(FAREWELLS)}),")


# No sentence ends after these: at the end of a sentence, their full stop is a token of its own.
UNENDING = re.compile(
    rf"(?:[{CAPITALS}]|[EeIi]\.[eg]|{any_of(' '.join((TITLES, REFERENCES, MEASURES, LAST_WORDS)))})\.|{any_of(NAMES)}"
)

ENGLISH = Tokenizer(SURFACE, FUSED, CLITIC, LETTER, before_lower=frozenset(".?!"), unending=UNENDING)
