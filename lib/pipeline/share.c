/* Asking a remote for results, and giving it ours. */
#include "pipeline/share.h"

#include "base/log.h"
#include "mlops/config.h"
#include "mlops/pipeline.h"
#include "mlops/remote.h"
#include "pipeline/difference.h"
#include "pipeline/state.h"
#include "project/project.h"
#include "remote/remote.h"

void share_init(struct share *share, struct project *project)
{
	const char *name = mlops_config_lookup(project, "run.sharedCache");

	*share = (struct share){ .project = project, .name = name && *name ? name : NULL };
}

void share_close(struct share *share)
{
	remote_results_close(share->remote);
	share->remote = NULL;
}

static void give_up(struct share *share, const struct mlops_error *why)
{
	share->failed = true;
	log_warn("results are not shared now: %s", why->msg);
}

/* The remote, or NULL when there is none to ask. */
static struct remote *connection(struct share *share)
{
	autoerr err = ERR_INIT;

	if (!share->name || share->failed)
		return NULL;
	if (!share->remote &&
	    remote_results_open(share->project, share->name, &share->remote, &err))
		give_up(share, &err);
	return share->remote;
}

/*
 * One file, of just what is declared, that says itself that it came of these inputs. Where its
 * objects lie is not its to say.
 */
static bool is_result_of(struct lock_stage *stage, const struct spec_stage *spec,
			 const struct oid *key)
{
	autoerr ignored = ERR_INIT;
	struct oid own;

	if (stage->n_outs != spec->outs.n)
		return false;
	for (size_t i = 0; i < spec->outs.n; i++) {
		struct lock_item *out =
			lock_items_find(stage->outs, stage->n_outs, spec->outs.v[i].path);

		if (!out)
			return false;
		out->place = spec->outs.v[i].place;
	}
	return !results_key(spec, stage, &own, &ignored) && mlops_oid_equal(&own, key);
}

/* The outs' objects; NULL when some are kept from all remotes. New. */
static struct placed_ref *placed_outs(const struct lock_stage *stage)
{
	struct placed_ref *refs = xcalloc(stage->n_outs, sizeof(*refs));

	for (size_t i = 0; i < stage->n_outs; i++) {
		const struct lock_item *out = &stage->outs[i];

		if (out->place.no_push) {
			free(refs);
			return NULL;
		}
		refs[i] = (struct placed_ref){ out->ref, out->place };
	}
	return refs;
}

/* All outs' objects into the local store. */
static bool fetch_outs(struct share *share, const struct lock_stage *stage)
{
	const struct transfer_how how = { .remote = share->name };
	autofree struct placed_ref *refs = placed_outs(stage);
	struct transfer_counts counts;
	autoerr err = ERR_INIT;

	if (!refs)
		return false;
	int rc = mlops_fetch_placed(share->project, refs, stage->n_outs, &how, &counts, &err);
	if (rc && err.kind != MLOPS_ENOTFOUND)
		give_up(share, &err);
	return !rc;
}

static bool read_result(struct share *share, struct remote *remote, const struct spec_stage *spec,
			const struct oid *key, struct lockfile *out)
{
	autoerr err = ERR_INIT;
	autobuf text = { 0 };

	if (remote_result_get(remote, key, &text, &err)) {
		if (err.kind != MLOPS_ENOTFOUND)
			give_up(share, &err);
		return false;
	}
	return results_parse(text.buf ? text.buf : "", text.len, out) &&
	       is_result_of(out->stages, spec, key);
}

void share_find(struct share *share, const struct spec_stage *spec, const struct lock_stage *now,
		struct lockfile *out, bool *found)
{
	struct remote *remote = spec->outs.n ? connection(share) : NULL;
	struct lockfile result = { 0 };
	autoerr err = ERR_INIT;
	struct oid key;

	*found = false;
	if (!remote || results_key(spec, now, &key, &err))
		return;
	*found = read_result(share, remote, spec, &key, &result) &&
		 fetch_outs(share, result.stages) &&
		 !results_put(share->project, spec, result.stages, &err);
	if (*found)
		*out = result;
	else
		mlops_lockfile_clear(&result);
}

bool share_fetch(struct share *share, const struct lock_stage *result)
{
	if (!connection(share))
		return false;
	fetch_outs(share, result); /* of outs that are in git the remote may lack the objects */
	return !share->failed;
}

static bool has_objects(struct project *project, const struct lock_stage *stage)
{
	autoerr ignored = ERR_INIT;
	struct store *store;

	if (mlops_store_of(project, &store, &ignored))
		return false;
	for (size_t i = 0; i < stage->n_outs; i++)
		if (!mlops_store_has(store, &stage->outs[i].ref.oid))
			return false;
	return true;
}

static int send(struct share *share, struct remote *remote, const struct oid *key,
		const struct lock_stage *result, struct mlops_error *err)
{
	const struct transfer_how how = { .remote = share->name };
	const struct lockfile one = { .stages = (struct lock_stage *)result, .n = 1 };
	autofree struct placed_ref *refs = placed_outs(result);
	struct transfer_counts counts;
	autobuf text = { 0 };

	if (!refs)
		return 0;
	if (mlops_push_placed(share->project, refs, result->n_outs, &how, &counts, err))
		return -1;
	lockfile_format(&one, &text);
	return remote_result_put(remote, key, &text, err);
}

void share_put(struct share *share, const struct oid *key, const struct lock_stage *result)
{
	struct remote *remote =
		result->n_outs && share->name && has_objects(share->project, result) ?
			connection(share) :
			NULL;
	autoerr err = ERR_INIT;

	if (remote && send(share, remote, key, result, &err))
		give_up(share, &err);
}

/* Whether the project has pinned these outs. */
static bool is_pinned(struct lockfile *lock, const struct lock_stage *result)
{
	const struct lock_stage *pinned = mlops_lockfile_find(lock, result->name);

	if (!pinned || pinned->n_outs != result->n_outs)
		return false;
	for (size_t i = 0; i < result->n_outs; i++)
		if (strcmp(pinned->outs[i].path, result->outs[i].path) ||
		    !object_ref_same(&pinned->outs[i].ref, &result->outs[i].ref))
			return false;
	return true;
}

struct sharing {
	struct share share;
	struct lockfile lock;
};

static void share_pinned(const struct oid *key, const struct lock_stage *result, void *arg)
{
	struct sharing *to = arg;

	if (is_pinned(&to->lock, result))
		share_put(&to->share, key, result);
}

int mlops_results_share(struct project *project, const char *remote, struct mlops_error *err)
{
	struct sharing to = { 0 };

	share_init(&to.share, project);
	if (!to.share.name || (remote && strcmp(to.share.name, remote)))
		return 0;
	if (mlops_lockfile_read(project, &to.lock, err))
		return -1;
	int rc = results_each(project, share_pinned, &to, err);
	mlops_lockfile_clear(&to.lock);
	share_close(&to.share);
	return rc;
}
