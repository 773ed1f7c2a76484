/*
 * Folders are not stored: paths that start with "dir/" lie, sorted, between "dir/" and "dir0", '0'
 * being what comes behind '/'. A listing jumps from one entry of the folder to the next, so that it
 * costs what it shows and not what lies below.
 */
#include "tracking/artifact.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/vec.h"

#define SCHEME "mlflow-artifacts:"

const char *artifact_path_of_uri(const char *uri)
{
	if (!str_starts(uri, SCHEME))
		return NULL;
	uri += strlen(SCHEME);
	if (str_starts(uri, "//"))
		uri += 2 + strcspn(uri + 2, "/");
	return uri + strspn(uri, "/");
}

int artifact_path_check(const char *path, struct mlops_error *err)
{
	bool good = path_is_safe(path) && utf8_valid(path, strlen(path)) && !strchr(path, '\\');

	for (const char *c = path; *c && good; c++)
		good = (unsigned char)*c >= ' ' && *c != 0x7f;
	return good ? 0 : err_set(err, MLOPS_EINVALID, "Invalid path");
}

static int exists(struct db *db, const char *sql, const char *a, const char *b, bool *out,
		  struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, sql, b ? "ss" : "s", a, b);

	*out = rc > 0;
	if (rc > 0)
		db_done(stmt);
	return rc < 0 ? -1 : 0;
}

/* Neither below a file nor in place of a folder. */
static int check_place(struct db *db, const char *path, struct mlops_error *err)
{
	autofree char *first = xasprintf("%s/", path), *end = xasprintf("%s0", path);
	bool taken;

	if (exists(db, "SELECT 1 FROM artifacts WHERE path >= ? AND path < ? LIMIT 1", first, end,
		   &taken, err))
		return -1;
	for (const char *slash = strchr(path, '/'); slash && !taken; slash = strchr(slash + 1, '/')) {
		autofree char *parent = xstrndup(path, (size_t)(slash - path));

		if (exists(db, "SELECT 1 FROM artifacts WHERE path = ?", parent, NULL, &taken, err))
			return -1;
	}
	return taken ? err_set(err, MLOPS_EINVALID,
			       "Invalid path '%.500s': a file is where a folder is to be, or the other way"
			       " round", path) :
		       0;
}

int artifact_put(struct db *db, const char *path, const struct object_ref *ref,
		 struct mlops_error *err)
{
	if (check_place(db, path, err))
		return -1;
	return db_change(db, err,
			 "INSERT OR REPLACE INTO artifacts (path, updated_ms, " REF_COLUMNS ")"
			 " VALUES (?, ?, ?, ?, ?, ?, ?)",
			 "si" REF_FORMAT, path, clock_now_ms(), REF_VALUES(ref));
}

int artifact_get(struct db *db, const char *path, struct object_ref *out, struct mlops_error *err)
{
	struct db_stmt *stmt;
	int rc = db_row(db, &stmt, err, "SELECT " REF_COLUMNS " FROM artifacts WHERE path = ?", "s",
			path);

	if (rc <= 0)
		return rc < 0 ? -1 :
				err_set(err, MLOPS_ENOTFOUND, "No such artifact: '%.500s'", path);
	rc = ref_read(stmt, 0, out, err);
	db_done(stmt);
	return rc;
}

int artifact_list(struct db *db, const char *dir, struct artifact_list *out,
		  struct mlops_error *err)
{
	autofree char *prefix = *dir ? xasprintf("%s/", dir) : xstrdup("");
	autofree char *from = xstrdup(prefix);
	size_t skip = strlen(prefix);

	for (;;) {
		struct db_stmt *stmt;
		int rc = db_row(db, &stmt, err,
				"SELECT path, size FROM artifacts WHERE path >= ? ORDER BY path LIMIT 1",
				"s", from);

		if (rc <= 0)
			return rc;
		const char *path = db_text(stmt, 0);
		if (!str_starts(path, prefix)) {
			db_done(stmt);
			return 0;
		}
		size_t n = strcspn(path + skip, "/");
		bool is_dir = path[skip + n] != '\0';
		vec_push(out, { xstrndup(path + skip, n), is_dir, is_dir ? 0 : db_int(stmt, 1) });
		free(from);
		/* behind all of the folder; behind the file, that is before "file/..." there is none */
		from = is_dir ? xasprintf("%.*s0", (int)(skip + n), path) : xasprintf("%s\x01", path);
		db_done(stmt);
	}
}

void artifact_list_clear(struct artifact_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i].name);
	vec_free(list);
}

int artifact_each(struct db *db, const char *dir,
		  int (*fn)(const char *path, const struct object_ref *ref, void *arg,
			    struct mlops_error *err),
		  void *arg, struct mlops_error *err)
{
	autofree char *first = xasprintf("%s/", dir), *end = xasprintf("%s0", dir);
	struct object_ref ref;
	struct db_stmt *stmt;
	int rc;

	if (db_query(db, &stmt, err,
		     "SELECT path, " REF_COLUMNS " FROM artifacts WHERE path >= ? AND path < ?", "ss",
		     first, end))
		return -1;
	while ((rc = db_step(stmt, err)) > 0) {
		rc = ref_read(stmt, 1, &ref, err);
		if (!rc)
			rc = fn(db_text(stmt, 0) + strlen(first), &ref, arg, err);
		if (rc) {
			db_done(stmt);
			break;
		}
	}
	return rc;
}

int artifact_delete(struct db *db, const char *path, struct mlops_error *err)
{
	autofree char *first = xasprintf("%s/", path), *end = xasprintf("%s0", path);

	return db_change(db, err, "DELETE FROM artifacts WHERE path = ? OR (path >= ? AND path < ?)",
			 "sss", path, first, end);
}
