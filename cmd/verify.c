/* mlops verify: everything in the store, and everything that the project needs from it. */
#include "base/num.h"
#include "cmd.h"
#include "mlops/registry.h"

struct faults {
	struct json *list; /* of texts */
	struct json *absent; /* of {"what","objects"} */
	struct store *store;
	bool print;
};

static void add_fault(const char *what, void *arg)
{
	struct faults *f = arg;

	js_push(f->list, js_str(what));
	if (f->print)
		printf("damaged: %s\n", what);
}

static int count_missing(const struct object_visit *v, void *arg, struct mlops_error *err)
{
	(void)err;
	*(int64_t *)arg += v->missing;
	return 0;
}

/* What is not here is no damage: a clone starts without, and pulls what it needs. */
static int check_root(const struct object_ref *ref, const char *why, void *arg,
		      struct mlops_error *err)
{
	struct faults *f = arg;
	int64_t missing = 0;

	if (mlops_object_visit(f->store, ref, count_missing, &missing, err)) {
		if (err->kind != MLOPS_ECORRUPT)
			return -1;
		autofree char *what = xasprintf("%s: %s", why, err->msg);

		mlops_error_clear(err);
		add_fault(what, f);
		return 0;
	}
	if (!missing)
		return 0;
	struct json *entry = js_obj();
	js_set(entry, "what", js_str(why));
	js_set(entry, "objects", js_int(missing));
	js_push(f->absent, entry);
	if (f->print)
		printf("not here: %s (%lld objects; get them with: mlops pull)\n", why,
		       (long long)missing);
	return 0;
}

static int print_json(const struct faults *f, const struct store_check *counts)
{
	struct json *v = js_obj();

	js_set(v, "ok", js_bool(!js_len(f->list)));
	js_set(v, "objects", js_int((int64_t)counts->objects));
	js_set(v, "bytes", js_int((int64_t)counts->bytes));
	js_set(v, "damaged", js_ref(f->list));
	js_set(v, "absent", js_ref(f->absent));
	return cmd_print_json(v);
}

static int verify_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	autojson *list = js_arr(), *absent = js_arr();
	struct faults f = { .list = list, .absent = absent, .print = !ctx->common.json };
	struct store_check counts;
	char size[NUM_SIZE];

	(void)opts;
	if (mlops_store_of(ctx->project, &f.store, err) ||
	    mlops_store_verify(f.store, add_fault, &f, &counts, err) ||
	    mlops_roots_visit(ctx->project, check_root, &f, err))
		return -1;
	if (ctx->common.json)
		print_json(&f, &counts);
	else
		printf("%llu objects, %s, %zu damaged\n", (unsigned long long)counts.objects,
		       num_format_bytes(counts.bytes, size), js_len(list));
	return js_len(list) ? CMD_EXIT_NO : 0;
}

const struct cmd_spec cmd_verify = {
	.group = "data", .name = "verify", .summary = "check all stored content against its names",
	.flags = CMD_LOCK_READ | CMD_JSON, .run = verify_run,
};
