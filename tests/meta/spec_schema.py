"""The JSON Schema of mlops.yaml: it has the keys that the reader knows, and both take the same files."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tap import MLOPS, ROOT, check, done, read, skip

SCHEMA = "lib/pipeline/mlops.yaml.json"
# Where a list of keys stands in the code (function, name) -> what has them in the schema.
LISTS = {
    ("check_top", "known"): "", ("read_defaults", "known"): "defaults", ("read_stage", "known"): "stage",
    ("expand_foreach", "known"): "foreach", ("read_stage_dep", "known"): "dep_map", ("read_git_map", "known"): "git_map",
    ("read_out_attributes", "out_keys"): "out_map", ("read_out_attributes", "metrics_keys"): "metrics_map",
    ("read_plots_file", "known"): "plots_map", ("read_definition", "known"): "plot",
    ("read_retries", "known"): "retries_map", ("read_resources", "known"): "resources",
    ("read_sandbox", "known"): "sandbox_map", ("triggers_read", "known"): "triggers", ("read_monitor", "known"): "monitor",
}
# Of the tables of rules in lib/deploy/spec.c: name -> what has its keys in the schema.
RULES = {"deployment": "deployment", "runtime": "deployment_runtime", "resources": "deployment_resources",
         "autoscale": "deployment_autoscale", "ingress": "deployment_ingress", "docker": "deployment_docker", "kubernetes": "deployment_kubernetes",
         "strategy": "deployment_strategy", "step": "deployment_step", "gates": "deployment_gates",
         "prometheus": "deployment_prometheus"}
EXPANDED = {"vars", "matrix"}  # of a stage, gone before read_stage() sees it

GOOD = [
    {"stages": {"a": {"cmd": "x"}}},
    {"version": 1, "desc": "d", "meta": {"k": [1]}, "vars": [{"n": 2, "flag": True}], "defaults": {"always": True},
     "on": {"schedule": ["@daily"], "push": True, "drift": "wine", "data": ["data"]},
     "stages": {
         "a": {"cmd": ["x", ["y", 1]], "wdir": "w", "deps": ["d", "*.txt", {"stage": "b"}, "https://h/x", {"git": "../o", "path": "d", "rev": "v1"}, "https://h/p.git:d@v1"],
               "params": ["lr", {"p.toml": ["k"], "q.py": None}], "env": {"A": 1, "B": "x"}, "secrets": ["S"],
               "outs": ["o", {"m": {"type": "model"}, "n": {"cache": False, "persist": True, "remote": "r", "push": False}}],
               "metrics": [{"m.json": {"cache": False}}], "plots": [{"p.csv": {"x": "a", "y": ["b"]}}],
               "if": "env.CI == '1'", "timeout": "90s", "retries": {"limit": "${n}", "delay": 5},
               "resources": {"cpus": 1, "memory": "1GiB"}, "sandbox": {"show": ["venv"]}, "frozen": "${flag}"},
         "b": {"cmd": "x", "outs": ["z"], "retries": 1, "meta": 3, "desc": "d"},
         "c": {"foreach": [1, 2], "do": {"cmd": "x ${item}", "vars": [{"q": 1}]}},
         "m": {"matrix": {"k": ["a", "b"]}, "cmd": "x ${item.k}"}},
     "plots": [{"L": {"x": {"l.csv": "e"}, "y": {"l.csv": ["a", "b"]}, "template": "line"}}, "t.csv"]},
    {"plots": {"t.csv": None}},
    {"monitors": {"m": {"reference": "a.csv", "current": "b.csv", "above": 0.2, "clear": 0.1, "for": "1h"}}},
    {"deployments": {"prod": {"model": "m:1", "workers": 2, "port": 0, "timeout": "90s"}}},
    {"deployments": {"prod": {"model": "m:1", "strategy": {"type": "canary", "steps": [{"weight": 5, "for": "2m"}]},
                              "gates": {"max_error_percent": 0.5, "min_requests": 100, "command": ["./judge", "it"],
                                        "prometheus": {"url": "http://h:9090", "query": "up", "min": -1, "max": 0.5}}}}},
    {"deployments": {"prod": {"model": "m:1", "target": "docker", "runtime": {"image": "i"}, "docker": {"host": "unix:///s", "network": "n"}}}},
    {"deployments": {"prod": {"model": "m:1", "target": "kubernetes", "replicas": 2, "env": {"A": 1}, "secrets": "S",
                              "runtime": {"image": "i", "command": ["a", "b"], "port": 80, "model_path": "/m", "health": "/h"},
                              "resources": {"cpus": 0.5, "memory": "1GiB", "gpus": 1}, "autoscale": {"min": 1, "max": 2, "cpu": 50},
                              "ingress": {"host": "h", "path": "/p", "class": "c", "tls_secret": "s"},
                              "kubernetes": {"context": "c", "namespace": "n", "registry": "oci://h/r", "pull_secret": "p",
                                             "service_account": "a"}}}},
]
STAGE_FAULTS = [{"cmd": "x", "cmds": "y"}, {}, {"cmd": "x", "outs": [{"o": {"type": "table"}}]},
                {"cmd": "x", "outs": [{"o": {"cach": False}}]}, {"cmd": "x", "deps": [{"stge": "b"}]},
                {"cmd": "x", "retries": -1}, {"cmd": "x", "resources": {"cpu": 1}}, {"cmd": "x", "always": "maybe"},
                {"cmd": []}, {"foreach": [1]}, {"cmd": "x", "sandbox": {"hide": ["x"]}}]
BAD = [{"stages": {"a": s}} for s in STAGE_FAULTS] + [
    {"stage": {}}, {"version": 2, "stages": {}}, {"stages": {}, "on": {"cron": "@daily"}},
    {"deployments": {"prod": {}}}, {"deployments": {".x": {"model": "m:1"}}}, {"deployments": {"p": {"model": "m:1", "workers": 0}}},
    {"deployments": {"p": {"model": "m:1", "target": "moon"}}}, {"deployments": {"p": {"model": "m:1", "strategy": {"type": "x"}}}},
    {"deployments": {"p": {"model": "m:1", "strategy": {"type": "canary", "steps": [{"weight": 0}]}}}},
    {"deployments": {"p": {"model": "m:1", "strategy": {"type": "canary"}, "gates": {"max_errors": 1}}}},
    {"deployments": {"p": {"model": "m:1", "strategy": {"type": "canary"}, "gates": {"prometheus": {"url": "x"}}}}}, {"deployments": {"p": {"model": "m:1", "env": ["A"]}}},
    {"deployments": {"p": {"model": "m:1", "target": "kubernetes", "runtime": {"imge": "i"}}}},
    {"deployments": {"p": {"model": "m:1", "target": "kubernetes", "resources": {"cpus": 0}}}},
    {"stages": {}, "defaults": {"cmd": "x"}}, {"plots": {"a.csv": {"template": "pie"}}}]


def code_lists():
    """Each list of keys that yaml_check_keys() is given, but for DVC's files: (function, name) -> keys."""
    found = {}
    for path in glob.glob(f"{ROOT}/lib/pipeline/*.c") + [f"{ROOT}/lib/monitor/rules.c"]:
        for function in re.split(r"^}\n", read(path), flags=re.M):
            name = re.search(r"^[a-z][^;{}]*?\b(\w+)\([^;{}]*\)\n{", function, re.M)
            if name and "dvc" not in name[1] and "yaml_check_keys(" in function:
                for array, keys in re.findall(r"static const char \*const (\w+)\[\] = {(.*?)};", function, re.S):
                    found[name[1], array] = set(re.findall(r'"([^"]+)"', keys))
    return found


