/* OTLP requests, as protobuf and as JSON: what is taken can be kept, and is given out again. */
#include "fuzz.h"

#include "tracking/otlp.h"
#include "tracking/trace.h"

static struct db *db;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	autoerr err = ERR_INIT;

	(void)argc, (void)argv;
	MUST(!db_open(":memory:", &db, &err));
	MUST(!db_exec(db, "INSERT INTO experiments (id, name, created_ms) VALUES (7, 'fuzz', 0)", &err));
	return 0;
}

static void check_trace(int64_t row, struct mlops_error *err)
{
	autojson *spans = NULL;

	MUST(!spans_load(db, row, &spans, err));
	for (size_t i = 0; i < js_len(spans); i++) {
		autojson *v = otlp_span_json(js_at(spans, i));

		MUST(js_get_text(v, "trace_id") && js_get_text(v, "span_id"));
	}
}

/* Fails in the end, so that nothing stays. */
static int keep(struct db *of, void *arg, struct mlops_error *err)
{
	struct json *const *groups = arg;
	struct db_stmt *stmt;

	if (spans_put(of, 7, NULL, *groups, err))
		return -1;
	for (int64_t after = 0; db_row(of, &stmt, err, "SELECT min(id) FROM traces WHERE id > ?", "i", after) > 0;) {
		after = db_int(stmt, 0);
		db_done(stmt);
		if (!after)
			break;
		check_trace(after, err);
	}
	MUST(!err->kind);
	return err_set(err, MLOPS_ENO, "enough");
}

static void try(int (*read)(struct str, struct json **, struct mlops_error *), struct str body)
{
	autojson *groups = NULL;
	autoerr err = ERR_INIT;

	if (refused(read(body, &groups, &err), &err))
		return;
	MUST(db_transaction(db, keep, &groups, &err) == -1);
	MUST(err.kind == MLOPS_ENO || err.kind == MLOPS_EINVALID);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct str body = { (const char *)data, n };

	try(otlp_read_proto, body);
	try(otlp_read_json, body);
	return 0;
}
