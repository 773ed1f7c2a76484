/* Making, keeping and closing connections to upstreams. */
#include "serve/gateway/uplink.h"

#include "serve/gateway/proxy.h"

#define IDLE_MS 4000 /* less than what servers keep a connection for */
#define BUF_MAX (64u << 10)

static void add(struct uplink **list, struct uplink *l)
{
	l->prev = NULL;
	l->next = *list;
	if (*list)
		(*list)->prev = l;
	*list = l;
}

static void take_out(struct uplink **list, struct uplink *l)
{
	if (l->prev)
		l->prev->next = l->next;
	else
		*list = l->next;
	if (l->next)
		l->next->prev = l->prev;
}

static struct uplink **list_of(struct uplink *l)
{
	return l->client ? &l->front->links : &l->front->idle;
}

void uplink_close(struct uplink *l)
{
	if (l->dead)
		return;
	l->dead = true;
	take_out(list_of(l), l);
	close(l->watch.fd);
	upstream_release(l->upstream);
	strbuf_clear(&l->out);
	strbuf_clear(&l->in);
	l->next = l->front->dead_links;
	l->front->dead_links = l;
}

static void uplink_ready(struct watch *w, uint32_t events)
{
	struct uplink *l = (struct uplink *)w;

	if (l->dead)
		return;
	if (!l->client) { /* nothing is expected of it but to end */
		if (events & ~(uint32_t)EPOLLOUT)
			uplink_close(l);
		return;
	}
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP))
		l->readable = true;
	if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
		l->connected = true; /* or it failed, as the first use will tell */
	conn_run(l->client);
}

static struct uplink *find_idle(struct front *f, const struct upstream *u)
{
	for (struct uplink *l = f->idle; l; l = l->next)
		if (l->upstream == u)
			return l;
	return NULL;
}

static struct uplink *uplink_new(struct front *f, struct upstream *u, struct conn *client)
{
	int fd = upstream_connect(u);

	if (fd < 0)
		return NULL;
	struct uplink *l = xcalloc(1, sizeof(*l));
	l->watch = (struct watch){ .fd = fd, .ready = uplink_ready };
	l->front = f;
	l->upstream = upstream_hold(u);
	l->client = client;
	add(&f->links, l);
	if (loop_watch(&f->loop, &l->watch)) {
		uplink_close(l);
		return NULL;
	}
	return l;
}

struct uplink *uplink_get(struct front *f, struct upstream *u, struct conn *client, bool fresh)
{
	struct uplink *l = fresh ? NULL : find_idle(f, u);

	if (!l)
		return uplink_new(f, u, client);
	take_out(&f->idle, l);
	l->client = client;
	add(&f->links, l);
	return l;
}

/* Keeps the memory of the buffers, when it is not much. */
static void reset(struct strbuf *b)
{
	if (b->cap > BUF_MAX)
		strbuf_clear(b);
	b->len = 0;
}

void uplink_put(struct uplink *l)
{
	take_out(&l->front->links, l);
	l->client = NULL;
	l->idle_ms = l->front->loop.now_ms;
	add(&l->front->idle, l);
	reset(&l->out);
	reset(&l->in);
	l->out_at = l->looked_at = 0;
	l->chunks = l->answer_chunks = (struct http_chunks){ 0 };
	l->answering = l->rechunk = false;
	l->attempts = 0;
}

size_t uplink_unsent(const struct uplink *l)
{
	return l->out.len - l->out_at;
}

void proxy_tick(struct front *f)
{
	for (struct uplink *l = f->idle, *next; l; l = next) {
		next = l->next;
		if (f->loop.now_ms - l->idle_ms >= IDLE_MS || atomic_load(&l->upstream->retired))
			uplink_close(l);
	}
}

void proxy_free_dead(struct front *f)
{
	while (f->dead_links) {
		struct uplink *l = f->dead_links;

		f->dead_links = l->next;
		free(l);
	}
}

void proxy_close_all(struct front *f)
{
	while (f->idle)
		uplink_close(f->idle);
}
