/* mlops repack */
#include "base/num.h"
#include "cmd.h"
#include "mlops/store.h"

struct repack_opts {
	bool dry_run;
};

static const struct opt_spec repack_optv[] = {
	OPT(repack_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL, .no_config = true, .help = "say what would be joined and change nothing"),
	OPT_END,
};

static int print_json(const struct repack_opts *o, const struct repack_counts *c)
{
	struct json *v = js_obj();

	js_set(v, "packs_before", js_int((int64_t)c->packs_before));
	js_set(v, "packs_after", js_int((int64_t)c->packs_after));
	js_set(v, "objects", js_int((int64_t)c->objects));
	js_set(v, "duplicates", js_int((int64_t)c->duplicates));
	js_set(v, "freed", js_int(c->freed));
	js_set(v, "dry_run", js_bool(o->dry_run));
	return cmd_print_json(v);
}

static int repack_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct repack_opts *o = opts;
	struct repack_counts c;
	char size[NUM_SIZE];

	if (mlops_repack(ctx->project, o->dry_run, &c, err))
		return -1;
	if (ctx->common.json)
		return print_json(o, &c);
	if (!c.objects) {
		printf("nothing to join\n");
		return 0;
	}
	printf("%s%llu object%s, %llu pack%s before, %llu after", o->dry_run ? "would join " : "joined ",
	       (unsigned long long)c.objects, c.objects == 1 ? "" : "s",
	       (unsigned long long)c.packs_before, c.packs_before == 1 ? "" : "s",
	       (unsigned long long)c.packs_after);
	if (c.freed > 0)
		printf("; %s freed", num_format_bytes((uint64_t)c.freed, size));
	printf("\n");
	return 0;
}

const struct cmd_spec cmd_repack = {
	.group = "data", .name = "repack", .summary = "join the packs of the store",
	.flags = CMD_LOCK_WRITE | CMD_JSON, .opts = repack_optv,
	.opts_size = sizeof(struct repack_opts), .run = repack_run,
};
