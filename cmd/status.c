/* mlops status */
#include "base/log.h"
#include "base/path.h"
#include "base/vec.h"
#include "cmd.h"
#include "dvc.h"
#include "mlops/workspace.h"
#include "paths.h"

struct status_opts {
	struct opt_strs paths;
	bool brief, details, exit_code;
};

static const struct opt_spec status_optv[] = {
	OPT(status_opts, brief, .name = "short", .letter = 's', .type = OPT_BOOL,
	    .help = "two letters a path: its pointer against HEAD, its data against the pointer"),
	OPT(status_opts, details, .name = "long", .letter = 'l', .type = OPT_BOOL,
	    .help = "show changed pointers too, and what can be done about each change"),
	OPT(status_opts, exit_code, .name = "exit-code", .type = OPT_BOOL,
	    .help = "exit with 3 when any data differs"),
	OPT_END,
};

static const struct arg_spec status_argv[] = {
	ARG(status_opts, paths, .name = "PATH", .max = ARGS_ANY, .complete = "path",
	    .help = "tracked paths, or folders that hold some (default: all)"),
	ARG_END,
};

static const char *const kind_names[] = { "clean",   "modified", "added", "deleted",
					  "missing", "type",     "absent" };
static const char kind_letters[] = " MAD!T-";

struct change {
	char *path, *target; /* of the data; target NULL: of its pointer */
	enum status_kind kind;
	bool staged;    /* of a pointer */
	uint64_t files; /* STATUS_ABSENT */
};

struct report {
	VEC(struct change) data, pointers;
	size_t changed, missing, absent; /* of the data */
};

static int take(const struct status_entry *e, void *arg, struct mlops_error *err)
{
	struct report *r = arg;

	(void)err;
	r->changed += e->kind != STATUS_ABSENT;
	r->missing += e->kind == STATUS_MISSING;
	r->absent += e->kind == STATUS_ABSENT;
	vec_push(&r->data, { xstrdup(e->path), xstrdup(e->target), e->kind, false, e->files });
	return 0;
}

static int take_pointer(const struct pointer_status *s, void *arg, struct mlops_error *err)
{
	struct report *r = arg;

	(void)err;
	if (s->staged)
		vec_push(&r->pointers, { xstrdup(s->path), NULL, s->staged, true, 0 });
	if (s->unstaged)
		vec_push(&r->pointers, { xstrdup(s->path), NULL, s->unstaged, false, 0 });
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return path_compare(((const struct change *)a)->path, ((const struct change *)b)->path);
}

static void print_change(const char *indent, const struct change *c)
{
	autofree char *path = cmd_show_path(c->path);

	if (c->kind == STATUS_ABSENT)
		printf("%snot here: %s (%llu file%s)\n", indent, path, (unsigned long long)c->files,
		       c->files == 1 ? "" : "s");
	else
		printf("%s%s: %s%s\n", indent, kind_names[c->kind], path,
		       c->target ? "" : ".mlops");
}

/* A letter is small for what git does not have staged. */
static void print_letters(const struct change *pointer, const struct change *data)
{
	autofree char *path = cmd_show_path(pointer ? pointer->path : data->path);
	char x = pointer ? kind_letters[pointer->kind] : ' ';

	if (pointer && !pointer->staged)
		x = (char)(x + ('a' - 'A'));
	printf("%c%c %s\n", x, data ? kind_letters[data->kind] : ' ', path);
}

/* Where a pointer differs twice, the work tree's state is told. */
static void print_short(struct report *r)
{
	size_t i = 0, k = 0;

	vec_sort(&r->pointers, by_path);
	vec_sort(&r->data, by_path);
	while (i < r->pointers.n || k < r->data.n) {
		const struct change *p = i < r->pointers.n ? &r->pointers.v[i] : NULL;
		const struct change *d = k < r->data.n ? &r->data.v[k] : NULL;
		int order = !p ? 1 : !d ? -1 : path_compare(p->path, d->path);

		i += order <= 0;
		if (order <= 0 && i < r->pointers.n && !strcmp(r->pointers.v[i].path, p->path))
			p = &r->pointers.v[i++];
		k += order >= 0;
		print_letters(order <= 0 ? p : NULL, order >= 0 ? d : NULL);
	}
}

enum section { SECTION_STAGED, SECTION_UNSTAGED, SECTION_DATA, SECTION_ABSENT, SECTIONS };

static const struct {
	const char *title, *hints[2];
} sections[SECTIONS] = {
	[SECTION_STAGED] = { "Pointers to be committed:",
			     { "\"git commit\" records them",
			       "\"git restore --staged <file>.mlops\" takes one back" } },
	[SECTION_UNSTAGED] = { "Pointers that are not staged for a commit:",
			       { "\"git add <file>.mlops\" stages one" } },
	[SECTION_DATA] = { "Data that is not as its pointers say:",
			   { "\"mlops track <path>\" records how it is now",
			     "\"mlops restore <path>\" makes it what it was" } },
	[SECTION_ABSENT] = { "Data that was never fetched:", { "\"mlops pull\" fetches it" } },
};

