"""Texts within Markdown (CommonMark, and the tables of GitHub)."""

_MARKUP = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>#|"})
"""Characters that would format a stranger's words, link from them, or end a cell."""


def escaped(words: str) -> str:
    """A stranger's words as they are: no markup of theirs, and one line.

    >>> escaped("[a](b) <img> 1 * 2\\n3_4_")
    '\\\\[a\\\\](b) \\\\<img\\\\> 1 \\\\* 2 3\\\\_4\\\\_'
    """
    return " ".join(words.split()).translate(_MARKUP)
