"""A benchmark as JUnit XML: a test case for the verdict, and one for each gate."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cli.report import sentences
from cli.report.against.held_to import HeldTo
from cli.report.judge import GateOutcome, Job, is_bad
from cli.show import text


def as_junit(
    job: Job, judged: Iterable[GateOutcome], beside: HeldTo | None = None
) -> str:
    """One suite; what failed is a `failure`, a benchmark not done an `error`. A gate
    that holds has its figure, and the verdict what it was compared with."""
    judged = tuple(judged)
    suite = Element("testsuite", name="llmbench", time=_time(job))
    case = SubElement(
        suite, "testcase", classname=job["job_id"], name="verdict", time=_time(job)
    )
    said = [words for _, words in sentences.verdict(job)]
    if answer := sentences.found(job):
        said.append(answer)
    said += beside.sentences() if beside else ()
    errors = failures = 0
    if job["status"] != "done":
        errors = 1
        what = SubElement(case, "error", message=f"The benchmark is {job['status']}.")
        what.text = "\n".join((*said, *sentences.ending(job)))
    elif is_bad(job):
        failures = 1
        what = SubElement(case, "failure", message=said[0])
        what.text = "\n".join((*said[1:], *sentences.failures(job)))
    else:
        SubElement(case, "system-out").text = "\n".join(said)
    for one in judged:
        failures += one.failed
        gate = SubElement(suite, "testcase", classname=job["job_id"], name=_name(one))
        if one.failed:
            SubElement(gate, "failure", message=text(one.words))
        else:
            SubElement(gate, "system-out").text = text(one.words)
    suite.set("tests", str(1 + len(judged)))
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, "unicode") + "\n"


def _name(one: GateOutcome) -> str:
    of = f" of {text(one.of)}" if one.of and not one.gate.of else ""
    return f"fail if {text(one.gate.text)}{of}"


def _time(job: Job) -> str:
    return f"{job['progress']['elapsed_s'] or 0:.3f}"
