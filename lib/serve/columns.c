/* Rows of named values, and columns of them. */
#include "serve/protocol.h"

#define CELLS_MAX (1u << 20)
#define NAMES_MAX (32u << 20)

int rows_check_size(size_t rows, size_t columns, size_t names, struct mlops_error *err)
{
	size_t cells, bytes;

	if (!size_mul(rows, columns, &cells) || !size_mul(rows, names, &bytes) ||
	    cells > CELLS_MAX || bytes > NAMES_MAX)
		return err_set(err, MLOPS_EINVALID,
			       "%zu rows of %zu named values are too many at once", rows, columns);
	return 0;
}

int rows_from_columns(struct json *columns, struct json **rows, struct mlops_error *err)
{
	autojson *out = js_arr();
	size_t n = 0, names = 0;
	const char *name, *first = NULL;
	struct json *column;

	for (void *i = NULL; js_next(columns, &i, &name, &column);) {
		if (js_type(column) != JSON_ARR)
			return err_set(err, MLOPS_EINVALID, "input '%s' is not a list", name);
		if (first && js_len(column) != n)
			return err_set(err, MLOPS_EINVALID,
				       "input '%s' has %zu values where '%s' has %zu", name,
				       js_len(column), first, n);
		first = name;
		n = js_len(column);
		names += strlen(name);
	}
	if (rows_check_size(n, js_len(columns), names, err))
		return -1;
	for (size_t row = 0; row < n; row++) {
		struct json *v = js_obj();

		for (void *i = NULL; js_next(columns, &i, &name, &column);)
			js_set(v, name, js_ref(js_at(column, row)));
		js_push(out, v);
	}
	*rows = steal_ptr(&out);
	return 0;
}

int columns_from_rows(const struct json *rows, struct json **columns, struct mlops_error *err)
{
	autojson *out = js_obj();
	struct json *first = js_at(rows, 0), *ignored;
	const char *name;

	for (void *i = NULL; js_next(first, &i, &name, &ignored);)
		js_set(out, name, js_arr());
	for (size_t row = 0; row < js_len(rows); row++) {
		struct json *v = js_at(rows, row);

		if (js_type(v) != JSON_OBJ || js_len(v) != js_len(first))
			return err_set(err, MLOPS_EFAIL,
				       "prediction %zu has other keys than the first", row);
		for (void *i = NULL; js_next(first, &i, &name, &ignored);) {
			struct json *value = js_get(v, name);

			if (!value)
				return err_set(err, MLOPS_EFAIL, "prediction %zu has no '%s'", row,
					       name);
			js_push(js_get(out, name), js_ref(value));
		}
	}
	*columns = steal_ptr(&out);
	return 0;
}
