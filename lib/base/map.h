/*
 * The one hash map: byte-string keys to pointers, walked in the order of insertion. Keys are
 * copied; values are the caller's.
 */
#pragma once

#include "base/vec.h"

struct map_entry {
	char *key; /* NUL-terminated copy */
	size_t key_len;
	void *value;
};

struct map {
	struct map_entry *v; /* v[0 .. n) in order of insertion */
	size_t n, cap;
	uint32_t *slots; /* index + 1 into v, 0 for free; a power of two of them */
	size_t n_slots;
};

void *map_get(const struct map *m, const char *key);
void *map_getn(const struct map *m, const void *key, size_t key_len);
/* Adds, or replaces the value of, `key`; returns the value it had, or NULL. */
void *map_put(struct map *m, const char *key, void *value);
void *map_putn(struct map *m, const void *key, size_t key_len, void *value);
void map_clear(struct map *m);
/* Also calls free_value on each value. */
void map_clear_values(struct map *m, void (*free_value)(void *));
#define automap __attribute__((cleanup(map_clear))) struct map
