"""mlflow_session.py URI: what a client of MLflow does all day, and what it gets, one line each.

Ids and times are left out, so that two servers can be compared line by line.
"""
import os
import sys
import warnings

os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true", MLFLOW_HTTP_REQUEST_MAX_RETRIES="1",
                  GIT_PYTHON_REFRESH="quiet", MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true")
warnings.simplefilter("ignore")
import logging

logging.disable(logging.WARNING)
import mlflow
from mlflow import MlflowClient

mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
THREE = mlflow.__version__.startswith("3.")
ME = "session-" + os.urandom(4).hex()
ids = {}


def show(what, *values):
    text = " ".join(repr(v) for v in values)
    for real, name in ids.items():
        text = text.replace(real, name)
    print(f"{what}: {text}", flush=True)


def know(real, name):
    ids[real] = f"<{name}>"
    return real


def fails(what, fn, *args, **kwargs):
    try:
        fn(*args, **kwargs)
        show(what, "did not fail")
    except Exception as e:
        show(what, type(e).__name__, getattr(e, "error_code", None))


def names(runs):
    return [r.info.run_name for r in runs]


know(ME, "me")
exp = client.create_experiment(ME, tags={"team": "a"})
mlflow.set_experiment(ME)
fails("experiment twice", client.create_experiment, ME)
show("experiment", client.get_experiment(exp).name, client.get_experiment(exp).tags,
     client.get_experiment(exp).lifecycle_stage)

# Runs.
with mlflow.start_run(run_name="first") as run:
    first = know(run.info.run_id, "first")
    mlflow.log_param("lr", 0.1)
    mlflow.log_params({"layers": 3, "text": "a'b\"c", "empty": ""})
    for step in range(5):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metrics({"acc": 0.9, "nan": float("nan"), "inf": float("inf"), "down": float("-inf")})
    mlflow.set_tags({"t": "v", "u.w": "x y", "long": "z" * 9000})
    mlflow.log_text("hello", "dir/a.txt")
    mlflow.log_dict({"a": 1}, "d.json")
    with mlflow.start_run(run_name="child", nested=True) as nested:
        child = know(nested.info.run_id, "child")
        mlflow.log_metric("loss", 3)
        mlflow.log_param("lr", 0.01)
with mlflow.start_run(run_name="Third") as run:
    third = know(run.info.run_id, "third")
    mlflow.log_metrics({"loss": float("nan"), "acc": 0.5})
    mlflow.log_param("lr", "x%y_z")
    client.set_tag(third, "t", "V")
run = client.get_run(first)
show("metrics", sorted(run.data.metrics.items(), key=str))
show("params", sorted(run.data.params.items()))
show("tags", sorted((k, len(v)) for k, v in run.data.tags.items() if not k.startswith("mlflow.source")))
show("info", run.info.run_name, run.info.status, run.info.lifecycle_stage, run.info.artifact_uri.split("/", 2)[0])
show("history", [(m.step, m.value) for m in client.get_metric_history(first, "loss")])
show("history of none", client.get_metric_history(first, "none"))
fails("param again", client.log_param, first, "lr", 5)
fails("no run", client.get_run, "0" * 32)
fails("bad key", client.set_tag, first, "a//b", "x")
fails("long key", client.log_metric, first, "k" * 251, 1)
fails("no tag", client.delete_tag, first, "none")
show("files", sorted((f.path, f.is_dir, f.file_size) for f in client.list_artifacts(first)))
show("files of dir", [(f.path, f.file_size) for f in client.list_artifacts(first, "dir")])
show("no files", client.list_artifacts(first, "none"))
with open(mlflow.artifacts.download_artifacts(run_id=first, artifact_path="dir/a.txt")) as f:
    show("file", f.read())

# Searches: each clause, and the order.
FILTERS = ["", "metrics.loss < 0.5", "metrics.loss >= 0.2 and params.lr = '0.1'", "metrics.loss = 0", "metrics.loss != 0.2",
           "params.lr != '0.1'", "params.lr LIKE '0.%'", "params.lr LIKE 'X%'", "params.lr ILIKE 'X%'", "params.lr LIKE 'x_y%'",
           "params.layers IS NULL", "params.layers IS NOT NULL", "tags.t = 'v'", "tags.t ILIKE 'V'", "tags.`u.w` = \"x y\"",
           "tags.\"u.w\" LIKE '%y'", "attributes.run_name = 'child'", "run_name LIKE '%ir%'", "attributes.status = 'FINISHED'",
           "status != 'FINISHED'", "run_id IN ('%s', '%s')" % (first, third), "run_id NOT IN ('%s')" % first,
           "tags.mlflow.parentRunId = '%s'" % first, "tags.mlflow.runName = 'Third'", "start_time > 0", "end_time < 1",
           "params.text = \"a'b\"", "metric.acc > 1e-1 AND param.lr = \"0.1\" AND tag.t = 'v'", "metrics.acc>.6"]
for text in FILTERS:
    try:
        show(f"search {text}".replace(first, "<first>").replace(third, "<third>"),
             names(client.search_runs([exp], text, order_by=["run_name"])))
    except Exception as e:
        show(f"search {text}".replace(first, "<first>"), getattr(e, "error_code", e))
for order in [["metrics.loss"], ["metrics.loss DESC"], ["params.layers ASC", "run_name"], ["params.lr DESC"],
              ["attributes.start_time ASC"], ["tags.t", "metrics.acc DESC"], ["run_name DESC"], ["end_time"], []]:
    show(f"order {order}", names(client.search_runs([exp], order_by=order)))
