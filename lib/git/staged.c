/* Going through git's index. */
#include "git/private.h"

int git_staged_each(struct git_repo *r, const char *suffix,
		    int (*fn)(const char *path, void *arg, struct mlops_error *err), void *arg,
		    struct mlops_error *err)
{
	autoindex *index = NULL;
	size_t skip = strlen(r->prefix);
	int rc = 0;

	if (git_read_index(r, &index, err))
		return -1;
	for (size_t i = 0; !rc && i < git_index_entrycount(index); i++) {
		const char *path = git_index_get_byindex(index, i)->path;

		if (!strncmp(path, r->prefix, skip) && str_ends(path, suffix))
			rc = fn(path + skip, arg, err);
	}
	return rc;
}
