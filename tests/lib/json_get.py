"""json_get.py FILE EXPR: prints a Python expression over `d`, the JSON in FILE."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    d = json.load(f)
value = eval(sys.argv[2], {"d": d})
if isinstance(value, str):
    print(value)
else:
    print(json.dumps(value, separators=(",", ":"), sort_keys=True))
