/*
 * An event loop over epoll, edge-triggered: who is told that a descriptor is readable or writable
 * reads or writes until there is no more. All but loop_post() is for the loop's own thread.
 */
#pragma once

#include <pthread.h>
#include <sys/epoll.h>

#include "base/err.h"
#include "base/mem.h"

/* A descriptor that is watched; part of what it belongs to. */
struct watch {
	int fd;
	void (*ready)(struct watch *w, uint32_t events); /* of epoll */
};

/* Something to do on the loop's thread; part of what it belongs to. */
struct task {
	struct task *next;
	void (*run)(struct task *t);
};

struct loop {
	int epoll_fd;
	int wake_fd; /* eventfd: tasks wait, or it is to end */
	pthread_mutex_t lock; /* guards what follows, up to now_ms */
	struct task *tasks, **last;
	bool stopping;
	int64_t now_ms; /* monotonic, of this turn */
	/* Called between turns, every LOOP_TICK_MS at least while `busy`. */
	void (*turn)(struct loop *l, bool ticked);
	bool busy;
	int64_t ticked_ms;
};

#define LOOP_TICK_MS 100

int loop_init(struct loop *l, void (*turn)(struct loop *l, bool ticked), struct mlops_error *err);
void loop_clear(struct loop *l);
int loop_watch(struct loop *l, struct watch *w); /* for all events; -1 with errno */
/* Of a listening socket: level-triggered, readable only. */
int loop_watch_listener(struct loop *l, struct watch *w);
void loop_unwatch(struct loop *l, struct watch *w);
void loop_run(struct loop *l); /* until loop_stop() */
void loop_stop(struct loop *l);               /* any thread */
void loop_post(struct loop *l, struct task *t); /* any thread; `t` is the loop's until it runs */
