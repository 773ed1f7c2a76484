"""mlflow_traces.py URI: what a client of MLflow does with traces, and what it gets, one line each.

Ids and times are left out, so that two servers can be compared line by line.
"""
import json
import os
import subprocess
import sys
import warnings

os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true", MLFLOW_HTTP_REQUEST_MAX_RETRIES="1",
                  GIT_PYTHON_REFRESH="quiet", MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true",
                  MLFLOW_ENABLE_ASYNC_TRACE_LOGGING="false")
warnings.simplefilter("ignore")
import logging

logging.disable(logging.WARNING)
import mlflow
from mlflow import MlflowClient

mlflow.set_tracking_uri(sys.argv[1])
if len(sys.argv) > 2:  # another service, which records elsewhere
    mlflow.set_experiment(sys.argv[2])
    with mlflow.tracing.set_tracing_context_from_http_request_headers(json.loads(sys.argv[3])):
        with mlflow.start_span("remote", span_type="RETRIEVER") as span:
            span.set_inputs({"q": 1})
    sys.exit()
client = MlflowClient()
THREE = mlflow.__version__.startswith("3.")
ME = "traces-" + os.urandom(4).hex()
exp = mlflow.set_experiment(ME).experiment_id
NEVER_EQUAL = ("mlflow.trace.sizeBytes", "mlflow.trace.sizeStats", "mlflow.sourceRun", "mlflow.artifactLocation")
ids = {ME: "<me>"}


def show(what, *values):
    text = " ".join(repr(v) for v in values)
    for real, name in ids.items():
        text = text.replace(real, name)
    print(f"{what}: {text}", flush=True)


def fails(what, fn, *args, **kwargs):
    try:
        fn(*args, **kwargs)
        show(what, "did not fail")
    except Exception as e:
        show(what, type(e).__name__, getattr(e, "error_code", None))


@mlflow.trace(span_type="TOOL", attributes={"unit": "mm"})
def add(a, b):
    return a + b


@mlflow.trace(name="ask")
def ask(x):
    with mlflow.start_span("model", span_type="LLM") as span:
        span.set_inputs({"q": "h\u00e9llo", "n": [1, 2.5, None, True]})
        span.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7})
        span.set_attribute("model", "deep-1")
        span.set_outputs("an answer")
        if x < 0:
            raise ValueError("below")
    return {"sum": add(x, 1)}


def ask_it(x, name):
    try:
        ask(x)
    except ValueError:
        pass
    trace_id = mlflow.get_last_active_trace_id() if THREE else mlflow.get_last_active_trace().info.request_id
    ids[trace_id] = f"<{name}>"
    return trace_id


def show_info(what, info):
    metadata = info.trace_metadata if THREE else info.request_metadata
    show(what, info.experiment_id == exp, str(info.status), sorted((k, v) for k, v in metadata.items() if k not in NEVER_EQUAL),
         sorted((k, v) for k, v in info.tags.items() if k not in NEVER_EQUAL))
    show(what, "mlflow.sourceRun" in metadata, info.tags["mlflow.artifactLocation"].split("/")[-2:])
    if THREE:
        show(what, info.request_preview, info.response_preview, info.execution_duration >= 0, info.token_usage)


def show_spans(what, trace):
    by_id = {s.span_id: s.name for s in trace.data.spans}
    for s in sorted(trace.data.spans, key=lambda s: s.start_time_ns):
        show(what, s.name, s.span_type, str(s.status.status_code), by_id.get(s.parent_id), s.inputs, s.outputs,
             s.get_attribute("model"), s.get_attribute("unit"), [(e.name, sorted(e.attributes)) for e in s.events])


with mlflow.start_run() as run:
    ids[run.info.run_id] = "<run>"
    first = ask_it(1, "first")
second = ask_it(-1, "second")
third = ask_it(7, "third")
for name, trace_id in (("first", first), ("second", second)):
    trace = client.get_trace(trace_id)
    show_info(name, trace.info)
    show_spans(name, trace)
fails("a trace that is not there", client.get_trace, "tr-none")

client.set_trace_tag(first, "colour", "red")
client.set_trace_tag(second, "colour", "Blue % _")
client.set_trace_tag(second, "gone", "x")
client.delete_trace_tag(second, "gone")
fails("a tag that is gone", client.delete_trace_tag, second, "gone")
show("tags", client.get_trace(second).info.tags.get("colour"), "gone" in client.get_trace(second).info.tags)


def found(filter_string, **kwargs):
    where = {"locations": [exp], "include_spans": False} if THREE else {"experiment_ids": [exp]}
    try:
        traces = client.search_traces(filter_string=filter_string, **where, **kwargs)
        show("search", filter_string, kwargs, [t.info.request_id for t in traces])
    except Exception as e:
        show("search", filter_string, kwargs, type(e).__name__, getattr(e, "error_code", None))


found("")
found("", order_by=["timestamp_ms ASC"], max_results=2)
for text in ("tags.colour = 'red'", "tags.colour != 'red'", "tags.`colour` = 'red' AND status = 'OK'", "status = 'ERROR'",
             "attributes.status != 'ERROR'", "timestamp_ms > 0", "timestamp_ms < 1000", "execution_time_ms >= 0", "name = 'ask'", "name = 'x'",
             f"run_id = '{run.info.run_id}'", "nonsense", "status = 3", "foo.x = 'y'", "metrics.x > 1"):
    found(text)
