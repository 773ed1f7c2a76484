/* Checking, nesting and flattening tensors. */
#include "serve/protocols/tensor.h"

enum element { ELEMENT_BOOL, ELEMENT_INT, ELEMENT_NUM, ELEMENT_TEXT };

static const struct datatype {
	const char *name;
	enum element element;
	int64_t min, max; /* ELEMENT_INT */
} datatypes[] = {
	{ "BOOL", ELEMENT_BOOL, 0, 0 },
	{ "INT8", ELEMENT_INT, INT8_MIN, INT8_MAX },
	{ "INT16", ELEMENT_INT, INT16_MIN, INT16_MAX },
	{ "INT32", ELEMENT_INT, INT32_MIN, INT32_MAX },
	{ "INT64", ELEMENT_INT, INT64_MIN, INT64_MAX },
	{ "UINT8", ELEMENT_INT, 0, UINT8_MAX },
	{ "UINT16", ELEMENT_INT, 0, UINT16_MAX },
	{ "UINT32", ELEMENT_INT, 0, UINT32_MAX },
	{ "UINT64", ELEMENT_INT, 0, INT64_MAX },
	{ "FP16", ELEMENT_NUM, 0, 0 },
	{ "FP32", ELEMENT_NUM, 0, 0 },
	{ "FP64", ELEMENT_NUM, 0, 0 },
	{ "BYTES", ELEMENT_TEXT, 0, 0 },
};

static const struct datatype *find_datatype(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(datatypes); i++)
		if (!strcmp(datatypes[i].name, name))
			return &datatypes[i];
	return NULL;
}

static bool fits(const struct json *v, const struct datatype *type)
{
	double num;
	int64_t n;

	switch (type->element) {
	case ELEMENT_BOOL:
		return js_type(v) == JSON_TRUE_ || js_type(v) == JSON_FALSE_;
	case ELEMENT_INT:
		return js_to_int(v, &n) && n >= type->min && n <= type->max;
	case ELEMENT_NUM:
		return js_type(v) == JSON_NIL || js_to_num(v, &num); /* null: a missing value */
	case ELEMENT_TEXT:
		return js_type(v) == JSON_STR;
	}
	return false;
}

static void flatten(struct json *v, struct json *flat)
{
	if (js_type(v) != JSON_ARR) {
		js_push(flat, js_ref(v));
		return;
	}
	for (size_t i = 0; i < js_len(v); i++)
		flatten(js_at(v, i), flat);
}

static int read_shape(const struct json *shape, struct tensor *t, size_t *elements,
		      struct mlops_error *err)
{
	t->rank = js_type(shape) == JSON_ARR ? js_len(shape) : 0;
	if (!t->rank || t->rank > TENSOR_RANK_MAX)
		return err_set(err, MLOPS_EINVALID,
			       "input '%s' needs a 'shape' of 1 to %d dimensions", t->name,
			       TENSOR_RANK_MAX);
	*elements = 1;
	for (size_t i = 0; i < t->rank; i++) {
		int64_t dim;

		if (!js_to_int(js_at(shape, i), &dim) || dim < (i ? 1 : 0) ||
		    !size_mul(*elements, (size_t)dim, elements))
			return err_set(err, MLOPS_EINVALID, "input '%s' has an impossible shape",
				       t->name);
		t->dims[i] = (size_t)dim;
	}
	return 0;
}

static int read_data(const struct json *input, struct tensor *t, size_t elements,
		     struct mlops_error *err)
{
	const char *type_name = js_get_text(input, "datatype");
	const struct datatype *type = find_datatype(type_name);
	struct json *data = js_get(input, "data");

	if (!type)
		return err_set(err, MLOPS_EINVALID, "input '%s' has an unknown datatype '%s'",
			       t->name, type_name ? type_name : "");
	if (js_type(data) != JSON_ARR)
		return err_set(err, MLOPS_EINVALID,
			       "input '%s' needs 'data', a list", t->name);
	t->flat = js_arr();
	flatten(data, t->flat);
	if (js_len(t->flat) != elements)
		return err_set(err, MLOPS_EINVALID,
			       "input '%s' has %zu elements where its shape says %zu", t->name,
			       js_len(t->flat), elements);
	for (size_t i = 0; i < elements; i++)
		if (!fits(js_at(t->flat, i), type))
			return err_set(err, MLOPS_EINVALID, "element %zu of input '%s' is no %s", i,
				       t->name, type->name);
	return 0;
}

