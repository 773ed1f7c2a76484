/* Two sorted lists as one. */
#include "store/index_merge.h"

#define FORGET_EVERY ((size_t)1 << 13)

static struct str path_of(const struct map_entry *m)
{
	return (struct str){ m->key, m->key_len };
}

static int by_path(const void *a, const void *b)
{
	return str_compare(path_of(*(struct map_entry *const *)a),
			   path_of(*(struct map_entry *const *)b));
}

static void rewind_feed(struct index_feed *feed)
{
	struct index_merge *m = (struct index_merge *)feed;

	m->file_at = m->learned_at = 0;
}

/* Below 0: the next entry is one of the file; above: a learned one; 0: that replaces this. */
static int order_of(const struct index_merge *m)
{
	if (m->file_at == m->file->n)
		return 1;
	if (m->learned_at == m->learned->n)
		return -1;
	return str_compare(index_file_path(m->file, m->file_at), path_of(m->sorted[m->learned_at]));
}

static bool next_entry(struct index_feed *feed, struct index_named *out)
{
	struct index_merge *m = (struct index_merge *)feed;

	while (m->file_at < m->file->n || m->learned_at < m->learned->n) {
		int order = order_of(m);
		size_t at = m->file_at;

		m->file_at += order <= 0;
		if (order <= 0 && at % FORGET_EVERY == 0)
			index_file_forget(m->file);
		if (order >= 0) {
			const struct map_entry *l = m->sorted[m->learned_at++];

			*out = (struct index_named){ path_of(l), true,
						     *(struct index_entry *)l->value };
			return true;
		}
		if (m->marks[at] == INDEX_GONE)
			continue;
		out->path = index_file_path(m->file, at);
		out->seen = m->marks[at] == INDEX_SEEN;
		index_file_entry(m->file, at, &out->e);
		return true;
	}
	return false;
}

void index_merge_init(struct index_merge *m, const struct index_file *file, const uint8_t *marks,
		      const struct map *learned)
{
	*m = (struct index_merge){ { rewind_feed, next_entry }, file, marks, learned, NULL, 0, 0 };
	m->sorted = xcalloc(learned->n + 1, sizeof(struct map_entry *));
	for (size_t i = 0; i < learned->n; i++)
		m->sorted[i] = &learned->v[i];
	if (learned->n > 1)
		qsort(m->sorted, learned->n, sizeof(struct map_entry *), by_path);
}

void index_merge_clear(struct index_merge *m)
{
	free(m->sorted);
	m->sorted = NULL;
}