if THREE:
    for text in ("trace.status IN ('OK', 'IN_PROGRESS')", "tags.colour LIKE 'Bl%'", "tags.colour LIKE 'bl%'", "tags.colour ILIKE 'bl%'",
                 "tags.colour IS NULL", "tags.colour IS NOT NULL", "metadata.`mlflow.source.type` = 'LOCAL'", "metadata.nothing = 'x'",
                 "span.name = 'model'", "span.name = 'model' AND span.type = 'TOOL'", "span.type = 'TOOL'", "span.status = 'ERROR'",
                 "span.name LIKE 'mo%'", "span.attributes.model LIKE '%deep%'", "span.attributes.model LIKE '%shallow%'",
                 "span.content LIKE '%answer%'", "trace.text LIKE '%answer%'", "span.nothing = 'x'", "end_time_ms > 0",
                 f"request_id = '{first}'", f"request_id IN ('{first}', '{second}')"):
        found(text)
    page = client.search_traces(locations=[exp], max_results=2, include_spans=True)
    show("page", len(page), [len(t.data.spans) for t in page])
    page = client.search_traces(locations=[exp], max_results=2, page_token=page.token, include_spans=True)
    show("next page", len(page), [len(t.data.spans) for t in page])

    # Assessments.
    from mlflow.entities import AssessmentSource
    person = AssessmentSource(source_type="HUMAN", source_id="me")

    def show_assessment(what, a):
        show(what, a.name, a.trace_id, str(a.source), a.value if hasattr(a, "value") else None, a.rationale, a.metadata, a.valid, a.span_id)

    a = mlflow.log_feedback(trace_id=first, name="good", value=True, source=person, rationale="because", metadata={"k": "v"})
    show_assessment("feedback", a)
    for value in (0.75, 3, "yes", ["a", "b"], {"x": 1.5}):
        show_assessment("feedback of " + type(value).__name__, mlflow.log_feedback(trace_id=first, name="of-" + type(value).__name__, value=value))
    b = mlflow.log_expectation(trace_id=first, name="want", value={"answer": ["x", 1]}, source=person)
    show_assessment("expectation", b)
    show_assessment("error", mlflow.log_feedback(trace_id=second, name="broken", error=ValueError("no")))
    show_assessment("read", mlflow.get_assessment(first, b.assessment_id))
    c = mlflow.override_feedback(trace_id=first, assessment_id=a.assessment_id, value=False, source=person)
    show_assessment("override", c)
    show_assessment("overridden", mlflow.get_assessment(first, a.assessment_id))
    for text in ("feedback.good = 'false'", "feedback.good = 'true'", "feedback.`of-float` > 0.7", "feedback.`of-float` > 0.8",
                 "feedback.`of-str` = 'yes'", "feedback.`of-str` ILIKE '%Y%'", "feedback.good IS NULL", "feedback.good IS NOT NULL",
                 "expectation.want IS NOT NULL"):
        found(text)
    mlflow.delete_assessment(trace_id=first, assessment_id=c.assessment_id)
    show_assessment("valid again", mlflow.get_assessment(first, a.assessment_id))
    mlflow.update_assessment(trace_id=first, assessment_id=b.assessment_id, assessment=mlflow.entities.Expectation(name="wanted", value="x", source=person))
    show_assessment("changed", mlflow.get_assessment(first, b.assessment_id))
    fails("an assessment that is gone", mlflow.get_assessment, first, c.assessment_id)
    show("with their trace", sorted(x.name for x in client.get_trace(first).info.assessments))

    # Made in memory, with its trace.
    with mlflow.start_span("late") as span:
        mlflow.update_current_trace(tags={"t": "1"}, metadata={"m": "2"}, client_request_id="mine", request_preview="in", response_preview="out")
    late = span.trace_id
    ids[late] = "<late>"
    show_info("late", client.get_trace(late).info)
    found("client_request_id = 'mine'")
    other = mlflow.start_run(run_name="other")
    mlflow.end_run()
    client.link_traces_to_run([second, late], other.info.run_id)
    ids[other.info.run_id] = "<other>"
    found(f"run_id = '{other.info.run_id}'")

    # Of two services.
    with mlflow.start_span("local") as span:
        headers = mlflow.tracing.get_tracing_context_headers_for_http_request()
        subprocess.run([sys.executable, __file__, sys.argv[1], ME + "-other", json.dumps(headers)], check=True)
    ids[span.trace_id] = "<both>"
    show_info("both", client.get_trace(span.trace_id).info)
    show_spans("both", client.get_trace(span.trace_id))
    df = mlflow.search_traces(locations=[exp])
    show("frame", len(df), sorted(df.columns))

show("deleted", client.delete_traces(experiment_id=exp, **{"trace_ids" if THREE else "request_ids": [first]}))
found("")
show("deleted", client.delete_traces(experiment_id=exp, max_timestamp_millis=9999999999999, max_traces=1))
found("")
fails("deleted without saying which", client.delete_traces, experiment_id=exp)
fails("it is gone", client.get_trace, first)
