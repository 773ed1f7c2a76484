"""Every command has its manual page, test, completion and schema, and they say what the table says."""
import glob
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tap import MLOPS, ROOT, TREE, check, commands, done, output, read, skip

SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]
all_commands = commands()
top = [(path[0], item) for path, item in all_commands if len(path) == 1]


def page_faults(name):
    source = f"man/mlops-{name}.1.in"
    if not os.path.exists(os.path.join(ROOT, source)):
        return [f"there is no {source}"]
    text = read(source)
    found = [s for s in re.findall(r'^\.Sh "?([A-Z ]+?)"?$', text, re.M) if s in SECTIONS]
    faults = [] if found == SECTIONS else [f"{source}: sections {found}, wanted {SECTIONS}"]
    for line in ("@SYNOPSIS", "@OPTIONS", "@EXIT@"):
        if line not in text:
            faults.append(f"{source}: no line {line}")
    return faults


def lint_faults(page):
    run = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    return run.stdout.splitlines()


def test_faults(name):
    return [] if glob.glob(f"{ROOT}/tests/cli/[0-9]*-{name}-*.sh") else [f"no tests/cli/NNNN-{name}-*.sh"]


def completion_faults(path, item):
    lines = output(MLOPS, "complete", "--", *path, "--").splitlines()
    got = [line.split("\t")[0].rstrip("=") for line in lines]
    want = [f"--{o['name']}" for o in item["options"]]
    return [] if got == want else [f"mlops {' '.join(path)}: completes {got}, takes {want}"]


def schema_faults(path, item):
    takes_json = any(o["name"] == "json" for o in item["options"])
    if not takes_json or item.get("commands") and not item["synopsis"].startswith("["):
        return []
    name = "-".join(path) + ".json"
    return [] if os.path.exists(f"{ROOT}/tests/schema/{name}") else [f"no tests/schema/{name}"]


def unused_schemas():
    known = {"-".join(path) + ".json" for path, _ in all_commands}
    return [f"tests/schema/{n} is for no command" for n in os.listdir(f"{ROOT}/tests/schema") if n not in known]


def schema_tested():
    text = "".join(read(os.path.relpath(p, ROOT)) for p in glob.glob(f"{ROOT}/tests/cli/*.sh"))
    return [f"no test uses tests/schema/{n}" for n in sorted(os.listdir(f"{ROOT}/tests/schema"))
            if f"schema_ok {n}" not in text]


def help_faults(path, item):
    """-h shows each option of the table; a rendered page names each one too."""
    text = output(MLOPS, *path, "-h")
    return [f"mlops {' '.join(path)} -h lacks --{o['name']}" for o in item["options"] if f"--{o['name']}" not in text]


for name, _ in top:
    check(f"mlops {name} has a manual page", page_faults(name))
    check(f"mlops {name} has a test", test_faults(name))
for path, item in all_commands:
    check(f"mlops {' '.join(path)}: completion", completion_faults(path, item))
    check(f"mlops {' '.join(path)}: -h", help_faults(path, item))
    check(f"mlops {' '.join(path)}: schema", schema_faults(path, item))
check("no schema without its command", unused_schemas())
check("each schema is used by a test", schema_tested())
pages = sorted(glob.glob(f"{TREE}/man/man*/*"))
if pages:
    for page in pages:
        check(f"mandoc -T lint {os.path.basename(page)}", lint_faults(page))
    # what the build wrote is what the tables say now
    for name, _ in top:
        source, page = f"man/mlops-{name}.1.in", f"{TREE}/man/man1/mlops-{name}.1"
        if os.path.exists(os.path.join(ROOT, source)):
            with open(page, encoding="utf-8") as f:
                check(f"{name}: the built page is up to date",
                      [] if f.read() == output(MLOPS, "mdoc", source) else [f"{page} is old: make"])
else:
    skip("built pages", "no pages in this tree")
done()
