/* The versions of a file that a merge of git's left unresolved. */
#include "git/private.h"

int git_conflict(struct git_repo *r, const char *path, size_t max, struct git_conflict *out,
		 struct mlops_error *err)
{
	autofree char *full = xasprintf("%s%s", r->prefix, path);
	autoindex *index = NULL;
	bool any = false;

	if (git_read_index(r, &index, err))
		return -1;
	for (int i = 0; i < GIT_SIDES; i++) {
		const git_index_entry *e = git_index_get_bypath(index, full, i + 1);
		out->there[i] = e;
		if (!e)
			continue;
		any = true;
		struct git_id id = git_id_of(&e->id);
		if (git_read_blob(r, &id, max, &out->text[i], err))
			return -1;
	}
	return any ? 0 : err_set(err, MLOPS_ENOTFOUND, "'%s' has no merge conflict", path);
}

void git_conflict_clear(struct git_conflict *c)
{
	for (int i = 0; i < GIT_SIDES; i++)
		strbuf_clear(&c->text[i]);
}
