/* mlops gc */
#include "base/log.h"
#include "base/num.h"
#include "cli/term.h"
#include "cmd.h"
#include "mlops/registry.h"

#define MANY_PACKS 50

struct gc_opts {
	int64_t keep_within, quarantine;
	bool dry_run, allow_missing, yes;
};

static const struct opt_spec gc_optv[] = {
	OPT(gc_opts, keep_within, .name = "keep-within", .type = OPT_DURATION, .meta = "TIME", .def = "14d", .help = "keep what was stored this short a time ago, whatever names it"),
	OPT(gc_opts, quarantine, .name = "quarantine", .type = OPT_DURATION, .meta = "TIME", .def = "7d", .help = "in a shared store, put garbage aside for so long before it is removed"),
	OPT(gc_opts, allow_missing, .name = "allow-missing", .type = OPT_BOOL, .help = "go on when a folder's listing is not here, so that what it names is not known"),
	OPT(gc_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL, .no_config = true, .help = "say what would be removed and remove nothing"),
	OPT(gc_opts, yes, .name = "yes", .letter = 'y', .type = OPT_BOOL, .no_config = true, .help = "do not ask"),
	OPT_END,
};

static bool ask(const struct gc_counts *counts, void *arg)
{
	char answer[16], size[NUM_SIZE];

	(void)arg;
	fprintf(stderr, "Remove %llu object%s that nothing names, %s? [y/N] ",
		(unsigned long long)counts->objects, counts->objects == 1 ? "" : "s",
		num_format_bytes(counts->bytes, size));
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int print_json(const struct gc_opts *o, const struct gc_counts *c)
{
	struct json *v = js_obj();

	js_set(v, "objects", js_int((int64_t)c->objects));
	js_set(v, "bytes", js_int((int64_t)c->bytes));
	js_set(v, "named", js_int((int64_t)c->named));
	js_set(v, "young", js_int((int64_t)c->young));
	js_set(v, "left_bytes", js_int((int64_t)c->left_bytes));
	js_set(v, "missing_listings", js_int((int64_t)c->absent_trees));
	js_set(v, "packs", js_int((int64_t)c->packs));
	js_set(v, "quarantined", js_bool(c->quarantined));
	js_set(v, "dry_run", js_bool(o->dry_run));
	return cmd_print_json(v);
}

static void print(const struct gc_opts *o, const struct gc_counts *c)
{
	const char *verb = c->quarantined ? "put aside" : "removed";
	char size[NUM_SIZE];

	printf("%s%s: %llu object%s, %s; %llu kept\n", o->dry_run ? "would be " : "", verb,
	       (unsigned long long)c->objects, c->objects == 1 ? "" : "s",
	       num_format_bytes(c->bytes, size), (unsigned long long)(c->named + c->young));
	if (c->young)
		printf("%llu of these for their age alone (--keep-within)\n",
		       (unsigned long long)c->young);
	if (c->left_bytes)
		printf("%s of garbage left in packs that hold far more than that\n",
		       num_format_bytes(c->left_bytes, size));
}

static void note(const struct gc_counts *c)
{
	if (c->absent_trees)
		log_info("%llu listing%s of folders that are named %s not here", (unsigned long long)c->absent_trees,
			 c->absent_trees == 1 ? "" : "s", c->absent_trees == 1 ? "is" : "are");
	if (c->packs > MANY_PACKS)
		log_info("the store has %llu packs; join them with: mlops repack",
			 (unsigned long long)c->packs);
}

static int gc_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct gc_opts *o = opts;
	struct gc_how how = {
		.keep_within_ms = o->keep_within,
		.quarantine_ms = o->quarantine,
		.dry_run = o->dry_run,
		.allow_absent = o->allow_missing,
	};
	struct gc_counts counts;

	if (!o->yes && term_is_tty(stdin) && term_is_tty(stderr))
		how.confirm = ask;
	if (mlops_gc(ctx->project, &how, &counts, err))
		return -1;
	note(&counts);
	if (ctx->common.json)
		return print_json(o, &counts);
	print(o, &counts);
	return 0;
}

const struct cmd_spec cmd_gc = {
	.group = "data", .name = "gc", .summary = "remove stored content that nothing names",
	.flags = CMD_LOCK_WRITE | CMD_JSON, .opts = gc_optv, .opts_size = sizeof(struct gc_opts),
	.run = gc_run,
};