for bad in ["foo.x = 1", "metrics.loss = 'x'", "params.lr = 1", "metrics.loss >", "params.lr > 'x'", "a b c", "status = 1",
            "run_id IN ()", "metrics.loss > 1 OR metrics.loss < 1", "attributes.none = 'x'", "tags.t = 'unclosed"]:
    fails(f"bad filter {bad}", client.search_runs, [exp], bad)
page = client.search_runs([exp], max_results=2)
rest = client.search_runs([exp], max_results=2, page_token=page.token)
show("pages", len(page), bool(page.token), len(rest), bool(rest.token))
fails("bad page", client.search_runs, [exp], page_token="nonsense")
show("experiments", [e.name for e in client.search_experiments(filter_string=f"name = '{ME}'")],
     [e.name for e in client.search_experiments(filter_string="tags.team = 'a' and name LIKE '%s%%'" % ME[:12])])

# Life.
client.delete_run(child)
show("without the deleted", names(client.search_runs([exp], order_by=["run_name"])))
show("only the deleted", names(client.search_runs([exp], run_view_type=mlflow.entities.ViewType.DELETED_ONLY)))
fails("log to the deleted", client.log_metric, child, "x", 1)
client.restore_run(child)
client.update_run(child, status="FAILED", name="renamed")
show("updated", client.get_run(child).info.status, client.get_run(child).data.tags["mlflow.runName"])
client.set_experiment_tag(exp, "k", "v")
show("experiment tags", sorted(client.get_experiment(exp).tags.items()))
client.delete_experiment(exp)
show("deleted", client.get_experiment(exp).lifecycle_stage, names(client.search_runs([exp])))
fails("run in the deleted", client.create_run, exp)
client.restore_experiment(exp)
show("restored", client.get_experiment(exp).lifecycle_stage, len(client.search_runs([exp])))

# The registry.
model = "m-" + ME
client.create_registered_model(model, tags={"a": "b"}, description="text")
fails("model twice", client.create_registered_model, model)
fails("model name", client.create_registered_model, "a/b")
fails("no model", client.get_registered_model, "none-" + ME)
uri = client.get_run(first).info.artifact_uri + "/dir"
for n in range(3):
    client.create_model_version(model, uri, first, description=str(n))
fails("source of another run", client.create_model_version, model, uri, third)
fails("source of no run", client.create_model_version, model, uri)
client.set_registered_model_alias(model, "champion", "2")
fails("alias latest", client.set_registered_model_alias, model, "latest", "2")
fails("alias v2", client.set_registered_model_alias, model, "v2", "2")
fails("alias of none", client.set_registered_model_alias, model, "x", "9")
show("alias", client.get_model_version_by_alias(model, "champion").version)
fails("no alias", client.get_model_version_by_alias, model, "none")
client.set_model_version_tag(model, "1", "k", "v")
client.transition_model_version_stage(model, "1", "Staging")
client.transition_model_version_stage(model, "3", "staging", archive_existing_versions=True)
fails("no stage", client.transition_model_version_stage, model, "3", "Best")
v = client.get_model_version(model, "1")
show("version", v.version, v.current_stage, v.status, v.tags, v.description, v.run_id, v.aliases)
m = client.get_registered_model(model)
show("model", m.description, m.tags, m.aliases, sorted((x.version, x.current_stage) for x in m.latest_versions))
show("latest", [x.version for x in client.get_latest_versions(model, ["Staging"])])
for text in [f"name='{model}'", f"name = '{model}' and tags.k = 'v'", f"run_id = '{first}'", f"name LIKE 'm-{ME[:10]}%'"]:
    show(f"versions {text}".replace(first, "<first>").replace(ME, "<me>").replace(ME[:10], "<me10>"),
         sorted(x.version for x in client.search_model_versions(text) if x.name == model))
show("models", [x.name for x in client.search_registered_models(f"name ILIKE '{model.upper()}'")],
     [x.name for x in client.search_registered_models(f"name = '{model}' and tags.a != 'c'")])
show("download", client.get_model_version_download_uri(model, "1").split("/artifacts/")[1])
client.delete_model_version(model, "3")
fails("deleted version", client.get_model_version, model, "3")
show("next version", client.create_model_version(model, uri, first).version)
client.delete_registered_model_alias(model, "champion")
client.delete_registered_model_tag(model, "a")
client.delete_model_version_tag(model, "1", "k")
client.rename_registered_model(model, model + "-2")
m = client.get_registered_model(model + "-2")
show("renamed", m.name, m.tags, m.aliases)
client.delete_registered_model(model + "-2")
fails("deleted model", client.get_registered_model, model + "-2")

if THREE:
    logged = client.create_logged_model(exp, name="net", source_run_id=first, params={"p": "1"}, tags={"x": "y"})
    know(logged.model_id, "logged")
    show("logged", logged.name, str(logged.status), logged.params, logged.tags)
    client.log_metric(first, "score", 0.7, model_id=logged.model_id)
    show("ready", str(client.finalize_logged_model(logged.model_id, "READY").status))
    show("found", [x.name for x in client.search_logged_models([exp], "metrics.score > 0.5 and params.p = '1'")])
    client.delete_logged_model_tag(logged.model_id, "x")
    got = client.get_logged_model(logged.model_id)
    show("logged again", got.tags, [(x.key, x.value) for x in got.metrics], got.source_run_id)
    fails("logged name", client.create_logged_model, exp, name="a/b")
    client.delete_logged_model(logged.model_id)
    fails("deleted logged", client.get_logged_model, logged.model_id)
