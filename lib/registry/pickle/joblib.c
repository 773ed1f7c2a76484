/*
 * Arrays of joblib: its pickler writes the raw bytes of an array into the stream, behind the BUILD
 * of a NumpyArrayWrapper, and its unpickler reads them there. An array of objects is a pickle of
 * its own in that place.
 */
#include "base/num.h"
#include "registry/pickle/vm.h"

#define MAX_PAIRS 64 /* of a wrapper's state: it has six */

static int64_t int_at(const struct pickle_value *tuple, size_t i, int64_t fallback)
{
	if (tuple->kind != PICKLE_TUPLE || i >= tuple->list->n || tuple->list->v[i].kind != PICKLE_INT)
		return fallback;
	return tuple->list->v[i].num;
}

/* Bytes of an element and whether it holds objects, of what numpy.dtype("f8").__reduce__() gives. */
static bool dtype_size(const struct pickle_value *dtype, const char **name, uint64_t *size, bool *objects)
{
	if (dtype->kind != PICKLE_OBJECT || !pickle_is_import(&dtype->object->callable, "numpy", "dtype"))
		return false;
	const struct pickle_value *args = &dtype->object->args;
	if (args->kind != PICKLE_TUPLE || !args->list->n || args->list->v[0].kind != PICKLE_STR)
		return false;
	*name = args->list->v[0].str;
	if (!**name)
		return false;
	int64_t itemsize = int_at(&dtype->object->state, 5, -1);
	int64_t flags = int_at(&dtype->object->state, 7, 0);
	*objects = **name == 'O' || (**name == 'V' && flags & 1);
	if (itemsize > 0) {
		*size = (uint64_t)itemsize;
		return true;
	}
	return **name == 'O' || num_parse_u64(*name + 1, size);
}

static bool array_bytes(const struct pickle_value *shape, uint64_t size, uint64_t *out)
{
	for (size_t i = 0; i < shape->list->n; i++) {
		const struct pickle_value *n = &shape->list->v[i];

		if (n->kind != PICKLE_INT || n->num < 0 ||
		    __builtin_mul_overflow(size, (uint64_t)n->num, &size))
			return false;
	}
	*out = size;
	return true;
}

static int skip_padding(struct pickle *pk, const struct pickle_value *state, struct mlops_error *err)
{
	const struct pickle_value *align = pickle_get(state, "numpy_array_alignment_bytes");
	uint64_t n;

	if (!align || align->kind != PICKLE_INT)
		return 0;
	return cursor_uint(pk->c, "array padding", 1, &n, err) ||
	       cursor_skip(pk->c, "array padding", n, err) ? -1 : 0;
}

/* With a stack and memo of its own; events go where those of the outer one go. */
static int walk_inner(struct pickle *pk, struct mlops_error *err)
{
	autopickle inner = { .event = pk->event, .arg = pk->arg, .joblib = true, .depth = pk->depth + 1 };

	if (inner.depth > PICKLE_MAX_DEPTH)
		return pickle_fail(pk, err, "pickles in arrays are nested deeper than %d levels",
				   PICKLE_MAX_DEPTH);
	return pickle_walk(&inner, pk->c, err);
}

int pickle_joblib_array(struct pickle *pk, const struct pickle_object *wrapper, struct mlops_error *err)
{
	const struct pickle_value *state = &wrapper->state;
	struct pickle_array array = { 0 };
	uint64_t size = 0;
	bool objects;

	pk->saw_array = true;
	if (state->kind != PICKLE_DICT || state->object->pairs.n > MAX_PAIRS)
		return pickle_fail(pk, err, "the array of joblib has no state");
	const struct pickle_value *dtype = pickle_get(state, "dtype"), *shape = pickle_get(state, "shape");
	if (!dtype || !shape || shape->kind != PICKLE_TUPLE ||
	    !dtype_size(dtype, &array.dtype, &size, &objects))
		return pickle_fail(pk, err, "the array of joblib has no dtype or shape");
	array.shape = shape->list;
	if (objects)
		return walk_inner(pk, err);
	if (!array_bytes(shape, size, &array.bytes))
		return pickle_fail(pk, err, "the size of the array overflows");
	pickle_tell(pk, (struct pickle_event){ .kind = PICKLE_E_ARRAY, .array = &array });
	return skip_padding(pk, state, err) || cursor_skip(pk->c, "array", array.bytes, err) ? -1 : 0;
}
