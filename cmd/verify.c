/* mlops verify: everything in the store, and everything that the project needs from it. */
#include "base/log.h"
#include "base/num.h"
#include "mlops/project.h"
#include "mlops/registry.h"
#include "transfer.h"

struct verify_opts {
	bool repair;
	const char *remote;
};

static const struct opt_spec verify_optv[] = {
	OPT(verify_opts, repair, .name = "repair", .type = OPT_BOOL, .no_config = true, .help = "mend what is damaged, and fetch what is not here"),
	OPT(verify_opts, remote, .name = "remote", .letter = 'r', .type = OPT_STR, .meta = "NAME", .complete = "remote", .help = "repair from this remote (default: core.remote, or the only one)"),
	OPT_END,
};

struct faults {
	struct json *list; /* of texts */
	struct json *absent; /* of {"what","objects"} */
	struct store *store, *unkeyed; /* unkeyed: the same, or NULL */
	bool print;
};

/* What a repair did. */
struct repair {
	struct json *found; /* of texts: the damage there was before */
	struct transfer_counts fetched;
	struct oid *lost;
	size_t n_lost;
};

static void add_fault(const char *what, void *arg)
{
	struct faults *f = arg;

	js_push(f->list, js_str(what));
	if (f->print)
		printf("damaged: %s\n", what);
}

/* What is not here is no damage: a clone starts without, and pulls what it needs. */
static int check_root(const struct root *root, void *arg, struct mlops_error *err)
{
	struct faults *f = arg;
	uint64_t missing;

	if (mlops_object_missing(f->store, &root->ref, &missing, err)) {
		if (err->kind != MLOPS_ECORRUPT)
			return -1;
		autofree char *what = xasprintf("%s: %s", root->why, err->msg);

		mlops_error_clear(err);
		add_fault(what, f);
		return 0;
	}
	if (!missing)
		return 0;
	struct json *entry = js_obj();
	js_set(entry, "what", js_str(root->why));
	js_set(entry, "objects", js_int((int64_t)missing));
	js_push(f->absent, entry);
	if (f->print)
		printf("not here: %s (%llu objects; %s)\n", root->why,
		       (unsigned long long)missing,
		       mlops_place_has_remote(&root->place) ? "get them with: mlops pull" :
							      "at no remote");
	return 0;
}

/* Without any remote, what is damaged is only put aside. */
static int fetch(struct cmd_ctx *ctx, const struct verify_opts *o, struct repair *r,
		 struct mlops_error *err)
{
	struct transfer_how how = { .remote = o->remote };
	struct remote_info *remotes;
	struct progress progress;
	size_t n;

	if (mlops_remotes_list(ctx->project, &remotes, &n, err))
		return -1;
	mlops_remotes_free(remotes, n);
	if (!n && !o->remote)
		return 0;
	cmd_transfer_how(&how, &progress);
	progress_start(&progress, "fetching", ctx->common.quiet);
	int rc = mlops_repair(ctx->project, r->lost, r->n_lost, &how, &r->fetched, err);
	progress_end(&progress);
	return rc;
}

static int repair(struct cmd_ctx *ctx, const struct verify_opts *o, const struct faults *f,
		  struct repair *r, struct store_check *counts, struct mlops_error *err)
{
	struct faults found = *f;

	found.list = r->found;
	if (mlops_store_repair(f->store, add_fault, &found, counts, err) ||
	    mlops_store_lost(f->store, &r->lost, &r->n_lost, err) || fetch(ctx, o, r, err))
		return -1;
	free(steal_ptr(&r->lost));
	return mlops_store_lost(f->store, &r->lost, &r->n_lost, err);
}

static struct json *lost_names(const struct repair *r)
{
	struct json *names = js_arr();
	char hex[MLOPS_OID_HEX + 1];

	for (size_t i = 0; i < r->n_lost; i++) {
		autofree char *name = xasprintf("sha256:%s", mlops_oid_hex(&r->lost[i], hex));

		js_push(names, js_str(name));
	}
	return names;
}

