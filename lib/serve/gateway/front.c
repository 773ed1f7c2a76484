/*
 * Accepting connections and giving each to the thread that has the fewest. The first thread accepts;
 * at the limit, the connection that has idled longest makes room.
 */
#include "serve/gateway/front.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "http/listen.h"
#include "serve/gateway.h"
#include "serve/gateway/conn.h"
#include "serve/gateway/grpc.h"
#include "serve/gateway/proxy.h"

#define THREADS_MAX     8
#define CONNS_MAX       8192
#define ACCEPTS_AT_ONCE 64
#define HELD_MAX        (64u << 20)
#define DRAIN_POLL_MS   5
#define SPARE_FILES     256 /* for all that is no client's connection */

struct fronts {
	struct watch listener; /* first */
	struct front *v;
	unsigned n;
	unsigned conns_max; /* of each */
	char *url;
	atomic_uint ordered; /* threads that have yet to do what they are told */
};

/* A socket on its way to its thread. */
struct arrival {
	struct task task; /* first */
	struct front *front;
	int fd;
};

bool front_hold(struct front *f, size_t n)
{
	if (n > HELD_MAX - f->held)
		return false;
	f->held += n;
	return true;
}

void front_release(struct front *f, size_t n)
{
	f->held -= n;
}

static void turn(struct loop *l, bool ticked)
{
	struct front *f = (struct front *)l;

	for (struct conn *c = ticked ? f->conns : NULL, *next; c; c = next) {
		next = c->next;
		conn_tick(c);
	}
	if (ticked)
		proxy_tick(f);
	while (f->dead) {
		struct conn *c = f->dead;

		f->dead = c->next;
		free(c);
	}
	proxy_free_dead(f);
	l->busy = f->conns || f->idle;
}

/* The one that has waited longest for a request; new ones are put first. */
static void make_room(struct front *f)
{
	struct conn *oldest = NULL;

	for (struct conn *c = f->conns; c; c = c->next)
		if ((c->state == CONN_HEAD || (c->state == CONN_HTTP2 && grpc_is_idle(c))) && !conn_unsent(c))
			oldest = c;
	if (oldest)
		conn_close(oldest);
}

static void arrive(struct task *t)
{
	struct arrival *a = (struct arrival *)t;
	struct fronts *all = a->front->gateway->fronts;

	if (atomic_load(&a->front->n_conns) > all->conns_max)
		make_room(a->front);
	if (atomic_load(&a->front->n_conns) > all->conns_max || a->front->draining) {
		close(a->fd);
		atomic_fetch_sub(&a->front->n_conns, 1);
	} else {
		conn_new(a->front, a->fd);
	}
	free(a);
}

static struct front *least_loaded(struct fronts *all)
{
	struct front *best = &all->v[0];

	for (unsigned i = 1; i < all->n; i++)
		if (atomic_load(&all->v[i].n_conns) < atomic_load(&best->n_conns))
			best = &all->v[i];
	return best;
}

static void hand_over(struct fronts *all, int fd)
{
	struct arrival *a = xcalloc(1, sizeof(*a));

	a->task.run = arrive;
	a->front = least_loaded(all);
	a->fd = fd;
	atomic_fetch_add(&a->front->n_conns, 1);
	if (a->front == &all->v[0])
		arrive(&a->task);
	else
		loop_post(&a->front->loop, &a->task);
}

