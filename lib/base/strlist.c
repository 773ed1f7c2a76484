/* Lists of owned strings. */
#include "base/str.h"
#include "base/vec.h"

void strlist_take(struct strlist *list, char *s)
{
	vec_push(list, s);
}

void strlist_add(struct strlist *list, const char *s)
{
	strlist_take(list, xstrdup(s));
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strlist_sort(struct strlist *list)
{
	vec_sort(list, compare);
}

bool strlist_has(const struct strlist *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->v[i], s))
			return true;
	return false;
}

const char *strlist_suggest(const char *word, const struct strlist *list)
{
	autofree const char **choices = xcalloc(list->n + 1, sizeof(*choices));

	for (size_t i = 0; i < list->n; i++)
		choices[i] = list->v[i];
	return str_suggest(word, choices);
}

void strlist_clear(struct strlist *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	vec_free(list);
}
