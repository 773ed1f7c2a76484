/*
 * What instrumentations call a span's kind, its inputs, outputs, tokens and model, as MLflow calls them. The
 * names are those of OpenInference, of OpenTelemetry's conventions for generative AI, of Traceloop
 * (OpenLLMetry), Google's ADK, Laminar and Langfuse; the first that a span has counts.
 */
#include "tracking/otlp.h"

#include "base/num.h"

struct pair {
	const char *from, *to;
};

#define N_TOKENS 6

struct convention {
	const char *kind; /* the attribute of which the values are these */
	const struct pair *kinds;
	const char *tokens[N_TOKENS]; /* input, output, total; of a cache read, written, and as that was called */
	const char *inputs[3], *outputs[3], *models[4], *provider;
};

static const struct pair inference_kinds[] = {
	{ "TOOL", "TOOL" },	    { "CHAIN", "CHAIN" }, { "LLM", "LLM" },
	{ "RETRIEVER", "RETRIEVER" }, { "AGENT", "AGENT" }, { "EMBEDDING", "EMBEDDING" },
	{ "RERANKER", "RERANKER" }, { "GUARDRAIL", "GUARDRAIL" }, { "EVALUATOR", "EVALUATOR" },
	{ NULL, NULL },
};

static const struct pair genai_kinds[] = {
	{ "chat", "CHAT_MODEL" },	{ "create_agent", "AGENT" },   { "embeddings", "EMBEDDING" },
	{ "execute_tool", "TOOL" },	{ "generate_content", "LLM" }, { "invoke_agent", "AGENT" },
	{ "text_completion", "LLM" }, { "response", "LLM" },	       { NULL, NULL },
};

static const struct pair traceloop_kinds[] = {
	{ "workflow", "WORKFLOW" }, { "task", "TASK" }, { "agent", "AGENT" }, { "tool", "TOOL" }, { NULL, NULL },
};

static const struct pair laminar_kinds[] = {
	{ "LLM", "LLM" },	  { "CACHED", "LLM" },	       { "TOOL", "TOOL" },
	{ "DEFAULT", "CHAIN" },	  { "PIPELINE", "CHAIN" },     { "EXECUTOR", "AGENT" },
	{ "EVALUATOR", "EVALUATOR" }, { "EVALUATION", "EVALUATOR" }, { "HUMAN_EVALUATOR", "EVALUATOR" },
	{ NULL, NULL },
};

static const struct pair langfuse_kinds[] = {
	{ "generation", "LLM" }, { "embedding", "EMBEDDING" }, { "tool", "TOOL" },
	{ "retriever", "RETRIEVER" }, { "agent", "AGENT" },    { "chain", "CHAIN" },
	{ "evaluator", "EVALUATOR" }, { "guardrail", "GUARDRAIL" }, { NULL, NULL },
};

static const struct convention conventions[] = {
	{ .kind = "openinference.span.kind",
	  .kinds = inference_kinds,
	  .tokens = { "llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.total",
		      "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_write" },
	  .inputs = { "input.value" },
	  .outputs = { "output.value" },
	  .models = { "llm.response.model_name", "llm.model_name", "llm.request.model_name", "embedding.model_name" },
	  .provider = "llm.provider" },
	{ .kind = "gen_ai.operation.name",
	  .kinds = genai_kinds,
	  .tokens = { "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", NULL,
		      "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_write.input_tokens",
		      "gen_ai.usage.cache_creation.input_tokens" },
	  .inputs = { "gen_ai.input.messages", "gen_ai.tool.call.arguments" },
	  .outputs = { "gen_ai.output.messages", "gen_ai.tool.call.result" },
	  .models = { "gen_ai.response.model", "gen_ai.request.model" },
	  .provider = "gen_ai.provider.name" },
	{ .kind = "traceloop.span.kind",
	  .kinds = traceloop_kinds,
	  .tokens = { "gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens", "llm.usage.total_tokens" },
	  .inputs = { "traceloop.entity.input", "gen_ai.prompt.0.content" },
	  .outputs = { "traceloop.entity.output", "gen_ai.completion.0.content" },
	  .provider = "gen_ai.system" },
	{ .inputs = { "gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args" },
	  .outputs = { "gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response" } },
	{ .kind = "lmnr.span.type",
	  .kinds = laminar_kinds,
	  .inputs = { "lmnr.span.input" },
	  .outputs = { "lmnr.span.output" } },
	{ .kind = "langfuse.observation.type",
	  .kinds = langfuse_kinds,
	  .inputs = { "langfuse.observation.input" },
	  .outputs = { "langfuse.observation.output" } },
};

