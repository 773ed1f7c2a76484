/* Counting what each stage still waits for; linear in stages and edges but for the heap. */
#include "pipeline/schedule.h"

static void swap(size_t *a, size_t *b)
{
	size_t t = *a;

	*a = *b;
	*b = t;
}

static void heap_push(struct schedule *s, size_t rank)
{
	size_t i = s->ready.n;

	vec_push(&s->ready, rank);
	for (size_t *h = s->ready.v; i && h[(i - 1) / 2] > h[i]; i = (i - 1) / 2)
		swap(&h[(i - 1) / 2], &h[i]);
}

static size_t heap_pop(struct schedule *s)
{
	size_t *h = s->ready.v, top = h[0], n = --s->ready.n, i = 0;

	h[0] = h[n];
	for (;;) {
		size_t least = i, left = 2 * i + 1;

		for (size_t child = left; child < n && child < left + 2; child++)
			if (h[child] < h[least])
				least = child;
		if (least == i)
			return top;
		swap(&h[i], &h[least]);
		i = least;
	}
}

/* Calls for each edge between wanted stages: `need` is needed by `user`. */
static void each_edge(struct schedule *s, const bool *wanted,
		      void (*fn)(struct schedule *s, size_t need, size_t user))
{
	for (size_t i = 0; i < s->pipeline->stages.n; i++) {
		const struct spec_stage *stage = &s->pipeline->stages.v[i];

		for (size_t k = 0; wanted[i] && k < stage->needs.n; k++)
			if (wanted[stage->needs.v[k]])
				fn(s, stage->needs.v[k], i);
	}
}

static void count_edge(struct schedule *s, size_t need, size_t user)
{
	s->first[need + 1]++;
	s->blockers[user]++;
}

/* first[need] is where the next user goes, and ends up where those of need + 1 begin. */
static void add_edge(struct schedule *s, size_t need, size_t user)
{
	s->users[s->first[need]++] = user;
}

void schedule_init(struct schedule *s, const struct pipeline *pipeline, const bool *wanted)
{
	size_t n = pipeline->stages.n;

	*s = (struct schedule){
		.pipeline = pipeline,
		.blockers = xcalloc(n, sizeof(*s->blockers)),
		.first = xcalloc(n + 2, sizeof(*s->first)),
		.rank = xcalloc(n, sizeof(*s->rank)),
	};
	each_edge(s, wanted, count_edge);
	for (size_t i = 0; i < n; i++)
		s->first[i + 1] += s->first[i];
	s->users = xcalloc(s->first[n] + 1, sizeof(*s->users));
	each_edge(s, wanted, add_edge);
	memmove(s->first + 1, s->first, n * sizeof(*s->first));
	s->first[0] = 0;
	for (size_t k = 0; k < n; k++) {
		size_t stage = pipeline->order[k];

		s->rank[stage] = k;
		if (wanted[stage] && !s->blockers[stage])
			heap_push(s, k);
	}
}

void schedule_clear(struct schedule *s)
{
	free(s->blockers);
	free(s->users);
	free(s->first);
	free(s->rank);
	vec_free(&s->ready);
}

bool schedule_next(struct schedule *s, size_t *stage)
{
	if (!s->ready.n)
		return false;
	*stage = s->pipeline->order[heap_pop(s)];
	return true;
}

void schedule_return(struct schedule *s, size_t stage)
{
	heap_push(s, s->rank[stage]);
}

bool schedule_has_next(const struct schedule *s)
{
	return s->ready.n;
}

void schedule_done(struct schedule *s, size_t stage)
{
	for (size_t k = s->first[stage]; k < s->first[stage + 1]; k++)
		if (!--s->blockers[s->users[k]])
			heap_push(s, s->rank[s->users[k]]);
}
