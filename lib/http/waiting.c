/* A list of all connections; the oldest are ended from time to time. */
#include "http/waiting.h"

#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.h"

struct connection {
	int fd;
	int64_t since_ms; /* a request is awaited; 0: one is being answered */
	struct connection *next, **link;
};

struct waiting {
	pthread_mutex_t lock; /* guards what follows, and what it points to */
	struct connection *first;
};

struct waiting *waiting_new(void)
{
	struct waiting *w = xcalloc(1, sizeof(*w));

	pthread_mutex_init(&w->lock, NULL);
	return w;
}

void waiting_free(struct waiting *w)
{
	if (!w)
		return;
	pthread_mutex_destroy(&w->lock);
	free(w);
}

struct connection *waiting_add(struct waiting *w, int fd)
{
	struct connection *c = xcalloc(1, sizeof(*c));

	c->fd = fd;
	c->since_ms = clock_mono_ms();
	pthread_mutex_lock(&w->lock);
	c->next = w->first;
	c->link = &w->first;
	if (c->next)
		c->next->link = &c->next;
	w->first = c;
	pthread_mutex_unlock(&w->lock);
	return c;
}

void waiting_remove(struct waiting *w, struct connection *c)
{
	pthread_mutex_lock(&w->lock);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	pthread_mutex_unlock(&w->lock);
	free(c);
}

void waiting_set_busy(struct waiting *w, struct connection *c, bool busy)
{
	pthread_mutex_lock(&w->lock);
	c->since_ms = busy ? 0 : clock_mono_ms();
	pthread_mutex_unlock(&w->lock);
}

void waiting_end_late(struct waiting *w, int64_t ms)
{
	int64_t before = clock_mono_ms() - ms;

	pthread_mutex_lock(&w->lock);
	for (struct connection *c = w->first; c; c = c->next) {
		if (!c->since_ms || c->since_ms > before)
			continue;
		shutdown(c->fd, SHUT_RDWR);
		c->since_ms = 0;
	}
	pthread_mutex_unlock(&w->lock);
}
