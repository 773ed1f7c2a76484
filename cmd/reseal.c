/* mlops reseal: seals the store, opens it up, or changes its key. */
#include "base/num.h"
#include "cmd.h"
#include "mlops/store.h"

struct reseal_opts {
	const char *old_key;
	bool dry_run;
};

static const struct opt_spec reseal_optv[] = {
	OPT(reseal_opts, old_key, .name = "old-key", .type = OPT_STR, .meta = "FILE", .complete = "path", .no_config = true, .help = "file of the key that the store was sealed with before"),
	OPT(reseal_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL, .no_config = true, .help = "say what would be done and do nothing"),
	OPT_END,
};

static int reseal_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct reseal_opts *o = opts;
	const struct reseal_how how = { .old_key = o->old_key, .dry_run = o->dry_run };
	struct reseal_counts counts;
	char size[NUM_SIZE];

	if (mlops_store_reseal(ctx->project, &how, &counts, err))
		return -1;
	if (ctx->common.json) {
		struct json *v = js_obj();

		js_set(v, "dry_run", js_bool(o->dry_run));
		js_set(v, "objects", js_int((int64_t)counts.objects));
		js_set(v, "bytes", js_int((int64_t)counts.bytes));
		return cmd_print_json(v);
	}
	printf("%llu object%s, %s, %s written anew\n", (unsigned long long)counts.objects,
	       counts.objects == 1 ? "" : "s", num_format_bytes(counts.bytes, size),
	       o->dry_run ? "would be" : counts.objects == 1 ? "was" : "were");
	return 0;
}

const struct cmd_spec cmd_reseal = {
	.group = "data", .name = "reseal",
	.summary = "encrypt the store, decrypt it, or change its key",
	.flags = CMD_LOCK_WRITE | CMD_JSON, .opts = reseal_optv,
	.opts_size = sizeof(struct reseal_opts), .run = reseal_run,
};
