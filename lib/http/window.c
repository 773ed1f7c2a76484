/* The rule that window.h states. */
#include "http/window.h"

#define PERIOD_MS     1000
#define HOLD_MS       10000
#define RECOVER_MS    5000
#define REQUEST_WORK  (16 << 10)
#define ENOUGH_BETTER 1.05

void window_init(struct http_window *w, unsigned fixed, int64_t now_ms)
{
	*w = (struct http_window){ .fixed = fixed, .since_ms = now_ms };
	w->size = fixed ? fixed : WINDOW_FIRST;
	w->halved_ms = now_ms - PERIOD_MS;
}

void window_wait(struct http_window *w)
{
	w->waited = true;
}

static void grow(struct http_window *w)
{
	unsigned more = w->size / 4 ? w->size / 4 : 1;

	w->before = w->size;
	w->size = w->size + more < WINDOW_MAX ? w->size + more : WINDOW_MAX;
}

static void end_period(struct http_window *w, int64_t now_ms)
{
	double rate = (double)w->work * 1000 / (double)(now_ms - w->since_ms);
	bool better = rate >= w->rate * ENOUGH_BETTER;

	if (w->before && !better) {
		w->size = w->before;
		w->before = 0;
		w->hold_until_ms = now_ms + HOLD_MS;
	} else if (w->waited && now_ms >= w->hold_until_ms && w->size < WINDOW_MAX) {
		grow(w);
	} else {
		w->before = 0;
	}
	w->rate = rate;
	w->work = 0;
	w->waited = false;
	w->since_ms = now_ms;
}

void window_done(struct http_window *w, uint64_t bytes, int64_t now_ms)
{
	w->work += bytes + REQUEST_WORK;
	if (!w->fixed && now_ms - w->since_ms >= PERIOD_MS)
		end_period(w, now_ms);
}

void window_overload(struct http_window *w, int64_t now_ms)
{
	if (w->fixed || now_ms - w->halved_ms < PERIOD_MS)
		return;
	w->size = w->size / 2 > WINDOW_MIN ? w->size / 2 : WINDOW_MIN;
	w->before = 0;
	w->halved_ms = now_ms;
	w->hold_until_ms = now_ms + RECOVER_MS;
}
