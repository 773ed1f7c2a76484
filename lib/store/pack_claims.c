/* What a damaged pack says that it holds: by its index where that is whole, else by all there is. */
#include <fcntl.h>

#include "base/fs.h"
#include "store/pack.h"

typedef int (*claim_fn)(const struct pack_entry *e, void *arg, struct mlops_error *err);

static int each_record(const struct pack *p, claim_fn fn, void *arg, struct mlops_error *err)
{
	struct pack_entry e;
	int rc = 0;

	for (uint32_t i = 0; i < p->count && !rc; i++) {
		autoerr impossible = ERR_INIT;

		if (!pack_entry(p, i, &e, &impossible))
			rc = fn(&e, arg, err);
	}
	return rc;
}

/* From header to header, up to the first that cannot be one. */
static int each_header(const char *path, claim_fn fn, void *arg, struct mlops_error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t at = PACK_HEADER;
	autoerr end = ERR_INIT;
	struct pack_entry e;
	int rc = 0;

	while (fd >= 0 && !rc && !pack_entry_at(fd, path, at, &e, &end)) {
		rc = fn(&e, arg, err);
		at += PACK_ENTRY_HEADER + e.stored;
	}
	return rc;
}

int pack_claims(const char *dir, const char *hex, claim_fn fn, void *arg, struct mlops_error *err)
{
	autofree char *path = xasprintf("%s/%s.pack", dir, hex);
	autoerr damaged = ERR_INIT;
	struct pack *p;

	if (pack_map_index(dir, hex, &p, &damaged))
		return each_header(path, fn, arg, err);
	bool whole = !pack_check_index(p, &damaged);
	int rc = each_record(p, fn, arg, err);
	pack_free(p);
	return rc || whole ? rc : each_header(path, fn, arg, err);
}