static int print_json(const struct faults *f, const struct store_check *counts,
		      const struct repair *r)
{
	struct json *v = js_obj();

	js_set(v, "ok", js_bool(!js_len(f->list) && !r->n_lost));
	js_set(v, "objects", js_int((int64_t)counts->objects));
	js_set(v, "bytes", js_int((int64_t)counts->bytes));
	js_set(v, "plain", js_int((int64_t)counts->plain));
	js_set(v, "unopened", js_int((int64_t)counts->unopened));
	js_set(v, "damaged", js_ref(f->list));
	js_set(v, "absent", js_ref(f->absent));
	if (r->found) {
		js_set(v, "found", js_ref(r->found));
		js_set(v, "fetched", js_int((int64_t)r->fetched.objects));
		js_set(v, "lost", lost_names(r));
	}
	return cmd_print_json(v);
}

static void print(const struct faults *f, const struct store_check *counts, const struct repair *r)
{
	char size[NUM_SIZE], hex[MLOPS_OID_HEX + 1];

	for (size_t i = 0; i < r->n_lost; i++)
		printf("lost: object sha256:%s\n", mlops_oid_hex(&r->lost[i], hex));
	if (counts->plain)
		printf("not sealed: %llu objects (seal them with: mlops reseal)\n",
		       (unsigned long long)counts->plain);
	printf("%llu objects, %s, %zu damaged", (unsigned long long)counts->objects,
	       num_format_bytes(counts->bytes, size), js_len(f->list));
	if (r->found)
		printf("; %llu fetched, %zu lost", (unsigned long long)r->fetched.objects,
		       r->n_lost);
	putchar('\n');
}

static int not_opened(uint64_t n, struct mlops_error *err)
{
	err_set(err, MLOPS_EKEY,
		"of %llu sealed objects only the form was checked: their bytes need the key",
		(unsigned long long)n);
	return err_hint(err, "name its file: mlops config --local core.keyFile FILE");
}

/* Also tells the result: after a repair, of what is there then. */
static int verify(struct cmd_ctx *ctx, const struct verify_opts *o, struct faults *f,
		  struct repair *r, struct mlops_error *err)
{
	struct store_check counts;

	if (o->repair && repair(ctx, o, f, r, &counts, err))
		return -1;
	bool known = o->repair && !js_len(r->found) && !r->fetched.objects;
	if ((!known && mlops_store_verify(f->store, add_fault, f, &counts, err)) ||
	    (!f->unkeyed && mlops_roots_visit(ctx->project, check_root, f, err)))
		return -1;
	if (ctx->common.json)
		print_json(f, &counts, r);
	else
		print(f, &counts, r);
	bool incomplete = o->repair && (r->n_lost || js_len(f->absent));
	if (js_len(f->list) || incomplete)
		return CMD_EXIT_NO;
	return counts.unopened ? not_opened(counts.unopened, err) : 0;
}

/* Of a store whose key is not to be had: what can be seen from outside. */
static int open_store(struct project *project, bool repair, struct faults *f,
		      struct mlops_error *err)
{
	autofree char *dir = mlops_store_dir(project);

	if (!mlops_store_of(project, &f->store, err))
		return 0;
	if (err->kind != MLOPS_EKEY || repair)
		return -1;
	log_warn("%s", err->msg);
	mlops_error_clear(err);
	if (mlops_store_open_unkeyed(dir, &f->unkeyed, err))
		return -1;
	f->store = f->unkeyed;
	return 0;
}

static int verify_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct verify_opts *o = opts;
	autojson *list = js_arr(), *absent = js_arr(), *found = o->repair ? js_arr() : NULL;
	struct faults f = { .list = list, .absent = absent, .print = !ctx->common.json };
	struct repair r = { .found = found };

	if (mlops_project_lock(ctx->project, o->repair, err) ||
	    open_store(ctx->project, o->repair, &f, err) ||
	    (o->repair && mlops_project_lock_store(ctx->project, err)))
		return -1;
	int rc = verify(ctx, o, &f, &r, err);
	mlops_store_free(f.unkeyed);
	free(r.lost);
	return rc;
}

const struct cmd_spec cmd_verify = {
	.group = "data", .name = "verify", .summary = "check all stored content against its names",
	.flags = CMD_PROJECT | CMD_JSON, .opts = verify_optv,
	.opts_size = sizeof(struct verify_opts), .run = verify_run,
};