/* What is empty says nothing. */
static struct json *find(const struct json *attributes, const char *name)
{
	static const char *const empty[] = { "null", "\"\"", "{}", "[]", "0", "false" };
	struct json *v = name ? js_get(attributes, name) : NULL;

	for (size_t i = 0; v && i < ARRAY_LEN(empty); i++)
		if (!strcmp(js_text(v), empty[i]))
			return NULL;
	return v;
}

static struct json *find_any(const struct json *attributes, const char *const *names, size_t n)
{
	struct json *v = NULL;

	for (size_t i = 0; i < n && !v; i++)
		v = find(attributes, names[i]);
	return v;
}

/* The value that an attribute has as JSON; new, or NULL. */
static struct json *value_of(const struct json *v)
{
	autoerr ignored = ERR_INIT;
	struct json *out = NULL;

	return v && !js_parse(js_text(v), js_text_len(v), "attribute", &out, &ignored) ? out : NULL;
}

static void set_kind(struct json *attributes, const struct convention *c)
{
	autojson *kind = value_of(find(attributes, c->kind));
	autojson *now = value_of(js_get(attributes, "mlflow.spanType"));

	if (!js_text(kind) || (now && strcmp(js_text(now) ? js_text(now) : "", "UNKNOWN")))
		return;
	for (const struct pair *p = c->kinds; p->from; p++) {
		if (strcmp(js_text(kind), p->from))
			continue;
		autojson *type = js_str(p->to);
		js_set(attributes, "mlflow.spanType", otlp_text(type));
	}
}

/* An attribute under MLflow's name, where there is none of that. */
static void copy(struct json *attributes, struct json *from, const char *to)
{
	if (from && !js_get(attributes, to))
		js_set(attributes, to, js_ref(from));
}

/* Some of the numbers of tokens, which may be texts. */
static void add_tokens(const struct json *attributes, const struct convention *c, size_t from, size_t to,
		       struct json *usage)
{
	static const char *const names[N_TOKENS] = { "input_tokens", "output_tokens", "total_tokens",
						     "cache_read_input_tokens", "cache_creation_input_tokens",
						     "cache_creation_input_tokens" };
	int64_t n;

	for (size_t i = from; i < to; i++) {
		autojson *v = value_of(c->tokens[i] ? js_get(attributes, c->tokens[i]) : NULL);

		if (!js_get(usage, names[i]) &&
		    (js_to_int(v, &n) || (js_text(v) && num_parse_i64(js_text(v), &n))))
			js_set(usage, names[i], js_int(n));
	}
}

static void set_usage(struct json *attributes, const struct convention *c)
{
	autojson *usage = js_obj();
	int64_t in, out, total;

	if (js_get(attributes, "mlflow.chat.tokenUsage"))
		return;
	add_tokens(attributes, c, 0, 3, usage);
	if (!js_len(usage))
		return;
	if (!js_get(usage, "total_tokens") && js_get_int(usage, "input_tokens", &in) &&
	    js_get_int(usage, "output_tokens", &out) && !__builtin_add_overflow(in, out, &total))
		js_set(usage, "total_tokens", js_int(total));
	add_tokens(attributes, c, 3, N_TOKENS, usage);
	js_set(attributes, "mlflow.chat.tokenUsage", otlp_text(usage));
}

/* Requests and replies of a model mostly name it. */
static void set_model(struct json *attributes)
{
	static const char *const places[] = { "mlflow.spanInputs", "mlflow.spanOutputs" };

	for (size_t i = 0; i < ARRAY_LEN(places) && !js_get(attributes, "mlflow.llm.model"); i++) {
		autojson *said = value_of(js_get(attributes, places[i]));
		struct json *model = js_get(said, "model");

		if (js_text(model) && js_text_len(model))
			js_set(attributes, "mlflow.llm.model", otlp_text(model));
	}
}

void otlp_translate(struct json *attributes)
{
	for (size_t i = 0; i < ARRAY_LEN(conventions); i++) {
		const struct convention *c = &conventions[i];

		if (c->kind)
			set_kind(attributes, c);
		copy(attributes, find_any(attributes, c->inputs, ARRAY_LEN(c->inputs)), "mlflow.spanInputs");
		copy(attributes, find_any(attributes, c->outputs, ARRAY_LEN(c->outputs)), "mlflow.spanOutputs");
		copy(attributes, find_any(attributes, c->models, ARRAY_LEN(c->models)), "mlflow.llm.model");
		copy(attributes, find(attributes, c->provider), "mlflow.llm.provider");
		set_usage(attributes, c);
	}
	copy(attributes, find(attributes, "gen_ai.tool.definitions"), "mlflow.chat.tools");
	set_model(attributes);
}
