/* A hub's model or data set as the origin of tracked data. */
#include "mlops/workspace.h"
#include "remote/hf/hf.h"
#include "remote/origin/origin.h"
#include "store/origin.h"

static char *url_of(const struct origin *o)
{
	return o->rev ? xasprintf("%s@%s", o->url, o->rev) : xstrdup(o->url);
}

int origin_hub_name(struct project *project, const struct origin *o, char **commit, struct mlops_error *err)
{
	static const struct hub_how how;
	autofree char *url = url_of(o);
	struct hub_result result;
	autohub *h = NULL;

	if (hub_open(project, url, &how, &result, &h, err) || hub_commit(h, h->rev, result.commit, err))
		return -1;
	*commit = xstrdup(result.commit);
	return 0;
}

static void ignore_pointer(const struct pointer *p, bool unchanged, void *arg)
{
	(void)p, (void)unchanged, (void)arg;
}

int origin_hub_bring(struct project *project, struct origin *o, const char *path, const struct hub_how *how,
		     struct object_ref *out, struct hub_result *result, struct mlops_error *err)
{
	autofree char *url = url_of(o);

	if (mlops_hub_fetch(project, url, how, out, result, err) ||
	    mlops_workspace_restore(project, path, out, err) ||
	    mlops_track(project, &path, 1, 0, ignore_pointer, NULL, err))
		return -1;
	free(o->commit);
	o->commit = xstrdup(result->commit);
	return origin_write(project, path, o, err);
}

int mlops_hub_import(struct project *project, const char *url, const char *path, const struct hub_how *how,
		     struct object_ref *out, struct hub_result *result, struct mlops_error *err)
{
	const char *at = strchr(url, '@');
	autoorigin o = { .url = at ? xstrndup(url, (size_t)(at - url)) : xstrdup(url),
			 .path = xstrdup(""),
			 .rev = at ? xstrdup(at + 1) : NULL };

	for (size_t i = 0; how->include && how->include[i]; i++)
		strlist_add(&o.include, how->include[i]);
	return origin_hub_bring(project, &o, path, how, out, result, err);
}
