/* Field numbers are those of the protocol's grpc_predict_v2.proto. */
#include "serve/protocols/oip_proto.h"

#include "fmt/proto.h"
#include "serve/protocols/raw.h"
#include "serve/protocols/tensor.h"

#define NAME_MAX_BYTES 1024
#define ELEMENTS_MAX   RAW_ELEMENTS_MAX

/* ---- reading ---- */

static int set_text(struct json *v, const char *key, const struct proto_field *f, struct mlops_error *err)
{
	if (f->wire != PROTO_BYTES || cursor_left(&f->body) > NAME_MAX_BYTES)
		return err_set(err, MLOPS_EINVALID, "'%s' is no text, or too long a one", key);
	struct str text = proto_bytes(f);
	if (text.n)
		js_set(v, key, js_strn(text.p, text.n));
	return 0;
}

/* A value of InferTensorContents' field `number_`. */
static struct json *from_contents(uint32_t number_, uint64_t value)
{
	switch (number_) {
	case 1:
		return js_bool(value);
	case 2:
		return js_int((int32_t)value);
	case 3:
		return js_int((int64_t)value);
	case 4:
		return js_int((uint32_t)value);
	case 5:
		return value > INT64_MAX ? js_num((double)value) : js_int((int64_t)value);
	case 6:
		return raw_float((uint32_t)value);
	default:
		return raw_double(value);
	}
}

static int read_packed(struct proto_field *f, struct json *data, struct mlops_error *err)
{
	static const size_t fixed[] = { [6] = 4, [7] = 8 };
	size_t size = f->number < ARRAY_LEN(fixed) ? fixed[f->number] : 0;
	uint64_t value;

	while (cursor_left(&f->body)) {
		if (js_len(data) >= ELEMENTS_MAX)
			return err_set(err, MLOPS_EINVALID, "a tensor has too many elements");
		if (size ? cursor_uint(&f->body, "contents", size, &value, err) :
			   proto_varint(&f->body, "contents", &value, err))
			return -1;
		js_push(data, from_contents(f->number, value));
	}
	return 0;
}

static int read_contents(struct cursor c, struct json *data, struct mlops_error *err)
{
	struct proto_field f;
	int rc;

	while ((rc = proto_next(&c, "contents", &f, err)) > 0) {
		struct str bytes = proto_bytes(&f);

		if (js_len(data) >= ELEMENTS_MAX)
			return err_set(err, MLOPS_EINVALID, "a tensor has too many elements");
		if (f.number == 8 && f.wire == PROTO_BYTES)
			js_push(data, js_strn(bytes.p, bytes.n));
		else if (f.number >= 1 && f.number <= 7 && f.wire != PROTO_BYTES)
			js_push(data, from_contents(f.number, f.value));
		else if (f.number >= 1 && f.number <= 7 && read_packed(&f, data, err))
			return -1;
	}
	return rc;
}

static int read_shape(struct proto_field *f, struct json *shape, struct mlops_error *err)
{
	uint64_t value;

	if (f->wire == PROTO_VARINT) {
		js_push(shape, js_int((int64_t)f->value));
		return 0;
	}
	while (f->wire == PROTO_BYTES && cursor_left(&f->body)) {
		if (js_len(shape) > TENSOR_RANK_MAX)
			return err_set(err, MLOPS_EINVALID, "a shape has too many dimensions");
		if (proto_varint(&f->body, "shape", &value, err))
			return -1;
		js_push(shape, js_int((int64_t)value));
	}
	return 0;
}

static int read_input(struct cursor c, struct json *v, struct mlops_error *err)
{
	struct json *shape = js_arr(), *data = js_arr();
	struct proto_field f;
	int rc;

	js_set(v, "shape", shape);
	js_set(v, "data", data);
	while ((rc = proto_next(&c, "input", &f, err)) > 0) {
		if (f.number == 1)
			rc = set_text(v, "name", &f, err);
		else if (f.number == 2)
			rc = set_text(v, "datatype", &f, err);
		else if (f.number == 3)
			rc = read_shape(&f, shape, err);
		else if (f.number == 5 && f.wire == PROTO_BYTES)
			rc = read_contents(f.body, data, err);
		if (rc < 0)
			return -1;
	}
	return rc;
}

static int add_input(struct proto_field *f, struct json *inputs, struct mlops_error *err)
{
	struct json *v = js_obj();

	js_push(inputs, v);
	if (f->wire != PROTO_BYTES || js_len(inputs) > TENSORS_MAX)
		return err_set(err, MLOPS_EINVALID, "the request has too many inputs");
	return read_input(f->body, v, err);
}

static int add_output(struct proto_field *f, struct json *outputs, struct mlops_error *err)
{
	struct json *v = js_obj();
	struct proto_field name;
	int rc;

	js_push(outputs, v);
	if (f->wire != PROTO_BYTES || js_len(outputs) > TENSORS_MAX)
		return err_set(err, MLOPS_EINVALID, "the request has too many outputs");
	while ((rc = proto_next(&f->body, "output", &name, err)) > 0)
		if (name.number == 1 && set_text(v, "name", &name, err))
			return -1;
	return rc;
}

