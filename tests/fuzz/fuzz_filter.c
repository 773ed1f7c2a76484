/* Filters and orders: any text gives SQL that SQLite takes, with a value for each '?', or an error. */
#include "fuzz.h"

#include "registry/record.h"
#include "tracking/trace.h"

static struct db *db;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	autoerr err = ERR_INIT;

	(void)argc, (void)argv;
	MUST(!db_open(":memory:", &db, &err));
	return 0;
}

static size_t count_signs(const char *sql)
{
	size_t n = 0;

	for (; *sql; sql++)
		n += *sql == '?';
	return n;
}

static void try_search(const struct search_kind *kind, const char *filter, const char *order)
{
	const struct search_how how = { .filter = filter, .order = &order, .n_order = *order != '\0',
					.limit = 10 };
	autoarena arena = { 0 };
	autoquery q = { .arena = &arena };
	autoerr err = ERR_INIT;
	struct db_stmt *stmt;

	if (refused(search_compile(kind, &how, NULL, &q, &err), &err))
		return;
	MUST(count_signs(q.sql.buf) == q.n);
	MUST(!search_run(db, &q, &stmt, &err));
	MUST(!db_step(stmt, &err)); /* the database is empty */
}

/* FILTER|ORDER */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct search_kind *const kinds[] = { &search_runs, &search_experiments,
							   &search_models, &search_versions,
							   &search_traces };
	struct str rest, first = str_split((struct str){ (const char *)data, n }, '|', &rest);
	autofree char *filter = xstrndup(first.p, first.n), *order = xstrndup(rest.p, rest.n);

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		try_search(kinds[i], filter, order);
	return 0;
}
