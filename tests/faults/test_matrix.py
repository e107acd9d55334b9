"""The table of the list of faults is kept with the tests that it names."""

import ast
from pathlib import Path

from tests.faults.matrix import ROWS, outcomes

TESTS = Path(__file__).parents[1]


def test_each_row_of_the_list_names_tests_that_exist() -> None:
    assert list(ROWS) == list(range(1, 30))
    for row, tests in ROWS.items():
        for test in tests:
            file, _, name = test.partition("::")
            (path,) = TESTS.rglob(f"{file}.py")
            parsed = ast.parse(path.read_text("utf-8")).body
            assert name in {getattr(one, "name", "") for one in parsed}, (row, test)


def test_a_test_has_passed_when_every_case_of_it_has() -> None:
    report = b"""<testsuites><testsuite>
    <testcase classname="tests.faults.test_a" name="test_x[1]"/>
    <testcase classname="tests.faults.test_a" name="test_x[2]"><failure/></testcase>
    <testcase classname="tests.faults.test_a" name="test_y"/>
    <testcase classname="tests.faults.test_a" name="test_z"><skipped/></testcase>
    </testsuite></testsuites>"""
    assert outcomes(report) == {
        "test_a::test_x": False,
        "test_a::test_y": True,
        "test_a::test_z": False,
    }