static int read_infer(struct cursor c, struct json *v, struct mlops_error *err)
{
	struct json *inputs = js_arr(), *outputs = js_arr();
	struct proto_field f;
	size_t raws = 0;
	int rc;

	js_set(v, "inputs", inputs);
	js_set(v, "outputs", outputs);
	while ((rc = proto_next(&c, "request", &f, err)) > 0) {
		if (f.number == 1)
			rc = set_text(v, "model_name", &f, err);
		else if (f.number == 2)
			rc = set_text(v, "model_version", &f, err);
		else if (f.number == 3)
			rc = set_text(v, "id", &f, err);
		else if (f.number == 5)
			rc = add_input(&f, inputs, err);
		else if (f.number == 6)
			rc = add_output(&f, outputs, err);
		else if (f.number == 7 && f.wire == PROTO_BYTES && raws < js_len(inputs))
			rc = raw_read(js_at(inputs, raws++), proto_bytes(&f), err);
		if (rc < 0)
			return -1;
	}
	if (!rc && raws && raws != js_len(inputs))
		return err_set(err, MLOPS_EINVALID, "raw_input_contents is not there for each input");
	if (raws)
		js_set(v, "raw", js_bool(true));
	return rc;
}

static int read_message(struct str message, int (*read)(struct cursor c, struct json *v, struct mlops_error *err),
			struct json **out, struct mlops_error *err)
{
	autosource src = { .fd = -1 };
	autojson *v = js_obj();

	source_mem(&src, "the request", message.p, message.n);
	if (read(cursor_of(&src), v, err))
		return -1;
	*out = steal_ptr(&v);
	return 0;
}

int oip_proto_read_infer(struct str message, struct json **out, struct mlops_error *err)
{
	return read_message(message, read_infer, out, err);
}

static int read_name(struct cursor c, struct json *v, struct mlops_error *err)
{
	struct proto_field f;
	int rc;

	while ((rc = proto_next(&c, "request", &f, err)) > 0)
		if ((f.number == 1 && set_text(v, "model_name", &f, err)) ||
		    (f.number == 2 && set_text(v, "model_version", &f, err)))
			return -1;
	return rc;
}

int oip_proto_read_name(struct str message, struct json **out, struct mlops_error *err)
{
	return read_message(message, read_name, out, err);
}

/* ---- writing ---- */

static void add_contents(struct strbuf *to, const char *type, const struct json *data)
{
	bool texts = !strcmp(type, "BYTES"), doubles = !strcmp(type, "FP64"), bools = !strcmp(type, "BOOL");
	autobuf packed = { 0 };

	for (size_t i = 0; i < js_len(data); i++) {
		const struct json *v = js_at(data, i);

		if (texts)
			proto_add_bytes(to, 8, js_text(v), js_text_len(v));
		else if (doubles)
			raw_add_le64(&packed, raw_bits(v));
		else
			proto_add_raw_varint(&packed, bools ? js_type(v) == JSON_TRUE_ : raw_int(v));
	}
	if (!texts && packed.len)
		proto_add_bytes(to, doubles ? 7 : bools ? 1 : 3, packed.buf, packed.len);
}

static void add_text(struct strbuf *to, uint32_t number_, const struct json *v)
{
	if (js_text_len(v))
		proto_add_bytes(to, number_, js_text(v), js_text_len(v));
}

static void add_output_tensor(struct strbuf *to, const struct json *tensor, bool raw)
{
	const struct json *shape = js_get(tensor, "shape");
	autobuf message = { 0 }, contents = { 0 };

	add_text(&message, 1, js_get(tensor, "name"));
	add_text(&message, 2, js_get(tensor, "datatype"));
	for (size_t i = 0; i < js_len(shape); i++)
		proto_add_varint(&message, 3, raw_int(js_at(shape, i)));
	if (!raw) {
		add_contents(&contents, js_get_text(tensor, "datatype"), js_get(tensor, "data"));
		proto_add_bytes(&message, 5, contents.buf, contents.len);
	}
	proto_add_bytes(to, 5, message.buf, message.len);
}

void oip_proto_write_infer(const struct json *reply, bool raw, struct strbuf *out)
{
	const struct json *outputs = js_get(reply, "outputs");

	add_text(out, 1, js_get(reply, "model_name"));
	add_text(out, 2, js_get(reply, "model_version"));
	add_text(out, 3, js_get(reply, "id"));
	for (size_t i = 0; i < js_len(outputs); i++)
		add_output_tensor(out, js_at(outputs, i), raw);
	for (size_t i = 0; raw && i < js_len(outputs); i++) {
		const struct json *tensor = js_at(outputs, i), *data = js_get(tensor, "data");
		autobuf bytes = { 0 };

		for (size_t e = 0; e < js_len(data); e++)
			raw_add(&bytes, js_get_text(tensor, "datatype"), js_at(data, e));
		proto_add_bytes(out, 6, bytes.buf, bytes.len);
	}
}
