/*
 * What `mlflow models serve` answers: POST /invocations with dataframe_split, dataframe_records,
 * instances or inputs in JSON, or a table in CSV; GET /ping and /version. Requests' `params` are for
 * models that take some, which predict(rows) does not.
 */
#include <sys/mman.h>

#include "base/fs.h"
#include "fmt/csv.h"
#include "fmt/real.h"
#include "serve/gateway/call.h"

static int check_columns(const struct json *columns, size_t *names, struct mlops_error *err)
{
	*names = 0;
	for (size_t i = 0; i < js_len(columns); i++) {
		if (js_type(js_at(columns, i)) != JSON_STR)
			return err_set(err, MLOPS_EINVALID, "column %zu of 'dataframe_split' has no name", i);
		*names += js_text_len(js_at(columns, i));
	}
	return 0;
}

/* {"columns":["a","b"],"data":[[1,2]]}; without columns, rows are lists. */
static int rows_from_split(const struct json *split, struct json **rows, struct mlops_error *err)
{
	const struct json *columns = js_get(split, "columns");
	struct json *data = js_get(split, "data");
	size_t names, n = js_len(columns);

	if (js_type(data) != JSON_ARR || (columns && js_type(columns) != JSON_ARR))
		return err_set(err, MLOPS_EINVALID, "'dataframe_split' needs 'columns' and 'data', two lists");
	if (!columns) {
		*rows = js_ref(data);
		return 0;
	}
	if (check_columns(columns, &names, err) || rows_check_size(js_len(data), n, names, err))
		return -1;
	autojson *out = js_arr();
	for (size_t r = 0; r < js_len(data); r++) {
		const struct json *row = js_at(data, r);
		struct json *v = js_obj();

		js_push(out, v);
		if (js_type(row) != JSON_ARR || js_len(row) != n)
			return err_set(err, MLOPS_EINVALID, "row %zu of 'data' has not %zu values", r, n);
		for (size_t i = 0; i < n; i++)
			js_set(v, js_text(js_at(columns, i)), js_ref(js_at(row, i)));
	}
	*rows = steal_ptr(&out);
	return 0;
}

static int mlflow_parse(const struct json *request, struct json **rows, struct mlops_error *err)
{
	static const char *const forms[] = { "dataframe_split", "dataframe_records", "instances", "inputs" };
	struct json *v = NULL;
	size_t form = 0, n = 0;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (js_get(request, forms[i])) {
			v = js_get(request, forms[form = i]);
			n++;
		}
	if (n != 1)
		return err_set(err, MLOPS_EINVALID,
			       "the request needs one of 'dataframe_split', 'dataframe_records', "
			       "'instances' and 'inputs'");
	if (form == 0)
		return rows_from_split(v, rows, err);
	if (js_type(v) == JSON_OBJ)
		return rows_from_columns(v, rows, err);
	if (js_type(v) != JSON_ARR)
		return err_set(err, MLOPS_EINVALID, "'%s' is not a list", forms[form]);
	*rows = js_ref(v);
	return 0;
}

static int mlflow_format(const struct json *request, struct json *predictions,
			 const struct served_model *model, struct json **reply, struct mlops_error *err)
{
	(void)request, (void)model, (void)err;
	*reply = js_obj();
	js_set(*reply, "predictions", js_ref(predictions));
	return 0;
}

const struct protocol protocol_mlflow = {
	.name = "mlflow",
	.parse = mlflow_parse,
	.format = mlflow_format,
};

/* ---- CSV ---- */

static struct json *cell_value(const struct cell *cell)
{
	double number;
	bool whole;

	if (cell->kind == CELL_MISSING || !cell->len)
		return js_null();
	if (!real_parse(cell->text, cell->len, &number, &whole))
		return js_strn(cell->text, cell->len);
	return whole && number > -1e15 && number < 1e15 ? js_int((int64_t)number) : js_num(number);
}

static int read_table(struct csv *csv, struct json *records, struct mlops_error *err)
{
	const struct strlist *columns = csv_columns(csv);
	autofree struct cell *cells = xcalloc(columns->n * CELL_ROWS, sizeof(*cells));
	struct cell_block block = { .cells = cells, .columns = columns->n };
	size_t names = 0;

	for (size_t c = 0; c < columns->n; c++)
		names += strlen(columns->v[c]);
	for (;;) {
		if (csv_read(csv, &block, err) ||
		    rows_check_size(js_len(records) + block.rows, columns->n, names, err))
			return -1;
		if (!block.rows)
			return 0;
		for (size_t r = 0; r < block.rows; r++) {
			struct json *row = js_obj();

			for (size_t c = 0; c < columns->n; c++)
				js_set(row, columns->v[c], cell_value(cell_column(&block, c) + r));
			js_push(records, row);
		}
	}
}

/* The reader is one of files, so the body is made one. */
static int read_csv(struct str body, struct json **request, struct mlops_error *err)
{
	autoclose int fd = memfd_create("request", MFD_CLOEXEC);
	struct csv *csv;

	if (fd < 0)
		return err_sys(err, "cannot make a memory file");
	if (fs_write_all(fd, body.p, body.n, "the request", err))
		return -1;
	if (lseek(fd, 0, SEEK_SET) || csv_open(steal_fd(&fd), "the request", 0, &csv, err))
		return -1;
	struct json *records = js_arr();
	*request = js_obj();
	js_set(*request, "dataframe_records", records);
	int rc = read_table(csv, records, err);
	csv_free(csv);
	return rc;
}

static bool has_type(const struct call *call, const char *type)
{
	const struct str *value = http_message_field(call->message, "Content-Type");
	struct str ignored;

	return value && str_eq(str_trim(str_split(*value, ';', &ignored)), type);
}

static void invocations(struct call *call)
{
	autojson *request = NULL;
	autoerr err = ERR_INIT;

	if (has_type(call, "text/csv")) {
		if (read_csv(call->body, &request, &err))
			call_refuse(call, 400, err.msg);
		else
			call_predict_value(call, &protocol_mlflow, request);
	} else if (!http_message_field(call->message, "Content-Type") || has_type(call, "application/json")) {
		call_predict(call, &protocol_mlflow);
	} else {
		call_refuse(call, 415, "the body is neither application/json nor text/csv");
	}
}

static void ping(struct call *call)
{
	call_reply(call, gateway_is_ready(call->gateway) ? 200 : 503, "application/json", "\n", 1);
}

static void version(struct call *call)
{
	call_reply(call, 200, "text/plain", MLOPS_VERSION "\n", strlen(MLOPS_VERSION "\n"));
}

const struct gateway_route routes_mlflow[] = {
	{ .method = "POST", .path = "/invocations", .handle = invocations, .max_body = GATEWAY_MAX_BODY },
	{ .method = "GET", .path = "/ping", .handle = ping, .open = true },
	{ .method = "GET", .path = "/version", .handle = version },
	{ .method = NULL },
};
