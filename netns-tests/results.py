"""What every test said: cmocka's and pytest's XML and automake's .trs files as one list."""

import glob
import os
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass
class Case:
    where: str  # the build it ran in and the program or file
    name: str  # what it is called, with the requirement rows in front
    outcome: str
    why: str = ""
    scenario: str = ""  # the directory of netns-tests/, if it is of one


def _outcome(element):
    for tag in ("failure", "error"):
        found = element.find(tag)
        if found is not None:
            return FAILED, (found.get("message") or "") + "\n" + (found.text or "")
    found = element.find("skipped")
    if found is not None:
        return SKIPPED, found.get("message") or ""
    return PASSED, ""


def _name(element):
    """pytest puts the docstring's first line into a property (conftest.py): it names the rows."""
    for prop in element.iter("property"):
        if prop.get("name") == "says":
            return f"{element.get('name')}: {prop.get('value')}"
    return element.get("name")


def _scenario(element):
    """`exchange` of netns-tests/exchange/test_vectors.py; cmocka's cases have no file."""
    file = element.get("file") or ""
    return os.path.basename(os.path.dirname(file)) if file.endswith(".py") else ""


def from_xml(path, where):
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError) as error:
        return [Case(where, os.path.basename(path), FAILED, f"results cannot be read: {error}")]
    return [Case(where, _name(e), *_outcome(e), _scenario(e)) for e in root.iter("testcase")]


def from_trs(path, build):
    """One program of `make check`: its cases if it wrote them, else the program itself."""
    program = os.path.basename(path)[: -len(".trs")]
    result = ""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(":test-result:"):
                result = line.split()[1]
    where = f"{os.path.basename(build)}/{program}"
    xml = os.path.join(build, "results", f"unit-{program}.xml")
    cases = from_xml(xml, where) if os.path.exists(xml) else []
    if result == "SKIP":
        return cases or [Case(where, program, SKIPPED, "the program said so")]
    if result != "PASS" and not any(c.outcome == FAILED for c in cases):
        cases.append(Case(where, program, FAILED, f"ended with {result}; see {program}.log"))
    return cases or [Case(where, program, PASSED)]


def collect(builds):
    """All cases of these build directories."""
    cases = []
    for build in builds:
        build = os.path.abspath(build)
        for path in sorted(glob.glob(os.path.join(build, "**", "*.trs"), recursive=True)):
            cases += from_trs(path, build)
        for kind in ("scenario-*.xml", "vm-*.xml"):  # vm-: C tests that ran in the VM (run --vm)
            for path in sorted(glob.glob(os.path.join(build, "results", kind))):
                cases += from_xml(path, f"{os.path.basename(build)}/{os.path.basename(path)[:-4]}")
    return cases
