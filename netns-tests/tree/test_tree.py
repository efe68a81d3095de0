"""The tree itself: it stands alone, is formatted, documented and kept in its layers.

    every file git knows ---> a rule ---> the files that break it, by name

Nothing here runs a daemon, except to let it check its own example configuration.
"""

import glob
import os
import re
import shutil
import subprocess

import lab
import pytest

LINES_MAX = 700  # and past it the head of the file has to say why: "Long: ..."

CORES = ["libwire", "libbase", "libcore-mr", "libcore-ha"]


def tracked(*patterns):
    """Files of the tree, without what is made from them."""
    command = ["git", "-C", lab.TOP, "ls-files", "-co", "--exclude-standard", "-z", *patterns]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [f for f in done.stdout.split("\0") if f and os.path.isfile(os.path.join(lab.TOP, f))]


def read(name):
    with open(os.path.join(lab.TOP, name), encoding="utf-8", errors="replace") as f:
        return f.read()


def breaking(names, pattern):
    """file:line of each line that matches."""
    found = []
    for name in names:
        for number, line in enumerate(read(name).splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    return found


def test_stands_alone():
    """nothing in the tree names a place outside of it"""
    outside = r"\.\./" + "shared" + r"|(^|[\s\"'(=])/" + "work/"
    assert breaking(tracked(), outside) == []


def test_nobody_sleeps():
    """no test sleeps: they wait for what they want to see"""
    tests = tracked("netns-tests/*.py", "netns-tests/demo", "netns-tests/run", "*_test.c")
    assert tests
    call = r"(^|[^_\w])u?" + r"sleep\("
    assert breaking(tests, call) == []


def test_formatted():
    """clang-format leaves every C file as it is"""
    if not shutil.which("clang-format"):
        pytest.skip("clang-format is not installed")
    names = tracked("*.c", "*.h")
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *names], cwd=lab.TOP,
                          capture_output=True, text=True)
    wrong = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", done.stderr, re.M)))
    assert done.returncode == 0, f"not formatted: {wrong}"


def test_no_god_files():
    """a C file of 700 lines or more says at its top why it is so long"""
    wrong = {}
    for name in tracked("*.c", "*.h"):
        lines = read(name).splitlines()
        if len(lines) >= LINES_MAX and not any("Long: " in line for line in lines[:20]):
            wrong[name] = len(lines)
    assert wrong == {}


def test_first_lines():
    """every C file says on its first line which it is"""
    wrong = []
    for name in tracked("*.c", "*.h"):
        head = "\n".join(read(name).splitlines()[:3])
        if os.path.basename(name) not in head:
            wrong.append(name)
    assert wrong == []


def test_nothing_unfinished():
    """no word that says that something is still to be done"""
    words = r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b"
    assert breaking(tracked("*.c", "*.h", "*.py", "*.md", "*.in", "*.inc"), words) == []


def pages():
    """Manual pages: those of the tree, and those made by the build."""
    found = [os.path.join(lab.TOP, n) for n in tracked("*.5", "*.8")]
    for pattern in ("*/*.5", "*/*.8", "*/*/*.5", "*/*/*.8"):
        found += glob.glob(os.path.join(lab.build_dir(), pattern))
    return sorted(set(found))


def test_manual_pages():
    """mandoc has no warning about any manual page, and there is one for each program and file"""
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    names = {os.path.basename(p) for p in pages()}
    assert {"mrd.8", "had.8", "nemoctl.8", "mrd.conf.5", "had.conf.5"} <= names, names
    for page in pages():
        done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", page], capture_output=True,
                              text=True)
        assert done.returncode == 0 and not done.stdout, done.stdout


@pytest.mark.parametrize("daemon", ["mrd", "had"])
def test_examples(daemon):
    """the example configurations are valid, and their normal form is valid and stays the same"""
    examples = tracked(f"etc/{daemon}*.example")
    assert examples
    for example in examples:
        program = lab.binary(daemon, daemon)
        path = os.path.join(lab.TOP, example)
        done = subprocess.run([program, "-n", "-f", path], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        normal = subprocess.run([program, "-nv", "-f", path], capture_output=True, text=True)
        again = subprocess.run([program, "-nv", "-f", "/dev/stdin"], input=normal.stdout,
                               capture_output=True, text=True)
        assert again.returncode == 0 and again.stdout == normal.stdout, again.stderr


def test_readme():
    """README.md names the two commands and the programs, and the paths it names exist"""
    text = read("README.md")
    for word in ("./bootstrap demo", "./bootstrap check", "mrd", "had", "nemoctl", "doc/design.md"):
        assert word in text, word
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert os.path.exists(os.path.join(lab.TOP, target)), target


@pytest.mark.parametrize("core", CORES)
def test_layers(core):
    """the thinking parts call nothing of the world: no clock, no socket, no file, no log"""
    names = {core, "libbase", "libwire"} if core != "libwire" else {core}
    archives = [os.path.join(lab.build_dir(), ".libs", f"{name}.a") for name in sorted(names)]
    check = os.path.join(lab.TOP, "common", "base", "check-core.sh")
    done = subprocess.run([check, core, *archives], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_requirement_rows():
    """a test names only rows that exist"""
    rows = {line.split("\t")[0] for line in read("doc/requirements.tsv").splitlines()}
    named = set()
    for name in tracked("netns-tests/*/*.py", "*_test.c"):
        named |= set(re.findall(r"\b([NMTSDCVHAPOX]-\d\d)\b", read(name)))
    assert named and named - rows == set()