static void accept_ready(struct watch *w, uint32_t events)
{
	struct fronts *all = (struct fronts *)w;

	(void)events;
	for (int i = 0; i < ACCEPTS_AT_ONCE && w->fd >= 0; i++) {
		int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			hand_over(all, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE) {
			make_room(&all->v[0]);
			log_warn("too many open files: connections have to wait");
		}
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

/* As many files as the system lets us have. */
static unsigned raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return SPARE_FILES;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > 4 * CONNS_MAX ? 4 * CONNS_MAX : (unsigned)limit.rlim_cur;
}

static void *run(void *arg)
{
	loop_run(&((struct front *)arg)->loop);
	return NULL;
}

static int start_threads(struct fronts *all, struct gateway *g, unsigned n, struct mlops_error *err)
{
	all->v = xcalloc(n, sizeof(*all->v));
	for (; all->n < n; all->n++) {
		struct front *f = &all->v[all->n];

		f->gateway = g;
		if (loop_init(&f->loop, turn, err))
			return -1;
		if (thread_start(&f->thread, run, f, err)) {
			loop_clear(&f->loop);
			return -1;
		}
	}
	if (loop_watch_listener(&all->v[0].loop, &all->listener))
		return err_sys(err, "cannot watch a socket");
	return 0;
}

int fronts_start(struct gateway *g, const char *listen, unsigned threads, struct fronts **out,
		 struct mlops_error *err)
{
	struct fronts *all = xcalloc(1, sizeof(*all));
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned files = raise_files();
	autofree char *address = NULL;
	int port;

	if (!threads)
		threads = cpus > THREADS_MAX ? THREADS_MAX : cpus > 0 ? (unsigned)cpus : 1;
	/* One half of the files is for upstreams. */
	all->conns_max = (files > 2 * SPARE_FILES ? files - SPARE_FILES : SPARE_FILES) / 2 / threads;
	if (all->conns_max > CONNS_MAX / threads)
		all->conns_max = CONNS_MAX / threads;
	all->listener = (struct watch){ .fd = -1, .ready = accept_ready };
	g->fronts = all;
	if (listen_tcp(listen, &all->listener.fd, &port, &address, err) ||
	    start_threads(all, g, threads, err)) {
		fronts_free(all);
		g->fronts = NULL;
		return -1;
	}
	all->url = xasprintf("http://%s", address);
	*out = all;
	return 0;
}

const char *fronts_url(const struct fronts *all)
{
	return all->url;
}

/* What each thread is told to do, once. */
struct order {
	struct task task; /* first */
	struct front *front;
	struct fronts *all;
};

static void give_order(struct fronts *all, void (*run_order)(struct task *t))
{
	atomic_store(&all->ordered, all->n);
	for (unsigned i = 0; i < all->n; i++) {
		struct order *o = xcalloc(1, sizeof(*o));

		*o = (struct order){ { .run = run_order }, &all->v[i], all };
		loop_post(&all->v[i].loop, &o->task);
	}
}

static void end_order(struct order *o)
{
	atomic_fetch_sub(&o->all->ordered, 1);
	free(o);
}

static void begin_drain(struct task *t)
{
	struct order *d = (struct order *)t;
	struct front *f = d->front;

	if (f == &d->all->v[0]) {
		loop_unwatch(&f->loop, &d->all->listener);
		close(steal_fd(&d->all->listener.fd));
	}
	f->draining = true;
	for (struct conn *c = f->conns, *next; c; c = next) {
		next = c->next;
		if (c->state == CONN_HTTP2)
			grpc_drain(c);
		if ((c->state == CONN_HEAD && !conn_unsent(c)) || c->state == CONN_HTTP2)
			conn_run(c); /* takes what has come already */
	}
	end_order(d);
}

static void cut(struct task *t)
{
	struct order *o = (struct order *)t;

	while (o->front->conns)
		conn_close(o->front->conns);
	end_order(o);
}

static unsigned count_conns(const struct fronts *all)
{
	unsigned n = atomic_load(&all->ordered);

	for (unsigned i = 0; i < all->n; i++)
		n += atomic_load(&all->v[i].n_conns);
	return n;
}

void fronts_drain(struct fronts *all, int64_t ms)
{
	int64_t deadline = clock_mono_ms() + ms;

	give_order(all, begin_drain);
	while (count_conns(all) && clock_mono_ms() < deadline)
		clock_sleep_ms(DRAIN_POLL_MS);
}

void fronts_cut(struct fronts *all)
{
	if (!all)
		return;
	give_order(all, cut);
	while (atomic_load(&all->ordered))
		clock_sleep_ms(DRAIN_POLL_MS);
}

void fronts_free(struct fronts *all)
{
	if (!all)
		return;
	for (unsigned i = 0; i < all->n; i++)
		loop_stop(&all->v[i].loop);
	for (unsigned i = 0; i < all->n; i++)
		pthread_join(all->v[i].thread, NULL);
	for (unsigned i = 0; i < all->n; i++) {
		while (all->v[i].conns)
			conn_close(all->v[i].conns);
		proxy_close_all(&all->v[i]);
		turn(&all->v[i].loop, false);
		loop_clear(&all->v[i].loop);
	}
	if (all->listener.fd >= 0)
		close(all->listener.fd);
	free(all->v);
	free(all->url);
	free(all);
}
