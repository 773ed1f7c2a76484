/* NodeProto, AttributeProto and TensorProto of onnx.proto3, as far as operators on tables use them. */
#include "registry/scoring/onnx.h"

#include <string.h>

#include "fmt/proto.h"

#define MAX_TEXT ((size_t)64 << 10)

/* Of TensorProto.DataType. */
enum { TENSOR_FLOAT = 1, TENSOR_INT64 = 7, TENSOR_DOUBLE = 11 };

static double as_float(uint64_t bits)
{
	float f;

	memcpy(&f, &(uint32_t){ (uint32_t)bits }, sizeof(f));
	return (double)f;
}

static double as_double(uint64_t bits)
{
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}

static double decode(unsigned type, uint64_t bits)
{
	return type == TENSOR_FLOAT ? as_float(bits) :
	       type == TENSOR_DOUBLE ? as_double(bits) :
				       (double)(int64_t)bits;
}

static int push(const struct cursor *c, struct onnx_numbers *out, double v, struct mlops_error *err)
{
	if (out->n >= ONNX_MAX_VALUES)
		return cursor_fail(c, "attribute", err, "there are more than %zu numbers", ONNX_MAX_VALUES);
	vec_push(out, v);
	return 0;
}

/* Bytes in a row: packed numbers, or a tensor's raw data. */
static int take_row(struct cursor c, unsigned type, bool varints, struct onnx_numbers *out,
		    struct mlops_error *err)
{
	while (cursor_left(&c)) {
		uint64_t bits;

		if (varints ? proto_varint(&c, "numbers", &bits, err) :
			      cursor_uint(&c, "numbers", type == TENSOR_FLOAT ? 4 : 8, &bits, err))
			return -1;
		if (push(&c, out, decode(type, bits), err))
			return -1;
	}
	return 0;
}

/* A repeated number, packed or one by one. */
static int take_numbers(const struct cursor *at, const struct proto_field *f, unsigned type,
			struct onnx_numbers *out, struct mlops_error *err)
{
	if (f->wire == PROTO_BYTES)
		return take_row(f->body, type, type == TENSOR_INT64, out, err);
	return push(at, out, decode(type, f->value), err);
}

static int take_tensor(struct cursor c, struct onnx_numbers *out, struct mlops_error *err)
{
	struct cursor raw = { 0 };
	unsigned type = 0;
	struct proto_field f;
	int more;

	while ((more = proto_next(&c, "tensor", &f, err)) > 0) {
		if (f.number == 2 && f.wire == PROTO_VARINT)
			type = (unsigned)f.value;
		if (f.number == 9 && f.wire == PROTO_BYTES)
			raw = f.body;
		unsigned of = f.number == 4 ? TENSOR_FLOAT : f.number == 7 ? TENSOR_INT64 :
						   f.number == 10 ? TENSOR_DOUBLE : 0;
		if (of && take_numbers(&c, &f, of, out, err))
			return -1;
	}
	if (more || !raw.src)
		return more;
	if (type != TENSOR_FLOAT && type != TENSOR_DOUBLE && type != TENSOR_INT64)
		return cursor_fail(&c, "tensor", err, "its element type %u is not read here", type);
	return take_row(raw, type, false, out, err);
}

static int take_text(struct onnx_node *node, const struct proto_field *f, const char **out, struct mlops_error *err)
{
	char *text;

	if (proto_text(f, "attribute", MAX_TEXT, &node->arena, &text, err))
		return -1;
	*out = text;
	return 0;
}

static int take_part(struct onnx_node *node, struct onnx_attribute *a, const struct cursor *at,
		     const struct proto_field *f, struct mlops_error *err)
{
	const char *text;

	switch (f->number) {
	case 1:
		return take_text(node, f, &a->name, err);
	case 2:
		a->number = as_float(f->value);
		return 0;
	case 3:
		a->number = (double)(int64_t)f->value;
		return 0;
	case 4:
		return take_text(node, f, &a->text, err);
	case 5:
		return f->wire == PROTO_BYTES ? take_tensor(f->body, &a->numbers, err) : 0;
	case 7:
		return take_numbers(at, f, TENSOR_FLOAT, &a->numbers, err);
	case 8:
		return take_numbers(at, f, TENSOR_INT64, &a->numbers, err);
	case 9:
		if (a->texts.n >= ONNX_MAX_VALUES || take_text(node, f, &text, err))
			return -1;
		strlist_add(&a->texts, text);
		return 0;
	}
	return 0;
}

static int take_attribute(struct onnx_node *node, struct cursor c, struct mlops_error *err)
{
	struct proto_field f;
	int more;

	vec_push(&node->attributes, { .name = "" });
	while ((more = proto_next(&c, "attribute", &f, err)) > 0)
		if (take_part(node, &node->attributes.v[node->attributes.n - 1], &c, &f, err))
			return -1;
	return more;
}

static int take_name(struct onnx_node *node, const struct proto_field *f, struct strlist *out,
		     struct mlops_error *err)
{
	const char *name;

	if (out->n >= ONNX_MAX_VALUES || take_text(node, f, &name, err))
		return -1;
	strlist_add(out, name);
	return 0;
}

int onnx_node_read(struct cursor c, struct onnx_node *out, struct mlops_error *err)
{
	autoonnx node = { .op = "" };
	struct proto_field f;
	int more;

	while ((more = proto_next(&c, "node", &f, err)) > 0) {
		if (f.number == 1 && take_name(&node, &f, &node.inputs, err))
			return -1;
		if (f.number == 2 && take_name(&node, &f, &node.outputs, err))
			return -1;
		if (f.number == 4 && take_text(&node, &f, &node.op, err))
			return -1;
		if (f.number == 5 && f.wire == PROTO_BYTES && take_attribute(&node, f.body, err))
			return -1;
	}
	if (more)
		return -1;
	*out = node;
	node = (struct onnx_node){ 0 };
	return 0;
}

void onnx_node_clear(struct onnx_node *node)
{
	for (size_t i = 0; i < node->attributes.n; i++) {
		vec_free(&node->attributes.v[i].numbers);
		strlist_clear(&node->attributes.v[i].texts);
	}
	vec_free(&node->attributes);
	strlist_clear(&node->inputs);
	strlist_clear(&node->outputs);
	arena_clear(&node->arena);
}

const struct onnx_attribute *onnx_attribute(const struct onnx_node *node, const char *name)
{
	for (size_t i = 0; i < node->attributes.n; i++)
		if (!strcmp(node->attributes.v[i].name, name))
			return &node->attributes.v[i];
	return NULL;
}

struct onnx_numbers onnx_numbers(const struct onnx_node *node, const char *name)
{
	const struct onnx_attribute *a = onnx_attribute(node, name);

	if (!a) {
		autofree char *as_tensor = xasprintf("%s_as_tensor", name);

		a = onnx_attribute(node, as_tensor);
	}
	return a ? a->numbers : (struct onnx_numbers){ 0 };
}

double onnx_number(const struct onnx_node *node, const char *name, double otherwise)
{
	const struct onnx_attribute *a = onnx_attribute(node, name);

	return a ? a->number : otherwise;
}

const char *onnx_text(const struct onnx_node *node, const char *name, const char *otherwise)
{
	const struct onnx_attribute *a = onnx_attribute(node, name);

	return a && a->text ? a->text : otherwise;
}