static enum section section_of(const struct change *c)
{
	if (!c->target)
		return c->staged ? SECTION_STAGED : SECTION_UNSTAGED;
	return c->kind == STATUS_ABSENT ? SECTION_ABSENT : SECTION_DATA;
}

static void print_section(enum section section, const struct change *v, size_t n, bool *any)
{
	bool started = false;

	for (size_t i = 0; i < n; i++) {
		if (section_of(&v[i]) != section)
			continue;
		if (!started) {
			printf("%s%s\n", *any ? "\n" : "", sections[section].title);
			for (int h = 0; h < 2 && sections[section].hints[h]; h++)
				printf("  (%s)\n", sections[section].hints[h]);
		}
		started = *any = true;
		print_change("    ", &v[i]);
	}
}

static void print_long(const struct report *r)
{
	bool any = false;

	for (enum section s = 0; s < SECTIONS; s++) {
		print_section(s, r->pointers.v, r->pointers.n, &any);
		print_section(s, r->data.v, r->data.n, &any);
	}
	if (!any)
		puts("nothing has changed");
}

static void print_lines(const struct report *r)
{
	for (size_t i = 0; i < r->data.n; i++)
		print_change("", &r->data.v[i]);
	if (!r->changed && !r->absent)
		puts("nothing has changed");
	if (r->missing)
		log_info("get what is missing with: mlops checkout");
	if (r->absent)
		log_info("get what is not here with: mlops pull");
}

static struct json *change_json(const struct change *c)
{
	struct json *obj = js_obj();

	js_set(obj, "kind", js_str(kind_names[c->kind]));
	js_set(obj, "path", js_str(c->path));
	if (c->target)
		js_set(obj, "target", js_str(c->target));
	else
		js_set(obj, "staged", js_bool(c->staged));
	if (c->kind == STATUS_ABSENT)
		js_set(obj, "files", js_int((int64_t)c->files));
	return obj;
}

static void print_json(const struct report *r)
{
	struct json *top = js_obj(), *changes = js_arr(), *pointers = js_arr();

	for (size_t i = 0; i < r->data.n; i++)
		js_push(changes, change_json(&r->data.v[i]));
	for (size_t i = 0; i < r->pointers.n; i++)
		js_push(pointers, change_json(&r->pointers.v[i]));
	js_set(top, "clean", js_bool(!r->changed));
	js_set(top, "changes", changes);
	js_set(top, "pointers", pointers);
	cmd_print_json(top);
}

static void report_clear(struct report *r)
{
	for (size_t i = 0; i < r->data.n; i++) {
		free(r->data.v[i].path);
		free(r->data.v[i].target);
	}
	for (size_t i = 0; i < r->pointers.n; i++)
		free(r->pointers.v[i].path);
	vec_free(&r->data);
	vec_free(&r->pointers);
}

static int gather(struct cmd_ctx *ctx, const struct status_opts *o, struct report *r,
		  struct mlops_error *err)
{
	bool pointers = o->brief || o->details || ctx->common.json;
	autodvcpaths split = { 0 };
	autostrlist paths = { 0 };

	if (cmd_relpaths(ctx->project, &o->paths, &paths, err) ||
	    dvc_paths_split(ctx->project, &paths, 0, &split, err))
		return -1;
	const char *const *v = (const char *const *)split.own.v;
	if (!split.skip_own && mlops_status(ctx->project, v, split.own.n, take, r, err))
		return -1;
	if (!split.skip_own && pointers &&
	    mlops_pointer_status(ctx->project, v, split.own.n, take_pointer, r, err))
		return -1;
	v = (const char *const *)split.theirs.v;
	return split.dvc ? mlops_dvc_status(split.dvc, v, split.theirs.n, take, r, err) : 0;
}

static int status_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct status_opts *o = opts;
	struct report r = { 0 };
	int rc;

	if (o->brief && o->details)
		return err_set(err, MLOPS_EUSAGE, "--short and --long exclude each other");
	rc = gather(ctx, o, &r, err);
	if (!rc && ctx->common.json)
		print_json(&r);
	else if (!rc && o->brief)
		print_short(&r);
	else if (!rc && o->details)
		print_long(&r);
	else if (!rc)
		print_lines(&r);
	if (!rc && o->exit_code && r.changed)
		rc = CMD_EXIT_NO;
	report_clear(&r);
	return rc;
}

const struct cmd_spec cmd_status = {
	.group = "data",
	.name = "status",
	.summary = "show how tracked data differs from its pointers",
	.flags = CMD_LOCK_READ | CMD_DVC | CMD_JSON,
	.opts = status_optv,
	.args = status_argv,
	.opts_size = sizeof(struct status_opts),
	.run = status_run,
};