def rule_tables():
    return {name: set(re.findall(r'\.key = "([^"]+)"', keys)) for name, keys in re.findall(
        r"static const struct rule (\w+)\[\] = {(.*?)\n};", read("lib/deploy/spec.c"), re.S)}


def schema_keys(schema, name):
    node = schema["$defs"][name] if name else schema
    return set(node["properties"]) - (EXPANDED if name == "stage" else set())


def key_faults(schema):
    lists = code_lists()
    faults = [f"{where} is not in the table of this test" for where in sorted(lists.keys() - LISTS.keys())]
    faults += [f"{where} is not in the code" for where in sorted(LISTS.keys() - lists.keys())]
    for where in lists.keys() & LISTS.keys():
        differ = lists[where] ^ schema_keys(schema, LISTS[where])
        faults += [f"{LISTS[where] or 'the top'}: '{key}' is on one side only" for key in sorted(differ)]
    rules = rule_tables()
    faults += [f"table {name} of rules is not on both sides" for name in rules.keys() ^ RULES.keys()]
    faults += [f"{RULES[name]}: '{key}' is on one side only" for name in rules.keys() & RULES.keys()
               for key in sorted(rules[name] ^ schema_keys(schema, RULES[name]))]
    return faults + [f"'do' lacks '{key}'" for key in sorted(
        set(schema["$defs"]["stage"]["properties"]) - {"matrix"} -
        set(schema["$defs"]["foreach"]["properties"]["do"]["properties"]))]


