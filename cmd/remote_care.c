/* mlops remote gc and verify: looking after what a remote holds. */
#include "base/num.h"
#include "cli/progress.h"
#include "cli/term.h"
#include "mlops/registry.h"
#include "mlops/remote.h"
#include "remote_care.h"

struct remote_gc_opts {
	const char *name;
	int64_t keep_within, grace;
	bool dry_run, yes;
};

static const struct opt_spec gc_optv[] = {
	OPT(remote_gc_opts, keep_within, .name = "keep-within", .type = OPT_DURATION, .meta = "TIME", .def = "14d", .help = "keep what was pushed this short a time ago, whatever names it"),
	OPT(remote_gc_opts, grace, .name = "grace", .type = OPT_DURATION, .meta = "TIME", .def = "14d", .help = "remove what was marked this long ago; a day at least, and longer than a push takes"),
	OPT(remote_gc_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL, .no_config = true, .help = "say what would be marked, and change nothing"),
	OPT(remote_gc_opts, yes, .name = "yes", .letter = 'y', .type = OPT_BOOL, .no_config = true, .help = "do not ask"),
	OPT_END,
};

static const struct arg_spec gc_argv[] = {
	ARG(remote_gc_opts, name, .name = "NAME", .max = 1, .complete = "remote", .help = "the remote to clean up; the default one when none is named"),
	ARG_END,
};

typedef VEC(struct object_ref) ref_vec;

static int add_root(const struct root *root, void *arg, struct mlops_error *err)
{
	(void)err;
	vec_push((ref_vec *)arg, root->ref);
	return 0;
}

static bool ask(const struct remote_gc_counts *c, void *arg)
{
	char answer[16];

	(void)arg;
	fprintf(stderr, "%llu object%s there that this project does not name. Drop them? [y/N] ",
		(unsigned long long)c->objects, c->objects == 1 ? " is" : "s are");
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int print_gc_json(const struct remote_gc_opts *o, const struct remote_gc_counts *c)
{
	struct json *v = js_obj();

	js_set(v, "objects", js_int((int64_t)c->objects));
	js_set(v, "kept", js_int((int64_t)c->kept));
	js_set(v, "moved", js_int((int64_t)c->moved));
	js_set(v, "blocks", js_int((int64_t)c->blocks));
	js_set(v, "bytes", js_int((int64_t)c->bytes));
	js_set(v, "removed_blocks", js_int((int64_t)c->removed_blocks));
	js_set(v, "removed_bytes", js_int((int64_t)c->removed_bytes));
	js_set(v, "dry_run", js_bool(o->dry_run));
	return cmd_print_json(v);
}

static void print_gc(const struct remote_gc_opts *o, const struct remote_gc_counts *c)
{
	char size[NUM_SIZE];

	printf("%s: %llu object%s, %llu block%s of %s; %llu kept\n",
	       o->dry_run ? "would be dropped" : "dropped", (unsigned long long)c->objects,
	       c->objects == 1 ? "" : "s", (unsigned long long)c->blocks,
	       c->blocks == 1 ? "" : "s", num_format_bytes(c->bytes, size),
	       (unsigned long long)c->kept);
	if (c->removed_blocks)
		printf("removed: %llu block%s of %s, marked before\n",
		       (unsigned long long)c->removed_blocks, c->removed_blocks == 1 ? "" : "s",
		       num_format_bytes(c->removed_bytes, size));
}

static int gc_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct remote_gc_opts *o = opts;
	struct remote_gc_how how = { .remote = o->name,
				     .keep_within_ms = o->keep_within,
				     .grace_ms = o->grace,
				     .dry_run = o->dry_run };
	struct remote_gc_counts counts;
	ref_vec refs = { 0 };

	if (!o->yes && term_is_tty(stdin) && term_is_tty(stderr))
		how.confirm = ask;
	int rc = mlops_roots_visit_kept(ctx->project, add_root, &refs, err);
	if (!rc)
		rc = mlops_remote_gc(ctx->project, refs.v, refs.n, &how, &counts, err);
	vec_free(&refs);
	if (rc)
		return -1;
	if (ctx->common.json)
		return print_gc_json(o, &counts);
	print_gc(o, &counts);
	return 0;
}

const struct cmd_spec cmd_remote_gc = {
	.name = "gc", .summary = "drop what nothing names from a remote",
	.flags = CMD_PROJECT | CMD_LOCK_WRITE | CMD_JSON, .opts = gc_optv, .args = gc_argv,
	.opts_size = sizeof(struct remote_gc_opts), .run = gc_run,
};

struct remote_verify_opts {
	const char *name;
	bool read_data, repair;
};

static const struct opt_spec verify_optv[] = {
	OPT(remote_verify_opts, read_data, .name = "read-data", .type = OPT_BOOL, .no_config = true, .help = "read every byte that is there"),
	OPT(remote_verify_opts, repair, .name = "repair", .type = OPT_BOOL, .no_config = true, .help = "mark what is damaged, so that the next push sends it again"),
	OPT_END,
};

static const struct arg_spec verify_argv[] = {
	ARG(remote_verify_opts, name, .name = "NAME", .max = 1, .complete = "remote", .help = "the remote to look through; the default one when none is named"),
	ARG_END,
};

static void add_fault(const char *what, void *arg)
{
	strlist_add(arg, what);
}

static int print_verify_json(const struct remote_check_counts *c, const struct strlist *faults)
{
	struct json *v = js_obj(), *list = js_arr();

	js_set(v, "ok", js_bool(!c->damaged));
	js_set(v, "objects", js_int((int64_t)c->objects));
	js_set(v, "blocks", js_int((int64_t)c->blocks));
	js_set(v, "bytes", js_int((int64_t)c->bytes));
	for (size_t i = 0; i < faults->n; i++)
		js_push(list, js_str(faults->v[i]));
	js_set(v, "damaged", list);
	return cmd_print_json(v);
}

static void print_verify(const struct remote_verify_opts *o, const struct remote_check_counts *c,
			 const struct strlist *faults)
{
	char size[NUM_SIZE];

	for (size_t i = 0; i < faults->n; i++)
		printf("%s\n", faults->v[i]);
	printf("%llu object%s in %llu block%s of %s%s, %llu damaged\n",
	       (unsigned long long)c->objects, c->objects == 1 ? "" : "s",
	       (unsigned long long)c->blocks, c->blocks == 1 ? "" : "s",
	       num_format_bytes(c->bytes, size), o->read_data ? ", all read" : "",
	       (unsigned long long)c->damaged);
}

static int verify_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct remote_verify_opts *o = opts;
	autostrlist faults = { 0 };
	const struct remote_verify_how how = { .remote = o->name,
					       .read_data = o->read_data,
					       .repair = o->repair,
					       .report = add_fault,
					       .arg = &faults };
	struct remote_check_counts counts;

	if (mlops_remote_verify(ctx->project, &how, &counts, err))
		return -1;
	strlist_sort(&faults);
	if (ctx->common.json)
		print_verify_json(&counts, &faults);
	else
		print_verify(o, &counts, &faults);
	return counts.damaged ? CMD_EXIT_NO : 0;
}

const struct cmd_spec cmd_remote_verify = {
	.name = "verify", .summary = "see whether what a remote is to have is there",
	.flags = CMD_PROJECT | CMD_LOCK_READ | CMD_JSON, .opts = verify_optv, .args = verify_argv,
	.opts_size = sizeof(struct remote_verify_opts), .run = verify_run,
};
