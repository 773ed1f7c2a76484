"""mlflow_otlp.py URI: spans as instrumentations of several conventions send them, and what MLflow's server makes
of each, one line each, without ids."""
import json
import os
import sys
import urllib.request

import otlp_request

BASE = sys.argv[1]
CHAT = {"messages": [{"role": "user", "content": "one"},
                     {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "two"}]},
                     {"role": "system", "content": "x"}]}
LONG = {"output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "\u00e9" * 1100}]}]}
ATTRIBUTES = [
    {"openinference.span.kind": "LLM", "input.value": json.dumps(CHAT), "output.value": "plain",
     "llm.token_count.prompt": 3, "llm.token_count.completion": "4", "llm.model_name": "m1", "llm.provider": "p"},
    {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 6,
     "gen_ai.input.messages": '[{"role": "user"}]', "gen_ai.request.model": "m2", "gen_ai.provider.name": "q"},
    {"traceloop.span.kind": "workflow", "traceloop.entity.input": '{"a": 1}', "traceloop.entity.output": '""',
     "gen_ai.usage.prompt_tokens": 1},
    {"langfuse.observation.type": "generation", "langfuse.observation.input": "x"},
    {"gcp.vertex.agent.llm_request": '{"x": 2}'},
    {"mlflow.spanType": "UNKNOWN", "openinference.span.kind": "TOOL", "mlflow.spanInputs": "kept", "input.value": "not"},
    {"openinference.span.kind": "NEW", "input.value": "{}", "llm.token_count.total": 9},
    {"mlflow.spanInputs": json.dumps(CHAT), "mlflow.spanOutputs": '{"choices": [{"message": {"role": "assistant", "content": "said"}}]}'},
    {"mlflow.spanInputs": '{"request": {"input": [{"role": "system", "content": "only"}]}}', "mlflow.spanOutputs": json.dumps(LONG)},
    {"mlflow.spanInputs": '{"messages": 5}', "mlflow.spanOutputs": "y" * 1200},
    {"mlflow.spanInputs": "z" * 998, "mlflow.spanOutputs": "z" * 999},
    {"plain": '"twice"', "num": '"1"', "obj": '{"a":  1}', "text": "{broken", "line": "\n[1]", "empty": "", "list": [1, [2.5]]},
    {"session.id": "s", "user.id": "u", "mlflow.traceTag.team": "x", "mlflow.traceTag.n": 5, "mlflow.spanInputs": {"q": "\u00e9"}},
    {"llm.token_count.total": 5, "llm.token_count.prompt_details.cache_read": 2},
    {"gen_ai.usage.input_tokens": 5, "gen_ai.usage.cache_creation.input_tokens": 3, "gen_ai.usage.cache_read.input_tokens": "4",
     "gen_ai.tool.definitions": [{"name": "t"}], "gen_ai.usage.output_tokens": 1},
    {"gen_ai.usage.cache_read.input_tokens": 4, "mlflow.spanInputs": {"model": "in"}, "mlflow.spanOutputs": {"model": "out"}},
    {"mlflow.spanInputs": [1], "mlflow.spanOutputs": '{"model": "out"}'},
    {"gen_ai.conversation.id": "c", "mlflow.chat.tokenUsage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
     "mlflow.llm.cost": {"input_cost": 0.1, "output_cost": 0.25, "total_cost": 0.35}},
]


def call(path, data=None, **headers):
    request = urllib.request.Request(BASE + path, data=data, headers={k.replace("_", "-"): v for k, v in headers.items()})
    return urllib.request.urlopen(request, timeout=60).read()


name = json.dumps({"name": "otlp-" + os.urandom(4).hex()}).encode()
exp = json.loads(call("/api/2.0/mlflow/experiments/create", name, Content_Type="application/json"))["experiment_id"]
for number, attributes in enumerate(ATTRIBUTES):
    trace = os.urandom(16).hex()
    otlp_request.SPANS = [dict(otlp_request.SPANS[0], attributes=attributes)]
    for body, kind in ((otlp_request.proto(trace), "x-protobuf"), (otlp_request.as_json(trace), "json")):
        call("/v1/traces", body, Content_Type="application/" + kind, x_mlflow_experiment_id=exp)
        info = json.loads(call("/api/3.0/mlflow/traces/tr-" + trace))["trace"]["trace_info"]
        tags = {k: v for k, v in info["tags"].items() if k not in ("mlflow.artifactLocation", "mlflow.traceName")}
        print(number, kind, info["state"], info.get("request_preview"), info.get("response_preview"),
              sorted(info.get("trace_metadata", {}).items()), sorted(tags.items()))
        span = json.loads(call("/ajax-api/3.0/mlflow/get-trace-artifact?request_id=tr-" + trace))["spans"][0]
        print(number, kind, span["name"], span["status"], sorted((k, v) for k, v in span["attributes"].items() if k != "mlflow.traceRequestId"))
