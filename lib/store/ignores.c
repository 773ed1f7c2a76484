/* Parsing rules, and finding the last one that matches, the nearest folder's first. */
#include "store/ignores.h"

#include "base/arena.h"
#include "base/glob.h"
#include "base/path.h"

struct rule {
	const char *pattern;
	bool keep;        /* '!': what matches is not left out */
	bool folder_only; /* '/' at the end */
	bool anchored;    /* a '/' before that: for whole paths, seen from the folder */
};

struct rules {
	VEC(struct rule) all;
	struct arena arena;
};

/* Without the spaces at its end, but one behind a backslash. */
static struct str trim_end(struct str line)
{
	while (line.n && line.p[line.n - 1] == ' ' && !(line.n > 1 && line.p[line.n - 2] == '\\'))
		line.n--;
	return line;
}

static void add_rule(struct rules *rules, struct str line)
{
	struct rule rule = { 0 };

	line = trim_end(line);
	if (!line.n || *line.p == '#')
		return;
	rule.keep = *line.p == '!';
	line.p += rule.keep;
	line.n -= rule.keep;
	rule.folder_only = line.n && line.p[line.n - 1] == '/';
	line.n -= rule.folder_only;
	rule.anchored = line.n && memchr(line.p, '/', line.n);
	if (line.n && *line.p == '/') {
		line.p++;
		line.n--;
	}
	if (!line.n)
		return;
	rule.pattern = arena_strndup(&rules->arena, line.p, line.n);
	vec_push(&rules->all, rule);
}

void ignores_add(struct ignores *ig, const char *folder, struct str text)
{
	struct rules *rules = xcalloc(1, sizeof(*rules));

	while (text.n)
		add_rule(rules, str_split(text, '\n', &text));
	map_put(&ig->folders, folder, rules);
}

static bool matches(const struct rule *rule, const char *path, bool is_folder)
{
	if (rule->folder_only && !is_folder)
		return false;
	if (rule->anchored)
		return glob_match_path(rule->pattern, path);
	return glob_match_name(str_of(rule->pattern), str_of(path_base(path)));
}

/* The last rule that matches decides; NULL when none does. */
static const struct rule *decide(const struct rules *rules, const char *path, bool is_folder)
{
	for (size_t i = rules->all.n; i-- > 0;)
		if (matches(&rules->all.v[i], path, is_folder))
			return &rules->all.v[i];
	return NULL;
}

bool ignores_match(const struct ignores *ig, const char *path, bool is_folder)
{
	size_t n = ig->folders.n ? strlen(path) : 0;

	while (n) {
		while (n && path[n - 1] != '/')
			n--;
		size_t folder = n ? n - 1 : 0; /* without its slash */
		const struct rules *rules = map_getn(&ig->folders, path, folder);
		const struct rule *rule = rules ? decide(rules, path + n, is_folder) : NULL;

		if (rule)
			return !rule->keep;
		n = folder;
	}
	return false;
}

static void free_rules(void *value)
{
	struct rules *rules = value;

	vec_free(&rules->all);
	arena_clear(&rules->arena);
	free(rules);
}

void ignores_clear(struct ignores *ig)
{
	map_clear_values(&ig->folders, free_rules);
}
