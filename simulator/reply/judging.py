"""What the model says that judges answers: one word, by what the rubric quotes."""

import json
import re

_RUBRIC = re.compile(r"^RUBRIC:\n(.*?)\n\nQUESTION:$", re.DOTALL | re.MULTILINE)
_ANSWER = re.compile(r"^<answer (\w+)>\n(.*?)\n</answer \1>$", re.DOTALL | re.MULTILINE)
_PHRASE = re.compile(r'"([^"]+)"')


def word(prompt: str) -> str:
    """`yes` where each phrase that stands in quotes in the rubric, or else all of it,
    stands in the answer; `no` where not. A prompt of another form gets a sentence.

    >>> asked = 'RUBRIC:\\nIs it "Rome"?\\n\\nQUESTION:\\n<answer 1>\\n{}\\n</answer 1>'
    >>> word(asked.format('"It is rome."')), word(asked.format('"Paris"'))
    ('yes', 'no')
    """
    rubric, answer = _RUBRIC.search(prompt), _ANSWER.search(prompt)
    if rubric is None or answer is None:
        return "There is nothing to judge here."
    try:
        text = str(json.loads(answer[2])).casefold()
    except ValueError:
        return "The answer cannot be read."
    phrases = _PHRASE.findall(rubric[1]) or [rubric[1]]
    return "yes" if all(one.casefold() in text for one in phrases) else "no"
