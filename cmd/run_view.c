/* Lines about stages, what they print, and a status line on a terminal. */
#include "run_view.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/term.h"

static void add_json(struct run_view *v, const struct stage_report *r)
{
	struct json *stage = js_obj();

	js_set(stage, "name", js_str(r->stage));
	js_set(stage, "outcome", js_str(mlops_stage_outcome_name(r->outcome)));
	js_set(stage, "reason", js_str(r->reason));
	js_set(stage, "duration_ms", js_int(r->duration_ms));
	js_set(stage, "exit_status", js_int(r->exit_status));
	js_push(v->stages, stage);
}

static void print_line(const struct stage_report *r)
{
	static const char *const words[] = { "unchanged", "restored", "runs",
					     "would run", "failed",   "skipped" };
	char took[CLOCK_ISO_SIZE];

	if (r->outcome == STAGE_FAILED)
		fprintf(stderr, "%s\n", r->reason);
	else if (r->outcome == STAGE_RUN && r->duration_ms >= 0)
		fprintf(stderr, "stage '%s': done in %s\n", r->stage,
			clock_format_duration(r->duration_ms, took));
	else if (r->reason)
		fprintf(stderr, "stage '%s': %s: %s\n", r->stage, words[r->outcome], r->reason);
	else
		fprintf(stderr, "stage '%s': %s\n", r->stage, words[r->outcome]);
}

void run_view_end(struct run_view *v)
{
	if (v->visible)
		fputs("\r\033[K", stderr);
	v->visible = false;
}

void run_view_report(const struct stage_report *r, void *arg)
{
	struct run_view *v = arg;
	bool known = (r->outcome == STAGE_UNCHANGED && !r->reason) ||
		     (r->outcome == STAGE_FAILED && !v->keep_going);

	run_view_end(v);
	if (!v->ctx->common.quiet && !known)
		print_line(r);
	if (r->duration_ms >= 0)
		add_json(v, r);
}

static size_t line_length(const char *text, size_t n)
{
	const char *end = memchr(text, '\n', n);

	return end ? (size_t)(end - text) + 1 : n;
}

/* Several stages at once are told apart by their name in front of each line. */
void run_view_print(const char *stage, enum stage_stream stream, const char *text, size_t n, void *arg)
{
	struct run_view *v = arg;
	FILE *to = stream == STAGE_STDOUT && !v->ctx->common.json ? stdout : stderr;

	run_view_end(v);
	while (n) {
		size_t line = v->side_by_side ? line_length(text, n) : n;

		if (v->side_by_side)
			fprintf(to, "%s: ", stage);
		fwrite(text, 1, line, to);
		text += line;
		n -= line;
	}
	fflush(to);
}

/* "[3/10] train 12 s, prepare 400 ms", cut to the width of the terminal. */
void run_view_tick(const struct run_progress *p, void *arg)
{
	struct run_view *v = arg;
	autobuf line = { 0 };

	if (!v->live)
		return;
	strbuf_addf(&line, "[%zu/%zu]", p->done, p->total);
	for (size_t i = 0; i < p->n_running; i++) {
		char elapsed[CLOCK_ISO_SIZE];

		strbuf_addf(&line, "%s %s %s", i ? "," : "", p->running[i],
			    clock_format_duration(p->elapsed_ms[i], elapsed));
	}
	if (line.len >= term_columns(stderr, 80))
		strbuf_trunc(&line, term_columns(stderr, 80) - 1);
	fprintf(stderr, "\r%s\033[K", line.buf);
	fflush(stderr);
	v->visible = true;
}

bool run_view_confirm(const struct stage_report *r, void *arg)
{
	char answer[16];

	run_view_end(arg);
	fprintf(stderr, "stage '%s': %s\nrun it? [y/N] ", r->stage, r->reason ? r->reason : "");
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

void run_view_undeclared(const char *stage, const char *path, void *arg)
{
	struct run_view *v = arg;
	struct json *entry = js_obj();

	js_set(entry, "stage", js_str(stage));
	js_set(entry, "path", js_str(path));
	js_push(v->undeclared, entry);
	run_view_end(v);
	if (!v->ctx->common.quiet)
		fprintf(stderr, "stage '%s' reads '%s', which it does not declare\n", stage, path);
}
