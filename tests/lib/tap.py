"""Test points for Python scripts, as TAP, and what the checks of the project itself share."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MLOPS = os.environ.get("MLOPS", os.path.join(ROOT, "build", "mlops"))
TREE = os.path.dirname(MLOPS)
_count = _failed = 0


def check(name, faults):
    """One point: passed when the list of faults is empty."""
    global _count, _failed
    _count += 1
    print(f"{'not ok' if faults else 'ok'} {_count} - {name}")
    _failed += bool(faults)
    for fault in faults:
        print(f"#   {fault}")


def skip(name, reason):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {reason}")


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def done():
    print(f"1..{_count}")
    sys.exit(1 if _failed else 0)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def output(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout


def files(*suffixes):
    """Files of the project (those git knows, also when not committed yet), by suffix."""
    names = output("git", "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return [n for n in names if (not suffixes or n.endswith(suffixes)) and os.path.exists(os.path.join(ROOT, n))]


def commands():
    """(["remote", "add"], its description) for each command, groups before what they hold."""
    def walk(items, path):
        for item in items:
            yield path + [item["name"]], item
            yield from walk(item.get("commands", []), path + [item["name"]])
    return list(walk(json.loads(output(MLOPS, "help", "--json"))["commands"], []))
