/* Queries in GraphQL: what is taken has names alone, and no more fields than may be. */
#include "fuzz.h"

#include "fmt/graphql.h"

static size_t count(const struct gql_field *f)
{
	size_t n = 0;

	for (; f; f = f->next) {
		MUST(*f->name && *f->alias);
		n += 1 + count(f->fields);
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	autofree char *text = xstrndup((const char *)data, n);
	struct gql_field *fields = NULL;
	autoarena arena = { 0 };
	autoerr err = ERR_INIT;

	if (refused(gql_parse(&arena, text, &fields, &err), &err))
		return 0;
	MUST(fields && count(fields) <= GQL_FIELDS_MAX);
	return 0;
}
