/*
 * How many requests run at a time. Pure arithmetic: the engine tells what happened and when.
 *
 * It starts at 8. About once a second, when requests had to wait for a place meanwhile, it grows by
 * a quarter as long as that moved more (bytes, plus 16 KiB a request) than before by 5% or more;
 * when it did not, it goes back one step and stays for 10 seconds. A reply that says the server is
 * overloaded (429, 503), or a connection that broke, halves it, once a second at most, and it does
 * not grow for 5 seconds. It stays within 2 and 64.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WINDOW_FIRST 8
#define WINDOW_MIN   2
#define WINDOW_MAX   64

struct http_window {
	unsigned size;
	unsigned fixed;        /* what the user asked for; 0: it adapts */
	unsigned before;       /* the size before the last growth; 0: it did not grow last */
	bool waited;           /* a request had to wait since `since_ms` */
	uint64_t work;         /* done since `since_ms` */
	double rate;           /* of the period before, in work a second */
	int64_t since_ms;      /* when the period began */
	int64_t hold_until_ms; /* no growth before */
	int64_t halved_ms;
};

void window_init(struct http_window *w, unsigned fixed, int64_t now_ms);
void window_wait(struct http_window *w); /* a request finds no place */
void window_done(struct http_window *w, uint64_t bytes, int64_t now_ms);
void window_overload(struct http_window *w, int64_t now_ms);
