/* Waiting for events, and running what other threads hand over. */
#include "serve/gateway/loop.h"

#include <errno.h>
#include <sys/eventfd.h>

#include "base/clock.h"

#define EVENTS_MAX 128

int loop_init(struct loop *l, void (*turn)(struct loop *l, bool ticked), struct mlops_error *err)
{
	*l = (struct loop){ .turn = turn, .now_ms = clock_mono_ms() };
	l->last = &l->tasks;
	pthread_mutex_init(&l->lock, NULL);
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct epoll_event event = { .events = EPOLLIN };
	if (l->epoll_fd < 0 || l->wake_fd < 0 ||
	    epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->wake_fd, &event)) {
		err_sys(err, "cannot make an event loop");
		loop_clear(l);
		return -1;
	}
	return 0;
}

void loop_clear(struct loop *l)
{
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	pthread_mutex_destroy(&l->lock);
}

static int add(struct loop *l, struct watch *w, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = w };

	return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, w->fd, &event);
}

int loop_watch(struct loop *l, struct watch *w)
{
	return add(l, w, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

int loop_watch_listener(struct loop *l, struct watch *w)
{
	return add(l, w, EPOLLIN);
}

void loop_unwatch(struct loop *l, struct watch *w)
{
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
}

static void wake(struct loop *l)
{
	(void)!write(l->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

void loop_stop(struct loop *l)
{
	pthread_mutex_lock(&l->lock);
	l->stopping = true;
	pthread_mutex_unlock(&l->lock);
	wake(l);
}

void loop_post(struct loop *l, struct task *t)
{
	t->next = NULL;
	pthread_mutex_lock(&l->lock);
	bool first = !l->tasks;
	*l->last = t;
	l->last = &t->next;
	pthread_mutex_unlock(&l->lock);
	if (first)
		wake(l);
}

/* False when the loop is to end. */
static bool run_tasks(struct loop *l)
{
	uint64_t ignored;

	(void)!read(l->wake_fd, &ignored, sizeof(ignored));
	pthread_mutex_lock(&l->lock);
	struct task *t = l->tasks;
	bool stopping = l->stopping;
	l->tasks = NULL;
	l->last = &l->tasks;
	pthread_mutex_unlock(&l->lock);
	while (t) {
		struct task *next = t->next; /* running it may free it */

		t->run(t);
		t = next;
	}
	return !stopping;
}

static void end_turn(struct loop *l)
{
	bool ticked = l->now_ms - l->ticked_ms >= LOOP_TICK_MS;

	if (ticked)
		l->ticked_ms = l->now_ms;
	l->turn(l, ticked);
}

void loop_run(struct loop *l)
{
	struct epoll_event events[EVENTS_MAX];
	bool running = true;

	while (running) {
		int n = epoll_wait(l->epoll_fd, events, EVENTS_MAX, l->busy ? LOOP_TICK_MS : -1);

		l->now_ms = clock_mono_ms();
		for (int i = 0; i < n; i++) {
			struct watch *w = events[i].data.ptr;

			if (w)
				w->ready(w, events[i].events);
			else
				running = run_tasks(l);
		}
		end_turn(l);
	}
}
