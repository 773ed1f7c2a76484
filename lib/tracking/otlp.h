/*
 * OpenTelemetry's spans (OTLP 1.x over HTTP), to and from the form that they have in MLflow's traces.json:
 *   {"trace_id", "span_id", "parent_span_id": base64 or null, "name", "start_time_unix_nano",
 *    "end_time_unix_nano", "status": {"code", "message"}, "attributes": {KEY: JSON as a text},
 *    "events": [{"name", "time_unix_nano", "attributes"}], "links": [{"trace_id", "span_id", "attributes"}]}
 */
#pragma once

#include "base/err.h"
#include "fmt/json.h"

#define OTLP_TRACE_ID 16 /* bytes */
#define OTLP_SPAN_ID  8
#define OTLP_MAX_VALUES ((size_t)1 << 20) /* of a request: spans, attributes and what is in them */

/*
 * The spans of an ExportTraceServiceRequest as protobuf: a new array of {"resource": {KEY: VALUE} of
 * what they come from, "spans": [...]}.
 */
int otlp_read_proto(struct str body, struct json **out, struct mlops_error *err);
/* ... and as OTLP's JSON, where ids are hex. */
int otlp_read_json(struct str body, struct json **out, struct mlops_error *err);
/* One such span as protobuf's JSON has it, ids in base64; new. */
struct json *otlp_span_json(const struct json *span);

/* How a span is made of its parts (otlp.c), by both readers. The ids are bytes; "" is none. */
struct otlp_span {
	struct str trace_id, span_id, parent_id, name, message;
	uint64_t start_ns, end_ns, status;
	struct json *attributes, *events, *links; /* taken */
};
int otlp_span_new(const struct otlp_span *parts, struct json **out, struct mlops_error *err);
void otlp_span_init(struct otlp_span *parts);
void otlp_span_clear(struct otlp_span *parts);
/* A value as JSON in a text, in the bytes that MLflow makes of it. */
struct json *otlp_text(const struct json *value);
/* The same, but of a text that is JSON itself what it stands for: exporters send objects so. */
struct json *otlp_attribute_text(const struct json *value);
/* Adds to a span's attributes what other conventions call otherwise (otlp_names.c). */
void otlp_translate(struct json *attributes);
/* What a span's inputs (of the role "user") or outputs ("assistant") are shown as; new. */
char *otlp_preview(const struct json *attribute, const char *role);
/* Adds one to attributes: `value` is taken. */
void otlp_set_attribute(struct json *attributes, struct str key, struct json *value);
struct json *otlp_event_new(struct str name, uint64_t time_ns, struct json *attributes);
/* A group of spans; both are taken. */
struct json *otlp_group_new(struct json *resource, struct json *spans);
struct json *otlp_link_new(struct str trace_id, struct str span_id, struct json *attributes);
