/* OTLP requests as protobuf. Field numbers are those of opentelemetry-proto's trace.proto and common.proto. */
#include "tracking/otlp.h"

#include "base/base64.h"
#include "fmt/proto.h"

#define MAX_DEPTH 32

struct reader {
	struct json *spans; /* of the group that is read */
	size_t values;
};

static int count(struct reader *r, struct mlops_error *err)
{
	return ++r->values <= OTLP_MAX_VALUES ?
		       0 :
		       err_set(err, MLOPS_EINVALID, "the request has more than %zu values", OTLP_MAX_VALUES);
}

static double real_of(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static int read_pair(struct reader *r, struct cursor c, struct json *to, bool as_text, unsigned depth,
		     struct mlops_error *err);
static int read_any(struct reader *r, struct cursor c, unsigned depth, struct json **out,
		    struct mlops_error *err);

/* The field 1s of an ArrayValue, or of a KeyValueList. */
static int read_values(struct reader *r, struct cursor c, struct json *to, unsigned depth,
		       struct mlops_error *err)
{
	struct proto_field f;
	struct json *v;
	int rc;

	while ((rc = proto_next(&c, "a value", &f, err)) > 0) {
		if (f.number != 1 || f.wire != PROTO_BYTES)
			continue;
		if (js_type(to) == JSON_OBJ) {
			if (read_pair(r, f.body, to, false, depth, err))
				return -1;
		} else if (read_any(r, f.body, depth, &v, err)) {
			return -1;
		} else {
			js_push(to, v);
		}
	}
	return rc;
}

static struct json *bytes_value(struct str bytes)
{
	autobuf text = { 0 };

	base64_encode(&text, bytes.p, bytes.n);
	return js_strn(text.buf ? text.buf : "", text.len);
}

static int any_field(struct reader *r, const struct proto_field *f, unsigned depth, struct json **v,
		     struct mlops_error *err)
{
	struct str bytes = proto_bytes(f);
	bool is_bytes = f->wire == PROTO_BYTES;

	if ((f->number == 5 || f->number == 6) && is_bytes) {
		js_free(*v);
		*v = f->number == 5 ? js_arr() : js_obj();
		return read_values(r, f->body, *v, depth + 1, err);
	}
	struct json *next = f->number == 1 && is_bytes		   ? js_strn(bytes.p, bytes.n) :
			    f->number == 2 && f->wire == PROTO_VARINT  ? js_bool(f->value != 0) :
			    f->number == 3 && f->wire == PROTO_VARINT  ? js_int((int64_t)f->value) :
			    f->number == 4 && f->wire == PROTO_FIXED64 ? js_num(real_of(f->value)) :
			    f->number == 7 && is_bytes		   ? bytes_value(bytes) :
									     NULL;
	if (next) {
		js_free(*v);
		*v = next;
	}
	return 0;
}

static int read_any(struct reader *r, struct cursor c, unsigned depth, struct json **out,
		    struct mlops_error *err)
{
	autojson *v = js_null();
	struct proto_field f;
	int rc;

	if (depth > MAX_DEPTH)
		return err_set(err, MLOPS_EINVALID, "an attribute is nested too deeply");
	if (count(r, err))
		return -1;
	while ((rc = proto_next(&c, "a value", &f, err)) > 0)
		if (any_field(r, &f, depth, &v, err))
			return -1;
	if (!rc)
		*out = js_ref(v);
	return rc;
}

/* `as_text`: the value as JSON in a text. */
static int read_pair(struct reader *r, struct cursor c, struct json *to, bool as_text, unsigned depth,
		     struct mlops_error *err)
{
	autojson *value = js_null();
	struct str key = STR("");
	struct proto_field f;
	int rc;

	while ((rc = proto_next(&c, "an attribute", &f, err)) > 0) {
		if (f.number == 1)
			key = proto_bytes(&f);
		if (f.number != 2 || f.wire != PROTO_BYTES)
			continue;
		js_free(value);
		value = NULL;
		if (read_any(r, f.body, depth, &value, err))
			return -1;
	}
	if (rc)
		return -1;
	otlp_set_attribute(to, key, as_text ? otlp_attribute_text(value) : js_ref(value));
	return 0;
}

static int read_event(struct reader *r, struct cursor c, struct json *events, struct mlops_error *err)
{
	autojson *attributes = js_obj();
	struct str name = STR("");
	struct proto_field f;
	uint64_t time_ns = 0;
	int rc;

	while ((rc = proto_next(&c, "an event", &f, err)) > 0) {
		if (f.number == 1 && f.wire == PROTO_FIXED64)
			time_ns = f.value;
		else if (f.number == 2)
			name = proto_bytes(&f);
		else if (f.number == 3 && f.wire == PROTO_BYTES &&
			 read_pair(r, f.body, attributes, false, 0, err))
			return -1;
	}
	if (rc || count(r, err))
		return -1;
	js_push(events, otlp_event_new(name, time_ns, js_ref(attributes)));
	return 0;
}

static int read_link(struct reader *r, struct cursor c, struct json *links, struct mlops_error *err)
{
	struct str trace = STR(""), span = STR("");
	autojson *attributes = js_obj();
	struct proto_field f;
	int rc;

	while ((rc = proto_next(&c, "a link", &f, err)) > 0) {
		if (f.number == 1)
			trace = proto_bytes(&f);
		else if (f.number == 2)
			span = proto_bytes(&f);
		else if (f.number == 4 && f.wire == PROTO_BYTES &&
			 read_pair(r, f.body, attributes, false, 0, err))
			return -1;
	}
	if (rc || count(r, err))
		return -1;
	struct json *v = otlp_link_new(trace, span, js_ref(attributes));
	if (v)
		js_push(links, v);
	return 0;
}

static int read_status(struct cursor c, struct otlp_span *s, struct mlops_error *err)
{
	struct proto_field f;
	int rc;

	while ((rc = proto_next(&c, "a status", &f, err)) > 0) {
		if (f.number == 2)
			s->message = proto_bytes(&f);
		else if (f.number == 3 && f.wire == PROTO_VARINT)
			s->status = f.value;
	}
	return rc;
}

static int span_field(struct reader *r, const struct proto_field *f, struct otlp_span *s,
		      struct mlops_error *err)
{
	if (f->wire == PROTO_FIXED64 && f->number == 7)
		s->start_ns = f->value;
	else if (f->wire == PROTO_FIXED64 && f->number == 8)
		s->end_ns = f->value;
	if (f->wire != PROTO_BYTES)
		return 0;
	switch (f->number) {
	case 1:
		s->trace_id = proto_bytes(f);
		return 0;
	case 2:
		s->span_id = proto_bytes(f);
		return 0;
	case 4:
		s->parent_id = proto_bytes(f);
		return 0;
	case 5:
		s->name = proto_bytes(f);
		return 0;
	case 9:
		return read_pair(r, f->body, s->attributes, true, 0, err);
	case 11:
		return read_event(r, f->body, s->events, err);
	case 13:
		return read_link(r, f->body, s->links, err);
	case 15:
		return read_status(f->body, s, err);
	}
	return 0;
}

static int read_span(struct reader *r, struct cursor c, struct mlops_error *err)
{
	__attribute__((cleanup(otlp_span_clear))) struct otlp_span s;
	struct proto_field f;
	struct json *v;
	int rc;

	otlp_span_init(&s);
	while ((rc = proto_next(&c, "a span", &f, err)) > 0)
		if (span_field(r, &f, &s, err))
			return -1;
	if (rc || count(r, err) || otlp_span_new(&s, &v, err))
		return -1;
	js_push(r->spans, v);
	return 0;
}

static int read_resource(struct reader *r, struct cursor c, struct json *resource, struct mlops_error *err)
{
	struct proto_field f;
	int rc;

	while ((rc = proto_next(&c, "a resource", &f, err)) > 0)
		if (f.number == 1 && f.wire == PROTO_BYTES && read_pair(r, f.body, resource, false, 0, err))
			return -1;
	return rc;
}

static int read_scope(struct reader *r, struct cursor c, struct mlops_error *err)
{
	struct proto_field f;
	int rc;

	while ((rc = proto_next(&c, "a scope", &f, err)) > 0)
		if (f.number == 2 && f.wire == PROTO_BYTES && read_span(r, f.body, err))
			return -1;
	return rc;
}

static int read_group(struct reader *r, struct cursor c, struct json *groups, struct mlops_error *err)
{
	struct json *resource = js_obj();
	struct proto_field f;
	int rc;

	r->spans = js_arr();
	js_push(groups, otlp_group_new(resource, r->spans));
	if (count(r, err))
		return -1;
	while ((rc = proto_next(&c, "a group of spans", &f, err)) > 0)
		if (f.wire == PROTO_BYTES && ((f.number == 1 && read_resource(r, f.body, resource, err)) ||
					      (f.number == 2 && read_scope(r, f.body, err))))
			return -1;
	return rc;
}

int otlp_read_proto(struct str body, struct json **out, struct mlops_error *err)
{
	autojson *groups = js_arr();
	struct reader r = { 0 };
	autosource src = { 0 };
	struct proto_field f;
	int rc;

	source_mem(&src, "the request", body.p, body.n);
	struct cursor c = cursor_of(&src);
	while ((rc = proto_next(&c, "the request", &f, err)) > 0)
		if (f.number == 1 && f.wire == PROTO_BYTES && read_group(&r, f.body, groups, err))
			return -1;
	if (!rc)
		*out = js_ref(groups);
	return rc;
}
