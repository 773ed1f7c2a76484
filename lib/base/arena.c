/* Bump allocation in blocks that are freed together. */
#include "base/arena.h"

#include <stdalign.h>

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	alignas(max_align_t) char data[];
};

#define BLOCK_SIZE ((size_t)16 << 10)

static struct arena_block *grow(struct arena *a, size_t n)
{
	size_t cap = n > BLOCK_SIZE ? n : BLOCK_SIZE, total;

	if (!size_add(cap, sizeof(struct arena_block), &total))
		abort();
	struct arena_block *b = xcalloc(1, total);
	b->cap = cap;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t align = alignof(max_align_t), padded;
	struct arena_block *b = a->blocks;

	if (!size_add(n, align - 1, &padded))
		abort();
	padded &= ~(align - 1);
	if (!b || b->cap - b->used < padded)
		b = grow(a, padded);
	void *p = b->data + b->used;
	b->used += padded;
	a->used += padded;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	if (n)
		memcpy(copy, s, n);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *s = xvasprintf(fmt, ap);
	va_end(ap);
	return arena_strdup(a, s);
}

void arena_clear(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	a->used = 0;
}