def refused_by_schema(document):
    run = subprocess.run([sys.executable, f"{ROOT}/tests/lib/schema.py", f"{ROOT}/{SCHEMA}"], text=True,
                         input=json.dumps(document), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return run.stdout.strip() if run.returncode else ""


def refused_by_reader(document, project, environment):
    with open(f"{project}/mlops.yaml", "w", encoding="utf-8") as f:
        json.dump(document, f)  # which is YAML too
    command = ["deploy", "plan"] if "deployments" in document else ["dag"]
    run = subprocess.run([MLOPS, *command], cwd=project, env=environment, text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    return run.stderr.strip() if run.returncode else ""


def check_examples(yaml):
    texts = {p: read(p) for p in map(lambda p: os.path.relpath(p, ROOT), glob.glob(f"{ROOT}/examples/*/mlops.yaml"))}
    page = read("man/mlops.yaml.5")
    for i, text in enumerate(re.findall(r"^\.Bd -literal[^\n]*\n(stages:.*?)\n\.Ed", page, re.M | re.S)):
        texts[f"mlops.yaml(5), example {i + 1}"] = text.replace("\\e", "\\")
    for name, text in texts.items():
        fault = refused_by_schema(yaml.safe_load(text))
        check(f"the schema takes {name}", [fault] if fault else [])


schema = json.loads(read(SCHEMA))
check("the schema has the keys that the reader knows", key_faults(schema))
with tempfile.TemporaryDirectory() as tmp:
    environment = dict(os.environ, HOME=tmp, XDG_CONFIG_HOME=f"{tmp}/none")
    subprocess.run(f"git init -q p && cd p && '{MLOPS}' init -q && mkdir d && echo >d/predict.py &&"
                   f"'{MLOPS}' model register m --path d -q", shell=True, cwd=tmp, env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    for document in GOOD:
        faults = [refused_by_schema(document), refused_by_reader(document, f"{tmp}/p", environment)]
        check(f"both take {json.dumps(document)[:60]}", [f for f in faults if f])
    for document in BAD:
        faults = [] if refused_by_schema(document) else ["the schema takes it"]
        faults += [] if refused_by_reader(document, f"{tmp}/p", environment) else ["the reader takes it"]
        check(f"both refuse {json.dumps(document)}", faults)
try:
    import yaml
    check_examples(yaml)
except ImportError:
    skip("the schema takes the examples", "no module 'yaml' of Python")
done()
