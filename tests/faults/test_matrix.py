"""The table of the list of faults is kept with the tests that it names."""

import ast
from pathlib import Path

from tests.faults.matrix import BESIDE, ROWS, fired, outcomes

TESTS = Path(__file__).parents[1]


def test_each_row_of_the_list_names_tests_that_exist() -> None:
    assert list(ROWS) == list(range(1, 30))
    for row, tests in ROWS.items():
        for test in tests:
            assert test.partition("::")[2] in decorated(test), (row, test)


def test_each_row_of_the_list_has_a_test_that_is_not_long() -> None:
    for row, tests in ROWS.items():
        assert any(
            "pytest.mark.long" not in decorated(test)[test.partition("::")[2]]
            for test in tests
        ), f"row {row} is not part of `make test`"


def decorated(test: str) -> dict[str, list[str]]:
    """Each function of the file of a test, and what it is decorated with."""
    name = f"{test.partition('::')[0]}.py"
    beside = [path for path in BESIDE if Path(path).name == name]
    (path,) = [TESTS.parent / path for path in beside] or TESTS.rglob(name)
    return {
        one.name: [ast.unparse(each) for each in one.decorator_list]
        for one in ast.parse(path.read_text("utf-8")).body
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_a_row_has_happened_when_its_tests_have_passed() -> None:
    passed = {"a": True, "b": False}
    # of two tests: both, one that was not run, and one that has failed
    for second, (of_all, of_any) in {
        "a": (True, True),
        "c": (False, True),
        "b": (False, False),
    }.items():
        assert fired(("a", second), passed, all_of=True) is of_all
        assert fired(("a", second), passed, all_of=False) is of_any
    assert not fired(("c",), passed, all_of=False)


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
