/* Reading queries in GraphQL. */
#include "fmt/graphql.h"

#include <ctype.h>

struct gql {
	struct arena *arena;
	const char *text, *p;
	size_t n; /* fields so far */
};

/* Commas are blanks, and a # comments the rest of its line out. */
static void skip_blanks(struct gql *g)
{
	for (;;) {
		if (*g->p == '#')
			g->p += strcspn(g->p, "\r\n");
		else if (*g->p && strchr(" \t\r\n,", *g->p))
			g->p++;
		else
			return;
	}
}

static int wrong(const struct gql *g, const char *wanted, struct mlops_error *err)
{
	return err_set(err, MLOPS_EINVALID, "the query has no %s at character %zu", wanted,
		       (size_t)(g->p - g->text) + 1);
}

static bool take(struct gql *g, char c)
{
	skip_blanks(g);
	if (*g->p != c)
		return false;
	g->p++;
	return true;
}

/* A name, in the arena; NULL when there is none. */
static const char *name(struct gql *g)
{
	skip_blanks(g);
	const char *start = g->p;
	if (!isalpha((unsigned char)*g->p) && *g->p != '_')
		return NULL;
	while (isalnum((unsigned char)*g->p) || *g->p == '_')
		g->p++;
	return arena_strndup(g->arena, start, (size_t)(g->p - start));
}

/* What stands in parentheses and does not matter: types of variables, arguments of directives. */
static int skip_parentheses(struct gql *g, struct mlops_error *err)
{
	bool quoted = false;

	if (!take(g, '('))
		return 0;
	for (; *g->p && (quoted || *g->p != ')'); g->p++) {
		if (*g->p == '"')
			quoted = !quoted;
		else if (quoted && *g->p == '\\' && g->p[1])
			g->p++;
	}
	return take(g, ')') ? 0 : wrong(g, "')'", err);
}

static int skip_directives(struct gql *g, struct mlops_error *err)
{
	while (take(g, '@')) {
		if (!name(g))
			return wrong(g, "name of a directive", err);
		if (skip_parentheses(g, err))
			return -1;
	}
	return 0;
}

static int read_argument(struct gql *g, struct gql_field *f, struct mlops_error *err)
{
	if (!take(g, '('))
		return 0;
	if (!name(g) || !take(g, ':') || !take(g, '$') || !(f->variable = name(g)) || !take(g, ')'))
		return wrong(g, "one argument that is a variable", err);
	return 0;
}

static int read_fields(struct gql *g, int depth, struct gql_field **out, struct mlops_error *err);

static int read_field(struct gql *g, int depth, struct gql_field *f, struct mlops_error *err)
{
	if (!(f->name = f->alias = name(g)))
		return wrong(g, "field", err);
	if (take(g, ':') && !(f->name = name(g)))
		return wrong(g, "field behind an alias", err);
	if (++g->n > GQL_FIELDS_MAX || depth > GQL_DEPTH_MAX)
		return err_set(err, MLOPS_EINVALID, "the query has more than %d fields, or %d within each other",
			       GQL_FIELDS_MAX, GQL_DEPTH_MAX);
	if (read_argument(g, f, err) || skip_directives(g, err))
		return -1;
	return take(g, '{') ? read_fields(g, depth + 1, &f->fields, err) : 0;
}

/* Behind the brace that opens them. */
static int read_fields(struct gql *g, int depth, struct gql_field **out, struct mlops_error *err)
{
	do {
		*out = arena_alloc(g->arena, sizeof(**out));
		if (read_field(g, depth, *out, err))
			return -1;
		out = &(*out)->next;
	} while (!take(g, '}'));
	return 0;
}

int gql_parse(struct arena *arena, const char *text, struct gql_field **out, struct mlops_error *err)
{
	struct gql g = { .arena = arena, .text = text, .p = text };

	skip_blanks(&g);
	if (*g.p != '{') {
		const char *kind = name(&g);

		if (!kind || strcmp(kind, "query"))
			return err_set(err, MLOPS_EINVALID, "only queries are answered, not '%.20s'", text);
		name(&g);
		if (skip_parentheses(&g, err) || skip_directives(&g, err))
			return -1;
	}
	if (!take(&g, '{'))
		return wrong(&g, "'{'", err);
	if (read_fields(&g, 1, out, err))
		return -1;
	skip_blanks(&g);
	return *g.p ? wrong(&g, "end, but more,", err) : 0;
}