int tensor_read(const struct json *input, struct tensor *out, struct mlops_error *err)
{
	size_t elements = 0;

	out->name = js_get_text(input, "name");
	if (!out->name || !*out->name)
		return err_set(err, MLOPS_EINVALID, "an input has no 'name'");
	if (read_shape(js_get(input, "shape"), out, &elements, err))
		return -1;
	return read_data(input, out, elements, err);
}

void tensor_clear(struct tensor *t)
{
	js_free(t->flat);
	t->flat = NULL;
}

static struct json *nest(const struct tensor *t, size_t depth, size_t *at)
{
	if (depth == t->rank)
		return js_ref(js_at(t->flat, (*at)++));
	struct json *list = js_arr();
	for (size_t i = 0; i < t->dims[depth]; i++)
		js_push(list, nest(t, depth + 1, at));
	return list;
}

struct json *tensor_row(const struct tensor *t, size_t row)
{
	size_t at = row * (js_len(t->flat) / t->dims[0]);

	return nest(t, 1, &at);
}

struct json *tensor_row_value(const struct tensor *t, size_t row)
{
	if (t->rank == 2 && t->dims[1] == 1)
		return js_ref(js_at(t->flat, row));
	return tensor_row(t, row);
}

/* The shape that the first elements have; whether the others agree, check_shape() tells. */
static size_t guess_shape(const struct json *v, size_t *dims)
{
	size_t rank = 0;

	for (; js_type(v) == JSON_ARR && rank < TENSOR_RANK_MAX; v = js_at(v, 0))
		dims[rank++] = js_len(v);
	return rank;
}

static bool has_shape(const struct json *v, const size_t *dims, size_t rank)
{
	if (!rank)
		return js_type(v) != JSON_ARR;
	if (js_type(v) != JSON_ARR || js_len(v) != dims[0])
		return false;
	for (size_t i = 0; i < dims[0]; i++)
		if (!has_shape(js_at(v, i), dims + 1, rank - 1))
			return false;
	return true;
}

static const char *narrowest(const struct json *flat)
{
	static const char *const names[] = { "BOOL", "INT64", "FP64", "BYTES" };

	for (size_t n = 0; n < ARRAY_LEN(names); n++) {
		const struct datatype *type = find_datatype(names[n]);
		size_t i = 0;

		while (i < js_len(flat) && fits(js_at(flat, i), type) &&
		       (type->element != ELEMENT_INT || js_type(js_at(flat, i)) == JSON_INT))
			i++; /* 3.0 is no integer: a type is not to hang on the values */
		if (js_len(flat) && i == js_len(flat))
			return names[n];
	}
	return js_len(flat) ? NULL : "FP64";
}

int tensor_write(const char *name, const struct json *values, struct json **out,
		 struct mlops_error *err)
{
	autojson *flat = js_arr(), *shape = js_arr();
	size_t dims[TENSOR_RANK_MAX];
	size_t rank = guess_shape(values, dims);

	if (!has_shape(values, dims, rank))
		return err_set(err, MLOPS_EFAIL,
			       "'%s' has rows of different shape, so it is no tensor", name);
	flatten((struct json *)values, flat);
	const char *type = narrowest(flat);
	if (!type)
		return err_set(err, MLOPS_EFAIL, "'%s' mixes types, or holds what no tensor can",
			       name);
	for (size_t i = 0; i < rank; i++)
		js_push(shape, js_int((int64_t)dims[i]));
	*out = js_obj();
	js_set(*out, "name", js_str(name));
	js_set(*out, "shape", steal_ptr(&shape));
	js_set(*out, "datatype", js_str(type));
	js_set(*out, "data", steal_ptr(&flat));
	return 0;
}
