/* Open addressing over an array of entries; XXH3 spreads the keys. */
#include "base/map.h"

#include <xxhash.h>

static size_t slot_of(const struct map *m, const void *key, size_t len)
{
	size_t mask = m->n_slots - 1, i = XXH3_64bits(key, len) & mask;

	for (; m->slots[i]; i = (i + 1) & mask) {
		const struct map_entry *e = &m->v[m->slots[i] - 1];

		if (e->key_len == len && !memcmp(e->key, key, len))
			break;
	}
	return i;
}

static void rehash(struct map *m, size_t n_slots)
{
	free(m->slots);
	m->slots = xcalloc(n_slots, sizeof(*m->slots));
	m->n_slots = n_slots;
	for (size_t i = 0; i < m->n; i++)
		m->slots[slot_of(m, m->v[i].key, m->v[i].key_len)] = (uint32_t)i + 1;
}

void *map_getn(const struct map *m, const void *key, size_t key_len)
{
	if (!m->n)
		return NULL;
	uint32_t at = m->slots[slot_of(m, key, key_len)];
	return at ? m->v[at - 1].value : NULL;
}

void *map_get(const struct map *m, const char *key)
{
	return map_getn(m, key, strlen(key));
}

void *map_putn(struct map *m, const void *key, size_t key_len, void *value)
{
	if (m->n * 2 >= m->n_slots)
		rehash(m, m->n_slots ? m->n_slots * 2 : 16);
	uint32_t *slot = &m->slots[slot_of(m, key, key_len)];
	if (*slot) {
		void *old = m->v[*slot - 1].value;

		m->v[*slot - 1].value = value;
		return old;
	}
	char *copy = xmalloc(key_len + 1);
	memcpy(copy, key, key_len);
	copy[key_len] = '\0';
	vec_push(m, { copy, key_len, value });
	*slot = (uint32_t)m->n;
	return NULL;
}

void *map_put(struct map *m, const char *key, void *value)
{
	return map_putn(m, key, strlen(key), value);
}

void map_clear(struct map *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].key);
	free(m->v);
	free(m->slots);
	*m = (struct map){ 0 };
}

void map_clear_values(struct map *m, void (*free_value)(void *))
{
	for (size_t i = 0; i < m->n; i++)
		free_value(m->v[i].value);
	map_clear(m);
}
